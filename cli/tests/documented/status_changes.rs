//! Goal: the receiver in the operations page runs as it stands there, and is told of an order.
//!
//! Method: the page's Python program on a free port, a server with a secret of its own, one order.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::page::Page;

const PAGE: &str = include_str!("../../../docs/operations.md");
/// The address that the program listens on.
const ADDRESS: &str = "(\"127.0.0.1\", 8000)";
const SECRET: &str = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IQ==";
const DEADLINE: Duration = Duration::from_secs(60);

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program, and gives it with its address once it listens.
fn start_receiver(program: &str) -> (Killed, String) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    assert!(program.contains(ADDRESS), "{program}");
    let program = program.replace(ADDRESS, &format!("(\"127.0.0.1\", {})", address.port()));
    let mut command = Command::new("python3");
    command
        .args(["-c", &program])
        .env("DURABLE_ORDERS_STATUS_WEBHOOK_SECRET", SECRET)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let receiver = Killed(command.spawn().unwrap());
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < DEADLINE, "the receiver does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    (receiver, format!("http://{address}/"))
}

#[test]
fn the_receiver_in_the_operations_page_is_told_of_an_order() {
    let (_, section) = PAGE.split_once("\n## Status changes\n").unwrap();
    let program = section.split_once("```python\n").unwrap().1.split_once("```").unwrap().0;
    let (mut receiver, url) = start_receiver(program);
    let server = format!(
        "```sh server\nexport DURABLE_ORDERS_STATUS_WEBHOOK_SECRET={SECRET}\ncargo run -- serve --status-webhook {url}\n```\n"
    );
    let order = "```sh\nplace='order place - --endpoint-url http://127.0.0.1:6737'\n\
        echo '{\"orderId\":\"ORDER-1\",\"customerId\":\"C\",\"items\":[]}' | cargo run -- $place\n```\n";
    let page = Page::new(&(server + order));
    let _server = page.start_server();
    page.run();
    let lines = BufReader::new(receiver.0.stdout.take().unwrap()).lines();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
    for expected in ["ORDER-1 RUNNING", "ORDER-1 SUCCEEDED"] {
        assert_eq!(told.recv_timeout(DEADLINE).unwrap(), expected);
    }
}
