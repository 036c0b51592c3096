//! `collect` against moto on loopback, behind a proxy that answers for what moto lacks and fails on purpose.
//!
//! Which fault, the access key says: see `tests/python/cloud.py`.

mod end_to_end;
mod memory;

use crate::{
    cur::{self, Repeated},
    totals::{python, root},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};
use tempfile::TempDir;

const ACCOUNT: &str = "123456789012";
/// What must never be told, not by the program and not in its files.
const SECRETS: [&str; 4] = ["SECRETKEYOFTHETEST", "SESSIONTOKENOFTHETEST", "FQoGZXSECRETTOKEN", "SECRETNAME"];

struct Cloud {
    port: u64,
    /// Of moto itself, without the proxy.
    moto: u64,
    ids: Value,
    /// It serves until its standard input ends, with this process.
    _child: Child,
}

/// One cloud for all tests.
fn cloud() -> &'static Cloud {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    CLOUD.get_or_init(|| {
        let mut child = Command::new(python())
            .arg("-B")
            .arg(root().join("tests/python/cloud.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).expect("cloud.py tells its port");
        let port = |name: &str| told[name].as_u64().unwrap();
        Cloud { port: port("port"), moto: port("moto"), ids: told["ids"].clone(), _child: child }
    })
}

struct Ran {
    status: Option<i32>,
    out: String,
    err: String,
}

/// Runs the program with an access key that stands for a fault.
fn curtail(key: &str, arguments: &[&str]) -> Ran {
    curtail_at(cloud().port, key, arguments)
}

fn curtail_at(port: u64, key: &str, arguments: &[&str]) -> Ran {
    let done = Command::new(env!("CARGO_BIN_EXE_curtail"))
        .args(arguments)
        .env_clear()
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", SECRETS[0])
        .env("AWS_SESSION_TOKEN", SECRETS[1])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran = Ran { status: done.status.code(), out: text(done.stdout), err: text(done.stderr) };
    for secret in SECRETS {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{secret} was told: {}{}", ran.out, ran.err);
    }
    ran
}

/// A folder that is being filled.
struct Folder {
    root: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn out(&self) -> PathBuf {
        self.root.path().join("inventory")
    }

    fn collect(&self, key: &str, arguments: &[&str]) -> Ran {
        let out = self.out();
        let mut all = vec!["collect", "--out", out.to_str().unwrap()];
        all.extend_from_slice(arguments);
        let ran = curtail(key, &all);
        for (name, text) in self.files() {
            for secret in SECRETS {
                assert!(!text.contains(secret), "{secret} is in {name}");
            }
        }
        ran
    }

    fn manifest(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.out().join("collect-manifest.json")).unwrap()).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.out().join(ACCOUNT).join(name).is_file()
    }

    /// Every file but the manifest and what is kept about times.
    fn files(&self) -> BTreeMap<String, String> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![self.out()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.out()).unwrap().display().to_string();
                if path.is_dir() {
                    folders.push(path);
                } else if !name.ends_with(".collect.json") && name != "collect-manifest.json" {
                    files.insert(name, fs::read_to_string(path).unwrap());
                }
            }
        }
        files
    }

    /// Makes everything that was fetched look old.
    fn age(&self) {
        for region in ["us-east-1", "eu-west-1", "global"] {
            let path = self.out().join(ACCOUNT).join(region).join(".collect.json");
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let mut state: Value = serde_json::from_str(&text).unwrap();
            for step in state["steps"].as_object_mut().unwrap().values_mut() {
                step["at"] = json!(0);
            }
            fs::write(path, state.to_string()).unwrap();
        }
    }
}

fn id(name: &str) -> String {
    cloud().ids[name].as_str().unwrap().to_owned()
}

fn instance(at: usize) -> String {
    cloud().ids["instances"][at].as_str().unwrap().to_owned()
}

/// Sixteen whole days up to this midnight, in hours from the month that test exports begin in.
fn days() -> [i64; 2] {
    let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() / 3600;
    let midnight = now / 24 * 24 - cur::SEPTEMBER;
    [midnight - 16 * 24, midnight]
}

fn line(of: Value) -> Repeated {
    let mut of = of;
    of["account"] = json!(ACCOUNT);
    of["hours"] = json!(days());
    serde_json::from_value(of).unwrap()
}

/// An export with the resources of the cloud.
fn export(folder: &Path) -> PathBuf {
    let path = folder.join("export.parquet");
    let volume = |id: String, gib: f64, kind: &str| {
        line(
            json!({"product": "AmazonEC2", "usage_type": format!("EBS:VolumeUsage.{kind}"), "operation": format!("CreateVolume-{}", kind.to_uppercase()),
            "usage": gib / 720.0, "cost": gib * 0.08 / 720.0, "resource": id}),
        )
    };
    let address = |id: &str, usage: &str| {
        line(
            json!({"product": "AmazonVPC", "usage_type": usage, "operation": "AllocateAddressVPC", "usage": 1.0, "cost": 0.005,
            "resource": format!("arn:aws:ec2:us-east-1:{ACCOUNT}:elastic-ip/{id}")}),
        )
    };
    let balancer = |arn: String| {
        line(
            json!({"product": "AWSELB", "usage_type": "LoadBalancerUsage", "operation": "LoadBalancing:Application", "usage": 1.0,
            "cost": 0.0225, "resource": arn}),
        )
    };
    let machine = |id: String| {
        line(
            json!({"product": "AmazonEC2", "usage_type": "BoxUsage:m5.large", "operation": "RunInstances", "usage": 1.0, "cost": 0.096,
            "resource": id, "instance_type": "m5.large"}),
        )
    };
    let table = |name: &str| {
        line(
            json!({"product": "AmazonDynamoDB", "usage_type": "ReadCapacityUnit-Hrs", "operation": "CommittedThroughput", "usage": 50.0,
            "cost": 0.0065, "resource": format!("arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{name}")}),
        )
    };
    let function = |name: &str| {
        line(
            json!({"product": "AWSLambda", "usage_type": "Lambda-GB-Second", "operation": "Invoke", "usage": 3600.0, "cost": 0.06,
            "resource": format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}")}),
        )
    };
    let mut beat = cur::heartbeat();
    beat.hours = days();
    beat.account = ACCOUNT.into();
    let lines = [
        beat,
        volume(id("idle_volume"), 100.0, "gp3"),
        volume(id("used_volume"), 50.0, "gp3"),
        address(&id("address"), "PublicIPv4:IdleAddress"),
        address(&id("used_address"), "PublicIPv4:InUseAddress"),
        balancer(id("empty_balancer")),
        balancer(id("busy_balancer")),
        machine(instance(0)),
        machine(instance(1)),
        machine(instance(2)),
        table("unused"),
        function("resize"),
    ];
    cur::write(&path, &lines);
    path
}

/// Rule and target of every recommendation, and the report.
fn recommend(export: &Path, inventory: &Path) -> (BTreeSet<(String, String)>, Value) {
    let arguments = [
        "recommend",
        export.to_str().unwrap(),
        "--inventory",
        inventory.to_str().unwrap(),
        "--window",
        "all",
        "--format",
        "json",
    ];
    let ran = curtail("AKIAPLAIN", &arguments);
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = report["recommendations"].as_array().unwrap().iter();
    (found.map(|one| (text(&one["rule"]), text(&one["resource"]["id"]))).collect(), report)
}

#[test]
fn planted_waste_is_collected_and_found() {
    let folder = Folder::new();
    let ran = folder.collect("AKIAPLAIN", &["--regions", "us-east-1,eu-west-1", "--lookback", "20"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(ran.err.contains("Cost Explorer will be asked at least 4 time(s), for 0.0400 USD"), "{}", ran.err);
    assert!(ran.err.contains("CloudWatch will be asked for"), "{}", ran.err);
    let manifest = folder.manifest();
    assert_eq!((&manifest["complete"], &manifest["failed"]), (&json!(true), &json!([])), "{}", ran.err);
    // Listings are followed to their last page.
    let listed = |name: &str, key: &str| {
        let text = fs::read_to_string(folder.out().join(ACCOUNT).join("us-east-1").join(name)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()[key].as_array().unwrap().len()
    };
    assert_eq!(listed("logs-describe-log-groups.json", "logGroups"), 120);
    assert_eq!(listed("compute-optimizer-get-ec2-instance-recommendations.json", "instanceRecommendations"), 3);
    let export = export(folder.root.path());
    let (found, report) = recommend(&export, &folder.out());
    let has = |rule: &str, target: &str| found.iter().any(|(by, of)| by == rule && of.ends_with(target));
    let (idle, address, empty) = (id("idle_volume"), id("address"), id("empty_balancer"));
    for (rule, target) in [
        ("idle_ebs_volume", &*idle),
        ("idle_address", &*address),
        ("idle_load_balancer", &*empty),
        ("idle_ec2_instance", &*instance(1)),
        ("unused_dynamodb_table", "unused"),
    ] {
        assert!(has(rule, target), "{rule} {target} is not in {found:?}");
    }
    let idle_targets: Vec<&String> = found
        .iter()
        .filter(|(rule, _)| rule.starts_with("idle") || rule.starts_with("unused"))
        .map(|(_, of)| of)
        .collect();
    assert_eq!(idle_targets.len(), 5, "{idle_targets:?}");
    let of_volume =
        report["recommendations"].as_array().unwrap().iter().find(|one| one["rule"] == "idle_ebs_volume").unwrap();
    let evidence: Vec<&str> =
        of_volume["evidence"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(evidence.contains(&"compute_optimizer_idle"), "{evidence:?}");
    // Compute Optimizer knows the idle instance, calls it over-provisioned and not idle: the report says so.
    let codes: Vec<&str> =
        report["notes"].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"adviser_differs"), "{codes:?}");
    assert!(
        !codes.contains(&"unknown_inventory_file") && !codes.contains(&"bad_inventory_file"),
        "{}",
        report["notes"]
    );
}

/// What boto3 lists, dumped as the AWS CLI dumps it, and what `collect` wrote, are the same to `recommend`.
#[test]
fn a_folder_filled_by_the_cli_gives_the_same_report() {
    let folder = Folder::new();
    let ran = folder.collect("AKIAPLAIN", &["--regions", "us-east-1"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let by_cli = folder.root.path().join("by-cli");
    let home = by_cli.join(ACCOUNT).join("us-east-1");
    fs::create_dir_all(&home).unwrap();
    let port = cloud().port.to_string();
    crate::totals::script("cli.py", [port.as_str(), home.to_str().unwrap()]);
    // Metrics are no listing of the CLI's: both have the same.
    let collected = folder.out().join(ACCOUNT).join("us-east-1");
    for kind in ["instance", "table"] {
        fs::create_dir_all(home.join(kind)).unwrap();
        fs::copy(collected.join(kind).join("metrics.csv"), home.join(kind).join("metrics.csv")).unwrap();
    }
    let only_listings = folder.root.path().join("listings");
    let listings = only_listings.join(ACCOUNT).join("us-east-1");
    fs::create_dir_all(&listings).unwrap();
    for entry in fs::read_dir(&home).unwrap() {
        let path = entry.unwrap().path();
        let from = collected.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(listings.join(path.file_name().unwrap())).unwrap();
            fs::copy(from.join("metrics.csv"), listings.join(path.file_name().unwrap()).join("metrics.csv")).unwrap();
        } else {
            assert!(from.is_file(), "{} was not collected", from.display());
            fs::copy(&from, listings.join(path.file_name().unwrap())).unwrap();
        }
    }
    let export = export(folder.root.path());
    let (one, two) = (recommend(&export, &by_cli), recommend(&export, &only_listings));
    assert!(one.0.len() >= 5, "{:?}", one.0);
    assert_eq!(one.1, two.1);
}

/// The listings of one service without any fault.
fn unharmed(arguments: &[&str]) -> BTreeMap<String, String> {
    let folder = Folder::new();
    let ran = folder.collect("AKIAPLAIN", arguments);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    folder.files()
}

const SOME: [&str; 4] = ["--regions", "us-east-1", "--services", "ec2,elb,dynamodb,rds,lambda,compute-optimizer"];

#[test]
fn what_fails_for_a_while_is_asked_again() {
    let whole = unharmed(&SOME);
    assert!(whole.len() > 15, "{:?}", whole.keys());
    for key in ["AKIASHAKY", "AKIARESET", "AKIACUT"] {
        let folder = Folder::new();
        let ran = folder.collect(key, &SOME);
        assert_eq!(ran.status, Some(0), "{key}: {}", ran.err);
        assert_eq!(folder.files(), whole, "{key}");
        assert_eq!(folder.manifest()["complete"], json!(true), "{key}");
    }
}

/// An answer that comes in pieces is waited for, and not asked for again.
#[test]
fn a_slow_answer_is_read_to_its_end() {
    let some = ["--regions", "us-east-1", "--services", "ec2,elb"];
    let (plain, slow) = (Folder::new(), Folder::new());
    assert_eq!(plain.collect("AKIAPLAIN", &some).status, Some(0));
    let ran = slow.collect("AKIASLOW", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert_eq!(slow.files(), plain.files());
    assert_eq!(slow.manifest()["calls"], plain.manifest()["calls"]);
}

#[test]
fn throttling_is_waited_out() {
    let some = ["--regions", "us-east-1", "--services", "lambda"];
    let folder = Folder::new();
    let ran = folder.collect("AKIATHROTTLED", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert_eq!(folder.files(), unharmed(&some));
    let manifest = folder.manifest();
    let of = |action: &str| {
        let calls = manifest["calls"].as_array().unwrap().iter().find(|one| one["action"] == action);
        calls.unwrap()["calls"].as_u64()
    };
    assert_eq!(of("lambda:ListFunctions"), Some(3), "two attempts were throttled, and all are counted");
}

#[test]
fn a_listing_that_fails_for_good_is_missing_and_not_stale() {
    let some = ["--regions", "us-east-1", "--services", "ec2"];
    let folder = Folder::new();
    assert_eq!(folder.collect("AKIAPLAIN", &some).status, Some(0));
    let volumes = "us-east-1/ec2-describe-volumes.json";
    assert!(folder.has(volumes));
    folder.age();
    let ran = folder.collect("AKIADEAD", &some);
    assert_eq!(ran.status, Some(2), "{}", ran.err);
    assert!(ran.err.contains("failed: ec2-describe-volumes (ec2:DescribeVolumes): InternalFailure"), "{}", ran.err);
    assert!(ran.err.contains("error: the collection is not complete"), "{}", ran.err);
    assert!(!folder.has(volumes), "yesterday's listing must not pass for today's");
    assert!(folder.has("us-east-1/ec2-describe-instances.json"));
    assert_eq!(folder.manifest()["complete"], json!(false));
    // The rules that need it do not run, and the report says why.
    let (found, report) = recommend(&export(folder.root.path()), &folder.out());
    assert!(!found.iter().any(|(rule, _)| rule == "idle_ebs_volume"), "{found:?}");
    let codes: Vec<&Value> = report["notes"].as_array().unwrap().iter().map(|note| &note["code"]).collect();
    assert!(codes.contains(&&json!("collect_incomplete")), "{codes:?}");
    // Once AWS answers again, only what is missing is fetched.
    let ran = folder.collect("AKIAPLAIN", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(ran.err.contains("1 listing(s) fetched"), "{}", ran.err);
    assert!(folder.has(volumes));
}

#[test]
fn a_missing_permission_costs_that_signal_alone() {
    let folder = Folder::new();
    let some = ["--regions", "us-east-1,eu-west-1", "--services", "ec2,compute-optimizer"];
    let ran = folder.collect("AKIADENIED", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let denied = "denied: ec2-describe-volumes (ec2:DescribeVolumes): UnauthorizedOperation in 123456789012 eu-west-1";
    assert!(ran.err.contains(denied), "{}", ran.err);
    assert!(ran.err.contains("AccessDeniedException in 123456789012 eu-west-1 and 1 more"), "{}", ran.err);
    assert!(folder.has("us-east-1/ec2-describe-volumes.json") && !folder.has("eu-west-1/ec2-describe-volumes.json"));
    let denied = folder.manifest()["denied"].as_array().unwrap().len();
    assert_eq!(denied, 9 + 2 * 5, "every listing of EC2 in one region, Compute Optimizer's in both");
    let (found, report) = recommend(&export(folder.root.path()), &folder.out());
    assert!(found.iter().any(|(rule, _)| rule == "idle_ebs_volume"), "{found:?}");
    let codes: Vec<&Value> = report["notes"].as_array().unwrap().iter().map(|note| &note["code"]).collect();
    assert!(codes.contains(&&json!("collect_denied")), "{codes:?}");
}

#[test]
fn expired_credentials_end_the_run_clearly() {
    let folder = Folder::new();
    let ran = folder.collect("AKIAEXPIRED", &["--regions", "us-east-1"]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains("ExpiredToken\n  help: sign in again"), "{}", ran.err);
    // On the way: what was fetched stays, what was not is missing, and that is said.
    let ran = folder.collect("AKIALAPSED", &["--regions", "us-east-1"]);
    assert_eq!(ran.status, Some(2), "{}", ran.err);
    assert!(ran.err.contains("error: the credentials have expired"), "{}", ran.err);
    assert!(!folder.has("us-east-1/rds-describe-db-instances.json"));
    assert_eq!(folder.manifest()["complete"], json!(false));
}

#[test]
fn what_is_fresh_is_not_fetched_again() {
    let folder = Folder::new();
    let some = ["--regions", "us-east-1"];
    assert_eq!(folder.collect("AKIAPLAIN", &some).status, Some(0));
    let before = folder.files();
    let ran = folder.collect("AKIAPLAIN", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(ran.err.contains(": 0 listing(s) fetched"), "{}", ran.err);
    assert!(!ran.err.contains("Cost Explorer will be asked"), "{}", ran.err);
    let manifest = folder.manifest();
    let calls: BTreeSet<&str> =
        manifest["calls"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(calls, BTreeSet::from(["sts:GetCallerIdentity", "cloudwatch:ListMetrics"]));
    assert_eq!(manifest["spent_usd"], json!(0.0));
    assert_eq!(folder.files(), before);
}

#[test]
fn a_damaged_file_of_a_former_run_is_said_and_fetched_again() {
    let folder = Folder::new();
    let some = ["--regions", "us-east-1", "--services", "ec2"];
    assert_eq!(folder.collect("AKIAPLAIN", &some).status, Some(0));
    let before = folder.files();
    let home = folder.out().join(ACCOUNT).join("us-east-1");
    let volumes = home.join("ec2-describe-volumes.json");
    fs::write(&volumes, "{\"Volumes\": [").unwrap();
    fs::write(home.join("rds-describe-db-instances.json"), "by hand").unwrap();
    let ran = folder.collect("AKIAPLAIN", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let said = |of: &str| ran.err.lines().find(|line| line.contains(of)).unwrap_or_default().to_owned();
    assert!(said("ec2-describe-volumes.json is damaged: ").ends_with("; it is fetched again"), "{}", ran.err);
    assert!(said("rds-describe-db-instances.json is damaged: ").ends_with("`recommend` skips it"), "{}", ran.err);
    assert!(ran.err.contains("1 listing(s) fetched"), "{}", ran.err);
    fs::remove_file(home.join("rds-describe-db-instances.json")).unwrap();
    assert_eq!(folder.files(), before);
}

#[test]
fn an_endpoint_that_is_gone_by_then_is_passed_over() {
    let folder = Folder::new();
    let some = ["--regions", "us-east-1", "--services", "sagemaker,metrics", "--lookback", "2"];
    let ran = folder.collect("AKIAGONE", &some);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(actions(&folder.manifest()).contains("sagemaker:DescribeEndpoint"));
    assert!(folder.has("us-east-1/sagemaker-list-endpoints.json"));
    assert!(!folder.has("us-east-1/endpoint/metrics.csv"));
}

#[test]
fn the_budget_is_kept() {
    let folder = Folder::new();
    let ran = folder.collect("AKIAPLAIN", &["--regions", "us-east-1", "--budget", "0.02"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let manifest = folder.manifest();
    assert!(manifest["spent_usd"].as_f64().unwrap() <= 0.02, "{manifest}");
    let over = manifest["over_budget"].as_array().unwrap();
    assert!(over.iter().any(|one| one["what"].as_str().unwrap().starts_with("ce-get-")), "{over:?}");
    assert_eq!(manifest["complete"], json!(false));
    assert!(ran.err.contains("left out to stay within the budget: ce-get-"), "{}", ran.err);
    assert!(folder.has("us-east-1/ec2-describe-volumes.json"));
}

/// Each call fails at first: what a second attempt costs is paid too, or it is not made.
#[test]
fn attempts_are_paid_and_stay_within_the_budget() {
    let folder = Folder::new();
    let some = ["--regions", "us-east-1", "--services", "cost-explorer", "--budget"];
    let ran = folder.collect("AKIASHAKY", &[&some[..], &["0.06"]].concat());
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let manifest = folder.manifest();
    let calls =
        manifest["calls"].as_array().unwrap().iter().filter(|one| one["action"].as_str().unwrap().starts_with("ce:"));
    let calls: u64 = calls.map(|one| one["calls"].as_u64().unwrap()).sum();
    // Four first attempts, two second ones; two listings are left out.
    assert_eq!((calls, &manifest["spent_usd"]), (6, &json!(0.06)), "{manifest}");
    assert_eq!(manifest["over_budget"].as_array().unwrap().len(), 2, "{manifest}");
    assert!(ran.err.contains("it would cost more than --budget"), "{}", ran.err);
}

#[test]
fn an_organisation_is_asked_by_a_role_in_each_account() {
    let folder = Folder::new();
    let ran = folder.collect("AKIAPLAIN", &["--organization", "--regions", "us-east-1", "--services", "ec2"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert_eq!(folder.manifest()["accounts"], json!([ACCOUNT, "222222222222"]), "one is suspended");
    assert!(folder.has("us-east-1/ec2-describe-volumes.json"));
    let member = folder.out().join("222222222222/us-east-1/ec2-describe-volumes.json");
    assert_eq!(fs::read_to_string(member).unwrap(), "{\n  \"Volumes\": []\n}\n");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/reader");
    let ran = folder.collect("AKIAPLAIN", &["--role-arn", &role, "--regions", "us-east-1", "--services", "ec2"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
}

#[test]
fn what_a_member_refuses_costs_that_member_alone() {
    let folder = Folder::new();
    let ran = folder.collect("AKIANOROLE", &["--organization", "--regions", "us-east-1", "--services", "lambda"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(
        ran.err.contains("denied: the whole account (sts:AssumeRole): AccessDenied in 222222222222\n"),
        "{}",
        ran.err
    );
    assert_eq!(folder.manifest()["accounts"], json!([ACCOUNT]));
    assert_eq!(folder.manifest()["denied"][0]["account"], json!("222222222222"));
    // Without its regions it is asked in those that every account has.
    let folder = Folder::new();
    let ran = folder.collect("AKIANOREGIONS", &["--organization", "--regions", "all", "--services", "lambda"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let said = "every account has are asked (ec2:DescribeRegions): UnauthorizedOperation in 222222222222\n";
    assert!(ran.err.contains(said), "{}", ran.err);
    let manifest = folder.manifest();
    assert_eq!(manifest["accounts"], json!([ACCOUNT, "222222222222"]));
    assert_eq!(manifest["denied"].as_array().unwrap().len(), 1, "{manifest}");
    let regions = |account: &str| {
        let names = fs::read_dir(folder.out().join(account)).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).filter(|name| name != "global").collect::<BTreeSet<_>>()
    };
    let (own, member) = (regions(ACCOUNT), regions("222222222222"));
    assert!(member.contains("eu-west-1") && member.is_subset(&own), "{member:?}");
    // Hong Kong has to be switched on.
    assert!(own.contains("ap-east-1") && !member.contains("ap-east-1"), "{own:?} {member:?}");
}

/// All that the policy allows is used, and nothing else is.
#[test]
fn the_policy_is_neither_too_narrow_nor_too_wide() {
    let folder = Folder::new();
    let ran = folder.collect("AKIAPLAIN", &["--organization", "--regions", "all", "--services", "ec2"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let mut called = actions(&folder.manifest());
    let ran = folder.collect("AKIAPLAIN", &["--regions", "us-east-1"]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    called.extend(actions(&folder.manifest()));
    let policy: Value =
        serde_json::from_str(&fs::read_to_string(root().join("docs/iam-policy.json")).unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let allowed: BTreeSet<String> = statements
        .flat_map(|one| one["Action"].as_array().unwrap())
        .map(|action| action.as_str().unwrap().to_owned())
        .collect();
    assert!(called.is_subset(&allowed), "{:?}", called.difference(&allowed));
    // What is asked only where something is owned that this cloud lacks, what `prices` asks, and what IAM wants besides.
    let unused: BTreeSet<&str> = allowed.difference(&called).map(String::as_str).collect();
    let wanted = BTreeSet::from([
        "es:DescribeDomains",
        "es:DescribeReservedInstanceOfferings",
        "lambda:ListProvisionedConcurrencyConfigs",
        "memorydb:DescribeReservedNodesOfferings",
        "pricing:GetProducts",
        "rds:DescribeDBClusters",
        "redshift:DescribeReservedNodeOfferings",
        "sagemaker:DescribeEndpoint",
        "savingsplans:DescribeSavingsPlanRates",
        "savingsplans:DescribeSavingsPlansOfferingRates",
    ]);
    assert_eq!(unused, wanted);
}

fn actions(manifest: &Value) -> BTreeSet<String> {
    manifest["calls"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn prices_of_what_an_export_uses_are_saved_and_read() {
    let folder = Folder::new();
    let export = export(folder.root.path());
    let out = folder.out();
    let ran = curtail("AKIAPLAIN", &["collect", "prices", export.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let products = fs::read_to_string(out.join(ACCOUNT).join("global/pricing-get-products.json")).unwrap();
    assert!(products.contains("BoxUsage:m5.large"), "{products}");
    let rates = out.join(ACCOUNT).join("global/savingsplans-describe-savings-plans-offering-rates.json");
    let rates: Value = serde_json::from_str(&fs::read_to_string(rates).unwrap()).unwrap();
    assert_eq!(rates["searchResults"][0]["usageType"], "BoxUsage:m5.large");
    let (_, report) = recommend(&export, &out);
    let codes: Vec<&str> =
        report["notes"].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect();
    assert!(!codes.contains(&"unknown_inventory_file") && !codes.contains(&"bad_inventory_file"), "{codes:?}");
}

#[test]
fn wrong_settings_are_told_before_anything_is_asked() {
    let folder = Folder::new();
    for (arguments, words) in [
        (["--services", "ec3"], "--services ec3: no such service\n  help: did you mean `ec2`?"),
        (["--regions", "mars"], "--regions mars: not the name of a region"),
        (["--lookback", "0"], "--lookback 0: not 1 to 455 days"),
        (["--budget", "-1"], "--budget -1: not an amount of 0 or more"),
    ] {
        let ran = folder.collect("AKIAPLAIN", &arguments);
        assert_eq!(ran.status, Some(2));
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    assert!(!folder.out().exists());
}
