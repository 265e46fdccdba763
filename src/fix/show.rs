//! Steps as lines for people: what is done, and how it is taken back.

use super::{Chown, ChownPlace, PathChange, PathStep, Step};
use crate::text::mask_url;

/// What a step does, a line for each path or statement. An edit is named by its place only; the diff shows its text.
pub fn lines(step: &Step) -> Vec<String> {
    match step {
        Step::Edit(edit) => vec![format!("edit {}", edit.span.path)],
        Step::Chown(chown) => {
            let prefix = match &chown.place {
                ChownPlace::Project => String::new(),
                ChownPlace::Container { service, .. } => format!("in `{service}`: "),
            };
            chown
                .paths
                .iter()
                .map(|(path, _)| format!("{prefix}chown -h {} {}", chown.to, quoted(&path.display())))
                .collect()
        }
        Step::Path(step) => vec![of_path(step)],
        Step::Sql(sql) => vec![format!("in {}: {}", sql.database, mask_url(&sql.statement))],
    }
}

/// What takes a step back, in one line; `None` when nothing does.
pub fn reverse(step: &Step) -> Option<String> {
    match step {
        Step::Edit(edit) => Some(format!("writes the former bytes of {} back", edit.span.path)),
        Step::Chown(chown) => Some(format!("gives {} back to {}", paths(chown), former_owners(chown))),
        Step::Path(step) => Some(reverse_of_path(step)),
        Step::Sql(sql) => sql.reverse.as_ref().map(|statement| format!("runs {statement} in {}", sql.database)),
    }
}

/// What is done with a path, as a shell would say it.
pub fn of_path(step: &PathStep) -> String {
    let path = quoted(&step.path.display());
    match &step.change {
        PathChange::MakeFolder { .. } => format!("mkdir {path}"),
        PathChange::RemoveFolder { .. } => format!("rmdir {path}"),
        PathChange::NewFile { text, .. } => format!("new file {path}: {}", text.trim_end().replace('\n', ", ")),
        PathChange::Mode { to, .. } => format!("chmod {to:04o} {path}"),
    }
}

fn reverse_of_path(step: &PathStep) -> String {
    let path = quoted(&step.path.display());
    match &step.change {
        PathChange::MakeFolder { .. } => format!("removes {path}, if it is empty"),
        PathChange::RemoveFolder { owner, .. } => format!("makes {path} again and gives it to {owner}"),
        PathChange::NewFile { .. } => format!("removes {path}, if it was not changed"),
        PathChange::Mode { from, .. } => format!("gives {path} its mode {from:04o} back"),
    }
}

fn paths(chown: &Chown) -> String {
    match chown.paths.len() {
        1 => "1 path".to_owned(),
        count => format!("{count} paths"),
    }
}

fn former_owners(chown: &Chown) -> String {
    let mut owners: Vec<String> = chown.paths.iter().map(|(_, owner)| owner.to_string()).collect();
    owners.sort();
    owners.dedup();
    owners.join(", ")
}

/// A path as a shell would take it.
pub fn quoted(path: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "/._-+,:@%=".contains(character);
    if !path.is_empty() && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Owner, SeenPath};

    #[test]
    fn every_path_of_a_chown_is_named() {
        let root = Owner { uid: 0, gid: 0 };
        let step = Step::Chown(Chown {
            place: ChownPlace::Project,
            paths: vec![(SeenPath("a b".into()), root), (SeenPath("-c\nd".into()), root)],
            to: Owner { uid: 1000, gid: 1000 },
            direct: false,
        });
        assert_eq!(lines(&step), ["chown -h 1000:1000 'a b'", r"chown -h 1000:1000 '-c\nd'"]);
        assert_eq!(reverse(&step).as_deref(), Some("gives 2 paths back to 0:0"));
    }
}
