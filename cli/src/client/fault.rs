//! An SDK's error as one sentence for people.

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::{Clients, Target};
use crate::exit::{Exit, Failure};
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
                _ => unsent(&self.target, doing, error),
            },
            SdkError::ServiceError(service) => {
                let (code, message) = (service.err().code(), service.err().message());
                if code.is_none() && message.is_none() {
                    return stranger(&self.target, service.raw().status().as_u16());
                }
                let message = message.or(code).unwrap_or_default();
                // A server may quote the request.
                Failure::new(format!("cannot {doing}: {}", redact::text(message)))
            }
            SdkError::ResponseError(response) => {
                stranger(&self.target, response.raw().status().as_u16())
            }
            _ => unsent(&self.target, doing, error),
        }
    }
}

/// The request could not even be made, as without credentials.
fn unsent<E>(target: &Target, doing: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: std::error::Error + 'static,
{
    let failure = Failure::new(format!("cannot {doing}: {}", innermost(error)));
    if target.aws {
        failure.with_hint("check the AWS credentials (such as AWS_PROFILE) and --region")
    } else {
        failure
    }
}

fn unreachable(target: &Target, why: &str) -> Failure {
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
fn stranger(target: &Target, status: u16) -> Failure {
    let name = target.name();
    Failure::new(format!("{name} answers, but not as AWS's API does (HTTP status {status})"))
        .with_hint("another program listens there; name the right server with --endpoint-url")
}

/// The innermost source says what is wrong, such as missing credentials; the outer ones where.
fn innermost<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: std::error::Error + 'static,
{
    let mut found: &dyn std::error::Error = error;
    while let Some(source) = found.source() {
        found = source;
    }
    let text = found.to_string();
    if text.is_empty() { DisplayErrorContext(error).to_string() } else { text }
}
