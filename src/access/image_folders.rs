//! Which folders of an image its build leaves to root, as far as the Dockerfile tells for certain.
//!
//! Seen with the real builder: `WORKDIR` and `COPY` without `--chown` make folders that belong to root, whatever `USER` says
//! (BuildKit gives those of `WORKDIR` to the `USER` that holds there), and `COPY --chown` gives away what it copies and a folder
//! that it makes, but no folder that was there.

use crate::project::Project;
use crate::project::compose::is_below;
use crate::project::dockerfile::steps::{BuildStep, Copied, Entered, Run};
use crate::project::dockerfile::{Dockerfile, Stage};

use super::commands::runs_unknown;
use super::layout::{ancestors, normal};
use super::service::says_root;

/// The step that makes a folder, or what lies in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Maker<'a> {
    /// `COPY` or `ADD`.
    Copied(&'a Copied),
    /// `WORKDIR`.
    Entered(&'a Entered),
}

/// A folder that belongs to root.
#[derive(Clone, Debug, PartialEq)]
pub struct Roots<'a> {
    /// Its path in the image.
    pub folder: String,
    /// What makes it.
    pub maker: Maker<'a>,
}

/// What one step does to owners.
struct Made<'a> {
    path: String,
    roots: bool,
    maker: Maker<'a>,
}

/// The folder at or above `path` that is there at the end of a build, when it is certain to be root's alone. `copied`: whether
/// the path itself comes with what is copied.
pub fn left_to_root<'a>(
    project: &Project,
    dockerfile: &'a Dockerfile,
    target: Option<&str>,
    path: &str,
    copied: bool,
) -> Option<Roots<'a>> {
    let mut stages: Vec<&Stage> = dockerfile.lineage(target).collect();
    stages.reverse();
    let (mut made, mut filled): (Vec<Made>, Vec<Made>) = (vec![], vec![]);
    let there = |made: &[Made], path: &str| made.iter().any(|one| is_below(&one.path, path));
    for stage in stages {
        for step in &stage.steps {
            match step {
                BuildStep::Workdir(entered) => {
                    let folder = entered.folder.value.starts_with('/').then(|| normal(&entered.folder.value))?;
                    let user = entered.user.as_ref().or_else(|| dockerfile.user_below(stage));
                    let by_root = user.is_none_or(|user| says_root(user));
                    // It may have come with what was copied before.
                    let came = filled.iter().all(|one| !is_below(&folder, &one.path) || one.roots);
                    if !there(&made, &folder) {
                        made.push(Made { path: folder, roots: by_root && came, maker: Maker::Entered(entered) });
                    }
                }
                BuildStep::Copy(copy) => {
                    let destination = copy.destination.starts_with('/').then(|| normal(&copy.destination))?;
                    let roots = copy.mode.is_none() && copy.owner.as_ref().is_none_or(|owner| says_root(owner));
                    let related = is_below(path, &destination) || is_below(&destination, path);
                    if copy.from.is_some() && related && !copied {
                        return None; // it may bring the path along
                    }
                    let maker = Maker::Copied(copy);
                    let folder = if puts_folder(copy) { destination.clone() } else { parent(&destination) };
                    if !there(&made, &folder) {
                        made.push(Made { path: folder, roots, maker });
                    }
                    filled.push(Made { path: destination, roots, maker });
                }
                BuildStep::Run(run) => {
                    let text = project.sources.get(&*run.command.path).map(|source| run.text(source))?;
                    let by_root = dockerfile.user_at(stage, run).is_none_or(|user| says_root(user));
                    if may_change(run, &text, by_root, path) {
                        return None;
                    }
                }
            }
        }
    }
    let deepest = ancestors(path).into_iter().rev().find(|above| there(&made, above));
    let found = match copied {
        true => filled.iter().rev().find(|one| is_below(path, &one.path)).map(|one| (parent(path), one)),
        false => deepest.and_then(|above| {
            let one = made.iter().find(|one| is_below(&one.path, &above))?;
            // A folder inside of what was copied has the owner of that.
            let inside = filled.iter().rev().find(|one| is_below(&above, &one.path) && one.path != above);
            Some((above.clone(), inside.unwrap_or(one)))
        }),
    };
    let (folder, one) = found.filter(|(folder, one)| one.roots && !is_of_base(folder))?;
    Some(Roots { folder, maker: one.maker })
}

/// Whether a copy puts what it copies into a folder of the name of the destination.
fn puts_folder(copy: &Copied) -> bool {
    copy.destination.ends_with('/') || copy.sources.len() != 1 || copy.sources.iter().any(|source| is_folder(source))
}

/// Whether what is copied is a folder, as far as its name tells.
pub fn is_folder(source: &str) -> bool {
    let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    source.ends_with('/') || ["", ".", ".."].contains(&name) || !name.contains('.')
}

fn parent(path: &str) -> String {
    ancestors(path).pop().unwrap_or_else(|| "/".to_owned())
}

/// Folders that known base images have, some of them open to all: what a step seems to make there was there.
fn is_of_base(folder: &str) -> bool {
    const OPEN: [&str; 8] =
        ["/go", "/go/src", "/tmp", "/usr/local/cargo", "/usr/local/rustup", "/var/tmp", "/var/www", "/var/www/html"];
    let home = folder.strip_prefix("/home/").is_some_and(|rest| !rest.contains('/'));
    home || folder == "/" || OPEN.contains(&folder)
}

/// Whether a `RUN` may give the path, or what lies above it, to somebody, or make it.
fn may_change(run: &Run, text: &str, by_root: bool, path: &str) -> bool {
    let touches = |other: &str| is_below(path, other) || is_below(other, path);
    if !by_root {
        // What an ordinary user does there shows that it can.
        return run.working_dir.as_deref().is_none_or(|directory| directory != "/" && touches(&normal(directory)));
    }
    let words: Vec<&str> = text.split([' ', '\t', '\n', ';', '&', '|', '(', ')', '"', '\'']).collect();
    let named = |word: &&str| word.starts_with('/') && normal(word) != "/" && touches(&normal(word));
    let any = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let runs_script = words.iter().any(|word| word.starts_with("./") || word.ends_with(".sh") || *word == "make");
    let gives = any(&["chown", "chgrp", "chmod", "setfacl", "usermod", "rsync", "cp", "mv", "tar", "unzip", "git"])
        || text.contains("install -")
        || text.contains("mkdir -m")
        || text.contains("--mode");
    let unknown = |word: &&str| word.contains(['$', '*', '~', '`']) || ["."].contains(word);
    let relative = |word: &&str| gives && !word.starts_with(['/', '-']) && word.contains('/');
    let inside = run.working_dir.as_deref().is_none_or(|directory| touches(&normal(directory)));
    let given =
        gives && (words.iter().any(|word| named(word) || unknown(word)) || inside && words.iter().any(relative));
    // A home that is made for a user is the user's.
    let home = |word: &&str| named(&word.trim_start_matches("--home-dir=").trim_start_matches("--home="));
    runs_script || runs_unknown(text) || given || (any(&["useradd", "adduser"]) && words.iter().any(home))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::dockerfile::read;
    use crate::text::Source;

    fn roots(text: &str, path: &str, copied: bool) -> Option<String> {
        let source = Source::new("Dockerfile", &format!("FROM python:3.12\n{text}"));
        let dockerfile = read(&source).unwrap();
        let mut project = Project::default();
        project.sources.insert("Dockerfile".to_owned(), source.clone());
        let found = left_to_root(&project, &dockerfile, None, path, copied)?;
        let word = match found.maker {
            Maker::Copied(copied) => format!("COPY {}", source.slice(&copied.span)),
            Maker::Entered(entered) => format!("WORKDIR {}", source.slice(&entered.folder.span)),
        };
        Some(format!("{} {word}", found.folder))
    }

    #[test]
    fn folders_have_the_owner_of_the_step_that_makes_them() {
        let new = |text: &str| roots(text, "/app/.venv", false);
        for (text, expected) in [
            ("WORKDIR /app\nCOPY . .\nUSER app", Some("/app WORKDIR /app")),
            ("WORKDIR /app\nCOPY --chown=app . .\nUSER app", Some("/app WORKDIR /app")),
            ("COPY . /app\nWORKDIR /app\nUSER app", Some("/app COPY /app")),
            ("COPY --chown=app . /app\nWORKDIR /app\nUSER app", None),
            ("USER app\nWORKDIR /app\nCOPY . .", None),
            ("USER root\nWORKDIR /app\nUSER app", Some("/app WORKDIR /app")),
            ("WORKDIR /app/sub\nWORKDIR /app\nUSER app", Some("/app WORKDIR /app/sub")),
            ("COPY a.txt /app/a.txt\nUSER app", Some("/app COPY /app/a.txt")),
            ("WORKDIR /app\nRUN chown app /app\nUSER app", None),
            ("WORKDIR /app\nRUN chown -R app .\nUSER app", None),
            ("WORKDIR /app\nRUN mkdir -p /app/x && chown app:app $HOME\nUSER app", None),
            ("WORKDIR /app\nRUN chown -R app /data && apt-get install -y git\nUSER app", Some("/app WORKDIR /app")),
            ("RUN install -d -o app /app\nWORKDIR /app\nUSER app", None),
            ("RUN useradd -m -d /app app\nWORKDIR /app\nUSER app", None),
            ("RUN useradd --home-dir=/app app\nWORKDIR /app\nUSER app", None),
            ("RUN useradd -m app\nWORKDIR /app\nUSER app", Some("/app WORKDIR /app")),
            ("RUN ./setup.sh\nWORKDIR /app\nUSER app", None),
            ("WORKDIR /app\nCOPY . .\nRUN python scripts/install.py\nUSER app", None),
            ("WORKDIR /app\nRUN curl -sSf https://example.org/x | sh\nUSER app", None),
            ("WORKDIR /app\nRUN pip install .\nUSER app", Some("/app WORKDIR /app")),
            ("WORKDIR /app\nUSER app\nRUN uv sync", None),
            ("COPY --from=x /app /app\nUSER app", None),
            ("COPY --from=x /bin/uv /bin/\nWORKDIR /app\nUSER app", Some("/app WORKDIR /app")),
            ("COPY --chmod=777 . /app\nUSER app", None),
            ("WORKDIR $X/app\nUSER app", None),
            ("USER app", None),
        ] {
            assert_eq!(new(text).as_deref(), expected, "{text}");
        }
        assert_eq!(roots("WORKDIR /home/app\nUSER app", "/home/app/.venv", false), None);
        let below = "COPY --chown=app . /app\nWORKDIR /app/backend";
        assert_eq!(roots(below, "/app/backend/.venv", false), None);
    }

    #[test]
    fn what_is_copied_has_the_owner_of_the_copy() {
        let inside = |text: &str| roots(text, "/app/migrations/versions/x", true);
        for (text, expected) in [
            ("WORKDIR /app\nCOPY . .\nUSER app", Some("/app/migrations/versions COPY .")),
            ("WORKDIR /app\nCOPY --chown=app . .\nUSER app", None),
            ("COPY . /app/\nCOPY --chown=1000 migrations /app/migrations\nUSER 1000", None),
            ("COPY . /app/\nRUN chown -R app /app/migrations\nUSER app", None),
        ] {
            assert_eq!(inside(text).as_deref(), expected, "{text}");
        }
    }
}
