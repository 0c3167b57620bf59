//! Query strings and path labels.

use percent_encoding::percent_decode_str;

use crate::wire::error::AwsError;

/// The parameters of a query string, in order; a name may repeat.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let pairs = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
            })
            .collect();
        Self { pairs }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is not empty.
    pub(crate) fn non_empty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, AwsError> {
        self.get(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    AwsError::serialization(format!("'{text}' can not be converted to Integer"))
                })
            })
            .transpose()
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, AwsError> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(text) => {
                Err(AwsError::serialization(format!("'{text}' can not be converted to Boolean")))
            }
        }
    }
}

/// Decodes a path label once, be it percent-encoded (the SDKs) or raw (`curl`).
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The bounds of every `MaxItems`.
pub(crate) const MAX_ITEMS: i64 = 1000;
const DEFAULT_ITEMS: usize = 100;

/// `MaxItems`: 0 and nothing mean the default.
///
/// # Errors
/// `SerializationException` for a text, `ValidationException` out of 0 to 1000.
pub(crate) fn max_items(query: &Query) -> Result<usize, AwsError> {
    let given = query.integer("MaxItems")?.unwrap_or(0);
    let mut constraints = crate::wire::constraints::Constraints::default();
    constraints.range(given, "maxItems", 0, MAX_ITEMS);
    constraints.check()?;
    Ok(if given == 0 { DEFAULT_ITEMS } else { given.unsigned_abs() as usize })
}
