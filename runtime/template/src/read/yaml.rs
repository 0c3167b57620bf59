//! YAML to nodes.
//!
//! The parser gives events; a stack of open lists and maps turns them into a tree, so that depth and number are checked
//! while the text is read and before anything is copied. Plain scalars are read as CloudFormation does, which follows
//! YAML 1.1: `yes` is a boolean.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{Count, DEPTH_MAX, SyntaxError, too_deep};
use crate::error::did_you_mean;
use crate::intrinsics::names::{TAGS, long_name};
use crate::node::{Data, Map, Mark, Node};

pub(super) fn read(text: &str) -> Result<Node, SyntaxError> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let mark = mark_at(error.marker().line(), error.marker().col());
            SyntaxError::new(Some(mark), format!("this is not valid YAML: {}", error.info()))
        })?;
        tree.take(event, span)?;
    }
    tree.root.ok_or_else(|| SyntaxError::new(None, "the template is empty"))
}

fn mark_at(line: usize, column: usize) -> Mark {
    Mark { line, column: column + 1 }
}

/// A list or map whose end has not come yet.
struct Open {
    mark: Mark,
    anchor: usize,
    tag: Option<String>,
    kind: OpenKind,
    /// How many values there were before it.
    nodes_before: usize,
}

enum OpenKind {
    List(Vec<Node>),
    Map { map: Map, key: Option<(String, Mark)>, merged: Vec<Node> },
}

#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    /// What anchors name, and how many values each holds.
    anchors: HashMap<usize, (Node, usize)>,
    count: Count,
    documents: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let mark = mark_at(span.start.line(), span.start.col());
        let at = |message: String| SyntaxError::new(Some(mark), message);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(at("a second YAML document begins here; a template is one".into()));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count.add(1).map_err(at)?;
                let as_it_is = tag.is_some() || style != ScalarStyle::Plain || self.expects_key();
                let data = if as_it_is { Data::Text(text.into_owned()) } else { plain(&text) };
                let node = tagged(tag_name(tag.as_deref()), Node::new(Some(mark), data))?;
                self.complete(node, mark, anchor, 1)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(mark, anchor, tag.as_deref(), OpenKind::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                let kind = OpenKind::Map { map: Map::new(), key: None, merged: Vec::new() };
                self.open(mark, anchor, tag.as_deref(), kind)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(anchor) => {
                let Some((node, nodes)) = self.anchors.get(&anchor) else {
                    return Err(at("this alias stands inside of what it names".into()));
                };
                let nodes = *nodes;
                self.count.add(nodes).map_err(at)?;
                if height(node) + self.open.len() > DEPTH_MAX {
                    return Err(at(too_deep()));
                }
                let node = node.clone();
                self.complete(node, mark, 0, nodes)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// Whether the next value is the key of a map. A key is a text, whatever it looks like.
    fn expects_key(&self) -> bool {
        let kind = self.open.last().map(|open| &open.kind);
        matches!(kind, Some(OpenKind::Map { key: None, .. }))
    }

    fn open(
        &mut self,
        mark: Mark,
        anchor: usize,
        tag: Option<&Tag>,
        kind: OpenKind,
    ) -> Result<(), SyntaxError> {
        let at = |message: String| SyntaxError::new(Some(mark), message);
        if self.open.len() >= DEPTH_MAX {
            return Err(at(too_deep()));
        }
        let nodes_before = self.count.nodes;
        self.count.add(1).map_err(at)?;
        self.open.push(Open { mark, anchor, tag: tag_name(tag), kind, nodes_before });
        Ok(())
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        let Some(Open { mark, anchor, tag, kind, nodes_before }) = self.open.pop() else {
            return Ok(());
        };
        let data = match kind {
            OpenKind::List(list) => Data::List(list),
            OpenKind::Map { mut map, merged, .. } => {
                for (key, value) in merged.into_iter().filter_map(into_map).flatten() {
                    map.entry(key).or_insert(value);
                }
                Data::Map(map)
            }
        };
        let node = tagged(tag, Node::new(Some(mark), data))?;
        self.complete(node, mark, anchor, self.count.nodes - nodes_before)
    }

    /// Puts a finished value where it belongs.
    fn complete(
        &mut self,
        node: Node,
        mark: Mark,
        anchor: usize,
        nodes: usize,
    ) -> Result<(), SyntaxError> {
        let at = |message: String| SyntaxError::new(Some(mark), message);
        if anchor != 0 {
            self.count.add(nodes).map_err(at)?;
            self.anchors.insert(anchor, (node.clone(), nodes));
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::List(list)) => list.push(node),
            Some(OpenKind::Map { map, key, merged }) => match key.take() {
                None => {
                    let text = node.as_text().ok_or_else(|| {
                        at(format!("a key must be a text, but this is {}", node.kind()))
                    })?;
                    if map.contains_key(text) {
                        return Err(at(format!("the key \"{text}\" is there twice")));
                    }
                    *key = Some((text.to_owned(), mark));
                }
                Some((name, _)) if name == "<<" => merge(merged, node).map_err(at)?,
                Some((name, key_mark)) => {
                    // What is wrong with a property is best shown at its name.
                    let node = if node.as_text().is_some() {
                        node
                    } else {
                        Node { mark: Some(key_mark), ..node }
                    };
                    map.insert(name, node);
                }
            },
        }
        Ok(())
    }
}

/// The value of a merge key: a map or a list of maps whose entries are taken over where there are none yet.
fn merge(merged: &mut Vec<Node>, node: Node) -> Result<(), String> {
    let maps = match node.data {
        Data::List(list) => list,
        _ => vec![node],
    };
    if maps.iter().any(|map| map.as_map().is_none()) {
        return Err("the merge key << needs a map or a list of maps".into());
    }
    merged.extend(maps);
    Ok(())
}

fn into_map(node: Node) -> Option<Map> {
    match node.data {
        Data::Map(map) => Some(map),
        _ => None,
    }
}

fn height(node: &Node) -> usize {
    match &node.data {
        Data::List(list) => 1 + list.iter().map(height).max().unwrap_or(0),
        Data::Map(map) => 1 + map.values().map(height).max().unwrap_or(0),
        _ => 0,
    }
}

/// The name of a tag without its exclamation mark; `None` for those of YAML itself.
fn tag_name(tag: Option<&Tag>) -> Option<String> {
    tag.filter(|tag| !tag.is_yaml_core_schema() && !tag.suffix.is_empty())
        .map(|tag| format!("{}{}", tag.handle.trim_start_matches('!'), tag.suffix))
}

/// A value with a short tag, in its long form.
fn tagged(tag: Option<String>, node: Node) -> Result<Node, SyntaxError> {
    let Some(tag) = tag else { return Ok(node) };
    let Some(name) = long_name(&tag) else {
        let message =
            format!("there is no function !{tag}{}", did_you_mean(&tag, TAGS.iter().copied()));
        return Err(SyntaxError::new(node.mark, message));
    };
    Ok(Node::call(node.mark, &name, node))
}

fn plain(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Data::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            Data::Bool(false)
        }
        _ if is_number(text) => Data::Number(text.to_owned()),
        _ => Data::Text(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.chars().all(|char| char.is_ascii_digit() || "+-.eE".contains(char))
        && text.parse::<f64>().is_ok()
}
