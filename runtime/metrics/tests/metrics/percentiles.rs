//! Percentiles against the sorted values themselves.

use durable_metrics::Summary;
use proptest::prelude::*;

use crate::support::{NOW, Store, query};

const PERCENTS: [f64; 7] = [0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0];

fn nearest_rank(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

fn check(values: &[f64], summary: &Summary) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    for percent in PERCENTS {
        let exact = nearest_rank(&sorted, percent);
        let told = summary.percentile(percent).unwrap();
        assert!((told - exact).abs() <= exact * 0.004, "p{percent}: {told} for {exact}");
    }
    let sum: f64 = values.iter().sum();
    assert_eq!(summary.count(), values.len() as f64);
    assert!((summary.sum() - sum).abs() <= sum * 1e-9);
    assert_eq!((summary.min(), summary.max()), (sorted[0], sorted[sorted.len() - 1]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_percentile_is_within_half_a_percent_of_the_value_at_its_rank(
        values in prop::collection::vec(0.0..1e7_f64, 1..400),
        cuts in prop::collection::vec(0..400_usize, 0..4),
    ) {
        let mut summary = Summary::default();
        let mut parts = vec![Summary::default(); 5];
        for (place, value) in values.iter().enumerate() {
            summary.record(*value);
            parts[cuts.iter().filter(|cut| **cut < place).count()].record(*value);
        }
        check(&values, &summary);
        let mut merged = Summary::default();
        parts.iter().for_each(|part| merged.merge(part));
        check(&values, &merged);
    }
}

#[test]
fn percentiles_of_several_minutes_are_those_of_all_their_values() {
    let store = Store::open();
    let first: Vec<f64> = (1..=500).map(f64::from).collect();
    let second: Vec<f64> = (501..=1000).map(f64::from).collect();
    store.record("m", NOW, &first);
    store.record("m", NOW + 1, &second);
    let points = store.ask(durable_metrics::PointsQuery { span: 5, ..query("m") });
    assert_eq!(points.len(), 1);
    check(&[first, second].concat(), &points[0].summary);
}

#[test]
fn small_integers_are_exact() {
    let mut summary = Summary::default();
    (0..=255).for_each(|value| summary.record(f64::from(value)));
    for percent in 1..=100 {
        let exact = f64::from((percent * 256 + 99) / 100 - 1);
        assert_eq!(summary.percentile(f64::from(percent)), Some(exact), "p{percent}");
    }
}

#[test]
fn there_are_no_percentiles_of_negative_values_or_of_what_was_counted_elsewhere() {
    let mut negative = Summary::default();
    negative.record(3.0);
    negative.record(-1.0);
    assert_eq!(negative.percentile(50.0), None);
    assert_eq!((negative.min(), negative.average()), (-1.0, 1.0));

    let counted = Summary::counted(10.0, 50.0, 1.0, 9.0);
    assert_eq!(counted.percentile(50.0), None);
    let mut merged = Summary::default();
    merged.record(1.0);
    merged.merge(&counted);
    assert_eq!((merged.percentile(50.0), merged.count()), (None, 11.0));

    assert_eq!(Summary::counted(3.0, 12.0, 4.0, 4.0).percentile(99.0), Some(4.0));
}
