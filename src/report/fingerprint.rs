//! Names findings so that the same trouble has the same name tomorrow, however its words or line numbers change.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Judged;
use crate::finding::Place;

/// Gives every finding its fingerprint: a hash of check id, subject and path. Where these are the same, the second is told
/// from the first by counting.
pub(super) fn name(findings: &mut [Judged]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for judged in findings {
        let path = match &judged.finding.place {
            Some(Place::Span(span)) => span.path.as_ref(),
            Some(Place::Path(path)) => path.as_str(),
            None => "",
        };
        let identity = [judged.id.as_str(), judged.finding.subject.as_str(), path].join("\u{0}");
        let count = seen.entry(identity.clone()).or_default();
        *count += 1;
        let mut hash = Sha256::new();
        hash.update(identity.as_bytes());
        if *count > 1 {
            hash.update(format!("\u{0}{count}").as_bytes());
        }
        judged.fingerprint = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    }
}
