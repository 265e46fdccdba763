//! A user number without login has `/` for its home, and something wants to write there.

use crate::access::homes::HomeTrouble;
use crate::facts::Facts;
use crate::finding::Checked;

use super::homes::found;

pub(super) fn check(facts: &Facts) -> Checked {
    found(facts, HomeTrouble::RootDirectory, |homeless| {
        let (program, name) = (homeless.used.program, &homeless.service.name.value);
        let owner = homeless.runs.identity.owner;
        (
            format!("`{program}` in `{name}` runs as {owner}, whose home is `/`, and cannot write there"),
            "has no login in the image, so the engine makes `/` its home".to_owned(),
        )
    })
}
