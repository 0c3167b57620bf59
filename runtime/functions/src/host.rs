//! What the service asks of whatever runs a function.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One call of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The Lambda request id, a UUID.
    pub request_id: String,
    /// The function's name.
    pub function_name: String,
    /// The version that runs.
    pub version: String,
    /// The ARN that was invoked.
    pub function_arn: String,
    /// When the function's time is up, in milliseconds since the epoch.
    pub deadline_ms: u64,
    /// How much time that is.
    pub timeout: Duration,
    /// The event.
    pub payload: Bytes,
    /// The caller's X-Ray header.
    pub trace_header: Option<String>,
    /// The caller's tenant.
    pub tenant_id: Option<String>,
    /// The caller's client context, as JSON text.
    pub client_context: Option<String>,
}

/// Why a function gave no answer; the JSON is what Lambda's callers receive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// For programs.
    #[serde(default)]
    pub error_type: String,
    /// For people.
    #[serde(default)]
    pub error_message: String,
    /// Where, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<Vec<String>>,
    /// Whatever the function adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_data: Option<String>,
}

/// Of the class that the service tries again, since nothing says that the function would fail.
const CUT_OFF: &str = "Runtime.Closed";

/// As Lambda calls it.
const TIMED_OUT: &str = "Sandbox.Timedout";

impl FunctionError {
    /// An error with a type and a message.
    pub fn new(error_type: impl Into<String>, error_message: impl Into<String>) -> Self {
        Self {
            error_type: error_type.into(),
            error_message: error_message.into(),
            stack_trace: None,
            error_data: None,
        }
    }

    /// There is no place for the invocation.
    pub fn throttled() -> Self {
        Self::new("TooManyRequestsException", "Rate Exceeded.")
    }

    /// Whether the function was not run because there was no place.
    pub fn is_throttling(&self) -> bool {
        *self == Self::throttled()
    }

    /// The host was closed before the function had an answer.
    pub fn cut_off(request_id: &str) -> Self {
        let message =
            format!("RequestId: {request_id} Error: the function's processes are being stopped");
        Self::new(CUT_OFF, message)
    }

    /// Whether the host's end is the reason, which says nothing about the function.
    pub fn is_cut_off(&self) -> bool {
        self.error_type == CUT_OFF
    }

    /// Whether the function used up its time.
    pub fn is_timeout(&self) -> bool {
        self.error_type == TIMED_OUT
    }

    /// The function used up its time.
    pub fn timed_out(request_id: &str, timeout: Duration) -> Self {
        Self::new(
            TIMED_OUT,
            format!(
                "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
                timeout.as_secs_f64()
            ),
        )
    }
}

/// Processes of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processes {
    /// Those that run, or are being started.
    pub alive: usize,
    /// Of these, the ones with an invocation in them.
    pub busy: usize,
}

impl std::iter::Sum for Processes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            alive: sum.alive + one.alive,
            busy: sum.busy + one.busy,
        })
    }
}

/// Runs a function.
pub trait FunctionHost: Send + Sync + 'static {
    /// Runs it once, for at most [`Invocation::timeout`].
    ///
    /// # Errors
    /// Whatever the function reports, its crash, or its timeout.
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>>;

    /// What it has running in processes of its own, for whoever counts.
    fn processes(&self) -> Processes {
        Processes::default()
    }

    /// Ends what it has running, and waits for that. Later invocations fail.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
