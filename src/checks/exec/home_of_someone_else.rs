//! `HOME` of a container names a folder that its user cannot write: that of another login, mostly root's.

use crate::access::homes::HomeTrouble;
use crate::facts::Facts;
use crate::finding::Checked;

use super::homes::found;

pub(super) fn check(facts: &Facts) -> Checked {
    found(facts, HomeTrouble::SomeoneElses, |homeless| {
        let (program, name, home) = (homeless.used.program, &homeless.service.name.value, &homeless.home);
        let owner = homeless.runs.identity.owner;
        let logins = homeless.container.passwd.as_ref().map(Vec::as_slice).unwrap_or_default();
        let login = logins.iter().find(|login| login.home == *home && login.uid != owner.uid);
        let whose =
            login.map_or("cannot be written by it".to_owned(), |login| format!("is the home of `{}`", login.name));
        (
            format!("`{program}` in `{name}` runs as {owner}, and its `HOME`, `{home}`, {whose}"),
            format!("`HOME={home}` holds for this user too"),
        )
    })
}
