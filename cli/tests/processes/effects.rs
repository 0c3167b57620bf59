//! What really ran: one line in a file for each run of a body, written by the functions and read by the test.

use std::io::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::stage::stage_of_this_process;

const FILE: &str = "effects.log";

/// One run of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The name of the step, or of the function that is no step.
    pub step: String,
    /// The execution's ARN; for a plain function, the order that it was called for.
    pub owner: String,
    /// From 1.
    pub attempt: u32,
    /// The address of the server that ran it: each life of a server has another one.
    pub life: String,
    /// The wall clock's milliseconds.
    pub at: i64,
    /// For a callback, its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<(String, String)>,
}

impl Effect {
    /// One that happens now, in this process.
    pub fn of(step: &str, owner: &str, attempt: u32) -> Self {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        Self {
            step: step.to_owned(),
            owner: owner.to_owned(),
            attempt,
            life: std::env::var("AWS_ENDPOINT_URL").expect("a function has it"),
            at: i64::try_from(at).expect("before the end of time"),
            callback: None,
        }
    }
}

/// The bytes of each line. None crosses a page of the file: a death between two pages would leave half of it.
const LINE_BYTES: usize = 1024;

/// Appends it. One write: a death leaves the whole line or nothing of it.
pub fn note(effect: &Effect) {
    let mut line = serde_json::to_vec(effect).expect("an effect is JSON");
    assert!(line.len() < LINE_BYTES, "the line has room");
    line.resize(LINE_BYTES - 1, b' ');
    line.push(b'\n');
    let path = stage_of_this_process().join(FILE);
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a log");
    let written = file.write(&line).expect("a line");
    assert_eq!(written, line.len(), "the line is written at once");
}

/// Everything that has run so far. Of a line that is being written at this moment a reader may see only the beginning.
pub fn read(stage: &Path) -> Vec<Effect> {
    let text = std::fs::read_to_string(stage.join(FILE)).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect()
}

/// How many bytes that is: a cheap way to see that there is more.
pub fn len(stage: &Path) -> u64 {
    std::fs::metadata(stage.join(FILE)).map_or(0, |about| about.len())
}
