//! Goal: what `/metrics` says of the four orders is true, and the dashboard and the alerts that come with the project ask
//! for nothing that is not there.
//!
//! Method: every name in every expression of the dashboard and of the alert rules, found by taking the expression apart,
//! is looked for in the answer of a server that has taken an order.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use saphyr_parser::{Event, Parser};
use serde_json::Value;

use crate::support::{Server, seed_order};

const DASHBOARD: &str = include_str!("../../../docs/grafana/durable-orders.json");
const ALERTS: &str = include_str!("../../../docs/prometheus/alerts.yml");
const PROMETHEUS: &str = include_str!("../../../docs/prometheus/prometheus.yml");

/// What Prometheus itself says of a target.
const OF_PROMETHEUS: &str = "up";

fn scrape(server: &Server) -> String {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    body.to_owned()
}

fn samples(text: &str) -> impl Iterator<Item = (&str, f64)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        (series, value.parse().unwrap())
    })
}

/// The value of one series, labels included.
#[track_caller]
fn value(text: &str, series: &str) -> f64 {
    let found = samples(text).find(|(found, _)| *found == series);
    found.unwrap_or_else(|| panic!("there is no {series} in {text}")).1
}

/// The names of all series.
fn names(text: &str) -> BTreeSet<&str> {
    samples(text).map(|(series, _)| series.split('{').next().unwrap()).collect()
}

/// The names of metrics in an expression: what is neither a function nor inside braces, brackets, quotes or a list of
/// labels.
fn metrics(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = expression;
    let mut labels_follow = false;
    while let Some(first) = rest.chars().next() {
        let skipped = match first {
            '"' => 2 + rest[1..].find('"').unwrap(),
            // A quoted value may hold a brace.
            '{' => 1 + end_of_braces(&rest[1..]),
            '[' => 1 + rest.find(']').unwrap(),
            '(' if labels_follow => 1 + rest.find(')').unwrap(),
            'a'..='z' | 'A'..='Z' | '_' => {
                let word = |char: char| !char.is_ascii_alphanumeric() && char != '_' && char != ':';
                let end = rest.find(word).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                let is_operator = ["and", "or", "unless", "bool"].contains(&name);
                labels_follow = ["by", "without", "on", "ignoring"].contains(&name);
                let is_function = after.trim_start().starts_with('(') || after.starts_with(" by ");
                if !is_operator && !labels_follow && !is_function {
                    found.insert(name.to_owned());
                }
                rest = after;
                continue;
            }
            '0'..='9' => {
                rest.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(rest.len())
            }
            char => char.len_utf8(),
        };
        labels_follow &= first.is_whitespace();
        rest = &rest[skipped..];
    }
    found
}

fn end_of_braces(text: &str) -> usize {
    let mut quoted = false;
    for (place, char) in text.char_indices() {
        match char {
            '"' => quoted = !quoted,
            '}' if !quoted => return place + 1,
            _ => {}
        }
    }
    panic!("no end of {text}")
}

/// The values of a member, wherever it is in a JSON document.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == name => found.push(text),
                    value => members(value, name, found),
                }
            }
        }
        Value::Array(array) => array.iter().for_each(|value| members(value, name, found)),
        _ => {}
    }
}

/// The scalars of a YAML document, in order: a key, its value, a key, its value.
fn scalars(yaml: &str) -> Vec<String> {
    let events = Parser::new_from_str(yaml).map(|event| event.unwrap().0);
    events
        .filter_map(|event| match event {
            Event::Scalar(text, ..) => Some(text.into_owned()),
            _ => None,
        })
        .collect()
}

fn after<'a>(scalars: &'a [String], key: &str) -> Vec<&'a str> {
    let pairs = scalars.windows(2).filter(|pair| pair[0] == key);
    pairs.map(|pair| pair[1].as_str()).collect()
}

#[track_caller]
fn assert_all_known(expressions: &[&str], known: &BTreeSet<&str>) {
    for expression in expressions {
        let asked = metrics(expression);
        assert!(!asked.is_empty(), "nothing is asked in {expression}");
        for name in asked {
            assert!(known.contains(name.as_str()), "there is no {name}, asked by {expression}");
        }
    }
}

#[test]
fn an_expression_is_taken_apart_into_its_metrics() {
    let expression = "histogram_quantile(0.9, sum by (le, job) (rate(a_bucket{x=\"}\",y=~\"b|c\"}[5m]))) > 2 * 1e3
        and on (job) max(d{}) unless e == 0";
    let expected = ["a_bucket", "d", "e"].map(str::to_owned);
    assert_eq!(metrics(expression), BTreeSet::from(expected));
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_what_there_is_after_one_order() {
    let server = Server::with_products();
    server.run(&["order", "place", &seed_order(1), "--wait"]).ended(0);
    let text = scrape(&server);
    let mut known = names(&text);
    known.insert(OF_PROMETHEUS);

    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut expressions = Vec::new();
    members(&dashboard, "expr", &mut expressions);
    assert!(expressions.len() > 40, "{}", expressions.len());
    assert_all_known(&expressions, &known);
    let mut variables = Vec::new();
    members(&dashboard, "definition", &mut variables);
    let variables: Vec<&str> = variables
        .iter()
        .map(|query| query.strip_prefix("label_values(").unwrap().rsplit_once(',').unwrap().0)
        .collect();
    assert_eq!(variables.len(), 3);
    assert_all_known(&variables, &known);

    let alerts = scalars(ALERTS);
    let rules = after(&alerts, "expr");
    assert_eq!((rules.len(), after(&alerts, "alert").len()), (13, 13));
    assert_all_known(&rules, &known);
    for severity in after(&alerts, "severity") {
        assert!(["page", "ticket"].contains(&severity), "{severity}");
    }
    let prometheus = scalars(PROMETHEUS);
    assert_eq!(after(&prometheus, "rule_files"), ["alerts.yml"]);
    assert_eq!(after(&prometheus, "targets"), ["127.0.0.1:6737"]);
    assert_eq!(after(&prometheus, "job_name"), ["durable-orders"]);
}

#[test]
fn every_panel_has_a_place_of_its_own_and_the_data_source_of_the_dashboard() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{}", panel["id"]);
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{}", panel["title"]);
        for y in side("y")..side("y") + side("h") {
            for x in side("x")..side("x") + side("w") {
                assert!(taken.insert((x, y)), "{} lies over another", panel["title"]);
            }
        }
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
            assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')));
        }
    }
}

#[test]
fn the_four_orders_are_counted() {
    let server = Server::with_products();
    for number in 1..=4 {
        let ended = if number == 1 { 0 } else { 3 };
        server.run(&["order", "place", &seed_order(number), "--wait"]).ended(ended);
    }
    let text = scrape(&server);
    let order = "function=\"ValidateOrder\"";
    for (series, expected) in [
        (format!("durable_executions_started_total{{{order}}}"), 4.0),
        // An order that is declined is a result, and no failure of its execution.
        (format!("durable_executions_closed_total{{{order},status=\"SUCCEEDED\"}}"), 4.0),
        (format!("durable_executions_closed_total{{{order},status=\"FAILED\"}}"), 0.0),
        (format!("durable_execution_duration_seconds_count{{{order}}}"), 4.0),
        ("durable_executions_open".to_owned(), 0.0),
        // Four steps, two, four with the voided payment, and one.
        ("durable_operations_total{type=\"STEP\",status=\"STARTED\"}".to_owned(), 11.0),
        ("durable_operations_total{type=\"STEP\",status=\"SUCCEEDED\"}".to_owned(), 11.0),
        ("durable_checkpoints_total".to_owned(), 22.0),
        (format!("durable_invocations_total{{{order},outcome=\"SUCCEEDED\"}}"), 4.0),
        (
            "durable_invocations_total{function=\"FulfillOrder\",outcome=\"SUCCEEDED\"}".to_owned(),
            1.0,
        ),
        (
            "durable_invocations_total{function=\"AllocateInventory\",outcome=\"SUCCEEDED\"}"
                .to_owned(),
            2.0,
        ),
        (format!("durable_invocations_running{{{order}}}"), 0.0),
        ("durable_journal_poisoned".to_owned(), 0.0),
    ] {
        assert_eq!(value(&text, &series), expected, "{series}");
    }
    // The cards' numbers are nowhere, and neither is an order.
    for secret in ["4532123456789012", "9012", "ORDER-00"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
