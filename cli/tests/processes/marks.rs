//! Deaths from inside: a handler that comes to a marked place kills its own process, or the server above it.
//!
//! Places are where a death is rare to strike from outside: a body that has begun, one whose work is done and not
//! recorded, the moment after the answer to a checkpoint, the moment before the response. Each mark strikes once.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, getpid, getppid, kill_process};
use serde::{Deserialize, Serialize};

use crate::order::Order;
use crate::stage::stage_of_this_process;

/// Every place that an order comes to, once or more.
pub const PLACES: [&str; 22] = [
    "order/top",
    "reserve/begin",
    "reserve/effect",
    "reserve/recorded",
    "charge/begin",
    "charge/effect",
    "charge/recorded",
    "confirm/begin",
    "confirm/effect",
    "pack/begin",
    "pack/effect",
    "pack/recorded",
    "deliver/top",
    "route/begin",
    "route/effect",
    "deliver/recorded",
    "deliver/answer",
    "price/top",
    "price/answer",
    "ship/begin",
    "ship/effect",
    "order/answer",
];

/// Who dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Victim {
    Process,
    Server,
}

/// A death at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub place: String,
    pub victim: Victim,
}

impl Mark {
    /// The file that exists once it has struck.
    fn file(&self, stage: &Path, order: &str) -> PathBuf {
        let name = format!("{order}-{}-{:?}", self.place, self.victim).replace('/', "-");
        stage.join("marks").join(name)
    }

    /// Whether it has struck this order.
    pub fn has_struck(&self, stage: &Path, order: &str) -> bool {
        self.file(stage, order).exists()
    }
}

/// The marks of one order, in a process that works for it.
#[derive(Clone)]
pub struct Marks {
    order: String,
    marks: Vec<Mark>,
}

impl Marks {
    pub fn of(order: &Order) -> Self {
        Self { order: order.name.clone(), marks: order.marks.clone() }
    }

    /// Dies if this place is marked and the mark has not struck yet.
    pub fn reach(&self, place: &str) {
        for mark in self.marks.iter().filter(|mark| mark.place == place) {
            let stage = stage_of_this_process();
            let victim = match mark.victim {
                Victim::Process => Some(getpid()),
                Victim::Server => server_above(&stage),
            };
            let Some(victim) = victim else { continue };
            if std::fs::File::create_new(mark.file(&stage, &self.order)).is_ok() {
                let _ = kill_process(victim, Signal::KILL);
                // A process whose server is gone is stopped by its watchdog.
                loop {
                    std::thread::park();
                }
            }
        }
    }
}

/// The server that runs this process, unless it is gone: then the parent is somebody else.
fn server_above(stage: &Path) -> Option<Pid> {
    let parent = getppid()?;
    let command = std::fs::read(format!("/proc/{parent}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command);
    (command.contains("serve") && command.contains(&*stage.to_string_lossy())).then_some(parent)
}
