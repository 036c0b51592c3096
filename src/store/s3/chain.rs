//! Credentials by AWS's standard chain: environment, profile, SSO, web identity, container, instance.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use object_store::{
    CredentialProvider,
    aws::{AwsCredential, AwsCredentialProvider},
};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

/// So long before they expire credentials are asked for anew.
const EARLY: Duration = Duration::from_secs(300);

/// Where errors come from when there are no credentials.
pub(super) const UNHAD: &str = "credentials";

/// What the environment and the profile tell.
pub(super) struct Chain {
    config: SdkConfig,
}

impl Chain {
    /// Looks it up.
    pub(super) async fn load() -> Self {
        // One kind of cryptography for both libraries; that it is chosen already is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        Self { config: aws_config::defaults(BehaviorVersion::latest()).http_client(client).load().await }
    }

    pub(super) fn region(&self) -> Option<String> {
        self.config.region().map(ToString::to_string)
    }

    /// The endpoint that all services are at, of a test bench for example.
    pub(super) fn endpoint(&self) -> Option<String> {
        self.config.endpoint_url().map(str::to_owned)
    }

    pub(super) fn credentials(&self) -> Option<AwsCredentialProvider> {
        let provider = self.config.credentials_provider()?;
        Some(Arc::new(Known { provider, last: RwLock::default() }))
    }
}

/// Credentials, kept until shortly before they expire.
struct Known {
    provider: SharedCredentialsProvider,
    last: RwLock<Option<(Arc<AwsCredential>, Option<SystemTime>)>>,
}

impl fmt::Debug for Known {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("credentials")
    }
}

impl Known {
    fn fresh(&self) -> Option<Arc<AwsCredential>> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        let (credential, expiry) = last.as_ref()?;
        let lasts = expiry.is_none_or(|expiry| SystemTime::now() + EARLY < expiry);
        lasts.then(|| credential.clone())
    }
}

#[async_trait::async_trait]
impl CredentialProvider for Known {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        if let Some(credential) = self.fresh() {
            return Ok(credential);
        }
        let found = self.provider.provide_credentials().await;
        let found = found.map_err(|error| object_store::Error::Generic { store: UNHAD, source: Box::new(error) })?;
        let credential = Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        });
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some((credential.clone(), found.expiry()));
        Ok(credential)
    }
}
