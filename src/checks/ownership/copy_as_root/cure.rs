//! Gives a folder of an image to the user whom its containers run as, where the Dockerfile makes it.

use crate::access::image_folders::{Maker, Roots};
use crate::access::{Decides, ServiceUser};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::Service;
use crate::project::dockerfile::{Dockerfile, Stage};
use crate::text::{Source, Span};

/// Copies for the user, or gives the folder over after it was made. `by_copy`: whether the copy decides the owner.
pub(super) fn cure(
    dockerfile: &Dockerfile,
    source: &Source,
    user: &ServiceUser,
    roots: &Roots<'_>,
    service: &Service,
    by_copy: bool,
) -> Fix {
    let (folder, owner) = (&roots.folder, &user.written);
    let told = format!("give `{folder}` to `{owner}` in the image: `RUN chown {owner} {folder}`");
    let Decides::Dockerfile(said) = &user.decides else { return Fix::manual(told) };
    let (title, edit) = match roots.maker {
        Maker::Copied(copied) if by_copy && is_known(dockerfile, source, owner, &copied.span) => {
            match &copied.insert_at {
                Some(span) => (
                    format!("copy for `{owner}`: `--chown={owner}`"),
                    Edit { span: span.clone(), text: format!(" --chown={owner}") },
                ),
                None => return Fix::manual(told),
            }
        }
        maker => {
            let Some(span) = before(source, said) else { return Fix::manual(told) };
            let option = if matches!(maker, Maker::Copied(_)) && by_copy { "-R " } else { "" };
            let line = format!("RUN chown {option}{owner} {folder}");
            let title = format!("give `{folder}` to `{owner}` in the image: `{line}`");
            (title, Edit { span, text: format!("{line}{}", source.line_end()) })
        }
    };
    let name = &service.name.value;
    Fix::risky(title, vec![Step::Edit(edit)])
        .afterwards(format!("build `{name}` again: docker compose up --build --detach {name}"))
}

/// Whether a user is there when a step runs: by number, by the base image, or made before.
fn is_known(dockerfile: &Dockerfile, source: &Source, owner: &str, step: &Span) -> bool {
    let login = owner.split(':').next().unwrap_or(owner);
    let makes = |text: &str| {
        let words = ["useradd", "adduser", "/etc/passwd"];
        words.iter().any(|word| text.contains(word)) && text.contains(login)
    };
    let runs: Vec<_> = dockerfile.stages.iter().flat_map(Stage::runs).filter(|run| makes(&run.text(source))).collect();
    login.parse::<u32>().is_ok() || runs.is_empty() || runs.iter().any(|run| run.command.end <= step.start)
}

/// The start of the line with the only `USER`, before which root runs.
fn before(source: &Source, user: &Span) -> Option<Span> {
    let is_user = |line: &&str| line.trim_start().get(..5).is_some_and(|word| word.eq_ignore_ascii_case("user "));
    let start = source.text().get(..user.start)?.rfind('\n').map_or(0, |at| at + 1);
    (*user.path == *source.path() && source.text().lines().filter(is_user).count() == 1)
        .then(|| source.span(start..start))
}
