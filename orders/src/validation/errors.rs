//! What is wrong with an order: a bounded list of fields and messages.
//!
//! Messages are fixed texts with our own bounds in them. They never repeat what the customer sent,
//! so no message can carry a card number, wherever in the order it was written.

use serde::{Deserialize, Serialize};

use crate::limits::MAX_ERRORS;

/// One field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The path of the field, such as `items[2].quantity`, or `order` for the whole order.
    pub field: String,
    /// What must change.
    pub message: String,
}

/// The field name of errors about the order as a whole.
pub(crate) const WHOLE_ORDER: &str = "order";

/// Collects errors: the first [`MAX_ERRORS`] in full, then only their number.
#[derive(Debug, Default)]
pub struct Errors {
    listed: Vec<FieldError>,
    unlisted: usize,
}

impl Errors {
    /// Notes that `field` is wrong.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        if self.listed.len() < MAX_ERRORS {
            self.listed.push(FieldError { field: field.into(), message: message.into() });
        } else {
            self.unlisted += 1;
        }
    }

    /// The errors; a last entry says how many more there were.
    #[must_use]
    pub fn into_list(mut self) -> Vec<FieldError> {
        if self.unlisted > 0 {
            self.listed.push(FieldError {
                field: WHOLE_ORDER.to_owned(),
                message: format!("and {} more errors", self.unlisted),
            });
        }
        self.listed
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn errors_beyond_the_limit_are_counted_only() {
        let mut errors = Errors::default();
        for index in 0..MAX_ERRORS + 7 {
            errors.add(format!("items[{index}]"), "is wrong");
        }
        let list = errors.into_list();
        assert_eq!(list.len(), MAX_ERRORS + 1);
        assert_eq!(list.last().unwrap().message, "and 7 more errors");
    }
}
