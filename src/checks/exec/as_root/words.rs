//! What is said about one command line that runs as root, and what helps.

use super::super::caller::runs;
use super::super::cure::{cure, without_fix};
use super::super::variables::is_exported;
use crate::access::service::says_root;
use crate::access::{Decides, ServiceUser};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::project::commands::{CommandLine, Occasion, UserOption};
use crate::project::compose::{Mount, Service};

pub(super) fn judged(
    facts: &Facts,
    service: &Service,
    mount: &Mount,
    user: Option<&ServiceUser>,
    line: &CommandLine,
) -> Option<Finding> {
    let name = &service.name.value;
    let command: Vec<&str> =
        line.call.entrypoint.as_deref().into_iter().chain(line.call.command.iter().map(|word| &*word.value)).collect();
    let program = command.first().copied().unwrap_or("its command");
    let runs = runs(line, program);
    let service_is_root = || user.is_some_and(ServiceUser::is_root);
    let (place, message, label) = match &line.call.user {
        // `-u ""` is no user at all: the service's own stays. `-u :` is root in any service.
        Some(option) if option.resolved.is_empty() && !service_is_root() => return None,
        Some(option) if is_exported(facts, option) => return None,
        // What is written out as root is somebody's decision; what comes out blank is nobody's.
        Some(option) if says_root(&option.resolved) => {
            let first = option.blank.first().filter(|_| nobody_said_root(option))?;
            let named = option.blank.iter().map(|blank| format!("`{}`", blank.value)).collect::<Vec<_>>().join(" and ");
            let never = if option.blank.len() == 1 { "is never set" } else { "are never set" };
            (
                &first.span,
                format!("{runs} as root in `{name}`: {named} {never}"),
                match option.resolved.as_str() {
                    "" => "comes out blank, so it runs as the service does: as root".to_owned(),
                    resolved => format!("comes out as `-u {resolved}`, which is root"),
                },
            )
        }
        Some(_) => return None,
        None => {
            service_is_root().then_some(())?;
            (&line.call.head, format!("{runs} as root in `{name}`"), "says no user, so it runs as root".to_owned())
        }
    };
    let subject = format!("{}: {name}", line.holder.as_deref().unwrap_or(program));
    let lands = format!("what it writes in `{}` belongs to root here", mount.target);
    let mut finding = Finding::at(place, subject, message).label(label).related(&mount.span, lands);
    if line.occasion == Occasion::Called {
        finding = finding.service(name);
    }
    finding = finding.seen(line.span.path.to_string(), "command in the container", command.join(" "));
    if let (None, Some(user)) = (&line.call.user, user) {
        let written = if user.written.is_empty() { "no user" } else { user.written.as_str() };
        finding = match &user.decides {
            Decides::Compose(span) => finding.related(span, "this is the user of the service"),
            Decides::Dockerfile(span) => finding.related(span, "this is the user of the image"),
            Decides::Container { .. } => finding.seen("docker inspect", name, written),
            Decides::Image(image) => finding.seen("docker image inspect", image, written),
            Decides::Base(image) => finding.seen("known base", image, "runs as root unless it is told otherwise"),
        };
    }
    Some(repaired(finding, facts, Some(service), line))
}

/// A finding with its fix, or with what a person can do; and how much it hurts.
pub(in crate::checks::exec) fn repaired(
    finding: Finding,
    facts: &Facts,
    service: Option<&Service>,
    line: &CommandLine,
) -> Finding {
    let finding = match cure(facts, service, line) {
        Some(fix) => finding.fix(fix),
        None => finding.help(without_fix(line)),
    };
    match line.occasion {
        Occasion::Called => finding,
        Occasion::Shown => finding.only_info(),
        Occasion::Runner => finding.only_info().help(
            "leave it where the runner throws its workspace away: only one that keeps it, as a self-hosted one does, \
             fails on such files at the next checkout",
        ),
    }
}

/// Whether the user comes out blank, and not by what is written: `-u 0:$(GID)` and `-u :$(GID)` are decisions.
fn nobody_said_root(option: &UserOption) -> bool {
    let user = option.resolved.split(':').next().unwrap_or_default();
    user.is_empty() && !option.written.value.starts_with(':')
}
