//! Goal: `logs tail` shows what functions write, once each, in the order of time, and stays with it.
//!
//! Method: lines are put into log groups as CloudWatch's API takes them, so that the tests know each of them.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Running, Server, binary, order, run};

const DEADLINE: Duration = Duration::from_secs(30);

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// One operation of CloudWatch Logs; the server does not ask who it is.
fn logs(server: &Server, operation: &str, body: &Value) {
    let body = body.to_string();
    let mut stream = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/x-amz-json-1.1\r\nx-amz-target: Logs_20140328.{operation}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Writes lines, each so many milliseconds ago, oldest first.
fn put(server: &Server, group: &str, lines: &[(u64, &str)]) {
    logs(
        server,
        "PutLogEvents",
        &json!({
            "logGroupName": group,
            "logStreamName": "s",
            "logEvents": lines.iter().map(|(ago, message)| {
                json!({ "timestamp": now() - ago, "message": message })
            }).collect::<Vec<_>>(),
        }),
    );
}

fn make(server: &Server, group: &str) {
    logs(server, "CreateLogGroup", &json!({ "logGroupName": group }));
    logs(server, "CreateLogStream", &json!({ "logGroupName": group, "logStreamName": "s" }));
}

/// A server with lines in the groups of two functions.
fn with_lines() -> Server {
    let server = Server::start();
    for group in ["/aws/lambda/One", "/aws/lambda/Two"] {
        make(&server, group);
    }
    put(&server, "/aws/lambda/One", &[(9_000, "first"), (5_000, "third")]);
    put(&server, "/aws/lambda/Two", &[(3_600_000, "long ago"), (7_000, "second ERROR")]);
    server
}

/// What the lines say, without their times.
fn messages(out: &str) -> Vec<&str> {
    out.lines().map(|line| line.split_once(' ').unwrap().1).collect()
}

#[test]
fn the_lines_of_all_functions_are_shown_by_time() {
    let server = with_lines();
    let said = server.run(&["logs", "tail"]).ended(0);
    assert_eq!(messages(&said.out), ["One first", "Two second ERROR", "One third"]);
    let said = server.run(&["logs", "tail", "--since", "2h"]).ended(0);
    assert_eq!(messages(&said.out)[0], "Two long ago");
    let said = server.run(&["logs", "tail", "One", "-n", "Two:$LATEST", "--start-time", "8s"]);
    assert_eq!(messages(&said.ended(0).out), ["Two second ERROR", "One third"]);
    let said = server.run(&["logs", "tail", "/aws/lambda/Two", "--filter", "ERROR"]).ended(0);
    assert_eq!(messages(&said.out), ["Two second ERROR"]);
    let said = server.run(&["logs", "tail", "--until", "1m"]).ended(0);
    assert_eq!(
        (said.out.as_str(), said.err.as_str()),
        ("", "no lines; --since goes further back\n")
    );
}

#[test]
fn programs_get_one_object_a_line() {
    let server = with_lines();
    put(&server, "/aws/lambda/One", &[(0, "two\nlines and card 4111111111111111")]);
    let said = server.run(&["logs", "tail", "One", "--format", "json"]).ended(0);
    let lines: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{said:?}");
    assert_eq!(lines[2]["message"], "two\nlines and card ****1111");
    assert_eq!(lines[2]["logGroupName"], "/aws/lambda/One");
    let said = server.run(&["logs", "tail", "One", "--format", "detailed"]).ended(0);
    assert!(said.out.lines().next().unwrap().ends_with("Z /aws/lambda/One s first"), "{said:?}");
}

/// A tail whose output can be looked at while it runs.
struct Following {
    child: Child,
    out: tempfile::NamedTempFile,
}

impl Following {
    fn start(server: &Server, options: &[&str]) -> Self {
        let out = tempfile::NamedTempFile::new().unwrap();
        let child = binary()
            .args(["logs", "tail", "--follow", "--endpoint-url", &server.url])
            .args(options)
            .stdout(File::create(out.path()).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, out }
    }

    fn out(&self) -> String {
        std::fs::read_to_string(self.out.path()).unwrap()
    }

    /// Waits until it has printed this.
    #[track_caller]
    fn until(&self, text: &str) {
        let begun = Instant::now();
        while !self.out().contains(text) {
            assert!(begun.elapsed() < DEADLINE, "{text} does not come: {}", self.out());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_follower_sees_each_new_line_once_and_new_groups_too() {
    let server = with_lines();
    let tail = Following::start(&server, &[]);
    tail.until("One third");
    for number in 0..20 {
        put(&server, "/aws/lambda/One", &[(0, &format!("line {number}."))]);
        tail.until(&format!("line {number}."));
    }
    make(&server, "/aws/lambda/New");
    put(&server, "/aws/lambda/New", &[(0, "from a new group")]);
    tail.until("from a new group");
    // Older than lines that were shown, as one that was under way for longer.
    put(&server, "/aws/lambda/One", &[(500, "late")]);
    tail.until("late");
    for number in 0..20 {
        assert_eq!(tail.out().matches(&format!("line {number}.")).count(), 1, "{}", tail.out());
    }
}

#[test]
fn a_follower_stays_over_a_restart_of_the_server() {
    let server = with_lines();
    let tail = Following::start(&server, &["One"]);
    tail.until("One third");
    let server = server.restart();
    put(&server, "/aws/lambda/One", &[(0, "after the restart")]);
    tail.until("after the restart");
}

#[test]
fn a_follower_ends_with_ctrl_c_and_with_its_reader() {
    let server = with_lines();
    let tail = Following::start(&server, &[]);
    tail.until("One third");
    let mut child = binary();
    child.args(["logs", "tail", "--follow", "--endpoint-url", &server.url]);
    let running = Running::start(&mut child);
    std::thread::sleep(Duration::from_millis(500));
    running.interrupt();
    let said = running.end().ended(0);
    assert_eq!(messages(&said.out).len(), 3, "{said:?}");

    let mut gone = binary()
        .args(["logs", "tail", "--follow", "--endpoint-url", &server.url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(gone.stdout.take());
    let begun = Instant::now();
    while gone.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < DEADLINE, "it goes on for nobody");
        put(&server, "/aws/lambda/One", &[(0, "for nobody")]);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_lines_of_one_order_are_told_from_others() {
    let server = Server::with_products();
    for id in ["MINE-1", "MINE-11"] {
        let text = order(id, "MOUSE-001");
        server.run_with_input(&["order", "place", "-", "--wait"], &text).ended(0);
    }
    let shown = server.run(&["order", "show", "MINE-1", "--json"]).ended(0).json();
    let arn = shown["executionArn"].as_str().unwrap();
    let group = "/aws/lambda/Own";
    make(&server, group);
    let named = format!("RequestId: abc-1 works on {arn}");
    put(
        &server,
        group,
        &[
            (4, "shipping MINE-11"),
            (3, "shipping MINE-1"),
            (2, &named),
            (1, "END RequestId: abc-1"),
        ],
    );
    put(&server, group, &[(0, "END RequestId: abc-2")]);
    let expected = ["Own shipping MINE-1", &format!("Own {named}"), "Own END RequestId: abc-1"];
    for option in [["--order", "MINE-1"], ["--order", arn], ["--execution", arn]] {
        let said = server.run(&[["logs", "tail", "Own"].as_slice(), &option].concat()).ended(0);
        assert_eq!(messages(&said.out), expected, "{option:?}");
    }
}

#[test]
fn what_cannot_be_tailed_is_one_sentence() {
    let server = with_lines();
    let said = server.run(&["logs", "tail", "Nobody"]).ended(1);
    assert!(said.err.contains("there is no log group /aws/lambda/Nobody at http://"), "{said:?}");
    assert!(said.err.contains("hint: "), "{said:?}");
    let said = server.run(&["logs", "tail", "--filter", "{ $.x = "]).ended(1);
    assert!(said.err.starts_with("error: cannot read the log group"), "{said:?}");
    let said = server.run(&["logs", "tail", "--order", "NOBODY"]).ended(1);
    assert!(said.err.contains("there is no order NOBODY"), "{said:?}");
    for options in [["--since", "soon"], ["--execution", "x"], ["--format", "xml"]] {
        run(&[["logs", "tail"].as_slice(), &options].concat()).ended(2);
    }
    let url = server.url.clone();
    drop(server);
    let said = run(&["logs", "tail", "--endpoint-url", &url]).ended(4);
    assert!(said.err.starts_with(&format!("error: cannot reach {url}: ")), "{said:?}");
}
