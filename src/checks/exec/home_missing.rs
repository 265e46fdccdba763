//! The home of a container's user is not there and cannot be made by them.

use crate::access::homes::HomeTrouble;
use crate::facts::Facts;
use crate::finding::Checked;

use super::homes::found;

pub(super) fn check(facts: &Facts) -> Checked {
    found(facts, HomeTrouble::Missing, |homeless| {
        let (program, name, home) = (homeless.used.program, &homeless.service.name.value, &homeless.home);
        let owner = homeless.runs.identity.owner;
        (
            format!("`{program}` in `{name}` runs as {owner}, whose home `{home}` is not there"),
            format!("has the home `{home}`, which {owner} cannot make"),
        )
    })
}
