//! The code of versions, in the data directory.
//!
//! `code/<digest>/` holds what was uploaded or published; a directory is complete for as long as it has its name. The
//! digest is that of the content, so the same code is kept once. The head of a function from a template may run where its
//! code lies: then a change of a file is there with the next process.
//!
//! Code is removed only when the server starts: until then a process of a version that is gone may still run in it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::copy::copy_tree;
use super::unpack::unpack;

/// The largest deployment package that is unpacked, as on AWS.
pub(super) const UNPACKED_BYTES_MAX: u64 = 250 * 1024 * 1024;
/// Files and directories in one; a zip of few bytes can name very many.
pub(super) const ENTRIES_MAX: usize = 100_000;
/// Directories inside each other.
pub(super) const DEPTH_MAX: usize = 64;

/// Where a version's code is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Code {
    /// Where the template says; it may change.
    InPlace {
        /// The directory.
        path: PathBuf,
    },
    /// In the data directory.
    Stored {
        /// Names the directory.
        digest: String,
        /// What `CodeSha256` shows.
        sha256: String,
        /// What `CodeSize` shows.
        size: u64,
        /// The directory that it was copied from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<PathBuf>,
    },
}

impl Code {
    /// What `CodeSize` shows; 0 for code that is not in the data directory.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::InPlace { .. } => 0,
            Self::Stored { size, .. } => *size,
        }
    }
}

/// Why code cannot be deployed; for people.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeError {
    /// The caller's code is at fault.
    #[error("{0}")]
    Invalid(String),
    /// The disk is.
    #[error("the code cannot be stored: {0}")]
    Io(#[from] io::Error),
}

/// The directory with all code.
#[derive(Clone, Debug)]
pub(crate) struct CodeStore {
    root: PathBuf,
}

impl CodeStore {
    /// The store inside this data directory.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn open(data_dir: &Path) -> io::Result<Self> {
        let root = data_dir.join("code");
        fs::create_dir_all(&root)?;
        // Processes start in their code, wherever the server was started.
        Ok(Self { root: fs::canonicalize(root)? })
    }

    /// Where the code of a version lies.
    pub(crate) fn directory_of(&self, code: &Code) -> PathBuf {
        match code {
            Code::InPlace { path } => path.clone(),
            Code::Stored { digest, .. } => self.root.join(digest),
        }
    }

    /// Stores the content of a zip file.
    ///
    /// # Errors
    /// [`CodeError::Invalid`] for what is no zip, is too large, or wants to write elsewhere.
    pub(crate) fn store_zip(&self, zip: &[u8]) -> Result<Code, CodeError> {
        let hash = Sha256::digest(zip);
        let digest = hex(&hash);
        self.store(&digest, |directory| unpack(zip, directory))?;
        let (sha256, size) = (STANDARD.encode(hash), zip.len() as u64);
        Ok(Code::Stored { digest, sha256, size, origin: None })
    }

    /// Stores one file.
    ///
    /// # Errors
    /// [`CodeError::Io`].
    pub(crate) fn store_file(&self, name: &str, text: &str) -> Result<Code, CodeError> {
        let hash = Sha256::new().chain_update(name).chain_update([0]).chain_update(text).finalize();
        let digest = hex(&hash);
        self.store(&digest, |directory| Ok(fs::write(directory.join(name), text)?))?;
        let (sha256, size) = (STANDARD.encode(hash), text.len() as u64);
        Ok(Code::Stored { digest, sha256, size, origin: None })
    }

    /// Stores a copy of a directory as it is now.
    ///
    /// # Errors
    /// [`CodeError::Invalid`] for a directory that is too large or holds what is neither file, directory nor link.
    pub(crate) fn store_copy(&self, origin: &Path) -> Result<Code, CodeError> {
        let temporary = self.temporary()?;
        let copied = copy_tree(origin, &temporary);
        let (hash, size) = match copied {
            Ok(copied) => copied,
            Err(error) => {
                remove(&temporary);
                return Err(error);
            }
        };
        let digest = hex(&hash);
        self.settle(&temporary, &digest)?;
        let sha256 = STANDARD.encode(hash);
        Ok(Code::Stored { digest, sha256, size, origin: Some(origin.to_owned()) })
    }

    /// Removes what none of these is, left by deleted versions or a crash.
    pub(crate) fn retain<'a>(&self, codes: impl Iterator<Item = &'a Code>) {
        let kept: BTreeSet<&str> = codes
            .filter_map(|code| match code {
                Code::Stored { digest, .. } => Some(digest.as_str()),
                Code::InPlace { .. } => None,
            })
            .collect();
        let Ok(entries) = fs::read_dir(&self.root) else { return };
        for entry in entries.flatten() {
            if !entry.file_name().to_str().is_some_and(|name| kept.contains(name)) {
                self.discard(&entry.path());
            }
        }
    }

    fn store(
        &self,
        digest: &str,
        fill: impl FnOnce(&Path) -> Result<(), CodeError>,
    ) -> Result<(), CodeError> {
        if self.root.join(digest).is_dir() {
            // Whoever gave it its name may not have got as far as this.
            return Ok(File::open(&self.root)?.sync_all()?);
        }
        let temporary = self.temporary()?;
        if let Err(error) = fill(&temporary) {
            remove(&temporary);
            return Err(error);
        }
        self.settle(&temporary, digest)
    }

    fn temporary(&self) -> io::Result<PathBuf> {
        let path = self.root.join(format!("new-{}", Uuid::new_v4().simple()));
        fs::create_dir(&path)?;
        Ok(path)
    }

    /// Gives a complete directory its name, once all of it is on disk: the version that will refer to it must never find
    /// half of it.
    fn settle(&self, temporary: &Path, digest: &str) -> Result<(), CodeError> {
        let root = File::open(&self.root)?;
        rustix::fs::syncfs(&root).map_err(io::Error::from)?;
        match fs::rename(temporary, self.root.join(digest)) {
            Ok(()) => root.sync_all()?,
            // Somebody was faster; it is the same.
            Err(_) if self.root.join(digest).is_dir() => remove(temporary),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Takes the name from a directory before it is removed: half of it must never be found under that name.
    fn discard(&self, path: &Path) {
        let nameless = self.root.join(format!("old-{}", Uuid::new_v4().simple()));
        match fs::rename(path, &nameless) {
            Ok(()) => remove(&nameless),
            Err(error) => not_removed(path, &error),
        }
    }
}

fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    if let Err(error) = removed {
        not_removed(path, &error);
    }
}

fn not_removed(path: &Path, error: &io::Error) {
    tracing::warn!(path = %path.display(), %error, "unused code could not be removed");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a link in this directory (relative to the root of the code) stays inside the code, whatever other links of
/// the same kind its target passes: it may climb to the root and descend from there, but not climb again.
pub(super) fn stays_inside(directory: &Path, target: &Path) -> bool {
    let parts: Vec<_> = target.components().filter(|part| *part != Component::CurDir).collect();
    let climbs = parts.iter().take_while(|part| **part == Component::ParentDir).count();
    climbs <= directory.components().count()
        && parts.iter().skip(climbs).all(|part| matches!(part, Component::Normal(_)))
}

pub(super) fn too_large() -> CodeError {
    CodeError::Invalid(format!("Unzipped size must be smaller than {UNPACKED_BYTES_MAX} bytes"))
}

#[cfg(test)]
mod tests;
