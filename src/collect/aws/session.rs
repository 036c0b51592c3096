//! Credentials: by the chain of the AWS CLI, and on by taking on roles.

use super::{
    failure::{Failure, Kind},
    figures::Figures,
    ledger::Ledger,
    site::{Site, client},
};
use crate::error::{Error, Result};
use aws_config::{
    BehaviorVersion, Region, SdkConfig, retry::RetryConfig, sts::AssumeRoleProvider, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What AWS calls the sessions of the roles that are taken on.
const SESSION: &str = "curtail-collect";

/// The settings that all clients share.
pub(super) async fn base(profile: Option<&str>, figures: &Figures) -> SdkConfig {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let retries = RetryConfig::adaptive().with_max_attempts(figures.attempts);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .operation_attempt_timeout(Duration::from_secs(120))
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
    let mut loader = loader.retry_config(retries).timeout_config(timeouts);
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    loader.load().await
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) account: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub(super) partition: String,
}

impl Identity {
    /// The region whose endpoints answer for what lies in no region.
    pub(super) fn global_region(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "cn-northwest-1",
            "aws-us-gov" => "us-gov-west-1",
            _ => "us-east-1",
        }
    }

    /// The ARN of a role of another account of the organisation.
    pub(super) fn role(&self, account: &str, name: &str) -> String {
        format!("arn:{}:iam::{account}:role/{name}", self.partition)
    }
}

/// A site outside all folders, for calls about the run itself.
pub(super) fn nowhere(config: &SdkConfig, ledger: &Arc<Ledger>, region: &str) -> Site {
    let config = if config.region().is_none() {
        config.to_builder().region(Region::new(region.to_owned())).build()
    } else {
        config.clone()
    };
    Site { account: String::new(), region: String::new(), folder: PathBuf::new(), config, ledger: ledger.clone() }
}

/// Whose credentials these are.
pub(super) async fn identity(site: &Site) -> Result<Identity, Failure> {
    let told = client!(site, aws_sdk_sts).get_caller_identity().send().await?;
    let account = told.account.ok_or_else(|| Failure::broken("an answer without an account"))?;
    let partition = told.arn.as_deref().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned();
    Ok(Identity { account, partition })
}

/// The settings with a role taken on, asked for once beforehand so that a refusal is told as such.
pub(super) async fn assume(site: &Site, role: &str) -> Result<SdkConfig, Failure> {
    client!(site, aws_sdk_sts).assume_role().role_arn(role).role_session_name(SESSION).send().await?;
    let provider = AssumeRoleProvider::builder(role).session_name(SESSION).configure(&site.config).build().await;
    let credentials = aws_credential_types::provider::SharedCredentialsProvider::new(provider);
    // A cache of its own, so that one role never answers for another.
    let cache = aws_config::identity::IdentityCache::lazy().build();
    Ok(site.config.to_builder().credentials_provider(credentials).identity_cache(cache).build())
}

/// What to say when nobody can be asked at all.
pub(super) fn refused(what: &str, failure: &Failure) -> Error {
    let help = match failure.kind {
        Kind::Expired => "sign in again, for example with `aws sso login`",
        Kind::Denied => "docs/iam-policy.json lists what to allow",
        _ => "`aws sts get-caller-identity` must work with the same profile",
    };
    Error::new(format!("{what}: {failure}")).help(help)
}
