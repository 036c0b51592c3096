//! A finding's id: the same every night, whichever rule finds it and whatever the proposed type.

use crate::{facts::Facts, rules::Finding};
use sha2::{Digest, Sha256};

/// The first 8 bytes of SHA-256 over account, region, target, aspect and verb, joined by NUL, in hex.
pub(super) fn of(finding: &Finding, verb: &str, facts: &Facts) -> String {
    let (account, region, name) = finding.target.identity(facts);
    hash(&[account, region, name, finding.aspect.name(), verb])
}

fn hash(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_never_change() {
        // printf '111122223333\0us-east-1\0nat-1\0existence\0delete' | sha256sum
        assert_eq!(hash(&["111122223333", "us-east-1", "nat-1", "existence", "delete"]), "2fd6ee13ac4e217e");
    }
}
