//! Which resources there are, before any of them is read: those whose condition holds, those that SAM adds, and those
//! that are named only so that others can refer to them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use sha2::{Digest as _, Sha256};

use crate::error::{Place, did_you_mean};
use crate::fields::check_keys;
use crate::globals::Globals;
use crate::intrinsics::Scope;
use crate::node::{Map, Node};
use crate::resources::function;

/// What CloudFormation allows in one stack.
const RESOURCES_MAX: usize = 500;

/// What a resource may have besides its properties.
const KEYS: [&str; 13] = [
    "Type",
    "Properties",
    "Condition",
    "DependsOn",
    "Metadata",
    "TestingMetadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
    "Description",
    "Connectors",
    "IgnoreGlobals",
];

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Function,
    ServerlessFunction,
    Table,
    GlobalTable,
    SimpleTable,
    Version,
    Alias,
    LogGroup,
    Ignored,
}

impl Kind {
    fn of(type_name: &str) -> Self {
        match type_name {
            "AWS::Lambda::Function" => Self::Function,
            "AWS::Serverless::Function" => Self::ServerlessFunction,
            "AWS::DynamoDB::Table" => Self::Table,
            "AWS::DynamoDB::GlobalTable" => Self::GlobalTable,
            "AWS::Serverless::SimpleTable" => Self::SimpleTable,
            "AWS::Lambda::Version" => Self::Version,
            "AWS::Lambda::Alias" => Self::Alias,
            "AWS::Logs::LogGroup" => Self::LogGroup,
            _ => Self::Ignored,
        }
    }

    /// The type after SAM's transform.
    pub(crate) fn created_type(self) -> Option<&'static str> {
        match self {
            Self::Function | Self::ServerlessFunction => Some("AWS::Lambda::Function"),
            Self::Table | Self::SimpleTable => Some("AWS::DynamoDB::Table"),
            Self::GlobalTable => Some("AWS::DynamoDB::GlobalTable"),
            Self::Version => Some("AWS::Lambda::Version"),
            Self::Alias => Some("AWS::Lambda::Alias"),
            Self::LogGroup => Some("AWS::Logs::LogGroup"),
            Self::Ignored => None,
        }
    }
}

/// A resource.
#[derive(Debug)]
pub(crate) struct Entry<'t> {
    pub(crate) kind: Kind,
    /// As the template has it.
    pub(crate) type_name: Cow<'t, str>,
    /// With the Globals merged in.
    pub(crate) properties: Cow<'t, Map>,
    /// Where it stands; for what SAM adds, its function.
    pub(crate) node: &'t Node,
    pub(crate) metadata: Option<&'t Map>,
    pub(crate) depends_on: Vec<String>,
    pub(crate) origin: Origin,
}

/// Where a resource comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The template.
    Written,
    /// SAM adds a version of this function.
    VersionOf(String),
    /// SAM adds this alias of a function.
    AliasOf { function: String, version: String, name: String },
    /// SAM would add it on AWS.
    Implied,
}

/// The resources by logical id, in the order of the template.
#[derive(Debug, Default)]
pub(crate) struct Inventory<'t> {
    entries: IndexMap<String, Entry<'t>>,
    /// Resources whose condition does not hold, with the condition's name.
    absent: BTreeMap<String, String>,
    /// The version and the alias that SAM adds to a function: `!Ref Function.Version`, `!Ref Function.Alias`.
    children: BTreeMap<String, (String, String)>,
}

impl<'t> Inventory<'t> {
    pub(crate) fn take(section: &'t Map, globals: &Globals<'t>, scope: &Scope<'t>) -> Self {
        let mut inventory = Self::default();
        let place = Place::root().at("Resources");
        if section.len() > RESOURCES_MAX {
            let message = format!(
                "there are {}; CloudFormation allows {RESOURCES_MAX} in a stack",
                section.len()
            );
            scope.problems.report(None, &place, message);
            return inventory;
        }
        for (logical_id, node) in section {
            inventory.add(logical_id, node, globals, scope, &place.at(logical_id));
        }
        inventory.add_implied(scope);
        inventory
    }

    pub(crate) fn get(&self, logical_id: &str) -> Option<&Entry<'t>> {
        self.entries.get(logical_id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Entry<'t>)> {
        self.entries.iter()
    }

    /// The condition that keeps this resource away.
    pub(crate) fn absent(&self, logical_id: &str) -> Option<&str> {
        self.absent.get(logical_id).map(String::as_str)
    }

    /// What SAM means by `Function.Version` and `Function.Alias`.
    pub(crate) fn child(&self, function: &str, property: &str) -> Option<&str> {
        let (version, alias) = self.children.get(function)?;
        match property {
            "Version" => Some(version),
            "Alias" => Some(alias),
            _ => None,
        }
    }

    fn add(
        &mut self,
        logical_id: &str,
        node: &'t Node,
        globals: &Globals<'t>,
        scope: &Scope<'t>,
        place: &Place,
    ) {
        if logical_id.starts_with("Fn::") {
            scope.report(
                node,
                place,
                "functions cannot make resources here; write the resources out",
            );
            return;
        }
        if !is_logical_id(logical_id) {
            scope.report(
                node,
                place,
                "the name of a resource has only letters and digits, up to 255",
            );
        }
        let Some(map) = node.as_map() else {
            scope.report(node, place, "a resource is a map with a Type");
            return;
        };
        check_keys(map, &KEYS, place, scope.problems, "a resource");
        let Some(type_name) = map.get("Type").and_then(Node::as_text) else {
            scope.report(node, place, "it has no Type, such as AWS::Serverless::Function");
            return;
        };
        if let Some(condition) = map.get("Condition") {
            let name = condition.as_text().unwrap_or_default();
            match scope.condition(name, condition, &place.at("Condition")) {
                Ok(true) => {}
                Ok(false) => {
                    self.absent.insert(logical_id.to_owned(), name.to_owned());
                    return;
                }
                Err(_) => return,
            }
        }
        let properties = match map.get("Properties") {
            None => Cow::Owned(Map::new()),
            Some(node) => match node.as_map() {
                Some(properties) => Cow::Borrowed(properties),
                None => {
                    scope.report(node, &place.at("Properties"), "properties are a map");
                    return;
                }
            },
        };
        let entry = Entry {
            kind: Kind::of(type_name),
            type_name: Cow::Borrowed(type_name),
            properties: globals.merge(type_name, properties, map.get("IgnoreGlobals")),
            node,
            metadata: map.get("Metadata").and_then(Node::as_map),
            depends_on: depends_on(map),
            origin: Origin::Written,
        };
        self.entries.insert(logical_id.to_owned(), entry);
        self.add_published(logical_id, scope, place);
    }

    /// The version and the alias that `AutoPublishAlias` asks for.
    fn add_published(&mut self, function: &str, scope: &Scope<'t>, place: &Place) {
        let Some(entry) = self.entries.get(function) else { return };
        let Some(asked) = entry.properties.get("AutoPublishAlias") else { return };
        if entry.kind != Kind::ServerlessFunction {
            return;
        }
        let place = place.at("Properties").at("AutoPublishAlias");
        let Ok(Some(name)) = scope.evaluate(asked, &place) else { return };
        let Some(name) = name.as_text() else {
            scope.report(asked, &place, "it must be the name of an alias");
            return;
        };
        let (node, name) = (entry.node, name.to_owned());
        let version = format!("{function}Version{}", code_digest(&entry.properties));
        let alias = format!("{function}Alias{name}");
        let added = |kind, type_name, origin| Entry {
            kind,
            type_name: Cow::Borrowed(type_name),
            properties: Cow::Owned(Map::new()),
            node,
            metadata: None,
            depends_on: Vec::new(),
            origin,
        };
        let origin = Origin::VersionOf(function.to_owned());
        let entry = added(Kind::Version, "AWS::Lambda::Version", origin);
        self.entries.insert(version.clone(), entry);
        let origin =
            Origin::AliasOf { function: function.to_owned(), version: version.clone(), name };
        self.entries.insert(alias.clone(), added(Kind::Alias, "AWS::Lambda::Alias", origin));
        self.children.insert(function.to_owned(), (version, alias));
    }

    /// What SAM makes on AWS for roles, URLs and events. It is not made here, but outputs refer to it.
    fn add_implied(&mut self, scope: &Scope<'t>) {
        let mut implied = Vec::new();
        for (logical_id, entry) in &self.entries {
            for (id, type_name) in function::implied(logical_id, entry) {
                implied.push((id, type_name, entry.node));
            }
        }
        for (id, type_name, node) in implied {
            if self.entries.contains_key(&id) || scope.parameters.get(&id).is_some() {
                continue;
            }
            let entry = Entry {
                kind: Kind::Ignored,
                type_name: Cow::Borrowed(type_name),
                properties: Cow::Owned(Map::new()),
                node,
                metadata: None,
                depends_on: Vec::new(),
                origin: Origin::Implied,
            };
            self.entries.insert(id, entry);
        }
    }

    /// Says that there is no such resource.
    pub(crate) fn unknown(&self, name: &str, scope: &Scope<'_>) -> String {
        if let Some(condition) = self.absent(name) {
            return format!(
                "it refers to {name}, which is not there because the condition {condition} is false"
            );
        }
        let known = self.entries.keys().chain(scope.parameters.keys());
        let hint = match scope.problems.are_full() {
            true => String::new(),
            false => did_you_mean(name, known.collect::<Vec<_>>()),
        };
        format!("there is no resource or parameter \"{name}\"{hint}")
    }
}

fn is_logical_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.chars().all(|char| char.is_ascii_alphanumeric())
}

fn depends_on(map: &Map) -> Vec<String> {
    match map.get("DependsOn") {
        None => Vec::new(),
        Some(node) => match node.as_list() {
            Some(list) => list.iter().filter_map(Node::as_text).map(str::to_owned).collect(),
            None => node.as_text().map(str::to_owned).into_iter().collect(),
        },
    }
}

/// Ten digits that change with the place of the code, as SAM has them in the logical id of a version.
fn code_digest(properties: &Map) -> String {
    let keys = ["AutoPublishCodeSha256", "CodeUri", "InlineCode"];
    let written = keys.iter().find_map(|key| properties.get(*key)).and_then(Node::to_json);
    let text = written.map(|json| json.to_string()).unwrap_or_default();
    Sha256::digest(text).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}
