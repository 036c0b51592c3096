//! Why a call failed, in words that hold no secret.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::{error::Error, fmt};

/// Codes that say: you may not.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "Client.UnauthorizedOperation",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
];

/// Codes that say: there is no such service here, or it was never switched on.
const ABSENT: &[&str] = &[
    "DataUnavailableException",
    "OptInRequired",
    "OptInRequiredException",
    "SubscriptionRequiredException",
    "UnknownOperationException",
];

/// Codes that say: your time is up.
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"];

/// Codes that say: I do not know you.
const UNKNOWN: &[&str] = &[
    "AuthFailure",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The permission is missing: the signal is missed, and that is said.
    Denied,
    /// The service is not there, or not switched on: as if it had nothing to say.
    Absent,
    /// The credentials have expired: nothing more can be had.
    Expired,
    /// It would cost more than allowed.
    Budget,
    /// No host by the name of the service in this region: it is not there, or names cannot be looked up.
    NoHost,
    /// Anything else: what was asked for is missing, and the run is not whole.
    Broken,
}

/// A call that gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    /// AWS's code, or what happened. AWS's own sentence may hold names, tokens and signatures, so it is left out.
    pub(super) code: String,
}

impl Failure {
    pub(super) fn new(kind: Kind, code: impl fmt::Display) -> Self {
        Self { kind, code: code.to_string() }
    }

    pub(super) fn broken(code: impl fmt::Display) -> Self {
        Self::new(Kind::Broken, code)
    }

    /// From AWS's code.
    fn of_code(code: &str, status: u16) -> Self {
        let kind = if DENIED.contains(&code) {
            Kind::Denied
        } else if ABSENT.contains(&code) {
            Kind::Absent
        } else if EXPIRED.contains(&code) {
            Kind::Expired
        } else {
            Kind::Broken
        };
        let known = if UNKNOWN.contains(&code) { ": AWS does not know these credentials here" } else { "" };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
        let code: String = code.chars().filter(|c| plain(*c)).take(80).collect();
        let code = if code.is_empty() { format!("HTTP status {status}") } else { code };
        Self::new(kind, format_args!("{code}{known}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.code)
    }
}

impl Error for Failure {}

impl<E: ProvideErrorMetadata + Error + 'static> From<SdkError<E, HttpResponse>> for Failure {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        // What the gate did not let pass.
        if let Some(refused) = causes(&error).find_map(|cause| cause.downcast_ref::<Self>()) {
            return refused.clone();
        }
        match &error {
            SdkError::ServiceError(told) => {
                Self::of_code(told.err().code().unwrap_or_default(), told.raw().status().as_u16())
            }
            SdkError::TimeoutError(_) => Self::broken("no answer in time"),
            SdkError::DispatchFailure(sent) if sent.is_timeout() => Self::broken("no answer in time"),
            SdkError::DispatchFailure(sent) if sent.is_io() => match sent.as_connector_error() {
                Some(error) if is_lookup(error) => Self::new(Kind::NoHost, "there is no such host"),
                _ => Self::broken("the connection failed"),
            },
            SdkError::DispatchFailure(_) => {
                Self::broken("the request could not be sent: no credentials, or no way to AWS")
            }
            SdkError::ResponseError(_) => Self::broken("an answer that cannot be read"),
            _ => Self::broken("the request could not be made"),
        }
    }
}

/// An error and what caused it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// Whether a connection failed because the name of the host is not known.
fn is_lookup(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.to_string().contains("dns error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_the_kind_and_no_sentence_of_aws_is_kept() {
        for (code, kind) in [
            ("AccessDeniedException", Kind::Denied),
            ("UnauthorizedOperation", Kind::Denied),
            ("OptInRequiredException", Kind::Absent),
            ("ExpiredToken", Kind::Expired),
            ("ThrottlingException", Kind::Broken),
            ("", Kind::Broken),
        ] {
            assert_eq!(Failure::of_code(code, 503).kind, kind, "{code}");
        }
        assert_eq!(Failure::of_code("", 503).code, "HTTP status 503");
        assert_eq!(Failure::of_code("Bad\n<xml>", 500).code, "Badxml");
        assert!(Failure::of_code("InvalidClientTokenId", 403).code.ends_with("these credentials here"));
    }
}
