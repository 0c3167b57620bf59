//! What a user is told: everything at once, with the place, and not without end.

use durable_template::read;

use crate::support::{Project, function_with, options, problems, try_read};

#[test]
fn all_problems_of_a_template_are_told_together() {
    let project = Project::new(function_with(
        "Timout: 3\nMemorySize: 1\nEnvironment: {Variables: {TABLE: !Ref Tabel}}",
    ));

    let error = project.read(&options()).unwrap_err();

    let file = project.path("template.yaml");
    let file = file.display();
    assert_eq!(
        error.to_string(),
        format!(
            "the template {file} cannot be used; 3 problems:\n\
             \x20 {file}:9:15: Resources.Order.Properties.Timout: AWS::Serverless::Function has no \"Timout\"; did you mean \"Timeout\"?\n\
             \x20 {file}:10:19: Resources.Order.Properties.MemorySize: it must be a whole number from 128 to 32768, not 1\n\
             \x20 {file}:11:40: Resources.Order.Properties.Environment.Variables.TABLE: there is no resource or parameter \"Tabel\""
        )
    );
}

#[test]
fn beyond_twenty_problems_are_counted() {
    let variables: String =
        (0..50).map(|number| format!("V{number}: !Ref Nobody{number}, ")).collect();

    let error = try_read(&function_with(&format!("Environment: {{Variables: {{{variables}}}}}")))
        .unwrap_err();

    assert_eq!((error.problems.len(), error.left_off), (20, 30));
    assert!(error.to_string().ends_with("\n  and 30 more"));
    assert!(error.to_string().contains("cannot be used; 50 problems:"));
}

#[test]
fn one_problem_that_shows_in_two_places_is_told_once() {
    let template = function_with("FunctionName: !Ref Nobody\nEnvironment: {Variables: {SELF: x}}")
        + "\nOutputs:\n  A: {Value: !GetAtt Order.Arn}\n  B: {Value: !Ref Order}";

    assert_eq!(problems(&template).len(), 1);
}

#[test]
fn sections_and_resources_that_do_not_exist_are_refused() {
    let found = problems(&format!("Resource: {{}}\n{}", function_with("")));
    assert_eq!(
        found,
        ["1:1 Resource: a template has no \"Resource\"; did you mean \"Resources\"?"]
    );

    let found = problems(&function_with("").replace("    Properties:", "    Propertys:"));
    assert_eq!(
        found[0],
        "5:5 Resources.Order.Propertys: a resource has no \"Propertys\"; did you mean \"Properties\"?"
    );
}

#[test]
fn sam_without_its_transform_is_refused_as_on_aws() {
    let found = problems(&function_with("").replace("Transform: AWS::Serverless-2016-10-31\n", ""));

    assert_eq!(
        found,
        [
            "2:3 Transform: this is SAM, but the template does not say so; add Transform: AWS::Serverless-2016-10-31"
        ]
    );
}

#[test]
fn macros_are_refused_because_nobody_here_knows_what_they_do() {
    let found = problems("Transform: MyMacro\nResources: {}");

    assert_eq!(
        found,
        [
            "1:12 Transform: the transform MyMacro cannot be applied here; transform the template before"
        ]
    );
}

#[test]
fn a_stack_has_the_bounds_of_cloudformation() {
    let many = |number: usize, one: &str| -> String {
        (0..number).map(|number| format!("  N{number}: {one}\n")).collect()
    };
    let resources = format!("Resources:\n{}", many(501, "{Type: AWS::SNS::Topic}"));
    let parameters =
        format!("Parameters:\n{}Resources: {{}}", many(201, "{Type: String, Default: x}"));
    let outputs = format!("Outputs:\n{}Resources: {{}}", many(201, "{Value: x}"));
    let mappings = format!("Mappings:\n{}Resources: {{}}", many(201, "{a: {b: c}}"));
    for (template, expected) in [
        (resources, "Resources: there are 501; CloudFormation allows 500 in a stack"),
        (parameters, "Parameters: there are 201; CloudFormation allows 200"),
        (outputs, "Outputs: there are 201; CloudFormation allows 200"),
        (mappings, "Mappings: there are 201; CloudFormation allows 200"),
    ] {
        assert_eq!(problems(&template), [expected]);
    }
}

#[test]
fn what_a_template_says_is_not_repeated_without_end() {
    let found = problems(&function_with(&format!("Timeout: {}", "9".repeat(100_000))));

    assert!(found[0].len() < 1000 && found[0].ends_with("..."), "{}", found[0].len());
}

#[test]
fn a_directory_is_no_template() {
    let project = Project::new("");

    assert!(read(&project.path("src"), &options()).is_err());
}
