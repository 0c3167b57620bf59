//! Which resource comes before which: what one refers to is made first, as in CloudFormation.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Place;
use crate::intrinsics::Scope;
use crate::inventory::Origin;
use crate::stack::Stack;

/// Brings the lists of a stack into order. A cycle is reported.
pub(crate) fn apply(scope: &Scope<'_>, stack: &mut Stack) {
    let needs = all_needs(scope);
    let mut sort =
        Sort { needs: &needs, state: BTreeMap::new(), path: Vec::new(), order: BTreeMap::new() };
    for logical_id in scope.inventory.iter().map(|(logical_id, _)| logical_id) {
        if let Err(cycle) = sort.visit(logical_id) {
            let place = Place::root().at("Resources").at(logical_id);
            let mark = scope.inventory.get(logical_id).and_then(|entry| entry.node.mark);
            let message = format!("these resources need each other: {}", cycle.join(" -> "));
            scope.problems.report(mark, &place, message);
            return;
        }
    }
    let rank = |logical_id: &str| sort.order.get(logical_id).copied().unwrap_or(usize::MAX);
    stack.functions.sort_by_key(|it| rank(&it.logical_id));
    stack.tables.sort_by_key(|it| rank(&it.logical_id));
    stack.versions.sort_by_key(|it| rank(&it.logical_id));
    stack.aliases.sort_by_key(|it| rank(&it.logical_id));
}

/// What each resource refers to, and its DependsOn.
fn all_needs(scope: &Scope<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut needs = scope.edges();
    for (logical_id, entry) in scope.inventory.iter() {
        let of_this = needs.entry(logical_id.clone()).or_default();
        for other in &entry.depends_on {
            if scope.inventory.get(other).is_some() {
                of_this.insert(other.clone());
            } else if scope.inventory.absent(other).is_none() {
                let place = Place::root().at("Resources").at(logical_id).at("DependsOn");
                scope.report(entry.node, &place, scope.inventory.unknown(other, scope));
            }
        }
        match &entry.origin {
            Origin::VersionOf(function) => _ = of_this.insert(function.clone()),
            Origin::AliasOf { function, version, .. } => {
                of_this.extend([function.clone(), version.clone()]);
            }
            Origin::Written | Origin::Implied => {}
        }
    }
    needs
}

/// A depth-first walk. It recurses; the number of resources bounds how deep.
struct Sort<'n> {
    needs: &'n BTreeMap<String, BTreeSet<String>>,
    /// Whether the walk through a resource has ended.
    state: BTreeMap<&'n str, bool>,
    path: Vec<&'n str>,
    order: BTreeMap<&'n str, usize>,
}

impl<'n> Sort<'n> {
    /// The error is the cycle, with its first member at both ends.
    fn visit(&mut self, logical_id: &str) -> Result<(), Vec<String>> {
        let Some((logical_id, needs)) = self.needs.get_key_value(logical_id) else { return Ok(()) };
        match self.state.get(logical_id.as_str()) {
            Some(true) => return Ok(()),
            Some(false) => {
                let start = self.path.iter().position(|id| id == logical_id).unwrap_or(0);
                let cycle = self.path.iter().skip(start).copied().chain([logical_id.as_str()]);
                return Err(cycle.map(str::to_owned).collect());
            }
            None => {}
        }
        self.state.insert(logical_id, false);
        self.path.push(logical_id);
        for other in needs {
            self.visit(other)?;
        }
        self.path.pop();
        self.state.insert(logical_id, true);
        self.order.insert(logical_id, self.order.len());
        Ok(())
    }
}
