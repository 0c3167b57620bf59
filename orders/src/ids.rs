//! Identifiers that come out the same when the work runs twice.
//!
//! A worker may run more than once for one order. Whatever it names (allocations, shipments,
//! authorizations) is named by a digest of what the thing belongs to, so the second run gives the
//! same names.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Bytes of the digest that are kept: 64 bits tell the allocations of all orders apart.
const ID_BYTES: usize = 8;

/// `prefix` followed by 16 hexadecimal digits that depend on every part.
pub(crate) fn stable_id(prefix: &str, parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // The length first: ["ab", "c"] and ["a", "bc"] must differ.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut id = String::from(prefix);
    for byte in digest.finalize().iter().take(ID_BYTES) {
        let _ = write!(id, "{byte:02X}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_id_and_others_do_not() {
        assert_eq!(stable_id("A-", &["x", "y"]), stable_id("A-", &["x", "y"]));
        assert_ne!(stable_id("A-", &["ab", "c"]), stable_id("A-", &["a", "bc"]));
        assert_eq!(stable_id("A-", &["x"]).len(), "A-".len() + 2 * ID_BYTES);
    }
}
