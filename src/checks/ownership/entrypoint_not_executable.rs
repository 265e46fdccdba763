//! A container is to start a script of the project that may not be executed.

use std::path::Path;

use crate::access::{Script, scripts};
use crate::facts::{Facts, FileKind, Host, PathStat, SeenPath};
use crate::finding::{Checked, Finding};
use crate::fix::show::quoted;
use crate::fix::{Fix, PathChange, PathStep, Step};

use super::places::{is_active, shown};

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let blocked = |script: &Script<'_>| {
        let stat = host.stat(&script.path).flatten()?;
        (stat.kind == FileKind::File && stat.mode & 0o111 == 0 && is_active(facts, script.service)).then_some(stat)
    };
    let found = scripts(&facts.project).into_iter().filter_map(|script| Some((blocked(&script)?, script)));
    Ok(found.map(|(stat, script)| told(facts, host, &script, stat)).collect())
}

fn told(facts: &Facts, host: &Host, script: &Script<'_>, stat: PathStat) -> Finding {
    let (name, file) = (&script.service.name.value, shown(&facts.project.root, &script.path));
    let how = if script.copied { "copied into the image with its mode" } else { "mounted here" };
    let mut finding =
        Finding::at(script.span, name, format!("`{name}` starts `{}`, which nobody may execute", script.inside))
            .label(format!("`{file}` has mode {:04o}", stat.mode))
            .seen("lstat", &file, stat);
    if script.comes != script.span {
        finding = finding.related(script.comes, how);
    }
    let path = Path::new(&script.path).strip_prefix(&facts.project.root).unwrap_or(Path::new(&script.path));
    let shell = quoted(&SeenPath(path.to_owned()).display());
    finding = finding.help(format!("keep it in git as well: git update-index --chmod=+x {shell}"));
    let title = format!("make `{file}` executable");
    let others = stat.owner.uid != host.person.owner.uid && host.effective_uid != 0;
    let fix = if others || stat.links > 1 {
        Fix::manual(format!("{title}: sudo chmod +x {shell}"))
    } else {
        // Whoever may read it may execute it.
        let change = PathChange::Mode { from: stat.mode, to: stat.mode | ((stat.mode & 0o444) >> 2) };
        let again = if script.copied { "up -d --build" } else { "up -d" };
        Fix::safe(title, vec![Step::Path(PathStep { path: SeenPath(path.to_owned()), change })])
            .afterwards(format!("make the container again: docker compose {again} {name}"))
    };
    finding.service(name).fix(fix)
}
