//! Judges command lines by the Compose files that they mean, and not only by the project's own.

use crate::facts::Facts;
use crate::finding::Checked;
use crate::project::other_sets::OtherSet;

/// What `judge` says of the project's own Compose files and of each other set that lines mean.
pub(super) fn in_each_set(facts: &Facts, judge: fn(&Facts) -> Checked) -> Checked {
    let mut found = judge(facts);
    for set in &facts.project.other_sets {
        found = match (found, judge(&in_set(facts, set))) {
            (Ok(mut found), Ok(told)) => {
                found.extend(told);
                Ok(found)
            }
            // What was found stands, and what could not be seen keeps the rest from being clean.
            (Ok(found), Err(_)) | (Err(_), Ok(found)) if !found.is_empty() => Ok(found),
            (Err(missing), _) | (_, Err(missing)) => Err(missing),
        };
    }
    found
}

/// The facts as the lines of another set mean them. What runs now was not made of that set, as far as is known.
fn in_set(facts: &Facts, set: &OtherSet) -> Facts {
    let mut facts = Facts { project: facts.project.in_set(set), ..facts.clone() };
    if let Ok(docker) = &mut facts.docker {
        let named = |name: &str| {
            set.compose.services.values().any(|service| service.image.as_ref().is_some_and(|image| image.value == name))
        };
        docker.containers.clear();
        docker.images.retain(|name, _| named(name));
    }
    facts
}
