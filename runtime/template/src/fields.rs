//! Reading properties: evaluated when asked for, checked, and with the place in every complaint.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::error::{Place, Problems, did_you_mean};
use crate::intrinsics::Scope;
use crate::intrinsics::names::is_call;
use crate::node::{Data, Map, Mark, Node};
use crate::text::Text;

/// How references to SSM and Secrets Manager begin. Passed on as they are, they would be wrong values.
const DYNAMIC: &str = "{{resolve:";

/// A map of properties.
pub(crate) struct Fields<'a, 't> {
    scope: &'a Scope<'t>,
    map: Cow<'a, Map>,
    place: Place,
    /// Where the map stands; for what is missing in it.
    mark: Option<Mark>,
}

impl<'a, 't> Fields<'a, 't> {
    pub(crate) fn new(
        scope: &'a Scope<'t>,
        map: &'a Map,
        place: Place,
        mark: Option<Mark>,
    ) -> Self {
        Self { scope, map: Cow::Borrowed(map), place, mark }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// The keys that are there.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &String> {
        self.map.keys()
    }

    pub(crate) fn raw(&self, key: &str) -> Option<&Node> {
        self.map.get(key)
    }

    fn mark_of(&self, key: &str) -> Option<Mark> {
        self.map.get(key).map_or(self.mark, |node| node.mark)
    }

    /// Reports a problem with a property.
    pub(crate) fn report(&self, key: &str, message: impl Into<String>) {
        self.scope.problems.report(self.mark_of(key), &self.place.at(key), message);
    }

    /// Complains about keys that this map cannot have.
    pub(crate) fn check(&self, known: &[&str], what: &str) {
        check_keys(&self.map, known, &self.place, self.scope.problems, what);
    }

    /// The value of a property. `None` if it is absent or wrong; then it has been reported.
    pub(crate) fn value(&self, key: &str) -> Option<Node> {
        let node = self.map.get(key)?;
        let value = self.scope.evaluate(node, &self.place.at(key)).ok().flatten()?;
        if value.data == Data::Null {
            self.report(key, "it has no value; write one or remove the line");
            return None;
        }
        Some(value)
    }

    /// A text that may be complete only later.
    pub(crate) fn later(&self, key: &str) -> Option<Text> {
        let value = self.value(key)?;
        let Some(text) = value.to_text() else {
            self.report(key, format!("it must be a text, not {}", value.kind()));
            return None;
        };
        if text.contains(DYNAMIC) {
            let message = "the values of {{resolve:...}} are in services that are not here; make it a parameter";
            self.report(key, message);
            return None;
        }
        Some(text)
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let text = self.later(key)?;
        if text.complete().is_none() {
            let message =
                format!("it needs {text}, which is known only when the version has been published");
            self.report(key, message);
        }
        text.complete().map(str::to_owned)
    }

    /// A text that must be there.
    pub(crate) fn required(&self, key: &str, why: &str) -> Option<String> {
        if !self.has(key) {
            self.report(key, format!("it is missing{why}"));
        }
        self.text(key)
    }

    /// A text that is one of these.
    pub(crate) fn one_of(&self, key: &str, allowed: &[&str]) -> Option<String> {
        let text = self.text(key)?;
        if !allowed.contains(&text.as_str()) {
            let hint = did_you_mean(&text, allowed);
            self.report(key, format!("\"{text}\" is not one of {}{hint}", allowed.join(", ")));
            return None;
        }
        Some(text)
    }

    /// A whole number within bounds.
    pub(crate) fn integer(&self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let text = self.text(key)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            self.report(
                key,
                format!("it must be a whole number from {least} to {most}, not {text}"),
            );
        }
        number
    }

    /// True or false.
    pub(crate) fn boolean(&self, key: &str) -> Option<bool> {
        match self.text(key)?.to_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                self.report(key, format!("it must be true or false, not {other}"));
                None
            }
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &str) -> Option<Vec<String>> {
        let value = self.value(key)?;
        let texts = value
            .as_list()
            .and_then(|list| list.iter().map(|item| item.as_text().map(str::to_owned)).collect());
        if texts.is_none() {
            self.report(key, "it must be a list of texts");
        }
        texts
    }

    /// The maps of a list.
    pub(crate) fn maps(&self, key: &str) -> Vec<Fields<'a, 't>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Data::List(list) = value.data else {
            self.report(key, format!("it must be a list, not {}", value.kind()));
            return Vec::new();
        };
        let mut maps = Vec::new();
        for (index, item) in list.into_iter().enumerate() {
            match item.data {
                Data::Map(map) => {
                    let (map, place) = (Cow::Owned(map), self.place.at(key).at(index));
                    maps.push(Fields { scope: self.scope, map, place, mark: item.mark });
                }
                _ => self.report(key, format!("item {index} must be a map, not {}", item.kind())),
            }
        }
        maps
    }

    /// The properties of a map inside. If it is written out as a map, each of them is evaluated only when it is asked
    /// for, so that one that is wrong does not hide the others, and one without effect does no harm.
    pub(crate) fn nested(&self, key: &str) -> Option<Fields<'a, 't>> {
        let raw = self.map.get(key)?;
        let map = match raw.as_map() {
            Some(map) if !is_call(map) => map.clone(),
            _ => {
                let value = self.value(key)?;
                let kind = value.kind();
                let Data::Map(map) = value.data else {
                    self.report(key, format!("it must be a map, not {kind}"));
                    return None;
                };
                map
            }
        };
        let (map, place) = (Cow::Owned(map), self.place.at(key));
        Some(Fields { scope: self.scope, map, place, mark: raw.mark })
    }

    /// Tags: a list of keys and values, or in SAM a map.
    pub(crate) fn tags(&self, key: &str) -> BTreeMap<String, String> {
        let Some(value) = self.value(key) else { return BTreeMap::new() };
        let pair = |map: &Map| {
            let (name, value) = (map.get("Key")?.as_text()?, map.get("Value")?.as_text()?);
            Some((name.to_owned(), value.to_owned()))
        };
        let tags = match &value.data {
            Data::Map(map) => map
                .iter()
                .map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned())))
                .collect::<Option<_>>(),
            Data::List(list) => list.iter().map(|item| pair(item.as_map()?)).collect(),
            _ => None,
        };
        tags.unwrap_or_else(|| {
            self.report(key, "tags are a list of maps with Key and Value, both texts");
            BTreeMap::new()
        })
    }
}

/// Complains about the keys of a map that are not known.
pub(crate) fn check_keys(
    map: &Map,
    known: &[&str],
    place: &Place,
    problems: &Problems,
    what: &str,
) {
    for (key, node) in map.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        let hint = if problems.are_full() { String::new() } else { did_you_mean(key, known) };
        problems.report(node.mark, &place.at(key), format!("{what} has no \"{key}\"{hint}"));
    }
}
