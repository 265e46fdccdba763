//! The cure for foreign files: a chown of exactly these paths, and who has the power to do it.

use crate::access::IdMaps;
use crate::facts::{EngineKind, Facts, FileKind, Filesystem, ForeignFile, Host, Owner};
use crate::finding::Finding;
use crate::fix::{Chown, ChownPlace, Fix, Step};

use super::makers::counted;

/// Adds the fix that gives the files back, or says why none can. Hard links, programs with
/// powers of their own, and what is neither file nor folder nor symlink are left out of the safe one and named.
pub(super) fn cure(facts: &Facts, host: &Host, files: &[&ForeignFile], mut finding: Finding) -> Finding {
    let to = host.root_owner;
    let powerful =
        |file: &&&ForeignFile| file.stat.kind == FileKind::File && (file.stat.mode & 0o6000 != 0 || file.capabilities);
    let special = |file: &&&ForeignFile| file.stat.kind == FileKind::Other;
    let linked = |file: &&&ForeignFile| file.stat.kind != FileKind::Directory && file.stat.links > 1;
    // A folder that nobody could look into and that is not root's may well be some service's data.
    let closed = |file: &&&ForeignFile| {
        file.stat.owner.uid != 0
            && file.stat.kind == FileKind::Directory
            && host.walk.unreadable.binary_search_by(|(path, _)| path.cmp(&file.path)).is_ok()
    };
    let direct = host.effective_uid == 0;
    if let Some(reason) = withheld(facts, host, files, direct) {
        finding.untouched.extend(files.iter().map(|file| (file.path.clone(), reason.clone())));
        return finding.fix(Fix::manual(format!("give {} back to {to}: {reason}", counted(files))));
    }
    let programs: Vec<&&ForeignFile> = files.iter().filter(powerful).collect();
    let devices: Vec<&&ForeignFile> = files.iter().filter(special).collect();
    let data: Vec<&&ForeignFile> = files.iter().filter(closed).collect();
    let given: Vec<&&ForeignFile> =
        files.iter().filter(|file| !powerful(file) && !special(file) && !closed(file)).collect();
    let (links, plain): (Vec<&&ForeignFile>, Vec<&&ForeignFile>) = given.into_iter().partition(|file| linked(file));
    if !programs.is_empty() {
        finding = finding.help(format!(
            "decide about {}, left as it is: a chown takes set-user-id and file capabilities away",
            named(&programs)
        ));
    }
    if !devices.is_empty() {
        finding =
            finding.help(format!("decide about {}, left as it is: a device, a socket or a pipe", named(&devices)));
    }
    if !data.is_empty() {
        finding = finding.help(format!(
            "decide about {}, left as it is: nobody could look into it, and it may be a service's data",
            named(&data)
        ));
    }
    let kept = [
        (&programs, "a chown would take set-user-id or file capabilities away"),
        (&devices, "a device, a socket or a pipe"),
        (&data, "nobody could look into it, and it may be a service's data"),
    ];
    for (files, reason) in kept {
        finding.untouched.extend(files.iter().map(|file| (file.path.clone(), reason.to_owned())));
    }
    if plain.is_empty() && links.is_empty() {
        return finding;
    }
    if !plain.is_empty() && !links.is_empty() {
        let names = named(&links);
        finding =
            finding.help(format!("give {names} back by hand, with hard links: their other names change owner too"));
    }
    let safe = !plain.is_empty();
    if safe {
        let reason = "has other names (hard links), and they would change owner too";
        finding.untouched.extend(links.iter().map(|file| (file.path.clone(), reason.to_owned())));
    }
    let chosen: Vec<&ForeignFile> = if safe { &plain } else { &links }.iter().map(|file| **file).collect();
    let title = format!("give {} back to {to}", counted(&chosen));
    let paths = chosen.into_iter().map(|file| (file.path.clone(), file.stat.owner)).collect();
    let steps = vec![Step::Chown(Chown { place: ChownPlace::Project, paths, to, direct })];
    finding.fix(if safe { Fix::safe(title, steps) } else { Fix::risky(title, steps) })
}

/// A few names in backticks, and how many more there are.
fn named(files: &[&&ForeignFile]) -> String {
    let names: Vec<String> = files.iter().take(3).map(|file| format!("`{}`", file.path.display())).collect();
    let more = files.len().saturating_sub(3);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}

/// Why nobody here can give the files back, if so.
pub(super) fn withheld(facts: &Facts, host: &Host, files: &[&ForeignFile], direct: bool) -> Option<String> {
    if host.filesystem.as_ref().is_some_and(Filesystem::keeps_no_owners) {
        return Some("this file system keeps no owners, so a chown would change nothing".to_owned());
    }
    if direct {
        return None;
    }
    let docker = match &facts.docker {
        Ok(docker) => docker,
        Err(missing) => return Some(format!("run `sudo chown -h`, since no engine is there to do it: {missing}")),
    };
    let known = |owner: Owner, maps: &IdMaps| maps.to_container(owner).is_some();
    match docker.kind {
        _ if !docker.local => Some("run `sudo chown -h`, since the engine runs on another machine".to_owned()),
        EngineKind::Desktop => {
            Some("run `sudo chown -h`, since Docker Desktop's machine does not keep owners".to_owned())
        }
        EngineKind::Rootless | EngineKind::Podman => match IdMaps::of(docker, "") {
            Err(missing) => Some(format!("run `sudo chown -h`, since the engine's id map is not known: {missing}")),
            Ok(maps) if files.iter().all(|file| known(file.stat.owner, &maps)) && known(host.root_owner, &maps) => None,
            Ok(_) => Some("run `sudo chown -h`, since this engine has no power over that owner".to_owned()),
        },
        EngineKind::Rootful | EngineKind::UsernsRemap => None,
    }
}
