//! Goal: an upload writes nowhere but into its own directory, what has a name is complete, and what is used stays.
//!
//! Method: zip files as an attacker would make them; directories changed between two copies.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Cursor, Write};

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::deploy::unpack::unpack_within;

enum Entry<'a> {
    File(&'a str, &'a [u8]),
    Program(&'a str, u32),
    Link(&'a str, &'a str),
}
use Entry::{File as Plain, Link, Program};

fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for entry in entries {
        match entry {
            Plain(name, content) => {
                writer.start_file(*name, options).unwrap();
                writer.write_all(content).unwrap();
            }
            Program(name, mode) => {
                writer.start_file(*name, options.unix_permissions(*mode)).unwrap();
            }
            Link(name, target) => writer.add_symlink(*name, *target, options).unwrap(),
        }
    }
    writer.finish().unwrap().into_inner()
}

fn store() -> (TempDir, CodeStore) {
    let directory = TempDir::new().unwrap();
    let store = CodeStore::open(directory.path()).unwrap();
    (directory, store)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn refusal(result: Result<Code, CodeError>) -> String {
    match result {
        Err(CodeError::Invalid(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_written_outside_and_nothing_is_left_of_a_refused_zip() {
    let (directory, store) = store();
    let deep = "d/".repeat(DEPTH_MAX + 1);
    let long = "x".repeat(300);
    for (entries, why) in [
        (vec![Plain("../evil", b"x")], "is outside of the zip file"),
        (vec![Plain("a/../../evil", b"x")], "is outside of the zip file"),
        (vec![Plain("/tmp/evil", b"x")], "is outside of the zip file"),
        (vec![Plain("a/..", b"x")], "is outside of the zip file"),
        (vec![Link("out", "/etc/passwd")], "leads out of the zip file"),
        (vec![Link("out", "../evil")], "leads out of the zip file"),
        (vec![Link("a/out", "../../evil")], "leads out of the zip file"),
        // Through another link, this one would lead out.
        (vec![Link("a/up", ".."), Link("out", "a/up/../evil")], "leads out of the zip file"),
        (vec![Link("out", "")], "leads out of the zip file"),
        (vec![Link("a", "b"), Plain("a/evil", b"x")], "lies in what is no directory"),
        (vec![Plain("a", b"x"), Plain("a/b", b"x")], "lies in what is no directory"),
        (vec![Plain("a/b", b"x"), Plain("a", b"x")], "is there twice"),
        (vec![Plain("a", b"x"), Plain("./a", b"y")], "is there twice"),
        (vec![Plain("a", b"x"), Link("b/../a", "c")], "is there twice"),
        (vec![Plain(&deep, b"x")], "is too deep"),
        (vec![Plain(&long, b"x")], "has a name that cannot be used"),
        (vec![], "must be a non-empty zip"),
    ] {
        let text = refusal(store.store_zip(&zip(&entries)));
        assert!(text.contains(why), "{why} in {text}");
        assert_eq!(names(&store.root), [""; 0], "{why}");
    }
    for garbage in [b"".as_slice(), b"PK", b"not a zip file"] {
        let text = refusal(store.store_zip(garbage));
        assert!(text.starts_with("Could not unzip uploaded file."), "{text}");
    }
    assert_eq!(names(directory.path()), ["code"]);
}

#[test]
fn a_zip_that_grows_beyond_its_bound_is_refused() {
    let (directory, _store) = store();
    let bomb = zip(&[Plain("a", &[0; 600_000]), Plain("b", &[0; 600_000])]);
    assert!(bomb.len() < 10_000, "{}", bomb.len());
    let target = |name| {
        let target = directory.path().join(name);
        fs::create_dir(&target).unwrap();
        target
    };
    let refused = unpack_within(&bomb, &target("small"), 1_199_999).unwrap_err();
    assert!(refused.to_string().starts_with("Unzipped size must be smaller than"), "{refused}");
    unpack_within(&bomb, &target("large"), 1_200_000).unwrap();
    let names: Vec<String> = (0..=ENTRIES_MAX).map(|number| format!("f{number}")).collect();
    let entries: Vec<_> = names.iter().map(|name| Plain(name, b"")).collect();
    let refused = unpack_within(&zip(&entries), &target("many"), 1).unwrap_err();
    assert!(refused.to_string().contains("100001 entries"), "{refused}");
}

#[test]
fn of_a_mode_only_the_right_to_run_is_taken_over() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, store) = store();
    let code = store
        .store_zip(&zip(&[
            Program("bootstrap", 0o4750),
            Program("secret", 0o600),
            Link("alias", "./bootstrap"),
            Link("lib/up", "../secret"),
        ]))
        .unwrap();
    let directory = store.directory_of(&code);
    let mode = |name| fs::metadata(directory.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("bootstrap"), mode("secret")), (0o755, 0o644));
    assert_eq!((mode("alias"), mode("lib/up")), (0o755, 0o644));
}

#[test]
fn the_same_code_is_kept_once_and_what_is_used_is_kept() {
    let (directory, store) = store();
    let used = store.store_zip(&zip(&[Plain("a", b"1")])).unwrap();
    assert_eq!(store.store_zip(&zip(&[Plain("a", b"1")])).unwrap(), used);
    store.store_zip(&zip(&[Plain("a", b"2")])).unwrap();
    let inline = store.store_file("index.py", "pass").unwrap();
    assert_ne!(inline, store.store_file("main.py", "pass").unwrap());
    // What a crash may have left.
    fs::create_dir(store.root.join("new-1")).unwrap();
    fs::create_dir(store.root.join("old-1")).unwrap();
    assert_eq!(names(&store.root).len(), 6);
    let store = CodeStore::open(directory.path()).unwrap();
    store.retain([&used, &inline].into_iter());
    assert_eq!(names(&store.root).len(), 2);
    assert_eq!(fs::read(store.directory_of(&used).join("a")).unwrap(), b"1");
    assert_eq!(fs::read(store.directory_of(&inline).join("index.py")).unwrap(), b"pass");
}

#[test]
fn a_copy_is_the_directory_as_it_was() {
    let (directory, store) = store();
    let origin = directory.path().join("origin");
    fs::create_dir_all(origin.join("lib")).unwrap();
    fs::write(origin.join("lib/code.py"), "one").unwrap();
    fs::write(directory.path().join("common"), "outside").unwrap();
    std::os::unix::fs::symlink("lib/code.py", origin.join("inside")).unwrap();
    std::os::unix::fs::symlink("../common", origin.join("outside")).unwrap();
    let first = store.store_copy(&origin).unwrap();
    assert_eq!(store.store_copy(&origin).unwrap(), first);
    // What is left by running it does not make it another one.
    fs::create_dir(origin.join("lib/__pycache__")).unwrap();
    fs::write(origin.join("lib/__pycache__/code.pyc"), "x").unwrap();
    assert_eq!(store.store_copy(&origin).unwrap(), first);
    // A link that leads out would change what never changes.
    fs::write(directory.path().join("common"), "changed").unwrap();
    fs::write(origin.join("lib/code.py"), "two").unwrap();
    let copy = store.directory_of(&first);
    assert_eq!(fs::read_to_string(copy.join("outside")).unwrap(), "outside");
    assert_eq!(fs::read_link(copy.join("inside")).unwrap(), Path::new("lib/code.py"));
    assert_eq!(fs::read_to_string(copy.join("inside")).unwrap(), "one");
    let second = store.store_copy(&origin).unwrap();
    assert_ne!(second, first);
    assert_eq!(fs::read_to_string(store.directory_of(&second).join("inside")).unwrap(), "two");
}

#[test]
fn a_directory_that_cannot_be_copied_is_refused_with_the_reason() {
    let (directory, store) = store();
    let missing = refusal(store.store_copy(&directory.path().join("missing")));
    assert!(missing.starts_with("cannot read "), "{missing}");
    let odd = directory.path().join("odd");
    fs::create_dir(&odd).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(odd.join("socket")).unwrap();
    let text = refusal(store.store_copy(&odd));
    assert!(text.ends_with("is neither a file nor a directory"), "{text}");
    // A link to where it is would never end.
    let endless = directory.path().join("endless");
    fs::create_dir(&endless).unwrap();
    std::os::unix::fs::symlink(&endless, endless.join("again")).unwrap();
    let text = refusal(store.store_copy(&endless));
    assert!(text.contains("levels"), "{text}");
    assert_eq!(names(&store.root), [""; 0]);
}
