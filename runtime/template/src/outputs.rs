//! The section Outputs.

use crate::error::Place;
use crate::fields::Fields;
use crate::intrinsics::Scope;
use crate::node::{Map, Node};
use crate::stack::Output;

/// CloudFormation's bound.
const OUTPUTS_MAX: usize = 200;

/// The outputs whose condition holds.
pub(crate) fn read(scope: &Scope<'_>, section: Option<&Map>) -> Vec<Output> {
    let place = Place::root().at("Outputs");
    let Some(section) = section else { return Vec::new() };
    if section.len() > OUTPUTS_MAX {
        let message = format!("there are {}; CloudFormation allows {OUTPUTS_MAX}", section.len());
        scope.problems.report(None, &place, message);
        return Vec::new();
    }
    section.iter().filter_map(|(key, node)| output(scope, key, node, &place.at(key))).collect()
}

fn output(scope: &Scope<'_>, key: &str, node: &Node, place: &Place) -> Option<Output> {
    let Some(map) = node.as_map() else {
        scope.report(node, place, "an output is a map with a Value");
        return None;
    };
    let fields = Fields::new(scope, map, place.clone(), node.mark);
    fields.check(&["Value", "Description", "Export", "Condition"], "an output");
    if let Some(condition) = map.get("Condition") {
        let name = condition.as_text().unwrap_or_default();
        if !scope.condition(name, condition, &place.at("Condition")).ok()? {
            return None;
        }
    }
    if !fields.has("Value") {
        scope.report(node, place, "an output needs a Value");
    }
    let value = fields.later("Value")?;
    let export_name = fields.nested("Export").and_then(|export| export.text("Name"));
    let description = fields.text("Description");
    Some(Output { key: key.to_owned(), value, description, export_name })
}
