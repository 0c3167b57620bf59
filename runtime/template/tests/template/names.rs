//! What things are called.

use durable_template::Options;

use crate::support::{Project, function_with, options, problems, read_ok};

#[test]
fn a_function_without_a_name_is_called_after_its_stack() {
    assert_eq!(read_ok(&function_with("")).functions[0].name, "shop-Order");
    assert_eq!(read_ok(&function_with("FunctionName: mine")).functions[0].name, "mine");
    let none = function_with("FunctionName: !Ref AWS::NoValue");
    assert_eq!(read_ok(&none).functions[0].name, "shop-Order");
}

#[test]
fn a_name_that_would_be_too_long_is_cut_and_stays_unlike_others() {
    let name = |last: &str| {
        let long = format!("Order{}{last}:", "a".repeat(80));
        read_ok(&function_with("").replace("Order:", &long)).functions[0].name.clone()
    };

    let (x, y) = (name("x"), name("y"));

    assert_eq!((x.len(), y.len()), (64, 64));
    assert!(x.starts_with("shop-Orderaaaa"), "{x}");
    // They differ only in what was cut off.
    assert_ne!(x, y);
    assert_eq!(x, name("x"));
}

#[test]
fn two_functions_cannot_have_one_name() {
    let two = function_with("FunctionName: mine")
        + "\n  Other: {Type: AWS::Lambda::Function, Properties: {FunctionName: mine, Code: src, Handler: h, Runtime: nodejs22.x}}";

    let found = problems(&two);

    assert_eq!(found.len(), 1);
    let expected =
        "Resources.Other.Properties.FunctionName: Order is a function with the name \"mine\" too";
    assert!(found[0].ends_with(expected), "{found:?}");
}

#[test]
fn the_name_of_a_stack_is_checked_as_on_aws() {
    for name in ["", "7up", "a_b", &"a".repeat(129)] {
        let options = Options { stack_name: name.to_owned(), ..options() };
        let error = Project::new(function_with("")).read(&options).unwrap_err();
        assert!(error.problems[0].message.contains("cannot be the name of a stack"), "{error}");
    }
}
