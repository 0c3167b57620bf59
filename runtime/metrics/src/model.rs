//! What a series is; what is asked and answered.

use crate::summary::Summary;

/// Minutes since the epoch.
pub type Minute = i64;

/// A minute in milliseconds.
pub const MINUTE_MS: i64 = 60_000;

/// A metric: what is measured, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId {
    /// Such as `AWS/Lambda`.
    pub namespace: String,
    /// Such as `Invocations`.
    pub name: String,
    /// Names and values, ordered by name. The same metric with other dimensions is another one.
    pub dimensions: Vec<(String, String)>,
}

impl MetricId {
    /// A metric with dimensions in any order.
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        mut dimensions: Vec<(String, String)>,
    ) -> Self {
        dimensions.sort();
        Self { namespace: namespace.into(), name: name.into(), dimensions }
    }
}

/// A metric in one unit. Values in different units are never added.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeriesId {
    /// What is measured.
    pub metric: MetricId,
    /// Such as `Milliseconds`.
    pub unit: String,
}

/// What is known of a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Where the span begins.
    pub minute: Minute,
    /// Of all its values.
    pub summary: Summary,
}

/// Which points are asked for.
#[derive(Clone, Debug)]
pub struct PointsQuery {
    /// Of which metric, exactly.
    pub metric: MetricId,
    /// In one unit, or in each there is.
    pub unit: Option<String>,
    /// The first minute. Spans are counted from here.
    pub start: Minute,
    /// The minute behind the last one.
    pub end: Minute,
    /// The length of a span in minutes.
    pub span: i64,
    /// Whether percentiles are wanted, which cost more to read.
    pub percentiles: bool,
}

/// The points of one unit, in order, without those that have no values.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesPoints {
    /// The unit.
    pub unit: String,
    /// The spans that have values.
    pub points: Vec<Point>,
}

/// What a dimension has to be.
#[derive(Clone, Debug)]
pub struct DimensionFilter {
    /// A metric without it is left out.
    pub name: String,
    /// Any if missing.
    pub value: Option<String>,
}

/// Which metrics are asked for.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Of this namespace.
    pub namespace: Option<String>,
    /// Of this name.
    pub name: Option<String>,
    /// With all of these dimensions, and maybe more.
    pub dimensions: Vec<DimensionFilter>,
    /// With values in or after this minute.
    pub active_from: Minute,
    /// Behind this one, which was the last of the page before.
    pub after: Option<MetricId>,
    /// The size of the page.
    pub limit: usize,
}
