//! The little that this crate adds to the DynamoDB client: bounded batch reads and attributes with
//! errors that say which row is wrong.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

/// A row of a table.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Rounds of asking for keys that DynamoDB left unprocessed, before giving up.
const BATCH_ROUNDS: u32 = 6;
/// The longest pause before the first new attempt; it doubles from there.
const PAUSE_BASE: Duration = Duration::from_millis(25);
/// The longest pause at all.
const PAUSE_CAP: Duration = Duration::from_secs(1);

/// A table could not be read or written, or holds a row that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB answered with an error.
    #[error("{operation} failed: {detail}")]
    Service {
        /// The operation of the DynamoDB API.
        operation: &'static str,
        /// What the client says about it.
        detail: String,
    },
    /// The same work kept colliding with other work, or was throttled.
    #[error("{operation} did not get through after {attempts} attempts")]
    Contention {
        /// The operation of the DynamoDB API.
        operation: &'static str,
        /// How often it was tried.
        attempts: u32,
    },
    /// A row lacks an attribute or has a wrong value in it.
    #[error("{subject}: attribute {attribute} {problem}")]
    Malformed {
        /// Which row, for example `product LAPTOP-001`.
        subject: String,
        /// The attribute.
        attribute: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl StoreError {
    /// Wraps an error of the client. DynamoDB requests of this crate hold nothing secret, so the
    /// whole chain may be shown.
    pub(crate) fn service(operation: &'static str, error: impl std::error::Error) -> Self {
        Self::Service { operation, detail: DisplayErrorContext(error).to_string() }
    }
}

/// Reads many rows in one call, and asks again for what DynamoDB left unprocessed.
///
/// One call takes at most 100 keys; the bounds of an order keep callers below that. Rows that do
/// not exist are missing from the answer. The answer is by table.
pub(crate) async fn batch_get(
    client: &Client,
    mut wanted: HashMap<String, KeysAndAttributes>,
) -> Result<HashMap<String, Vec<Item>>, StoreError> {
    const OPERATION: &str = "BatchGetItem";
    let mut found: HashMap<String, Vec<Item>> = HashMap::new();
    for round in 0..BATCH_ROUNDS {
        let answer = client
            .batch_get_item()
            .set_request_items(Some(wanted))
            .send()
            .await
            .map_err(|error| StoreError::service(OPERATION, error))?;
        for (table, items) in answer.responses.unwrap_or_default() {
            found.entry(table).or_default().extend(items);
        }
        wanted = answer.unprocessed_keys.unwrap_or_default();
        if wanted.is_empty() {
            return Ok(found);
        }
        tokio::time::sleep(pause(round)).await;
    }
    Err(StoreError::Contention { operation: OPERATION, attempts: BATCH_ROUNDS })
}

/// A random pause of up to `PAUSE_BASE * 2^round`. Random, so that callers who collided once do
/// not collide again in step.
pub(crate) fn pause(round: u32) -> Duration {
    let longest =
        PAUSE_BASE.saturating_mul(1_u32.checked_shl(round).unwrap_or(u32::MAX)).min(PAUSE_CAP);
    // A fresh RandomState is keyed from the operating system's randomness.
    let random = RandomState::new().hash_one(round);
    let longest_micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(random % longest_micros.saturating_add(1))
}

/// Reads attributes of one row; `subject` names the row in errors.
pub(crate) struct Row<'a> {
    pub(crate) item: &'a Item,
    pub(crate) subject: String,
}

impl Row<'_> {
    /// A string that is not empty.
    pub(crate) fn text(&self, attribute: &'static str) -> Result<&str, StoreError> {
        match self.item.get(attribute) {
            Some(AttributeValue::S(text)) if !text.is_empty() => Ok(text),
            _ => Err(self.malformed(attribute, "must be a string that is not empty")),
        }
    }

    /// A number, as its decimal text.
    pub(crate) fn number(&self, attribute: &'static str) -> Result<&str, StoreError> {
        match self.item.get(attribute) {
            Some(AttributeValue::N(text)) => Ok(text),
            _ => Err(self.malformed(attribute, "must be a number")),
        }
    }

    /// A whole number of any sign.
    pub(crate) fn whole(&self, attribute: &'static str) -> Result<i64, StoreError> {
        self.number(attribute)?
            .parse()
            .map_err(|_| self.malformed(attribute, "must be a whole number"))
    }

    /// A whole number of units.
    pub(crate) fn count(&self, attribute: &'static str) -> Result<u32, StoreError> {
        self.number(attribute)?.parse().map_err(|_| self.malformed(attribute, "must be a count"))
    }

    pub(crate) fn malformed(
        &self,
        attribute: &'static str,
        problem: impl Into<String>,
    ) -> StoreError {
        StoreError::Malformed { subject: self.subject.clone(), attribute, problem: problem.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_the_cap() {
        for round in 0..100 {
            assert!(pause(round) <= PAUSE_CAP);
        }
        assert!(pause(0) <= PAUSE_BASE);
    }
}
