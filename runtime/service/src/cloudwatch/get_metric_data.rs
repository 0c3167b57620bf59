//! GetMetricData.

use durable_metrics::{MINUTE_MS, PointsQuery, SeriesPoints};

use super::Call;
use super::input::Input;
use super::refusal::Refusal;
use super::shape::Shape;
use super::statistic::Statistic;

/// Queries of one request, as on AWS.
const QUERIES_MAX: usize = 500;
/// Datapoints of one page, as on AWS.
const DATAPOINTS_MAX: usize = 100_800;
/// Datapoints that one request may ask for, over all its pages: 500 metrics over a day.
const ASKED_MAX: i64 = 720_000;

/// One query that asks for a metric.
struct Asked {
    id: String,
    label: String,
    statistic: Statistic,
    wanted: bool,
    points: PointsQuery,
}

/// What a query has given: times and values, in the order that was asked for.
struct Found<'a> {
    asked: &'a Asked,
    points: Vec<(i64, f64)>,
}

pub(super) fn run(call: &Call<'_>, input: &Input<'_>) -> Result<Shape, Refusal> {
    let (start, end) = (input.required_time("StartTime")?, input.required_time("EndTime")?);
    if start >= end {
        return Err(Refusal::validation(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let start = start.div_euclid(MINUTE_MS).max(call.store.kept_from());
    let end = end.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS);
    let asked = queries(input, start, end)?;
    let descending = match input.text("ScanBy")? {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(_) => {
            return Err(Refusal::not_one_of(
                "ScanBy",
                &["TimestampDescending", "TimestampAscending"],
            ));
        }
    };
    let max = match input.number("MaxDatapoints")? {
        None => DATAPOINTS_MAX,
        Some(max) if max >= 1.0 && max <= DATAPOINTS_MAX as f64 => max as usize,
        Some(_) => {
            return Err(Refusal::validation(format!(
                "The value for parameter MaxDatapoints must be between 1 and {DATAPOINTS_MAX}."
            )));
        }
    };
    let begin = match input.text("NextToken")?.filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => token.parse().map_err(|_| Refusal::next_token())?,
    };
    let points: Vec<_> = asked.iter().map(|asked| asked.points.clone()).collect();
    let series = call.store.points(&points)?;
    let found: Vec<_> = asked
        .iter()
        .zip(&series)
        .filter(|(asked, _)| asked.wanted)
        .flat_map(|(asked, series)| found(asked, series, descending))
        .collect();
    page(&found, begin, max)
}

fn queries(input: &Input<'_>, start: i64, end: i64) -> Result<Vec<Asked>, Refusal> {
    let given = input.objects("MetricDataQueries")?;
    if given.is_empty() {
        return Err(Refusal::missing("MetricDataQueries"));
    }
    if given.len() > QUERIES_MAX {
        return Err(Refusal::validation(format!(
            "The collection MetricDataQueries must not have a size greater than {QUERIES_MAX}."
        )));
    }
    let mut asked: Vec<Asked> = Vec::new();
    let mut datapoints = 0_i64;
    for query in &given {
        let next = query_of(query, start, end)?;
        if asked.iter().any(|other| other.id == next.id) {
            return Err(Refusal::validation(format!(
                "The values for parameter id in MetricDataQueries are not unique: {}",
                next.id
            )));
        }
        let points = &next.points;
        datapoints += (points.end - points.start).max(0) / points.span;
        asked.push(next);
    }
    if datapoints > ASKED_MAX {
        return Err(Refusal::validation(format!(
            "You have requested up to {datapoints} datapoints, which exceeds the limit of \
             {ASKED_MAX} of this server. Use a longer Period or a shorter time range."
        )));
    }
    if asked.iter().all(|query| !query.wanted) {
        let message = "At least one query must have ReturnData set to true.";
        return Err(Refusal::validation(message));
    }
    Ok(asked)
}

/// Spans begin at multiples of the period, whatever the start.
fn query_of(query: &Input<'_>, start: i64, end: i64) -> Result<Asked, Refusal> {
    let id = query.required("Id")?;
    let word = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !word || !id.starts_with(|first: char| first.is_ascii_lowercase()) {
        let name = query.name("Id");
        return Err(Refusal::validation(format!(
            "The value {id} for parameter {name} is invalid."
        )));
    }
    if query.has("Expression") {
        return Err(Refusal::validation(format!(
            "The parameter {} is not supported by this server: ask for metrics with MetricStat.",
            query.name("Expression")
        )));
    }
    let missing = || Refusal::missing(&query.name("MetricStat"));
    let stat = query.object("MetricStat")?.ok_or_else(missing)?;
    let missing = || Refusal::missing(&stat.name("Metric"));
    let metric = stat.object("Metric")?.ok_or_else(missing)?.metric()?;
    let name = stat.required("Stat")?;
    let statistic = Statistic::plain(name).or_else(|| Statistic::percentile(name));
    let statistic = statistic.ok_or_else(|| {
        let parameter = stat.name("Stat");
        let text = format!("The value {name} for parameter {parameter} is not a valid statistic.");
        Refusal::validation(text)
    })?;
    let span = (stat.period()? / 60).max(1);
    let points = PointsQuery {
        unit: stat.unit()?.map(str::to_owned),
        start: start.div_euclid(span) * span,
        end,
        span,
        percentiles: statistic.is_percentile(),
        metric,
    };
    let label = query.text("Label")?.unwrap_or(&points.metric.name).to_owned();
    let wanted = query.flag("ReturnData")?.unwrap_or(true);
    Ok(Asked { id: id.to_owned(), label, statistic, wanted, points })
}

/// A result for each unit; an empty one if there is none.
fn found<'a>(asked: &'a Asked, series: &[SeriesPoints], descending: bool) -> Vec<Found<'a>> {
    let found = |series: &SeriesPoints| {
        let values = series.points.iter().filter_map(|point| {
            Some((point.minute * MINUTE_MS, asked.statistic.of(&point.summary)?))
        });
        let mut points: Vec<_> = values.collect();
        if descending {
            points.reverse();
        }
        Found { asked, points }
    };
    if series.is_empty() {
        return vec![Found { asked, points: Vec::new() }];
    }
    series.iter().map(found).collect()
}

/// A page of all results, one behind the other. A token is the number of the first datapoint that is left.
fn page(found: &[Found<'_>], begin: usize, max: usize) -> Result<Shape, Refusal> {
    let total: usize = found.iter().map(|found| found.points.len()).sum();
    if begin > 0 && begin >= total {
        return Err(Refusal::next_token());
    }
    let end = total.min(begin + max);
    let mut first = 0;
    let mut results = Vec::new();
    for Found { asked, points } in found {
        let last = first + points.len();
        let skipped = begin.saturating_sub(first).min(points.len());
        let taken = end.min(last).saturating_sub(first.max(begin));
        let empty = points.is_empty() && begin == 0;
        if taken > 0 || empty {
            let shown = || points.iter().skip(skipped).take(taken);
            let status = if end < last { "PartialData" } else { "Complete" };
            results.push(Shape::Structure(vec![
                ("Id", Shape::text(asked.id.as_str())),
                ("Label", Shape::text(asked.label.as_str())),
                ("Timestamps", Shape::List(shown().map(|(at, _)| Shape::Time(*at)).collect())),
                ("Values", Shape::List(shown().map(|(_, it)| Shape::Number(*it)).collect())),
                ("StatusCode", Shape::text(status)),
            ]));
        }
        first = last;
    }
    let mut members = vec![("MetricDataResults", Shape::List(results))];
    if end < total {
        members.push(("NextToken", Shape::text(end.to_string())));
    }
    members.push(("Messages", Shape::List(Vec::new())));
    Ok(Shape::Structure(members))
}
