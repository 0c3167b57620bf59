//! CloudWatch's three pattern languages, by example.

use durable_logs::{PATTERN_LEN_MAX, Pattern};
use proptest::prelude::*;

#[track_caller]
fn check(pattern: &str, matching: &[&str], others: &[&str]) {
    let parsed = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    for message in matching {
        assert!(parsed.matches(message), "{pattern} should match {message}");
    }
    for message in others {
        assert!(!parsed.matches(message), "{pattern} should not match {message}");
    }
}

#[test]
fn the_empty_pattern_matches_everything() {
    check("", &["", "x", "{}"], &[]);
    check("  ", &["x"], &[]);
}

#[test]
fn terms_are_all_contained_in_their_case() {
    check("ERROR", &["[ERROR 400] BAD", "xERRORx"], &["error", ""]);
    check("ERROR ARGUMENTS", &["ARGUMENTS ERROR"], &["ERROR", "ARGUMENTS"]);
    check("Fehler_über 42", &["42 Fehler_über"], &["Fehler_uber 42"]);
}

#[test]
fn quoted_terms_are_contained_as_they_stand() {
    check(r#""INTERNAL SERVER""#, &["x INTERNAL SERVER y"], &["INTERNAL  SERVER"]);
    check(r#""a \"b\" \\c""#, &[r#"a "b" \c"#], &["a b c"]);
    check(r#""[x] {y}""#, &["[x] {y}"], &["x y"]);
}

#[test]
fn terms_with_a_minus_are_not_contained() {
    check("ERROR -ARGUMENTS", &["ERROR 1"], &["ERROR ARGUMENTS", "1"]);
    check(r#"-"not found""#, &["found", ""], &["was not found"]);
}

#[test]
fn one_of_the_terms_with_a_question_mark_is_enough_unless_there_are_others() {
    check("?ERROR ?WARN", &["ERROR", "WARN"], &["INFO"]);
    check(r#"?"a b" ?c"#, &["a b", "c"], &["a"]);
    check("?ERROR ?WARN INFO", &["INFO"], &["ERROR", "WARN"]);
}

#[test]
fn a_term_may_be_a_regular_expression() {
    check("%AUTHORIZED%", &["UNAUTHORIZED"], &["authorized"]);
    check(r"%^\d{3} [a-c]+$%".replace(' ', r"\s").as_str(), &["404 abc"], &["x404 abc", "404 abd"]);
    check("ERROR %4[0-9]4%", &["ERROR 404"], &["404", "ERROR 403"]);
    check("-%4.4%", &["505"], &["404"]);
    check("%a|b%", &["b"], &["c"]);
}

#[test]
fn the_pattern_of_the_conformance_suite_finds_an_execution() {
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST/durable-execution/n/i";
    let pattern =
        format!(r#"{{ ($.durableExecutionArn = "{arn}") || ($.executionArn = "{arn}") }}"#);
    check(
        &pattern,
        &[
            &format!(r#"{{"message":"x","executionArn":"{arn}"}}"#),
            &format!("{{\"durableExecutionArn\":\"{arn}\"}}\n"),
        ],
        &[&format!(r#"{{"executionArn":"{arn}2"}}"#), arn, "{}", ""],
    );
}

#[test]
fn members_are_compared_as_texts_with_asterisks() {
    check(r#"{ $.a = "x y" }"#, &[r#"{"a":"x y"}"#], &[r#"{"a":"x"}"#, r#"{"b":"x y"}"#]);
    check(r#"{$.a="192.0.*"}"#, &[r#"{"a":"192.0.2.1"}"#], &[r#"{"a":"192.1.2.1"}"#]);
    check("{ $.a = *x* }", &[r#"{"a":"yxz"}"#], &[r#"{"a":"y"}"#]);
    check(
        r#"{ $.a = "*" }"#,
        &[r#"{"a":"x"}"#, r#"{"a":1}"#, r#"{"a":true}"#],
        &["{}", r#"{"a":null}"#],
    );
    check(r#"{ $.a = "say \"x\"" }"#, &[r#"{"a":"say \"x\""}"#], &[r#"{"a":"say x"}"#]);
    check("{ $.a = %^v[12]$% }", &[r#"{"a":"v1"}"#], &[r#"{"a":"v3"}"#]);
}

#[test]
fn members_are_compared_as_numbers() {
    check("{ $.n = 3 }", &[r#"{"n":3}"#, r#"{"n":3.0}"#, r#"{"n":"3"}"#], &[r#"{"n":"3.0"}"#]);
    check("{ $.n = 1e-2 }", &[r#"{"n":0.01}"#], &[r#"{"n":1}"#]);
    check("{ $.n = -3.5E+1 }", &[r#"{"n":-35}"#], &[r#"{"n":35}"#]);
    check("{ $.n > 3 }", &[r#"{"n":3.1}"#], &[r#"{"n":3}"#, r#"{"n":"4"}"#, "{}"]);
    check("{ $.n >= 3 }", &[r#"{"n":3}"#], &[r#"{"n":2}"#]);
    check("{ $.n < 3 }", &[r#"{"n":-1e3}"#], &[r#"{"n":3}"#]);
    check("{ $.n <= 3 }", &[r#"{"n":3}"#], &[r#"{"n":4}"#]);
    check("{ $.n != 3 }", &[r#"{"n":4}"#, r#"{"n":"x"}"#], &[r#"{"n":3}"#]);
    check("{ $.n = 40* }", &[r#"{"n":404}"#], &[r#"{"n":410}"#]);
}

#[test]
fn a_missing_member_is_not_unequal() {
    check(r#"{ $.a != "x" }"#, &[r#"{"a":"y"}"#], &[r#"{"a":"x"}"#, "{}", r#"{"a":null}"#]);
}

#[test]
fn members_are_true_false_null_or_missing() {
    check("{ $.a IS TRUE }", &[r#"{"a":true}"#], &[r#"{"a":false}"#, r#"{"a":"true"}"#, "{}"]);
    check("{ $.a IS FALSE }", &[r#"{"a":false}"#], &[r#"{"a":null}"#, "{}"]);
    check("{ $.a.b IS NULL }", &[r#"{"a":{"b":null}}"#], &[r#"{"a":{}}"#, r#"{"a":null}"#]);
    check("{ $.a NOT EXISTS }", &["{}", r#"{"b":1}"#], &[r#"{"a":null}"#]);
    check("{ $.a.b NOT EXISTS }", &["{}", r#"{"a":1}"#], &[r#"{"a":{"b":0}}"#]);
}

#[test]
fn a_selector_reaches_into_objects_and_arrays() {
    check("{ $.a.b-c_d = 1 }", &[r#"{"a":{"b-c_d":1}}"#], &[r#"{"b-c_d":1}"#]);
    check("{ $.a[1].b = 1 }", &[r#"{"a":[{"b":2},{"b":1}]}"#], &[r#"{"a":[{"b":1}]}"#]);
    check("{ $.a[0][1] = x }", &[r#"{"a":[["y","x"]]}"#], &[r#"{"a":["x"]}"#]);
    check("{ $['a.b'] = 1 }", &[r#"{"a.b":1}"#], &[r#"{"a":{"b":1}}"#]);
    check(r#"{ $.a["b \"c\""] = 1 }"#, &[r#"{"a":{"b \"c\"":1}}"#], &["{}"]);
    check("{ $.größe > 1 }", &[r#"{"größe":2}"#], &[r#"{"größe":1}"#]);
}

#[test]
fn and_binds_closer_than_or_and_parentheses_closest() {
    let pattern = "{ $.a = 1 || $.b = 1 && $.c = 1 }";
    check(pattern, &[r#"{"a":1}"#, r#"{"b":1,"c":1}"#], &[r#"{"b":1}"#, r#"{"c":1}"#]);
    let pattern = "{ ($.a = 1 || ($.b = 1)) && $.c = 1 }";
    check(pattern, &[r#"{"a":1,"c":1}"#], &[r#"{"a":1}"#, r#"{"c":1}"#]);
    check(
        "{ ($.a = 1) && ($.b = 2) && ($.c = 3) }",
        &[r#"{"a":1,"b":2,"c":3}"#],
        &[r#"{"a":1,"b":2}"#],
    );
}

#[test]
fn a_json_pattern_matches_json_objects_only() {
    check("{ $.a NOT EXISTS }", &[" {} "], &["", "x", "[]", "{", "1", "{} {}"]);
}

#[test]
fn fields_are_counted_and_compared() {
    let line =
        r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;
    for pattern in [
        "[ip, id, user, timestamp, request, status, bytes]",
        "[ip, id, user, timestamp, request = *html*, status = 4*, bytes]",
        r#"[ip=127.0.0.*, id, user = "frank", timestamp, request="GET *", status=404, bytes>1000]"#,
        "[ip, id, user, timestamp, request, status = 404 || status = 410, bytes]",
        "[ip, id, user, timestamp, request, (status != 200 && status < 500), bytes <= 1534]",
        "[..., status = 404, bytes]",
        "[ip, ..., bytes = 15%?%]".replace("15%?%", "%^15[0-9]+$%").as_str(),
        "[ip, ...]",
        "[...]",
    ] {
        check(pattern, &[line], &[]);
    }
    for pattern in [
        "[ip, id, user]",
        "[ip, id, user, timestamp, request, status, bytes, more]",
        "[ip, id, user, timestamp, request, status = 410, bytes]",
        "[..., status = 404]",
        "[ip, ..., bytes > 2000]",
        "[a, b, c, d, ..., e, f, g, h]",
    ] {
        check(pattern, &[], &[line]);
    }
    check("[w1!=ERROR&&w1!=WARN, w2]", &["INFO x"], &["ERROR x", "WARN x", "INFO"]);
    check("[w1 = %warn%, ...]", &["xwarnx y"], &["WARN y"]);
}

#[test]
fn what_is_no_pattern_is_refused() {
    for pattern in [
        "a.b",
        "foo-bar",
        "\"open",
        "%open",
        "-",
        "?",
        "ERROR \"\" -",
        "%a(b)%",
        "%a!%",
        "%ü%",
        "%[%",
        "%a% %b% %c%",
        "{",
        "{}",
        "{ $.a }",
        "{ $. = 1 }",
        "{ $ = 1 }",
        "{ a = 1 }",
        "{ $.a = }",
        "{ $.a = 1",
        "{ $.a = 1 } x",
        "{ $.a = 1 && }",
        "{ ($.a = 1 }",
        "{ $.a = 1) }",
        "{ $.a == 1 }",
        "{ $.a > x }",
        "{ $.a > \"1\" }",
        "{ $.a IS }",
        "{ $.a IS MAYBE }",
        "{ $.a EXISTS }",
        "{ $.a[x] = 1 }",
        "{ $.a[99999999999999999999] = 1 }",
        "{ $.a = 'x y' }",
        "[",
        "[]",
        "[a, , b]",
        "[a, b",
        "[..., a, ...]",
        "[a = ]",
        "[a = 1 && b = 2]",
        "[a > x]",
    ] {
        assert!(Pattern::parse(pattern).is_err(), "{pattern}");
    }
    let message = Pattern::parse("foo-bar").unwrap_err().to_string();
    assert_eq!(message, "Invalid character(s) in term 'foo-bar'");
}

#[test]
fn a_pattern_is_bounded_in_length_and_depth() {
    let longest = "x".repeat(PATTERN_LEN_MAX);
    assert!(Pattern::parse(&longest).is_ok());
    assert!(Pattern::parse(&format!("{longest}x")).is_err());
    let nested = |depth| format!("{{ {}$.a = 1{} }}", "(".repeat(depth), ")".repeat(depth));
    check(&nested(32), &[r#"{"a":1}"#], &["{}"]);
    assert!(Pattern::parse(&nested(33)).is_err());
    assert!(Pattern::parse("%[a-z]{999}{999}{999}%").is_err());
}

proptest! {
    /// Whatever is sent as a pattern and whatever is printed, nothing panics.
    #[test]
    fn no_pattern_and_no_message_breaks_anything(
        pattern in r#"[\[{ ]?[\x00-\x7fé]{0,40}"#,
        message in r#"[\[{"]?.{0,60}"#,
    ) {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            pattern.matches(&message);
        }
    }

    /// The same, with pieces that patterns are made of.
    #[test]
    fn no_arrangement_of_a_patterns_pieces_breaks_anything(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "(", ")", "$", ".", "a", "=", "!=", ">", "1e3", "\"x*\"", "%a+%", "&&", "||",
            ",", "...", "IS", "NULL", "NOT", "EXISTS", " ", "\\", "\"", "-", "?", "é",
        ]), 0..20),
        message in r#"(\{"a":(1|"x"|null)\}|\[x y\] "z"? 1|.{0,20})"#,
    ) {
        if let Ok(pattern) = Pattern::parse(&pieces.concat()) {
            pattern.matches(&message);
        }
    }
}
