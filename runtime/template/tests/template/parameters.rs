//! Parameters: what is passed, what is the default, what is allowed.

use durable_template::Options;

use crate::support::{Project, function_with, options, template_with_value, with_parameter};

fn template(declaration: &str) -> String {
    template_with_value(&format!("Parameters:\n  Size: {{{declaration}}}"), "!Sub 'is ${Size}'")
}

fn value(declaration: &str, options: &Options) -> String {
    let stack = Project::new(template(declaration)).read(options);
    let stack = stack.unwrap_or_else(|error| panic!("{declaration}: {error}"));
    stack.functions[0].environment["VALUE"].to_string()
}

fn message(declaration: &str, options: &Options) -> String {
    let error = Project::new(template(declaration)).read(options).unwrap_err();
    assert_eq!(error.problems.len(), 1, "{error}");
    assert_eq!(error.problems[0].place, "Parameters.Size");
    error.problems[0].message.clone()
}

#[test]
fn a_value_that_is_passed_comes_before_the_default() {
    assert_eq!(value("Type: String, Default: small", &options()), "is small");
    let big = with_parameter("Size", "big");
    assert_eq!(value("Type: String, Default: small", &big), "is big");
    assert_eq!(value("Type: Number", &with_parameter("Size", "1.50")), "is 1.50");
    assert_eq!(value("Type: 'AWS::EC2::VPC::Id'", &with_parameter("Size", "vpc-1")), "is vpc-1");
}

#[test]
fn values_that_are_not_allowed_are_refused_with_the_rule() {
    for (declaration, given, expected) in [
        ("Type: String, AllowedValues: [a, b]", "c", "its value \"c\" is not one of a, b"),
        ("Type: String, AllowedPattern: '[a-z]+'", "a1", "its value \"a1\" does not match [a-z]+"),
        (
            "Type: String, AllowedPattern: '(?=.*x)[a-z]+'",
            "ab",
            "its value \"ab\" does not match (?=.*x)[a-z]+",
        ),
        ("Type: String, MinLength: 3", "ab", "its value \"ab\" is shorter than its MinLength"),
        ("Type: String, MaxLength: 1", "ab", "its value \"ab\" is longer than its MaxLength"),
        ("Type: Number, MinValue: 3", "2", "its value \"2\" is less than its MinValue"),
        ("Type: Number, MaxValue: 3", "4", "its value \"4\" is more than its MaxValue"),
        ("Type: Number", "many", "its value \"many\" is not a number"),
        ("Type: List<Number>", "1,x", "its value \"x\" is not a number"),
        (
            "Type: String, AllowedValues: [a], ConstraintDescription: only a",
            "b",
            "its value \"b\" is not one of a (only a)",
        ),
        (
            "Type: String, NoEcho: true, AllowedValues: [a]",
            "hidden",
            "its value \"****\" is not one of a",
        ),
        ("Type: Strnig", "x", "there is no parameter type \"Strnig\"; did you mean \"String\"?"),
        ("Type: String, AllowedPattern: '('", "x", "its AllowedPattern ( cannot be used: "),
    ] {
        let found = message(declaration, &with_parameter("Size", given));
        assert!(found.starts_with(expected), "{declaration}: {found}");
    }
}

#[test]
fn a_parameter_without_a_value_says_how_to_pass_one() {
    let found = message("Type: String", &options());

    assert_eq!(found, "it has no Default and no value; pass Size=VALUE");
}

#[test]
fn a_value_for_no_parameter_is_refused() {
    let project = Project::new(template("Type: String, Default: x"));

    let error = project.read(&with_parameter("Sise", "x")).unwrap_err();

    assert_eq!(
        error.problems[0].message,
        "a value is given for \"Sise\", which the template does not declare; did you mean \"Size\"?"
    );
}

#[test]
fn a_value_that_is_kept_by_aws_is_a_problem_only_where_it_is_used() {
    let declaration = "Type: 'AWS::SSM::Parameter::Value<String>', Default: /size";
    let used = Project::new(template(declaration)).read(&options()).unwrap_err();
    let sections = format!("Parameters:\n  Size: {{{declaration}}}\n{}", function_with(""));
    let unused = Project::new(sections).read(&options()).unwrap();

    assert_eq!(
        used.problems[0].message,
        "the value of the parameter Size comes from a service that is not here \
         (AWS::SSM::Parameter::Value<String>); make it a String with a Default"
    );
    assert_eq!(unused.parameters[0].value, "/size");
}

#[test]
fn lists_are_shown_as_they_are_passed() {
    let declaration = "Type: CommaDelimitedList";
    let text = template(declaration).replace("'is ${Size}'", "'x'");

    let stack = Project::new(text).read(&with_parameter("Size", "a, b,c")).unwrap();

    assert_eq!(stack.parameters[0].value, "a,b,c");
}
