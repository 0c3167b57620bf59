//! How the program ends: exit codes, and failures as people read them.

use std::fmt;
use std::process::ExitCode;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// What was asked for failed or was not found.
    Failed = 1,
    /// The command line is wrong. The argument parser exits with it.
    Usage = 2,
    /// What was waited for or watched has not succeeded.
    NotCompleted = 3,
    /// The server cannot be reached.
    Unreachable = 4,
    /// Interrupted with Ctrl-C: 128 + SIGINT, as shells report it.
    Interrupted = 130,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 6] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NotCompleted,
        Self::Unreachable,
        Self::Interrupted,
    ];

    /// The code. Scripts rely on it.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What the code means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "what was asked for failed or was not found",
            Self::Usage => "the command line is wrong",
            Self::NotCompleted => {
                "what was waited for or watched has not succeeded, or --timeout passed"
            }
            Self::Unreachable => "the server cannot be reached",
            Self::Interrupted => "interrupted with Ctrl-C; orders that were placed go on",
        }
    }

    /// The table of all codes.
    #[must_use]
    pub fn table() -> String {
        let lines: Vec<String> = Self::ALL
            .iter()
            .map(|exit| format!("{:>5}  {}", exit.code(), exit.meaning()))
            .collect();
        lines.join("\n")
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not do what was asked for: one sentence, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    kind: FailureKind,
    message: String,
    hint: Option<String>,
}

/// What a caller may do about a failure besides reporting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing.
    Final,
    /// Try again: the server is away or busy.
    Passing,
    /// Do without it: what was asked for is not there.
    Missing,
}

impl Failure {
    /// A failure with exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        let (exit, kind) = (Exit::Failed, FailureKind::Final);
        Self { exit, kind, message: message.into(), hint: None }
    }

    /// The same failure with this exit code.
    #[must_use]
    pub fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The same failure of this kind.
    #[must_use]
    pub fn with_kind(self, kind: FailureKind) -> Self {
        Self { kind, ..self }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What may be done about it.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.kind
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast().unwrap_or_else(|error| Self::new(format!("{error:#}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_different() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 130]);
    }
}
