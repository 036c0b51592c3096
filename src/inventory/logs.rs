//! CloudWatch log groups.

use super::{Listed, Scope, arn::scope};
use serde::{Deserialize, Serialize};

/// A log group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogGroup {
    /// The name.
    pub log_group_name: String,
    /// Its ARN.
    pub arn: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub creation_time: Option<i64>,
    /// After how many days logs expire; never when AWS omits it.
    pub retention_in_days: Option<i64>,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub log_group_class: Option<String>,
}

impl Listed for LogGroup {
    const TOKEN: &'static str = "inventory.logs-describe-log-groups";
    const KEY: &'static str = "logGroups";
    const ID: &'static str = "logGroupName";

    fn id(&self) -> &str {
        &self.log_group_name
    }

    fn scope(&self) -> Scope {
        scope(self.arn.as_deref().unwrap_or_default())
    }
}
