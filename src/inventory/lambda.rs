//! Lambda functions.

use super::{Listed, Moment, Scope, arn::scope, shape::moment_or_empty};
use serde::{Deserialize, Serialize};

/// A function, or one of its versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Function {
    /// The name.
    pub function_name: String,
    /// Its ARN.
    pub function_arn: Option<String>,
    /// `$LATEST` or a number.
    pub version: Option<String>,
    /// Such as `python3.12`; nothing for images.
    pub runtime: Option<String>,
    /// `Zip` or `Image`.
    pub package_type: Option<String>,
    /// `x86_64` or `arm64`; AWS omits it for old functions, which are x86.
    pub architectures: Vec<String>,
    /// MB.
    pub memory_size: Option<i64>,
    /// Seconds.
    pub timeout: Option<i64>,
    /// Bytes of the package.
    pub code_size: Option<i64>,
    /// When code or settings changed last.
    #[serde(deserialize_with = "moment_or_empty")]
    pub last_modified: Option<Moment>,
    /// Its layers, which must fit the architecture.
    pub layers: Vec<Layer>,
}

/// A layer of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Layer {
    /// The ARN of its version.
    pub arn: Option<String>,
}

impl Listed for Function {
    const TOKEN: &'static str = "inventory.lambda-list-functions";
    const KEY: &'static str = "Functions";
    const ID: &'static str = "FunctionName";

    fn id(&self) -> &str {
        &self.function_name
    }

    fn scope(&self) -> Scope {
        scope(self.function_arn.as_deref().unwrap_or_default())
    }

    /// Published versions are listed on demand, under the name of their function.
    fn counts(&self) -> bool {
        self.version.as_deref().is_none_or(|version| version == "$LATEST")
    }
}
