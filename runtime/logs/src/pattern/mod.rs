//! CloudWatch's filter patterns.
//!
//! A pattern is in one of three languages, told apart by how it begins:
//!
//! | begins with | file | example |
//! |---|---|---|
//! | `{` | `json` | `{ ($.level = "ERROR") && ($.attempt > 2) }` |
//! | `[` | `fields` | `[ip, user, ..., status = 4*, bytes]` |
//! | anything else | `terms` | `ERROR -"not found"` |
//!
//! | file | job |
//! |---|---|
//! | `cursor` | reading a pattern: words, quoted texts, regular expressions |
//! | `expression` | and, or, parentheses |
//! | `comparison` | an operator and a value, which `json` and `fields` share |
//! | `glob` | texts with `*` |

mod comparison;
mod cursor;
mod expression;
mod fields;
mod glob;
mod json;
mod terms;

use cursor::Cursor;

/// The longest pattern, in characters, as on AWS.
pub const PATTERN_LEN_MAX: usize = 1024;

/// A filter pattern that is understood.
#[derive(Debug)]
pub struct Pattern(Language);

#[derive(Debug)]
enum Language {
    Everything,
    Terms(terms::Terms),
    Json(json::Selection),
    Fields(fields::Fields),
}

/// Why a pattern is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPattern(String);

impl InvalidPattern {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl Pattern {
    /// Reads a pattern. The empty one matches everything.
    ///
    /// # Errors
    /// [`InvalidPattern`], for people.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        if text.chars().count() > PATTERN_LEN_MAX {
            return Err(InvalidPattern::new(format!(
                "The filter pattern is longer than {PATTERN_LEN_MAX} characters"
            )));
        }
        let text = text.trim();
        let mut cursor = Cursor::new(text);
        let language = match text.chars().next() {
            None => Language::Everything,
            Some('{') => Language::Json(json::parse(&mut cursor)?),
            Some('[') => Language::Fields(fields::parse(&mut cursor)?),
            Some(_) => Language::Terms(terms::parse(&mut cursor)?),
        };
        cursor.end()?;
        Ok(Self(language))
    }

    /// Whether an event with this message is meant.
    pub fn matches(&self, message: &str) -> bool {
        match &self.0 {
            Language::Everything => true,
            Language::Terms(terms) => terms.matches(message),
            Language::Json(selection) => selection.matches(message),
            Language::Fields(fields) => fields.matches(message),
        }
    }
}
