//! Many products from JSON: an array of objects, or objects one after the other (JSON lines).
//!
//! Either all of them are good, or nothing is written.

use std::collections::BTreeSet;

use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::product::Product;
use crate::exit::Failure;
use crate::redact;

/// Problems that are listed; the rest is counted.
const SHOWN_MAX: usize = 10;

/// Reads and checks all products.
///
/// # Errors
/// When the text is not JSON, or something is wrong with any of them: then with which and what.
pub fn products(text: &[u8], source: &str) -> Result<Vec<Product>, Failure> {
    let mut products = Vec::new();
    let mut problems = Vec::new();
    let mut ids = BTreeSet::new();
    for (index, element) in elements(text, source)?.into_iter().enumerate() {
        match product(element) {
            Ok(product) if !ids.insert(product.product_id.clone()) => {
                let id = &product.product_id;
                problems.push(format!("product {}: {id} is there twice", index + 1));
            }
            Ok(product) => products.push(product),
            Err(problem) => problems.push(format!("product {}: {problem}", index + 1)),
        }
    }
    if problems.is_empty() { Ok(products) } else { Err(refusal(source, &problems)) }
}

fn refusal(source: &str, problems: &[String]) -> Failure {
    let mut lines = vec![format!("{source} was not imported; nothing was written")];
    lines.extend(problems.iter().take(SHOWN_MAX).map(|problem| format!("  {problem}")));
    if let Some(rest) = problems.len().checked_sub(SHOWN_MAX).filter(|rest| *rest > 0) {
        lines.push(format!("  and {rest} more"));
    }
    Failure::new(lines.join("\n"))
}

fn elements<'a>(text: &'a [u8], source: &str) -> Result<Vec<&'a RawValue>, Failure> {
    let not_json =
        |error: serde_json::Error| Failure::new(format!("{source} is not JSON: {error}"));
    if text.trim_ascii_start().starts_with(b"[") {
        return serde_json::from_slice(text).map_err(not_json);
    }
    Deserializer::from_slice(text).into_iter().collect::<Result<_, _>>().map_err(not_json)
}

fn product(element: &RawValue) -> Result<Product, String> {
    if !element.get().starts_with('{') {
        return Err("is not a JSON object".to_owned());
    }
    let product: Product = serde_json::from_str(element.get()).map_err(|error| {
        // The position is within the element, which helps nobody; and the text may quote a value.
        let text = error.to_string();
        redact::text(text.split(" at line ").next().unwrap_or(&text))
    })?;
    match product.problem() {
        Some(problem) if product.product_id.trim().is_empty() => Err(problem),
        Some(problem) => Err(format!("{}: {problem}", product.product_id)),
        None => Ok(product),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn mouse(id: &str, price: &str) -> String {
        format!(
            r#"{{"productId":"{id}","name":"Mouse","price":{price},"stockLevel":2,"warehouseLocation":"A"}}"#
        )
    }

    #[test]
    fn an_array_and_json_lines_are_the_same() {
        let (a, b) = (mouse("A", "29.90"), mouse("B", "\"13.50\""));
        let array = products(format!(" [{a},{b}]").as_bytes(), "it").unwrap();
        let lines = products(format!("{a}\n{b}\n").as_bytes(), "it").unwrap();
        assert_eq!(array, lines);
        let prices: Vec<String> = array.iter().map(|product| product.price.to_string()).collect();
        assert_eq!(prices, ["29.90", "13.50"]);
        assert!(products(b"", "it").unwrap().is_empty());
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let text = [
            mouse("A", "1.999"),
            mouse("B", "1"),
            mouse("B", "1"),
            mouse("", "1"),
            "{}".to_owned(),
            "7".to_owned(),
            mouse("C", "-1"),
        ]
        .join("\n");
        let said = products(text.as_bytes(), "it").unwrap_err().to_string();
        for part in [
            "it was not imported; nothing was written",
            "product 1: an amount of money has more than two decimals",
            "product 3: B is there twice",
            "product 4: productId is blank",
            "product 5: missing field",
            "product 6: is not a JSON object",
            "product 7: C: price is negative",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(products(b"[1", "it").unwrap_err().to_string().contains("it is not JSON"));
    }
}
