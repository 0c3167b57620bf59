//! PauseDurableExecution, ResumeDurableExecution and DeleteDurableExecution, which AWS's SDK for Rust does not have yet.
//!
//! They differ from StopDurableExecution in method, path and body, so they are sent as that operation with these three
//! replaced before it is signed: credentials, retries and errors stay the SDK's.

use aws_sdk_lambda::config::http::HttpRequest;
use aws_sdk_lambda::primitives::SdkBody;
use serde_json::json;

use crate::client::Clients;
use crate::exit::Failure;

const STOP: &str = "/stop";
const CONTENT_TYPE: &str = "content-type";
const CONTENT_LENGTH: &str = "content-length";

/// What can be done to an execution besides stopping it.
#[derive(Clone, Debug)]
pub enum Control {
    /// No further invocation begins; waits and callbacks go on.
    Pause {
        /// Shown to whoever looks at it.
        reason: Option<String>,
    },
    /// It goes on.
    Resume {
        /// Shown to whoever looks at it.
        reason: Option<String>,
    },
    /// It is forgotten, if it has ended.
    Delete,
}

impl Control {
    fn method(&self) -> &'static str {
        if matches!(self, Self::Delete) { "DELETE" } else { "POST" }
    }

    fn suffix(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "/pause",
            Self::Resume { .. } => "/resume",
            Self::Delete => "",
        }
    }

    fn body(&self) -> Option<String> {
        match self {
            Self::Pause { reason } | Self::Resume { reason } => {
                let members = reason.as_ref().map_or_else(|| json!({}), |it| json!({"Reason": it}));
                Some(members.to_string())
            }
            Self::Delete => None,
        }
    }

    /// Turns the request to stop into the one that is meant.
    fn rewrite(&self, request: &mut HttpRequest) {
        let uri = request.uri().to_owned();
        let path = uri.strip_suffix(STOP).unwrap_or(&uri);
        // Both stay what they were if the SDK should refuse them, and the server then refuses the request.
        let _ = request.set_method(self.method());
        let _ = request.set_uri(format!("{path}{}", self.suffix()));
        let body = self.body();
        let length = body.as_ref().map_or(0, String::len);
        request.headers_mut().insert(CONTENT_LENGTH, length.to_string());
        request.headers_mut().insert(CONTENT_TYPE, "application/json");
        *request.body_mut() = body.map_or_else(SdkBody::empty, SdkBody::from);
    }
}

/// Does it.
///
/// # Errors
/// The server's refusal, and what keeps it from answering.
pub async fn control(
    clients: &Clients,
    arn: &str,
    control: Control,
    doing: &str,
) -> Result<(), Failure> {
    let request = clients.lambda.stop_durable_execution().durable_execution_arn(arn);
    let request = request.customize().mutate_request(move |request| control.rewrite(request));
    request.send().await.map(drop).map_err(|error| clients.failure(doing, &error))
}
