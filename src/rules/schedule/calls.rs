//! The inputs of the calls that set the changes of a week up.

use super::{
    super::{Context, Target},
    Action,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A target's account, its name, and what all calls about it share.
pub(in crate::rules) struct Calls<'a> {
    account: &'a str,
    name: &'a str,
    zone: &'a str,
    role: &'a str,
}

/// Sizes that a group takes at a change; the most stays where none is told.
#[derive(Clone, Copy)]
pub(in crate::rules) struct Sizes {
    /// It is not scaled in further.
    pub(in crate::rules) least: i64,
    /// What runs.
    pub(in crate::rules) wanted: i64,
    /// It is not scaled out further.
    pub(in crate::rules) most: Option<i64>,
}

impl<'a> Calls<'a> {
    /// The calls about a target.
    pub(in crate::rules) fn about(see: &Context<'a>, target: &'a Target) -> Self {
        let (account, _, name) = target.identity(see.facts);
        Self { account, name, zone: see.zone.name(), role: &see.schedule.role }
    }

    /// The name of the target.
    pub(in crate::rules) fn name(&self) -> &'a str {
        self.name
    }

    /// Of EC2 Auto Scaling, `PutScheduledUpdateGroupAction`: what it is called, and the sizes that it sets.
    pub(in crate::rules) fn resize(&self, action: &Action, called: &str, sizes: Sizes) -> Value {
        let mut input = json!({
            "AutoScalingGroupName": self.name,
            "ScheduledActionName": called,
            "Recurrence": action.unix_cron(),
            "TimeZone": self.zone,
            "MinSize": sizes.least,
            "DesiredCapacity": sizes.wanted,
        });
        if let (Value::Object(input), Some(most)) = (&mut input, sizes.most) {
            input.insert("MaxSize".into(), most.into());
        }
        input
    }

    /// Of EventBridge Scheduler, `CreateSchedule`: what it is called beside the target's name, and the operation that it calls with an input.
    pub(in crate::rules) fn call(&self, action: &Action, called: &str, operation: &str, input: &Value) -> Value {
        json!({
            "Name": unique(called, self.name),
            "ScheduleExpression": action.aws_cron(),
            "ScheduleExpressionTimezone": self.zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": format!("arn:aws:scheduler:::aws-sdk:{operation}"),
                "RoleArn": format!("arn:aws:iam::{}:role/{}", self.account, self.role),
                "Input": input.to_string(),
            },
        })
    }
}

/// A name for a schedule of EventBridge that no other target in the account and region has: what it does, then as much of the target's name as
/// the 64 characters of letters, digits, `-`, `_` and `.` allow, and where that is not all of it, a mark of the whole.
fn unique(what: &str, target: &str) -> String {
    const LONGEST: usize = 64;
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let whole: String = format!("{what}-{target}").chars().map(plain).collect();
    if whole.len() <= LONGEST && whole.ends_with(target) {
        return whole;
    }
    let mark: String = Sha256::digest(target).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let kept: String = whole.chars().take(LONGEST - mark.len() - 1).collect();
    format!("{kept}-{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_schedules_are_short_and_differ() {
        assert_eq!(unique("start-0745", "i-0a"), "start-0745-i-0a");
        let long = "x".repeat(63);
        let [one, other] = [format!("{long}1"), format!("{long}2")].map(|target| unique("stop-1900", &target));
        assert!(one != other && one.len() == 64 && other.len() == 64);
        let [one, other] = ["shop (m5.large)", "shop [m5.large]"].map(|target| unique("stop-1900", target));
        assert!(one != other && one.starts_with("stop-1900-shop--m5.large--"), "{one}");
    }
}
