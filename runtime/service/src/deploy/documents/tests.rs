//! Goal: what was deployed once can be read for ever.
//!
//! Method: `tests/golden/deployments.jsonl` holds the documents of a function with everything, as they are written today.
//! They must be read back and written so. If this test fails, the format has changed: members may be added with a default,
//! never renamed or removed. A line that is written differently for that reason is replaced, and its old form is moved to
//! `members_that_may_be_missing_have_a_default`, because data directories hold it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::{Value, json};

use super::*;
use crate::functions::LATEST;

const GOLDEN: &str = include_str!("../../../tests/golden/deployments.jsonl");

/// A line: the item's name, a space, and its document.
fn golden() -> Vec<DeployedItem> {
    let lines = GOLDEN.lines().map(|line| line.split_once(' ').unwrap());
    let items = lines.map(|(item, body)| DeployedItem {
        function: "orders".to_owned(),
        item: item.to_owned(),
        body: body.as_bytes().to_vec(),
    });
    items.collect()
}

fn stored(items: &[(&str, Value)]) -> Result<Vec<FunctionDocuments>, String> {
    let items = items.iter().map(|(item, body)| DeployedItem {
        function: "orders".to_owned(),
        item: (*item).to_owned(),
        body: body.to_string().into_bytes(),
    });
    read(items.collect())
}

fn config() -> Value {
    json!({ "FunctionName": "orders", "Runtime": "python3.13", "Timeout": 3, "MemorySize": 128 })
}

#[test]
fn documents_are_read_and_written_as_they_always_were() {
    let function = read(golden()).unwrap().remove(0);
    let mut written = vec![(HEAD.to_owned(), encode(&function.head))];
    for version in &function.versions {
        written.push((format!("{VERSION}{}", version.number), encode(version)));
    }
    for (name, alias) in &function.aliases {
        written.push((format!("{ALIAS}{name}"), encode(alias)));
    }
    let read: Vec<_> = golden().into_iter().map(|item| (item.item, item.body)).collect();
    let text = |items: &[(String, Vec<u8>)]| -> Vec<String> {
        let lines =
            items.iter().map(|(item, body)| format!("{item} {}", String::from_utf8_lossy(body)));
        lines.collect()
    };
    assert_eq!(text(&written), text(&read));
}

#[test]
fn members_that_may_be_missing_have_a_default() {
    let code = json!({ "InPlace": { "path": "/srv/orders" } });
    let version = json!({ "number": "$LATEST", "config": config(), "code": code, "modified": "m", "revision": "r" });
    let alias = json!({ "name": "live", "version": "1", "revision": "r" });
    let head = json!({ "origin": { "Stack": "shop" }, "next_version": 1 });
    let items = [(HEAD, head), ("version:$LATEST", version), ("alias:live", alias)];
    let function = stored(&items).unwrap().remove(0);
    assert!(!function.head.deleting);
    assert_eq!((function.head.tags.len(), function.head.reserved_concurrency), (0, None));
    let version = &function.versions[0];
    assert_eq!(version.number, LATEST);
    assert_eq!(version.config.logging_config.log_format, "Text");
    assert_eq!(version.config.tracing_config.mode, "PassThrough");
    assert_eq!(version.config.ephemeral_storage.size, 512);
    assert_eq!((&version.config.durable_config, &version.config.max_concurrency), (&None, &None));
    assert!(function.aliases["live"].weights.is_empty());
}

#[test]
fn what_is_damaged_is_named() {
    let error = |items: &[(&str, Value)]| stored(items).err().unwrap();
    let text = error(&[("version:1", json!({ "number": "1" }))]);
    assert!(
        text.starts_with("what is stored of the function orders, version:1, is damaged: "),
        "{text}"
    );
    let head = json!({ "origin": "Api", "next_version": 1 });
    assert_eq!(
        error(&[("alias:live", json!({ "name": "live", "version": "1", "revision": "r" }))]),
        "the deployed function orders has no head"
    );
    // A later version may have added an item that this one does not know.
    assert_eq!(stored(&[(HEAD, head), ("policy", json!({}))]).unwrap().len(), 1);
}
