//! Checkpoint tokens and callback ids.
//!
//! Both are opaque to clients and must match `[A-Za-z0-9+/]+={0,2}`. They are written in letters and digits only, so
//! that nothing ever needs percent-encoding in a query or a path.

use std::fmt;

/// Hexadecimal digits of a UUID without dashes.
const UUID_HEX: usize = 32;

/// Fences one invocation: execution, invocation, and how many checkpoints it has made.
///
/// Only the newest token of the invocation in flight is accepted. An invocation's id is new each time, so a process
/// that outlived its invocation (or the server) cannot write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointToken {
    /// The execution, 32 hexadecimal digits.
    pub execution: String,
    /// The invocation, 32 hexadecimal digits.
    pub invocation: String,
    /// Checkpoints accepted from this invocation so far.
    pub sequence: u64,
}

impl CheckpointToken {
    /// A token for this execution and invocation, both given as UUIDs.
    pub fn new(execution_id: &str, invocation_id: &str, sequence: u64) -> Self {
        Self { execution: simple(execution_id), invocation: simple(invocation_id), sequence }
    }

    /// Reads a token; `None` when it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (execution, rest) = split_hex(text)?;
        let (invocation, sequence) = split_hex(rest)?;
        Some(Self {
            execution: execution.to_owned(),
            invocation: invocation.to_owned(),
            sequence: u64::from_str_radix(sequence, 16).ok()?,
        })
    }

    /// Whether the token was made for this execution.
    pub fn is_for(&self, execution_id: &str) -> bool {
        self.execution == simple(execution_id)
    }
}

impl fmt::Display for CheckpointToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:x}", self.execution, self.invocation, self.sequence)
    }
}

/// Names one callback of one execution, with a nonce so that it cannot be guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackId {
    /// The execution, 32 hexadecimal digits.
    pub execution: String,
    /// Random, 32 hexadecimal digits.
    pub nonce: String,
}

impl CallbackId {
    /// An id for a callback of this execution; both arguments are UUIDs.
    pub fn new(execution_id: &str, nonce: &str) -> Self {
        Self { execution: simple(execution_id), nonce: simple(nonce) }
    }

    /// Reads an id; `None` when it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (execution, rest) = split_hex(text)?;
        let (nonce, end) = split_hex(rest)?;
        end.is_empty().then(|| Self { execution: execution.to_owned(), nonce: nonce.to_owned() })
    }

    /// The execution's id in the form in which it stands in an ARN.
    pub fn execution_id(&self) -> String {
        hyphenated(&self.execution)
    }
}

impl fmt::Display for CallbackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.execution, self.nonce)
    }
}

fn simple(uuid: &str) -> String {
    uuid.chars().filter(|c| *c != '-').collect()
}

fn hyphenated(hex: &str) -> String {
    let mut uuid = String::with_capacity(36);
    for (position, digit) in hex.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}

fn split_hex(text: &str) -> Option<(&str, &str)> {
    let (head, tail) = text.split_at_checked(UUID_HEX)?;
    head.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)).then_some((head, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXECUTION: &str = "9f7d84c9-ea3d-3ffc-b3e5-5ec51c34ffc9";
    const INVOCATION: &str = "0b7d84c9-ea3d-4ffc-b3e5-5ec51c34ff00";

    #[test]
    fn a_token_survives_a_round_trip_and_knows_its_execution() {
        let token = CheckpointToken::new(EXECUTION, INVOCATION, 17);
        let again = CheckpointToken::parse(&token.to_string());
        assert_eq!(again, Some(token.clone()));
        assert!(token.is_for(EXECUTION));
        assert!(!token.is_for(INVOCATION));
    }

    #[test]
    fn garbage_is_not_a_token() {
        for text in
            ["", "abc", "ÄÖÜ", &"z".repeat(70), &"a".repeat(64), &format!("{}+", "a".repeat(64))]
        {
            assert_eq!(CheckpointToken::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_callback_id_gives_back_the_execution_id() {
        let id = CallbackId::new(EXECUTION, INVOCATION);
        let again = CallbackId::parse(&id.to_string());
        assert_eq!(again.map(|id| id.execution_id()), Some(EXECUTION.to_owned()));
        assert_eq!(CallbackId::parse(&format!("{id}0")), None);
    }
}
