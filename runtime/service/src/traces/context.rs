//! Which trace something belongs to, and what its spans are called by machines.
//!
//! A trace id is the beginning of the SHA-256 of the execution's ARN, unless the caller has sent an X-Ray header: then
//! the execution continues the caller's trace. The functions that an execution invokes are told by such a header too,
//! which the execution of a child keeps in its journal.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

pub(super) type TraceId = [u8; 16];
pub(super) type SpanId = [u8; 8];

/// A trace, and the span in it that something is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceContext {
    pub(super) trace_id: TraceId,
    /// None at the root of a trace.
    pub(super) parent: Option<SpanId>,
    /// Whether the caller records the trace; none if it leaves that to others.
    pub(super) sampled: Option<bool>,
}

impl TraceContext {
    /// The trace of an execution: its caller's if that has one.
    pub(super) fn of(header: Option<&str>, execution_arn: &str) -> Self {
        header.and_then(Self::parse).unwrap_or_else(|| Self {
            trace_id: digest(&[execution_arn]),
            parent: None,
            sampled: None,
        })
    }

    /// Reads `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=<0|1|?>`. A header without a usable root is none.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let member = |name: &str| {
            header.split(';').find_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key.trim() == name).then(|| value.trim())
            })
        };
        let (time, rest) = member("Root")?.strip_prefix("1-")?.split_once('-')?;
        if time.len() != 8 || rest.len() != 24 {
            return None;
        }
        let trace_id: TraceId = from_hex(&format!("{time}{rest}"))?;
        let sampled = match member("Sampled") {
            Some("1") => Some(true),
            Some("0") => Some(false),
            _ => None,
        };
        Some(Self { trace_id, parent: member("Parent").and_then(from_hex), sampled })
    }

    /// The header that makes another function a part of this trace, below the given span.
    pub(super) fn header(&self, parent: SpanId, sampled: bool) -> String {
        let root = to_hex(&self.trace_id);
        let (time, rest) = root.split_at(8);
        format!("Root=1-{time}-{rest};Parent={};Sampled={}", to_hex(&parent), u8::from(sampled))
    }
}

/// What a span is of; together with the execution's ARN it settles the span's id.
#[derive(Clone, Copy, Debug)]
pub(super) enum SpanOf<'a> {
    Execution,
    Invocation(&'a str),
    Operation(&'a str),
    Attempt(&'a str, u32),
}

/// The id of a span of an execution.
pub(super) fn span_id(execution_arn: &str, of: SpanOf<'_>) -> SpanId {
    match of {
        SpanOf::Execution => digest(&[execution_arn, "execution"]),
        SpanOf::Invocation(id) => digest(&[execution_arn, "invocation", id]),
        SpanOf::Operation(id) => digest(&[execution_arn, "operation", id]),
        SpanOf::Attempt(id, attempt) => {
            digest(&[execution_arn, "attempt", id, &attempt.to_string()])
        }
    }
}

/// The id of the span of a plain function's run.
pub(super) fn run_span_id(request_id: &str) -> SpanId {
    digest(&["run", request_id])
}

/// The first bytes of the SHA-256 of the parts. A line break parts them, which none contains.
fn digest<const N: usize>(parts: &[&str]) -> [u8; N] {
    let whole = Sha256::digest(parts.join("\n").as_bytes());
    let mut short = [0; N];
    short.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    short
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Exactly `N` bytes, not all of them zero, which OpenTelemetry takes for none.
fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    bytes.iter().any(|byte| *byte != 0).then_some(bytes)
}

/// Which traces are recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sampler {
    /// Whether a caller's decision stands.
    pub(super) parent_based: bool,
    /// The share of the traces that nobody has decided about, from 0 to 1.
    pub(super) ratio: f64,
}

impl Sampler {
    /// The same answer for every span of a trace.
    pub(super) fn samples(&self, context: &TraceContext) -> bool {
        if let (true, Some(sampled)) = (self.parent_based, context.sampled) {
            return sampled;
        }
        let [.., a, b, c, d] = context.trace_id;
        f64::from(u32::from_be_bytes([a, b, c, d])) < self.ratio * (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8;Sampled=1";

    #[test]
    fn an_x_ray_header_names_the_trace_and_the_parent() {
        let context = TraceContext::of(Some(HEADER), "arn");
        assert_eq!(to_hex(&context.trace_id), "5bef4de7ad49b0e87f6ef6c87fc2e700");
        assert_eq!(context.parent.map(|id| to_hex(&id)).as_deref(), Some("53995c3f42cd8ad8"));
        assert_eq!(context.sampled, Some(true));
        let parent = context.parent.unwrap_or_default();
        assert_eq!(context.header(parent, true), HEADER);
    }

    #[test]
    fn what_is_no_x_ray_header_gives_a_trace_of_its_own() {
        let own = TraceContext::of(None, "arn");
        for header in [
            "",
            "Root=1-2-3",
            "Root=1-00000000-000000000000000000000000",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e70",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e7zz",
            "Parent=53995c3f42cd8ad8",
        ] {
            assert_eq!(TraceContext::of(Some(header), "arn"), own, "{header}");
        }
        assert_ne!(TraceContext::of(None, "other").trace_id, own.trace_id);
    }

    #[test]
    fn a_callers_decision_stands_unless_the_sampler_is_not_based_on_it() {
        let sampled = TraceContext::of(Some(HEADER), "arn");
        let not = TraceContext { sampled: Some(false), ..sampled };
        let open = TraceContext { sampled: None, ..sampled };
        let decide = |sampler: Sampler| [sampled, not, open].map(|it| sampler.samples(&it));
        assert_eq!(decide(Sampler { parent_based: true, ratio: 1.0 }), [true, false, true]);
        assert_eq!(decide(Sampler { parent_based: true, ratio: 0.0 }), [true, false, false]);
        assert_eq!(decide(Sampler { parent_based: false, ratio: 1.0 }), [true, true, true]);
    }

    #[test]
    fn a_ratio_takes_about_its_share() {
        let sampler = Sampler { parent_based: true, ratio: 0.25 };
        let taken = (0..4000)
            .filter(|number| sampler.samples(&TraceContext::of(None, &format!("arn {number}"))))
            .count();
        assert!((800..1200).contains(&taken), "{taken}");
    }
}
