//! Constraints of the service model: all violations of a request in one `ValidationException`.

use std::fmt::Display;

use crate::wire::error::AwsError;

/// Collects violations; their texts are AWS's.
#[derive(Debug, Default)]
pub(crate) struct Constraints {
    violations: Vec<String>,
}

impl Constraints {
    pub(crate) fn violated(&mut self, value: impl Display, member: &str, constraint: &str) {
        self.violations.push(format!(
            "Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        ));
    }

    /// For members whose value must not be repeated: blobs, and missing ones.
    pub(crate) fn violated_without_value(&mut self, member: &str, constraint: &str) {
        self.violations
            .push(format!("Value at '{member}' failed to satisfy constraint: {constraint}"));
    }

    pub(crate) fn length(&mut self, value: &str, member: &str, min: usize, max: usize) {
        let length = value.chars().count();
        if length < min {
            let constraint = format!("Member must have length greater than or equal to {min}");
            self.violated(value, member, &constraint);
        } else if length > max {
            let constraint = format!("Member must have length less than or equal to {max}");
            self.violated(value, member, &constraint);
        }
    }

    pub(crate) fn range(&mut self, value: i64, member: &str, min: i64, max: i64) {
        if value < min {
            let constraint = format!("Member must have value greater than or equal to {min}");
            self.violated(value, member, &constraint);
        } else if value > max {
            let constraint = format!("Member must have value less than or equal to {max}");
            self.violated(value, member, &constraint);
        }
    }

    pub(crate) fn pattern(&mut self, matches: bool, value: &str, member: &str, pattern: &str) {
        if !matches {
            let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
            self.violated(value, member, &constraint);
        }
    }

    /// A client token, wherever it stands.
    pub(crate) fn client_token(&mut self, token: &str) {
        self.length(token, "clientToken", 1, 64);
        let printable = |byte| (0x21..=0x7e).contains(&byte);
        let matches = !token.is_empty() && token.bytes().all(printable);
        self.pattern(matches, token, "clientToken", "[\\x21-\\x7E]+");
    }

    pub(crate) fn one_of<T>(
        &mut self,
        value: &str,
        member: &str,
        parsed: Option<T>,
        all: impl Iterator<Item = &'static str>,
    ) -> Option<T> {
        if parsed.is_none() {
            let set = all.collect::<Vec<_>>().join(", ");
            self.violated(value, member, &format!("Member must satisfy enum value set: [{set}]"));
        }
        parsed
    }

    pub(crate) fn required(&mut self, member: &str) {
        self.violated_without_value(member, "Member must not be null");
    }

    /// A value that is there unless one of its constraints is broken.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(crate) fn checked<T>(self, value: Option<T>) -> Result<T, AwsError> {
        self.check()?;
        value.ok_or_else(|| AwsError::validation("A member of the request is not valid."))
    }

    /// # Errors
    /// `ValidationException` with all violations, if there are any.
    pub(crate) fn check(self) -> Result<(), AwsError> {
        let count = self.violations.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        let list = self.violations.join("; ");
        Err(AwsError::validation(format!("{count} validation {errors} detected: {list}")))
    }
}
