//! JSON to nodes.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Count, DEPTH_MAX, SyntaxError, too_deep};
use crate::node::{Data, Map, Mark, Node};

pub(super) fn read(text: &str) -> Result<Node, SyntaxError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Value { depth: 0, count: Rc::default() };
    value.deserialize(&mut json).and_then(|node| json.end().map(|()| node)).map_err(|error| {
        let mark = Mark { line: error.line(), column: error.column() };
        let text = error.to_string();
        // The position is in the mark.
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        SyntaxError::new(Some(mark), format!("this is not valid JSON: {message}"))
    })
}

/// Reads one value.
#[derive(Clone)]
struct Value {
    depth: usize,
    count: Rc<RefCell<Count>>,
}

impl Value {
    fn inner(&self) -> Self {
        Self { depth: self.depth + 1, count: Rc::clone(&self.count) }
    }

    fn counted<E: Error>(&self, data: Data) -> Result<Node, E> {
        self.count.borrow_mut().add(1).map_err(E::custom)?;
        if self.depth > DEPTH_MAX {
            return Err(E::custom(too_deep()));
        }
        Ok(Node::new(None, data))
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.counted(Data::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.counted(Data::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.counted(Data::Number(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.counted(Data::Number(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.counted(Data::Number(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.counted(Data::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = access.next_element_seed(self.inner())? {
            list.push(node);
        }
        self.counted(Data::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("the key \"{key}\" is there twice")));
            }
            let value = access.next_value_seed(self.inner())?;
            map.insert(key, value);
        }
        self.counted(Data::Map(map))
    }
}
