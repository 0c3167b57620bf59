//! The errors that the host reports for a function that gave no answer itself, in AWS's words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::host::FunctionError;

/// The largest response that a function may give: 6 MiB and 100 bytes, as on AWS.
pub(super) const RESPONSE_BYTES_MAX: usize = 6_291_556;

/// The type of the error of an invocation whose process has ended.
const EXIT_ERROR: &str = "Runtime.ExitError";

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// The operating system did not say.
    Unknown,
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Status(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Unknown,
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // AWS does not count a status of 0 as a reason.
            Self::Status(0) | Self::Unknown => f.write_str("without providing a reason"),
            Self::Status(code) => write!(f, "with error: exit status {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "with error: signal: {name}"),
                None => write!(f, "with error: signal: signal {signal}"),
            },
        }
    }
}

/// In the words of Go's standard library, which Lambda uses.
fn signal_name(signal: i32) -> Option<&'static str> {
    use rustix::process::Signal;
    let names = [
        (Signal::HUP, "hangup"),
        (Signal::INT, "interrupt"),
        (Signal::QUIT, "quit"),
        (Signal::ILL, "illegal instruction"),
        (Signal::ABORT, "aborted"),
        (Signal::BUS, "bus error"),
        (Signal::FPE, "floating point exception"),
        (Signal::KILL, "killed"),
        (Signal::SEGV, "segmentation fault"),
        (Signal::PIPE, "broken pipe"),
        (Signal::ALARM, "alarm clock"),
        (Signal::TERM, "terminated"),
    ];
    names.into_iter().find(|(known, _)| known.as_raw() == signal).map(|(_, name)| name)
}

/// The process ended while it ran this invocation, or before it could.
pub(super) fn exited(request_id: &str, exit: Exit) -> FunctionError {
    FunctionError::new(EXIT_ERROR, format!("RequestId: {request_id} Error: Runtime exited {exit}"))
}

/// Whether it is the error of [`exited`].
pub(super) fn is_exit(error: &FunctionError) -> bool {
    error.error_type == EXIT_ERROR
}

/// The process could not be started.
pub(super) fn not_started(request_id: &str, reason: impl std::fmt::Display) -> FunctionError {
    FunctionError::new(
        "Runtime.InvalidEntrypoint",
        format!("RequestId: {request_id} Error: {reason}"),
    )
}

/// Every process is busy, and too many invocations wait or this one has waited too long.
pub(super) fn throttled() -> FunctionError {
    FunctionError::throttled()
}

/// The host was closed.
pub(super) fn closed(request_id: &str) -> FunctionError {
    FunctionError::cut_off(request_id)
}

/// The answer was larger than [`RESPONSE_BYTES_MAX`].
pub(super) fn response_too_large(bytes: usize) -> FunctionError {
    FunctionError::new(
        "Function.ResponseSizeTooLarge",
        format!(
            "Response payload size ({bytes} bytes) exceeded maximum allowed payload size \
             ({RESPONSE_BYTES_MAX} bytes)."
        ),
    )
}
