//! PutMetricData.

use durable_core::Millis;
use durable_metrics::{MINUTE_MS, MetricId, Minute, SeriesId, Summary};

use super::Call;
use super::input::Input;
use super::refusal::Refusal;

/// Metrics of one request, as on AWS.
const METRICS_MAX: usize = 1000;
/// Values of one metric in one request, as on AWS.
const VALUES_MAX: usize = 150;
/// The exponent of two that a value stays below.
const VALUE_EXPONENT_MAX: i32 = 360;
/// How old a value may be, and how far ahead of the clock.
const AGE_MAX: Millis = 14 * 24 * 3_600_000;
const AHEAD_MAX: Millis = 2 * 3_600_000;
/// Namespaces that only AWS's services write to.
const RESERVED: &str = "AWS/";

pub(super) fn run(call: &Call<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let namespace = input.namespace()?;
    if namespace.starts_with(RESERVED) {
        let message = format!("The value {namespace} for parameter Namespace is invalid.");
        return Err(Refusal::invalid(message));
    }
    let mut data = input.objects("MetricData")?;
    for entity in input.objects("EntityMetricData")? {
        data.extend(entity.objects("MetricData")?);
    }
    if data.is_empty() {
        return Err(Refusal::missing("MetricData"));
    }
    if data.len() > METRICS_MAX {
        return Err(Refusal::invalid(format!(
            "The collection MetricData must not have a size greater than {METRICS_MAX}."
        )));
    }
    let datum = |datum| one(datum, namespace, call.now);
    let data: Result<Vec<_>, _> = data.iter().map(datum).collect();
    Ok(call.store.put(data?)?)
}

fn one(
    datum: &Input<'_>,
    namespace: &str,
    now: Millis,
) -> Result<(SeriesId, Minute, Summary), Refusal> {
    let metric = MetricId::new(namespace, datum.metric_name()?, datum.dimensions()?);
    let unit = datum.unit()?.unwrap_or("None").to_owned();
    let at = datum.time("Timestamp")?.unwrap_or(now);
    if at < now - AGE_MAX || at > now + AHEAD_MAX {
        return Err(Refusal::invalid(format!(
            "The parameter {} must specify a time within the past two weeks and no more than two \
             hours in the future.",
            datum.name("Timestamp")
        )));
    }
    let summary = summary(datum)?;
    Ok((SeriesId { metric, unit }, at.div_euclid(MINUTE_MS), summary))
}

/// From exactly one of `Value`, `Values` and `StatisticValues`.
fn summary(datum: &Input<'_>) -> Result<Summary, Refusal> {
    let ways: Vec<_> =
        ["Value", "Values", "StatisticValues"].into_iter().filter(|it| datum.has(it)).collect();
    match ways.as_slice() {
        ["Value"] => {
            let mut summary = Summary::default();
            summary.record(value(datum, "Value")?);
            Ok(summary)
        }
        ["Values"] => values(datum),
        ["StatisticValues"] => statistics(datum),
        [one, other, ..] => Err(Refusal::combination(format!(
            "The parameters {} and {} are mutually exclusive and you have specified both.",
            datum.name(one),
            datum.name(other)
        ))),
        [..] => Err(Refusal::missing(&datum.name("Value"))),
    }
}

fn values(datum: &Input<'_>) -> Result<Summary, Refusal> {
    let values = datum.numbers("Values")?;
    let counts = datum.numbers("Counts")?;
    let name = datum.name("Values");
    if values.is_empty() {
        return Err(Refusal::missing(&name));
    }
    if values.len() > VALUES_MAX {
        return Err(Refusal::invalid(format!(
            "The collection {name} must not have a size greater than {VALUES_MAX}."
        )));
    }
    if !counts.is_empty() && counts.len() != values.len() {
        return Err(Refusal::combination(format!(
            "The parameters {name} and {} must have the same size.",
            datum.name("Counts")
        )));
    }
    let mut summary = Summary::default();
    for (place, number) in values.into_iter().enumerate() {
        let times = counts.get(place).copied().unwrap_or(1.0);
        if !in_range(times) || times <= 0.0 {
            let name = datum.name("Counts");
            return Err(Refusal::invalid(format!(
                "The value {times} for parameter {name} is invalid."
            )));
        }
        summary.record_often(checked(number, &name)?, times);
    }
    Ok(summary)
}

fn statistics(datum: &Input<'_>) -> Result<Summary, Refusal> {
    let missing = || Refusal::missing(&datum.name("StatisticValues"));
    let set = datum.object("StatisticValues")?.ok_or_else(missing)?;
    let (count, sum) = (value(&set, "SampleCount")?, value(&set, "Sum")?);
    let (min, max) = (value(&set, "Minimum")?, value(&set, "Maximum")?);
    if count <= 0.0 || min > max {
        return Err(Refusal::invalid(format!(
            "The value for parameter {} is invalid: it needs a positive SampleCount, and a Minimum \
             that is not above the Maximum.",
            datum.name("StatisticValues")
        )));
    }
    Ok(Summary::counted(count, sum, min, max))
}

fn value(input: &Input<'_>, member: &str) -> Result<f64, Refusal> {
    let name = input.name(member);
    let number = input.number(member)?.ok_or_else(|| Refusal::missing(&name))?;
    checked(number, &name)
}

fn checked(number: f64, name: &str) -> Result<f64, Refusal> {
    if in_range(number) {
        return Ok(number);
    }
    Err(Refusal::invalid(format!("The value {number} for parameter {name} is invalid.")))
}

fn in_range(number: f64) -> bool {
    number.is_finite() && number.abs() < 2_f64.powi(VALUE_EXPONENT_MAX)
}
