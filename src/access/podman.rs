//! Podman's maps of numbers: a container may have one of its own, from its numbers to the engine's, which are not the host's
//! behind an engine of an ordinary user.

use super::IdMaps;
use crate::facts::{Docker, Fact, IdRange, Missing, Need};

/// The maps of a container with this `userns_mode`: what Podman's answers say ([`crate::facts::Container::userns_mode`]), or
/// a Compose file that Podman is going to read.
///
/// # Errors
/// When the map is not told: then it is not taken for the engine's.
pub(super) fn maps(docker: &Docker, userns_mode: &str) -> Fact<IdMaps> {
    let engine = || Ok(IdMaps { uids: docker.uid_map.clone()?, gids: docker.gid_map.clone()? });
    let missing = |reason: &str| Err(Missing::new(Need::Docker, reason));
    let (kind, options) = userns_mode.split_once(':').unwrap_or((userns_mode, ""));
    match kind {
        "private" => {
            let ranges = |name| option(options, name).map(range).collect::<Option<Vec<_>>>();
            match (ranges("uidmapping"), ranges("gidmapping")) {
                (Some(uids), Some(gids)) if !uids.is_empty() && !gids.is_empty() => {
                    let engine = engine()?;
                    Ok(IdMaps { uids: through(&uids, &engine.uids), gids: through(&gids, &engine.gids) })
                }
                _ => missing("the container has a map of user numbers of its own, which Podman does not tell"),
            }
        }
        // `podman run --userns=keep-id`: the person has their own number in the container.
        "keep-id" => {
            let engine = engine()?;
            let kept = |ranges: &[IdRange], name| {
                let own = ranges.first().filter(|first| first.inside == 0)?.outside;
                let number = option(options, name).next().map_or(Some(own), |number| number.parse().ok())?;
                Some(through(&kept(number, ranges), ranges))
            };
            match (kept(&engine.uids, "uid"), kept(&engine.gids, "gid")) {
                (Some(uids), Some(gids)) => Ok(IdMaps { uids, gids }),
                _ => missing("`userns_mode: keep-id` is for engines of ordinary users"),
            }
        }
        "auto" | "nomap" | "container" | "ns" => missing("the container will have a map of user numbers of its own"),
        _ => engine(),
    }
}

/// The values of an option, of `a=1,b=2,a=3`.
fn option<'o>(options: &'o str, name: &'static str) -> impl Iterator<Item = &'o str> {
    options.split(',').filter_map(move |option| option.strip_prefix(name)?.strip_prefix('='))
}

/// `0:1:1000`: the container's first number, the engine's, how many.
fn range(text: &str) -> Option<IdRange> {
    let mut numbers = text.split(':').map(str::parse);
    let mut number = || numbers.next()?.ok();
    Some(IdRange { inside: number()?, outside: number()?, count: number()? })
}

/// The map that gives the engine's root a number in the container, and shifts the others out of its way.
fn kept(number: u32, engine: &[IdRange]) -> Vec<IdRange> {
    let all = engine.iter().fold(0_u32, |sum, range| sum.saturating_add(range.count));
    let below = number.min(all.saturating_sub(1));
    let above = number.saturating_add(1);
    let ranges = [
        IdRange { inside: 0, outside: 1, count: below },
        IdRange { inside: number, outside: 0, count: 1 },
        IdRange { inside: above, outside: above, count: all.saturating_sub(above) },
    ];
    ranges.into_iter().filter(|range| range.count > 0).collect()
}

/// One map after the other: the container's numbers to the host's, where the engine has one. An engine that has no map has
/// the host's numbers.
fn through(own: &[IdRange], engine: &[IdRange]) -> Vec<IdRange> {
    if engine.is_empty() {
        return own.to_vec();
    }
    let mut ranges: Vec<IdRange> = own
        .iter()
        .flat_map(|own| {
            engine.iter().filter_map(|engine| {
                let begin = own.outside.max(engine.inside);
                let end = own.outside.saturating_add(own.count).min(engine.inside.saturating_add(engine.count));
                let count = end.checked_sub(begin).filter(|count| *count > 0)?;
                let inside = own.inside.checked_add(begin.checked_sub(own.outside)?)?;
                let outside = engine.outside.checked_add(begin.checked_sub(engine.inside)?)?;
                Some(IdRange { inside, outside, count })
            })
        })
        .collect();
    ranges.sort_by_key(|range| range.inside);
    ranges
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::facts::EngineKind;

    fn ranges(ranges: &[(u32, u32, u32)]) -> Vec<IdRange> {
        ranges.iter().map(|&(inside, outside, count)| IdRange { inside, outside, count }).collect()
    }

    fn podman(map: &[(u32, u32, u32)]) -> Docker {
        Docker {
            endpoint: String::new(),
            version: "4.3.1".to_owned(),
            api_version: "1.41".to_owned(),
            operating_system: String::new(),
            kind: EngineKind::Podman,
            uid_map: Ok(ranges(map)),
            gid_map: Ok(ranges(map)),
            local: true,
            containers: vec![],
            images: BTreeMap::new(),
        }
    }

    #[test]
    fn a_map_of_its_own_leads_through_the_engines() {
        let user = podman(&[(0, 1001, 1), (1, 100_000, 65_536)]);
        // As Podman 4.3.1 tells of `--userns=keep-id`.
        let told = "private:uidmapping=0:1:1001,uidmapping=1001:0:1,uidmapping=1002:1002:64535,\
            gidmapping=0:1:1001,gidmapping=1001:0:1,gidmapping=1002:1002:64535";
        let expected = ranges(&[(0, 100_000, 1001), (1001, 1001, 1), (1002, 101_001, 64_535)]);
        assert_eq!(maps(&user, told).unwrap().uids, expected);
        assert_eq!(maps(&user, "keep-id").unwrap().uids, expected);
        let other = maps(&user, "keep-id:uid=200,gid=210").unwrap();
        assert_eq!(other.uids, ranges(&[(0, 100_000, 200), (200, 1001, 1), (201, 100_200, 65_336)]));
        assert_eq!(other.gids, ranges(&[(0, 100_000, 210), (210, 1001, 1), (211, 100_210, 65_326)]));
        for mode in ["", "host"] {
            assert_eq!(maps(&user, mode).unwrap().uids, ranges(&[(0, 1001, 1), (1, 100_000, 65_536)]));
        }
        let root = podman(&[]);
        let own = maps(&root, "private:uidmapping=0:1000:10,gidmapping=0:2000:10").unwrap();
        assert_eq!((own.uids, own.gids), (ranges(&[(0, 1000, 10)]), ranges(&[(0, 2000, 10)])));
        assert!(maps(&root, "").unwrap().is_identity());
    }

    #[test]
    fn a_map_that_is_not_told_is_unknown() {
        let user = podman(&[(0, 1001, 1), (1, 100_000, 65_536)]);
        for mode in ["private", "private:uidmapping=0:1:x,gidmapping=0:1:1", "auto", "nomap", "keep-id:uid=x"] {
            assert!(maps(&user, mode).is_err(), "{mode}");
        }
        assert!(maps(&podman(&[]), "keep-id").is_err());
    }
}
