//! Reads SAM and CloudFormation templates: from a file to the parts of a stack, ready to be created.
//!
//! No network and no account: whatever would need one is refused or listed as ignored. Nothing is guessed silently.
//!
//! ```text
//! file ─► read/ ─► Node ─► document ─► parameters, conditions ─► inventory ─► resources/ ─► Stack
//!         YAML,            sections                              what there    one file
//!         JSON                                                   is            per type
//!                                        intrinsics/ evaluates what any of them asks for
//! ```
//!
//! | file | job |
//! |---|---|
//! | `read/` | YAML and JSON to a tree, bounded |
//! | `node`, `text` | the tree; texts that need the number of a version |
//! | `document` | the sections of a template |
//! | `parameters` | the section Parameters |
//! | `globals` | SAM's Globals, merged into functions and tables |
//! | `inventory` | which resources there are, those that SAM adds included |
//! | `intrinsics/` | Ref, GetAtt, Sub and the other functions; conditions |
//! | `fields` | reads and checks properties |
//! | `resources/` | one file for each type of resource |
//! | `order` | which resource comes before which |
//! | `outputs` | the section Outputs |
//! | `stack` | the result |
//! | `error` | all problems of a template together |
//! | `bounds` | Lambda's own bounds of a function, for whoever else checks them |
//!
//! The parts of a stack refer to each other by name. Numbers of versions are not known before they are published, so
//! values that need one are a [`Text`] with a gap.

pub mod bounds;
mod document;
mod error;
mod fields;
mod globals;
mod intrinsics;
mod inventory;
mod node;
mod order;
mod outputs;
mod parameters;
mod read;
mod resources;
mod stack;
mod text;

use std::collections::BTreeMap;
use std::path::Path;

pub use error::{Problem, TemplateError};
pub use stack::{
    Alias, AliasVersion, Code, DurableConfig, Function, Ignored, LogGroup, LoggingConfig, Output,
    Parameter, Resource, Stack, Table, Version,
};
pub use text::{Text, TextPart};

/// What a template is read for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The name of the stack. Resources without a name of their own begin with it.
    pub stack_name: String,
    /// Values for the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// What `AWS::Region` is.
    pub region: String,
    /// What `AWS::AccountId` is.
    pub account: String,
}

/// Reads the template in this file.
///
/// Besides the file itself only the manifest of CDK's assets next to it is read, and for each function it is checked
/// that its code is there.
///
/// # Errors
/// [`TemplateError`], with everything that is wrong with it.
pub fn read(path: &Path, options: &Options) -> Result<Stack, TemplateError> {
    document::read_file(path, options)
}

/// Reads a template that is part of a program, together with the code of its functions: no file is looked at, and the code
/// of each function is [`Code::BuiltIn`]. `name` is what errors call it.
///
/// # Errors
/// As [`read`].
pub fn read_built_in(name: &str, text: &str, options: &Options) -> Result<Stack, TemplateError> {
    document::read_built_in(Path::new(name), text, options)
}
