//! The template that `serve` deploys.

use std::collections::BTreeMap;
use std::path::PathBuf;

use durable_template::{Options, Stack, TemplateError};

/// Which template, and what it is read with.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TemplateOptions {
    /// A SAM or CloudFormation template whose functions and tables are served, instead of the order system
    #[arg(long, value_name = "FILE", env = "DURABLE_ORDERS_TEMPLATE")]
    template: Option<PathBuf>,
    /// The name of its stack; the file's name unless given
    #[arg(long, value_name = "NAME", requires = "template", value_parser = stack_name)]
    stack_name: Option<String>,
    /// Values for its parameters
    #[arg(long, value_name = "KEY=VALUE", requires = "template", num_args = 1.., value_parser = parameter)]
    parameter_overrides: Vec<(String, String)>,
}

/// As CloudFormation has it: a letter, then letters, digits and hyphens, 128 in all.
fn stack_name(text: &str) -> Result<String, String> {
    let valid = text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let rule = "a letter, then letters, digits and hyphens, at most 128 in all";
    if valid { Ok(text.to_owned()) } else { Err(rule.to_owned()) }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a parameter is written KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl TemplateOptions {
    /// Reads the template; `None` if there is none to read.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(&self, region: &str, account: &str) -> Result<Option<Stack>, TemplateError> {
        let Some(file) = &self.template else { return Ok(None) };
        let options = Options {
            stack_name: self.stack_name.clone().unwrap_or_else(|| name_of(file)),
            parameters: self.parameter_overrides.iter().cloned().collect::<BTreeMap<_, _>>(),
            region: region.to_owned(),
            account: account.to_owned(),
        };
        durable_template::read(file, &options).map(Some)
    }
}

/// The file's name up to its first dot, which for CDK is the stack's name. A file that is called `template`, as SAM's is,
/// takes the name of its directory.
fn name_of(file: &std::path::Path) -> String {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let text = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let own = text(absolute.file_name());
    let own = own.split('.').next().unwrap_or_default().to_owned();
    let name = match own.as_str() {
        "template" | "" => text(absolute.parent().and_then(std::path::Path::file_name)),
        _ => own,
    };
    let clean: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(128).collect();
    let clean = clean.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    if clean.is_empty() { "local".to_owned() } else { clean.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_called_after_its_file_or_the_directory_of_a_template() {
        for (file, name) in [
            ("/shop/template.yaml", "shop"),
            ("/shop/cdk.out/OrdersStack.template.json", "OrdersStack"),
            ("/shop/my_orders.yaml", "my-orders"),
            ("/7/template.yaml", "local"),
        ] {
            assert_eq!(name_of(file.as_ref()), name, "{file}");
        }
    }
}
