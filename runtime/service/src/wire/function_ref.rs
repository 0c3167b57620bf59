//! The spellings of a function in requests (specification section 1.1).
//!
//! The service model's pattern is a row of optional parts, each followed by a colon: `arn:aws:lambda`, a region, an
//! account, the word `function`; then the name, and a qualifier if there is one. As in a regular expression each optional
//! part is taken where it can be, and given back if no name would be left.

use crate::wire::arn::{Home, PARTITION, is_name};
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;

/// A function as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionRef {
    pub(crate) name: String,
    pub(crate) qualifier: Option<String>,
}

const NAME_LEN_MAX: usize = 256;
const QUALIFIER_LEN_MAX: usize = 128;

const NAME_PATTERN: &str = "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
const QUALIFIER_PATTERN: &str = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";

impl FunctionRef {
    /// Notes what is wrong with a function's name and with a separate qualifier.
    pub(crate) fn check(text: &str, qualifier: Option<&str>, constraints: &mut Constraints) {
        const MEMBER: &str = "functionName";
        constraints.length(text, MEMBER, 1, NAME_LEN_MAX);
        constraints.pattern(Spelling::read(text).is_some(), text, MEMBER, NAME_PATTERN);
        if let Some(qualifier) = qualifier {
            constraints.length(qualifier, "qualifier", 1, QUALIFIER_LEN_MAX);
            let matches = is_latest(qualifier) || is_name(&qualifier.replace('$', "_"));
            constraints.pattern(matches, qualifier, "qualifier", QUALIFIER_PATTERN);
        }
    }

    /// Reads any spelling, and a separate qualifier.
    ///
    /// # Errors
    /// `ValidationException` for anything else, `InvalidParameterValueException` for two qualifiers that differ,
    /// `ResourceNotFoundException` for another account, region or partition.
    pub(crate) fn parse(
        text: &str,
        qualifier: Option<&str>,
        home: &Home,
    ) -> Result<Self, AwsError> {
        let mut constraints = Constraints::default();
        Self::check(text, qualifier, &mut constraints);
        let spelling = constraints.checked(Spelling::read(text))?;
        let qualifier = merge(spelling.qualifier, qualifier)?;
        if !spelling.is_account(home) || !spelling.is_region(home) {
            return Err(AwsError::function_not_found(text));
        }
        Ok(Self { name: spelling.name.to_owned(), qualifier })
    }
}

/// The parts of a function's name as a request spells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling<'a> {
    partition: Option<&'a str>,
    region: Option<&'a str>,
    account: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) qualifier: Option<&'a str>,
}

impl<'a> Spelling<'a> {
    /// Reads any of Lambda's spellings; `None` for anything else.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts.as_slice() {
            ["arn", partition, "lambda", rest @ ..] if is_partition(partition) => {
                Self::regional(rest).map(|found| Self { partition: Some(*partition), ..found })
            }
            parts => Self::regional(parts),
        }
    }

    fn regional(parts: &[&'a str]) -> Option<Self> {
        let with = match parts {
            [region, rest @ ..] if is_region(region) => {
                Self::of_account(rest).map(|found| Self { region: Some(*region), ..found })
            }
            _ => None,
        };
        with.or_else(|| Self::of_account(parts))
    }

    fn of_account(parts: &[&'a str]) -> Option<Self> {
        let with = match parts {
            [account, rest @ ..] if is_account(account) => {
                Self::named(rest).map(|found| Self { account: Some(*account), ..found })
            }
            _ => None,
        };
        with.or_else(|| Self::named(parts))
    }

    fn named(parts: &[&'a str]) -> Option<Self> {
        let with = match parts {
            ["function", rest @ ..] => Self::name_and_qualifier(rest),
            _ => None,
        };
        with.or_else(|| Self::name_and_qualifier(parts))
    }

    fn name_and_qualifier(parts: &[&'a str]) -> Option<Self> {
        let (name, qualifier) = match parts {
            [name] => (*name, None),
            [name, qualifier] => (*name, Some(*qualifier)),
            _ => return None,
        };
        let is_qualifier = |text: &str| is_latest(text) || is_name(text);
        // The pattern allows dots, though no function has one in its name.
        let valid = is_name(&name.replace('.', "_")) && qualifier.is_none_or(is_qualifier);
        valid.then_some(Self { name, qualifier, ..Self::default() })
    }

    /// Whether the spelling is of this account, or of none.
    pub(crate) fn is_account(&self, home: &Home) -> bool {
        self.account.is_none_or(|account| account == home.account)
    }

    /// Whether the spelling is of this region and its partition, or of none.
    pub(crate) fn is_region(&self, home: &Home) -> bool {
        self.region.is_none_or(|region| region == home.region)
            && self.partition.is_none_or(|partition| partition == PARTITION)
    }
}

fn is_latest(text: &str) -> bool {
    matches!(text, "$LATEST" | "$LATEST.PUBLISHED")
}

/// `(aws[a-zA-Z-]*)?`
fn is_partition(text: &str) -> bool {
    match text.strip_prefix("aws") {
        Some(rest) => rest.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-'),
        None => text.is_empty(),
    }
}

/// `(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}`
fn is_region(text: &str) -> bool {
    let lower = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let parts: Vec<&str> = text.strip_prefix("eusc-").unwrap_or(text).split('-').collect();
    let (country, direction, number) = match parts.as_slice() {
        [country, direction, number] => (country, direction, number),
        [country, kind, direction, number]
            if *kind == "gov" || (kind.starts_with("iso") && kind.len() <= 4 && lower(kind)) =>
        {
            (country, direction, number)
        }
        _ => return false,
    };
    country.len() == 2
        && lower(country)
        && lower(direction)
        && matches!(number.as_bytes(), [digit] if digit.is_ascii_digit())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn merge(suffix: Option<&str>, given: Option<&str>) -> Result<Option<String>, AwsError> {
    match (suffix, given) {
        (Some(suffix), Some(given)) if suffix != given => Err(AwsError::invalid_parameter(
            "The derived qualifier from the function name does not match the specified qualifier.",
        )),
        (suffix, given) => Ok(suffix.or(given).map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        Home { region: "us-east-1".to_owned(), account: "000000000000".to_owned() }
    }

    fn error_of(text: &str, qualifier: Option<&str>) -> (&'static str, String) {
        let error = FunctionRef::parse(text, qualifier, &home()).err();
        error.map(|error| (error.code, error.message)).unwrap_or_default()
    }

    #[test]
    fn every_spelling_of_the_pattern_names_the_same_function() {
        let optional = |part: &'static str| ["", part];
        for arn in optional("arn:aws:lambda:") {
            for region in optional("us-east-1:") {
                for account in optional("000000000000:") {
                    for function in optional("function:") {
                        let base = format!("{arn}{region}{account}{function}orders");
                        for (text, qualifier) in [
                            (base.clone(), None),
                            (format!("{base}:7"), Some("7")),
                            (format!("{base}:$LATEST"), Some("$LATEST")),
                            (format!("{base}:live"), Some("live")),
                        ] {
                            let expected = FunctionRef {
                                name: "orders".to_owned(),
                                qualifier: qualifier.map(str::to_owned),
                            };
                            assert_eq!(
                                FunctionRef::parse(&text, None, &home()),
                                Ok(expected),
                                "{text}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_part_that_could_be_more_than_one_thing_is_read_from_the_left() {
        for (text, name, qualifier) in [
            ("function:$LATEST", "function", Some("$LATEST")),
            ("function:orders", "orders", None),
            ("us-east-1", "us-east-1", None),
            ("us-east-1:$LATEST", "us-east-1", Some("$LATEST")),
            ("000000000000", "000000000000", None),
            ("000000000000:000000000000:1", "000000000000", Some("1")),
        ] {
            let read = Spelling::read(text).map(|read| (read.name, read.qualifier));
            assert_eq!(read, Some((name, qualifier)), "{text}");
        }
    }

    #[test]
    fn two_qualifiers_must_agree() {
        assert!(FunctionRef::parse("orders:7", Some("7"), &home()).is_ok());
        assert_eq!(error_of("orders:7", Some("8")).0, "InvalidParameterValueException");
    }

    #[test]
    fn another_account_region_or_partition_is_not_found() {
        for text in [
            "arn:aws:lambda:us-east-1:111111111111:function:orders",
            "arn:aws:lambda:eu-west-1:000000000000:function:orders",
            "arn:aws-cn:lambda:us-east-1:000000000000:function:orders",
            "eusc-de-east-1:orders",
            "us-gov-west-1:orders",
            "us-isob-east-1:orders",
            "111111111111:orders",
        ] {
            assert_eq!(error_of(text, None).0, "ResourceNotFoundException", "{text}");
        }
    }

    #[test]
    fn anything_else_is_named_with_its_constraint() {
        for text in [
            "",
            "a b",
            "orders:7:8",
            "orders:",
            "a/b",
            "arn:gcp:lambda:us-east-1:000000000000:function:orders",
            "us-east:000000000000:orders",
            "000000000000:us-east-1:orders:1",
        ] {
            let (code, message) = error_of(text, None);
            assert_eq!(code, "ValidationException", "{text}");
            assert!(message.contains("at 'functionName'"), "{message}");
        }
        let long = error_of(&"x".repeat(257), None).1;
        assert!(long.contains("Member must have length less than or equal to 256"), "{long}");
        for qualifier in ["a b", "1.0", ""] {
            let (code, message) = error_of("orders", Some(qualifier));
            assert_eq!(code, "ValidationException", "{qualifier}");
            assert!(message.contains("at 'qualifier'"), "{message}");
        }
    }
}
