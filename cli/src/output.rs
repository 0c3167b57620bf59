//! What the program says: data on stdout, everything else on stderr.
//!
//! A reader that goes away (`| head`) is no error: the rest of the output is dropped.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::exit::Failure;
use crate::json;

/// Whether the reader of stdout has gone away.
static READER_IS_GONE: AtomicBool = AtomicBool::new(false);

/// Whether the reader of stdout has gone away: a command without an end of its own ends then.
pub fn reader_is_gone() -> bool {
    READER_IS_GONE.load(Ordering::Relaxed)
}

/// Writes data to stdout. `text` ends with a newline of its own.
///
/// # Errors
/// When stdout takes no more, as on a full disk.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            READER_IS_GONE.store(true, Ordering::Relaxed);
            Ok(())
        }
        Err(error) => Err(Failure::new(format!("cannot write the output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Writes one JSON document to stdout.
///
/// # Errors
/// As [`print()`].
pub fn print_json<T: Serialize>(document: &T) -> Result<(), Failure> {
    let text = serde_json::to_string(document)
        .map_err(|error| Failure::new(format!("cannot write the output: {error}")))?;
    print(&json::indent(&text))
}

/// Writes a line to stderr. Nobody can be told when that fails.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
