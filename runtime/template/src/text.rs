//! Texts that hold the number of a version.
//!
//! A version's number is known when it has been published, and so is its ARN. A text that needs one is kept in parts
//! until then.

use std::fmt;

/// A text, possibly with numbers of versions that are not known yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    parts: Vec<TextPart>,
}

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPart {
    /// As it stands.
    Literal(String),
    /// The number of the version with this logical id.
    VersionNumber(String),
}

impl Text {
    /// The number of a version.
    pub(crate) fn version_number(logical_id: &str) -> Self {
        Self { parts: vec![TextPart::VersionNumber(logical_id.to_owned())] }
    }

    /// The text, if nothing of it is missing.
    pub fn complete(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TextPart::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The text with the numbers that `number` has for logical ids of versions; `None` if it lacks one.
    pub fn resolve(&self, number: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut whole = String::new();
        for part in &self.parts {
            match part {
                TextPart::Literal(text) => whole.push_str(text),
                TextPart::VersionNumber(logical_id) => whole.push_str(&number(logical_id)?),
            }
        }
        Some(whole)
    }

    /// Its parts in order. Two literals never follow each other.
    pub fn parts(&self) -> &[TextPart] {
        &self.parts
    }

    /// The logical ids of the versions whose numbers it needs.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TextPart::VersionNumber(logical_id) => Some(logical_id.as_str()),
            TextPart::Literal(_) => None,
        })
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some(TextPart::Literal(last)) => last.push_str(text),
            _ => self.parts.push(TextPart::Literal(text.to_owned())),
        }
    }

    pub(crate) fn push(&mut self, other: &Self) {
        for part in &other.parts {
            match part {
                TextPart::Literal(text) => self.push_str(text),
                number @ TextPart::VersionNumber(_) => self.parts.push(number.clone()),
            }
        }
    }

    /// Whether a part that is known contains this.
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.parts.iter().any(|part| match part {
            TextPart::Literal(literal) => literal.contains(text),
            TextPart::VersionNumber(_) => false,
        })
    }

    /// How many bytes are known.
    pub(crate) fn len(&self) -> usize {
        self.parts
            .iter()
            .map(|part| match part {
                TextPart::Literal(text) | TextPart::VersionNumber(text) => text.len(),
            })
            .sum()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut whole = Self::default();
        whole.push_str(text);
        whole
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

/// For people: a number that is not known yet is shown as `<number of LogicalId>`.
impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                TextPart::Literal(text) => formatter.write_str(text)?,
                TextPart::VersionNumber(logical_id) => {
                    write!(formatter, "<number of {logical_id}>")?
                }
            }
        }
        Ok(())
    }
}
