//! The words about files of root's in the person's home.

use crate::facts::{ForeignFile, HomeFolder, Host};
use crate::finding::Finding;
use crate::fix::Fix;
use crate::project::compose::{Mount, Service};

/// Evidence names at most so many files of a folder.
const SHOWN: usize = 5;

pub(super) fn mounted(
    host: &Host,
    service: &Service,
    mount: &Mount,
    inside: &str,
    because: &str,
    here: &[(&HomeFolder, Vec<&ForeignFile>)],
) -> Finding {
    let name = &service.name.value;
    let message = match here.is_empty() {
        true => format!("`{name}` runs as root and writes into your own `~/{inside}`"),
        false => {
            format!("your own `~/{inside}` holds files of root's, which you cannot use: `{name}` writes there as root")
        }
    };
    let finding = Finding::at(&mount.span, format!("~/{inside}"), message).label(because).service(name);
    let finding =
        finding.seen(mount.span.path.to_string(), format!("~/{inside}"), format!("mounted at `{}`", mount.target));
    let give = give_back(host, here);
    let words = format!("keep it in a named volume instead of `~/{inside}`, or run `{name}` as you{give}");
    evidence(finding, here).fix(Fix::manual(words))
}

fn give_back(host: &Host, folders: &[(&HomeFolder, Vec<&ForeignFile>)]) -> String {
    let owner = host.person.owner;
    let paths: Vec<String> = folders.iter().map(|(folder, _)| format!("~/{}", folder.path.display())).collect();
    if paths.is_empty() {
        return String::new();
    }
    format!("; then run `sudo chown -hR --from=0 {owner} {}`", paths.join(" "))
}

fn evidence(mut finding: Finding, folders: &[(&HomeFolder, Vec<&ForeignFile>)]) -> Finding {
    for (folder, files) in folders {
        let shown = |file: &ForeignFile| format!("~/{}", folder.path.as_path().join(file.path.as_path()).display());
        for file in files.iter().take(SHOWN) {
            finding = finding.seen("lstat", shown(file).trim_end_matches('/'), file.stat);
        }
        if files.len() > SHOWN {
            finding =
                finding.seen("lstat", format!("~/{}", folder.path.display()), format!("{} more", files.len() - SHOWN));
        }
    }
    finding
}

/// What some run as root left. The cure is words: devdoctor changes nothing outside of the project.
pub(super) fn left_behind(host: &Host, folders: &[(&HomeFolder, Vec<&ForeignFile>)]) -> Option<Finding> {
    let (first, _) = folders.first()?;
    let names: Vec<String> = folders.iter().map(|(folder, _)| format!("`~/{}`", folder.path.display())).collect();
    let message = format!("files of root's in your own home are in your way: {}", names.join(", "));
    let place = format!("~/{}", first.path.display());
    let title = give_back(host, folders);
    let title = title.trim_start_matches("; then ");
    let finding = Finding::at_path(place, "files of root's in your home", message);
    Some(evidence(finding, folders).fix(Fix::manual(format!("give them back, outside of this project: {title}"))))
}
