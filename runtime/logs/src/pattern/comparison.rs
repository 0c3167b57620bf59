//! An operator and a value: what a field has to be.

use regex::Regex;
use serde_json::Value;

use super::InvalidPattern;
use super::cursor::Cursor;
use super::glob::Glob;

#[derive(Debug)]
pub(super) struct Comparison {
    operator: Operator,
    operand: Operand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
}

impl Operator {
    /// Longer spellings first.
    const ALL: [(&'static str, Self); 6] = [
        ("!=", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::Greater),
    ];
}

#[derive(Debug)]
enum Operand {
    Text(Glob),
    Number { value: f64, spelling: String },
    Regex(Regex),
}

impl Comparison {
    /// Reads an operator and a value; `None` if no operator comes next. An unquoted value ends at a space or at one of
    /// `ends`.
    pub(super) fn parse(
        cursor: &mut Cursor<'_>,
        ends: &str,
    ) -> Result<Option<Self>, InvalidPattern> {
        cursor.skip_spaces();
        let found = Operator::ALL.into_iter().find(|(spelling, _)| cursor.eat(spelling));
        let Some((spelling, operator)) = found else { return Ok(None) };
        let operand = Operand::parse(cursor, ends)?;
        let orders = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if orders && !matches!(operand, Operand::Number { .. }) {
            return Err(InvalidPattern::new(format!(
                "Invalid filter pattern: '{spelling}' compares with a number only"
            )));
        }
        Ok(Some(Self { operator, operand }))
    }

    /// Whether a piece of text is what it has to be.
    pub(super) fn holds_for_text(&self, text: &str) -> bool {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        self.holds(text, number)
    }

    /// Whether a JSON value is. Objects, arrays and null never are, not even with `!=`.
    pub(super) fn holds_for_json(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.holds(text, None),
            Value::Number(number) => self.holds(&number.to_string(), number.as_f64()),
            Value::Bool(value) => self.holds(if *value { "true" } else { "false" }, None),
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        }
    }

    fn holds(&self, text: &str, number: Option<f64>) -> bool {
        match (&self.operand, self.operator) {
            (operand, Operator::Equal) => operand.equals(text, number),
            (operand, Operator::NotEqual) => !operand.equals(text, number),
            (Operand::Number { value, .. }, operator) => {
                number.is_some_and(|number| match operator {
                    Operator::Less => number < *value,
                    Operator::LessOrEqual => number <= *value,
                    Operator::Greater => number > *value,
                    _ => number >= *value,
                })
            }
            // Refused when the pattern is read.
            (Operand::Text(_) | Operand::Regex(_), _) => false,
        }
    }
}

impl Operand {
    fn parse(cursor: &mut Cursor<'_>, ends: &str) -> Result<Self, InvalidPattern> {
        cursor.skip_spaces();
        match cursor.peek() {
            Some('"') => return Ok(Self::Text(Glob::new(cursor.quoted()?))),
            Some('%') => return cursor.regex().map(Self::Regex),
            _ => {}
        }
        let word = cursor.take_while(|c| !c.is_whitespace() && !ends.contains(c));
        if word.is_empty() {
            return Err(cursor.expected("a value"));
        }
        Ok(match word.parse::<f64>() {
            Ok(value) if value.is_finite() => Self::Number { value, spelling: word.to_owned() },
            _ => Self::Text(Glob::new(word)),
        })
    }

    fn equals(&self, text: &str, number: Option<f64>) -> bool {
        match self {
            Self::Text(glob) => glob.matches(text),
            Self::Number { value, spelling } => number == Some(*value) || text == spelling,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}
