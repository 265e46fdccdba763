//! Where recipes, scripts and pipelines of the project run alembic outside of containers.

mod pipelines;
mod steps;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::{How, run_of};
use crate::project::commands::directory::{self, Place};
use crate::project::commands::{Language, Occasion, is_pipeline};
use crate::project::files::Files;
use crate::project::poetry;
use crate::project::whose::is_installed;
use crate::text::{Mapped, Source, Span, just, make, shell};

/// One such run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRun {
    /// The word `alembic`.
    pub word: Span,
    /// From the first word that runs it, such as `python`, to that word.
    pub whole: Span,
    /// How it runs it.
    pub how: How,
    /// The folder it runs in, relative to the root, where that is known.
    pub directory: Option<String>,
    /// What holds it, such as the target of a Makefile or the job of a pipeline.
    pub holder: Option<String>,
    /// Who runs it.
    pub occasion: Occasion,
    /// Whose environment alone has Alembic there, such as `uv`, where nothing puts that into the PATH; told of runners only: what
    /// a person has in theirs no file says.
    pub only_in: Option<String>,
}

/// Reads every Makefile, justfile, script and pipeline that speaks of alembic.
pub fn read(files: &dyn Files, sources: &mut BTreeMap<String, Source>) -> Vec<HostRun> {
    let mut found = vec![];
    let poetry = poetry::read(files);
    for path in files.list().iter().filter(|path| !is_installed(path)) {
        let Some(kind) = Kind::of(path) else { continue };
        let source = sources.get(path).cloned().or_else(|| files.read(path).ok());
        let Some(source) = source.filter(|source| source.text().contains("alembic")) else { continue };
        let runs = match kind {
            Kind::Make => in_makefile(&source),
            Kind::Just => in_justfile(&source),
            Kind::Shell => runs_in(&whole(&source), Some(""), Language::Shell),
            Kind::Pipeline => pipelines::read(&source, &poetry),
        };
        if !runs.is_empty() {
            sources.entry(path.clone()).or_insert(source);
        }
        found.extend(runs);
    }
    // What several jobs share stands in one place.
    found.sort_by(|one, other| one.word.cmp(&other.word));
    found.dedup_by(|one, other| one.word == other.word);
    found
}

enum Kind {
    Make,
    Just,
    Shell,
    Pipeline,
}

impl Kind {
    fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.to_ascii_lowercase().as_str() {
            "makefile" | "gnumakefile" => Some(Self::Make),
            "justfile" | ".justfile" => Some(Self::Just),
            lower if lower.ends_with(".mk") => Some(Self::Make),
            lower if lower.ends_with(".just") => Some(Self::Just),
            lower if lower.ends_with(".sh") || lower.ends_with(".bash") => Some(Self::Shell),
            _ => is_pipeline(path).then_some(Self::Pipeline),
        }
    }
}

fn whole(source: &Source) -> Mapped {
    Mapped::literal(source.text(), source.span(0..source.text().len()))
}

/// Make runs in the folder of the Makefile, unless it is told otherwise.
fn in_makefile(source: &Source) -> Vec<HostRun> {
    let makefile = make::parse(source.text());
    let mut scope = make::Scope::default();
    scope.learn(source, &makefile);
    let mut found = vec![];
    for recipes in makefile.recipes.chunk_by(|one, next| makefile.one_shell && one.targets == next.targets) {
        let (Some(first), Some(last)) = (recipes.first(), recipes.last()) else { continue };
        let range = first.text.start..last.text.end;
        let Some(written) = source.text().get(range.clone()) else { continue };
        let text = scope.expand(&Mapped::literal(written, source.span(range)));
        let holder = source.text().get(first.targets.clone()).and_then(|targets| targets.split_whitespace().next());
        let runs = runs_in(&text, Some(directory::of(source.path())), Language::Make);
        found.extend(runs.into_iter().map(|run| HostRun { holder: holder.map(str::to_owned), ..run }));
    }
    found
}

fn in_justfile(source: &Source) -> Vec<HostRun> {
    let file = just::parse(source.text());
    let values = just::Values::of(source, &file);
    let mut found = vec![];
    for recipe in &file.recipes {
        let values = values.with(source, recipe);
        for script in &recipe.scripts {
            let Some(written) = source.text().get(script.clone()) else { continue };
            let text = values.expand(&Mapped::literal(written, source.span(script.clone())));
            let runs = runs_in(&text, Some(directory::of(source.path())), Language::Just);
            found.extend(runs.into_iter().map(|run| HostRun { holder: Some(recipe.name.clone()), ..run }));
        }
    }
    found
}

/// The runs in a text that one shell gets.
fn runs_in(text: &Mapped, start: Option<&str>, language: Language) -> Vec<HostRun> {
    let mut place = Place::new(start, false);
    let mut found = vec![];
    for command in shell::commands(text.text()) {
        place.go_into(&command.subshells);
        let words: Vec<&str> = command.words.iter().map_while(|range| text.text().get(range.clone())).collect();
        if let ["cd", target, ..] = words.as_slice() {
            place.enter(target, language);
            continue;
        }
        let Some(run) = run_of(text.text(), &command) else { continue };
        let (Some(word), Some(whole)) = (text.stands(run.word), text.stands(run.whole)) else { continue };
        let to = words.iter().skip_while(|word| **word != "--directory").nth(1);
        let directory = match to {
            Some(to) => directory::entered(place.directory(), to, language),
            None => place.directory().map(str::to_owned),
        };
        let occasion = Occasion::Called;
        found.push(HostRun { word, whole, how: run.how, directory, holder: None, occasion, only_in: None });
    }
    found
}

#[cfg(test)]
mod tests;
