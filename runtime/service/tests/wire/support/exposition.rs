//! A strict reader of what Prometheus is told: whatever either format forbids is a failed test.

use std::collections::{BTreeMap, BTreeSet};

/// The labels of a sample.
pub type Labels = BTreeMap<String, String>;

/// Metrics by their names.
pub struct Exposition {
    families: BTreeMap<String, Family>,
}

/// A metric with all its samples.
#[derive(Default)]
pub struct Family {
    pub kind: String,
    /// The sample's name, its labels, its value.
    pub samples: Vec<(String, Labels, f64)>,
}

impl Exposition {
    /// Reads an answer in text format 0.0.4.
    #[track_caller]
    pub fn plain(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        assert!(!text.contains("# EOF") && !text.contains("# UNIT"), "that is OpenMetrics");
        let read = Self::read(text.lines());
        for (name, family) in &read.families {
            if family.kind == "counter" {
                assert!(name.ends_with("_total"), "{name}");
            }
            family.check(name, name);
        }
        read
    }

    /// Reads an answer in OpenMetrics 1.0, under the names that the other format has.
    #[track_caller]
    pub fn open_metrics(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("the end is missing");
        assert!(!body.contains("# EOF"), "something comes after the end");
        let mut read = Self::read(body.lines());
        let families = std::mem::take(&mut read.families);
        for (name, family) in families {
            let sample =
                if family.kind == "counter" { format!("{name}_total") } else { name.clone() };
            assert!(!name.ends_with("_total"), "{name}");
            family.check(&name, &sample);
            read.families.insert(sample, family);
        }
        read
    }

    fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let mut current = String::new();
        let mut helped: Option<String> = None;
        for line in lines {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("HELP has no text");
                assert!(!help.trim().is_empty(), "{line}");
                helped = Some(name.to_owned());
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("TYPE has no type");
                assert_eq!(helped.take().as_deref(), Some(name), "TYPE without HELP");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                current = name.to_owned();
                let family = Family { kind: kind.to_owned(), ..Family::default() };
                assert!(families.insert(current.clone(), family).is_none(), "twice: {line}");
            } else {
                assert!(helped.is_none(), "HELP without TYPE before {line}");
                let sample = sample(line);
                families.get_mut(&current).expect("a sample of nothing").samples.push(sample);
            }
        }
        Self { families }
    }

    /// The metric with this name.
    #[track_caller]
    pub fn family(&self, name: &str) -> &Family {
        self.families.get(name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// The names of all metrics.
    pub fn names(&self) -> BTreeSet<&str> {
        self.families.keys().map(String::as_str).collect()
    }

    /// All metrics.
    pub fn families(&self) -> impl Iterator<Item = (&str, &Family)> {
        self.families.iter().map(|(name, family)| (name.as_str(), family))
    }

    /// The value of a sample: its name, and each of these labels; others do not count.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let base =
            ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        let family = base.filter(|base| self.families.contains_key(*base)).unwrap_or(name);
        let has = |found: &Labels| {
            labels.iter().all(|(key, value)| found.get(*key).is_some_and(|it| it == value))
        };
        let found: Vec<f64> = self
            .family(family)
            .samples
            .iter()
            .filter(|(sample, found, _)| sample == name && has(found))
            .map(|(_, _, value)| *value)
            .collect();
        assert_eq!(found.len(), 1, "{name} {labels:?}: {found:?}");
        found[0]
    }
}

impl Family {
    /// The values that a label has.
    pub fn values_of(&self, label: &str) -> BTreeSet<&str> {
        self.samples
            .iter()
            .filter_map(|(_, labels, _)| labels.get(label))
            .map(String::as_str)
            .collect()
    }

    fn check(&self, name: &str, sample: &str) {
        let mut seen = BTreeSet::new();
        for (found, labels, value) in &self.samples {
            assert!(seen.insert((found, labels)), "twice: {found} {labels:?}");
            if self.kind == "histogram" {
                let suffix = found.strip_prefix(name).unwrap_or_default();
                assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{found} in {name}");
                assert_eq!(labels.contains_key("le"), suffix == "_bucket", "{found} {labels:?}");
            } else {
                assert_eq!(found, sample);
            }
            assert!(self.kind == "gauge" || *value >= 0.0, "{found} {value}");
            assert!(!value.is_nan(), "{found}");
        }
        if self.kind == "histogram" {
            self.check_histogram(name);
        }
    }

    /// Buckets in order, each with everything in the ones before it, and the last with all there is.
    fn check_histogram(&self, name: &str) {
        let mut of_labels: BTreeMap<Labels, Histogram> = BTreeMap::new();
        for (found, labels, value) in &self.samples {
            let mut rest = labels.clone();
            let le = rest.remove("le");
            let histogram = of_labels.entry(rest).or_default();
            match (le, found.ends_with("_count")) {
                (Some(le), _) => histogram.buckets.push((number(&le), *value)),
                (None, true) => histogram.count = Some(*value),
                (None, false) => histogram.sum = true,
            }
        }
        for (labels, Histogram { buckets, count, sum }) in of_labels {
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {labels:?}");
            assert_eq!(buckets.last().map(|last| last.0), Some(f64::INFINITY), "{name} {labels:?}");
            assert_eq!(buckets.last().map(|last| last.1), count, "{name} {labels:?}");
            assert!(sum, "{name} {labels:?} has no sum");
        }
    }
}

/// What stands under one set of labels.
#[derive(Default)]
struct Histogram {
    /// Up to which value, and how many.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    /// Whether it is there.
    sum: bool,
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        text => text.parse().unwrap_or_else(|_| panic!("{text} is no number")),
    }
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// `name{label="value",...} number`
fn sample(line: &str) -> (String, Labels, f64) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no sample: {line}"));
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = Labels::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(label), "{line}");
            let (value, after) = quoted(after).unwrap_or_else(|| panic!("{line}"));
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = after.strip_prefix(',').unwrap_or(after);
            assert!(after.starts_with([',', '}']), "{line}");
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
    (name.to_owned(), labels, number(value))
}

/// What stands up to the closing quote, and what comes after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next()?.1 {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            }),
            char => value.push(char),
        }
    }
}
