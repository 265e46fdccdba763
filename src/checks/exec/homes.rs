//! What the checks of homes share: who in which service has which home, the finding, and the cure.

use crate::access::homes::{HomeTrouble, HomeUse, trouble, uses};
use crate::access::{IdMaps, RunsAs};
use crate::checks::recreate::recreate;
use crate::facts::{Container, Facts};
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::{BlockStyle, Service};

/// A process of a service with such a home, and the program that wants to write there.
pub(super) struct Homeless<'a> {
    pub(super) service: &'a Service,
    pub(super) container: &'a Container,
    pub(super) used: HomeUse<'a>,
    pub(super) runs: RunsAs,
    pub(super) home: String,
}

/// One finding for each service in which somebody has this trouble, told by `words`.
pub(super) fn found(facts: &Facts, wanted: HomeTrouble, words: impl Fn(&Homeless<'_>) -> (String, String)) -> Checked {
    let docker = facts.docker()?;
    let person = facts.developer();
    let mut findings = vec![];
    for (service, container) in docker.services(&facts.project) {
        // What Compose will change at the next start is not judged by the container of today.
        let home = service.environment.value("HOME");
        let outdated = home.is_some() && home != container.environment.get("HOME");
        if outdated || service.user.as_ref().is_some_and(|user| user.value != container.user) {
            continue;
        }
        let maps = IdMaps::of(docker, &container.userns_mode).unwrap_or_default();
        let all: Vec<Homeless<'_>> = uses(container, &facts.project, person)
            .into_iter()
            .filter_map(|used| {
                let runs = used.runs.clone()?;
                let given = used.line.map_or(&[][..], |line| line.call.environment.as_slice());
                let home = runs.home.clone()?;
                (trouble(container, &runs, given, &maps) == Some(wanted)).then_some(Homeless {
                    service,
                    container,
                    used,
                    runs,
                    home,
                })
            })
            .collect();
        if let Some(first) = all.first() {
            let (message, label) = words(first);
            findings.push(told(facts, &all, first, message, label));
        }
    }
    Ok(findings)
}

fn told(facts: &Facts, all: &[Homeless<'_>], first: &Homeless<'_>, message: String, label: String) -> Finding {
    let (service, name) = (first.service, first.service.name.value.as_str());
    let place = match (first.used.line, &service.user) {
        (Some(line), _) => line.call.user.as_ref().map_or(&line.call.head, |user| &user.written.span),
        (None, Some(user)) => &user.span,
        (None, None) => &service.name.span,
    };
    let mut finding = Finding::at(place, name, message).label(label).service(name);
    for other in all.iter().skip(1) {
        if let Some(line) = other.used.line {
            let words = format!("`{}` runs as {} too", other.used.program, other.runs.identity.owner);
            finding = finding.related(&line.call.head, words);
        }
    }
    if let Some(value) = service.environment.get("HOME") {
        finding = finding.related(&value.span, "says the home");
    }
    let login = match &first.runs.identity.name {
        Some(login) => format!("login `{login}`"),
        None => "no login".to_owned(),
    };
    finding = finding
        .seen(format!("/etc/passwd of {}", first.container.name), first.runs.identity.owner.to_string(), login)
        .seen(
            "docker inspect",
            &first.container.name,
            match first.container.environment.get("HOME") {
                Some(home) => format!("HOME={home}"),
                None => "HOME is not set".to_owned(),
            },
        );
    if let Some(Ok(seen)) = first.container.paths.get(&first.home) {
        let value = seen.map_or("absent".to_owned(), |stat| stat.to_string());
        finding = finding.seen(format!("archive of {}", first.container.name), &first.home, value);
    }
    finding.fix(cure(facts, all, service))
}

/// Gives a home in `/tmp`: on the command lines that have a user of their own, else in the service.
fn cure(facts: &Facts, all: &[Homeless<'_>], service: &Service) -> Fix {
    let name = &service.name.value;
    let title = format!("give it a home: `HOME=/tmp` in `{name}`");
    let on_lines: Option<Vec<Step>> = all
        .iter()
        .map(|homeless| {
            let call = &homeless.used.line?.call;
            call.user.as_ref()?;
            let span = call.insert_at.clone().filter(|_| !call.inserts_into_variable)?;
            Some(Step::Edit(Edit { span, text: " -e HOME=/tmp".to_owned() }))
        })
        .collect();
    if let Some(mut steps) = on_lines {
        steps.dedup();
        return Fix::safe("give it a home: `-e HOME=/tmp`", steps);
    }
    let words = || Fix::manual(format!("{title}, under `environment:`"));
    let step = match (service.environment.get("HOME"), &service.environment_block) {
        (Some(value), _) => {
            let source = facts.source(&value.span.path);
            let whole = source.is_some_and(|source| Some(source.slice(&value.span)) == value.value.as_deref());
            (whole && service.block.editable).then(|| Edit { span: value.span.clone(), text: "/tmp".to_owned() })
        }
        (None, Some(block)) if block.editable => {
            let end = facts.source(&block.span.path).map_or("\n", |source| source.line_end());
            let indent = format!("{end}{}", " ".repeat(block.indent));
            let text = match block.style {
                BlockStyle::BlockMapping => Some(format!("HOME: /tmp{indent}")),
                BlockStyle::BlockSequence => Some(format!("- HOME=/tmp{indent}")),
                BlockStyle::Flow => None,
            };
            let mut span = block.span.clone();
            span.end = span.start;
            text.map(|text| Edit { span, text })
        }
        (None, None) if service.block.editable && service.block.style == BlockStyle::BlockMapping => {
            let end = facts.source(&service.block.span.path).map_or("\n", |source| source.line_end());
            let indent = format!("{end}{}", " ".repeat(service.block.indent));
            let mut span = service.block.span.clone();
            span.end = span.start;
            Some(Edit { span, text: format!("environment:{indent}  HOME: /tmp{indent}") })
        }
        _ => None,
    };
    match step {
        Some(edit) => Fix::risky(title, vec![Step::Edit(edit)]).afterwards(recreate(facts, &[name])),
        None => words(),
    }
}
