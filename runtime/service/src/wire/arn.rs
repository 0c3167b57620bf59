//! ARNs of functions and executions (specification sections 1.1 and 1.2).

use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;

/// The part of AWS that this server claims to be in.
pub(crate) const PARTITION: &str = "aws";

/// Where this server claims to be.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) region: String,
    pub(crate) account: String,
}

impl Home {
    /// `arn:aws:lambda:<region>:<account>:function:<name>`
    pub(crate) fn function_arn(&self, name: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{name}", self.region, self.account)
    }

    pub(crate) fn version_arn(&self, name: &str, version: &str) -> String {
        format!("{}:{version}", self.function_arn(name))
    }

    /// The ARN that a plain function is told it was invoked by: without a version for the head.
    pub(crate) fn invoked_arn(&self, name: &str, version: &str) -> String {
        match version {
            "$LATEST" => self.function_arn(name),
            version => self.version_arn(name, version),
        }
    }

    pub(crate) fn execution_arn(
        &self,
        function: &str,
        version: &str,
        name: &str,
        id: &str,
    ) -> String {
        format!("{}/durable-execution/{name}/{id}", self.version_arn(function, version))
    }
}

/// The parts of an execution ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecutionArn {
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) function: String,
    pub(crate) version: String,
    pub(crate) name: String,
    pub(crate) id: String,
}

const PATTERN: &str = "arn:([a-zA-Z0-9-]+):lambda:([a-zA-Z0-9-]+):(\\d{12}):function:([a-zA-Z0-9_-]+):(\\$LATEST(?:\\.PUBLISHED)?|[0-9]+)/durable-execution/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)";

/// The longest execution ARN that the service model allows.
const ARN_LEN_MAX: usize = 1024;

impl ExecutionArn {
    /// Reads an ARN against the service model's pattern.
    ///
    /// # Errors
    /// `ValidationException` naming the member `durableExecutionArn`.
    pub(crate) fn parse(text: &str) -> Result<Self, AwsError> {
        let mut constraints = Constraints::default();
        let arn = Self::check(text, &mut constraints);
        constraints.checked(arn)
    }

    /// As [`parse`](Self::parse), for a request that has more to check: notes what is wrong with the ARN.
    pub(crate) fn check(text: &str, constraints: &mut Constraints) -> Option<Self> {
        const MEMBER: &str = "durableExecutionArn";
        let arn = Self::read(text);
        constraints.length(text, MEMBER, 1, ARN_LEN_MAX);
        constraints.pattern(arn.is_some(), text, MEMBER, PATTERN);
        arn
    }

    /// Whether the ARN is of this server's partition, region and account.
    pub(crate) fn is_of(&self, home: &Home) -> bool {
        self.partition == PARTITION && self.region == home.region && self.account == home.account
    }

    /// The function that it is an execution of, without a version.
    pub(crate) fn function_arn(&self) -> String {
        let Self { partition, region, account, function, .. } = self;
        format!("arn:{partition}:lambda:{region}:{account}:function:{function}")
    }

    /// Whether the ARN says of an execution, besides its id, what it is.
    pub(crate) fn fits(&self, function: &str, version: &str, name: &str) -> bool {
        self.function == function && self.version == version && self.name == name
    }

    fn read(text: &str) -> Option<Self> {
        let (function_arn, execution) = text.split_once("/durable-execution/")?;
        let (name, id) = execution.split_once('/')?;
        let parts: Vec<&str> = function_arn.split(':').collect();
        let ["arn", partition, "lambda", region, account, "function", function, version] =
            parts.as_slice()
        else {
            return None;
        };
        let is_version = matches!(*version, "$LATEST" | "$LATEST.PUBLISHED")
            || is_word(version, |c| c.is_ascii_digit());
        let dashed = |text: &str| is_word(text, |c| c.is_ascii_alphanumeric() || c == '-');
        let valid = dashed(partition)
            && dashed(region)
            && account.len() == 12
            && is_word(account, |c| c.is_ascii_digit())
            && is_name(function)
            && is_version
            && is_name(name)
            && is_name(id);
        valid.then(|| Self {
            partition: (*partition).to_owned(),
            region: (*region).to_owned(),
            account: (*account).to_owned(),
            function: (*function).to_owned(),
            version: (*version).to_owned(),
            name: name.to_owned(),
            id: id.to_owned(),
        })
    }
}

/// `[a-zA-Z0-9-_]+`
pub(crate) fn is_name(text: &str) -> bool {
    is_word(text, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn is_word(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_arn_survives_a_round_trip() {
        let home = Home { region: "us-east-1".to_owned(), account: "000000000000".to_owned() };
        let text = home.execution_arn("orders", "$LATEST", "order-42", "9f7d84c9");
        let arn = ExecutionArn::parse(&text).unwrap_or_else(|_| unreachable!());
        assert_eq!(arn.function, "orders");
        assert_eq!(arn.version, "$LATEST");
        assert_eq!(arn.name, "order-42");
        assert_eq!(arn.id, "9f7d84c9");
    }

    #[test]
    fn garbage_is_refused_with_the_member_and_the_pattern() {
        for text in [
            "",
            "x",
            "arn:aws:lambda:us-east-1:1:function:f:1/durable-execution/a/b",
            "arn:aws:lambda:us-east-1:000000000000:function:f:live/durable-execution/a/b",
            "arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution/a/b/c",
            "arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution//b",
        ] {
            let error = ExecutionArn::parse(text).err().map(|error| (error.code, error.message));
            let (code, message) = error.unwrap_or_default();
            assert_eq!(code, "ValidationException", "{text}");
            assert!(message.contains("at 'durableExecutionArn'"), "{message}");
        }
    }
}
