//! A copy of a directory as it is now.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::code::{CodeError, DEPTH_MAX, ENTRIES_MAX, UNPACKED_BYTES_MAX, stays_inside, too_large};

/// What Python leaves beside a module that was run. It would make new code of code that only ran.
const PYTHON_CACHE: &str = "__pycache__";

/// Copies a tree and gives the hash and the size of its content: names, kinds, whether it is executable, bytes. A link that
/// leads elsewhere is replaced by what it leads to, so that the copy stays as it is.
///
/// # Errors
/// [`CodeError::Invalid`] for what is too large or neither file, directory nor link.
pub(super) fn copy_tree(from: &Path, to: &Path) -> Result<([u8; 32], u64), CodeError> {
    let mut copy = TreeCopy { hash: Sha256::new(), size: 0, entries: 0 };
    copy.directory(from, to, Path::new(""), 0)?;
    Ok((copy.hash.finalize().into(), copy.size))
}

struct TreeCopy {
    hash: Sha256,
    size: u64,
    entries: usize,
}

impl TreeCopy {
    fn directory(
        &mut self,
        from: &Path,
        to: &Path,
        relative: &Path,
        depth: usize,
    ) -> Result<(), CodeError> {
        if depth > DEPTH_MAX {
            let text = format!("{} has more than {DEPTH_MAX} levels", from.display());
            return Err(CodeError::Invalid(text));
        }
        let mut names: Vec<_> = fs::read_dir(from)
            .map_err(|error| unreadable(from, &error))?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<Result<_, _>>()?;
        names.retain(|name| name != PYTHON_CACHE);
        names.sort();
        for name in names {
            self.entry(&from.join(&name), &to.join(&name), &relative.join(&name), depth)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        from: &Path,
        to: &Path,
        relative: &Path,
        depth: usize,
    ) -> Result<(), CodeError> {
        self.entries += 1;
        if self.entries > ENTRIES_MAX {
            let text = format!("{} has more than {ENTRIES_MAX} entries", from.display());
            return Err(CodeError::Invalid(text));
        }
        self.hash.update(relative.as_os_str().as_encoded_bytes());
        let mut about = fs::symlink_metadata(from).map_err(|error| unreadable(from, &error))?;
        if about.is_symlink() {
            let target = fs::read_link(from)?;
            if stays_inside(relative.parent().unwrap_or(Path::new("")), &target) {
                self.hash.update(b"\0l");
                self.hash.update(target.as_os_str().as_encoded_bytes());
                return Ok(symlink(target, to)?);
            }
            about = fs::metadata(from).map_err(|error| unreadable(from, &error))?;
        }
        if about.is_dir() {
            self.hash.update(b"\0d");
            fs::create_dir(to)?;
            return self.directory(from, to, relative, depth + 1);
        }
        if !about.is_file() {
            let text = format!("{} is neither a file nor a directory", from.display());
            return Err(CodeError::Invalid(text));
        }
        self.file(from, to, &about)
    }

    fn file(&mut self, from: &Path, to: &Path, about: &fs::Metadata) -> Result<(), CodeError> {
        if self.size + about.len() > UNPACKED_BYTES_MAX {
            return Err(too_large());
        }
        // It may have changed since: what counts is what was copied.
        let copied = fs::copy(from, to).map_err(|error| unreadable(from, &error))?;
        self.size += copied;
        if self.size > UNPACKED_BYTES_MAX {
            return Err(too_large());
        }
        self.hash.update(if about.permissions().mode() & 0o111 != 0 { b"\0x" } else { b"\0f" });
        self.hash.update(copied.to_le_bytes());
        io::copy(&mut File::open(to)?, &mut self.hash)?;
        Ok(())
    }
}

fn unreadable(path: &Path, error: &io::Error) -> CodeError {
    CodeError::Invalid(format!("cannot read {}: {error}", path.display()))
}
