//! One file for each type of resource: from its properties to a part of the stack.
//!
//! | file | types |
//! |---|---|
//! | `function`, `code`, `assets` | AWS::Lambda::Function, AWS::Serverless::Function |
//! | `table`, `simple_table` | AWS::DynamoDB::Table, AWS::DynamoDB::GlobalTable, AWS::Serverless::SimpleTable |
//! | `version`, `alias` | AWS::Lambda::Version, AWS::Lambda::Alias |
//! | `log_group` | AWS::Logs::LogGroup |
//! | `ignored`, `shapes` | everything else: no part of the stack, but something to refer to |
//! | `unused` | properties without effect |
//! | `names` | what a resource is called |
//! | `together` | whether all of them fit together |

pub(crate) mod alias;
mod assets;
pub(crate) mod code;
pub(crate) mod function;
pub(crate) mod ignored;
mod log_group;
pub(crate) mod names;
mod shapes;
mod simple_table;
mod table;
mod together;
mod unused;
pub(crate) mod version;

use crate::error::Place;
use crate::fields::Fields;
use crate::intrinsics::Scope;
use crate::inventory::{Entry, Kind, Origin};
use crate::stack::{Ignored, Resource, Stack};

/// The place of a resource's properties.
fn place_of(logical_id: &str) -> Place {
    Place::root().at("Resources").at(logical_id).at("Properties")
}

fn fields<'a, 't>(scope: &'a Scope<'t>, logical_id: &str, entry: &'a Entry<'t>) -> Fields<'a, 't> {
    Fields::new(scope, &entry.properties, place_of(logical_id), entry.node.mark)
}

/// Reads every resource. The finder leads to the code of functions.
pub(crate) fn read(scope: &Scope<'_>, code: &code::Finder) -> Stack {
    let mut stack = Stack::default();
    for (logical_id, entry) in scope.inventory.iter() {
        scope.as_resource(logical_id, || add(scope, logical_id, entry, code, &mut stack));
    }
    together::check(scope, &stack);
    stack
}

fn add(
    scope: &Scope<'_>,
    logical_id: &str,
    entry: &Entry<'_>,
    code: &code::Finder,
    stack: &mut Stack,
) {
    match entry.kind {
        Kind::Function | Kind::ServerlessFunction => {
            stack.functions.extend(function::read(scope, logical_id, entry, code));
        }
        Kind::Table | Kind::GlobalTable => {
            stack.tables.extend(table::read(scope, logical_id, entry));
        }
        Kind::SimpleTable => stack.tables.extend(simple_table::read(scope, logical_id, entry)),
        Kind::Version => stack.versions.extend(version::read(scope, logical_id, entry)),
        Kind::Alias => stack.aliases.extend(alias::read(scope, logical_id, entry)),
        Kind::LogGroup => stack.log_groups.extend(log_group::read(scope, logical_id, entry)),
        Kind::Ignored => {}
    }
    stack.ignored.extend(ignored::properties(logical_id, entry));
    if let Some(kind) = entry.kind.created_type() {
        if let Ok(physical_id) = scope.physical_id(logical_id, entry) {
            let (logical_id, kind) = (logical_id.to_owned(), kind.to_owned());
            let retained = retained(scope, &logical_id, entry);
            stack.resources.push(Resource { logical_id, kind, physical_id, retained });
        }
    } else if entry.origin == Origin::Written {
        stack.ignored.push(Ignored {
            logical_id: logical_id.to_owned(),
            kind: entry.type_name.clone().into_owned(),
            property: None,
            why: ignored::why(&entry.type_name).to_owned(),
        });
    }
}

/// Whether the resource stays when its stack is deleted. SAM's additions have the policy of CloudFormation's default.
fn retained(scope: &Scope<'_>, logical_id: &str, entry: &Entry<'_>) -> bool {
    if entry.origin != Origin::Written {
        return false;
    }
    let Some(policy) = entry.node.as_map().and_then(|map| map.get("DeletionPolicy")) else {
        return false;
    };
    let place = Place::root().at("Resources").at(logical_id).at("DeletionPolicy");
    match scope.text(policy, &place, "a policy").as_deref() {
        Ok("Delete") => false,
        Ok("Retain" | "RetainExceptOnCreate") => true,
        Ok(_) => {
            scope.report(policy, &place, "it must be Delete, Retain or RetainExceptOnCreate");
            false
        }
        Err(_) => false,
    }
}
