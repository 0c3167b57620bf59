//! CBOR, as Smithy's RPC v2 protocol uses it.

use ciborium::Value as Cbor;
use serde_json::Value as Json;

use super::refusal::Refusal;

/// How deep a body may nest. CloudWatch's deepest has eight levels.
const DEPTH_MAX: usize = 32;

/// A body. Times become seconds; numbers that JSON has not become their names, as in Smithy's JSON.
///
/// # Errors
/// `SerializationException`.
pub(super) fn read(body: &[u8]) -> Result<Json, Refusal> {
    let mut rest = body;
    let value: Cbor = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH_MAX)
        .map_err(|error| Refusal::serialization(error.to_string()))?;
    if !rest.is_empty() {
        return Err(Refusal::serialization("There is something behind the body."));
    }
    json(value)
}

fn json(value: Cbor) -> Result<Json, Refusal> {
    Ok(match value {
        Cbor::Null => Json::Null,
        Cbor::Bool(flag) => flag.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Integer(number) => match i64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => (i128::from(number) as f64).into(),
        },
        Cbor::Float(number) if number.is_finite() => number.into(),
        Cbor::Float(number) if number.is_nan() => "NaN".into(),
        Cbor::Float(number) => (if number > 0.0 { "Infinity" } else { "-Infinity" }).into(),
        Cbor::Tag(_, value) => json(*value)?,
        Cbor::Array(items) => items.into_iter().map(json).collect::<Result<_, _>>()?,
        Cbor::Map(entries) => entries
            .into_iter()
            .map(|(name, value)| match name {
                Cbor::Text(name) => Ok((name, json(value)?)),
                _ => Err(Refusal::serialization("The name of a member is not a text.")),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(Refusal::serialization("A value is of a type that no member has.")),
    })
}

/// # Errors
/// If it cannot be written.
pub(super) fn write(value: &Cbor) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
