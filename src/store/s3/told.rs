//! What went wrong at S3, in words: which object, what it means, what to do, and what led to it.

use super::chain::UNHAD;
use crate::error::Error;
use std::error::Error as _;

/// What a service says of credentials that were good once, and what the chain says of a sign-in that is over or never was.
const EXPIRED: [&str; 9] = [
    "ExpiredToken",
    "RequestExpired",
    "TokenRefreshRequired",
    "SSO token has expired",
    "Login token is expired",
    "session has expired",
    "load the cached SSO token",
    "Session token not found or invalid",
    "UnauthorizedException",
];

/// An error that names the object and says what to do.
pub(super) fn told(error: object_store::Error, name: &str, verb: &str) -> Error {
    use object_store::Error::{Generic, NotFound, PermissionDenied, Precondition, Unauthenticated};
    let causes = causes(&error);
    let says = |codes: &[&str]| codes.iter().any(|code| causes.iter().any(|cause| cause.contains(code)));
    let what = |what: &str| Error::file(name, format!("cannot be {verb}: {what}"));
    let (expired, nobody) = (says(&EXPIRED), matches!(error, Generic { store: UNHAD, .. }) || says(&[UNHAD]));
    let denied =
        matches!(error, PermissionDenied { .. } | Unauthenticated { .. }) || says(&["AccessDenied", "403 Forbidden"]);
    let told = match error {
        _ if expired => what("the credentials have expired")
            .help("sign in again (`aws sso login`, or a new session token), then run again"),
        _ if nobody => what("there are no credentials to be had").help(
            "sign in (`aws sso login`), or name them: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        _ if says(&["NoSuchBucket"]) => return what("there is no such bucket"),
        NotFound { .. } => return what("it is not there"),
        Precondition { .. } => {
            return Error::file(name, "was replaced while it was being read")
                .help("run again: the export has just been delivered anew");
        }
        _ if denied => what("access denied")
            .help("the credentials need s3:ListBucket on the bucket, s3:GetObject on what is read and s3:PutObject on what is written"),
        _ => what("S3 did not give it, or not whole"),
    };
    told.because(causes)
}

/// What an error says and what is behind it, a line each; what says no more than the one above is left out.
fn causes(error: &object_store::Error) -> Vec<String> {
    let line = |error: &dyn std::error::Error| {
        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        without_body(&text)
    };
    let mut causes = vec![line(error)];
    let mut next = error.source();
    while let Some(error) = next {
        let more = line(error);
        if !causes.iter().any(|told| told.contains(&more)) {
            causes.push(more);
        }
        next = error.source();
    }
    causes
}

/// A text in which an answer of S3 is cut down to its code and its sentence: the rest may hold tokens and signatures.
fn without_body(text: &str) -> String {
    let Some(at) = text.find("<?xml").or_else(|| text.find("<Error")) else { return text.to_owned() };
    let (before, body) = text.split_at(at);
    let of = |tag: &str| {
        let (_, rest) = body.split_once(&format!("<{tag}>"))?;
        rest.split_once('<').map(|(value, _)| value)
    };
    let told: Vec<&str> = ["Code", "Message"].into_iter().filter_map(of).collect();
    format!("{before}{}", told.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(store: &'static str, source: &str) -> Error {
        told(object_store::Error::Generic { store, source: source.into() }, "s3://b/k", "read")
    }

    #[test]
    fn what_to_do_and_what_led_to_it_stand_apart() {
        let body = "<?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code><Message>The token has expired.</Message>\
            <Token-0>secret</Token-0></Error>";
        let error = generic("S3", &format!("status 400: {body}"));
        assert_eq!(error.what, "cannot be read: the credentials have expired");
        assert!(error.help.unwrap().starts_with("sign in again"));
        assert_eq!(error.causes, ["Generic S3 error: status 400: ExpiredToken: The token has expired."]);
        let error = generic(UNHAD, "the SSO token has expired and cannot be refreshed");
        assert!(error.what.contains("have expired") && error.help.unwrap().starts_with("sign in again"));
        let error = generic(UNHAD, "no providers in chain");
        assert!(error.what.contains("no credentials") && error.help.unwrap().contains("AWS_PROFILE"));
        let error = generic("S3", "broken pipe");
        assert_eq!((error.help, error.causes.len()), (None, 1));
    }
}
