//! A receiver of status changes, over a bare socket, so that it can misbehave in every way.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::eventually;

/// What the receiver does with a request.
#[derive(Clone, Copy, Debug)]
pub enum Reaction {
    Status(u16),
    Redirect(SocketAddr),
    /// No answer, and the connection stays open.
    Hang,
    /// Something that is no HTTP.
    Garbage,
    /// The connection is closed without an answer.
    Close,
}

/// One message as it came.
#[derive(Clone, Debug)]
pub struct Message {
    pub line: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    pub event: Value,
}

impl Message {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn status(&self) -> &str {
        self.event["detail"]["status"].as_str().unwrap()
    }

    pub fn name(&self) -> &str {
        self.event["detail"]["durableExecutionName"].as_str().unwrap()
    }
}

type React = dyn Fn(&[Message]) -> Reaction + Send + Sync;

pub struct Receiver {
    pub address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Reacts to all messages so far, of which the last is the one to react to.
    pub async fn start(react: impl Fn(&[Message]) -> Reaction + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), react).await
    }

    pub async fn start_at(
        address: SocketAddr,
        react: impl Fn(&[Message]) -> Reaction + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let messages: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (kept, react): (_, Arc<React>) = (Arc::clone(&messages), Arc::new(react));
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&kept), Arc::clone(&react)));
            }
        });
        Self { address, messages, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks?shop=1", self.address)
    }

    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    /// All messages once there are so many.
    pub async fn at_least(&self, count: usize) -> Vec<Message> {
        eventually(&format!("{count} messages have come"), async || {
            Some(self.messages()).filter(|messages| messages.len() >= count)
        })
        .await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(connection: TcpStream, messages: Arc<Mutex<Vec<Message>>>, react: Arc<React>) {
    let mut connection = BufReader::new(connection);
    while let Some(message) = read(&mut connection).await {
        let reaction = {
            let mut messages = messages.lock().unwrap();
            messages.push(message);
            react(&messages)
        };
        let answer = match reaction {
            Reaction::Status(status) => {
                format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok")
            }
            Reaction::Redirect(to) => {
                format!("HTTP/1.1 307 X\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n")
            }
            Reaction::Garbage => "all is well\r\n\r\n".to_owned(),
            Reaction::Close => return,
            Reaction::Hang => std::future::pending().await,
        };
        if connection.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next message; `None` when the connection is closed.
async fn read(connection: &mut BufReader<TcpStream>) -> Option<Message> {
    let mut line = String::new();
    if connection.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        connection.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers["content-length"].parse().unwrap();
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    let event = serde_json::from_slice(&body).unwrap();
    Some(Message { line: line.trim_end().to_owned(), headers, body, event })
}
