//! `environment:`, `env_file:` and `build:` of a service: what depends on variables of the host.

use std::collections::BTreeMap;

use crate::text::{Span, Spanned};

use super::load::{Reader, Scope};
use super::merge::assignments;
use super::tree::{Data, Tree};
use super::{Build, Variables, paths, scalars};

impl Reader<'_> {
    /// The variables of a service, the files that some come from, and whether others may come from files that were not read.
    pub(super) fn environment(
        &mut self,
        name: &str,
        service: &Tree,
        scope: &Scope,
    ) -> (Variables, Vec<Spanned<String>>, bool) {
        let mut unseen = false;
        let mut values: Variables = Variables::default();
        let mut files = vec![];
        for file in self.env_files(name, service) {
            let path = self.resolve(&file.directory, &file.written);
            if !file.required && !self.files.is_file(&path) {
                // It is there where somebody made it.
                unseen = true;
                continue;
            }
            let earlier: BTreeMap<String, String> =
                values.iter().filter_map(|(name, value)| Some((name.clone(), value.value.clone()?))).collect();
            let unreadable_before = self.unreadable.len();
            let variables = match file.raw {
                true => self.raw_variables(&path, &file.span),
                false => self.variables(&path, Some(&file.span), &scope.environment, &earlier),
            };
            if self.unreadable.len() == unreadable_before {
                files.push(Spanned::new(path.clone(), file.span.clone()));
            } else {
                unseen = true;
            }
            for variable in variables {
                let value = match variable.value {
                    Some(value) => value.map(Some),
                    None => match scope.environment.get(&variable.key.value) {
                        Some(value) => Spanned::new(Some(value.clone()), variable.key.span.clone()),
                        None => continue,
                    },
                };
                values.0.insert(variable.key.value, value);
            }
        }
        for (key, value) in self.pairs(name, "environment", service.get("environment")) {
            let value = match value {
                Some(value) => value.map(Some),
                None => Spanned::new(scope.environment.get(&key.value).cloned(), key.span.clone()),
            };
            values.0.insert(key.value, value);
        }
        (values, files, unseen)
    }

    /// Names and values of a mapping or a list of assignments; `None` for a name alone.
    fn pairs(&mut self, name: &str, key: &str, tree: Option<&Tree>) -> Vec<(Spanned<String>, Option<Spanned<String>>)> {
        let Some(tree) = tree else { return vec![] };
        if !matches!(tree.data, Data::Mapping(_) | Data::Sequence(_)) {
            self.wrong(&tree.span, name, key, "a mapping or a list");
            return vec![];
        }
        for item in tree.items() {
            if !matches!(item.data, Data::Text { typed: false, .. }) {
                self.wrong(&item.span, name, key, "a list of strings");
            }
        }
        let mut pairs = vec![];
        for (variable, value) in assignments(tree.clone()).entries() {
            let text = match &value.data {
                Data::Null => None,
                Data::Text { text, typed: false } => Some(text.clone()),
                Data::Text { text, typed: true } => match scalars::plain_text(text) {
                    Some(text) => Some(text),
                    None => {
                        self.wrong(&value.span, name, &format!("{key}.{}", variable.value), "a string, not a date");
                        Some(text.clone())
                    }
                },
                _ => {
                    let wanted = "a boolean, null, number or string";
                    self.wrong(&value.span, name, &format!("{key}.{}", variable.value), wanted);
                    continue;
                }
            };
            pairs.push((variable.clone(), text.map(|text| Spanned::new(text, value.span.clone()))));
        }
        pairs
    }

    fn env_files(&mut self, name: &str, service: &Tree) -> Vec<EnvFile> {
        let items = match service.get("env_file") {
            None => return vec![],
            Some(tree) if tree.text().is_some() => vec![tree.clone()],
            Some(Tree { data: Data::Sequence(items), .. }) => items.clone(),
            Some(other) => {
                self.wrong(&other.span.clone(), name, "env_file", "a string or a list");
                return vec![];
            }
        };
        let mut files: Vec<EnvFile> = vec![];
        for item in &items {
            let path = if item.is_mapping() { item.get("path") } else { Some(item) };
            let Some((text, path)) = path.and_then(|path| Some((path.text()?, path))) else {
                self.wrong(&item.span, name, "env_file", "a path");
                continue;
            };
            let required = item.present("required").and_then(Tree::text).and_then(scalars::boolean).unwrap_or(true);
            let raw = item.present("format").and_then(Tree::text) == Some("raw");
            let file = EnvFile {
                written: text.to_owned(),
                directory: path.directory.to_string(),
                required,
                raw,
                span: path.span.clone(),
            };
            files.retain(|known| (&known.written, &known.directory) != (&file.written, &file.directory));
            files.push(file);
        }
        files
    }

    /// Variables of a file in `format: raw`: everything behind the `=` is the value.
    fn raw_variables(&mut self, path: &str, named_at: &Span) -> Vec<crate::text::dotenv::Variable> {
        let source = match self.source(path) {
            Ok(source) => source,
            Err(error) => {
                self.refuse(named_at, format!("`{path}` {error}"), "its variables");
                return vec![];
            }
        };
        let mut variables = vec![];
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let name_at = start + (content.len() - content.trim_start().len());
            let (name, value) = match content.trim_start().split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (content.trim_start(), None),
            };
            if !name.is_empty() && !name.starts_with('#') {
                let key = Spanned::new(name.to_owned(), source.span(name_at..name_at + name.len()));
                let value = value.map(|value| {
                    let end = start + content.len();
                    Spanned::new(value.to_owned(), source.span(end - value.len()..end))
                });
                let quote = crate::text::dotenv::Quote::None;
                variables.push(crate::text::dotenv::Variable { key, value, quote, unset: vec![] });
            }
            start += line.len();
        }
        variables
    }

    /// `build:` of a service.
    pub(super) fn build(&mut self, name: &str, service: &Tree, scope: &Scope) -> Option<Build> {
        let tree = service.get("build")?;
        let (context, span, directory) = match (tree.text(), tree.get("context")) {
            (Some(context), _) => (context.to_owned(), tree.span.clone(), tree.directory.clone()),
            _ if !tree.is_mapping() => {
                self.wrong(&tree.span, name, "build", "a string or a mapping");
                return None;
            }
            (_, Some(context)) => {
                (context.text().unwrap_or(".").to_owned(), context.span.clone(), context.directory.clone())
            }
            _ => (".".to_owned(), tree.span.clone(), tree.directory.clone()),
        };
        let remote = context.contains("://") || context.starts_with("git@") || context.starts_with("github.com/");
        let context = if remote { context } else { self.resolve(&directory, &context) };
        let written = self.text(name, tree, "dockerfile").map(|file| file.value);
        let inline = tree.present("dockerfile_inline").and_then(|_| self.text(name, tree, "dockerfile_inline"));
        let dockerfile = match written {
            _ if inline.is_some() => String::new(),
            _ if remote => written.unwrap_or_else(|| "Dockerfile".to_owned()),
            written => {
                let file = paths::join(&context, written.as_deref().unwrap_or("Dockerfile"));
                paths::relative(self.root, &file)
            }
        };
        let target = self.text(name, tree, "target").map(|target| target.value);
        let mut arguments = BTreeMap::new();
        for (key, value) in self.pairs(name, "build.args", tree.present("args")) {
            let value = value.map(|value| value.value).or_else(|| scope.environment.get(&key.value).cloned());
            arguments.extend(value.map(|value| (key.value, value)));
        }
        Some(Build { context: Spanned::new(context, span), dockerfile, inline, target, arguments })
    }
}

/// One file of `env_file:`.
struct EnvFile {
    written: String,
    directory: String,
    required: bool,
    raw: bool,
    span: Span,
}
