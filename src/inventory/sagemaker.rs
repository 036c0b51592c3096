//! SageMaker endpoints.

use super::{Listed, Moment, Scope, arn::scope};
use serde::{Deserialize, Serialize};

/// An endpoint for inference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Endpoint {
    /// The name.
    pub endpoint_name: String,
    /// Its ARN.
    pub endpoint_arn: Option<String>,
    /// `InService`, `OutOfService`, ...
    pub endpoint_status: Option<String>,
    /// When it was made.
    pub creation_time: Option<Moment>,
    /// When it was changed last.
    pub last_modified_time: Option<Moment>,
}

impl Listed for Endpoint {
    const TOKEN: &'static str = "inventory.sagemaker-list-endpoints";
    const KEY: &'static str = "Endpoints";
    const ID: &'static str = "EndpointName";

    fn id(&self) -> &str {
        &self.endpoint_name
    }

    fn scope(&self) -> Scope {
        scope(self.endpoint_arn.as_deref().unwrap_or_default())
    }
}
