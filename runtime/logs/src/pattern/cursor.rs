//! Reads a pattern from left to right.

use regex::{Regex, RegexBuilder};

use super::InvalidPattern;

/// Regular expressions in one pattern, as on AWS.
const REGEX_COUNT_MAX: usize = 2;
/// What one of them may take when compiled, so that `a{1000}{1000}` is refused.
const REGEX_BYTES_MAX: usize = 1024 * 1024;
/// What may stand in a regular expression besides letters and digits, as on AWS: no groups.
const REGEX_SIGNS: &str = ":_#=@/;,-^$?[]{}|\\*+.";

pub(super) struct Cursor<'a> {
    rest: &'a str,
    regexes: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, regexes: 0 }
    }

    pub(super) fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes this text if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes this text behind spaces, or fails.
    pub(super) fn expect(&mut self, text: &str) -> Result<(), InvalidPattern> {
        self.skip_spaces();
        if self.eat(text) { Ok(()) } else { Err(self.expected(&format!("'{text}'"))) }
    }

    /// Nothing may be left.
    pub(super) fn end(&mut self) -> Result<(), InvalidPattern> {
        self.skip_spaces();
        if self.rest.is_empty() { Ok(()) } else { Err(self.expected("the end")) }
    }

    pub(super) fn expected(&self, what: &str) -> InvalidPattern {
        let found: String = self.rest.chars().take(20).collect();
        let found = if found.is_empty() { "the end".to_owned() } else { format!("'{found}'") };
        InvalidPattern::new(format!("Invalid filter pattern: {what} is expected at {found}"))
    }

    /// Takes characters as long as they are allowed; maybe none.
    pub(super) fn take_while(&mut self, allowed: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !allowed(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// The inside of `"..."`, the opening quote of which comes next, with its escapes as they stand.
    pub(super) fn quoted(&mut self) -> Result<&'a str, InvalidPattern> {
        self.delimited('"', "a closing quotation mark")
    }

    /// A regular expression `%...%`, the opening sign of which comes next.
    pub(super) fn regex(&mut self) -> Result<Regex, InvalidPattern> {
        let source = self.delimited('%', "a closing '%'")?;
        self.regexes += 1;
        if self.regexes > REGEX_COUNT_MAX {
            return Err(InvalidPattern::new(format!(
                "A filter pattern may have {REGEX_COUNT_MAX} regular expressions"
            )));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || REGEX_SIGNS.contains(c);
        if let Some(sign) = source.chars().find(|c| !allowed(*c)) {
            return Err(InvalidPattern::new(format!(
                "Invalid regular expression '{source}': '{sign}' is not supported"
            )));
        }
        RegexBuilder::new(source)
            .size_limit(REGEX_BYTES_MAX)
            .build()
            .map_err(|_| InvalidPattern::new(format!("Invalid regular expression '{source}'")))
    }

    fn delimited(&mut self, sign: char, missing: &str) -> Result<&'a str, InvalidPattern> {
        let inside = self.rest.strip_prefix(sign).unwrap_or(self.rest);
        let mut escaped = false;
        for (position, c) in inside.char_indices() {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == sign {
                let (text, rest) = inside.split_at(position);
                self.rest = rest.strip_prefix(sign).unwrap_or(rest);
                return Ok(text);
            }
        }
        Err(self.expected(missing))
    }
}

/// What a quoted text means: a backslash takes the next character as it is.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    plain
}
