//! An SDK's error as one sentence for people.

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::{Clients, Target};
use crate::exit::{Exit, Failure, FailureKind};
use crate::redact;

impl Clients {
    /// Why a request failed. `doing` completes "cannot ...".
    pub fn failure<E>(&self, doing: &str, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => unreachable(&self.target, "it does not answer in time"),
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) if error.is_timeout() => {
                    unreachable(&self.target, "it does not answer in time")
                }
                Some(error) if error.is_io() => {
                    unreachable(&self.target, "it does not take the connection")
                }
                // Of the rest, the client tells only connections that broke by a kind.
                Some(error) if error.as_other().is_some() => {
                    unreachable(&self.target, "it closed the connection")
                }
                Some(other) if other.is_other() && !self.target.aws => {
                    stranger(&self.target, &innermost(error))
                }
                _ => unsent(&self.target, doing, error),
            },
            SdkError::ServiceError(service) => {
                let (code, message) = (service.err().code(), service.err().message());
                if code.is_none() && message.is_none() {
                    return stranger(&self.target, &status(service.raw()));
                }
                let message = message.or(code).unwrap_or_default();
                // A server may quote the request.
                Failure::new(format!("cannot {doing}: {}", redact::text(message)))
                    .with_kind(kind(service.raw()))
            }
            SdkError::ResponseError(response) => stranger(&self.target, &status(response.raw())),
            _ => unsent(&self.target, doing, error),
        }
    }
}

fn unsent<E>(target: &Target, doing: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: std::error::Error + 'static,
{
    unsent_for(target, doing, &innermost(error))
}

/// The request could not even be made, as without credentials.
pub(super) fn unsent_for(target: &Target, doing: &str, why: &str) -> Failure {
    let failure = Failure::new(format!("cannot {doing}: {why}"));
    if target.aws {
        failure.with_hint("check the AWS credentials (such as AWS_PROFILE) and --region")
    } else {
        failure
    }
}

pub(super) fn unreachable(target: &Target, why: &str) -> Failure {
    let failure =
        Failure::new(format!("cannot reach {}: {why}", target.name())).with_exit(Exit::Unreachable);
    if target.aws {
        failure.with_hint("check the network and --region")
    } else {
        failure.with_hint(
            "start it with `durable-orders serve`, or name another server with --endpoint-url",
        )
    }
}

/// Something answers that is not the server.
pub(super) fn stranger(target: &Target, detail: &str) -> Failure {
    Failure::new(format!("{} answers, but not as AWS's API does ({detail})", target.name()))
        .with_hint("another program listens there; name the right server with --endpoint-url")
}

fn kind(response: &HttpResponse) -> FailureKind {
    match response.status().as_u16() {
        404 => FailureKind::Missing,
        // An operation that the server does not have is not there later either.
        501 => FailureKind::Final,
        429 | 500.. => FailureKind::Passing,
        _ => FailureKind::Final,
    }
}

fn status(response: &HttpResponse) -> String {
    format!("HTTP status {}", response.status().as_u16())
}

/// The innermost source says what is wrong, such as missing credentials; the outer ones where.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut found = error;
    while let Some(source) = found.source() {
        found = source;
    }
    let text = found.to_string();
    if text.is_empty() { DisplayErrorContext(error).to_string() } else { text }
}
