//! Whatever a file holds, reading it ends in a stack or in problems that can be shown. It never panics.

use std::fs;

use durable_template::{Stack, TemplateError};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{Project, file, options};

fn outcome(bytes: &[u8]) -> Result<Stack, TemplateError> {
    let outcome = Project::new(bytes).read(&options());
    if let Err(error) = &outcome {
        assert!(!error.problems.is_empty());
        assert!(!error.to_string().is_empty());
    }
    outcome
}

/// A valid template to break.
fn valid() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just("sam/template.yaml"),
        Just("cloudformation/template.json"),
        Just("cdk/OrdersStack.template.json"),
    ]
    .prop_map(|name| fs::read(file(name)).unwrap())
}

/// Something that means something in a template.
fn fragment() -> impl Strategy<Value = String> {
    let fragments = [
        "Resources:",
        "Properties:",
        "Type:",
        "!Ref ",
        "!Sub '${",
        "}'",
        "!If [",
        "]",
        "{",
        "}",
        "\n",
        "  ",
        "- ",
        ": ",
        "Fn::GetAtt",
        "*a",
        "&a ",
        "<<: ",
        "!Join",
        "\t",
        "\"",
        "'",
        "|\n",
        ">-\n",
        "---",
        "? ",
        "null",
        "AWS::NoValue",
        "Transform: AWS::Serverless-2016-10-31\n",
        "AWS::Lambda::Function",
        "Conditions:",
        "#",
        "%TAG ! x",
        "\u{feff}",
    ];
    proptest::sample::select(fragments.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..2000)) {
        _ = outcome(&bytes);
    }

    #[test]
    fn any_text_of_yaml_is_read_or_refused(parts in vec(prop_oneof![fragment(), "[a-zA-Z:{}!*& \\n-]{1,8}"], 0..80)) {
        _ = outcome(parts.concat().as_bytes());
    }

    #[test]
    fn a_template_with_damage_is_read_or_refused(
        mut bytes in valid(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        _ = outcome(&bytes);
    }

    #[test]
    fn a_template_with_lines_moved_and_words_put_in_is_read_or_refused(
        bytes in valid(),
        moves in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..10),
        words in vec((any::<prop::sample::Index>(), fragment()), 0..10),
    ) {
        let text = String::from_utf8(bytes).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (from, to) in moves {
            let line = lines[from.index(lines.len())].clone();
            let to = to.index(lines.len());
            lines.insert(to, line);
        }
        for (at, word) in words {
            let line = at.index(lines.len());
            lines[line].push_str(&word);
        }
        _ = outcome(lines.join("\n").as_bytes());
    }
}
