//! Ref and GetAtt.

use uuid::Uuid;

use super::{Evaluated, Scope};
use crate::error::{Place, Reported, did_you_mean};
use crate::inventory::{Entry, Kind, Origin};
use crate::node::{Data, Node};
use crate::parameters::Value;
use crate::resources::{alias, ignored, names, version};
use crate::text::Text;

/// AWS's names for what belongs to the whole stack.
const PSEUDO: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

impl Scope<'_> {
    /// `Ref`.
    pub(super) fn reference(&self, argument: &Node, place: &Place) -> Evaluated {
        let Data::Text(name) = &argument.data else {
            let message =
                format!("Ref takes the name of a parameter or resource, not {}", argument.kind());
            return Err(self.report(argument, place, message));
        };
        self.reference_to(name, argument, place)
    }

    /// What `!Ref name` gives.
    pub(super) fn reference_to(&self, name: &str, at: &Node, place: &Place) -> Evaluated {
        if name.starts_with("AWS::") {
            return self.pseudo(name, at, place);
        }
        match self.parameters.get(name) {
            Some(Value::Known(value)) => return Ok(Some(value.clone())),
            Some(Value::Elsewhere(kind)) => {
                let message = format!(
                    "the value of the parameter {name} comes from a service that is not here \
                     ({kind}); make it a String with a Default"
                );
                return Err(self.report(at, place, message));
            }
            Some(Value::Wrong) => return Err(Reported),
            None => {}
        }
        if let Some((function, property)) = name.split_once('.') {
            let id = self.child(function, property, at, place)?;
            return self.resource_reference(&id, at, place).map(Some);
        }
        self.resource_reference(name, at, place).map(Some)
    }

    fn pseudo(&self, name: &str, at: &Node, place: &Place) -> Evaluated {
        let text = match name {
            "AWS::AccountId" => self.options.account.clone(),
            "AWS::Region" => self.options.region.clone(),
            "AWS::StackName" => self.options.stack_name.clone(),
            "AWS::StackId" => self.stack_id(),
            // ARNs here are always those of the partition `aws`.
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::NoValue" => return Ok(None),
            "AWS::NotificationARNs" => return Ok(Some(Node::new(at.mark, Data::List(Vec::new())))),
            _ => {
                let hint = did_you_mean(name, PSEUDO);
                return Err(self.report(at, place, format!("there is no \"{name}\"{hint}")));
            }
        };
        Ok(Some(Node::text(at.mark, text)))
    }

    /// The id is made of the name, so that it is the same at every start.
    fn stack_id(&self) -> String {
        let (region, account, name) =
            (&self.options.region, &self.options.account, &self.options.stack_name);
        let prefix = format!("arn:aws:cloudformation:{region}:{account}:stack/{name}");
        format!("{prefix}/{}", Uuid::new_v5(&Uuid::NAMESPACE_URL, prefix.as_bytes()))
    }

    /// `Fn::GetAtt`: `Resource.Attribute`, or a list of the two.
    pub(super) fn attribute(&self, argument: &Node, place: &Place) -> Result<Node, Reported> {
        if let Data::Text(text) = &argument.data
            && let Some((resource, attribute)) = text.split_once('.')
        {
            return self.attribute_of(resource, attribute, argument, place);
        }
        if let Some([resource, attribute]) = argument.as_list()
            && let Data::Text(resource) = &resource.data
        {
            // The attribute may be the value of a parameter.
            let attribute = self.text(attribute, place, "the attribute of Fn::GetAtt")?;
            let whole = format!("{resource}.{attribute}");
            if let Some((resource, attribute)) = whole.split_once('.') {
                return self.attribute_of(resource, attribute, argument, place);
            }
        }
        Err(self.report(
            argument,
            place,
            "Fn::GetAtt takes Resource.Attribute, or a list of the two",
        ))
    }

    /// What `!GetAtt resource.attribute` gives.
    pub(super) fn attribute_of(
        &self,
        resource: &str,
        attribute: &str,
        at: &Node,
        place: &Place,
    ) -> Result<Node, Reported> {
        // SAM writes Function.Alias for a resource of its own, whose reference `Fn::Sub` takes as well.
        if self.inventory.child(resource, attribute).is_some() {
            let id = self.child(resource, attribute, at, place)?;
            return self.resource_reference(&id, at, place);
        }
        if let Some((property, rest)) = attribute.split_once('.')
            && self.inventory.child(resource, property).is_some()
        {
            let id = self.child(resource, property, at, place)?;
            return self.resource_attribute(&id, rest, at, place);
        }
        self.resource_attribute(resource, attribute, at, place)
    }

    fn child(
        &self,
        function: &str,
        property: &str,
        at: &Node,
        place: &Place,
    ) -> Result<String, Reported> {
        self.inventory.child(function, property).map(str::to_owned).ok_or_else(|| {
            let message = match self.inventory.get(function) {
                Some(_) if matches!(property, "Version" | "Alias") => {
                    format!(
                        "{function}.{property} is there only if {function} has AutoPublishAlias"
                    )
                }
                Some(_) => format!("Ref has no {function}.{property}; did you mean Fn::GetAtt?"),
                None => self.inventory.unknown(function, self),
            };
            self.report(at, place, message)
        })
    }

    fn resource<'s>(
        &'s self,
        logical_id: &str,
        at: &Node,
        place: &Place,
    ) -> Result<&'s Entry<'s>, Reported> {
        let Some(entry) = self.inventory.get(logical_id) else {
            return Err(self.report(at, place, self.inventory.unknown(logical_id, self)));
        };
        self.needs(logical_id);
        Ok(entry)
    }

    fn resource_reference(
        &self,
        logical_id: &str,
        at: &Node,
        place: &Place,
    ) -> Result<Node, Reported> {
        let entry = self.resource(logical_id, at, place)?;
        let text = self.physical_id(logical_id, entry)?;
        Ok(text_node(at, text))
    }

    /// What `!Ref` gives for a resource, which is its physical id.
    pub(crate) fn physical_id(
        &self,
        logical_id: &str,
        entry: &Entry<'_>,
    ) -> Result<Text, Reported> {
        match entry.kind {
            Kind::Version => self.version_arn(logical_id, entry),
            Kind::Alias => self.alias_arn(logical_id, entry).map(Text::from),
            Kind::Ignored => {
                let name = self.name(logical_id)?;
                Ok(Text::from(ignored::reference(self, &entry.type_name, &name)))
            }
            _ => self.name(logical_id).map(Text::from),
        }
    }

    fn resource_attribute(
        &self,
        logical_id: &str,
        attribute: &str,
        at: &Node,
        place: &Place,
    ) -> Result<Node, Reported> {
        let entry = self.resource(logical_id, at, place)?;
        let text = match (entry.kind, attribute) {
            (Kind::Function | Kind::ServerlessFunction, "Arn") => {
                Some(Text::from(self.function_arn(&self.name(logical_id)?)))
            }
            (Kind::Table | Kind::SimpleTable | Kind::GlobalTable, "Arn") => {
                Some(Text::from(self.arn("dynamodb", &format!("table/{}", self.name(logical_id)?))))
            }
            (Kind::LogGroup, "Arn") => Some(Text::from(
                self.arn("logs", &format!("log-group:{}:*", self.name(logical_id)?)),
            )),
            (Kind::Version, "Version") => Some(Text::version_number(logical_id)),
            (Kind::Version, "FunctionArn") => Some(self.version_arn(logical_id, entry)?),
            (Kind::Alias, "AliasArn") => Some(Text::from(self.alias_arn(logical_id, entry)?)),
            (Kind::Ignored, _) => {
                let name = self.name(logical_id)?;
                ignored::attribute(self, &entry.type_name, &name, attribute).map(Text::from)
            }
            _ => None,
        };
        let text = text.ok_or_else(|| {
            let message = format!(
                "the attribute {attribute} of {logical_id} ({}) is not known here; pass its value as a parameter",
                entry.type_name
            );
            self.report(at, place, message)
        })?;
        Ok(text_node(at, text))
    }

    /// The name of a resource: its own, or one made of the stack's name and its logical id.
    pub(crate) fn name(&self, logical_id: &str) -> Result<String, Reported> {
        let Some(entry) = self.inventory.get(logical_id) else { return Err(Reported) };
        let known = self.named.borrow().get(logical_id).cloned();
        match known {
            Some(Some(name)) => return name,
            Some(None) => {
                let place = Place::root().at("Resources").at(logical_id);
                return Err(self.report(entry.node, &place, "its name depends on itself"));
            }
            None => {}
        }
        self.named.borrow_mut().insert(logical_id.to_owned(), None);
        let name = self.as_resource(logical_id, || names::of(self, logical_id, entry));
        self.named.borrow_mut().insert(logical_id.to_owned(), Some(name.clone()));
        name
    }

    /// The ARN of something of this account and region.
    pub(crate) fn arn(&self, service: &str, rest: &str) -> String {
        let (region, account) = (&self.options.region, &self.options.account);
        format!("arn:aws:{service}:{region}:{account}:{rest}")
    }

    /// The ARN of a function.
    pub(crate) fn function_arn(&self, name: &str) -> String {
        self.arn("lambda", &format!("function:{name}"))
    }

    fn version_arn(&self, logical_id: &str, entry: &Entry<'_>) -> Result<Text, Reported> {
        let function = match &entry.origin {
            Origin::VersionOf(function) => self.name(function)?,
            _ => version::function_name(self, logical_id, entry).ok_or(Reported)?,
        };
        let mut arn = Text::from(format!("{}:", self.function_arn(&function)));
        arn.push(&Text::version_number(logical_id));
        Ok(arn)
    }

    fn alias_arn(&self, logical_id: &str, entry: &Entry<'_>) -> Result<String, Reported> {
        let (function, name) = match &entry.origin {
            Origin::AliasOf { function, name, .. } => (self.name(function)?, name.clone()),
            _ => alias::names(self, logical_id, entry).ok_or(Reported)?,
        };
        Ok(format!("{}:{name}", self.function_arn(&function)))
    }
}

fn text_node(at: &Node, text: Text) -> Node {
    match text.complete() {
        Some(text) => Node::text(at.mark, text),
        None => Node::new(at.mark, Data::Later(text)),
    }
}
