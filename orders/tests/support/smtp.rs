//! A mail server on this machine that speaks as much SMTP as it takes to receive a mail, and fails on demand.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What is waited for comes before, or never.
const DEADLINE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(5);

/// What the server does with a connection.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// Closes it at once.
    Closes,
    /// Answers the recipient with this, and quotes it.
    Answers(u16),
    /// Takes the mail, and says nothing more.
    KeepsSilent,
}

/// A mail as it came in.
#[derive(Debug, Clone)]
pub struct Mail {
    /// `MAIL FROM`, `RCPT TO` and the log-in, as they were sent.
    pub commands: Vec<String>,
    /// Headers and text, with its line ends.
    pub data: String,
}

impl Mail {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let head = self.data.split("\r\n\r\n").next().unwrap();
        let line = head.lines().find(|line| line.starts_with(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {head}")).split_once(": ").unwrap().1
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.data.split_once("\r\n\r\n").unwrap().1
    }
}

#[derive(Clone)]
pub struct MailServer {
    pub address: SocketAddr,
    manners: Arc<Mutex<VecDeque<Manner>>>,
    mails: Arc<Mutex<Vec<Mail>>>,
    connections: Arc<Mutex<usize>>,
}

impl MailServer {
    /// A server that treats its first connections like this, and takes all mails after them.
    pub fn start(manners: &[Manner]) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), manners)
    }

    /// A server at this address.
    pub fn start_at(address: SocketAddr) -> Self {
        Self::listen(TcpListener::bind(address).unwrap(), &[])
    }

    fn listen(listener: TcpListener, manners: &[Manner]) -> Self {
        let server = Self {
            address: listener.local_addr().unwrap(),
            manners: Arc::new(Mutex::new(manners.iter().copied().collect())),
            mails: Arc::default(),
            connections: Arc::default(),
        };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = serving.clone();
                *server.connections.lock().unwrap() += 1;
                let manner = server.manners.lock().unwrap().pop_front();
                // A client that goes away ends its connection only.
                std::thread::spawn(move || drop(server.serve(stream, manner)));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// Waits until so many mails are there.
    pub fn wait_for(&self, count: usize) -> Vec<Mail> {
        let begun = Instant::now();
        while self.mails().len() < count {
            assert!(begun.elapsed() < DEADLINE, "{count} mails: {:?}", self.mails());
            std::thread::sleep(LOOK);
        }
        self.mails()
    }

    fn serve(&self, mut stream: TcpStream, manner: Option<Manner>) -> std::io::Result<()> {
        if matches!(manner, Some(Manner::Closes)) {
            return Ok(());
        }
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let mut commands = Vec::new();
        stream.write_all(b"220 mail.example ready\r\n")?;
        while let Some(line) = lines.next().transpose()? {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match (verb.as_str(), manner) {
                ("EHLO", _) => "250-mail.example\r\n250 AUTH PLAIN".to_owned(),
                ("RCPT", Some(Manner::Answers(code))) => format!("{code} {line}"),
                ("AUTH", _) => "235 welcome".to_owned(),
                ("DATA", _) => {
                    stream.write_all(b"354 go on\r\n")?;
                    let mut data = String::new();
                    for line in lines.by_ref() {
                        match line?.as_str() {
                            "." => break,
                            line => data.push_str(&format!(
                                "{}\r\n",
                                line.strip_prefix('.').unwrap_or(line)
                            )),
                        }
                    }
                    self.mails.lock().unwrap().push(Mail { commands: commands.clone(), data });
                    if matches!(manner, Some(Manner::KeepsSilent)) {
                        // Until the client goes away.
                        return lines.next().transpose().map(drop);
                    }
                    "250 taken".to_owned()
                }
                ("QUIT", _) => "221 bye".to_owned(),
                _ => "250 fine".to_owned(),
            };
            if ["MAIL", "RCPT", "AUTH"].contains(&verb.as_str()) {
                commands.push(line);
            }
            stream.write_all(format!("{answer}\r\n").as_bytes())?;
        }
        Ok(())
    }
}
