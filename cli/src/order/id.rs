//! Order ids, and the ARNs that may stand for them.

use std::str::FromStr;

use orders::limits::MAX_ORDER_ID;

/// Whether this is an order id: it serves as the name of a durable execution.
#[must_use]
pub fn is_order_id(text: &str) -> bool {
    (1..=MAX_ORDER_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// How a person names an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderRef {
    /// By its id.
    Id(String),
    /// By the ARN of its execution.
    Arn(String),
}

/// Whether this is the ARN of an execution.
#[must_use]
pub fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.contains("/durable-execution/")
}

/// The ARN of an execution, on the command line.
///
/// # Errors
/// One sentence, when it is none.
pub fn arn(text: &str) -> Result<String, String> {
    let problem = "the ARN of an execution looks like arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION/durable-execution/NAME/ID";
    if is_arn(text) { Ok(text.to_owned()) } else { Err(problem.to_owned()) }
}

impl FromStr for OrderRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_arn(text) {
            Ok(Self::Arn(text.to_owned()))
        } else if is_order_id(text) {
            Ok(Self::Id(text.to_owned()))
        } else {
            Err(format!(
                "an order id is 1 to {MAX_ORDER_ID} letters, digits, dashes or underscores"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_arns_are_told_apart() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST/durable-execution/a/b";
        assert_eq!(arn.parse(), Ok(OrderRef::Arn(arn.to_owned())));
        assert_eq!("ORDER-001".parse(), Ok(OrderRef::Id("ORDER-001".to_owned())));
        for text in ["", "a b", "ä", "arn:aws:x", &"x".repeat(65)] {
            assert!(text.parse::<OrderRef>().is_err(), "{text}");
        }
    }
}
