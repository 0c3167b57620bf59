//! Query strings, forms and path labels.

use percent_encoding::percent_decode_str;

use crate::wire::constraints::Constraints;
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

    /// Names and values, in order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The values of the parameters whose names begin so: how a form writes a list.
    pub(crate) fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(given, _)| given.starts_with(prefix)).map(|(_, it)| &**it)
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

/// `MaxItems`: 0 and nothing mean the default. What is out of 0 to 1000 is noted.
///
/// # Errors
/// `SerializationException` for a text.
pub(crate) fn max_items(query: &Query, constraints: &mut Constraints) -> Result<usize, AwsError> {
    let given = query.integer("MaxItems")?.unwrap_or(0);
    constraints.range(given, "maxItems", 0, MAX_ITEMS);
    Ok(if given == 0 { DEFAULT_ITEMS } else { given.unsigned_abs() as usize })
}

/// The bounds of `MaxItems` in the lists of functions, versions and aliases, and the largest page that they give.
const LIST_ITEMS_MAX: i64 = 10_000;
const LIST_PAGE_MAX: usize = 50;

/// `MaxItems` of these lists: whatever is asked for, no page is larger than AWS's.
///
/// # Errors
/// `SerializationException` for a text, `ValidationException` out of 1 to 10,000.
pub(crate) fn list_items(query: &Query) -> Result<usize, AwsError> {
    let Some(given) = query.integer("MaxItems")? else { return Ok(LIST_PAGE_MAX) };
    let mut constraints = Constraints::default();
    constraints.range(given, "maxItems", 1, LIST_ITEMS_MAX);
    constraints.check()?;
    Ok(LIST_PAGE_MAX.min(given.unsigned_abs() as usize))
}
