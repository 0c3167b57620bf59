//! YAML and JSON, and the bounds of both.

use crate::support::{Project, function_with, options, problems, read_ok, value_of};

#[test]
fn text_that_is_no_yaml_is_shown_with_its_line() {
    let found = problems("Resources:\n  A: [1, 2\n");

    assert_eq!(found.len(), 1);
    let (position, message) = found[0].split_once(' ').unwrap();
    assert!(position.starts_with('3') || position.starts_with('2'), "{found:?}");
    assert!(message.contains("this is not valid YAML: "), "{found:?}");
}

#[test]
fn text_that_is_no_json_is_shown_with_its_line() {
    let found = problems("{\n  \"Resources\": {\n    \"A\": 1,\n  }\n}");

    assert_eq!(found, ["4:3 : this is not valid JSON: trailing comma"]);
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    let yaml = problems("Resources:\n  A: {Type: x}\n  A: {Type: y}\n");
    assert_eq!(yaml, ["3:3 : the key \"A\" is there twice"]);

    let json = problems("{\"Resources\": {\"A\": {\"Type\": \"x\"},\n \"A\": 1}}");
    assert!(json[0].starts_with("2:"), "{json:?}");
    assert!(json[0].ends_with("this is not valid JSON: the key \"A\" is there twice"), "{json:?}");
}

#[test]
fn a_tag_that_is_no_function_is_refused_with_what_was_meant() {
    let found = problems("Resources:\n  A: !Reff B\n");

    assert_eq!(found, ["2:6 : there is no function !Reff; did you mean \"Ref\"?"]);
}

#[test]
fn aliases_and_merge_keys_of_yaml_are_followed() {
    let template = "
Metadata:
  Shared: &shared
    Handler: index.handler
    Runtime: nodejs22.x
    Timeout: 9
Resources:
  A:
    Type: AWS::Lambda::Function
    Properties:
      <<: *shared
      Timeout: 5
      Code: &code src
  B: {Type: AWS::Lambda::Function, Properties: {<<: [*shared], Code: *code}}";

    let stack = read_ok(template);

    let timeouts: Vec<u32> = stack.functions.iter().map(|it| it.timeout_seconds).collect();
    assert_eq!(timeouts, [5, 9]);
}

#[test]
fn aliases_cannot_make_a_small_file_large() {
    let mut template = String::from("Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let below = format!("*a{}", level - 1);
        template
            .push_str(&format!("  a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(", ")));
    }

    let found = problems(&(template + &function_with("")));

    assert!(found[0].ends_with("the template has more than 250000 values"), "{found:?}");
}

#[test]
fn an_alias_inside_of_what_it_names_is_refused() {
    let found = problems("Resources: &all\n  A: *all\n");

    assert!(found[0].contains("alias") || found[0].contains("anchor"), "{found:?}");
}

#[test]
fn nesting_has_a_bound() {
    let yaml = format!("Metadata: {}{}\n", "[".repeat(70), "]".repeat(70));
    assert!(problems(&yaml)[0].ends_with("lists and maps are nested more than 64 deep"));

    let json = format!("{{\"Metadata\": {}{}}}", "[".repeat(70), "]".repeat(70));
    assert!(problems(&json)[0].contains("lists and maps are nested more than 64 deep"));

    let deep = format!("{{\"Metadata\": {}", "[".repeat(100_000));
    assert!(problems(&deep)[0].contains("not valid JSON"));
}

#[test]
fn a_file_has_a_bound() {
    let template = format!("# {}\n{}", "x".repeat(1024 * 1024), function_with(""));

    let found = problems(&template);

    assert_eq!(found, [": it is larger than 1048576 bytes, CloudFormation's limit"]);
}

#[test]
fn functions_cannot_make_a_small_template_large() {
    let long =
        format!("Parameters:\n  P: {{Type: CommaDelimitedList, Default: '{}'}}", "a,".repeat(2000));
    let many = vec!["!Join ['', !Ref P]"; 2000].join(", ");
    let template = crate::support::template_with_value(&long, &format!("!Join ['', [{many}]]"));

    let found = problems(&template);

    assert!(
        found[0].contains("its functions make more of it than this server works out"),
        "{found:?}"
    );
}

#[test]
fn resources_that_lead_to_each_other_without_end_in_sight_are_refused() {
    let mut template = String::from("Resources:\n");
    for number in 0..400 {
        let next = number + 1;
        template.push_str(&format!(
            "  T{number}: {{Type: AWS::Lambda::Function, Properties: {{FunctionName: !Join ['', [!Sub '${{T{next}}}']]}}}}\n"
        ));
    }
    template.push_str("  T400: {Type: AWS::Lambda::Function, Properties: {FunctionName: a}}\n");

    let found = problems(&template);

    assert!(
        found.iter().any(|it| it.contains("functions lead to each other more than 128 deep")),
        "{found:?}"
    );
}

#[test]
fn a_file_that_is_no_template_is_refused() {
    for (text, expected) in [
        (&b""[..], ": the template is empty"),
        (b"# only a comment\n", ": the template is empty"),
        (b"just text", "1:1 : a template is a map with a section Resources"),
        (b"- a\n- b", "1:1 : a template is a map with a section Resources"),
        (b"\xff\xfe\x00", ": it is not UTF-8 text"),
        (
            b"Description: x\n",
            ": the template has no section Resources, so there is nothing to create",
        ),
        (
            b"Resources: {}\n---\nResources: {}\n",
            "2:1 : a second YAML document begins here; a template is one",
        ),
    ] {
        let error = Project::new(text).read(&options()).unwrap_err();
        let problem = &error.problems[0];
        let position = problem.position.map(|(line, column)| format!("{line}:{column} "));
        assert_eq!(format!("{}: {}", position.unwrap_or_default(), problem.message), expected);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = durable_template::read("nowhere/template.yaml".as_ref(), &options()).unwrap_err();

    let text = error.to_string();
    assert!(text.contains("nowhere/template.yaml: it cannot be opened: "), "{text}");
}

#[test]
fn keys_are_texts_whatever_they_look_like() {
    let stack = read_ok(&function_with("Environment: {Variables: {NO: 1, Yes: 2, null: 3}}"));

    let names: Vec<&str> = stack.functions[0].environment.keys().map(String::as_str).collect();
    assert_eq!(names, ["NO", "Yes", "null"]);
}

#[test]
fn texts_keep_their_spelling() {
    for (expression, expected) in [
        ("'it''s'", "it's"),
        ("\"a\\tb\"", "a\tb"),
        ("0x1F", "0x1F"),
        ("1e3", "1e3"),
        ("2012-10-17", "2012-10-17"),
        ("!!str 12", "12"),
        ("a: b", ""),
    ] {
        if !expected.is_empty() {
            assert_eq!(value_of("", expression), expected, "{expression}");
        }
    }
    assert_eq!(value_of("", ">-\n          folded\n          text"), "folded text");
}

#[test]
fn json_may_escape_what_yaml_cannot() {
    let template = r#"{"Resources": {"A": {"Type": "AWS::Lambda::Function", "Properties": {
        "Code": "src", "Handler": "h", "Runtime": "nodejs22.x", "Description": "\ud83d\ude00 a\/b", "Timeout": 9.0
    }}}}"#;

    let stack = read_ok(template);

    assert_eq!(stack.functions[0].description, "\u{1f600} a/b");
    assert_eq!(stack.functions[0].timeout_seconds, 9);
}
