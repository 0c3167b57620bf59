//! Forms: `Dimensions.member.1.Name=FunctionName` and the like, as a tree.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::wire::query::Query;

/// Names in a path. CloudWatch's deepest has eight.
const PATH_LEN_MAX: usize = 12;

/// The parameters as objects, lists and texts. `Action` and `Version` are among them.
///
/// # Errors
/// `MalformedInput` for paths that contradict each other.
pub(super) fn read(body: &[u8]) -> Result<Value, Refusal> {
    let mut root = Map::new();
    for (path, value) in Query::parse(Some(&String::from_utf8_lossy(body))).pairs() {
        put(&mut root, path, value)
            .ok_or_else(|| Refusal::serialization(format!("The parameter {path} is malformed.")))?;
    }
    Ok(lists(Value::Object(root)))
}

fn put(root: &mut Map<String, Value>, path: &str, value: &str) -> Option<()> {
    let mut names: Vec<&str> = path.split('.').collect();
    let last = names.pop()?;
    if names.len() >= PATH_LEN_MAX {
        return None;
    }
    let mut place = root;
    for name in names {
        let next = place.entry(name).or_insert_with(|| Value::Object(Map::new()));
        place = next.as_object_mut()?;
    }
    if place.contains_key(last) {
        return None;
    }
    place.insert(last.to_owned(), value.into());
    Some(())
}

/// Turns objects that have nothing but a `member` into lists.
fn lists(value: Value) -> Value {
    let Value::Object(mut object) = value else { return value };
    let only_members = object.len() == 1 && object.get("member").is_some_and(Value::is_object);
    if only_members && let Some(Value::Object(members)) = object.remove("member") {
        let place = |name: &str| name.parse::<u32>().unwrap_or(u32::MAX);
        let mut members: Vec<_> = members.into_iter().collect();
        members.sort_by_key(|(name, _)| place(name));
        return members.into_iter().map(|(_, member)| lists(member)).collect();
    }
    Value::Object(object.into_iter().map(|(name, value)| (name, lists(value))).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_make_objects_and_lists_in_the_order_of_their_numbers() {
        let form = "Namespace=AWS%2FLambda&A.member.2=b&A.member.10=c&A.member.1=a&D.member.1.Name=n&D.member.1.Value=a+b";
        let tree = json!({ "Namespace": "AWS/Lambda", "A": ["a", "b", "c"], "D": [{ "Name": "n", "Value": "a b" }] });
        assert_eq!(read(form.as_bytes()), Ok(tree));
    }

    #[test]
    fn contradictions_are_refused() {
        for form in
            ["A=1&A.member.1=2", "A.member.1=2&A=1", "A=1&A=2", "a.b.c.d.e.f.g.h.i.j.k.l.m=1"]
        {
            assert!(read(form.as_bytes()).is_err(), "{form}");
        }
    }
}
