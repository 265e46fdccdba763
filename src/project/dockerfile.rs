//! What a Dockerfile says about the image's user, home and directories.

mod prepare;
pub mod steps;
mod words;

use std::collections::BTreeMap;

use parse_dockerfile::{Instruction, UnescapedString, parse_iter};
use serde::{Deserialize, Serialize};

use crate::text::{Mapped, Source, Span, Spanned, SyntaxError};
use prepare::prepare;
use steps::{BuildStep, Entered, Started};
use words::{expand, words};

/// The stages of one Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dockerfile {
    /// Stages in order.
    pub stages: Vec<Stage>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Name after `AS`.
    pub name: Option<String>,
    /// What it is built from: an image, or an earlier stage.
    pub base: Spanned<String>,
    /// The last `USER`.
    pub user: Option<Spanned<String>>,
    /// `ENV` variables as far as they are plain text.
    pub environment: BTreeMap<String, String>,
    /// All that `ENV` and `ARG` of the stage set, as it is written, whether its value is known or not.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The last `WORKDIR`; relative where it depends on that of an image that the files do not tell.
    pub working_dir: Option<Spanned<String>>,
    /// The last `ENTRYPOINT`.
    #[serde(default)]
    pub entrypoint: Option<Started>,
    /// The last `CMD`.
    #[serde(default)]
    pub command: Option<Started>,
    /// What it runs and copies, in order.
    #[serde(default)]
    pub steps: Vec<BuildStep>,
}

impl Dockerfile {
    /// The stage that a build of `target` makes: by name or number, the last one without a target.
    pub fn stage(&self, target: Option<&str>) -> Option<&Stage> {
        self.stages.get(self.index(target)?)
    }

    /// The `USER` that holds in a target: its own, or that of the nearest stage it is built from.
    pub fn user_of(&self, target: Option<&str>) -> Option<&Spanned<String>> {
        self.lineage(target).find_map(|stage| stage.user.as_ref())
    }

    /// A variable of `ENV` in a target or in what it is built from.
    pub fn variable_of(&self, target: Option<&str>, name: &str) -> Option<&str> {
        self.lineage(target).find_map(|stage| stage.environment.get(name)).map(String::as_str)
    }

    /// The image of another maker at the bottom of a target.
    pub fn base_image_of(&self, target: Option<&str>) -> Option<&Spanned<String>> {
        self.lineage(target).last().map(|stage| &stage.base)
    }

    /// A target's stage and those it is built from. Each is earlier than the one before, so this ends.
    pub fn lineage(&self, target: Option<&str>) -> impl Iterator<Item = &Stage> {
        let base = |index: &usize| find(self.stages.get(..*index)?, &self.stages.get(*index)?.base);
        std::iter::successors(self.index(target), base).filter_map(|index| self.stages.get(index))
    }

    /// The stages that a target is made of: those it is built from, and those that any of these copy from.
    pub fn made_of(&self, target: Option<&str>) -> Vec<&Stage> {
        let mut found: Vec<&Stage> = self.lineage(target).collect();
        let mut at = 0;
        while let Some(stage) = found.get(at).copied() {
            at += 1;
            for from in stage.copies().filter_map(|copied| copied.from.as_deref()) {
                let known = find(&self.stages, from).map(|_| self.lineage(Some(from)));
                for stage in known.into_iter().flatten() {
                    if !found.iter().any(|other| std::ptr::eq(*other, stage)) {
                        found.push(stage);
                    }
                }
            }
        }
        found
    }

    fn index(&self, target: Option<&str>) -> Option<usize> {
        match target {
            Some(target) => find(&self.stages, target),
            None => self.stages.len().checked_sub(1),
        }
    }
}

/// The stage that a name means: the last of that name, else the one of that number.
fn find(stages: &[Stage], name: &str) -> Option<usize> {
    let has_name = |stage: &Stage| stage.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
    let number = || name.parse().ok().filter(|number| *number < stages.len());
    stages.iter().rposition(has_name).or_else(number)
}

/// Reads the stages of a Dockerfile, as they are built without arguments.
///
/// # Errors
/// When it is no Dockerfile, with the place.
pub fn read(source: &Source) -> Result<Dockerfile, SyntaxError> {
    read_with(source, &BTreeMap::new())
}

/// Reads the stages of a Dockerfile, as they are built with these arguments.
///
/// # Errors
/// When it is no Dockerfile, with the place.
pub fn read_with(source: &Source, arguments: &BTreeMap<String, String>) -> Result<Dockerfile, SyntaxError> {
    let text = source.text().strip_prefix('\u{feff}').unwrap_or(source.text());
    let mark = source.text().len() - text.len();
    let prepared = prepare(text).map_err(|error| SyntaxError::new(mark + error.offset, error.message))?;
    let text = prepared.text.as_str();
    let failed = |error: &parse_dockerfile::Error| {
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let offset = mark + lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        // The parser quotes what it found, at any length; the place shows it as well.
        let message = format!("{error:#}");
        SyntaxError::new(offset, message.split(" '").next().unwrap_or_default())
    };
    let mut reader = Reader::new(source, mark, prepared.escape, arguments);
    let mut is_empty = true;
    for instruction in parse_iter(text).map_err(|error| failed(&error))? {
        match instruction {
            Ok(instruction) => reader.instruction(&instruction),
            // Only the lack of any instruction has no place.
            Err(error) if error.line() == 0 && is_empty => break,
            Err(error) => return Err(failed(&error)),
        }
        is_empty = false;
    }
    Ok(Dockerfile { stages: reader.stages })
}

/// Reads the stages of a Dockerfile that stands inside another file; all places are those in that file.
///
/// # Errors
/// When it is no Dockerfile, with the place in the text.
pub fn read_mapped(text: &Mapped, arguments: &BTreeMap<String, String>) -> Result<Dockerfile, SyntaxError> {
    let mut dockerfile = read_with(&Source::new("", text.text()), arguments)?;
    let moved = |span: &mut Span| {
        if let Some(place) = text.place(span.range()) {
            *span = place;
        }
    };
    for stage in &mut dockerfile.stages {
        moved(&mut stage.base.span);
        stage.user.iter_mut().chain(&mut stage.working_dir).for_each(|value| moved(&mut value.span));
        for started in stage.entrypoint.iter_mut().chain(&mut stage.command) {
            moved(&mut started.program.span);
            moved(&mut started.words);
        }
        for step in &mut stage.steps {
            match step {
                BuildStep::Copy(copied) => {
                    moved(&mut copied.span);
                    // Nothing is put into a text in another one.
                    copied.insert_at = None;
                }
                BuildStep::Workdir(entered) => {
                    moved(&mut entered.folder.span);
                    entered.user.iter_mut().for_each(|user| moved(&mut user.span));
                }
                BuildStep::Run(run) => {
                    moved(&mut run.command);
                    run.user.iter_mut().for_each(|user| moved(&mut user.span));
                    run.caches.iter_mut().for_each(|cache| moved(&mut cache.span));
                }
            }
        }
    }
    Ok(dockerfile)
}

/// Bytes that values may grow by in one file: variables that double one another would fill the memory.
const BUDGET: usize = 4 << 20;

/// Defaults in defaults, deeper than anybody writes.
const MAX_DEPTH: usize = 50;

/// Variables; `None` where one is set to what is not plain text.
type Scope = BTreeMap<String, Option<String>>;

/// What a stage hands on to the stages that are built from it.
#[derive(Clone, Default)]
struct Legacy {
    environment: Scope,
    arguments: Scope,
    working_dir: Option<String>,
}

struct Reader<'a> {
    source: &'a Source,
    /// Length of the byte order mark, which the parser does not count.
    mark: usize,
    escape: char,
    /// What the build is given, which comes before all defaults.
    given: &'a BTreeMap<String, String>,
    /// What is left of [`BUDGET`].
    budget: usize,
    /// The defaults before the first `FROM`.
    defaults: Scope,
    stages: Vec<Stage>,
    /// One for each stage.
    legacies: Vec<Legacy>,
    /// The last stage of each name, in lower case.
    names: BTreeMap<String, usize>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, mark: usize, escape: char, given: &'a BTreeMap<String, String>) -> Self {
        let (defaults, stages, legacies, names) = Default::default();
        Self { source, mark, escape, given, budget: BUDGET, defaults, stages, legacies, names }
    }

    fn instruction(&mut self, instruction: &Instruction<'_>) {
        match instruction {
            Instruction::From(from) => {
                let name = from.as_.as_ref().map(|(_as, name)| name.value.clone().into_owned());
                self.from(&from.image, name);
            }
            Instruction::Arg(arg) => self.argument(&arg.arguments.value),
            Instruction::Env(env) => self.environment(&env.arguments.value),
            Instruction::User(user) => {
                let value = self.in_stage(&user.arguments.value);
                let value = self.spanned(&user.arguments, value);
                self.stages.last_mut().into_iter().for_each(|stage| stage.user = Some(value.clone()));
            }
            Instruction::Workdir(workdir) => {
                let value = self.in_stage(&workdir.arguments.value);
                let value = self.spanned(&workdir.arguments, value);
                let former = self.legacies.last().and_then(|legacy| legacy.working_dir.clone());
                let former = former.filter(|former| self.spend(former.len()));
                let value = value.map(|path| below(former.as_deref(), path));
                let user = self.stages.last().and_then(|stage| stage.user.clone());
                let fits = self.spend(value.value.len() + user.as_ref().map_or(0, |user| user.value.len()));
                if let (Some(stage), Some(legacy)) = (self.stages.last_mut(), self.legacies.last_mut()) {
                    legacy.working_dir = Some(value.value.clone());
                    if fits {
                        stage.steps.push(BuildStep::Workdir(Entered { folder: value.clone(), user }));
                    }
                    stage.working_dir = Some(value);
                }
            }
            Instruction::Run(run) => self.run(run),
            Instruction::Copy(copy) => self.copy(copy.copy.span.end, &copy.src, &copy.dest, &copy.options),
            Instruction::Add(add) => self.copy(add.add.span.end, &add.src, &add.dest, &add.options),
            Instruction::Entrypoint(entrypoint) => {
                let started = self.started(&entrypoint.arguments);
                self.stages.last_mut().into_iter().for_each(|stage| stage.entrypoint = started.clone());
            }
            Instruction::Cmd(command) => {
                let started = self.started(&command.arguments);
                self.stages.last_mut().into_iter().for_each(|stage| stage.command = started.clone());
            }
            // What stands behind ONBUILD is for images that are built from this one.
            _ => {}
        }
    }

    fn from(&mut self, image: &UnescapedString<'_>, name: Option<String>) {
        let expanded = expand(&image.value, self.escape, &|name| self.defaults.get(name).cloned());
        let base = self.spanned(image, expanded);
        let number = || base.value.parse().ok().filter(|number| *number < self.stages.len());
        let parent = self.names.get(&base.value.to_ascii_lowercase()).copied().or_else(number);
        let mut legacy = parent.and_then(|parent| self.legacies.get(parent)).cloned().unwrap_or_default();
        let variables = legacy.environment.iter().chain(&legacy.arguments);
        let size =
            variables.map(|(name, value)| 64 + name.len() + value.as_ref().map_or(0, String::len)).sum::<usize>();
        if !self.spend(size + legacy.working_dir.as_ref().map_or(0, String::len)) {
            legacy = Legacy::default();
        }
        if base.value == "scratch" {
            legacy.working_dir = Some("/".to_owned());
        }
        if let Some(name) = &name {
            self.names.insert(name.to_ascii_lowercase(), self.stages.len());
        }
        let (user, environment, settings, working_dir, entrypoint, command, steps) = Default::default();
        self.stages.push(Stage { name, base, user, environment, settings, working_dir, entrypoint, command, steps });
        self.legacies.push(legacy);
    }

    fn argument(&mut self, written: &str) {
        for word in words(written, self.escape) {
            let (name, default) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let value = match (self.given.get(name), default) {
                (Some(given), _) => Some(Some(given.clone())),
                (None, Some(default)) => Some(self.in_stage(default)),
                // Named again in a stage, it has the default from before the stages.
                (None, None) => self.defaults.get(name).filter(|_| !self.stages.is_empty()).cloned(),
            };
            let Some(value) = value else { continue };
            let value = value.filter(|value| self.spend(value.len().saturating_sub(word.len())));
            if let Some(stage) = self.stages.last_mut() {
                stage.settings.insert(name.to_owned(), default.unwrap_or_default().to_owned());
            }
            let scope = self.legacies.last_mut().map_or(&mut self.defaults, |legacy| &mut legacy.arguments);
            scope.insert(name.to_owned(), value);
        }
    }

    fn environment(&mut self, written: &str) {
        let words = words(written, self.escape);
        let pairs: Vec<(&str, &str)> = match words.first() {
            Some(first) if first.contains('=') => words.iter().filter_map(|word| word.split_once('=')).collect(),
            // The old form: one name, and all the rest is its value.
            Some(first) => vec![(*first, written.trim_start().get(first.len()..).unwrap_or("").trim())],
            None => vec![],
        };
        // All values of one instruction see the variables as they were before it.
        let values: Vec<_> = pairs.into_iter().map(|(name, value)| (name, value, self.in_stage(value))).collect();
        for (name, written, value) in values {
            let value = value.filter(|value| self.spend(value.len().saturating_sub(written.len())));
            let (Some(stage), Some(legacy)) = (self.stages.last_mut(), self.legacies.last_mut()) else { return };
            stage.settings.insert(name.to_owned(), written.trim_matches(['"', '\'']).to_owned());
            match &value {
                Some(value) => stage.environment.insert(name.to_owned(), value.clone()),
                None => stage.environment.remove(name),
            };
            legacy.environment.insert(name.to_owned(), value);
        }
    }

    /// A text with the variables put in that hold here; `None` when one of them is not known.
    fn in_stage(&self, written: &str) -> Option<String> {
        let lookup = |name: &str| match self.legacies.last() {
            Some(legacy) => legacy.environment.get(name).or_else(|| legacy.arguments.get(name)).cloned(),
            None => self.defaults.get(name).cloned(),
        };
        expand(written, self.escape, &lookup)
    }

    /// The value at its place without quotes around it, or what is written there when it has no known value.
    fn spanned(&mut self, written: &UnescapedString<'_>, value: Option<String>) -> Spanned<String> {
        let (start, end) = (self.mark + written.span.start, self.mark + written.span.end);
        let length = written.value.len();
        let quoted = length > 1
            && ['"', '\''].iter().any(|quote| written.value.starts_with(*quote) && written.value.ends_with(*quote));
        let quote = usize::from(quoted);
        let value = value.filter(|value| self.spend(value.len().saturating_sub(length)));
        let value = value.unwrap_or_else(|| written.value.to_string());
        Spanned::new(value, self.source.span(start + quote..end - quote))
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.unwrap_or(self.budget);
        left.is_some()
    }
}

/// A `WORKDIR` seen from the one before. A variable that is not known may hold an absolute path.
fn below(former: Option<&str>, path: String) -> String {
    let whole = match former {
        Some(former) if !path.starts_with(['/', '$']) => format!("{former}/{path}"),
        _ => path,
    };
    let mut parts: Vec<&str> = vec![];
    for part in whole.split('/').filter(|part| !["", "."].contains(part)) {
        match parts.last() {
            Some(last) if part == ".." && *last != ".." && !last.contains('$') => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let root = if whole.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests;
