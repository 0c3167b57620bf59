//! Reading a file, or stdin for `-`, up to a bound.

use std::io::{self, Read};
use std::path::Path;

use crate::exit::Failure;

/// A text and what messages call its source.
pub struct Input {
    /// The text.
    pub bytes: Vec<u8>,
    /// Where it is from.
    pub source: String,
}

/// Reads a whole file, or stdin for `-`, if it has at most `bytes_max` bytes.
///
/// # Errors
/// When there is no such file, it cannot be read, or it is larger.
pub fn read(path: &Path, bytes_max: usize) -> Result<Input, Failure> {
    let stdin = path == Path::new("-");
    let source = if stdin { "stdin".to_owned() } else { path.display().to_string() };
    let unreadable = |error: io::Error| Failure::new(format!("cannot read {source}: {error}"));
    let reader: Box<dyn Read> = if stdin {
        Box::new(io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    // One more than allowed tells a full text from one that goes on.
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > bytes_max {
        return Err(Failure::new(format!("{source} has more than the {bytes_max} bytes allowed")));
    }
    Ok(Input { bytes, source })
}
