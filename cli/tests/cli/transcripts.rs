//! What the commands print for people, letter for letter.
//!
//! Method: each file of `tests/transcripts` is a session: lines that begin with `$ ` are commands, and what follows them is
//! what they print, on both outputs, and their exit code if it is not 0. All are run in order against one real server with
//! the four orders of the demo. What differs from run to run (ids, times, durations) is replaced by a word, and blanks
//! between columns are counted as two. `UPDATE_TRANSCRIPTS=1` writes the files anew: look at the difference.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::support::{Server, seed_order};

/// What differs from run to run, and the word for it.
const REPLACED: [(&str, &str); 8] = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"\[\$LATEST\][0-9a-f]{32}", "[$$LATEST]<id>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:?00)?", "<time>"),
    (r"\b\d\d:\d\d:\d\d\.\d{3}Z", "<clock>"),
    (r"\b\d{4}-\d\d-\d\d\b", "<date>"),
    (r"(<1|\b\d+) ms\b|\b\d+\.\d s\b", "<duration>"),
    (r"http://127\.0\.0\.1:\d+", "http://<server>"),
    (r"[ \t]{2,}", "  "),
];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

fn settled(text: &str) -> String {
    let replace = |text: String, (pattern, word): &(&str, &str)| {
        Regex::new(pattern).unwrap().replace_all(&text, *word).into_owned()
    };
    let text = REPLACED.iter().fold(text.to_owned(), replace);
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A server with the four orders.
fn with_orders() -> Server {
    let server = Server::with_products();
    for number in 1..=4 {
        server.run(&["order", "place", &seed_order(number), "--wait"]);
    }
    server
}

/// Runs the commands of a session, and gives the session as it is now.
fn played(server: &Server, session: &str) -> String {
    let mut now = String::new();
    for command in session.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let words = command.strip_prefix("durable-orders ").expect("a command of this program");
        let words: Vec<String> = words.split(' ').map(|word| word.replace("SEED", SEED)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let said = server.run(&words);
        let code = said.code.filter(|code| *code != 0);
        let code = code.map(|code| format!("[exit {code}]\n")).unwrap_or_default();
        now.push_str(&format!("$ {command}\n{}{}{code}", settled(&said.out), settled(&said.err)));
    }
    now.replace(SEED, "SEED")
}

const SEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed");

#[test]
fn people_read_what_the_transcripts_say() {
    let server = with_orders();
    let mut files: Vec<PathBuf> =
        directory().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 4, "there are transcripts");
    for file in files {
        let session = std::fs::read_to_string(&file).unwrap();
        let now = played(&server, &session);
        if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
            std::fs::write(&file, now).unwrap();
        } else {
            assert_eq!(now, session, "{}", file.display());
        }
    }
}
