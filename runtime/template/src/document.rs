//! The sections of a template, and the way from the file to the stack.

use std::path::Path;

use crate::error::{Place, Problems, TemplateError};
use crate::fields::check_keys;
use crate::globals::Globals;
use crate::intrinsics::Scope;
use crate::inventory::Inventory;
use crate::node::{Map, Node};
use crate::parameters::Parameters;
use crate::resources::code::Finder;
use crate::stack::{Ignored, Stack};
use crate::{Options, order, outputs, read, resources};

const FORMAT: &str = "2010-09-09";
const SERVERLESS: &str = "AWS::Serverless-2016-10-31";
const EXTENSIONS: &str = "AWS::LanguageExtensions";
/// CloudFormation's bounds.
const MAPPINGS_MAX: usize = 200;
const STACK_NAME_MAX: usize = 128;

const SECTIONS: [&str; 12] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

/// Reads the file and everything in it.
///
/// # Errors
/// [`TemplateError`].
pub(crate) fn read_file(path: &Path, options: &Options) -> Result<Stack, TemplateError> {
    match read::file(path) {
        Ok(text) => read_text(path, &text, options, &Finder::new(path)),
        Err(message) => {
            let problems = Problems::default();
            problems.report(None, &Place::root(), message);
            problems.into_result(path, None)
        }
    }
}

/// As [`read_file`], without any file.
///
/// # Errors
/// [`TemplateError`].
pub(crate) fn read_built_in(
    name: &Path,
    text: &str,
    options: &Options,
) -> Result<Stack, TemplateError> {
    read_text(name, text, options, &Finder::built_in())
}

fn read_text(
    path: &Path,
    text: &str,
    options: &Options,
    code: &Finder,
) -> Result<Stack, TemplateError> {
    let problems = Problems::default();
    let stack = match read::text(text) {
        Ok(root) => Document::open(&root, &problems).and_then(|it| it.stack(code, options)),
        Err(error) => {
            problems.report(error.mark, &Place::root(), error.message);
            None
        }
    };
    problems.into_result(path, stack)
}

struct Document<'t> {
    root: &'t Map,
    problems: &'t Problems,
}

impl<'t> Document<'t> {
    fn open(root: &'t Node, problems: &'t Problems) -> Option<Self> {
        let Some(map) = root.as_map() else {
            problems.report(
                root.mark,
                &Place::root(),
                "a template is a map with a section Resources",
            );
            return None;
        };
        check_keys(map, &SECTIONS, &Place::root(), problems, "a template");
        Some(Self { root: map, problems })
    }

    fn section(&self, name: &str) -> Option<&'t Map> {
        let node = self.root.get(name)?;
        if node.as_map().is_none() {
            self.problems.report(node.mark, &Place::root().at(name), "this section must be a map");
        }
        node.as_map()
    }

    fn stack(&self, code: &Finder, options: &Options) -> Option<Stack> {
        self.check_version();
        let mut ignored = Vec::new();
        self.check_stack_name(&options.stack_name);
        let (serverless, extensions) = self.transforms(&mut ignored);
        let given = &options.parameters;
        let parameters = Parameters::read(self.section("Parameters"), given, self.problems);
        let mappings = self.mappings();
        let conditions = self.section("Conditions");
        let mut scope =
            Scope::new(options, self.problems, parameters, mappings, conditions, extensions);
        for name in conditions.into_iter().flat_map(Map::keys) {
            let place = Place::root().at("Conditions").at(name);
            let node = conditions.and_then(|map| map.get(name))?;
            // Known once it is evaluated; what is wrong with it is reported here and once.
            _ = scope.condition(name, node, &place);
        }
        let Some(section) = self.section("Resources") else {
            let message = "the template has no section Resources, so there is nothing to create";
            self.problems.report(None, &Place::root(), message);
            return None;
        };
        let globals = Globals::read(self.section("Globals"), self.problems);
        scope.inventory = Inventory::take(section, &globals, &scope);
        if !serverless {
            self.check_plain(section);
        }
        let mut stack = resources::read(&scope, code);
        stack.outputs = outputs::read(&scope, self.section("Outputs"));
        order::apply(&scope, &mut stack);
        stack.name.clone_from(&options.stack_name);
        stack.description = self.root.get("Description").and_then(Node::as_text).map(str::to_owned);
        stack.parameters = scope.parameters.into_shown();
        ignored.extend(self.unused_sections());
        ignored.append(&mut stack.ignored);
        stack.ignored = ignored;
        Some(stack)
    }

    fn check_version(&self) {
        if let Some(node) = self.root.get("AWSTemplateFormatVersion")
            && node.as_text() != Some(FORMAT)
        {
            let place = Place::root().at("AWSTemplateFormatVersion");
            self.problems.report(node.mark, &place, format!("the only version is {FORMAT}"));
        }
    }

    fn check_stack_name(&self, name: &str) {
        let fits = name.len() <= STACK_NAME_MAX
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
        if !fits {
            let message = format!(
                "\"{name}\" cannot be the name of a stack; use a letter, then letters, \
                 digits and -, up to {STACK_NAME_MAX}"
            );
            self.problems.report(None, &Place::root(), message);
        }
    }

    /// SAM's types need SAM's transform: AWS would refuse the template.
    fn check_plain(&self, resources: &Map) {
        let serverless = |node: &Node| {
            let kind = node.as_map().and_then(|map| map.get("Type")).and_then(Node::as_text);
            kind.is_some_and(|kind| kind.starts_with("AWS::Serverless::"))
        };
        let found = resources.values().find(|node| serverless(node)).or(self.root.get("Globals"));
        if let Some(node) = found {
            let message = format!(
                "this is SAM, but the template does not say so; add Transform: {SERVERLESS}"
            );
            self.problems.report(node.mark, &Place::root().at("Transform"), message);
        }
    }

    /// Whether SAM and whether the language extensions are asked for. Macros of the user are refused, because nobody
    /// here knows what they would make of the template.
    fn transforms(&self, ignored: &mut Vec<Ignored>) -> (bool, bool) {
        let Some(node) = self.root.get("Transform") else { return (false, false) };
        let one = [node.clone()];
        let (mut serverless, mut extensions) = (false, false);
        for transform in node.as_list().unwrap_or(&one) {
            match transform.as_text() {
                Some(SERVERLESS) => serverless = true,
                Some(EXTENSIONS) => extensions = true,
                Some(name) if name.starts_with("AWS::") && name != "AWS::Include" => {
                    ignored.push(section_ignored("Transform", &format!("{name} is not applied")));
                }
                name => {
                    let name = name.unwrap_or("of this form");
                    let message = format!(
                        "the transform {name} cannot be applied here; transform the template before"
                    );
                    self.problems.report(transform.mark, &Place::root().at("Transform"), message);
                }
            }
        }
        (serverless, extensions)
    }

    fn mappings(&self) -> Option<&'t Map> {
        let mappings = self.section("Mappings")?;
        if mappings.len() > MAPPINGS_MAX {
            let message =
                format!("there are {}; CloudFormation allows {MAPPINGS_MAX}", mappings.len());
            self.problems.report(None, &Place::root().at("Mappings"), message);
        }
        Some(mappings)
    }

    fn unused_sections(&self) -> impl Iterator<Item = Ignored> {
        let why = [("Rules", "rules are not checked"), ("Hooks", "hooks are not run")];
        why.into_iter()
            .filter(|(name, _)| self.root.contains_key(*name))
            .map(|(name, why)| section_ignored(name, why))
    }
}

fn section_ignored(section: &str, why: &str) -> Ignored {
    Ignored { logical_id: section.into(), kind: "section".into(), property: None, why: why.into() }
}
