//! ListMetrics.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use durable_metrics::{DimensionFilter, ListQuery, MINUTE_MS, MetricId};

use super::Call;
use super::input::Input;
use super::refusal::Refusal;
use super::shape::Shape;

/// Metrics on a page, as on AWS.
const PAGE_METRICS_MAX: usize = 500;
/// Filters of one request.
const FILTERS_MAX: usize = 10;
/// Metrics without values for so long are not listed.
const ACTIVE_MINUTES: i64 = 14 * 24 * 60;
/// `RecentlyActive`: the one value that it may have.
const RECENTLY: &str = "PT3H";
const RECENTLY_MINUTES: i64 = 3 * 60;

pub(super) fn run(call: &Call<'_>, input: &Input<'_>) -> Result<Shape, Refusal> {
    let filled = |member| Ok::<_, Refusal>(input.text(member)?.filter(|text| !text.is_empty()));
    let active = match filled("RecentlyActive")? {
        None => ACTIVE_MINUTES,
        Some(RECENTLY) => RECENTLY_MINUTES,
        Some(_) => return Err(Refusal::not_one_of("RecentlyActive", &[RECENTLY])),
    };
    let mut query = ListQuery {
        namespace: filled("Namespace")?.map(str::to_owned),
        name: filled("MetricName")?.map(str::to_owned),
        dimensions: filters(input)?,
        active_from: call.now.div_euclid(MINUTE_MS) - active,
        after: filled("NextToken")?.map(parse_token).transpose()?,
        limit: PAGE_METRICS_MAX + 1,
    };
    // One more shows whether there is another page.
    let mut metrics = call.store.list(&query)?;
    let more = metrics.len() > PAGE_METRICS_MAX;
    metrics.truncate(PAGE_METRICS_MAX);
    query.after = metrics.last().cloned().filter(|_| more);
    let mut members = vec![("Metrics", Shape::List(metrics.iter().map(metric).collect()))];
    if let Some(last) = &query.after {
        members.push(("NextToken", Shape::text(token(last))));
    }
    Ok(Shape::Structure(members))
}

fn filters(input: &Input<'_>) -> Result<Vec<DimensionFilter>, Refusal> {
    let filters = input.objects("Dimensions")?;
    if filters.len() > FILTERS_MAX {
        return Err(Refusal::invalid(format!(
            "The collection Dimensions must not have a size greater than {FILTERS_MAX}."
        )));
    }
    let filter = |filter: &Input<'_>| {
        let value = filter.text("Value")?.map(str::to_owned);
        Ok(DimensionFilter { name: filter.required("Name")?.to_owned(), value })
    };
    filters.iter().map(filter).collect()
}

fn metric(metric: &MetricId) -> Shape {
    let dimension = |(name, value): &(String, String)| {
        let (name, value) = (Shape::text(name.as_str()), Shape::text(value.as_str()));
        Shape::Structure(vec![("Name", name), ("Value", value)])
    };
    Shape::Structure(vec![
        ("Namespace", Shape::text(metric.namespace.as_str())),
        ("MetricName", Shape::text(metric.name.as_str())),
        ("Dimensions", Shape::List(metric.dimensions.iter().map(dimension).collect())),
    ])
}

/// The last metric of a page: the next one begins behind it.
fn token(last: &MetricId) -> String {
    let text = serde_json::json!([last.namespace, last.name, last.dimensions]).to_string();
    URL_SAFE_NO_PAD.encode(text)
}

fn parse_token(token: &str) -> Result<MetricId, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Refusal::invalid("Invalid NextToken"))?;
    let (namespace, name, dimensions): (String, String, Vec<(String, String)>) =
        serde_json::from_slice(&bytes).map_err(|_| Refusal::invalid("Invalid NextToken"))?;
    Ok(MetricId::new(namespace, name, dimensions))
}
