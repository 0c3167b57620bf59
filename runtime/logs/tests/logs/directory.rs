//! Groups and streams: created, listed in pages, deleted.

use std::collections::HashSet;

use durable_logs::{GroupsQuery, Logs, LogsError, StreamOrder, StreamsQuery};
use tempfile::TempDir;

use super::support::{NOW, Time, all, eventually, messages, name, open};

fn groups(logs: &Logs, prefix: &str, containing: &str, limit: usize) -> Vec<Vec<String>> {
    let mut query = GroupsQuery {
        prefix: prefix.to_owned(),
        containing: containing.to_owned(),
        after: String::new(),
        limit,
    };
    let mut pages = Vec::new();
    loop {
        let page: Vec<_> = logs.groups(&query).unwrap().into_iter().map(|it| it.name).collect();
        match page.last() {
            Some(last) => query.after = last.clone(),
            None => return pages,
        }
        pages.push(page);
    }
}

fn streams(logs: &Logs, prefix: &str, by_time: bool, descending: bool) -> String {
    let order = if by_time {
        StreamOrder::LastEvent { after: None }
    } else {
        StreamOrder::Name { after: None }
    };
    let mut query = StreamsQuery {
        group: "g".to_owned(),
        prefix: prefix.to_owned(),
        order,
        descending,
        limit: 2,
    };
    let mut names = String::new();
    loop {
        let page = logs.streams(&query).unwrap();
        let Some(last) = page.last() else { return names };
        query.order = if by_time {
            let time = last.span.map_or(0, |span| span.last);
            StreamOrder::LastEvent { after: Some((time, last.name.clone())) }
        } else {
            StreamOrder::Name { after: Some(last.name.clone()) }
        };
        names.extend(page.into_iter().map(|stream| stream.name));
    }
}

#[test]
fn groups_are_listed_by_name() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    for group in ["/b", "/a/Two", "/a/one", "/a_x"] {
        logs.put(&name(group, "s"), "12345".to_owned());
    }
    assert_eq!(groups(&logs, "", "", 3), [vec!["/a/Two", "/a/one", "/a_x"], vec!["/b"]]);
    assert_eq!(groups(&logs, "/a/", "", 9), [["/a/Two", "/a/one"]]);
    assert_eq!(groups(&logs, "", "two", 9), [["/a/Two"]]);
    let query = GroupsQuery { prefix: "/b".to_owned(), limit: 1, ..GroupsQuery::default() };
    let group = logs.groups(&query).unwrap().remove(0);
    assert_eq!((group.created, group.retention_days, group.bytes), (NOW, None, 31));
    logs.set_retention("/b".to_owned(), Some(3)).unwrap();
    assert_eq!(logs.groups(&query).unwrap()[0].retention_days, Some(3));
}

#[test]
fn streams_are_listed_by_name_or_by_their_last_event() {
    let directory = TempDir::new().unwrap();
    let time = Time::at(NOW);
    let logs = open(directory.path(), &time);
    for (at, stream) in ["c", "a", "e", "b", "c"].into_iter().enumerate() {
        time.set(NOW + at as i64);
        logs.put(&name("g", stream), "x".to_owned());
    }
    logs.create_stream((*name("g", "d")).clone()).unwrap();
    assert_eq!(streams(&logs, "", false, false), "abcde");
    assert_eq!(streams(&logs, "", false, true), "edcba");
    assert_eq!(streams(&logs, "", true, true), "cbead");
    assert_eq!(streams(&logs, "", true, false), "daebc");
    assert_eq!(streams(&logs, "c", false, false), "c");
    let query = StreamsQuery {
        group: "g".to_owned(),
        prefix: "c".to_owned(),
        order: StreamOrder::Name { after: None },
        descending: false,
        limit: 1,
    };
    let span = logs.streams(&query).unwrap()[0].span.unwrap();
    assert_eq!((span.first, span.last, span.ingested), (NOW, NOW + 4, NOW + 4));
}

#[test]
fn a_group_or_stream_is_created_once() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    let stream = (*name("g", "s")).clone();
    assert_eq!(logs.create_stream(stream.clone()), Err(LogsError::NoSuchGroup));
    logs.create_group("g".to_owned()).unwrap();
    assert_eq!(logs.create_group("g".to_owned()), Err(LogsError::GroupExists));
    logs.create_stream(stream.clone()).unwrap();
    assert_eq!(logs.create_stream(stream), Err(LogsError::StreamExists));
    assert_eq!(logs.set_retention("h".to_owned(), None), Err(LogsError::NoSuchGroup));
}

#[test]
fn what_is_deleted_is_gone_and_its_name_is_free() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    let (kept, deleted) = (name("g", "kept"), name("g", "deleted"));
    for number in 0..5_000 {
        logs.put(&deleted, format!("old {number}"));
    }
    logs.put(&kept, "kept".to_owned());
    logs.delete_stream((*deleted).clone()).unwrap();
    assert_eq!(logs.delete_stream((*deleted).clone()), Err(LogsError::NoSuchStream));
    assert_eq!(messages(&logs, all("g")), ["kept"]);
    logs.put(&deleted, "new".to_owned());
    assert_eq!(messages(&logs, all("g")), ["kept", "new"]);
    logs.delete_group("g".to_owned()).unwrap();
    assert_eq!(logs.delete_group("g".to_owned()), Err(LogsError::NoSuchGroup));
    assert_eq!(logs.filter(&all("g")).unwrap_err(), LogsError::NoSuchGroup);
    logs.put(&kept, "again".to_owned());
    assert_eq!(messages(&logs, all("g")), ["again"]);
    // The events go bit by bit; the next opening looks at once.
    logs.close();
    let logs = open(directory.path(), &Time::at(NOW));
    let file = rusqlite::Connection::open(directory.path().join("logs.db")).unwrap();
    let left: HashSet<String> = eventually("deleted events leave the file", || {
        let mut statement = file.prepare("SELECT message FROM events LIMIT 10").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        let left: HashSet<String> = rows.map(Result::unwrap).collect();
        (left.len() == 1).then_some(left)
    });
    assert!(left.contains("again"));
    assert_eq!(messages(&logs, all("g")), ["again"]);
}
