//! An answer, and how it is written.

use ciborium::Value as Cbor;
use durable_core::Millis;
use serde_json::Value as Json;

/// CBOR's tag of a time in seconds since the epoch.
const TIME_TAG: u64 = 1;

/// A value of an answer, with what JSON alone does not tell.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Text(String),
    Number(f64),
    Time(Millis),
    List(Vec<Shape>),
    /// A map whose keys are data.
    Map(Vec<(String, Shape)>),
    /// Members in the order of the model, which XML keeps.
    Structure(Vec<(&'static str, Shape)>),
}

impl Shape {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn json(&self) -> Json {
        match self {
            Self::Text(text) => Json::from(text.as_str()),
            Self::Number(number) => Json::from(*number),
            Self::Time(at) => Json::from(*at as f64 / 1000.0),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Map(entries) => {
                entries.iter().map(|(name, value)| (name.clone(), value.json())).collect()
            }
            Self::Structure(members) => {
                members.iter().map(|(name, value)| ((*name).to_owned(), value.json())).collect()
            }
        }
    }

    pub(super) fn cbor(&self) -> Cbor {
        let pair = |name: &str, value: &Self| (Cbor::from(name), value.cbor());
        match self {
            Self::Text(text) => Cbor::from(text.as_str()),
            Self::Number(number) => Cbor::Float(*number),
            Self::Time(at) if at % 1000 == 0 => {
                Cbor::Tag(TIME_TAG, Box::new(Cbor::from(at / 1000)))
            }
            Self::Time(at) => Cbor::Tag(TIME_TAG, Box::new(Cbor::Float(*at as f64 / 1000.0))),
            Self::List(items) => Cbor::Array(items.iter().map(Self::cbor).collect()),
            Self::Map(entries) => {
                Cbor::Map(entries.iter().map(|(name, value)| pair(name, value)).collect())
            }
            Self::Structure(members) => {
                Cbor::Map(members.iter().map(|(name, value)| pair(name, value)).collect())
            }
        }
    }

    /// Writes the inside of an element.
    pub(super) fn xml(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&quick_xml::escape::escape(text.as_str())),
            Self::Number(number) => out.push_str(&format!("{number:?}")),
            Self::Time(at) => {
                let at = jiff::Timestamp::from_millisecond(*at).unwrap_or_default();
                out.push_str(&at.to_string());
            }
            Self::List(items) => items.iter().for_each(|item| element("member", item, out)),
            Self::Map(entries) => {
                for (key, value) in entries {
                    out.push_str("<entry>");
                    element("key", &Self::text(key.as_str()), out);
                    element("value", value, out);
                    out.push_str("</entry>");
                }
            }
            Self::Structure(members) => {
                members.iter().for_each(|(name, value)| element(name, value, out));
            }
        }
    }
}

fn element(name: &str, value: &Shape, out: &mut String) {
    out.push_str(&format!("<{name}>"));
    value.xml(out);
    out.push_str(&format!("</{name}>"));
}
