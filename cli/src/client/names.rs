//! What the function and the table are called: as the options say, else as the stack's outputs say, else as they are called
//! by default.
//!
//! The stack is asked when the first name is needed that no option says, and once: a command that has its names, and one for
//! a server without `--stack`, makes no request more.

use super::Clients;
use super::stack::Outputs;
use super::target::given;
use crate::embedded::VALIDATE_ORDER;
use crate::exit::Failure;

/// The outputs of the order system's template.
const FUNCTION_OUTPUT: &str = "ValidateOrderFunctionName";
const ALIAS_OUTPUT: &str = "ValidateOrderLiveAliasArn";
const TABLE_OUTPUT: &str = "ProductCatalogTableName";

const DEFAULT_QUALIFIER: &str = "$LATEST";
const DEFAULT_TABLE: &str = "ProductCatalog";

/// The function that takes orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderFunction<'a> {
    /// Its name.
    pub name: &'a str,
    /// The version or alias that new orders are sent to.
    pub takes: &'a str,
    /// The version or alias whose orders are looked at; all versions if none.
    pub finds: Option<&'a str>,
}

impl Clients {
    /// The function that takes orders.
    ///
    /// With a stack, orders go through the alias that it tells of: an order ends on the version that it began with, while
    /// the alias moves on with each deployment. Orders are looked for in all versions, whoever placed them and how. An option
    /// that names the version counts for both.
    ///
    /// # Errors
    /// When the stack has to be asked, and does not say it.
    pub async fn function(&self) -> Result<OrderFunction<'_>, Failure> {
        let qualifier = given(&self.target.qualifier);
        let (name, alias) = match given(&self.target.function) {
            Some(name) => (name, None),
            None => match self.outputs().await? {
                // A stack without the alias, as one that others wrote, has only the newest code.
                Some(outputs) => {
                    let alias = outputs.get(ALIAS_OUTPUT).and_then(|arn| arn.rsplit(':').next());
                    (outputs.need(FUNCTION_OUTPUT, "--function")?, alias)
                }
                None => (VALIDATE_ORDER, None),
            },
        };
        let takes = qualifier.or(alias).unwrap_or(DEFAULT_QUALIFIER);
        Ok(OrderFunction { name, takes, finds: qualifier })
    }

    /// The table of products.
    ///
    /// # Errors
    /// As [`function`](Self::function).
    pub async fn table(&self) -> Result<&str, Failure> {
        if let Some(name) = given(&self.target.table) {
            return Ok(name);
        }
        match self.outputs().await? {
            Some(outputs) => outputs.need(TABLE_OUTPUT, "--table"),
            None => Ok(DEFAULT_TABLE),
        }
    }

    /// What the stack says; `None` if there is no stack to ask.
    async fn outputs(&self) -> Result<Option<&Outputs>, Failure> {
        let Some(stack) = self.target.stack() else { return Ok(None) };
        let stacks = self.stacks.as_ref().ok_or_else(|| {
            Failure::new(format!("cannot look at the stack {stack}: there are no credentials"))
        })?;
        self.outputs.get_or_try_init(|| stacks.outputs(&self.target, stack)).await.map(Some)
    }
}
