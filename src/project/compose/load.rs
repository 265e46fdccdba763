//! Reads Compose files into one raw tree: documents, `include:`, `extends:`, overrides.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::project::files::{Files, ReadError};
use crate::project::{Format, Unreadable};
use crate::text::interpolate::interpolate;
use crate::text::{Source, Span, Spanned, SyntaxError, dotenv, yaml};

use super::merge::merge;
use super::paths;
use super::tree::{Data, Tree};

/// Files that include or extend each other deeper than this are a circle.
const MAX_DEPTH: usize = 40;

/// Everything that is gathered while files are read.
pub(super) struct Reader<'run> {
    pub files: &'run dyn Files,
    /// Absolute path of the project's root.
    pub root: &'run str,
    /// Home directory of the person, for `~`.
    pub home: Option<String>,
    pub sources: BTreeMap<String, Source>,
    pub unreadable: Vec<Unreadable>,
    pub unset: Vec<Spanned<String>>,
    /// The Compose files in the order they were merged.
    pub merged: Vec<String>,
    /// What was parsed already, by path.
    pub parsed: BTreeMap<String, Vec<yaml::Node>>,
    /// Which service extends which: its name, and file and name of the other.
    pub extends: Vec<(String, String, String)>,
    /// Compose files among which nothing chooses.
    pub unchosen: Vec<String>,
}

/// What is in force while one set of files is read.
#[derive(Clone)]
pub(super) struct Scope {
    /// Variables for interpolation.
    pub environment: Rc<BTreeMap<String, String>>,
    /// Where relative paths start.
    pub directory: Arc<str>,
    /// The files that are being read, outermost first.
    pub open: Vec<String>,
}

impl Reader<'_> {
    /// Notes what Compose refuses.
    pub fn refuse(&mut self, span: &Span, message: impl Into<String>, unseen: impl Into<String>) {
        self.unreadable.push(Unreadable {
            path: span.path.to_string(),
            format: Format::Compose,
            span: Some(span.clone()),
            message: message.into(),
            unseen: unseen.into(),
        });
    }

    /// A file of the project; `Err` is its reason in words.
    pub fn source(&mut self, path: &str) -> Result<Source, ReadError> {
        if let Some(source) = self.sources.get(path) {
            return Ok(source.clone());
        }
        let source = self.files.read(path)?;
        self.sources.insert(path.to_owned(), source.clone());
        Ok(source)
    }

    /// The YAML documents of a file, parsed once.
    pub fn nodes(&mut self, source: &Source) -> Result<Vec<yaml::Node>, SyntaxError> {
        if let Some(documents) = self.parsed.get(source.path()) {
            return Ok(documents.clone());
        }
        let documents = yaml::parse_all(source)?;
        self.parsed.insert(source.path().to_owned(), documents.clone());
        Ok(documents)
    }

    /// A path as it is written in a file, relative to the root.
    pub fn resolve(&self, directory: &str, written: &str) -> String {
        let path = paths::at_home(written, self.home.as_deref());
        paths::relative(self.root, &paths::join(directory, &path))
    }

    /// The merged tree of files. `named_at` is the place that names them, when a file does.
    pub fn load(&mut self, files: &[String], scope: &Scope, named_at: Option<&Span>) -> Option<Tree> {
        let mut merged: Option<Tree> = None;
        for path in files {
            for tree in self.documents(path, scope, named_at) {
                let tree = self.with_extends(path, tree, scope);
                let included = self.included(&tree, scope, path);
                let tree = included.into_iter().fold(tree, |tree, other| self.imported(tree, other));
                merged = Some(self.merged(merged, tree));
            }
        }
        merged
    }

    fn merged(&mut self, base: Option<Tree>, over: Tree) -> Tree {
        let Some(base) = base else { return over.without_resets() };
        let mut conflicts = vec![];
        let tree = merge(base, over, &mut vec![], &mut conflicts);
        for (span, message) in conflicts {
            self.refuse(&span, message, "what this value changes");
        }
        tree
    }

    /// Takes over what an included file defines.
    fn imported(&mut self, mut tree: Tree, other: Tree) -> Tree {
        let mut conflicts = vec![];
        for section in ["services", "volumes"] {
            let Some(new) = other.present(section).filter(|new| new.is_mapping()) else { continue };
            let Data::Mapping(sections) = &mut tree.data else { continue };
            let Some((_, old)) = sections.iter_mut().find(|(key, _)| key.value == section) else {
                let key = Spanned::new(section.to_owned(), new.span.clone());
                sections.push((key, new.clone()));
                continue;
            };
            if old.is_null() {
                *old = new.clone();
            }
            let Data::Mapping(known) = &mut old.data else { continue };
            for (name, value) in new.entries() {
                match known.iter().find(|(known, _)| known.value == name.value) {
                    Some((key, old)) if !old.says_the_same(value) => conflicts.push((section, key.clone())),
                    Some(_) => {}
                    None => known.push((name.clone(), value.clone())),
                }
            }
        }
        for (section, name) in conflicts {
            let message = format!("{section}.{} conflicts with an included one", name.value);
            self.refuse(&name.span, message, "the included one");
        }
        tree
    }

    /// The documents of a file with their variables replaced.
    pub fn documents(&mut self, path: &str, scope: &Scope, named_at: Option<&Span>) -> Vec<Tree> {
        let unseen = "its services, mounts, ports and variables";
        let source = match self.source(path) {
            Ok(source) => source,
            Err(error) => {
                match named_at {
                    Some(span) => self.refuse(span, format!("`{path}` {error}"), unseen),
                    None => self.unreadable.push(Unreadable {
                        path: path.to_owned(),
                        format: Format::Compose,
                        span: None,
                        message: error.to_string(),
                        unseen: unseen.to_owned(),
                    }),
                }
                return vec![];
            }
        };
        if !self.merged.iter().any(|known| known == path) {
            self.merged.push(path.to_owned());
        }
        let documents = match self.nodes(&source) {
            Ok(documents) => documents,
            Err(error) => {
                let span = word_at(&source, error.offset);
                self.refuse(&span, error.message, unseen);
                return vec![];
            }
        };
        let mut trees = vec![];
        for document in documents {
            if document.is_mapping() {
                trees.push(self.tree(&source, &document, scope));
            } else if !document.is_null() {
                let message = format!("the top level must be a mapping, not {}", document.kind());
                self.refuse(&document.span, message, unseen);
            }
        }
        trees
    }

    fn tree(&mut self, source: &Source, document: &yaml::Node, scope: &Scope) -> Tree {
        let environment = scope.environment.clone();
        let lookup = |name: &str| environment.get(name).cloned();
        let unset = &mut self.unset;
        let mut failures: Vec<(Span, String)> = vec![];
        let tree = Tree::new(source, document, &scope.directory, &mut |node, text| match interpolate(text, &lookup) {
            Ok(result) => {
                // The place is exact where the text stands in the file as it is read.
                let raw = source.slice(&node.span) == text;
                unset.extend(result.unset.into_iter().map(|(name, range)| {
                    Spanned::new(name, if raw { node.span.part(range) } else { node.span.clone() })
                }));
                Some(result.text)
            }
            Err(error) => {
                let raw = source.slice(&node.span) == text;
                let span = if raw { node.span.part(error.range) } else { node.span.clone() };
                failures.push((span, error.message));
                None
            }
        });
        for (span, message) in failures {
            self.refuse(&span, message, "this value");
        }
        tree
    }

    /// The trees that a tree includes.
    fn included(&mut self, tree: &Tree, scope: &Scope, path: &str) -> Vec<Tree> {
        let Some(include) = tree.present("include") else { return vec![] };
        if include.items().is_empty() && !matches!(include.data, Data::Sequence(_)) {
            self.refuse(&include.span, "`include` must be a list", "included files");
            return vec![];
        }
        let mut trees = vec![];
        for item in include.items() {
            trees.extend(self.one_included(item, scope, path));
        }
        trees
    }

    fn one_included(&mut self, item: &Tree, scope: &Scope, path: &str) -> Option<Tree> {
        let texts = |tree: Option<&Tree>| -> Vec<(String, Span)> {
            let Some(tree) = tree else { return vec![] };
            let items = if tree.items().is_empty() { std::slice::from_ref(tree) } else { tree.items() };
            items.iter().filter_map(|item| Some((item.text()?.to_owned(), item.span.clone()))).collect()
        };
        let written = if item.is_mapping() { texts(item.present("path")) } else { texts(Some(item)) };
        let (first, span) = written.first()?.clone();
        if first.contains("://") || first.starts_with("git@") {
            self.refuse(&span, "is not on this machine: only files of the disk are read", "what it includes");
            return None;
        }
        let files: Vec<String> = written.iter().map(|(file, _)| self.resolve(&scope.directory, file)).collect();
        let mut open = scope.open.clone();
        open.push(path.to_owned());
        if let Some(again) = files.iter().find(|file| open.contains(file)) {
            self.refuse(&span, format!("include cycle: `{again}` includes itself"), "what it includes");
            return None;
        }
        if open.len() > MAX_DEPTH {
            self.refuse(&span, "is included too deep", "what it includes");
            return None;
        }
        let directory = match item.present("project_directory").and_then(Tree::text) {
            Some(directory) => self.resolve(&scope.directory, directory),
            None => paths::parent(files.first()?),
        };
        let env_files = texts(item.present("env_file"));
        let mut own = BTreeMap::new();
        if env_files.is_empty() {
            let beside = paths::join(&directory, ".env");
            if self.files.is_file(&beside) {
                self.dotenv(&beside, None, &scope.environment, &mut own);
            }
        }
        for (file, span) in &env_files {
            let file = self.resolve(&scope.directory, file);
            self.dotenv(&file, Some(span), &scope.environment, &mut own);
        }
        own.extend(scope.environment.iter().map(|(name, value)| (name.clone(), value.clone())));
        let scope = Scope { environment: Rc::new(own), directory: directory.into(), open };
        self.load(&files, &scope, Some(&span))
    }

    /// Reads an environment file for interpolation into `known`; `environment` wins over what it says.
    pub fn dotenv(
        &mut self,
        path: &str,
        named_at: Option<&Span>,
        environment: &BTreeMap<String, String>,
        known: &mut BTreeMap<String, String>,
    ) {
        for variable in self.variables(path, named_at, environment, known) {
            let value = match variable.value {
                Some(value) => Some(value.value),
                None => environment.get(&variable.key.value).cloned(),
            };
            if let Some(value) = value {
                known.insert(variable.key.value, value);
            }
        }
    }

    /// The variables of an environment file. `earlier` ones are known to it, those of `environment` go first.
    pub fn variables(
        &mut self,
        path: &str,
        named_at: Option<&Span>,
        environment: &BTreeMap<String, String>,
        earlier: &BTreeMap<String, String>,
    ) -> Vec<dotenv::Variable> {
        let unreadable = |span: Option<Span>, path: &str, message: String| Unreadable {
            path: span.as_ref().map_or(path, |span| &span.path).to_owned(),
            format: Format::Dotenv,
            span,
            message,
            unseen: "its variables".to_owned(),
        };
        match self.source(path) {
            Ok(source) => {
                let lookup = |name: &str| environment.get(name).cloned();
                let read = dotenv::parse_after(&source, &lookup, earlier);
                if let Some(error) = read.error {
                    let span = word_at(&source, error.offset);
                    self.unreadable.push(unreadable(Some(span), path, error.message));
                }
                read.variables
            }
            Err(error) => {
                let message = if named_at.is_some() { format!("`{path}` {error}") } else { error.to_string() };
                let mut entry = unreadable(named_at.cloned(), path, message);
                if named_at.is_some() {
                    entry.format = Format::Compose;
                }
                self.unreadable.push(entry);
                vec![]
            }
        }
    }
}

/// The word where a parser gave up; nothing at the end of a line.
fn word_at(source: &Source, offset: usize) -> Span {
    let rest = source.text().get(offset..).unwrap_or("");
    let end = |character: char| character.is_whitespace() || ":,]}".contains(character);
    let first = rest.chars().next().filter(|first| !first.is_whitespace()).map_or(0, char::len_utf8);
    let word = rest.get(first..).unwrap_or("").find(end).unwrap_or(rest.len() - first);
    source.span(offset..offset + if first == 0 { 0 } else { first + word })
}
