//! From a file to a tree. YAML or JSON, told apart by the first character.
//!
//! | file | job |
//! |---|---|
//! | `yaml` | YAML to nodes, with marks, anchors and CloudFormation's short tags |
//! | `json` | JSON to nodes |
//!
//! Both refuse duplicate keys and are bounded: a template comes from a file that somebody else may have written.

mod json;
mod yaml;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::node::{Mark, Node};

/// CloudFormation's largest template.
const TEMPLATE_BYTES_MAX: u64 = 1024 * 1024;
/// Lists and maps inside each other. Templates have some ten; what walks the tree may recurse.
const DEPTH_MAX: usize = 64;
/// Values in a template, copies that YAML aliases make included. A megabyte of text has fewer.
const NODES_MAX: usize = 250_000;

/// Why a text is no template.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) mark: Option<Mark>,
    pub(crate) message: String,
}

impl SyntaxError {
    fn new(mark: Option<Mark>, message: impl Into<String>) -> Self {
        Self { mark, message: message.into() }
    }
}

/// Reads a file of bounded size. The error is for people.
///
/// # Errors
/// When it cannot be read, is too large or is not text.
pub(crate) fn file(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| format!("it cannot be opened: {error}"))?;
    let mut bytes = Vec::new();
    file.take(TEMPLATE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() as u64 > TEMPLATE_BYTES_MAX {
        return Err(format!(
            "it is larger than {TEMPLATE_BYTES_MAX} bytes, CloudFormation's limit"
        ));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// Reads a template's text.
///
/// # Errors
/// When it is neither YAML nor JSON, or beyond a bound.
pub(crate) fn text(text: &str) -> Result<Node, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') { json::read(text) } else { yaml::read(text) }
}

/// Counts values, so that no alias can make more of them than memory holds.
#[derive(Debug, Default)]
struct Count {
    nodes: usize,
}

impl Count {
    fn add(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODES_MAX {
            return Err(format!("the template has more than {NODES_MAX} values"));
        }
        Ok(())
    }
}

fn too_deep() -> String {
    format!("lists and maps are nested more than {DEPTH_MAX} deep")
}
