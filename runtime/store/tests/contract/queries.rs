//! Goal: pages, timers and the look-ups of a restart give exactly the rows that they promise, in the promised order.
//!
//! Method: a handful of executions with chosen times; every filter and every page size over them.

use durable_core::ExecutionStatus;
use durable_store::{IndexChange, ListFilter, ListPosition, Store, Write};
use tempfile::TempDir;

use crate::support::{append, closing, new, new_of, start};

fn wake(at: Option<i64>) -> IndexChange {
    IndexChange { next_wake: Some(at), ..IndexChange::default() }
}

fn filter() -> ListFilter {
    ListFilter {
        function: "f".to_owned(),
        versions: Vec::new(),
        name: None,
        statuses: Vec::new(),
        started_after: None,
        started_before: None,
        oldest_first: false,
        after: None,
        limit: 100,
    }
}

/// a and b start together, c and d later; b has succeeded, d has failed. One more belongs to another function.
async fn five(directory: &TempDir) -> Store {
    let store = Store::open(directory.path()).unwrap();
    for (name, started) in [("a", 100), ("b", 100), ("c", 200), ("d", 300)] {
        let key = start(&store, new(name, started)).await;
        let status = match name {
            "b" => ExecutionStatus::Succeeded,
            "d" => ExecutionStatus::Failed,
            _ => continue,
        };
        store.write(append(key, 1, closing(status, started + 50, 1))).await.unwrap();
    }
    start(&store, new_of("g", "e", 100)).await;
    store
}

async fn names(store: &Store, filter: ListFilter) -> String {
    store.list(filter).await.unwrap().into_iter().map(|row| row.name).collect()
}

#[tokio::test]
async fn a_list_is_ordered_by_start_and_then_by_key() {
    let directory = TempDir::new().unwrap();
    let store = five(&directory).await;
    assert_eq!(names(&store, filter()).await, "dcba");
    assert_eq!(names(&store, ListFilter { oldest_first: true, ..filter() }).await, "abcd");
    assert_eq!(names(&store, ListFilter { function: "h".to_owned(), ..filter() }).await, "");
}

#[tokio::test]
async fn every_filter_takes_away_what_does_not_fit() {
    let directory = TempDir::new().unwrap();
    let store = five(&directory).await;
    let name = Some("c".to_owned());
    assert_eq!(names(&store, ListFilter { name, ..filter() }).await, "c");
    for (statuses, expected) in [
        (vec![ExecutionStatus::Running], "ca"),
        (vec![ExecutionStatus::Succeeded], "b"),
        (vec![ExecutionStatus::Succeeded, ExecutionStatus::Failed], "db"),
        (vec![ExecutionStatus::TimedOut], ""),
    ] {
        assert_eq!(names(&store, ListFilter { statuses, ..filter() }).await, expected);
    }
    // Both bounds are exclusive.
    let after = ListFilter { started_after: Some(100), ..filter() };
    assert_eq!(names(&store, after.clone()).await, "dc");
    assert_eq!(names(&store, ListFilter { started_before: Some(300), ..after }).await, "c");
    let of = |versions: &[&str]| ListFilter {
        versions: versions.iter().map(|version| (*version).to_owned()).collect(),
        ..filter()
    };
    assert_eq!(names(&store, of(&["$LATEST"])).await, "dcba");
    assert_eq!(names(&store, of(&["1", "$LATEST"])).await, "dcba");
    assert_eq!(names(&store, of(&["1"])).await, "");
    assert_eq!(names(&store, of(&["1", "2"])).await, "");
}

#[tokio::test]
async fn pages_of_any_size_are_the_whole_list() {
    let directory = TempDir::new().unwrap();
    let store = five(&directory).await;
    for (oldest_first, expected) in [(false, "dcba"), (true, "abcd")] {
        for limit in 1..=5 {
            let (mut listed, mut after) = (String::new(), None);
            loop {
                let page = ListFilter { oldest_first, limit, after, ..filter() };
                let rows = store.list(page).await.unwrap();
                let Some(last) = rows.last() else { break };
                after = Some(ListPosition { started: last.started, key: last.key });
                listed.extend(rows.into_iter().map(|row| row.name));
            }
            assert_eq!(listed, expected, "{limit} at once");
        }
    }
}

#[tokio::test]
async fn a_journal_is_read_from_anywhere_in_both_directions() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1)).await;
    let other = start(&store, new("two", 1)).await;
    for seq in 1..6 {
        store.write(append(key, seq, IndexChange::default())).await.unwrap();
        store.write(append(other, seq, IndexChange::default())).await.unwrap();
    }
    let page = async |from, descending, limit| {
        let rows = store.journal_page(key, from, descending, limit).await.unwrap();
        assert!(rows.iter().all(|row| row.key == key && row.first_event == row.seq + 1));
        rows.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    assert_eq!(page(0, false, 3).await, [0, 1, 2]);
    assert_eq!(page(4, false, 3).await, [4, 5]);
    assert_eq!(page(6, false, 3).await, [0; 0]);
    assert_eq!(page(u64::MAX, true, 2).await, [5, 4]);
    assert_eq!(page(1, true, 9).await, [1, 0]);
    assert_eq!(page(0, true, 9).await, [0]);
}

#[tokio::test]
async fn what_is_due_comes_earliest_first_and_the_next_wake_is_the_earliest() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.next_wake().await.unwrap(), None);
    for (name, at) in [("a", Some(30)), ("b", Some(10)), ("c", Some(20)), ("d", None)] {
        let key = start(&store, new(name, 1)).await;
        store.write(Write::Index { key, index: wake(at) }).await.unwrap();
    }
    let due = async |now, limit| {
        let rows = store.due(now, limit).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<String>()
    };
    assert_eq!(store.next_wake().await.unwrap(), Some(10));
    assert_eq!(due(9, 10).await, "");
    assert_eq!(due(20, 10).await, "bc");
    assert_eq!(due(100, 10).await, "bca");
    assert_eq!(due(100, 2).await, "bc");
    // A member that a change leaves out stays as it is.
    let first = store.execution("id-b").await.unwrap().unwrap().key;
    let index = IndexChange { active: Some(false), ..IndexChange::default() };
    store.write(Write::Index { key: first, index }).await.unwrap();
    assert_eq!(store.next_wake().await.unwrap(), Some(10));
    store.write(append(first, 1, closing(ExecutionStatus::TimedOut, 40, 1))).await.unwrap();
    assert_eq!(store.next_wake().await.unwrap(), Some(20));
}

#[tokio::test]
async fn a_restart_finds_what_is_active_in_pages() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let mut keys = Vec::new();
    for number in 0..5 {
        keys.push(start(&store, new(&format!("n{number}"), 1)).await);
    }
    let asleep = IndexChange { active: Some(false), ..IndexChange::default() };
    store.write(Write::Index { key: keys[1], index: asleep }).await.unwrap();
    store.write(append(keys[3], 1, closing(ExecutionStatus::Failed, 9, 1))).await.unwrap();
    let active = async |after, limit| {
        let rows = store.active(after, limit).await.unwrap();
        rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    assert_eq!(active(0, 10).await, [keys[0], keys[2], keys[4]]);
    assert_eq!(active(0, 2).await, [keys[0], keys[2]]);
    assert_eq!(active(keys[2], 2).await, [keys[4]]);
    assert_eq!(store.open_count().await.unwrap(), 4);
    let awake = IndexChange { active: Some(true), ..IndexChange::default() };
    store.write(Write::Index { key: keys[1], index: awake }).await.unwrap();
    assert_eq!(active(0, 10).await.len(), 4);
}

#[tokio::test]
async fn only_closed_executions_expire_and_the_oldest_do_first() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let mut keys = Vec::new();
    for (name, ended) in [("a", 300), ("b", 100), ("c", 200)] {
        let key = start(&store, new(name, 1)).await;
        store.write(append(key, 1, closing(ExecutionStatus::Succeeded, ended, 1))).await.unwrap();
        keys.push(key);
    }
    start(&store, new("open", 1)).await;
    // They are kept for a second.
    assert_eq!(store.expired(1_099, 10).await.unwrap(), [0; 0]);
    assert_eq!(store.expired(1_200, 10).await.unwrap(), [keys[1], keys[2]]);
    assert_eq!(store.expired(i64::MAX, 2).await.unwrap(), [keys[1], keys[2]]);
    assert_eq!(store.expired(i64::MAX, 10).await.unwrap().len(), 3);
}
