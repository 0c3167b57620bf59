//! The section Parameters: what was passed, what is the default, and whether it is allowed.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use crate::error::{Place, Problems, Reported, did_you_mean};
use crate::fields::check_keys;
use crate::node::{Data, Map, Node};
use crate::stack::Parameter;

/// CloudFormation's bounds.
const PARAMETERS_MAX: usize = 200;
const VALUE_BYTES_MAX: usize = 4096;

const KEYS: [&str; 11] = [
    "Type",
    "Default",
    "Description",
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "NoEcho",
];
/// What is shown in place of a secret.
const MASK: &str = "****";

/// The parameters with their values.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    values: BTreeMap<String, Value>,
    shown: Vec<Parameter>,
}

/// What a reference to a parameter gives.
#[derive(Debug)]
pub(crate) enum Value {
    /// This.
    Known(Node),
    /// Nothing: the value would have to be fetched from a service that is not here. The text is the parameter's type.
    Elsewhere(String),
    /// Nothing: a problem with it was reported.
    Wrong,
}

impl Parameters {
    pub(crate) fn read(
        section: Option<&Map>,
        given: &BTreeMap<String, String>,
        problems: &Problems,
    ) -> Self {
        let mut parameters = Self::default();
        let place = Place::root().at("Parameters");
        let empty = Map::new();
        let section = section.unwrap_or(&empty);
        if section.len() > PARAMETERS_MAX {
            let message =
                format!("there are {}; CloudFormation allows {PARAMETERS_MAX}", section.len());
            problems.report(None, &place, message);
            return parameters;
        }
        for (key, declaration) in section {
            let one = Declaration { problems, place: place.at(key), key, node: declaration };
            let value = one.value(given.get(key)).unwrap_or(Value::Wrong);
            parameters.shown.push(one.shown(&value, given.get(key)));
            parameters.values.insert(key.clone(), value);
        }
        for key in given.keys().filter(|key| !section.contains_key(*key)) {
            let hint = did_you_mean(key, section.keys());
            let message = format!(
                "a value is given for \"{key}\", which the template does not declare{hint}"
            );
            problems.report(None, &place, message);
        }
        parameters
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &String> {
        self.values.keys()
    }

    /// As the stack shows them.
    pub(crate) fn into_shown(self) -> Vec<Parameter> {
        self.shown
    }
}

/// One parameter's declaration.
struct Declaration<'t> {
    problems: &'t Problems,
    place: Place,
    key: &'t str,
    node: &'t Node,
}

impl Declaration<'_> {
    fn report(&self, message: impl Into<String>) -> Reported {
        self.problems.report(self.node.mark, &self.place, message)
    }

    fn field(&self, name: &str) -> Option<&Node> {
        self.node.as_map()?.get(name)
    }

    fn field_text(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_text()
    }

    fn value(&self, given: Option<&String>) -> Result<Value, Reported> {
        let Some(map) = self.node.as_map() else {
            return Err(self.report("a parameter is a map with at least a Type"));
        };
        check_keys(map, &KEYS, &self.place, self.problems, "a parameter");
        let Some(kind) = self.field_text("Type") else {
            return Err(self.report("it has no Type; String is the usual one"));
        };
        if kind.starts_with("AWS::SSM::Parameter::") {
            return Ok(Value::Elsewhere(kind.to_owned()));
        }
        let text = match (given, self.field("Default")) {
            (Some(given), _) => given.clone(),
            (None, Some(default)) => match default.as_text() {
                Some(text) => text.to_owned(),
                None => return Err(self.report("its Default must be a text")),
            },
            (None, None) => {
                let message = format!("it has no Default and no value; pass {}=VALUE", self.key);
                return Err(self.report(message));
            }
        };
        if text.len() > VALUE_BYTES_MAX {
            let message =
                format!("its value has {} bytes; {VALUE_BYTES_MAX} are allowed", text.len());
            return Err(self.report(message));
        }
        self.typed(kind, text).map(Value::Known)
    }

    fn typed(&self, kind: &str, text: String) -> Result<Node, Reported> {
        let scalar = |text: &str| Node::text(self.node.mark, text);
        let items = || text.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>();
        match kind {
            "String" => self.check(&text).map(|()| scalar(&text)),
            "Number" => {
                self.check_number(&text)?;
                self.check(&text).map(|()| scalar(&text))
            }
            "CommaDelimitedList" => {
                let items = items();
                items.iter().try_for_each(|item| self.check(item))?;
                let list = items.iter().map(|item| scalar(item)).collect();
                Ok(Node::new(self.node.mark, Data::List(list)))
            }
            "List<Number>" => {
                let items = items();
                items.iter().try_for_each(|item| self.check_number(item))?;
                let list = items.iter().map(|item| scalar(item)).collect();
                Ok(Node::new(self.node.mark, Data::List(list)))
            }
            // Names of things in an account: nothing here can say whether they exist.
            _ if kind.starts_with("AWS::") => self.check(&text).map(|()| scalar(&text)),
            _ if kind.starts_with("List<AWS::") => {
                let list = items().iter().map(|item| scalar(item)).collect();
                Ok(Node::new(self.node.mark, Data::List(list)))
            }
            _ => {
                let known = ["String", "Number", "CommaDelimitedList", "List<Number>"];
                let hint = did_you_mean(kind, known);
                Err(self.report(format!("there is no parameter type \"{kind}\"{hint}")))
            }
        }
    }

    /// Refuses a value, without showing it if it is a secret.
    fn refuse(&self, value: &str, why: &str) -> Reported {
        let value = if self.no_echo() { MASK } else { value };
        let described = self.field_text("ConstraintDescription");
        let described = described.map(|text| format!(" ({text})")).unwrap_or_default();
        self.report(format!("its value \"{value}\" {why}{described}"))
    }

    fn check(&self, value: &str) -> Result<(), Reported> {
        if let Some(allowed) = self.field("AllowedValues").and_then(Node::as_list) {
            let allowed: Vec<&str> = allowed.iter().filter_map(Node::as_text).collect();
            if !allowed.contains(&value) {
                return Err(self.refuse(value, &format!("is not one of {}", allowed.join(", "))));
            }
        }
        let length = value.chars().count();
        if self.bound::<usize>("MinLength").is_some_and(|least| length < least) {
            return Err(self.refuse(value, "is shorter than its MinLength"));
        }
        if self.bound::<usize>("MaxLength").is_some_and(|most| length > most) {
            return Err(self.refuse(value, "is longer than its MaxLength"));
        }
        match self.field_text("AllowedPattern") {
            Some(pattern) => self.check_pattern(pattern, value),
            None => Ok(()),
        }
    }

    /// The whole value must match, as in CloudFormation.
    fn check_pattern(&self, pattern: &str, value: &str) -> Result<(), Reported> {
        let matches = fancy_regex::Regex::new(&format!(r"\A(?:{pattern})\z"))
            .and_then(|regex| regex.is_match(value));
        match matches {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.refuse(value, &format!("does not match {pattern}"))),
            Err(error) => {
                let message = format!("its AllowedPattern {pattern} cannot be used: {error}");
                Err(self.report(message))
            }
        }
    }

    fn check_number(&self, value: &str) -> Result<(), Reported> {
        let Some(number) = f64::from_str(value).ok().filter(|number| number.is_finite()) else {
            return Err(self.refuse(value, "is not a number"));
        };
        if self.bound::<f64>("MinValue").is_some_and(|least| number < least) {
            return Err(self.refuse(value, "is less than its MinValue"));
        }
        if self.bound::<f64>("MaxValue").is_some_and(|most| number > most) {
            return Err(self.refuse(value, "is more than its MaxValue"));
        }
        Ok(())
    }

    fn bound<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.field_text(name)?.parse().ok()
    }

    fn no_echo(&self) -> bool {
        self.field_text("NoEcho") == Some("true")
    }

    fn shown(&self, value: &Value, given: Option<&String>) -> Parameter {
        let value = match value {
            _ if self.no_echo() => MASK.to_owned(),
            Value::Known(node) => match node.as_list() {
                Some(items) => items.iter().filter_map(Node::as_text).collect::<Vec<_>>().join(","),
                None => node.as_text().unwrap_or_default().to_owned(),
            },
            // Its value is the name of what would be fetched.
            Value::Elsewhere(_) | Value::Wrong => {
                let named = given.map(String::as_str).or_else(|| self.field_text("Default"));
                named.unwrap_or_default().to_owned()
            }
        };
        Parameter { key: self.key.to_owned(), value }
    }
}
