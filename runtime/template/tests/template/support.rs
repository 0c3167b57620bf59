//! Templates written by a test.

use std::fs;
use std::path::{Path, PathBuf};

use durable_template::{Function, Options, Stack, TemplateError, read};
use tempfile::TempDir;

/// A stack called `shop` in one region of one account.
pub(crate) fn options() -> Options {
    Options {
        stack_name: "shop".to_owned(),
        parameters: [].into(),
        region: "eu-west-1".to_owned(),
        account: "123456789012".to_owned(),
    }
}

/// The same with a value for a parameter.
pub(crate) fn with_parameter(key: &str, value: &str) -> Options {
    Options { parameters: [(key.to_owned(), value.to_owned())].into(), ..options() }
}

/// A template that belongs to these tests.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

/// A directory with a template, and with code in `src/` and `function.zip`.
pub(crate) struct Project {
    directory: TempDir,
    template: PathBuf,
}

impl Project {
    pub(crate) fn new(template: impl AsRef<[u8]>) -> Self {
        Self::named("template.yaml", template)
    }

    pub(crate) fn named(name: &str, template: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("src")).unwrap();
        fs::write(directory.path().join("src/index.js"), "exports.handler = async () => 1")
            .unwrap();
        fs::write(directory.path().join("function.zip"), "PK").unwrap();
        fs::write(directory.path().join("notes.txt"), "no code").unwrap();
        let path = directory.path().join(name);
        fs::write(&path, template).unwrap();
        Self { directory, template: path }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn read(&self, options: &Options) -> Result<Stack, TemplateError> {
        read(&self.template, options)
    }
}

/// Reads a template with the usual options.
pub(crate) fn try_read(template: &str) -> Result<Stack, TemplateError> {
    Project::new(template).read(&options())
}

/// Reads a template that has no problems.
pub(crate) fn read_ok(template: &str) -> Stack {
    try_read(template).unwrap_or_else(|error| panic!("{error}"))
}

/// The problems of a template, as `line:column place: message`.
pub(crate) fn problems(template: &str) -> Vec<String> {
    let error = match try_read(template) {
        Ok(stack) => panic!("the template was read: {stack:#?}"),
        Err(error) => error,
    };
    let problem = |it: &durable_template::Problem| {
        let position = it.position.map(|(line, column)| format!("{line}:{column} "));
        format!("{}{}: {}", position.unwrap_or_default(), it.place, it.message)
    };
    error.problems.iter().map(problem).collect()
}

/// A SAM template with one function, `Order`, that has these lines among its properties.
pub(crate) fn function_with(properties: &str) -> String {
    let indented: String = properties.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "Transform: AWS::Serverless-2016-10-31\n\
         Resources:\n\
         \x20 Order:\n\
         \x20   Type: AWS::Serverless::Function\n\
         \x20   Properties:\n\
         \x20     CodeUri: src\n\
         \x20     Handler: index.handler\n\
         \x20     Runtime: nodejs22.x\n\
         {indented}"
    )
}

/// The sections, followed by one function whose variable `VALUE` is this expression.
pub(crate) fn template_with_value(sections: &str, expression: &str) -> String {
    let environment = format!("Environment:\n  Variables:\n    VALUE: {expression}");
    format!("{sections}\n{}", function_with(&environment))
}

/// What such an expression comes to.
pub(crate) fn value_of(sections: &str, expression: &str) -> String {
    let stack = read_ok(&template_with_value(sections, expression));
    stack.functions[0].environment["VALUE"].to_string()
}

/// The function with this logical id.
pub(crate) fn function<'s>(stack: &'s Stack, logical_id: &str) -> &'s Function {
    stack.functions.iter().find(|it| it.logical_id == logical_id).unwrap()
}
