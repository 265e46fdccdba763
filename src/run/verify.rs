//! Compares what was found before a fix with what is found after it: findings by name, and those about many paths path by path.
//!
//! A finding about many paths has no lasting name: when some of them are cured, the others make another group. So each of its
//! paths is followed. What became visible only because a fix opened a folder, or led to files that nothing read before, was not
//! made by a fix; it is taken up by a further round.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::facts::{Facts, ForeignFile, Owner, SeenPath, Walk};
use crate::finding::Place;
use crate::fix::apply::chown::belongs_to;
use crate::fix::plan::Item;
use crate::fix::{Chown, ChownPlace, Fix, Step};
use crate::report::{Judged, Outcome, Report};
use crate::text::counted;

/// At most so many paths that are left are named.
const NAMED: usize = 10;

/// What became of the findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Findings that are gone, by message: of those about many paths, every path is right.
    pub cured: Vec<String>,
    /// Findings that were to be cured and are still there as a whole.
    pub still_there: Vec<String>,
    /// Findings of which some paths are right: the message, how many are, and how many there were.
    pub in_part: Vec<(String, usize, usize)>,
    /// What is left of findings that were treated, and why.
    pub left: Vec<String>,
    /// Findings that were not there before: a fix made them.
    pub new: Vec<String>,
    /// Paths that somebody else made while the fix was at work.
    pub meanwhile: Vec<String>,
    /// Checks that found something before and cannot look any more, with the reason: their findings are neither cured nor there.
    pub unseen: Vec<(String, String)>,
}

/// A finding that was seen before it was treated.
#[derive(Clone, Debug)]
struct Expected {
    id: String,
    fingerprint: String,
    message: String,
    /// Empty: it is known by its name.
    paths: Vec<SeenPath>,
    /// Whether it came to light in a later round.
    later: bool,
}

/// Where a path came from that no earlier round reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// It was there and could not be seen.
    Hidden,
    /// It was seen, and nothing was wrong with it then.
    JudgedAnew,
    /// It was not there.
    Meanwhile,
}

/// Everything that the rounds of a run have found and tried.
#[derive(Clone, Debug)]
pub struct Watch {
    expected: Vec<Expected>,
    known: HashSet<SeenPath>,
    /// The paths that were to be given away, and to whom. None is tried twice.
    tried: HashMap<SeenPath, Owner>,
    treated: HashSet<String>,
    /// Why fixes leave paths as they are.
    reasons: HashMap<SeenPath, String>,
    appeared: Vec<(SeenPath, Origin)>,
    /// Files and folders that fixes change or make.
    changed: HashSet<SeenPath>,
}

impl Watch {
    /// Begins with what is found before anything is done.
    pub fn new(before: &Report) -> Self {
        let mut watch = Self {
            expected: vec![],
            known: HashSet::new(),
            tried: HashMap::new(),
            treated: HashSet::new(),
            reasons: HashMap::new(),
            appeared: vec![],
            changed: HashSet::new(),
        };
        for judged in &before.findings {
            let paths = paths_of(judged);
            watch.known.extend(paths.iter().cloned());
            watch.expect(judged, judged.finding.message.clone(), paths, false);
        }
        watch
    }

    fn expect(&mut self, judged: &Judged, message: String, paths: Vec<SeenPath>, later: bool) {
        self.reasons.extend(judged.finding.untouched.iter().cloned());
        let (id, fingerprint) = (judged.id.clone(), judged.fingerprint.clone());
        self.expected.push(Expected { id, fingerprint, message, paths, later });
    }

    /// Notes that a fix is tried.
    pub fn tries(&mut self, item: &Item) {
        self.treated.insert(item.fingerprint.clone());
        for chown in chowns(&item.fix) {
            self.tried.extend(chown.paths.iter().map(|(path, _)| (path.clone(), chown.to)));
        }
        self.changed.extend(item.fix.steps.iter().filter_map(|step| match step {
            Step::Edit(edit) => Some(SeenPath(edit.span.path.as_ref().into())),
            Step::Path(step) => Some(step.path.clone()),
            Step::Chown(_) | Step::Sql(_) => None,
        }));
    }

    /// Whether a finding stands in a file that no fix has changed, and was not there before: a fix led to the file, such as that
    /// of an environment whose configuration named another folder.
    fn was_unseen(&self, judged: &Judged) -> bool {
        let Some(Place::Span(span)) = &judged.finding.place else { return false };
        let is_known = self.expected.iter().any(|other| other.fingerprint == judged.fingerprint);
        !is_known && !self.changed.contains(&SeenPath(span.path.as_ref().into()))
    }

    /// Whether the fix of a finding was tried.
    pub fn has_tried(&self, fingerprint: &str) -> bool {
        self.treated.contains(fingerprint)
    }

    /// What `report` shows that could not be seen in `last`, the facts of the round before: of those about many paths, these alone.
    pub fn further(&mut self, report: &Report, last: &Facts) -> Vec<Judged> {
        let walk = last.host.as_ref().ok().map(|host| &host.walk);
        let mut further = vec![];
        for judged in &report.findings {
            let paths = paths_of(judged);
            let all = paths.len();
            if all == 0 && self.was_unseen(judged) {
                further.push(judged.clone());
                self.expect(judged, judged.finding.message.clone(), paths, true);
                continue;
            }
            let mut hidden = vec![];
            for path in paths.into_iter().filter(|path| !self.known.contains(path)) {
                match walk.map_or(Origin::Hidden, |walk| origin(walk, &path)) {
                    Origin::Hidden => hidden.push(path),
                    origin => self.appeared.push((path, origin)),
                }
            }
            self.known.extend(hidden.iter().cloned());
            if hidden.is_empty() {
                continue;
            }
            let message = judged.finding.message.clone();
            let message = if hidden.len() == all { message } else { format!("{} of these: {message}", hidden.len()) };
            let wanted: HashSet<&SeenPath> = hidden.iter().collect();
            let mut only = judged.clone();
            only.finding.message.clone_from(&message);
            if let Some(fix) = &mut only.finding.fix {
                restrict(fix, &wanted);
            }
            further.push(only);
            self.expect(judged, message, hidden, true);
        }
        self.known.extend(self.appeared.iter().map(|(path, _)| path.clone()));
        further
    }

    /// What became of everything, seen with the facts that `after` was made of.
    pub fn verdict(&self, before: &Report, after: &Report, facts: &Facts) -> Verdict {
        let mut verdict = Verdict::default();
        for expected in &self.expected {
            if let Some(reason) = cannot_look(after, &expected.id) {
                verdict.unseen.push((expected.id.clone(), reason.to_owned()));
            }
            if expected.paths.is_empty() {
                self.by_name(expected, after, &mut verdict);
            } else {
                self.by_path(expected, facts, &mut verdict);
            }
        }
        if let (Ok(host), false) = (&facts.host, self.tried.is_empty()) {
            let more = host.walk.foreign_count.saturating_sub(host.walk.foreign.len() as u64);
            if more > 0 {
                verdict.left.push(format!(
                    "{} of somebody else, too many for one run: run `devdoctor fix` again",
                    counted(
                        usize::try_from(more).unwrap_or(usize::MAX),
                        "more file or folder",
                        "more files and folders"
                    )
                ));
            }
        }
        self.what_is_new(before, after, &mut verdict);
        verdict.unseen.sort();
        verdict.unseen.dedup();
        verdict
    }

    fn by_name(&self, expected: &Expected, after: &Report, verdict: &mut Verdict) {
        if cannot_look(after, &expected.id).is_some() {
            return;
        }
        if !after.findings.iter().any(|other| other.fingerprint == expected.fingerprint) {
            verdict.cured.push(expected.message.clone());
        } else if self.has_tried(&expected.fingerprint) {
            verdict.still_there.push(expected.message.clone());
        }
    }

    fn by_path(&self, expected: &Expected, facts: &Facts, verdict: &mut Verdict) {
        let all = expected.paths.len();
        let walk = match &facts.host {
            Ok(host) => &host.walk,
            Err(missing) => {
                verdict.unseen.push((expected.id.clone(), missing.reason.clone()));
                return;
            }
        };
        let (mut remaining, mut unknown) = (vec![], vec![]);
        for path in &expected.paths {
            if let Some(file) = foreign(walk, path) {
                remaining.push((path, file));
            } else if is_hidden(walk, path) && !self.is_given(Path::new(&facts.project.root), path) {
                unknown.push(path);
            }
        }
        let tried = expected.paths.iter().any(|path| self.tried.contains_key(path));
        let right = all - remaining.len() - unknown.len();
        if !unknown.is_empty() {
            let more = if unknown.len() > 1 { format!(" and {} more", unknown.len() - 1) } else { String::new() };
            let first = unknown.first().map(|path| path.display()).unwrap_or_default();
            verdict.unseen.push((expected.id.clone(), format!("`{first}`{more} cannot be looked at")));
        }
        if right == all {
            verdict.cured.push(expected.message.clone());
        } else if tried && right > 0 {
            verdict.in_part.push((expected.message.clone(), right, all));
        } else if tried {
            verdict.still_there.push(expected.message.clone());
        } else if expected.later {
            verdict.left.push(format!("{}: seen only after others were given back", expected.message));
        }
        if !tried || remaining.is_empty() {
            return;
        }
        for (path, file) in remaining.iter().take(NAMED) {
            let belongs = format!("belongs to {}", file.stat.owner);
            let reason = self.reasons.get(path).cloned().unwrap_or(belongs);
            verdict.left.push(format!("`{}`: {reason}", path.display()));
        }
        if remaining.len() > NAMED {
            verdict.left.push(format!(
                "{}, all named by `devdoctor fix --dry-run`",
                counted(remaining.len() - NAMED, "more path", "more paths")
            ));
        }
    }

    /// Whether a path was given away and has its new owner, by a look at the path itself.
    fn is_given(&self, root: &Path, path: &SeenPath) -> bool {
        self.tried.get(path).is_some_and(|to| belongs_to(root, path, *to))
    }

    /// Whether a finding is what is left of a thing that was treated, now seen as another one: no fix made it.
    fn is_rest(&self, before: &Report, judged: &Judged) -> bool {
        let (place, subject) = (&judged.finding.place, &judged.finding.subject);
        before.findings.iter().any(|other| {
            self.has_tried(&other.fingerprint)
                && place.is_some()
                && (&other.finding.place, &other.finding.subject) == (place, subject)
        })
    }

    fn what_is_new(&self, before: &Report, after: &Report, verdict: &mut Verdict) {
        for judged in &after.findings {
            let known = self.expected.iter().any(|other| other.fingerprint == judged.fingerprint);
            let paths: HashSet<SeenPath> = paths_of(judged).into_iter().collect();
            let of = |wanted: Origin| -> Vec<&SeenPath> {
                let appeared = self.appeared.iter().filter(|(path, origin)| *origin == wanted && paths.contains(path));
                appeared.map(|(path, _)| path).collect()
            };
            if paths.is_empty() {
                // A check that could not look before may well find something now; that was no fix's doing.
                if !known && self.is_rest(before, judged) {
                    verdict.still_there.push(judged.finding.message.clone());
                } else if !known && looked(before, &judged.id) {
                    verdict.new.push(judged.finding.message.clone());
                }
            } else if !self.appeared.is_empty() {
                if let Some(words) = named(&of(Origin::JudgedAnew)) {
                    verdict.new.push(format!("{words} in: {}", judged.finding.message));
                }
                if let Some(words) = named(&of(Origin::Meanwhile)) {
                    verdict.meanwhile.push(format!("{words} in: {}", judged.finding.message));
                }
            }
        }
    }
}

/// The paths of the project that a finding is about: those that its fix gives away, and those that it leaves.
fn paths_of(judged: &Judged) -> Vec<SeenPath> {
    let given = judged.finding.fix.iter().flat_map(chowns).flat_map(|chown| &chown.paths).map(|(path, _)| path);
    given.chain(judged.finding.untouched.iter().map(|(path, _)| path)).cloned().collect()
}

fn chowns(fix: &Fix) -> impl Iterator<Item = &Chown> {
    fix.steps.iter().filter_map(|step| match step {
        Step::Chown(chown) if chown.place == ChownPlace::Project => Some(chown),
        Step::Chown(_) | Step::Edit(_) | Step::Path(_) | Step::Sql(_) => None,
    })
}

/// Leaves of a fix what it does to some paths.
fn restrict(fix: &mut Fix, wanted: &HashSet<&SeenPath>) {
    let mut restricted = None;
    for step in &mut fix.steps {
        if let Step::Chown(chown) = step
            && chown.place == ChownPlace::Project
        {
            let all = chown.paths.len();
            chown.paths.retain(|(path, _)| wanted.contains(path));
            if chown.paths.len() < all {
                restricted = Some((chown.paths.len(), chown.to));
            }
        }
    }
    fix.steps.retain(|step| !matches!(step, Step::Chown(chown) if chown.paths.is_empty()));
    if let Some((count, to)) = restricted {
        fix.title = format!("give {} back to {to}", super::carry_out::paths(count));
    }
}

fn foreign<'walk>(walk: &'walk Walk, path: &SeenPath) -> Option<&'walk ForeignFile> {
    let at = walk.foreign.binary_search_by(|file| file.path.cmp(path)).ok()?;
    walk.foreign.get(at)
}

/// Whether a walk would not have named a path, whatever its owner.
fn is_hidden(walk: &Walk, path: &SeenPath) -> bool {
    walk.cut_short.is_some()
        || walk.foreign_count > walk.foreign.len() as u64
        || path
            .as_path()
            .ancestors()
            .any(|part| walk.unreadable.binary_search_by(|(closed, _)| closed.as_path().cmp(part)).is_ok())
}

fn origin(walk: &Walk, path: &SeenPath) -> Origin {
    if foreign(walk, path).is_some() {
        Origin::JudgedAnew
    } else if is_hidden(walk, path) {
        Origin::Hidden
    } else {
        Origin::Meanwhile
    }
}

fn cannot_look<'report>(report: &'report Report, id: &str) -> Option<&'report str> {
    report.checks.iter().find(|(other, _)| other == id).and_then(|(_, outcome)| match outcome {
        Outcome::Skipped { reason } | Outcome::Crashed { reason } => Some(reason.as_str()),
        Outcome::Clean | Outcome::Found => None,
    })
}

fn looked(report: &Report, id: &str) -> bool {
    report.checks.iter().any(|(other, _)| other == id) && cannot_look(report, id).is_none()
}

fn named(paths: &[&SeenPath]) -> Option<String> {
    let first = paths.first()?.display();
    Some(if paths.len() == 1 { format!("`{first}`") } else { format!("`{first}` and {} more", paths.len() - 1) })
}

#[cfg(test)]
#[path = "verify/tests.rs"]
mod tests;
