//! Advice is joined by service, account, region and id.

use super::{super::tests::load, Advised};
use crate::inventory::Lookup;

const HOME: &str = "111122223333/us-east-1";

fn of<'a>(id: &'a str, service: Option<&'a str>) -> Advised<'a> {
    Advised { account: "111122223333", region: "us-east-1", service, id }
}

/// A database, a function, and a cache that are all called `web`.
#[test]
fn services_with_the_same_name_do_not_swap_advice() {
    let arn = |rest: &str| format!("arn:aws:{}", rest.replace('@', "us-east-1:111122223333"));
    let (database, function, cache) =
        (arn("rds:@:db:web"), arn("lambda:@:function:web"), arn("elasticache:@:cluster:web"));
    let sized =
        |key: &str, name: &str, arn: &str, rest: &str| format!(r#"{{"{key}": [{{"{name}": "{arn}", {rest}}}]}}"#);
    let databases = sized("rdsDBRecommendations", "resourceArn", &database, r#""instanceFinding": "Overprovisioned""#);
    let functions = sized(
        "lambdaFunctionRecommendations",
        "functionArn",
        &format!("{function}:$LATEST"),
        r#""finding": "NotOptimized""#,
    );
    let idle = format!(
        r#"{{"idleRecommendations": [{{"resourceArn": "{database}", "finding": "Idle"}},
            {{"resourceArn": "{cache}", "finding": "Unattached"}}]}}"#
    );
    let hub = |id: &str, kind: &str, action: &str, arn: &str| {
        format!(
            r#"{{"recommendationId": "{id}", "accountId": "111122223333", "region": "us-east-1", "resourceId": "web",
                "currentResourceType": "{kind}", "actionType": "{action}"{arn}}}"#
        )
    };
    let with_arn = format!(r#", "resourceArn": "{database}""#);
    let hub = format!(
        r#"{{"items": [{}, {}]}}"#,
        hub("1", "RdsDbInstance", "Delete", &with_arn),
        hub("2", "LambdaFunction", "Rightsize", "")
    );
    let (inventory, notes) = load(&[
        (&format!("{HOME}/compute-optimizer-get-rds-database-recommendations.json"), &databases),
        (&format!("{HOME}/compute-optimizer-get-lambda-function-recommendations.json"), &functions),
        (&format!("{HOME}/compute-optimizer-get-idle-recommendations.json"), &idle),
        ("111122223333/global/cost-optimization-hub-list-recommendations.json", &hub),
    ]);
    assert!(notes.is_empty(), "{notes:?}");
    let said = |id: &str, service| -> Vec<String> {
        inventory.advice(of(id, service)).into_iter().map(|advice| advice.verdict).collect()
    };
    let of_database = ["Overprovisioned", "Idle", "Delete"];
    let of_function = ["NotOptimized", "Rightsize"];
    assert_eq!(said(&database, None), of_database);
    assert_eq!(said("web", Some("rds")), of_database);
    assert_eq!(said(&function, None), of_function);
    assert_eq!(said("web", Some("lambda")), of_function);
    assert_eq!(said(&cache, None), ["Unattached"]);
    assert_eq!(said(&arn("dynamodb:@:table/web"), None), [""; 0]);
    // Which of them it is, nobody says.
    assert_eq!(said("web", None), [""; 0]);
    assert!(inventory.called_idle(of(&function, None)).is_absent());
    assert_eq!(inventory.called_idle(of("web", None)), Lookup::NotCollected);
    // The ARN's account is another's.
    assert!(inventory.advice(Advised { account: "444455556666", ..of("web", Some("rds")) }).is_empty());
}

#[test]
fn advisers_are_told_alike() {
    let arn = "arn:aws:ec2:us-east-1:111122223333:instance/i-1";
    let option = |kind: &str, saving: f64| {
        format!(
            r#"{{"instanceType": "{kind}", "rank": 1, "savingsOpportunity": {{"savingsOpportunityPercentage": 50.0,
            "estimatedMonthlySavings": {{"currency": "USD", "value": {saving}}}}}}}"#
        )
    };
    let instance = |kind: &str, saving: f64| {
        format!(
            r#"{{"instanceRecommendations": [{{"instanceArn": "{arn}", "accountId": "111122223333", "finding": "OVER_PROVISIONED",
            "recommendationOptions": [{{"instanceType": "m5.4xlarge", "rank": 2}}, {}]}}]}}"#,
            option(kind, saving)
        )
    };
    let (plain, arm) = (instance("m5.large", 35.0), instance("m7g.large", 40.5));
    let idle = format!(
        r#"{{"idleRecommendations": [{{"resourceArn": "{arn}", "resourceType": "EC2Instance", "finding": "Idle"}}]}}"#
    );
    let hub = r#"{"items": [{"recommendationId": "x", "accountId": "111122223333", "region": "us-east-1", "resourceId": "i-1",
        "actionType": "Stop", "estimatedMonthlySavings": 70.08, "currencyCode": "USD"}, {"recommendationId": "y"}]}"#;
    let (inventory, notes) = load(&[
        (&format!("{HOME}/compute-optimizer-get-ec2-instance-recommendations.json"), &plain),
        (&format!("{HOME}/compute-optimizer-get-ec2-instance-recommendations@arm64.json"), &arm),
        (&format!("{HOME}/compute-optimizer-get-idle-recommendations.json"), &idle),
        ("111122223333/global/cost-optimization-hub-list-recommendations.json", hub),
    ]);
    assert!(notes.is_empty(), "{notes:?}");
    let told: Vec<_> = inventory
        .advice(of(arn, None))
        .into_iter()
        .map(|advice| (advice.adviser, advice.verdict.clone(), advice.proposal.clone(), advice.is_idle()))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            ("compute_optimizer", "OVER_PROVISIONED".into(), some("m5.large"), false),
            ("compute_optimizer_arm64", "OVER_PROVISIONED".into(), some("m7g.large"), false),
            ("compute_optimizer_idle", "Idle".into(), None, true),
            ("cost_optimization_hub", "Stop".into(), None, true),
        ]
    );
    assert!(inventory.advice(Advised { region: "eu-west-1", ..of("i-1", None) }).is_empty());
    assert!(inventory.idle_advice.covers("111122223333", "us-east-1"));
}
