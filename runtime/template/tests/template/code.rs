//! Where the code of functions is.

use durable_template::Code;

use crate::support::{Project, function_with, options};

/// A template of CloudFormation with one function that has this code.
fn plain(code: &str, runtime: &str) -> String {
    format!(
        "Resources:\n  One: {{Type: AWS::Lambda::Function, Properties: {{Handler: h, Runtime: {runtime}, Code: {code}}}}}"
    )
}

fn sam(code: &str) -> String {
    function_with("").replace("CodeUri: src", code)
}

fn code(project: &Project) -> Code {
    let stack = project.read(&options()).unwrap_or_else(|error| panic!("{error}"));
    stack.functions[0].code.clone()
}

fn message(template: String) -> String {
    let error = Project::new(template).read(&options()).unwrap_err();
    assert_eq!(error.problems.len(), 1, "{error}");
    let problem = &error.problems[0];
    format!("{}: {}", problem.place, problem.message)
}

#[test]
fn code_is_a_directory_or_a_zip_file_next_to_the_template() {
    for template in
        [sam("CodeUri: src/"), plain("src", "nodejs22.x"), plain("!Sub 'src'", "nodejs22.x")]
    {
        let project = Project::new(template);
        let Code::Directory(path) = code(&project) else { panic!("no directory") };
        assert_eq!(path, project.path("src"));
    }
    for template in [sam("CodeUri: ./function.zip"), plain("function.zip", "nodejs22.x")] {
        let project = Project::new(template);
        let Code::Zip(path) = code(&project) else { panic!("no zip file") };
        assert_eq!(path, project.path("./function.zip"));
    }
}

#[test]
fn code_in_the_template_gets_the_name_that_its_runtime_needs() {
    let inline = |file_name: &str, text: &str| Code::Inline {
        file_name: file_name.to_owned(),
        text: text.to_owned(),
    };

    assert_eq!(
        code(&Project::new(plain("{ZipFile: 'x = 1'}", "python3.13"))),
        inline("index.py", "x = 1")
    );
    assert_eq!(
        code(&Project::new(plain("{ZipFile: 'let x'}", "nodejs22.x"))),
        inline("index.js", "let x")
    );
    let block = sam("InlineCode: |\n        exports.handler = 1\n        // end");
    assert_eq!(code(&Project::new(block)), inline("index.js", "exports.handler = 1\n// end\n"));
    assert_eq!(
        message(plain("{ZipFile: 'x'}", "java21")),
        "Resources.One.Properties.Code.ZipFile: code in the template is for nodejs and python, not java21"
    );
}

#[test]
fn code_that_is_not_here_is_refused_with_what_to_do() {
    let elsewhere = "cannot be fetched here; give a directory or a zip file";
    for (template, expected) in [
        (sam("CodeUri: s3://bucket/key.zip"), format!("Order.Properties.CodeUri: s3://bucket/key.zip {elsewhere}")),
        (sam("CodeUri: {Bucket: b, Key: k}"), "Order.Properties.CodeUri: code in S3 cannot be fetched here; give a directory or a zip file".into()),
        (sam("Description: no code"), "Order.Properties.CodeUri: it is missing; it is the directory or zip file with the code".into()),
        (plain("{ImageUri: x}", "nodejs22.x"), "One.Properties.Code.ImageUri: container images are not run here; give the code as a directory or zip file".into()),
        (plain("{S3Bucket: b, S3Key: k.zip}", "nodejs22.x"), "One.Properties.Code.S3Key: the code is in S3 (k.zip) and no manifest of assets next to the template has it; run this on the output directory of cdk synth, or give a directory or zip file".into()),
        (function_with("PackageType: Image"), "Order.Properties.PackageType: container images are not run here; give the function a Runtime, a Handler and its code as a directory or zip file".into()),
    ] {
        assert_eq!(message(template), format!("Resources.{expected}"));
    }
}

#[test]
fn a_path_that_leads_to_no_code_is_shown_in_full() {
    let project = Project::new(sam("CodeUri: dist"));
    let error = project.read(&options()).unwrap_err();
    let path = project.path("dist");
    let expected =
        format!("there is no {}; build the function first, or correct the path", path.display());
    assert_eq!(error.problems[0].message, expected);

    let project = Project::new(sam("CodeUri: notes.txt"));
    let error = project.read(&options()).unwrap_err();
    let path = project.path("notes.txt");
    let expected = format!("{} is neither a directory nor a zip file", path.display());
    assert_eq!(error.problems[0].message, expected);
}

#[test]
fn a_manifest_of_assets_that_cannot_be_read_is_named() {
    let template = plain("{S3Bucket: b, S3Key: k.zip}", "nodejs22.x");
    let project = Project::named("Shop.template.json", template);
    std::fs::write(project.path("Shop.assets.json"), "{\"files\": ").unwrap();

    let error = project.read(&options()).unwrap_err();

    let message = &error.problems[0].message;
    assert!(message.contains("Shop.assets.json: this is not valid JSON"), "{message}");
}

#[test]
fn an_asset_of_a_manifest_may_be_a_zip_file() {
    let template = plain("{S3Bucket: b, S3Key: k.zip}", "nodejs22.x");
    let project = Project::named("Shop.template.json", template);
    let manifest = r#"{"files": {"k": {"source": {"path": "function.zip"}, "destinations": {"here": {"objectKey": "k.zip"}}}}}"#;
    std::fs::write(project.path("Shop.assets.json"), manifest).unwrap();

    assert_eq!(code(&project), Code::Zip(project.path("function.zip")));
}
