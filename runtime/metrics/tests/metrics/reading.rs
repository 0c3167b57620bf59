//! What is asked for, and nothing else.

use durable_metrics::{
    DimensionFilter, ListQuery, MINUTE_MS, MetricId, PointsQuery, SeriesId, Summary,
};

use crate::support::{NOW, Store, metric, query, series};

#[test]
fn a_read_sees_what_was_recorded_before_it() {
    let store = Store::open();
    store.record("m", NOW, &[1.0, 2.0]);
    assert_eq!(store.points("m")[0].summary.sum(), 3.0);
    store.record("m", NOW, &[4.0]);
    let points = store.points("m");
    assert_eq!((points.len(), points[0].minute), (1, NOW));
    assert_eq!((points[0].summary.count(), points[0].summary.sum()), (3.0, 7.0));
}

#[test]
fn minutes_are_merged_into_spans_counted_from_the_start() {
    let store = Store::open();
    for minute in 0..7 {
        store.record("m", NOW + minute, &[1.0]);
    }
    let points = store.ask(PointsQuery { start: NOW + 1, end: NOW + 6, span: 3, ..query("m") });
    let counts: Vec<_> = points.iter().map(|it| (it.minute - NOW, it.summary.count())).collect();
    assert_eq!(counts, [(1, 3.0), (4, 2.0)]);
}

#[test]
fn one_meter_feeds_several_series() {
    let store = Store::open();
    let meter = store.metrics.meter(vec![series("a"), series("b")]);
    meter.record(NOW * MINUTE_MS, 5.0);
    for name in ["a", "b"] {
        assert_eq!(store.points(name)[0].summary.sum(), 5.0, "{name}");
    }
}

#[test]
fn values_in_different_units_are_kept_apart() {
    let store = Store::open();
    let in_unit = |unit: &str| SeriesId { metric: metric("m"), unit: unit.to_owned() };
    let mut one = Summary::default();
    one.record(1.0);
    let data = vec![(in_unit("Count"), NOW, one.clone()), (in_unit("Bytes"), NOW, one)];
    store.metrics.put(data).unwrap();
    let all = store.metrics.points(&[query("m")]).unwrap().remove(0);
    let units: Vec<_> = all.iter().map(|series| series.unit.as_str()).collect();
    assert_eq!(units, ["Bytes", "Count"]);
    let bytes = PointsQuery { unit: Some("Bytes".to_owned()), ..query("m") };
    assert_eq!(store.ask(bytes).len(), 1);
    assert_eq!(
        store.metrics.list(&ListQuery { limit: 10, ..Default::default() }).unwrap().len(),
        1
    );
}

#[test]
fn what_is_no_number_is_dropped_and_counted() {
    let store = Store::open();
    store.record("m", NOW, &[f64::NAN, 1.0, f64::INFINITY]);
    assert_eq!(store.points("m")[0].summary.count(), 1.0);
    assert_eq!(store.metrics.dropped(), 2);
}

#[test]
fn metrics_are_listed_in_pages_by_namespace_name_and_dimensions() {
    let store = Store::open();
    let dimension = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut one = Summary::default();
    one.record(1.0);
    let mut all = Vec::new();
    for namespace in ["A", "B"] {
        for name in ["x", "y"] {
            all.push(MetricId::new(namespace, name, vec![]));
            let pair = vec![dimension("Size", "L"), dimension("Kind", name)];
            all.push(MetricId::new(namespace, name, pair));
        }
    }
    let data = all.iter().map(|metric| {
        let minute = if metric.namespace == "A" { NOW - 500 } else { NOW };
        (SeriesId { metric: metric.clone(), unit: "None".to_owned() }, minute, one.clone())
    });
    store.metrics.put(data.collect()).unwrap();
    all.sort_by_key(|metric| (metric.namespace.clone(), metric.name.clone()));

    let mut paged = Vec::new();
    while paged.len() < all.len() {
        let after = paged.last().cloned();
        let query = ListQuery { after, limit: 3, ..Default::default() };
        let page = store.metrics.list(&query).unwrap();
        assert_eq!(page.len(), 3.min(all.len() - paged.len()));
        paged.extend(page);
    }
    let mut sorted = paged.clone();
    sorted.sort_by_key(|metric| (metric.namespace.clone(), metric.name.clone()));
    assert_eq!(sorted, paged);
    assert!(all.iter().all(|metric| paged.contains(metric)));

    let count =
        |query: ListQuery| store.metrics.list(&ListQuery { limit: 100, ..query }).unwrap().len();
    let filter = |name: &str, value: Option<&str>| DimensionFilter {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(count(ListQuery { namespace: text("A"), ..Default::default() }), 4);
    assert_eq!(count(ListQuery { name: text("x"), ..Default::default() }), 4);
    assert_eq!(
        count(ListQuery { dimensions: vec![filter("Size", None)], ..Default::default() }),
        4
    );
    let both = vec![filter("Size", Some("L")), filter("Kind", Some("y"))];
    assert_eq!(count(ListQuery { dimensions: both, ..Default::default() }), 2);
    assert_eq!(count(ListQuery { dimensions: vec![filter("L", None)], ..Default::default() }), 0);
    assert_eq!(count(ListQuery { active_from: NOW - 10, ..Default::default() }), 4);
}
