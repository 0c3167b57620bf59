//! A template as a tree: what YAML and JSON have in common, with the places where things stand.
//!
//! Numbers stay as they are written, because CloudFormation treats nearly everything as text: a version `1.10` must not
//! become `1.1`. The short tags of YAML (`!Ref x`) are already in their long form (`{"Ref": "x"}`).

use indexmap::IndexMap;

use crate::text::Text;

/// Where something stands in the file, counted from one. JSON files have no marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A map keeps the order of the file.
pub(crate) type Map = IndexMap<String, Node>;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) mark: Option<Mark>,
    pub(crate) data: Data,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    /// A text that is complete only when a version has its number. Only in evaluated values.
    Later(Text),
    List(Vec<Node>),
    Map(Map),
}

impl Node {
    pub(crate) fn new(mark: Option<Mark>, data: Data) -> Self {
        Self { mark, data }
    }

    pub(crate) fn text(mark: Option<Mark>, text: impl Into<String>) -> Self {
        Self::new(mark, Data::Text(text.into()))
    }

    /// A map with one entry: the long form of a function.
    pub(crate) fn call(mark: Option<Mark>, name: &str, argument: Node) -> Self {
        Self::new(mark, Data::Map(Map::from([(name.to_owned(), argument)])))
    }

    pub(crate) fn as_map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Node]> {
        match &self.data {
            Data::List(list) => Some(list),
            _ => None,
        }
    }

    /// The text of a scalar as CloudFormation passes it on: a boolean is `true` or `false`.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) | Data::Number(text) => Some(text),
            Data::Bool(true) => Some("true"),
            Data::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// As [`as_text`](Self::as_text), but also what is complete only later.
    pub(crate) fn to_text(&self) -> Option<Text> {
        match &self.data {
            Data::Later(text) => Some(text.clone()),
            _ => self.as_text().map(Text::from),
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "nothing",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::Text(_) | Data::Later(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }

    /// As JSON. What is complete only later has no JSON, and gives `None`.
    pub(crate) fn to_json(&self) -> Option<serde_json::Value> {
        use serde_json::Value;
        Some(match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
            }
            Data::Text(text) => Value::String(text.clone()),
            Data::Later(_) => return None,
            Data::List(list) => {
                Value::Array(list.iter().map(Node::to_json).collect::<Option<_>>()?)
            }
            Data::Map(map) => Value::Object(
                map.iter()
                    .map(|(key, node)| Some((key.clone(), node.to_json()?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }
}
