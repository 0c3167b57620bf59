//! GetMetricStatistics.

use durable_metrics::{MINUTE_MS, Point, PointsQuery};

use super::Call;
use super::input::Input;
use super::refusal::Refusal;
use super::shape::Shape;
use super::statistic::{PLAIN, Statistic};

/// Datapoints of one answer, as on AWS.
const DATAPOINTS_MAX: i64 = 1440;
/// Percentiles of one request.
const EXTENDED_MAX: usize = 10;

/// Spans begin at the start, whatever minute that is; a period below a minute is one.
pub(super) fn run(call: &Call<'_>, input: &Input<'_>) -> Result<Shape, Refusal> {
    let metric = input.metric()?;
    let (start, end) = (input.required_time("StartTime")?, input.required_time("EndTime")?);
    let period = input.period()?;
    let plain = plain(input)?;
    let extended = extended(input)?;
    match (plain.is_empty(), extended.is_empty()) {
        (true, true) => {
            return Err(Refusal::combination(
                "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
            ));
        }
        (false, false) => {
            return Err(Refusal::combination(
                "The parameters Statistics and ExtendedStatistics are mutually exclusive and you \
                 have specified both.",
            ));
        }
        _ => {}
    }
    if start >= end {
        return Err(Refusal::combination(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let asked = end.saturating_sub(start).saturating_add(period * 1000 - 1) / (period * 1000);
    if asked > DATAPOINTS_MAX {
        return Err(Refusal::combination(format!(
            "You have requested up to {asked} datapoints, which exceeds the limit of \
             {DATAPOINTS_MAX}. You may reduce the datapoints requested by increasing Period, or \
             decreasing the time range."
        )));
    }
    let query = PointsQuery {
        unit: input.unit()?.map(str::to_owned),
        start: start.div_euclid(MINUTE_MS),
        end: end.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS),
        span: (period / 60).max(1),
        percentiles: !extended.is_empty(),
        metric,
    };
    let series = call.store.points(std::slice::from_ref(&query))?.pop().unwrap_or_default();
    let datapoints = series.iter().flat_map(|series| {
        series.points.iter().map(|point| datapoint(point, &series.unit, &plain, &extended))
    });
    let datapoints = Shape::List(datapoints.collect());
    let label = Shape::text(query.metric.name);
    Ok(Shape::Structure(vec![("Label", label), ("Datapoints", datapoints)]))
}

fn plain(input: &Input<'_>) -> Result<Vec<(&'static str, Statistic)>, Refusal> {
    let given = input.texts("Statistics")?;
    for (place, name) in given.iter().enumerate() {
        if Statistic::plain(name).is_none() {
            let name = format!("Statistics.member.{}", place + 1);
            return Err(Refusal::not_one_of(&name, &PLAIN));
        }
    }
    // In the order in which they are answered.
    let asked = PLAIN.into_iter().filter(|name| given.contains(name));
    Ok(asked.filter_map(|name| Some((name, Statistic::plain(name)?))).collect())
}

fn extended(input: &Input<'_>) -> Result<Vec<(String, Statistic)>, Refusal> {
    let given = input.texts("ExtendedStatistics")?;
    if given.len() > EXTENDED_MAX {
        return Err(Refusal::invalid(format!(
            "The collection ExtendedStatistics must not have a size greater than {EXTENDED_MAX}."
        )));
    }
    let read = |name: &str| match Statistic::percentile(name) {
        Some(statistic) => Ok((name.to_owned(), statistic)),
        None => Err(Refusal::invalid(format!(
            "The value {name} for parameter ExtendedStatistics is not supported: use a percentile, \
             such as p99."
        ))),
    };
    given.into_iter().map(read).collect()
}

fn datapoint(
    point: &Point,
    unit: &str,
    plain: &[(&'static str, Statistic)],
    extended: &[(String, Statistic)],
) -> Shape {
    let mut members = vec![("Timestamp", Shape::Time(point.minute * MINUTE_MS))];
    for (name, statistic) in plain {
        members.extend(statistic.of(&point.summary).map(|value| (*name, Shape::Number(value))));
    }
    members.push(("Unit", Shape::text(unit)));
    if !extended.is_empty() {
        let entries = extended.iter().filter_map(|(name, statistic)| {
            Some((name.clone(), Shape::Number(statistic.of(&point.summary)?)))
        });
        members.push(("ExtendedStatistics", Shape::Map(entries.collect())));
    }
    Shape::Structure(members)
}
