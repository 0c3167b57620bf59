//! A receiver of status changes that outlives the servers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// One event, each time that it came.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: String,
    pub name: String,
    pub status: String,
    pub body: Vec<u8>,
}

pub struct Receiver {
    pub address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Receiver {
    /// Takes everything; its threads end with this program.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(connection, &kept));
            }
        });
        Self { address, told }
    }

    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    /// Checks what must be true of all that came, and gives the last status told of each execution. What was sent again
    /// is the same as before, each change has one id, and no end was told before its beginning.
    pub fn check(&self, context: &str) -> BTreeMap<String, String> {
        let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut ids: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut last = BTreeMap::new();
        for Told { id, name, status, body } in self.told() {
            let first = bodies.entry(id.clone()).or_insert_with(|| body.clone());
            assert_eq!(*first, body, "{context}: {name}: what is sent again is the same");
            if status != "RUNNING" {
                let running = (name.clone(), "RUNNING".to_owned());
                assert!(ids.contains_key(&running), "{context}: {name}: {status} before RUNNING");
                last.insert(name.clone(), status.clone());
            }
            let known = ids.entry((name.clone(), status)).or_insert_with(|| id.clone());
            assert_eq!(*known, id, "{context}: {name}: each change has one id");
        }
        last
    }
}

fn serve(connection: TcpStream, told: &Mutex<Vec<Told>>) {
    let mut connection = BufReader::new(connection);
    while let Some(event) = read(&mut connection) {
        told.lock().unwrap().push(event);
        // A server that was killed hears no answer, and sends the event again in its next life.
        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
        if connection.get_mut().write_all(answer).is_err() {
            return;
        }
    }
}

/// `None` when the connection is gone, perhaps in the middle of a message.
fn read(connection: &mut BufReader<TcpStream>) -> Option<Told> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
            None if line == "\r\n" => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).ok()?;
    let event: Value = serde_json::from_slice(&body).expect("an event is JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    Some(Told {
        id: text(&event["id"]),
        name: text(&event["detail"]["durableExecutionName"]),
        status: text(&event["detail"]["status"]),
        body,
    })
}
