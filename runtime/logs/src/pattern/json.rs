//! `{ ($.level = "ERROR") && ($.attempts[0].delay > 2.5e1) || ($.user IS NULL) }`, for events that are JSON objects.
//!
//! A condition on a member that is not there never holds, except for `NOT EXISTS`.

use serde_json::Value;

use super::InvalidPattern;
use super::comparison::Comparison;
use super::cursor::{Cursor, unescape};
use super::expression::Expression;

/// Where an unquoted name or value ends, besides at a space.
const NAME_ENDS: &str = ".[]=!<>()&|{}\"";
const VALUE_ENDS: &str = "()&|{}\"";

#[derive(Debug)]
pub(super) struct Selection(Expression<Condition>);

#[derive(Debug)]
struct Condition {
    path: Vec<Segment>,
    test: Test,
}

#[derive(Debug)]
enum Segment {
    Member(String),
    Element(usize),
}

#[derive(Debug)]
enum Test {
    Compares(Comparison),
    Is(Value),
    NotExists,
}

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Selection, InvalidPattern> {
    cursor.expect("{")?;
    let expression = Expression::parse(cursor, &mut condition)?;
    cursor.expect("}")?;
    Ok(Selection(expression))
}

impl Selection {
    pub(super) fn matches(&self, message: &str) -> bool {
        let message = message.trim();
        if !message.starts_with('{') {
            return false;
        }
        let Ok(event) = serde_json::from_str::<Value>(message) else { return false };
        self.0.is_true(&|condition| condition.holds(&event))
    }
}

impl Condition {
    fn holds(&self, event: &Value) -> bool {
        let found = self.path.iter().try_fold(event, |value, segment| match segment {
            Segment::Member(name) => value.get(name),
            Segment::Element(index) => value.get(index),
        });
        match (&self.test, found) {
            (Test::NotExists, found) => found.is_none(),
            (_, None) => false,
            (Test::Compares(comparison), Some(value)) => comparison.holds_for_json(value),
            (Test::Is(expected), Some(value)) => value == expected,
        }
    }
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, InvalidPattern> {
    let path = path(cursor)?;
    let test = match Comparison::parse(cursor, VALUE_ENDS)? {
        Some(comparison) => Test::Compares(comparison),
        None => word_test(cursor)?,
    };
    Ok(Condition { path, test })
}

fn word_test(cursor: &mut Cursor<'_>) -> Result<Test, InvalidPattern> {
    const EXPECTED: &str = "an operator, IS TRUE, IS FALSE, IS NULL or NOT EXISTS";
    let mut word = || {
        cursor.skip_spaces();
        cursor.take_while(|c| c.is_ascii_alphabetic()).to_ascii_uppercase()
    };
    match (word().as_str(), word().as_str()) {
        ("IS", "TRUE") => Ok(Test::Is(Value::Bool(true))),
        ("IS", "FALSE") => Ok(Test::Is(Value::Bool(false))),
        ("IS", "NULL") => Ok(Test::Is(Value::Null)),
        ("NOT", "EXISTS") => Ok(Test::NotExists),
        _ => Err(cursor.expected(EXPECTED)),
    }
}

/// `$.name.name[0]['a name']`
fn path(cursor: &mut Cursor<'_>) -> Result<Vec<Segment>, InvalidPattern> {
    cursor.expect("$")?;
    let mut path = Vec::new();
    loop {
        if cursor.eat("[") {
            path.push(bracketed(cursor)?);
        } else if cursor.eat(".") {
            if cursor.eat("[") {
                path.push(bracketed(cursor)?);
                continue;
            }
            let name = cursor.take_while(|c| !c.is_whitespace() && !NAME_ENDS.contains(c));
            if name.is_empty() {
                return Err(cursor.expected("the name of a member"));
            }
            path.push(Segment::Member(name.to_owned()));
        } else if path.is_empty() {
            return Err(cursor.expected("'.'"));
        } else {
            return Ok(path);
        }
    }
}

/// The inside of brackets: the number of an element, or the name of a member in quotation marks of either kind.
fn bracketed(cursor: &mut Cursor<'_>) -> Result<Segment, InvalidPattern> {
    cursor.skip_spaces();
    let segment = match cursor.peek() {
        Some('"') => Segment::Member(unescape(cursor.quoted()?)),
        Some('\'') => {
            cursor.eat("'");
            let name = cursor.take_while(|c| c != '\'');
            cursor.expect("'")?;
            Segment::Member(name.to_owned())
        }
        _ => {
            let digits = cursor.take_while(|c| c.is_ascii_digit());
            let index = digits.parse().map_err(|_| cursor.expected("the number of an element"))?;
            Segment::Element(index)
        }
    };
    cursor.expect("]")?;
    Ok(segment)
}
