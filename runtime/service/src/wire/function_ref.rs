//! The spellings of a function in requests (specification section 1.1).

use crate::wire::arn::{Home, is_name};
use crate::wire::error::AwsError;

/// A function as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionRef {
    pub(crate) name: String,
    pub(crate) qualifier: Option<String>,
}

const NAME_LEN_MAX: usize = 256;

impl FunctionRef {
    /// Reads `name`, `name:qualifier`, `account:function:name[:qualifier]` or an ARN, and a separate qualifier.
    ///
    /// # Errors
    /// `ValidationException` for anything else, `InvalidParameterValueException` for two qualifiers that differ,
    /// `ResourceNotFoundException` for another account or region.
    pub(crate) fn parse(
        text: &str,
        qualifier: Option<&str>,
        home: &Home,
    ) -> Result<Self, AwsError> {
        let malformed = || {
            AwsError::validation(format!(
                "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: \
                 (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{{2}}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{{1}}:)?\
                 (\\d{{12}}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?"
            ))
        };
        let spelling = Spelling::read(text).ok_or_else(malformed)?;
        let qualifier = merge(spelling.qualifier, qualifier)?;
        if spelling.account.is_some_and(|account| account != home.account)
            || spelling.region.is_some_and(|region| region != home.region)
        {
            return Err(AwsError::function_not_found(text));
        }
        Ok(Self { name: spelling.name.to_owned(), qualifier })
    }
}

/// The parts of a function's name as a request spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spelling<'a> {
    pub(crate) region: Option<&'a str>,
    pub(crate) account: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) qualifier: Option<&'a str>,
}

impl<'a> Spelling<'a> {
    /// Reads any of Lambda's spellings; `None` for anything else.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        if text.is_empty() || text.len() > NAME_LEN_MAX {
            return None;
        }
        let parts: Vec<&str> = text.split(':').collect();
        let (region, account, name, rest) = match parts.as_slice() {
            ["arn", _, "lambda", region, account, "function", name, rest @ ..] => {
                (Some(*region), Some(*account), *name, rest)
            }
            [account, "function", name, rest @ ..] => (None, Some(*account), *name, rest),
            [name, rest @ ..] => (None, None, *name, rest),
            [] => return None,
        };
        let qualifier = match rest {
            [] => None,
            [qualifier] => Some(*qualifier),
            _ => return None,
        };
        let is_qualifier = |text: &str| text == "$LATEST" || is_name(text);
        let valid = is_name(name) && qualifier.is_none_or(is_qualifier);
        valid.then_some(Self { region, account, name, qualifier })
    }
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

    #[test]
    fn every_spelling_names_the_same_function() {
        for text in [
            "orders:7",
            "000000000000:function:orders:7",
            "arn:aws:lambda:us-east-1:000000000000:function:orders:7",
        ] {
            let read = FunctionRef::parse(text, None, &home());
            let expected =
                FunctionRef { name: "orders".to_owned(), qualifier: Some("7".to_owned()) };
            assert_eq!(read, Ok(expected), "{text}");
        }
    }

    #[test]
    fn two_qualifiers_must_agree() {
        assert!(FunctionRef::parse("orders:7", Some("7"), &home()).is_ok());
        let error = FunctionRef::parse("orders:7", Some("8"), &home());
        assert_eq!(error.map_err(|error| error.code), Err("InvalidParameterValueException"));
    }

    #[test]
    fn another_account_is_not_found_and_garbage_is_invalid() {
        let other = "arn:aws:lambda:us-east-1:111111111111:function:orders";
        let error = FunctionRef::parse(other, None, &home());
        assert_eq!(error.map_err(|error| error.code), Err("ResourceNotFoundException"));
        for text in ["", "a b", "orders:7:8", "orders:", "a/b"] {
            let error = FunctionRef::parse(text, None, &home());
            assert_eq!(error.map_err(|error| error.code), Err("ValidationException"), "{text}");
        }
    }
}
