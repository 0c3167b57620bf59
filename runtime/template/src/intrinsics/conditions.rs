//! Conditions: the section, and the functions that give true or false.

use super::{Evaluated, Scope};
use crate::error::{Place, Reported, did_you_mean};
use crate::node::{Data, Node};

impl Scope<'_> {
    /// The value of a named condition.
    ///
    /// # Errors
    /// [`Reported`], also when it depends on itself.
    pub(crate) fn condition(&self, name: &str, at: &Node, place: &Place) -> Result<bool, Reported> {
        let Some(node) = self.conditions.and_then(|conditions| conditions.get(name)) else {
            let known: Vec<&String> = self.conditions.iter().flat_map(|map| map.keys()).collect();
            let hint = did_you_mean(name, known);
            return Err(self.report(at, place, format!("there is no condition \"{name}\"{hint}")));
        };
        let decided = self.decided.borrow().get(name).copied();
        match decided {
            Some(Some(value)) => return value,
            Some(None) => {
                return Err(self.report(
                    at,
                    place,
                    format!("the condition \"{name}\" depends on itself"),
                ));
            }
            None => {}
        }
        self.decided.borrow_mut().insert(name.to_owned(), None);
        let place = Place::root().at("Conditions").at(name);
        let value = self.truth(node, &place);
        self.decided.borrow_mut().insert(name.to_owned(), Some(value));
        value
    }

    /// The value of an expression in Conditions.
    fn truth(&self, node: &Node, place: &Place) -> Result<bool, Reported> {
        self.deeper(node, place, || self.truth_one(node, place))
    }

    fn truth_one(&self, node: &Node, place: &Place) -> Result<bool, Reported> {
        let call = node.as_map().filter(|map| map.len() == 1).and_then(|map| map.first());
        let Some((name, argument)) = call else {
            let message = format!(
                "a condition is one of Fn::Equals, Fn::Not, Fn::And, Fn::Or and Condition, not {}",
                node.kind()
            );
            return Err(self.report(node, place, message));
        };
        let inner = place.at(name);
        match name.as_str() {
            "Condition" => match &argument.data {
                Data::Text(name) => self.condition(name, argument, place),
                _ => Err(self.report(argument, place, "Condition takes the name of a condition")),
            },
            "Fn::Equals" => self.equals(argument, &inner),
            "Fn::Not" => match self.arguments(argument, &inner, name, 1, 1)? {
                [one] => Ok(!self.truth(one, &inner)?),
                _ => Err(Reported),
            },
            "Fn::And" => Ok(self.truths(argument, &inner, name)?.iter().all(|truth| *truth)),
            "Fn::Or" => Ok(self.truths(argument, &inner, name)?.iter().any(|truth| *truth)),
            _ => Err(self.report(node, place, format!("{name} does not give true or false"))),
        }
    }

    fn truths(&self, argument: &Node, place: &Place, name: &str) -> Result<Vec<bool>, Reported> {
        // AWS's bounds.
        let list = self.arguments(argument, place, name, 2, 10)?;
        list.iter().enumerate().map(|(index, node)| self.truth(node, &place.at(index))).collect()
    }

    fn equals(&self, argument: &Node, place: &Place) -> Result<bool, Reported> {
        let [left, right] = self.arguments(argument, place, "Fn::Equals", 2, 2)? else {
            return Err(Reported);
        };
        let left = self.present(left, &place.at(0), "an argument of Fn::Equals")?;
        let right = self.present(right, &place.at(1), "an argument of Fn::Equals")?;
        // A number and the text of it are equal, as all values of parameters are texts.
        Ok(match (left.as_text(), right.as_text()) {
            (Some(left), Some(right)) => left == right,
            _ => left.to_json() == right.to_json(),
        })
    }

    /// `Fn::If`: only the branch that is taken is evaluated.
    pub(super) fn branch(&self, argument: &Node, place: &Place) -> Evaluated {
        let place = &place.at("Fn::If");
        let [condition, yes, no] = self.arguments(argument, place, "Fn::If", 3, 3)? else {
            return Err(Reported);
        };
        let Some(name) = condition.as_text() else {
            let message = "the first argument of Fn::If is the name of a condition";
            return Err(self.report(condition, place, message));
        };
        if self.condition(name, condition, place)? {
            self.evaluate(yes, &place.at(1))
        } else {
            self.evaluate(no, &place.at(2))
        }
    }
}
