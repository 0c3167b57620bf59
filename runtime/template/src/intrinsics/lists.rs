//! Functions on lists and mappings.

use super::{Evaluated, Scope};
use crate::error::{Place, Reported, did_you_mean};
use crate::node::{Data, Node};

impl Scope<'_> {
    /// Evaluates what must be a list.
    pub(super) fn list(
        &self,
        node: &Node,
        place: &Place,
        what: &str,
    ) -> Result<Vec<Node>, Reported> {
        let value = self.present(node, place, what)?;
        match value.data {
            Data::List(list) => Ok(list),
            _ => Err(self.report(
                node,
                place,
                format!("{what} must be a list, not {}", value.kind()),
            )),
        }
    }

    /// `Fn::Select`: `[index, list]`.
    pub(super) fn select(&self, argument: &Node, place: &Place) -> Result<Node, Reported> {
        let place = &place.at("Fn::Select");
        let [index, list] = self.arguments(argument, place, "Fn::Select", 2, 2)? else {
            return Err(Reported);
        };
        let index = self.text(index, place, "the index of Fn::Select")?;
        let list = self.list(list, &place.at(1), "the second argument of Fn::Select")?;
        index.parse().ok().and_then(|index: usize| list.get(index)).cloned().ok_or_else(|| {
            let message = format!("Fn::Select has no item {index} in a list of {}", list.len());
            self.report(argument, place, message)
        })
    }

    /// `Fn::FindInMap`: `[map, first key, second key]`, with the language extensions also a default value.
    pub(super) fn find_in_map(&self, argument: &Node, place: &Place) -> Evaluated {
        let place = &place.at("Fn::FindInMap");
        let most = if self.extensions { 4 } else { 3 };
        let arguments = self.arguments(argument, place, "Fn::FindInMap", 3, most)?;
        let [map, first, second, rest @ ..] = arguments else { return Err(Reported) };
        let map = self.text(map, place, "the name of a mapping")?;
        let first = self.text(first, place, "a key of a mapping")?;
        let second = self.text(second, place, "a key of a mapping")?;
        let named = self.mappings.and_then(|mappings| mappings.get(&map));
        let found = named
            .and_then(|named| named.as_map()?.get(&first))
            .and_then(|keys| keys.as_map()?.get(&second));
        if let Some(value) = found {
            return Ok(Some(value.clone()));
        }
        let default = rest.first().and_then(|map| map.as_map()?.get("DefaultValue"));
        if let Some(default) = default {
            return self.evaluate(default, &place.at("DefaultValue"));
        }
        let message = if named.is_none() {
            let known: Vec<&String> = self.mappings.iter().flat_map(|map| map.keys()).collect();
            format!("there is no mapping \"{map}\"{}", did_you_mean(&map, known))
        } else {
            format!("the mapping \"{map}\" has nothing under \"{first}\", \"{second}\"")
        };
        Err(self.report(argument, place, message))
    }

    /// `Fn::Length`.
    pub(super) fn length(&self, argument: &Node, place: &Place) -> Result<Node, Reported> {
        let list = self.list(argument, &place.at("Fn::Length"), "the argument of Fn::Length")?;
        Ok(Node::new(argument.mark, Data::Number(list.len().to_string())))
    }

    /// `Fn::GetAZs`: three zones, as most regions have them.
    pub(super) fn zones(&self, argument: &Node) -> Node {
        let region = argument.as_text().filter(|region| !region.is_empty());
        let region = region.unwrap_or(&self.options.region);
        let zone = |letter| Node::text(argument.mark, format!("{region}{letter}"));
        Node::new(argument.mark, Data::List(["a", "b", "c"].map(zone).into()))
    }
}
