//! Indented JSON, token by token.
//!
//! Numbers must come out as they went in (`13.50`), also inside results that are carried through
//! as text, so the text is laid out anew without being read into values.

/// One level of nesting.
const INDENT: &str = "  ";

/// Lays out a JSON text over lines, ending with a newline. Text that is not JSON stays readable but
/// is not checked.
#[must_use]
pub fn indent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push(c);
                copy_string(&mut chars, &mut out);
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(close) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out.push('\n');
    out
}

/// Copies the rest of a string, with its closing quote.
fn copy_string(chars: &mut impl Iterator<Item = char>, out: &mut String) {
    let mut escaped = false;
    for c in chars {
        out.push(c);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return,
            _ => {}
        }
    }
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str(INDENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_keep_every_character() {
        let text = r#"{"total":13.50,"note":"a, {b}: \"c\\","none":[ ],"list":[1,{}]}"#;
        let expected = "{\n  \"total\": 13.50,\n  \"note\": \"a, {b}: \\\"c\\\\\",\n  \"none\": [],\n  \
                        \"list\": [\n    1,\n    {}\n  ]\n}\n";
        assert_eq!(indent(text), expected);
        assert_eq!(indent(expected), expected);
    }
}
