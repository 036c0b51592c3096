//! Whole folders, read as a user would fill them.

use super::*;
use crate::note::Note;
use std::fs;
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

pub(super) fn load(files: &[(&str, &str)]) -> (Inventory, Vec<Note>) {
    let dir = folder(files);
    let mut notes = Notes::default();
    let inventory = Inventory::load(&[dir.path().to_owned()], &mut notes).unwrap();
    let strip = |mut note: Note| {
        let root = format!("{}/", dir.path().display());
        note.message = note.message.replace(&root, "");
        note.source = note.source.map(|source| source.replace(&root, ""));
        note
    };
    (inventory, notes.sorted().into_iter().map(strip).collect())
}

const VOLUME: &str = r#"{"Volumes": [{"VolumeId": "vol-1", "AvailabilityZone": "us-east-1a", "Size": 100}]}"#;
const HOME: &str = "111122223333/us-east-1";

#[test]
fn absence_needs_a_whole_listing_of_that_very_scope() {
    let (inventory, notes) = load(&[
        (&format!("{HOME}/ec2-describe-volumes.json"), VOLUME),
        (&format!("{HOME}/ec2-describe-volumes-2.json"), r#"{"Volumes": [{"VolumeId": "vol-2"}]}"#),
    ]);
    assert!(notes.is_empty(), "{notes:?}");
    let volumes = &inventory.volumes;
    assert_eq!(volumes.get("111122223333", "us-east-1", "vol-1").and_then(|volume| volume.size), Some(100));
    let arn = "arn:aws:ec2:us-east-1:111122223333:volume/vol-2";
    assert!(volumes.find("111122223333", "us-east-1", arn).present().is_some());
    assert!(volumes.find("111122223333", "us-east-1", "vol-3").is_absent());
    assert_eq!(volumes.find("111122223333", "eu-west-1", "vol-3"), Lookup::NotCollected);
    assert_eq!(volumes.find("444455556666", "us-east-1", "vol-1"), Lookup::NotCollected);
    assert_eq!(inventory.snapshots.find("111122223333", "us-east-1", "snap-1"), Lookup::NotCollected);
    assert!(inventory.has("inventory.ec2-describe-volumes") && !inventory.has("inventory.ec2-describe-snapshots"));
    assert!(!inventory.has("ec2-describe-volumes") && !inventory.has("hourly"));
}

#[test]
fn without_folders_items_join_by_id_and_nothing_is_absent() {
    let (inventory, notes) = load(&[("ec2-describe-volumes.json", VOLUME)]);
    assert_eq!(notes.iter().map(|note| note.code).collect::<Vec<_>>(), ["inventory_scope_unknown"]);
    let volumes = &inventory.volumes;
    assert!(volumes.is_collected() && !volumes.covers("111122223333", "us-east-1"));
    assert!(volumes.get("111122223333", "us-east-1", "vol-1").is_some());
    assert!(volumes.get("111122223333", "eu-west-1", "vol-1").is_none(), "its zone tells the region");
    let (scope, id, _) = volumes.iter().next().unwrap();
    assert_eq!((scope.account.as_deref(), scope.region.as_deref(), id), (None, Some("us-east-1"), "vol-1"));
}

#[test]
fn listings_that_are_cut_short_cover_nothing() {
    let cut = r#"{"Volumes": [], "NextToken": "abc"}"#;
    let covers = |files: &[(&str, &str)]| load(files).0.volumes.covers("111122223333", "us-east-1");
    let first = format!("{HOME}/ec2-describe-volumes-1.json");
    let last = format!("{HOME}/ec2-describe-volumes-2.json");
    assert!(!covers(&[(&first, cut)]));
    assert!(covers(&[(&first, cut), (&last, VOLUME)]));
    assert!(!covers(&[(&first, VOLUME), (&last, "{")]), "a skipped file may have held it");
    assert!(!covers(&[(&first, "{"), (&last, VOLUME)]), "in whichever order");
    assert!(!covers(&[(&format!("{HOME}/ec2-describe-volumes@vol-1.json"), VOLUME)]));
    assert!(!covers(&[("111122223333/ec2-describe-volumes.json", VOLUME)]));
}

#[test]
fn bad_files_are_skipped_whole_and_named() {
    let (inventory, notes) = load(&[
        (
            &format!("{HOME}/ec2-describe-volumes.json"),
            "{\"Volumes\": [\n{\"VolumeId\": \"vol-1\"},\n{\"Size\": \"x\"}]}",
        ),
        (&format!("{HOME}/ec2-describe-addresses.json"), "{\"Instances\": []}"),
        (&format!("{HOME}/ec2-describe-images.json"), ""),
        (&format!("{HOME}/elbv2-describe-target-health.json"), "{\"TargetHealthDescriptions\": []}"),
    ]);
    let messages: Vec<_> = notes.iter().map(|note| note.message.split("; help").next().unwrap()).collect();
    assert!(notes.iter().all(|note| note.code == "bad_inventory_file"));
    assert_eq!(
        messages,
        [
            format!(
                "skipped: {HOME}/ec2-describe-addresses.json:1: holds `Instances`, not `Addresses`: is it the output of another operation?"
            ),
            format!("skipped: {HOME}/ec2-describe-images.json: holds no document"),
            format!("skipped: {HOME}/ec2-describe-volumes.json:3: invalid type: string \"x\", expected i64"),
            format!(
                "skipped: {HOME}/elbv2-describe-target-health.json: the file name does not say which target group this is"
            ),
        ]
    );
    assert_eq!(notes[0].source.as_deref(), Some("111122223333/us-east-1/ec2-describe-addresses.json"));
    assert!(inventory.volumes.is_empty() && !inventory.volumes.is_collected());
}

#[test]
fn unknown_files_get_a_hint_and_other_files_are_left_alone() {
    let (_, notes) = load(&[
        (&format!("{HOME}/ec2-describe-volume.json"), VOLUME),
        (&format!("{HOME}/ec2-describe-volumes-modifications.json"), "{}"),
        (&format!("{HOME}/ec2-describe-subnets.json"), "{}"),
        (&format!("{HOME}/lambda-list-function-2.json"), "{}"),
        (&format!("{HOME}/metrics.csv"), "x"),
        (&format!("{HOME}/README.md"), "x"),
    ]);
    let said: Vec<_> = notes.iter().map(|note| (note.code, note.message.as_str())).collect();
    let plain = "not read: no rule knows this file";
    assert_eq!(
        said,
        [
            ("unknown_inventory_file", plain),
            ("unknown_inventory_file", plain),
            ("unknown_inventory_file", &*format!("{plain}; did you mean `ec2-describe-volumes`?")),
            ("unknown_inventory_file", &*format!("{plain}; did you mean `lambda-list-functions`?")),
        ]
    );
}

#[test]
fn marks_of_text_encodings() {
    let (inventory, _) = load(&[("ec2-describe-volumes.json", &format!("\u{feff}{VOLUME}"))]);
    assert_eq!(inventory.volumes.len(), 1);
    let dir = folder(&[]);
    fs::write(dir.path().join("ec2-describe-volumes.json"), [0xff, 0xfe, b'{', 0]).unwrap();
    let mut notes = Notes::default();
    Inventory::load(&[dir.path().to_owned()], &mut notes).unwrap();
    assert!(notes.sorted()[0].message.contains("is UTF-16 text"));
}

#[test]
fn an_item_listed_twice_with_other_contents_is_told() {
    let files = |size: u8| {
        [
            ("a/ec2-describe-volumes.json".to_owned(), r#"{"Volumes": [{"VolumeId": "v", "Size": 1}]}"#.to_owned()),
            (
                "b/ec2-describe-volumes.json".to_owned(),
                format!(r#"{{"Volumes": [{{"VolumeId": "v", "Size": {size}}}]}}"#),
            ),
        ]
    };
    let read = |size| {
        let files = files(size);
        load(&[(&files[0].0, &files[0].1), (&files[1].0, &files[1].1)])
    };
    let (inventory, notes) = read(2);
    assert!(notes.iter().any(|note| note.code == "inventory_duplicate" && note.message.contains("`v`")));
    assert_eq!(inventory.volumes.get("a", "r", "v").and_then(|volume| volume.size), Some(2));
    assert!(read(1).1.iter().all(|note| note.code != "inventory_duplicate"));
}

#[test]
fn target_health_is_told_by_its_file_name() {
    let arn = "arn_aws_elasticloadbalancing_us-east-1_111122223333_targetgroup_a_73e2";
    let (inventory, _) = load(&[
        (&format!("elbv2-describe-target-health@{arn}.json"), r#"{"TargetHealthDescriptions": []}"#),
        (
            &format!("{HOME}/elbv2-describe-target-health@b.json"),
            r#"{"TargetHealthDescriptions": [{"Target": {"Id": "i-1", "Port": 80}, "TargetHealth": {"State": "healthy"}}]}"#,
        ),
    ]);
    let health = |name: &str| {
        let arn = format!("arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/{name}/73e2");
        inventory.health_of("111122223333", "us-east-1", &arn).map(|health| health.targets.len())
    };
    assert_eq!((health("a"), health("b"), health("c")), (Some(0), Some(1), None));
    assert!(!inventory.target_health.covers("111122223333", "us-east-1"));
}

#[test]
fn every_token_is_distinct_and_names_its_file() {
    let mut tokens = Inventory::TOKENS.to_vec();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!((tokens.len(), Inventory::TOKENS.len()), (48, 48));
    for token in Inventory::TOKENS {
        let stem = command(token);
        assert_eq!(operation(stem), Some((*token, None)));
        assert_eq!(operation(&format!("{stem}-2")), Some((*token, None)));
        assert_eq!(operation(&format!("{stem}@x_y")), Some((*token, Some("x_y"))));
        assert_eq!(operation(&format!("{stem}s")), None);
        assert_eq!(hint(&stem[..stem.len() - 1]), format!("; did you mean `{stem}`?"));
    }
}

#[test]
fn every_service_is_read_from_what_the_cli_prints() {
    let home = |id: &str, of: &str| format!("arn:aws:{of}:us-east-1:111122223333:{id}");
    let lb = home("loadbalancer/app/web/50dc", "elasticloadbalancing");
    let tg = home("targetgroup/tg/73e2", "elasticloadbalancing");
    let db = home("db:orders", "rds");
    let table = home("table/Orders", "dynamodb");
    let cache = home("cluster:r-001", "elasticache");
    let domain = home("domain/logs", "es");
    let function = home("function:f", "lambda");
    let group = home("autoScalingGroup:1:autoScalingGroupName/web", "autoscaling");
    let files = [
        ("ec2-describe-instances", r#"{"Reservations": [{"OwnerId": "111122223333", "Instances": [{"InstanceId": "i-1"}]}]}"#.to_owned()),
        ("ec2-describe-addresses", r#"{"Addresses": [{"AllocationId": "eipalloc-1", "NetworkBorderGroup": "us-east-1"}]}"#.to_owned()),
        ("ec2-describe-nat-gateways", r#"{"NatGateways": [{"NatGatewayId": "nat-1"}]}"#.to_owned()),
        ("ec2-describe-snapshots", r#"{"Snapshots": [{"SnapshotId": "snap-1", "OwnerId": "111122223333"}]}"#.to_owned()),
        ("ec2-describe-images", r#"{"Images": [{"ImageId": "ami-1", "OwnerId": "999999999999"}]}"#.to_owned()),
        ("ec2-describe-vpc-endpoints", r#"{"VpcEndpoints": [{"VpcEndpointId": "vpce-1"}]}"#.to_owned()),
        ("ec2-describe-capacity-reservations", r#"{"CapacityReservations": [{"CapacityReservationId": "cr-1"}]}"#.to_owned()),
        ("ec2-describe-reserved-instances", r#"{"ReservedInstances": [{"ReservedInstancesId": "ri-1", "FixedPrice": 12.5}]}"#.to_owned()),
        ("elbv2-describe-load-balancers", format!(r#"{{"LoadBalancers": [{{"LoadBalancerArn": "{lb}", "Type": "application"}}]}}"#)),
        ("elbv2-describe-target-groups", format!(r#"{{"TargetGroups": [{{"TargetGroupArn": "{tg}"}}]}}"#)),
        ("elb-describe-load-balancers", r#"{"LoadBalancerDescriptions": [{"LoadBalancerName": "old", "VPCId": "vpc-1"}]}"#.to_owned()),
        ("rds-describe-db-instances", format!(r#"{{"DBInstances": [{{"DBInstanceIdentifier": "orders", "DBInstanceArn": "{db}", "MultiAZ": true}}]}}"#)),
        ("dynamodb-describe-table", format!(r#"[{{"Table": {{"TableName": "Orders", "TableArn": "{table}", "CreationDateTime": 1421866952.062}}}}]"#)),
        ("elasticache-describe-cache-clusters", format!(r#"{{"CacheClusters": [{{"CacheClusterId": "r-001", "ARN": "{cache}"}}]}}"#)),
        ("opensearch-describe-domains", format!(r#"{{"DomainStatusList": [{{"DomainName": "logs", "ARN": "{domain}", "EBSOptions": {{"EBSEnabled": true}}}}]}}"#)),
        ("lambda-list-functions", format!(r#"{{"Functions": [{{"FunctionName": "f", "FunctionArn": "{function}", "Version": "1"}}, {{"FunctionName": "f", "FunctionArn": "{function}", "Version": "$LATEST"}}]}}"#)),
        ("sagemaker-list-endpoints", r#"{"Endpoints": [{"EndpointName": "fraud"}]}"#.to_owned()),
        ("autoscaling-describe-auto-scaling-groups", format!(r#"{{"AutoScalingGroups": [{{"AutoScalingGroupName": "web", "AutoScalingGroupARN": "{group}"}}]}}"#)),
        ("savingsplans-describe-savings-plans", r#"{"savingsPlans": [{"savingsPlanId": "sp-1", "savingsPlanArn": "arn:aws:savingsplans::111122223333:savingsplan/sp-1", "commitment": "1.5", "ec2InstanceFamily": "m5"}]}"#.to_owned()),
    ];
    let named: Vec<_> = files.iter().map(|(stem, text)| (format!("{HOME}/{stem}.json"), text.as_str())).collect();
    let named: Vec<_> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let (inventory, notes) = load(&named);
    assert!(notes.is_empty(), "{notes:?}");
    let (a, r) = ("111122223333", "us-east-1");
    assert!(inventory.instances.get(a, r, "arn:aws:ec2:us-east-1:111122223333:instance/i-1").is_some());
    assert!(inventory.addresses.get(a, r, "eipalloc-1").is_some());
    assert!(inventory.nat_gateways.get(a, r, "nat-1").is_some());
    assert!(inventory.snapshots.get(a, r, "snap-1").is_some());
    assert!(inventory.images.get(a, r, "ami-1").is_some());
    assert!(inventory.vpc_endpoints.get(a, r, "vpce-1").is_some());
    assert!(inventory.capacity_reservations.get(a, r, "cr-1").is_some());
    assert!(inventory.reserved_instances.get(a, r, "ri-1").is_some());
    assert!(inventory.load_balancers.get(a, r, &lb).is_some_and(|lb| lb.r#type.as_deref() == Some("application")));
    assert!(inventory.target_groups.get(a, r, &tg).is_some());
    assert!(inventory.classic_load_balancers.get(a, r, "old").is_some_and(|lb| lb.vpc_id.is_some()));
    assert!(inventory.db_instances.get(a, r, &db).is_some_and(|db| db.multi_az == Some(true)));
    let orders = inventory.tables.get(a, r, &table);
    assert_eq!(orders.and_then(|table| table.creation_date_time), Some(Moment(1_421_866_952)));
    assert!(orders.is_some_and(|table| !table.is_on_demand()));
    assert!(inventory.cache_clusters.get(a, r, &cache).is_some());
    let options = inventory.domains.get(a, r, &domain).and_then(|domain| domain.ebs_options.clone());
    assert_eq!(options.and_then(|options| options.ebs_enabled), Some(true));
    assert!(inventory.functions.get(a, r, &function).is_some_and(|f| f.version.as_deref() == Some("$LATEST")));
    assert!(inventory.endpoints.get(a, r, "fraud").is_some());
    assert!(inventory.auto_scaling_groups.get(a, r, &group).is_some());
    let plan = inventory.savings_plans.get(a, r, "sp-1");
    assert_eq!(plan.and_then(|plan| plan.ec2_instance_family.as_deref()), Some("m5"));
    assert!(inventory.functions.covers(a, r) && !inventory.tables.covers(a, r) && !inventory.domains.covers(a, r));
}
