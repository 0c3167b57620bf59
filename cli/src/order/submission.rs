//! An order that is about to be placed: its text, and the id in it.
//!
//! Only what names the order is looked at here. Whether it is a good order is for the order system
//! to say, in one place.

use serde_json::Value;

use super::id::is_order_id;
use crate::exit::Failure;
use orders::limits::MAX_ORDER_ID;

/// The largest order that the server takes.
pub const ORDER_BYTES_MAX: usize = 1024 * 1024;

/// An order that can be placed.
#[derive(Clone)]
pub struct Submission {
    /// The name of its execution.
    pub order_id: String,
    /// Byte for byte as it was read: the same text is the same order.
    pub payload: Vec<u8>,
}

impl Submission {
    /// Looks for the id. `source` says where the text is from.
    ///
    /// # Errors
    /// When there is no proper id. The text is never quoted: it holds a card number.
    pub fn read(payload: Vec<u8>, source: &str) -> Result<Self, Failure> {
        let problem = |problem: String| Failure::new(format!("{source} {problem}"));
        if payload.len() > ORDER_BYTES_MAX {
            return Err(problem(format!(
                "is larger than an order may be ({ORDER_BYTES_MAX} bytes)"
            )));
        }
        let value: Value = serde_json::from_slice(&payload)
            .map_err(|error| problem(format!("is not JSON: {error}")))?;
        let Value::Object(members) = value else {
            return Err(problem("is not an order: it must be a JSON object".to_owned()));
        };
        match members.get("orderId") {
            Some(Value::String(id)) if is_order_id(id) => {
                Ok(Self { order_id: id.clone(), payload })
            }
            Some(_) => Err(problem(format!(
                "has no proper orderId: it must be text of 1 to {MAX_ORDER_ID} letters, digits, \
                 dashes or underscores"
            ))),
            None => Err(problem("has no orderId".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn problem(text: &str) -> String {
        Submission::read(text.into(), "it").err().unwrap().to_string()
    }

    #[test]
    fn the_text_is_kept_byte_for_byte() {
        let text = "{\"orderId\" : \"A-1\",\n \"x\":1.50}\n";
        let submission = Submission::read(text.into(), "it").unwrap();
        assert_eq!(
            (submission.order_id.as_str(), submission.payload.as_slice()),
            ("A-1", text.as_bytes())
        );
    }

    #[test]
    fn what_is_not_an_order_is_one_sentence_that_quotes_nothing() {
        assert!(problem("{").contains("is not JSON"));
        assert!(problem("4532123456789012").contains("must be a JSON object"));
        assert!(problem("{}").contains("has no orderId"));
        for id in ["7", "\"\"", "\"a b\"", "\"4532 1234 5678 9012\"", "null"] {
            let text = problem(&format!("{{\"orderId\":{id}}}"));
            assert!(text.contains("no proper orderId") && !text.contains("4532"), "{text}");
        }
        let large = format!("{{\"orderId\":\"A\",\"x\":\"{}\"}}", "x".repeat(ORDER_BYTES_MAX));
        assert!(problem(&large).contains("is larger"));
    }
}
