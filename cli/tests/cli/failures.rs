//! What goes wrong is one sentence and an exit code.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::support::{Running, Server, binary, run, run_with_input, seed_order};

const WEB_PAGE: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnope";

const NOT_HTTP: &str = "SSH-2.0-OpenSSH_9.9\r\n";

/// A port of this machine that nobody listens on.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_server_that_is_not_there_is_4() {
    let url = closed_port();
    let order = seed_order(1);
    for command in [
        ["order", "list"].as_slice(),
        &["order", "show", "A"],
        &["order", "place", &order],
        &["catalog", "list"],
        &["callback", "list"],
        &["callback", "heartbeat", "QQ=="],
    ] {
        let said = run(&[command, &["--endpoint-url", &url]].concat()).ended(4);
        assert_eq!(said.out, "");
        assert!(said.err.starts_with(&format!("error: cannot reach {url}: ")), "{said:?}");
        assert!(said.err.contains("hint: start it with `durable-orders serve`"), "{said:?}");
        assert_eq!(said.err.lines().count(), 3, "{said:?}");
    }
}

#[test]
fn something_else_that_listens_there_is_1() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (stream, answer) in listener.incoming().zip([WEB_PAGE, NOT_HTTP, NOT_HTTP, NOT_HTTP]) {
            let mut stream = stream.unwrap();
            // The request comes first: an answer to nothing is another failure.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let said = run(&["order", "list", "--endpoint-url", &url]).ended(1);
    assert!(said.err.contains("as AWS's API does (HTTP status 404)"), "{said:?}");
    let said = run(&["order", "list", "--endpoint-url", &url]).ended(1);
    assert!(said.err.contains("answers, but not as AWS's API does"), "{said:?}");
}

#[test]
fn a_bad_file_is_1() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let large = format!("{{\"orderId\":\"A\",\"x\":\"{}\"}}", "x".repeat(1024 * 1024));
    for (path, problem) in [
        ("/nowhere/order.json".to_owned(), "cannot read /nowhere/order.json"),
        (directory.path().to_str().unwrap().to_owned(), "cannot read"),
        (file("a", "{"), "is not JSON"),
        (file("b", "[]"), "must be a JSON object"),
        (file("c", "{\"orderId\":4532123456789012}"), "no proper orderId"),
        (file("d", "4532123456789012"), "must be a JSON object"),
        (file("e", &large), "has more than"),
    ] {
        let said = server.run(&["order", "place", &path]).ended(1);
        assert_eq!(said.out, "");
        assert!(said.err.starts_with("error: ") && said.err.contains(problem), "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
    }
    let said = server.run_with_input(&["order", "place", "-"], "x").ended(1);
    assert!(said.err.starts_with("error: stdin is not JSON"), "{said:?}");
}

#[test]
fn a_wrong_command_line_is_2() {
    for arguments in [
        ["order", "list", "--unknown"].as_slice(),
        &["order", "list", "--status", "LOST"],
        &["order", "list", "--limit", "0"],
        &["order", "show", "a b"],
        &["order", "place"],
        &["order", "place", "x", "--timeout", "3"],
        &["order", "list", "--endpoint-url", "127.0.0.1:6737"],
        &["order", "list", "--aws", "--endpoint-url", "http://127.0.0.1:6737"],
        &["catalog", "put", "--id", "A"],
        &["nonsense"],
        &[],
    ] {
        let said = run(arguments).ended(2);
        assert_eq!(said.out, "");
        assert!(!said.err.is_empty());
    }
}

#[test]
fn an_unknown_function_or_table_is_named() {
    let server = Server::start();
    let said = server.run(&["order", "list", "--function", "Nobody"]).ended(1);
    assert!(said.err.contains("Function not found") && said.err.contains("Nobody"), "{said:?}");
    let said = server.run(&["catalog", "list", "--table", "Nothing"]).ended(1);
    assert!(said.err.starts_with("error: cannot read the catalog: "), "{said:?}");
    let said = server.run(&["order", "place", &seed_order(1), "--function", "FulfillOrder"]);
    assert_eq!(said.code, Some(1), "{said:?}");
}

#[test]
fn the_address_may_be_in_the_environment() {
    let server = Server::with_products();
    let mut command = binary();
    command.args(["catalog", "list"]).env("AWS_ENDPOINT_URL", &server.url);
    assert!(Running::start(&mut command).end().ended(0).out.contains("LAPTOP-001"));
}

/// `head` goes away after a line: nobody is there to be told anything.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let server = Server::with_products();
    let mut command = binary();
    command.args(["catalog", "list", "--endpoint-url", &server.url]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn every_command_explains_itself_with_an_example() {
    for command in [
        ["demo"].as_slice(),
        &["serve"],
        &["order", "place"],
        &["order", "show"],
        &["order", "list"],
        &["catalog", "list"],
        &["catalog", "put"],
        &["catalog", "import"],
    ] {
        let said = run(&[command, &["--help"]].concat()).ended(0);
        assert!(said.out.contains("Example"), "{}", said.out);
        assert!(
            said.out.contains(&format!("  durable-orders {}", command.join(" "))),
            "{}",
            said.out
        );
    }
    let said = run(&["help", "exit-codes"]).ended(0);
    assert!(said.out.contains("  4  the server cannot be reached"), "{}", said.out);
    run_with_input(&["exit-codes"], "").ended(0);
}
