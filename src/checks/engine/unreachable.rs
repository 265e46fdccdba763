//! No engine answers where the docker CLI would ask, though the project needs one.

mod cure;

use crate::facts::{EndpointTried, EndpointTrouble, Facts, Missing, Need};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

use cure::{cure, switch};

pub(super) fn check(facts: &Facts) -> Checked {
    let project = &facts.project;
    // Where there is no project, it is the engine itself that is asked about.
    let needs_one = project.is_nowhere || project.compose.is_some() || !project.dockerfiles.is_empty();
    if needs_one && facts.endpoints_tried.is_empty() {
        // Nobody looked: offline, or there was no time left.
        facts.docker()?;
    }
    let chosen = facts.endpoints_tried.iter().find(|tried| tried.chosen);
    let Some((chosen, trouble)) = chosen.and_then(|tried| Some((tried, tried.answer.as_ref().err()?))) else {
        return Ok(vec![]);
    };
    if !needs_one {
        return Ok(vec![]);
    }
    // What devdoctor does not speak, or may not contact, may well answer the docker CLI.
    if matches!(trouble, EndpointTrouble::Unsupported(_)) {
        return Err(Missing::new(Need::Docker, format!("the engine at `{}` was not asked: it {trouble}", chosen.url)));
    }
    let message = match trouble {
        EndpointTrouble::BadContext(words) => format!("the docker CLI has no engine to ask: {words}"),
        EndpointTrouble::NotAnEngine(words) => format!("no engine answers at `{}`: {words}", chosen.url),
        trouble => format!("no engine answers at `{}`: {trouble}", chosen.url),
    };
    let subject = if chosen.url.is_empty() { &chosen.named_by } else { &chosen.url };
    let mut finding = Finding::nowhere(subject, message);
    for tried in &facts.endpoints_tried {
        let subject = if tried.url.is_empty() { &tried.named_by } else { &tried.url };
        finding = finding.seen("connect", subject, seen(tried));
    }
    let answering = facts.endpoints_tried.iter().find(|tried| !tried.chosen && tried.answer.is_ok());
    let cure = cure(chosen, trouble);
    // An engine that already answers is nearer than one that has to be mended.
    Ok(vec![match answering {
        Some(other) => finding.fix(Fix::manual(switch(chosen, other))).help(cure),
        None => finding.fix(Fix::manual(cure)),
    }])
}

/// One endpoint as it was found.
fn seen(tried: &EndpointTried) -> String {
    let found = match &tried.answer {
        Ok(version) => format!("answers, version {version}"),
        Err(EndpointTrouble::PermissionDenied { socket_group: Some(group), group_name, .. }) => {
            let name = group_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            format!("permission denied; the socket is open to the group {group}{name}")
        }
        Err(trouble) => trouble.to_string(),
    };
    format!("{found}; named by {}", tried.named_by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_engine_elsewhere_is_nearer_than_a_broken_one_here() {
        let tried = |url: &str, named_by: &str, answer| EndpointTried {
            url: url.to_owned(),
            named_by: named_by.to_owned(),
            chosen: named_by == "DOCKER_HOST" || named_by.starts_with("--"),
            answer,
        };
        let mut facts = Facts::default();
        facts.project.compose = Some(Default::default());
        facts.endpoints_tried = vec![tried("tcp://localhost:2375", "DOCKER_HOST", Err(EndpointTrouble::Refused))];
        let alone = check(&facts).unwrap().remove(0);
        assert!(alone.fix.unwrap().title.starts_with("start the engine that listens at `tcp://localhost:2375`"));
        facts.endpoints_tried.push(tried("unix:///var/run/docker.sock", "the default socket", Ok("28".into())));
        let found = check(&facts).unwrap().remove(0);
        assert!(found.fix.unwrap().title.ends_with(": unset DOCKER_HOST") && found.evidence.len() == 2);
        for (flag, trouble, cure) in [
            ("--docker-host", EndpointTrouble::NoSocket, "leave `--docker-host` out"),
            ("--context", EndpointTrouble::BadContext("context `gone` does not exist".into()), "or leave it out: "),
        ] {
            facts.endpoints_tried[0] = tried("tcp://localhost:2375", flag, Err(trouble));
            let found = check(&facts).unwrap().remove(0);
            assert!(found.help[0].contains(cure), "{:?}", found.help);
            let title = found.fix.unwrap().title;
            assert!(title.contains(": name it by `--docker-host unix:///var/run/docker.sock`"), "{title}");
            assert_eq!(title.contains("instead of `--context`"), flag == "--context", "{title}");
        }
    }

    #[test]
    fn an_engine_that_nobody_asked_is_not_said_to_be_in_order() {
        let mut facts = Facts::default();
        facts.project.compose = Some(Default::default());
        let words = "is another machine; `--allow-remote` lets devdoctor contact it";
        facts.endpoints_tried = vec![EndpointTried {
            url: "tcp://1.2.3.4:2375".to_owned(),
            named_by: "--docker-host".to_owned(),
            chosen: true,
            answer: Err(EndpointTrouble::Unsupported(words.to_owned())),
        }];
        let reason = check(&facts).unwrap_err().reason;
        assert_eq!(reason, format!("the engine at `tcp://1.2.3.4:2375` was not asked: it {words}"));
        facts.project.compose = None;
        assert_eq!(check(&facts), Ok(vec![]));
    }
}
