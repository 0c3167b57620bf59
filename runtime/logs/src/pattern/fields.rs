//! `[ip, user, ..., request = "GET *", status = 404 || status = 410, bytes > 1000]`, for lines of fields with spaces
//! between them.
//!
//! A line matches if it has as many fields as the pattern and each is what it has to be. `...` stands for any number of
//! fields. What is in brackets or in quotation marks is one field of a line.

use super::InvalidPattern;
use super::comparison::Comparison;
use super::cursor::Cursor;
use super::expression::Expression;

/// Where an unquoted name or value ends, besides at a space.
const NAME_ENDS: &str = ",]=!<>()&|";
const VALUE_ENDS: &str = ",]()&|";
const ELLIPSIS: &str = "...";

#[derive(Debug, Default)]
pub(super) struct Fields {
    /// Those before the ellipsis, or all.
    first: Vec<Field>,
    /// Those after it, if there is one.
    last: Option<Vec<Field>>,
}

type Field = Expression<Option<Comparison>>;

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Fields, InvalidPattern> {
    cursor.expect("[")?;
    let mut fields = Fields::default();
    loop {
        cursor.skip_spaces();
        if cursor.eat(ELLIPSIS) {
            if fields.last.replace(Vec::new()).is_some() {
                return Err(InvalidPattern::new("A filter pattern may have one ellipsis"));
            }
        } else {
            let field = field(cursor)?;
            fields.last.as_mut().unwrap_or(&mut fields.first).push(field);
        }
        cursor.skip_spaces();
        if !cursor.eat(",") {
            break;
        }
    }
    cursor.expect("]")?;
    Ok(fields)
}

/// A field's name, or conditions that all name the same field.
fn field(cursor: &mut Cursor<'_>) -> Result<Field, InvalidPattern> {
    let mut own_name = None;
    Expression::parse(cursor, &mut |cursor| {
        cursor.skip_spaces();
        let name = cursor.take_while(|c| !c.is_whitespace() && !NAME_ENDS.contains(c));
        if name.is_empty() {
            return Err(cursor.expected("the name of a field"));
        }
        if own_name.get_or_insert_with(|| name.to_owned()) != name {
            return Err(InvalidPattern::new(format!(
                "Invalid filter pattern: '{name}' is not the field that stands here"
            )));
        }
        Comparison::parse(cursor, VALUE_ENDS)
    })
}

impl Fields {
    pub(super) fn matches(&self, message: &str) -> bool {
        let found = split(message);
        let last = self.last.as_deref().unwrap_or_default();
        let expected = self.first.len() + last.len();
        let fits =
            if self.last.is_some() { found.len() >= expected } else { found.len() == expected };
        fits && all_hold(&self.first, found.iter())
            && all_hold(last, found.iter().skip(found.len() - last.len()))
    }
}

fn all_hold<'t>(fields: &[Field], mut found: impl Iterator<Item = &'t &'t str>) -> bool {
    fields.iter().all(|field| {
        found.next().is_some_and(|text| {
            field.is_true(&|condition| {
                condition.as_ref().is_none_or(|comparison| comparison.holds_for_text(text))
            })
        })
    })
}

/// A line's fields.
fn split(line: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let inside = rest.get(1..).unwrap_or_default();
        let (field, behind) = closing
            .and_then(|closing| inside.split_once(closing))
            .or_else(|| rest.split_once(char::is_whitespace))
            .unwrap_or((rest, ""));
        fields.push(field);
        rest = behind.trim_start();
    }
    fields
}
