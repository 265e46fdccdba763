//! A tool in a container cannot write its own cache, and so fails.

use crate::access::caches::Loss;
use crate::facts::Facts;
use crate::finding::Checked;

pub(super) fn check(facts: &Facts) -> Checked {
    super::told::stories(facts, Loss::Fails)
}
