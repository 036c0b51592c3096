//! `s3://` against moto's server: the same report as from files, few bytes read, and what faults on the way lead to.

use crate::{
    cur::{self, Repeated},
    dialects::{changed, read, write},
    proxy::{Fault, Proxy, first},
    totals::{python, root, script},
};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use parquet::file::properties::WriterProperties;
use std::{
    ffi::OsStr,
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

/// moto's server, ended with the test.
struct Server {
    child: Child,
    endpoint: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(python())
            .args(["-B", "-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, endpoint: format!("http://127.0.0.1:{port}") };
        let up = (0..600).any(|_| {
            thread::sleep(Duration::from_millis(100));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        assert!(up, "moto's server does not start");
        server
    }

    fn upload(&self, folder: &Path, prefix: &str) {
        let words: [&OsStr; 5] =
            [self.endpoint.as_ref(), "put".as_ref(), "bill".as_ref(), folder.as_ref(), prefix.as_ref()];
        script("s3.py", words);
    }

    fn download(&self, key: &str) -> String {
        String::from_utf8(script("s3.py", [self.endpoint.as_str(), "get", "bill", key])).unwrap()
    }
}

/// Runs the program with S3 at an endpoint.
fn curtail(endpoint: &str, words: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    command(endpoint, words, folder.path()).output().unwrap()
}

/// The program in a folder, with no settings of AWS but the test's.
fn command(endpoint: &str, words: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_curtail"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    let nowhere = folder.join("none");
    command
        .current_dir(folder)
        .args(words)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "a-secret-that-is-never-shown")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_READ_TIMEOUT", "2s")
        .env("AWS_CONFIG_FILE", &nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ended_well(output: &Output) -> String {
    assert!(output.status.success(), "{:?}: {}", output.status, text(&output.stderr));
    text(&output.stdout)
}

/// What a failed run says; it says no secret.
fn ended_badly(output: &Output) -> String {
    let (out, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!((output.status.code(), out.as_str()), (Some(2), ""), "{said}");
    assert!(!said.contains("a-secret-that-is-never-shown"), "{said}");
    said
}

/// The company's bill, inventory and transactions from S3 give the report that files give, name by name.
#[test]
fn a_bucket_is_read_like_a_folder() {
    let server = Server::start();
    let company = root().join("fixtures/company");
    server.upload(&company, "company");
    let run = |at: &str, output: Option<&str>| {
        let (export, inventory, transactions) =
            (format!("{at}/export"), format!("{at}/inventory"), format!("{at}/transactions.csv"));
        let mut words = vec!["recommend", &export, "--inventory", &inventory, "--transactions", &transactions];
        words.extend(["--format", "json"]);
        words.extend(output.iter().flat_map(|output| ["--output", output]));
        ended_well(&curtail(&server.endpoint, &words))
    };
    let local = run(&company.display().to_string(), None);
    let remote = run("s3://bill/company", Some("s3://bill/reports/september.json"));
    assert_eq!(remote, "");
    let written = server.download("reports/september.json");
    assert!(written.contains("s3://bill/company/export/data/BILLING_PERIOD=2026-09/"));
    let renamed = written.replace("s3://bill/company", &company.display().to_string());
    assert!(renamed == local, "the reports differ in more than names");
}

/// An export of several megabytes that nothing asks for, and its part.
fn wide(folder: &Path) -> std::path::PathBuf {
    let part = root().join("fixtures/company/export/data/BILLING_PERIOD=2026-09/curtail-00001.snappy.parquet");
    let batch = changed(&read(&part), |_, array| Some(array.clone()));
    let rows = batch.num_rows();
    let junk = |seed: usize| -> ArrayRef {
        let words =
            (0..rows).map(|row| format!("{:x}", (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7) ^ seed));
        Arc::new(words.map(Some).collect::<StringArray>())
    };
    let schema = batch.schema();
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let mut arrays = batch.columns().to_vec();
    for at in 0..12 {
        fields.insert(at * 7, Field::new(format!("junk_{at}"), arrow_schema::DataType::Utf8, true));
        arrays.insert(at * 7, junk(at));
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
    let path = folder.join("BILLING_PERIOD=2026-09/part.parquet");
    write(&path, &batch, WriterProperties::default());
    path
}

/// Only the column chunks that are needed are read, each a few times at most, and nothing of other billing periods.
#[test]
#[expect(clippy::print_stderr, reason = "what was measured is to be seen")]
fn few_bytes_are_read() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let part = wide(folder.path());
    let other = folder.path().join("BILLING_PERIOD=2026-08");
    fs::create_dir(&other).unwrap();
    fs::copy(&part, other.join("part.parquet")).unwrap();
    server.upload(folder.path(), "wide");
    let proxy = Proxy::before(&server.endpoint);
    proxy.plan(|_| None);
    ended_well(&curtail(&proxy.endpoint, &["recommend", "s3://bill/wide", "--period", "latest", "--format", "json"]));
    let opened = curtail::scan::Part::open(&curtail::store::Store::default(), &part, false).unwrap();
    let (size, needed, read) = (opened.bytes(), opened.needed_bytes(), proxy.bytes());
    eprintln!(
        "s3: {read} bytes in {} requests of a part of {size} bytes, whose needed columns take {needed}: {:.2} times",
        proxy.requests().len(),
        read as f64 / needed as f64
    );
    assert!(needed * 2 < size, "the part is no test: {needed} of {size} bytes are needed");
    assert!(read < needed * 5 / 2, "{read} bytes were read, {needed} are needed");
    assert!(proxy.requests().iter().all(|line| !line.contains("2026-08/part.parquet")), "{:?}", proxy.requests());
}

/// Twelve parts that differ, and a manifest that names them under another bucket's prefix.
fn several(folder: &Path) {
    let period = folder.join("report/20260901-20261001");
    let mut keys = Vec::new();
    for at in 0..12 {
        let gateway: Repeated = serde_json::from_value(serde_json::json!({"product": "AmazonEC2",
            "usage_type": "NatGateway-Hours", "operation": "NatGateway", "usage": 1.0, "cost": 0.045, "resource": format!("nat-{at}")}))
        .unwrap();
        let name = format!("new/report-{at:02}.parquet");
        fs::create_dir_all(period.join("new")).unwrap();
        cur::write(&period.join(&name), &[cur::heartbeat(), gateway]);
        keys.push(format!("reports/report/20260901-20261001/{name}"));
    }
    fs::write(period.join("report-Manifest.json"), serde_json::json!({"reportKeys": keys}).to_string()).unwrap();
}

/// Parts are opened several at a time, in their order; of what a listing told nothing is asked again.
#[test]
#[expect(clippy::print_stderr, reason = "what was measured is to be seen")]
fn parts_are_opened_several_at_a_time() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    several(folder.path());
    let run = |endpoint: &str, export: &str| ended_well(&curtail(endpoint, &["recommend", export, "--format", "json"]));
    let manifest = "report/20260901-20261001/report-Manifest.json";
    let local = run(&server.endpoint, &folder.path().join(manifest).display().to_string());
    let proxy = Proxy::before(&server.endpoint);
    // Moved to where their names no longer lead, and as they were delivered.
    for prefix in ["moved", "reports"] {
        server.upload(folder.path(), prefix);
        let at = format!("s3://bill/{prefix}");
        proxy.plan(|line| (line.starts_with("GET") && line.contains(".parquet")).then_some(Fault::Late));
        let remote = run(&proxy.endpoint, &format!("{at}/{manifest}"));
        assert!(remote.replace(&at, &folder.path().display().to_string()) == local, "{prefix}: another report");
        let requests = proxy.requests();
        let heads = requests.iter().filter(|line| line.starts_with("HEAD")).count();
        let lists = requests.iter().filter(|line| line.contains("list-type")).count();
        eprintln!("{prefix}: {heads} HEAD, {lists} LIST, {} in all; {} at once", requests.len(), proxy.most_at_once());
        assert!(proxy.most_at_once() >= 4, "{prefix}");
        assert!(heads <= 2 && lists <= 2, "{prefix}: {requests:?}");
    }
}

/// The header of a CSV part costs a small range, and so do the first lines that labels are looked up in.
#[test]
#[expect(clippy::print_stderr, reason = "what was measured is to be seen")]
fn a_csv_is_read_twice_and_little_more() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let mut text = String::from(
        "line_item_usage_account_id,line_item_line_item_type,line_item_product_code,line_item_usage_type,\
        line_item_usage_start_date,line_item_usage_end_date,line_item_usage_amount,line_item_unblended_cost,\
        line_item_resource_id,resource_tags_user_owner\n",
    );
    for row in 0..50_000 {
        let (day, hour) = (row % 30 + 1, row / 30 % 24);
        let [start, end] = [0, 59].map(|minute| format!("2026-09-{day:02}T{hour:02}:{minute:02}:00Z"));
        text += &format!(
            "111122223333,Usage,AmazonS3,Requests-Tier1,{start},{end},1,0.000005,bucket-{row},team-{}\n",
            row % 7
        );
    }
    fs::write(folder.path().join("bill.csv"), &text).unwrap();
    server.upload(folder.path(), "csv");
    let proxy = Proxy::before(&server.endpoint);
    proxy.plan(|_| None);
    ended_well(&curtail(&proxy.endpoint, &["recommend", "s3://bill/csv", "--format", "json"]));
    let (size, read) = (text.len() as u64, proxy.bytes());
    eprintln!("csv: {read} bytes in {} requests of a part of {size} bytes", proxy.requests().len());
    assert!(size > 5 << 20 && read < 2 * size + (3 << 19), "{read} bytes were read of {size}");
}

/// A small export in S3, and its report as read from a file.
struct Small {
    server: Server,
    proxy: Proxy,
    local: String,
}

const EXPORT: &str = "s3://bill/small";

impl Small {
    fn new() -> Self {
        let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
        let gateway: Repeated = serde_json::from_value(serde_json::json!({"product": "AmazonEC2",
            "usage_type": "NatGateway-Hours", "operation": "NatGateway", "usage": 1.0, "cost": 0.045, "resource": "nat-1"}))
        .unwrap();
        cur::write(&folder.path().join("part.parquet"), &[cur::heartbeat(), gateway]);
        server.upload(folder.path(), "small");
        let at = folder.path().display().to_string();
        let local = ended_well(&curtail(&server.endpoint, &["recommend", &at, "--format", "json"]));
        let proxy = Proxy::before(&server.endpoint);
        Self { local: local.replace(&at, EXPORT), server, proxy }
    }

    fn run(&self, more: &[&str]) -> Output {
        let words: Vec<&str> = ["recommend", EXPORT, "--format", "json"].iter().chain(more).copied().collect();
        curtail(&self.proxy.endpoint, &words)
    }

    /// Requests are hit, and the report is right all the same.
    fn survives(&self, what: &str, plan: impl Fn(&str) -> Option<Fault> + Send + Sync + 'static) {
        self.proxy.plan(plan);
        assert!(ended_well(&self.run(&[])) == self.local, "{what}: another report");
        assert!(self.proxy.requests().len() > 2, "{what}");
    }

    /// Requests are hit, and the run says so and writes nothing.
    fn fails(&self, what: &str, plan: impl Fn(&str) -> Option<Fault> + Send + Sync + 'static, words: &[&str]) {
        self.proxy.plan(plan);
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("report.json");
        let said = ended_badly(&self.run(&["--output", &output.display().to_string()]));
        for word in words {
            assert!(said.contains(word), "{what}: {said}");
        }
        assert!(!output.exists(), "{what}: something was written");
    }
}

/// Faults that pass are outlived; faults that stay are told with the object's name, and nothing is written.
#[test]
fn faults_on_the_way() {
    let small = Small::new();
    let part = "part.parquet";
    small.survives("nothing", |_| None);
    small.survives("throttling", first(3, part, Fault::Answer(503, "SlowDown")));
    small.survives("throttled listing", first(2, "list-type", Fault::Answer(503, "SlowDown")));
    small.survives("server errors", first(2, part, Fault::Answer(500, "InternalError")));
    small.survives("resets", first(2, "GET", Fault::Reset));
    small.survives("a body cut short", first(2, part, Fault::Cut));
    small.survives("a slow body", first(2, part, Fault::Slow));
    small.survives("a body that stands still", first(1, part, Fault::Stall));

    // Who may read the part alone names it.
    let denied = |line: &str| line.contains("list-type").then_some(Fault::Answer(403, "AccessDenied"));
    small.proxy.plan(denied);
    let named = ["recommend", "s3://bill/small/part.parquet", "--format", "json"];
    assert!(ended_well(&curtail(&small.proxy.endpoint, &named)) == small.local);

    let always = |of: &'static str, fault| move |line: &str| line.contains(of).then_some(fault);
    let name = "s3://bill/small/part.parquet";
    small.fails("a truncated object", always("GET /bill/small/part.parquet", Fault::Short), &[name, "is truncated"]);
    small.fails(
        "access denied",
        always(part, Fault::Answer(403, "AccessDenied")),
        &[name, "access denied", "s3:GetObject"],
    );
    small.fails("listing denied", always("list-type", Fault::Answer(403, "AccessDenied")), &[EXPORT, "s3:ListBucket"]);
    small.fails(
        "expired",
        always("GET", Fault::Answer(400, "ExpiredToken")),
        &["s3://bill/small", "have expired", "sign in"],
    );
    small.fails(
        "replaced",
        always(part, Fault::Answer(412, "PreconditionFailed")),
        &[name, "was replaced", "run again"],
    );
    small.fails("gone", always(part, Fault::Answer(404, "NoSuchKey")), &[name, "not there"]);
}

/// Credentials that only a profile has are found, as AWS's own tools find them; without any the error says so.
#[test]
fn credentials_of_a_profile() {
    let small = Small::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    fs::write(&file, "[nightly]\naws_access_key_id = testing\naws_secret_access_key = a-secret-that-is-never-shown\n")
        .unwrap();
    let run = |profile: &str| {
        let mut command = command(&small.server.endpoint, &["recommend", EXPORT, "--format", "json"], folder.path());
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        command.env("AWS_SHARED_CREDENTIALS_FILE", &file).env("AWS_PROFILE", profile).output().unwrap()
    };
    assert!(ended_well(&run("nightly")) == small.local);
    let said = ended_badly(&run("weekly"));
    assert!(said.contains(EXPORT) && said.contains("credentials"), "{said}");
}

/// A sign-in that is over says what to do, and what led to it, however deep below it happened.
#[test]
fn a_sign_in_that_is_over() {
    let small = Small::new();
    let folder = tempfile::tempdir().unwrap();
    let config = "[profile nightly]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = finops\n\
        [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n";
    let cache = folder.path().join(".aws/sso/cache");
    fs::create_dir_all(&cache).unwrap();
    fs::write(folder.path().join("config"), config).unwrap();
    let run = || {
        let mut command = command(&small.server.endpoint, &["recommend", EXPORT], folder.path());
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env("HOME", folder.path());
        command.env("AWS_CONFIG_FILE", folder.path().join("config")).env("AWS_PROFILE", "nightly").output().unwrap()
    };
    let said = ended_badly(&run());
    assert!(said.contains("  help: sign in again (`aws sso login`"), "nobody signed in: {said}");
    // The file's name is the SHA-1 of the session's.
    let token = r#"{"accessToken": "a-secret-that-is-never-shown", "expiresAt": "2026-01-01T00:00:00Z", "region": "us-east-1",
        "startUrl": "https://corp.example/start"}"#;
    fs::write(cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json"), token).unwrap();
    let said = ended_badly(&run());
    assert!(said.contains("s3://bill/small: cannot be listed: the credentials have expired\n"), "{said}");
    assert!(said.contains("\n  cause: ") && said.contains("the SSO token has expired"), "{said}");
    assert!(said.contains("\n  help: sign in again (`aws sso login`"), "{said}");
}

/// What S3 says while a CSV part or an inventory is being read is told as such, not as damage of the file.
#[test]
fn a_sign_in_that_ends_while_files_are_read() {
    let small = Small::new();
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("line_item_usage_account_id,line_item_line_item_type,line_item_product_code,");
    text += "line_item_usage_type,line_item_usage_start_date,line_item_usage_end_date,line_item_usage_amount,";
    text += "line_item_unblended_cost\n";
    text += "111122223333,Usage,AmazonS3,Requests-Tier1,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,1,1\n";
    fs::write(folder.path().join("bill.csv"), text).unwrap();
    fs::write(folder.path().join("ec2-describe-volumes.json"), "{\"Volumes\": []}").unwrap();
    small.server.upload(folder.path(), "text");
    let says = |words: &[&str], of: &'static str, name: &str| {
        small.proxy.plan(move |line| {
            line.starts_with(&format!("GET /bill/text/{of}")).then_some(Fault::Answer(400, "ExpiredToken"))
        });
        let said = ended_badly(&curtail(&small.proxy.endpoint, words));
        let place = format!("error: {name}: cannot be read: the credentials have expired\n  cause: ");
        assert!(said.contains(&place), "{said}");
        assert!(said.contains("\n  help: sign in again") && !said.contains("corrupt"), "{said}");
    };
    let (bill, volumes) = ("s3://bill/text/bill.csv", "s3://bill/text/ec2-describe-volumes.json");
    says(&["recommend", bill], "bill.csv", bill);
    says(&["recommend", EXPORT, "--inventory", "s3://bill/text"], "ec2", volumes);
}

/// A report is put whole or not at all.
#[test]
fn faults_when_writing() {
    let small = Small::new();
    let output = ["--output", "s3://bill/out/report.json"];
    small.proxy.plan(first(2, "PUT", Fault::Answer(500, "InternalError")));
    assert_eq!(ended_well(&small.run(&output)), "");
    assert!(small.server.download("out/report.json") == small.local, "another report was written");
    small.proxy.plan(|line| line.starts_with("PUT").then_some(Fault::Answer(403, "AccessDenied")));
    let said = ended_badly(&small.run(&["--output", "s3://bill/out/other.json"]));
    assert!(said.contains("s3://bill/out/other.json") && said.contains("s3:PutObject"), "{said}");
    let listed = curtail(&small.server.endpoint, &["check", "s3://bill/out"]);
    assert!(!text(&listed.stderr).contains("other.json"));
    let said = ended_badly(&small.run(&["--output", "s3://bill"]));
    assert!(said.contains("names no object"), "{said}");
}
