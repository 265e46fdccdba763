//! Command lines of Makefiles, with what they include.

use std::collections::{BTreeMap, BTreeSet};

use super::user::{self, Lookup, PERSON_GID, PERSON_UID, Reference};
use super::{CommandLine, Context, Language, Numbers, Reading, directory};
use crate::project::{Format, Unreadable};
use crate::text::make::{self, Makefile, Recipe, Scope};
use crate::text::{Mapped, Source, Span, shell};

/// How many files one Makefile may include, so that files which include each other end.
const MOST_INCLUDES: usize = 100;

/// A Makefile that was read.
struct Part {
    source: Source,
    makefile: Makefile,
    /// Whether an `include` named it.
    included: bool,
    /// Whether it includes something that could not be read, which may set anything.
    open: bool,
}

/// Reads all Makefiles of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let named = |name: &str| {
        matches!(name, "Makefile" | "makefile" | "GNUmakefile")
            || name.starts_with("Makefile.")
            || name.ends_with(".mk")
    };
    let mut groups: Vec<Vec<Part>> = vec![];
    for path in reading.paths(named) {
        if groups.iter().flatten().any(|part| part.source.path() == path) {
            continue; // another one includes it
        }
        let mut group = vec![];
        gather(reading, &path, &path, &mut group);
        // A file that comes first in the list may turn out to be a part of this one.
        groups.retain(|other| {
            !other.first().is_some_and(|root| group.iter().skip(1).any(|part| part.source == root.source))
        });
        groups.push(group);
    }
    let mut lines = vec![];
    for group in groups {
        if group.iter().any(|part| part.source.text().contains("docker")) {
            lines.extend(lines_of(reading, &group));
        }
    }
    lines
}

fn gather(reading: &mut Reading, path: &str, root: &str, group: &mut Vec<Part>) {
    if group.len() >= MOST_INCLUDES || group.iter().any(|part| part.source.path() == path) {
        return;
    }
    let Some(source) = reading.source(path, Some(Format::Make)) else { return };
    let makefile = make::parse(source.text());
    let includes: Vec<String> =
        makefile.includes.iter().filter_map(|name| source.text().get(name.clone())).map(str::to_owned).collect();
    let own = group.len();
    group.push(Part { source, makefile, included: path != root, open: false });
    let mut open = false;
    for include in includes {
        // Make looks from the directory it runs in, which is the root Makefile's.
        let wanted = beside(root, &include);
        match wanted.split_once('*') {
            None => {
                gather(reading, &wanted, root, group);
                open |= !group.iter().any(|part| part.source.path() == wanted);
            }
            Some((before, after)) => {
                let fits = |path: &&String| path.starts_with(before) && path.ends_with(after);
                let found: Vec<String> = reading.files.list().iter().filter(fits).cloned().collect();
                found.iter().for_each(|path| gather(reading, path, root, group));
            }
        }
    }
    if let Some(part) = group.get_mut(own) {
        part.open = open;
    }
}

/// The path of `name` as seen from the directory of `path`.
fn beside(path: &str, name: &str) -> String {
    let name = name.trim_start_matches("./");
    match path.rsplit_once('/') {
        Some((directory, _)) => format!("{directory}/{name}"),
        None => name.to_owned(),
    }
}

fn lines_of(reading: &mut Reading, group: &[Part]) -> Vec<CommandLine> {
    let mut scope = Scope::default();
    // Included files first: an `include` stands at the top by custom, and what follows it wins.
    for part in group.iter().filter(|part| part.included).chain(group.iter().filter(|part| !part.included)) {
        scope.learn(&part.source, &part.makefile);
    }
    let variables = Variables::new(group, scope);
    let tops: BTreeMap<&str, Span> =
        group.iter().map(|part| (part.source.path(), part.source.span(part.makefile.top..part.makefile.top))).collect();
    let known = variables.numbers();
    let numbers = |place: &Span| Numbers { define_at: tops.get(&*place.path).cloned(), ..known.clone() };
    // Wherever it stands, it holds for all.
    let one_shell = group.iter().any(|part| part.makefile.one_shell);
    let mut lines = vec![];
    for part in group {
        for recipes in part.makefile.recipes.chunk_by(|one, next| one_shell && one.targets == next.targets) {
            let written = |recipe: &Recipe| part.source.text().get(recipe.text.clone()).unwrap_or("");
            let may_speak = |recipe| ["docker", "$"].iter().any(|sign| written(recipe).contains(sign));
            let Some(first) = recipes.first().filter(|_| recipes.iter().any(may_speak)) else { continue };
            let expanded = |recipe| variables.scope.expand(&without_prefixes(&part.source, recipe));
            let text = match recipes {
                [recipe] => expanded(recipe),
                _ => joined(recipes.iter().flat_map(|recipe| lines_for_the_shell(&expanded(recipe), |_| true))),
            };
            if !text.text().contains("docker") {
                continue;
            }
            let shell = super::scripts::Variables::of(&text, "sh");
            let context = Context {
                language: Language::Make,
                holder: part.source.text().get(first.targets.clone()).map(first_target),
                numbers: &numbers,
                variables: &|name, reference| match reference {
                    Reference::Parenthesis => variables.lookup(name, reference),
                    // The recipe's own shell may set it, in this line or in one before it.
                    _ if shell.set.contains_key(name) => shell.lookup(name, reference),
                    _ if one_shell => Lookup::Unknown,
                    _ => variables.lookup(name, reference),
                },
                programs: &|_| None,
                functions: &|_| None,
                exported: &|name| shell.handed_on(name).or_else(|| variables.handed_on(name)),
                directory: group.first().map(|root| directory::of(root.source.path())),
            };
            let shells = match one_shell {
                true => vec![text.clone()],
                false => lines_for_the_shell(&text, |command| command.contains("docker")),
            };
            for line in shells {
                let mut found = context.lines(&line);
                found.iter_mut().for_each(|line| variables.note_taken(line));
                lines.append(&mut found);
            }
        }
    }
    if let Some(root) = group.first().filter(|_| variables.scope.is_exhausted()) {
        // Left as written they name no call that could be judged.
        reading.unreadable.push(Unreadable {
            path: root.source.path().to_owned(),
            format: Format::Make,
            span: None,
            message: "puts in so many variables that only the first are followed".into(),
            unseen: super::UNSEEN.into(),
        });
    }
    if !lines.is_empty() {
        group.iter().for_each(|part| reading.keep(&part.source));
    }
    lines
}

/// What the shell gets of a recipe before expansion: continuation lines come without the prefix.
fn without_prefixes(source: &Source, recipe: &Recipe) -> Mapped {
    let mut made = Mapped::default();
    let mut at = recipe.text.start;
    for line in source.text().get(recipe.text.clone()).unwrap_or("").split_inclusive('\n') {
        let end = at + line.len();
        let kept = if at == recipe.text.start { line } else { line.strip_prefix(recipe.prefix).unwrap_or(line) };
        made.push_literal(kept, source.span(end - kept.len()..end));
        at = end;
    }
    made
}

/// The lines that Make starts a shell for, as far as they are wanted: a variable may bring in several, each with prefixes of
/// its own.
fn lines_for_the_shell(text: &Mapped, is_wanted: impl Fn(&str) -> bool) -> Vec<Mapped> {
    let (mut lines, mut start) = (vec![], 0);
    let whole = text.text();
    for (at, _) in whole.match_indices('\n').chain([(whole.len(), "")]) {
        let line = whole.get(start..at).unwrap_or("");
        if at < whole.len() && line.trim_end_matches('\r').ends_with('\\') {
            continue;
        }
        let command = line.trim_start_matches([' ', '\t', '@', '-', '+']);
        if is_wanted(command) {
            lines.push(text.part(at - command.len()..at));
        }
        start = at + 1;
    }
    lines
}

/// What one shell gets for all lines of a recipe.
fn joined(lines: impl Iterator<Item = Mapped>) -> Mapped {
    let mut made = Mapped::default();
    for line in lines {
        let end = line.place(line.text().len()..line.text().len());
        made.push_part(&line, 0..line.text().len(), None);
        if let Some(end) = end {
            made.push_decoded("\n", end);
        }
    }
    made
}

/// The numbers that recipes hand to another make, as in `$(MAKE) target UID=$$(id -u)`: they hold there and not here.
fn handed_on(part: &Part) -> Vec<String> {
    let recipes = part.makefile.recipes.iter().filter_map(|recipe| part.source.text().get(recipe.text.clone()));
    let calls_make = |text: &&str| ["$(MAKE)", "${MAKE}", "make "].iter().any(|make| text.contains(make));
    let words = recipes.filter(calls_make).flat_map(str::split_whitespace);
    let names = words.filter_map(shell::assignment).map(|assigned| assigned.name);
    names.filter(|name| user::names_a_number(name)).map(str::to_owned).collect()
}

fn first_target(targets: &str) -> String {
    targets.split_whitespace().next().unwrap_or("").to_owned()
}

/// The variables of a Makefile as the user option reads them.
struct Variables {
    scope: Scope,
    exported: BTreeSet<String>,
    exports_all: bool,
    /// The shell of the recipes sets `UID` by itself.
    shell_sets_uid: bool,
    /// Names that single targets set.
    scoped: BTreeSet<String>,
    /// Something is included that could not be read.
    open: bool,
}

impl Variables {
    fn new(group: &[Part], scope: Scope) -> Self {
        let shell = scope.get("SHELL").map(|shell| shell.value.text().to_owned()).unwrap_or_default();
        let exports_all = group.iter().any(|part| {
            part.source
                .text()
                .lines()
                .any(|line| line.trim_end() == "export" || line.starts_with(".EXPORT_ALL_VARIABLES"))
        });
        Self {
            exported: group.iter().flat_map(|part| part.makefile.exported.iter().cloned()).collect(),
            exports_all,
            shell_sets_uid: shell.contains("bash") || shell.contains("zsh"),
            scoped: group.iter().flat_map(|part| part.makefile.scoped.iter().cloned().chain(handed_on(part))).collect(),
            open: group.iter().any(|part| part.open),
            scope,
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        self.scope.get(name)?;
        let reference = format!("$({name})");
        let origin = Span { path: "".into(), start: 0, end: reference.len() };
        Some(self.scope.expand(&Mapped::literal(&reference, origin)).text().to_owned())
    }

    /// What recipes get under a name that the Makefile exports.
    fn handed_on(&self, name: &str) -> Option<Option<String>> {
        if self.scoped.contains(name) {
            return Some(None);
        }
        let exported = self.exports_all || self.exported.contains(name);
        exported.then(|| self.value(name)).flatten().map(Some)
    }

    fn lookup(&self, name: &str, reference: Reference) -> Lookup {
        let number = user::names_a_number(name);
        // What is left after expansion is set by no Makefile, or belongs to the shell.
        let visible = reference == Reference::Parenthesis || self.exports_all || self.exported.contains(name);
        match self.value(name).filter(|_| visible) {
            _ if self.scoped.contains(name) => Lookup::Unknown,
            Some(value) => Lookup::Set(value),
            None if self.open && self.scope.get(name).is_none() => Lookup::Unknown,
            None if !number => Lookup::Unknown,
            None if self.shell_sets_uid && matches!(name, "UID" | "EUID") && reference != Reference::Parenthesis => {
                Lookup::Set("$(id -u)".to_owned())
            }
            None => Lookup::Blank,
        }
    }

    fn numbers(&self) -> Numbers {
        let names: Vec<&str> =
            self.scope.names().filter(|name| user::names_a_number(name) || user::names_a_group(name)).collect();
        let resolved = |name: &str| {
            let value = self.value(name)?;
            let origin = Span { path: "".into(), start: 0, end: value.len() };
            let option =
                user::option(&Mapped::literal(&value, origin), &|name, reference| self.lookup(name, reference));
            option.map(|option| option.resolved)
        };
        let holding = |usual: &str, number: &str| {
            let holds =
                |text: &str| text == number || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
            match resolved(usual).filter(|value| holds(value)) {
                Some(_) => Some(usual.to_owned()),
                None => {
                    names.iter().find(|name| resolved(name).as_deref() == Some(number)).map(|name| (*name).to_owned())
                }
            }
        };
        let wanted = super::PREFIXES.iter().flat_map(|prefix| ["UID", "GID"].map(|name| format!("{prefix}{name}")));
        Numbers {
            uid: holding("UID", PERSON_UID),
            gid: holding("GID", PERSON_GID),
            taken: wanted.filter(|wanted| self.is_set(wanted)).collect(),
            define_at: None,
        }
    }

    /// Whether something here sets a name, be it for one target only.
    fn is_set(&self, name: &str) -> bool {
        self.scope.get(name).is_some() || self.scoped.contains(name)
    }

    /// Adds the blank names of a line's own that are set, to nothing, so that no fix sets them.
    fn note_taken(&self, line: &mut CommandLine) {
        let blank = line.call.user.iter().flat_map(|user| &user.blank).map(|blank| blank.value.clone());
        line.numbers.taken.extend(blank.filter(|name| self.is_set(name)));
    }
}
