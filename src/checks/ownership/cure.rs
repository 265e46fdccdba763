//! The cure for foreign files: a chown of exactly these paths, and who has the power to do it.

use crate::access::IdMaps;
use crate::facts::{EngineKind, Facts, FileKind, Filesystem, ForeignFile, Host, Owner};
use crate::finding::Finding;
use crate::fix::{Chown, ChownPlace, Fix, Step};

use super::makers::counted;

/// Adds the fix that gives the files back, or says why none can. Hard links and programs that run as their owner are left
/// out of the safe one and named.
pub(super) fn cure(facts: &Facts, host: &Host, files: &[&ForeignFile], mut finding: Finding) -> Finding {
    let to = host.root_owner;
    let set_id = |file: &&&ForeignFile| file.stat.kind == FileKind::File && file.stat.mode & 0o6000 != 0;
    let linked = |file: &&&ForeignFile| file.stat.kind != FileKind::Directory && file.stat.links > 1;
    let programs = files.iter().filter(set_id).count();
    let given: Vec<&&ForeignFile> = files.iter().filter(|file| !set_id(file)).collect();
    let (links, plain): (Vec<&&ForeignFile>, Vec<&&ForeignFile>) = given.into_iter().partition(|file| linked(file));
    if programs > 0 {
        finding = finding
            .help(format!("decide about {programs} that run as their owner (set-user-id): a chown takes that away"));
    }
    let direct = host.effective_uid == 0;
    if let Some(reason) = withheld(facts, host, files, direct) {
        return finding.fix(Fix::manual(format!("give {} back to {to}: {reason}", counted(files))));
    }
    if plain.is_empty() && links.is_empty() {
        return finding;
    }
    if !plain.is_empty() && !links.is_empty() {
        let count = links.len();
        finding =
            finding.help(format!("give {count} with hard links back by hand: their other names change owner too"));
    }
    let safe = !plain.is_empty();
    let chosen: Vec<&ForeignFile> = if safe { &plain } else { &links }.iter().map(|file| **file).collect();
    let title = format!("give {} back to {to}", counted(&chosen));
    let paths = chosen.into_iter().map(|file| (file.path.clone(), file.stat.owner)).collect();
    let steps = vec![Step::Chown(Chown { place: ChownPlace::Project, paths, to, direct })];
    finding.fix(if safe { Fix::safe(title, steps) } else { Fix::risky(title, steps) })
}

/// Why nobody here can give the files back, if so.
fn withheld(facts: &Facts, host: &Host, files: &[&ForeignFile], direct: bool) -> Option<String> {
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
