//! `ERROR "not found" -timeout`: texts that a message has to contain, or must not.
//!
//! `?a ?b` means any of them. As on AWS, these count only if nothing else stands in the pattern.

use regex::Regex;

use super::InvalidPattern;
use super::cursor::{Cursor, unescape};

#[derive(Debug, Default)]
pub(super) struct Terms {
    all: Vec<Term>,
    none: Vec<Term>,
    any: Vec<Term>,
}

#[derive(Debug)]
enum Term {
    Text(String),
    Regex(Regex),
}

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Terms, InvalidPattern> {
    let mut terms = Terms::default();
    loop {
        cursor.skip_spaces();
        if cursor.peek().is_none() {
            return Ok(terms);
        }
        let kind = if cursor.eat("-") {
            &mut terms.none
        } else if cursor.eat("?") {
            &mut terms.any
        } else {
            &mut terms.all
        };
        kind.push(term(cursor)?);
    }
}

fn term(cursor: &mut Cursor<'_>) -> Result<Term, InvalidPattern> {
    match cursor.peek() {
        Some('"') => return Ok(Term::Text(unescape(cursor.quoted()?))),
        Some('%') => return cursor.regex().map(Term::Regex),
        _ => {}
    }
    let word = cursor.take_while(|c| !c.is_whitespace());
    if word.is_empty() {
        return Err(cursor.expected("a term"));
    }
    if word.chars().any(|c| !c.is_alphanumeric() && c != '_') {
        return Err(InvalidPattern::new(format!("Invalid character(s) in term '{word}'")));
    }
    Ok(Term::Text(word.to_owned()))
}

impl Terms {
    pub(super) fn matches(&self, message: &str) -> bool {
        if self.all.is_empty() && self.none.is_empty() {
            return self.any.iter().any(|term| term.is_in(message));
        }
        self.all.iter().all(|term| term.is_in(message))
            && !self.none.iter().any(|term| term.is_in(message))
    }
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}
