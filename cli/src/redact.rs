//! Card numbers and payment tokens out of everything that is shown.
//!
//! An order carries a card number, and a customer may have typed it into the wrong field; or a token,
//! with which the card can be charged. So nothing of an order is shown before every value and every name in it went through here.

use serde_json::Value;

/// The field of a payment method that holds the number.
const CARD_NUMBER: &str = "cardNumber";
/// The field of a payment method that holds a payment gateway's name for the card.
const TOKEN: &str = "token";
/// From so many digits on, a run of digits may be a card number.
const CARD_DIGITS_MIN: usize = 13;
/// The longest card number.
const CARD_DIGITS_LONGEST: usize = 19;
/// How many digits may be shown.
const SHOWN_DIGITS: usize = 4;
/// What stands for the digits that may not be shown.
const HIDDEN: &str = "****";

/// The same value with only the last four digits of anything that may be a card number.
#[must_use]
pub fn value(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| {
                let member = match name.as_str() {
                    CARD_NUMBER => card(&member),
                    TOKEN if !member.is_null() => Value::String(HIDDEN.to_owned()),
                    _ => self::value(member),
                };
                (text(&name), member)
            })
            .collect(),
        Value::Array(elements) => elements.into_iter().map(self::value).collect(),
        Value::String(string) => Value::String(text(&string)),
        // A number that does not fit 64 bits was read as a fraction: it still shows its first digits.
        Value::Number(number) => {
            let written = number.to_string();
            let digits = written.chars().filter(char::is_ascii_digit).count();
            if digits >= CARD_DIGITS_MIN || written.contains('e') {
                Value::String(masked(&written))
            } else {
                Value::Number(number)
            }
        }
        other => other,
    }
}

/// Whatever stands where the card number belongs, however long it is.
fn card(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(string) => Value::String(masked(string)),
        Value::Number(number) => Value::String(masked(&number.to_string())),
        _ => Value::String(HIDDEN.to_owned()),
    }
}

/// The same text with only the last four digits of each run of digits that may be a card number.
/// Blanks, dashes, dots and the like between digits do not end a run.
#[must_use]
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if is_digit(c) || (!run.is_empty() && is_separator(c)) {
            run.push(c);
        } else {
            end_run(&mut run, &mut out);
            out.push(c);
        }
    }
    end_run(&mut run, &mut out);
    out
}

/// A line of a log, which is full of digits that are no card number: times, ids of requests. Only what looks
/// like one as a whole is masked.
#[must_use]
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    // The NUL at the end closes the last run and is dropped.
    for c in text.chars().chain(['\0']) {
        let joins =
            |run: &str| matches!(c, ' ' | '-') && run.ends_with(|last: char| last.is_ascii_digit());
        if c.is_ascii_digit() || joins(&run) {
            run.push(c);
            continue;
        }
        let number = run.trim_end_matches([' ', '-']);
        if is_card(number) {
            out.push_str(&masked(number));
            out.push_str(run.get(number.len()..).unwrap_or_default());
        } else {
            out.push_str(&run);
        }
        run.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// By its beginning, its length, and how it is grouped: not at all, or as cards are printed.
fn is_card(text: &str) -> bool {
    let groups: Vec<usize> = text.split([' ', '-']).map(str::len).collect();
    let printed = match groups.as_slice() {
        [_] => true,
        [first @ .., _] => first.iter().all(|length| *length == 4) || groups == [4, 6, 5],
        [] => false,
    };
    let digits = groups.iter().sum::<usize>();
    printed
        && text.starts_with(|first| matches!(first, '2'..='6'))
        && (CARD_DIGITS_MIN..=CARD_DIGITS_LONGEST).contains(&digits)
}

fn end_run(run: &mut String, out: &mut String) {
    if run.chars().filter(|c| is_digit(*c)).count() >= CARD_DIGITS_MIN {
        // Separators after the last digit belong to what follows.
        let kept = run.trim_end_matches(is_separator);
        out.push_str(&masked(kept));
        out.push_str(run.get(kept.len()..).unwrap_or_default());
    } else {
        out.push_str(run);
    }
    run.clear();
}

fn masked(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(|c| is_digit(*c)).collect();
    if digits.len() < CARD_DIGITS_MIN || text.contains('e') {
        return HIDDEN.to_owned();
    }
    let shown = digits.iter().skip(digits.len() - SHOWN_DIGITS);
    HIDDEN.chars().chain(shown.copied()).collect()
}

/// Digits of other scripts count: a person reads them as the same number.
fn is_digit(c: char) -> bool {
    c.is_numeric()
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '_' | '/' | '\u{2010}'..='\u{2015}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_last_four_digits_of_a_card_number_are_left() {
        for (given, shown) in [
            ("4532123456789012", "****9012"),
            ("4532 1234-5678 9012", "****9012"),
            ("card 4532123456789012, please", "card ****9012, please"),
            ("4532123456789012 x 12", "****9012 x 12"),
            ("٤٥٣٢١٢٣٤٥٦٧٨٩٠١٢", "****٩٠١٢"),
        ] {
            assert_eq!(text(given), shown);
        }
    }

    #[test]
    fn a_line_of_a_log_keeps_its_times_and_ids() {
        for given in [
            "REPORT RequestId: 12345678-1234-4123-8123-123456789012",
            "{\"timestamp\":1795373041123}",
            "2026-11-22 18:44:01 took 17 ms",
            "",
        ] {
            assert_eq!(line(given), given);
        }
        for (given, shown) in [
            ("card 4111111111111111, declined", "card ****1111, declined"),
            ("378282246310005", "****0005"),
            ("3782 822463 10005", "****0005"),
            ("\"cardNumber\":4532123456789012}", "\"cardNumber\":****9012}"),
            ("4111 1111-1111 1111 x", "****1111 x"),
        ] {
            assert_eq!(line(given), shown);
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for given in ["123 Main St, Seattle, WA 98101", "CUST-001", "ORDER-2026-11-22", ""] {
            assert_eq!(text(given), given);
        }
    }

    #[test]
    fn values_and_names_are_searched_at_every_depth() {
        let order = json!({
            "orderId": "ORDER-001",
            "items": [{ "productId": "4532123456789012", "quantity": 2 }],
            "4532123456789012": true,
            "paymentMethod": { "cardNumber": 4_532_123_456_789_012_u64, "cardBrand": "Visa" },
            "wrong": [4_532_123_456_789_012_u64, 4.532_123_456_789_012e21],
        });
        let expected = json!({
            "orderId": "ORDER-001",
            "items": [{ "productId": "****9012", "quantity": 2 }],
            "****9012": true,
            "paymentMethod": { "cardNumber": "****9012", "cardBrand": "Visa" },
            "wrong": ["****9012", "****"],
        });
        assert_eq!(value(order), expected);
    }

    #[test]
    fn a_short_or_strange_card_number_is_hidden_too() {
        for given in [json!("4532"), json!(4532), json!(["4532"]), json!({ "number": 4532 })] {
            let shown = value(json!({ "cardNumber": given }));
            assert_eq!(shown, json!({ "cardNumber": "****" }));
        }
        assert_eq!(value(json!({ "cardNumber": null })), json!({ "cardNumber": null }));
    }

    #[test]
    fn a_payment_token_is_hidden_whole() {
        for given in [json!("pm_card_visa"), json!(7), json!({ "id": "tok_visa" })] {
            let shown = value(json!({ "paymentMethod": { "type": "credit", "token": given } }));
            let expected = json!({ "paymentMethod": { "type": "credit", "token": "****" } });
            assert_eq!(shown, expected);
        }
        assert_eq!(value(json!({ "token": null })), json!({ "token": null }));
    }
}
