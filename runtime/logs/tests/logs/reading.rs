//! Events come back in order, by group and by stream, in pages.

use durable_logs::{EventsQuery, LogsError, MESSAGE_BYTES_MAX, Pattern, Position, Streams};
use tempfile::TempDir;

use super::support::{NOW, Time, all, messages, name, open, pages, positions};

#[test]
fn an_event_can_be_read_as_soon_as_it_is_put() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    let stream = name("/aws/lambda/f", "s");
    for number in 0..50 {
        logs.put(&stream, format!("line {number}"));
        assert_eq!(messages(&logs, all("/aws/lambda/f")).len(), number + 1);
    }
}

#[test]
fn a_groups_events_are_interleaved_by_time_and_then_by_arrival() {
    let directory = TempDir::new().unwrap();
    let time = Time::at(NOW);
    let logs = open(directory.path(), &time);
    let (a, b) = (name("g", "a"), name("g", "b"));
    logs.put(&a, "1".to_owned());
    logs.put(&b, "2".to_owned());
    logs.put(&a, "3".to_owned());
    time.set(NOW - 1);
    logs.put(&b, "0".to_owned());
    logs.put(&name("other", "a"), "x".to_owned());
    let (events, _) = pages(&logs, all("g"));
    let found: Vec<_> =
        events.iter().map(|e| (e.stream.as_str(), e.message.as_str(), e.at - NOW)).collect();
    assert_eq!(found, [("b", "0", -1), ("a", "1", 0), ("b", "2", 0), ("a", "3", 0)]);
    assert!(positions(&events).is_sorted());
    let of = |streams| messages(&logs, durable_logs::FilterQuery { streams, ..all("g") });
    assert_eq!(of(Streams::Named(vec!["b".to_owned()])), ["0", "2"]);
    assert_eq!(of(Streams::Prefix("a".to_owned())), ["1", "3"]);
    assert_eq!(of(Streams::Prefix("c".to_owned())), [""; 0]);
}

#[test]
fn a_time_range_includes_both_ends() {
    let directory = TempDir::new().unwrap();
    let time = Time::at(NOW);
    let logs = open(directory.path(), &time);
    for at in 0..5 {
        time.set(NOW + at);
        logs.put(&name("g", "s"), at.to_string());
    }
    let mut query = all("g");
    (query.start, query.end) = (NOW + 1, NOW + 3);
    assert_eq!(messages(&logs, query), ["1", "2", "3"]);
}

#[test]
fn pages_give_every_event_once_even_if_most_do_not_match() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    let stream = name("g", "s");
    // Many events of one time: the order of arrival has to tell them apart.
    logs.create_group("g".to_owned()).unwrap();
    logs.create_stream((*stream).clone()).unwrap();
    let every =
        |n: usize| format!("line {n} {}", if n.is_multiple_of(20_000) { "rare" } else { "common" });
    let events = (0..120_001).map(|n| (NOW, every(n))).collect();
    logs.write((*stream).clone(), events).unwrap();
    let mut query = all("g");
    query.limit = 7_000;
    let (events, count) = pages(&logs, query);
    let found: Vec<_> = events.into_iter().map(|event| event.message).collect();
    assert_eq!(found, (0..120_001).map(every).collect::<Vec<_>>());
    assert_eq!(count, 120_001_usize.div_ceil(7_000));
    let mut query = all("g");
    query.pattern = Pattern::parse("rare").unwrap();
    let (events, count) = pages(&logs, query);
    assert_eq!(events.len(), 7);
    // Not everything is looked at for one page.
    assert_eq!(count, 3);
}

#[test]
fn a_page_is_bounded_in_bytes_but_never_stuck() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    for _ in 0..10 {
        logs.put(&name("g", "s"), "x".repeat(MESSAGE_BYTES_MAX));
    }
    let page = logs.filter(&all("g")).unwrap();
    assert_eq!(page.events.len(), 3);
    assert_eq!(pages(&logs, all("g")).0.len(), 10);
}

#[test]
fn a_message_is_cut_between_characters() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    logs.put(&name("g", "s"), format!("x{}", "é".repeat(MESSAGE_BYTES_MAX)));
    let found = messages(&logs, all("g"));
    assert_eq!(found[0], format!("x{}", "é".repeat(MESSAGE_BYTES_MAX / 2 - 1)));
}

#[test]
fn a_stream_is_read_forward_and_backward() {
    let directory = TempDir::new().unwrap();
    let time = Time::at(NOW);
    let logs = open(directory.path(), &time);
    let stream = name("g", "s");
    for at in 0..10 {
        time.set(NOW + at / 2);
        logs.put(&stream, at.to_string());
        logs.put(&name("g", "t"), "other".to_owned());
    }
    let read = |from: Option<Position>, forward| {
        let query = EventsQuery {
            name: (*stream).clone(),
            start: 0,
            end: i64::MAX,
            from,
            forward,
            limit: 4,
        };
        let events = logs.events(&query).unwrap().events;
        let texts: Vec<_> = events.iter().map(|event| event.message.clone()).collect();
        (texts.join(""), positions(&events))
    };
    let (first, at) = read(None, true);
    let (second, at) = (first, read(at.last().copied(), true));
    assert_eq!((second.as_str(), at.0.as_str()), ("0123", "4567"));
    assert_eq!(read(at.1.last().copied(), true).0, "89");
    assert_eq!(read(at.1.first().copied(), false).0, "0123");
    let (last, at) = read(None, false);
    assert_eq!(last, "6789");
    assert_eq!(read(at.last().copied(), true).0, "");
    assert_eq!(read(at.first().copied(), false).0, "2345");
    let range = EventsQuery {
        name: (*stream).clone(),
        start: NOW + 1,
        end: NOW + 3,
        from: None,
        forward: false,
        limit: 10,
    };
    let texts: Vec<_> =
        logs.events(&range).unwrap().events.into_iter().map(|event| event.message).collect();
    // The end is not included, as CloudWatch has it.
    assert_eq!(texts, ["2", "3", "4", "5"]);
}

#[test]
fn a_position_is_a_text_of_56_digits() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    logs.put(&name("g", "s"), "x".to_owned());
    let position = pages(&logs, all("g")).0[0].position;
    let text = position.to_string();
    assert_eq!(text.len(), 56);
    assert_eq!(text.parse(), Ok(position));
    for wrong in
        ["", "1", &text[1..], &format!("-{}", &text[1..]), &"9".repeat(56), &"é".repeat(28)]
    {
        assert_eq!(wrong.parse::<Position>(), Err(()), "{wrong}");
    }
}

#[test]
fn what_is_not_there_cannot_be_read() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    assert_eq!(logs.filter(&all("g")).unwrap_err(), LogsError::NoSuchGroup);
    logs.create_group("g".to_owned()).unwrap();
    let mut query = all("g");
    query.streams = Streams::Named(vec!["s".to_owned()]);
    assert_eq!(logs.filter(&query).unwrap_err(), LogsError::NoSuchStream);
    let write = logs.write((*name("g", "s")).clone(), vec![(NOW, "x".to_owned())]);
    assert_eq!(write, Err(LogsError::NoSuchStream));
    logs.close();
    assert_eq!(logs.filter(&all("g")).unwrap_err(), LogsError::Closed);
}
