//! The user of a development container keeps a number that is not the person's, so that it cannot write the project.
//!
//! The rules of the Dev Containers CLI (`getRemoteUserUIDUpdateDetails` and its `updateUID.Dockerfile`): on Linux the user gets
//! the number of the person who opens the folder, unless `updateRemoteUserUID` is off, the user is root or is given as a number,
//! or another user of the image has that number.

use crate::access::IdMaps;
use crate::facts::{Container, Facts};
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::devcontainers::DevContainer;
use crate::text::Spanned;

pub(super) fn check(facts: &Facts) -> Checked {
    let person = facts.host()?.person.owner.uid;
    let shifted =
        facts.docker.as_ref().is_ok_and(|docker| !IdMaps::of(docker, "").is_ok_and(|maps| maps.is_identity()));
    if person == 0 || shifted {
        return Ok(vec![]);
    }
    Ok(facts
        .project
        .devcontainers
        .iter()
        .filter(|one| one.shows_files())
        .filter_map(|one| judged(facts, one, person))
        .collect())
}

/// A user of a development container.
struct User<'a> {
    login: &'a str,
    uid: u32,
    said: Option<&'a Spanned<String>>,
    source: String,
    container: Option<&'a Container>,
}

fn user<'a>(facts: &'a Facts, one: &'a DevContainer) -> Option<User<'a>> {
    let said = one.user.as_ref();
    let docker = facts.docker.as_ref().ok();
    let container = one
        .service
        .as_ref()
        .and_then(|service| docker?.containers.iter().find(|container| container.service.as_ref() == Some(service)));
    if let Some(said) = said
        && let Ok(uid) = said.value.parse()
    {
        return Some(User { login: &said.value, uid, said: Some(said), source: one.path.clone(), container });
    }
    if let (Some(container), Some(said)) = (container, said) {
        let entry = container.passwd.as_ref().ok()?.iter().find(|entry| entry.name == said.value)?;
        let source = format!("passwd of {}", container.name);
        return Some(User { login: &said.value, uid: entry.uid, said: Some(said), source, container: Some(container) });
    }
    let image = one.image.as_ref()?;
    let login = known(&image.value).filter(|login| said.is_none_or(|said| said.value == *login))?;
    Some(User { login, uid: 1000, said, source: "known image".to_owned(), container: None })
}

/// The user with the number 1000 whom images for development bring along and run as. Not all of them:
/// `universal` has another login, and `rust` was made with 1001 as well.
fn known(image: &str) -> Option<&'static str> {
    let name = ["mcr.microsoft.com/devcontainers/", "mcr.microsoft.com/vscode/devcontainers/"]
        .iter()
        .find_map(|space| image.strip_prefix(space))?;
    let name = name.split([':', '@']).next()?;
    match name {
        "javascript-node" | "typescript-node" => Some("node"),
        "base" | "dotnet" | "go" | "php" | "python" | "ruby" => Some("vscode"),
        _ => None,
    }
}

fn judged(facts: &Facts, one: &DevContainer, person: u32) -> Option<Finding> {
    let User { login, uid, said, source, container } = user(facts, one)?;
    if uid == person || uid == 0 {
        return None;
    }
    let taken = || {
        let entries = container?.passwd.as_ref().ok()?.iter();
        entries.filter(|entry| entry.uid == person && entry.name != login).map(|entry| entry.name.clone()).next()
    };
    let off = one.updates.as_ref().filter(|updates| !updates.value);
    let message = format!("the user of `{}` stays {uid}, and you are {person}", one.path);
    let (finding, fix) = match (off, said, taken()) {
        (Some(off), ..) => (
            Finding::at(&off.span, &one.path, message).label(format!("keeps `{login}` at {uid}")),
            Fix::risky(
                format!("give `{login}` your number: `\"updateRemoteUserUID\": true`"),
                vec![Step::Edit(Edit { span: off.span.clone(), text: "true".to_owned() })],
            )
            .afterwards("rebuild the container: Dev Containers: Rebuild Container"),
        ),
        (None, Some(said), _) if said.value.parse::<u32>().is_ok() => (
            Finding::at(&said.span, &one.path, message).label("a user that is given as a number keeps it"),
            Fix::manual(format!("name a login of the image in `remoteUser`, which then gets {person}")),
        ),
        (None, Some(said), Some(other)) => (
            Finding::at(&said.span, &one.path, message)
                .label(format!("cannot get {person}, which `{other}` has in the image"))
                .seen(&source, &other, person),
            Fix::manual(format!("take `{other}` as `remoteUser`, or remove it in the image: `RUN userdel -r {other}`")),
        ),
        _ => return None,
    };
    Some(finding.seen(source, login, uid).seen("you", "uid", person).fix(fix))
}
