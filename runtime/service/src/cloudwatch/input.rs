//! Members of a request, checked.
//!
//! In a form every value is a text, so numbers, times and flags are read from texts, too, in every protocol.

use durable_core::Millis;
use durable_metrics::MetricId;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::wire::timestamp;

/// Dimensions of one metric.
const DIMENSIONS_MAX: usize = 30;
/// Characters of a namespace, a name of a metric or a dimension, and a value.
const NAME_LEN_MAX: usize = 255;
const VALUE_LEN_MAX: usize = 1024;

/// An object of a request, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    members: &'a Map<String, Value>,
    /// Such as `MetricData.member.1.`.
    path: String,
}

impl<'a> Input<'a> {
    /// The whole body.
    pub(super) fn new(body: &'a Value) -> Result<Self, Refusal> {
        Self::at(body, String::new())
    }

    fn at(value: &'a Value, path: String) -> Result<Self, Refusal> {
        match value {
            Value::Object(members) => Ok(Self { members, path }),
            _ => Err(wrong(&path, "a structure")),
        }
    }

    /// The full name of a member, for errors.
    pub(super) fn name(&self, member: &str) -> String {
        format!("{}{member}", self.path)
    }

    pub(super) fn has(&self, member: &str) -> bool {
        self.get(member).is_some()
    }

    fn get(&self, member: &str) -> Option<&'a Value> {
        self.members.get(member).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, member: &str) -> Result<Option<&'a str>, Refusal> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(&self.name(member), "a string")),
        }
    }

    /// A text that must be there.
    pub(super) fn required(&self, member: &str) -> Result<&'a str, Refusal> {
        let text = self.text(member)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Refusal::missing(&self.name(member)))
    }

    /// A text that must be there and has so many characters at most.
    pub(super) fn bounded(&self, member: &str, max: usize) -> Result<&'a str, Refusal> {
        let text = self.required(member)?;
        if text.chars().count() > max {
            let name = self.name(member);
            return Err(Refusal::invalid(format!(
                "The parameter {name} must be shorter than {} characters.",
                max + 1
            )));
        }
        Ok(text)
    }

    pub(super) fn number(&self, member: &str) -> Result<Option<f64>, Refusal> {
        self.get(member).map(|value| number(value, &self.name(member))).transpose()
    }

    pub(super) fn flag(&self, member: &str) -> Result<Option<bool>, Refusal> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(wrong(&self.name(member), "a boolean")),
        }
    }

    pub(super) fn time(&self, member: &str) -> Result<Option<Millis>, Refusal> {
        let wrong = || wrong(&self.name(member), "a timestamp");
        match self.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => {
                timestamp::parse_query(text).map(Some).map_err(|_| wrong())
            }
            Some(value) => {
                let seconds = value.as_f64().filter(|it| it.is_finite()).ok_or_else(wrong)?;
                Ok(Some((seconds * 1000.0).round() as Millis))
            }
        }
    }

    /// A time that must be there.
    pub(super) fn required_time(&self, member: &str) -> Result<Millis, Refusal> {
        self.time(member)?.ok_or_else(|| Refusal::missing(&self.name(member)))
    }

    fn list(&self, member: &str) -> Result<&'a [Value], Refusal> {
        match self.get(member) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            // How a form writes an empty list.
            Some(Value::String(text)) if text.is_empty() => Ok(&[]),
            Some(_) => Err(wrong(&self.name(member), "a list")),
        }
    }

    fn item_name(&self, member: &str, place: usize) -> String {
        format!("{}{member}.member.{}", self.path, place + 1)
    }

    pub(super) fn texts(&self, member: &str) -> Result<Vec<&'a str>, Refusal> {
        let items = self.list(member)?.iter().enumerate();
        let text = |(place, item): (usize, &'a Value)| {
            item.as_str().ok_or_else(|| wrong(&self.item_name(member, place), "a string"))
        };
        items.map(text).collect()
    }

    pub(super) fn numbers(&self, member: &str) -> Result<Vec<f64>, Refusal> {
        let items = self.list(member)?.iter().enumerate();
        items.map(|(place, item)| number(item, &self.item_name(member, place))).collect()
    }

    pub(super) fn objects(&self, member: &str) -> Result<Vec<Self>, Refusal> {
        let items = self.list(member)?.iter().enumerate();
        items.map(|(place, item)| Self::at(item, self.item_name(member, place) + ".")).collect()
    }

    pub(super) fn object(&self, member: &str) -> Result<Option<Self>, Refusal> {
        let at = |value| Self::at(value, self.name(member) + ".");
        self.get(member).map(at).transpose()
    }

    /// `Namespace`, `MetricName` and `Dimensions`.
    pub(super) fn metric(&self) -> Result<MetricId, Refusal> {
        Ok(MetricId::new(self.namespace()?, self.metric_name()?, self.dimensions()?))
    }

    pub(super) fn namespace(&self) -> Result<&'a str, Refusal> {
        let namespace = self.bounded("Namespace", NAME_LEN_MAX)?;
        if namespace.starts_with(':') {
            let name = self.name("Namespace");
            let message = format!("The value {namespace} for parameter {name} is invalid.");
            return Err(Refusal::invalid(message));
        }
        Ok(namespace)
    }

    pub(super) fn metric_name(&self) -> Result<&'a str, Refusal> {
        self.bounded("MetricName", NAME_LEN_MAX)
    }

    pub(super) fn dimensions(&self) -> Result<Vec<(String, String)>, Refusal> {
        let dimensions = self.objects("Dimensions")?;
        if dimensions.len() > DIMENSIONS_MAX {
            let name = self.name("Dimensions");
            let message = format!(
                "The collection {name} must not have a size greater than {DIMENSIONS_MAX}."
            );
            return Err(Refusal::invalid(message));
        }
        let pair = |dimension: &Self| {
            let name = dimension.bounded("Name", NAME_LEN_MAX)?;
            let value = dimension.bounded("Value", VALUE_LEN_MAX)?;
            Ok((name.to_owned(), value.to_owned()))
        };
        dimensions.iter().map(pair).collect()
    }

    /// `Period`: seconds, as CloudWatch allows them.
    pub(super) fn period(&self) -> Result<i64, Refusal> {
        let name = self.name("Period");
        let given = self.number("Period")?.ok_or_else(|| Refusal::missing(&name))?;
        let period = given as i64;
        let whole = period as f64 == given;
        if whole && (matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period % 60 == 0)) {
            return Ok(period);
        }
        Err(Refusal::invalid(format!(
            "The parameter {name} must be 1, 5, 10, 20, 30 or a multiple of 60."
        )))
    }

    /// `Unit`, one of CloudWatch's.
    pub(super) fn unit(&self) -> Result<Option<&'a str>, Refusal> {
        match self.text("Unit")? {
            Some(unit) if !UNITS.contains(&unit) => {
                Err(Refusal::not_one_of(&self.name("Unit"), &UNITS))
            }
            unit => Ok(unit),
        }
    }
}

/// Units that there are.
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

fn number(value: &Value, name: &str) -> Result<f64, Refusal> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    };
    number.ok_or_else(|| wrong(name, "a number"))
}

fn wrong(name: &str, what: &str) -> Refusal {
    Refusal::serialization(format!("The parameter {name} must be {what}."))
}
