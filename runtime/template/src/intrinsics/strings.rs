//! Functions on texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Scope, TEXT_BYTES_MAX};
use crate::error::{Place, Reported};
use crate::node::{Data, Map, Node};
use crate::text::Text;

/// A piece of the template of `Fn::Sub`.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'s> {
    Literal(&'s str),
    Variable(&'s str),
}

impl Scope<'_> {
    /// `Fn::Sub`: a text, or a list of a text and a map with values for its variables.
    pub(super) fn substitute(&self, argument: &Node, place: &Place) -> Result<Node, Reported> {
        let place = &place.at("Fn::Sub");
        let (template, variables) = match argument.as_list() {
            None => (argument, None),
            Some([template, variables]) if variables.as_map().is_some() => {
                (template, variables.as_map())
            }
            Some(_) => {
                let message = "Fn::Sub takes a text, or a list of a text and a map";
                return Err(self.report(argument, place, message));
            }
        };
        let Data::Text(text) = &template.data else {
            let message =
                format!("the text of Fn::Sub must be written out, not {}", template.kind());
            return Err(self.report(argument, place, message));
        };
        let mut whole = Text::default();
        let mut failed = None;
        for piece in pieces(text) {
            match piece {
                Piece::Literal(literal) => whole.push_str(literal),
                Piece::Variable(name) => match self.variable(name, variables, argument, place) {
                    Ok(value) => whole.push(&value),
                    Err(reported) => failed = Some(reported),
                },
            }
            self.bounded(&whole, argument, place)?;
        }
        failed.map_or(Ok(text_node(argument, whole)), Err)
    }

    fn variable(
        &self,
        name: &str,
        variables: Option<&Map>,
        at: &Node,
        place: &Place,
    ) -> Result<Text, Reported> {
        let value = if let Some(value) = variables.and_then(|map| map.get(name)) {
            self.evaluate(value, &place.at(name))?
        } else if let Some((resource, attribute)) = name.split_once('.') {
            Some(self.attribute_of(resource, attribute, at, place)?)
        } else {
            self.reference_to(name, at, place)?
        };
        let Some(value) = value else {
            return Err(self.report(at, place, format!("${{{name}}} has no value")));
        };
        value.to_text().ok_or_else(|| {
            self.report(at, place, format!("${{{name}}} must be a text, not {}", value.kind()))
        })
    }

    /// `Fn::Join`: `[delimiter, list]`.
    pub(super) fn join(&self, argument: &Node, place: &Place) -> Result<Node, Reported> {
        let place = &place.at("Fn::Join");
        let [delimiter, list] = self.arguments(argument, place, "Fn::Join", 2, 2)? else {
            return Err(Reported);
        };
        let delimiter = self.text(delimiter, place, "the delimiter of Fn::Join")?;
        let list = self.list(list, &place.at(1), "the second argument of Fn::Join")?;
        let mut whole = Text::default();
        for (index, item) in list.iter().enumerate() {
            if index > 0 {
                whole.push_str(&delimiter);
            }
            let item = item.to_text().ok_or_else(|| {
                let message = format!("Fn::Join joins texts; item {index} is {}", item.kind());
                self.report(argument, place, message)
            })?;
            whole.push(&item);
            self.bounded(&whole, argument, place)?;
        }
        Ok(text_node(argument, whole))
    }

    /// `Fn::Split`: `[delimiter, text]`.
    pub(super) fn split(&self, argument: &Node, place: &Place) -> Result<Node, Reported> {
        let place = &place.at("Fn::Split");
        let [delimiter, text] = self.arguments(argument, place, "Fn::Split", 2, 2)? else {
            return Err(Reported);
        };
        let delimiter = self.text(delimiter, place, "the delimiter of Fn::Split")?;
        if delimiter.is_empty() {
            return Err(self.report(
                argument,
                place,
                "the delimiter of Fn::Split must not be empty",
            ));
        }
        let text = self.text(text, &place.at(1), "the text of Fn::Split")?;
        let items = text.split(delimiter.as_str()).map(|item| Node::text(argument.mark, item));
        Ok(Node::new(argument.mark, Data::List(items.collect())))
    }

    /// `Fn::Base64`.
    pub(super) fn base64(&self, argument: &Node, place: &Place) -> Result<Node, Reported> {
        let text = self.text(argument, &place.at("Fn::Base64"), "the argument of Fn::Base64")?;
        Ok(Node::text(argument.mark, STANDARD.encode(text)))
    }

    /// `Fn::ToJsonString`.
    pub(super) fn to_json_string(&self, argument: &Node, place: &Place) -> Result<Node, Reported> {
        let place = &place.at("Fn::ToJsonString");
        let value = self.present(argument, place, "the argument of Fn::ToJsonString")?;
        let json = value.to_json().ok_or_else(|| {
            let message =
                "Fn::ToJsonString cannot hold the number of a version: it is not known yet";
            self.report(argument, place, message)
        })?;
        Ok(Node::text(argument.mark, json.to_string()))
    }

    fn bounded(&self, text: &Text, at: &Node, place: &Place) -> Result<(), Reported> {
        if text.len() > TEXT_BYTES_MAX {
            let message = format!("the text becomes longer than {TEXT_BYTES_MAX} bytes");
            return Err(self.report(at, place, message));
        }
        Ok(())
    }
}

fn text_node(at: &Node, text: Text) -> Node {
    match text.complete() {
        Some(text) => Node::text(at.mark, text),
        None => Node::new(at.mark, Data::Later(text)),
    }
}

/// Cuts `a ${B} ${!C}` into pieces: `${B}` is a variable, `${!C}` is the text `${C}`.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((name, after)) = behind.split_once('}') else { break };
        pieces.push(Piece::Literal(before));
        match name.strip_prefix('!') {
            Some(literal) => {
                pieces.extend([Piece::Literal("${"), Piece::Literal(literal), Piece::Literal("}")]);
            }
            None => pieces.push(Piece::Variable(name.trim())),
        }
        rest = after;
    }
    pieces.push(Piece::Literal(rest));
    pieces
}
