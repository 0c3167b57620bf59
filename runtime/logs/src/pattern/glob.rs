//! Texts with `*` for any number of characters.

/// The pieces between the asterisks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Glob {
    first: String,
    /// Empty if there is no asterisk: then the text has to be `first`.
    others: Vec<String>,
}

impl Glob {
    /// A backslash takes the next character as it is.
    pub(super) fn new(text: &str) -> Self {
        let mut pieces = vec![String::new()];
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let c = match c {
                '*' => {
                    pieces.push(String::new());
                    continue;
                }
                '\\' => chars.next().unwrap_or(c),
                _ => c,
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(c);
            }
        }
        Self { first: pieces.remove(0), others: pieces }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((last, middle)) = self.others.split_last() else { return text == self.first };
        let Some(mut rest) = text.strip_prefix(self.first.as_str()) else { return false };
        for piece in middle {
            match rest.split_once(piece.as_str()) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_stands_for_any_text_even_none() {
        for (glob, text, expected) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("*", "", true),
            ("a*c", "ac", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("a*a", "a", false),
            ("*b*b*", "abab", true),
            ("*b*b*", "ab", false),
            ("4*", "404", true),
            (r"4\*", "404", false),
            (r"4\*", "4*", true),
            (r#"say \"hi\""#, r#"say "hi""#, true),
        ] {
            assert_eq!(Glob::new(glob).matches(text), expected, "{glob} {text}");
        }
    }
}
