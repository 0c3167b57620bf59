//! SAM's Globals: properties for all functions and tables of a template.
//!
//! They are merged as SAM does it: maps key by key, lists one behind the other with the global one first, and
//! everything else is overridden by the resource.

use std::borrow::Cow;

use crate::error::{Place, Problems};
use crate::fields::check_keys;
use crate::intrinsics::names::is_call;
use crate::node::{Data, Map, Node};

const SECTIONS: [&str; 8] = [
    "Function",
    "Api",
    "HttpApi",
    "SimpleTable",
    "StateMachine",
    "LayerVersion",
    "CapacityProvider",
    "WebSocketApi",
];

/// The section Globals.
#[derive(Debug, Default)]
pub(crate) struct Globals<'t> {
    function: Option<&'t Map>,
    simple_table: Option<&'t Map>,
}

impl<'t> Globals<'t> {
    pub(crate) fn read(section: Option<&'t Map>, problems: &Problems) -> Self {
        let Some(section) = section else { return Self::default() };
        let place = Place::root().at("Globals");
        check_keys(section, &SECTIONS, &place, problems, "Globals");
        let part = |name: &str| {
            let node = section.get(name)?;
            if node.as_map().is_none() {
                problems.report(node.mark, &place.at(name), "it must be a map of properties");
            }
            node.as_map()
        };
        Self { function: part("Function"), simple_table: part("SimpleTable") }
    }

    /// The properties of a resource with the globals of its type merged in.
    pub(crate) fn merge(
        &self,
        type_name: &str,
        properties: Cow<'t, Map>,
        without: Option<&Node>,
    ) -> Cow<'t, Map> {
        let globals = match type_name {
            "AWS::Serverless::Function" => self.function,
            "AWS::Serverless::SimpleTable" => self.simple_table,
            _ => None,
        };
        let Some(globals) = globals else { return properties };
        if without.and_then(Node::as_text) == Some("*") {
            return properties;
        }
        let without = without.and_then(Node::as_list).unwrap_or_default();
        let globals: Map = globals
            .iter()
            .filter(|(key, _)| !without.iter().any(|name| name.as_text() == Some(key)))
            .map(|(key, node)| (key.clone(), node.clone()))
            .collect();
        Cow::Owned(merge_maps(globals, &properties))
    }
}

fn merge_maps(mut global: Map, local: &Map) -> Map {
    for (key, local) in local {
        let merged = match global.swap_remove(key) {
            Some(global) => merge_nodes(global, local),
            None => local.clone(),
        };
        global.insert(key.clone(), merged);
    }
    global
}

fn merge_nodes(global: Node, local: &Node) -> Node {
    match (global.data, &local.data) {
        // A call of a function is a map only by its spelling.
        (Data::Map(global), Data::Map(map)) if !is_call(&global) && !is_call(map) => {
            Node::new(local.mark, Data::Map(merge_maps(global, map)))
        }
        (Data::List(mut global), Data::List(list)) => {
            global.extend(list.iter().cloned());
            Node::new(local.mark, Data::List(global))
        }
        _ => local.clone(),
    }
}
