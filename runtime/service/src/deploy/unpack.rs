//! Unpacking a zip file from anybody: it writes nowhere but into its directory, and no more than is allowed.
//!
//! No entry goes through another one. What was written as a file or a link is never a directory of a later entry, and
//! nothing is written twice; so the directories on the way are real ones, and a link is safe if it
//! [stays inside](stays_inside) by itself.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::code::{CodeError, DEPTH_MAX, ENTRIES_MAX, UNPACKED_BYTES_MAX, stays_inside, too_large};

/// The target of a symbolic link, as long as Linux takes it.
const LINK_BYTES_MAX: u64 = 4095;

/// Unpacks a zip file into an empty directory.
///
/// # Errors
/// [`CodeError::Invalid`] for what is no zip, is too large, or wants to write elsewhere.
pub(super) fn unpack(zip: &[u8], directory: &Path) -> Result<(), CodeError> {
    unpack_within(zip, directory, UNPACKED_BYTES_MAX)
}

/// As [`unpack`], with a bound of its own.
pub(super) fn unpack_within(zip: &[u8], directory: &Path, bytes_max: u64) -> Result<(), CodeError> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(not_a_zip)?;
    if archive.is_empty() {
        return Err(CodeError::Invalid("Uploaded file must be a non-empty zip".to_owned()));
    }
    if archive.len() > ENTRIES_MAX {
        let text =
            format!("The zip file has {} entries; {ENTRIES_MAX} are allowed.", archive.len());
        return Err(CodeError::Invalid(text));
    }
    let mut names = Names::default();
    let mut left = bytes_max;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(not_a_zip)?;
        let name = names.check(&entry)?;
        let path = directory.join(&name);
        if entry.is_dir() {
            fs::create_dir_all(&path).map_err(|error| unwritable(&entry, error))?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| unwritable(&entry, error))?;
        }
        if entry.is_symlink() {
            link(&mut entry, &name, &path)?;
        } else {
            let written = file(&mut entry, &path, left)?;
            left = left.checked_sub(written).ok_or_else(too_large)?;
        }
    }
    Ok(())
}

/// Writes a file and gives its size, which is cut just above what is left.
fn file(entry: &mut ZipFile<'_, impl Read>, path: &Path, left: u64) -> Result<u64, CodeError> {
    let mode = entry.unix_mode().unwrap_or(0o644);
    let mut file = File::create_new(path).map_err(|error| unwritable(entry, error))?;
    let written = io::copy(&mut entry.take(left + 1), &mut file).map_err(damaged)?;
    // Readable and, where it says so, executable; nothing else of a mode is taken over.
    let mode = if mode & 0o111 != 0 { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(written)
}

fn link(entry: &mut ZipFile<'_, impl Read>, name: &Path, path: &Path) -> Result<(), CodeError> {
    let mut target = String::new();
    entry.take(LINK_BYTES_MAX + 1).read_to_string(&mut target).map_err(damaged)?;
    let inside = stays_inside(name.parent().unwrap_or(Path::new("")), Path::new(&target));
    if target.is_empty() || target.len() as u64 > LINK_BYTES_MAX || !inside {
        return Err(refused(entry, "is a symbolic link that leads out of the zip file"));
    }
    symlink(target, path).map_err(|error| unwritable(entry, error))
}

/// What the entries so far have made.
#[derive(Default)]
struct Names {
    /// Files and links.
    leaves: HashSet<PathBuf>,
    directories: HashSet<PathBuf>,
}

impl Names {
    /// The path of an entry inside the directory.
    fn check(&mut self, entry: &ZipFile<'_, impl Read>) -> Result<PathBuf, CodeError> {
        let raw = entry.name().map_err(not_a_zip)?;
        // An absolute path would be taken as a relative one.
        let name = entry.enclosed_name().filter(|_| !raw.starts_with(['/', '\\']));
        let Some(name) = name.filter(|name| name.components().next().is_some()) else {
            return Err(refused(entry, "is outside of the zip file"));
        };
        if name.components().count() > DEPTH_MAX {
            return Err(refused(entry, "is too deep"));
        }
        for directory in name.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()) {
            if self.leaves.contains(directory) {
                return Err(refused(entry, "lies in what is no directory"));
            }
            self.directories.insert(directory.to_owned());
        }
        let fresh = if entry.is_dir() {
            self.directories.insert(name.clone());
            !self.leaves.contains(&name)
        } else {
            !self.directories.contains(&name) && self.leaves.insert(name.clone())
        };
        if fresh { Ok(name) } else { Err(refused(entry, "is there twice")) }
    }
}

fn refused(entry: &ZipFile<'_, impl Read>, why: &str) -> CodeError {
    let name = entry.name().map(|name| name.into_owned()).unwrap_or_default();
    CodeError::Invalid(format!("Could not unzip uploaded file. Its entry {name:?} {why}."))
}

fn not_a_zip(error: zip::result::ZipError) -> CodeError {
    CodeError::Invalid(format!(
        "Could not unzip uploaded file. Please check your file, then try to upload again. ({error})"
    ))
}

fn damaged(error: io::Error) -> CodeError {
    CodeError::Invalid(format!("Could not unzip uploaded file. ({error})"))
}

/// A name that the file system does not take is the caller's fault, everything else is the disk's.
fn unwritable(entry: &ZipFile<'_, impl Read>, error: io::Error) -> CodeError {
    match error.kind() {
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => {
            refused(entry, "has a name that cannot be used")
        }
        _ => CodeError::Io(error),
    }
}
