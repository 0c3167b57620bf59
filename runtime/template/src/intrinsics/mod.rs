//! CloudFormation's functions: from a tree with calls to one without.
//!
//! [`Scope`] holds what a call may refer to. Only what is needed is evaluated: the branch of an `Fn::If` that is taken,
//! the properties that this server uses. So a template that uses something unknown in a resource that is ignored anyway
//! still works.
//!
//! | file | job |
//! |---|---|
//! | `conditions` | the section Conditions, and the functions that give true or false |
//! | `references` | Ref and GetAtt: parameters, pseudo parameters, resources |
//! | `strings` | Sub, Join, Split, Base64 |
//! | `lists` | Select, FindInMap, Length |
//! | `names` | how the functions are called |

mod conditions;
mod lists;
pub(crate) mod names;
mod references;
mod strings;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::Options;
use crate::error::{Place, Problems, Reported, did_you_mean};
use crate::inventory::Inventory;
use crate::node::{Data, Map, Node};
use crate::parameters::Parameters;

/// The longest text that functions may make. CloudFormation's templates have a megabyte; an environment has 4 KiB.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// What evaluation may do in all: a value is one, and so are 64 bytes that a function gives. Mappings and parameters
/// are copied wherever they are used, so a small template could ask for much.
const WORK_MAX: usize = 1_000_000;
/// Evaluations inside each other: functions in functions, and names and conditions that lead to others. They recurse.
const NESTED_MAX: usize = 128;

/// The value of something; `None` for `AWS::NoValue`, which stands for its absence.
pub(crate) type Evaluated = Result<Option<Node>, Reported>;

/// What a template's functions may refer to.
pub(crate) struct Scope<'t> {
    pub(crate) options: &'t Options,
    pub(crate) problems: &'t Problems,
    pub(crate) parameters: Parameters,
    pub(crate) mappings: Option<&'t Map>,
    pub(crate) conditions: Option<&'t Map>,
    pub(crate) inventory: Inventory<'t>,
    /// Whether the transform `AWS::LanguageExtensions` is there.
    pub(crate) extensions: bool,
    /// Conditions whose value is known or being looked for.
    decided: RefCell<BTreeMap<String, Option<Result<bool, Reported>>>>,
    /// Names of resources that are known or being looked for.
    named: RefCell<BTreeMap<String, Option<Result<String, Reported>>>>,
    /// Which resource refers to which, as far as has been evaluated.
    edges: RefCell<BTreeMap<String, BTreeSet<String>>>,
    /// The resource whose properties are being evaluated.
    current: RefCell<Option<String>>,
    work: Cell<usize>,
    nested: Cell<usize>,
}

impl<'t> Scope<'t> {
    /// A scope without resources; those are found with the help of it.
    pub(crate) fn new(
        options: &'t Options,
        problems: &'t Problems,
        parameters: Parameters,
        mappings: Option<&'t Map>,
        conditions: Option<&'t Map>,
        extensions: bool,
    ) -> Self {
        Self {
            options,
            problems,
            parameters,
            mappings,
            conditions,
            inventory: Inventory::default(),
            extensions,
            decided: RefCell::default(),
            named: RefCell::default(),
            edges: RefCell::default(),
            current: RefCell::default(),
            work: Cell::default(),
            nested: Cell::default(),
        }
    }

    pub(crate) fn report(
        &self,
        node: &Node,
        place: &Place,
        message: impl Into<String>,
    ) -> Reported {
        self.problems.report(node.mark, place, message)
    }

    /// Runs `work` as the evaluation of this resource: what it refers to is written down.
    pub(crate) fn as_resource<T>(&self, logical_id: &str, work: impl FnOnce() -> T) -> T {
        let outer = self.current.replace(Some(logical_id.to_owned()));
        let result = work();
        self.current.replace(outer);
        result
    }

    /// Which resource refers to which.
    pub(crate) fn edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.edges.borrow().clone()
    }

    /// Notes that the resource in work needs another one.
    pub(crate) fn needs(&self, logical_id: &str) {
        if let Some(current) = self.current.borrow().as_ref() {
            let mut edges = self.edges.borrow_mut();
            edges.entry(current.clone()).or_default().insert(logical_id.to_owned());
        }
    }

    /// The value of a tree, with all functions applied.
    ///
    /// # Errors
    /// [`Reported`].
    pub(crate) fn evaluate(&self, node: &Node, place: &Place) -> Evaluated {
        self.deeper(node, place, || self.evaluate_one(node, place))
    }

    /// Runs a step of the evaluation, as long as there have not been too many, and not too many inside each other.
    fn deeper<T>(
        &self,
        node: &Node,
        place: &Place,
        step: impl FnOnce() -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        self.spend(1)?;
        if self.nested.get() >= NESTED_MAX {
            let message = format!("functions lead to each other more than {NESTED_MAX} deep");
            return Err(self.report(node, place, message));
        }
        self.nested.set(self.nested.get() + 1);
        let result = step();
        self.nested.set(self.nested.get() - 1);
        result
    }

    fn spend(&self, work: usize) -> Result<(), Reported> {
        if self.problems.are_too_many() {
            return Err(Reported);
        }
        self.work.set(self.work.get().saturating_add(work));
        if self.work.get() > WORK_MAX {
            let message = "its functions make more of it than this server works out; \
                           it repeats large lists or texts too often";
            return Err(self.problems.report(None, &Place::root(), message));
        }
        Ok(())
    }

    fn evaluate_one(&self, node: &Node, place: &Place) -> Evaluated {
        match &node.data {
            Data::List(list) => self.evaluate_list(node, list, place).map(Some),
            Data::Map(map) => match map.first() {
                Some((name, argument)) if map.len() == 1 && names::is_function(name) => {
                    let value = self.call(name, argument, node, place)?;
                    self.spend(value.as_ref().map_or(0, work_of))?;
                    Ok(value)
                }
                _ => self.evaluate_map(node, map, place).map(Some),
            },
            _ => Ok(Some(node.clone())),
        }
    }

    fn evaluate_list(&self, node: &Node, list: &[Node], place: &Place) -> Result<Node, Reported> {
        let mut values = Vec::with_capacity(list.len());
        let mut failed = None;
        for (index, item) in list.iter().enumerate() {
            match self.evaluate(item, &place.at(index)) {
                Ok(value) => values.extend(value),
                Err(reported) => failed = Some(reported),
            }
        }
        failed.map_or(Ok(Node::new(node.mark, Data::List(values))), Err)
    }

    fn evaluate_map(&self, node: &Node, map: &Map, place: &Place) -> Result<Node, Reported> {
        let mut values = Map::with_capacity(map.len());
        let mut failed = None;
        for (key, item) in map {
            if names::is_function(key) {
                let message = format!("the function {key} must be the only key of its map");
                failed = Some(self.report(item, &place.at(key), message));
                continue;
            }
            match self.evaluate(item, &place.at(key)) {
                Ok(Some(value)) => _ = values.insert(key.clone(), value),
                Ok(None) => {}
                Err(reported) => failed = Some(reported),
            }
        }
        failed.map_or(Ok(Node::new(node.mark, Data::Map(values))), Err)
    }

    fn call(&self, name: &str, argument: &Node, call: &Node, place: &Place) -> Evaluated {
        match name {
            "Ref" => self.reference(argument, place),
            "Fn::GetAtt" => self.attribute(argument, place).map(Some),
            "Fn::Sub" => self.substitute(argument, place).map(Some),
            "Fn::Join" => self.join(argument, place).map(Some),
            "Fn::Split" => self.split(argument, place).map(Some),
            "Fn::Base64" => self.base64(argument, place).map(Some),
            "Fn::Select" => self.select(argument, place).map(Some),
            "Fn::FindInMap" => self.find_in_map(argument, place),
            "Fn::GetAZs" => Ok(Some(self.zones(argument))),
            "Fn::If" => self.branch(argument, place),
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => {
                let message = format!(
                    "{name} is for the section Conditions; give it a name there and use Fn::If here"
                );
                Err(self.report(call, place, message))
            }
            "Fn::Length" | "Fn::ToJsonString" if !self.extensions => Err(self.report(
                call,
                place,
                format!("{name} needs the transform AWS::LanguageExtensions; add it to Transform"),
            )),
            "Fn::Length" => self.length(argument, place).map(Some),
            "Fn::ToJsonString" => self.to_json_string(argument, place).map(Some),
            "Fn::ImportValue" => Err(self.import(argument, place)),
            "Fn::Cidr" | "Fn::Transform" | "Fn::ForEach" => Err(self.report(
                call,
                place,
                format!(
                    "{name} is not supported here; write its result into the template, \
                     or pass it as a parameter"
                ),
            )),
            _ => {
                let known = names::TAGS.iter().filter_map(|tag| names::long_name(tag));
                let known: Vec<String> = known.collect();
                let hint = did_you_mean(name, &known);
                Err(self.report(call, place, format!("there is no function {name}{hint}")))
            }
        }
    }

    fn import(&self, argument: &Node, place: &Place) -> Reported {
        let name = match self.text(argument, place, "the argument of Fn::ImportValue") {
            Ok(name) => name,
            Err(reported) => return reported,
        };
        let message = format!(
            "it imports \"{name}\" from another stack, and there is none here; make it a parameter"
        );
        self.report(argument, place, message)
    }

    /// Evaluates what must be a complete text.
    pub(crate) fn text(&self, node: &Node, place: &Place, what: &str) -> Result<String, Reported> {
        let value = self.present(node, place, what)?;
        match &value.data {
            Data::Later(text) => Err(self.report(
                node,
                place,
                format!(
                    "{what} needs {text}, which is known only when the version has been published"
                ),
            )),
            _ => value.as_text().map(str::to_owned).ok_or_else(|| {
                self.report(node, place, format!("{what} must be a text, not {}", value.kind()))
            }),
        }
    }

    /// Evaluates what must be there.
    pub(crate) fn present(&self, node: &Node, place: &Place, what: &str) -> Result<Node, Reported> {
        self.evaluate(node, place)?
            .ok_or_else(|| self.report(node, place, format!("{what} must not be AWS::NoValue")))
    }

    /// The arguments of a function that takes a list of `least` to `most`.
    fn arguments<'n>(
        &self,
        argument: &'n Node,
        place: &Place,
        function: &str,
        least: usize,
        most: usize,
    ) -> Result<&'n [Node], Reported> {
        match argument.as_list() {
            Some(list) if (least..=most).contains(&list.len()) => Ok(list),
            _ => {
                let number =
                    if least == most { least.to_string() } else { format!("{least} to {most}") };
                let message = format!("{function} takes a list of {number} arguments");
                Err(self.report(argument, place, message))
            }
        }
    }
}

fn work_of(node: &Node) -> usize {
    1 + match &node.data {
        Data::List(list) => list.iter().map(work_of).sum(),
        Data::Map(map) => map.values().map(work_of).sum(),
        Data::Text(text) | Data::Number(text) => text.len() / 64,
        Data::Later(text) => text.len() / 64,
        Data::Null | Data::Bool(_) => 0,
    }
}
