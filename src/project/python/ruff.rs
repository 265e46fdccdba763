//! Ruff in the project: whether it is used, and for which files its configuration lets it remove an import.

mod patterns;

use std::collections::BTreeMap;

use super::noqa::{Forms, RULE};
use crate::project::files::{Files, inside};
use crate::project::requirements::{List, is_list, pinned, with_included};
use crate::text::{Source, Span, Version, toml};

/// Ruff as the project uses it.
pub(super) struct Ruff {
    /// What shows that it is used: what it is, and where.
    pub evidence: Option<(String, Span)>,
    version: Option<Version>,
    configurations: BTreeMap<String, Configuration>,
    /// Whether a hook names the changed files without `--force-exclude`, so that what is excluded is looked at after all.
    names_files: bool,
}

#[derive(Clone, Default)]
struct Configuration {
    select: Option<Vec<String>>,
    extend_select: Vec<String>,
    ignore: Vec<String>,
    fixable: Option<Vec<String>>,
    unfixable: Vec<String>,
    per_file_ignores: Vec<(String, Vec<String>)>,
    exclude: Vec<String>,
    extend_exclude: Vec<String>,
    lint_exclude: Vec<String>,
    force_exclude: Option<bool>,
    allowed: Vec<String>,
}

/// How much of a rule a list of selectors names: the longest selector that holds it.
fn reach(selectors: &[String]) -> Option<usize> {
    let holds = |selector: &&String| selector.as_str() == "ALL" || RULE.starts_with(selector.as_str());
    selectors
        .iter()
        .filter(|selector| !selector.is_empty())
        .filter(holds)
        .map(|selector| if selector == "ALL" { 0 } else { selector.len() })
        .max()
}

impl Configuration {
    fn selects(&self) -> bool {
        let selected = match &self.select {
            Some(select) => reach(select).max(reach(&self.extend_select)),
            None => Some(1),
        };
        selected.is_some() && reach(&self.ignore) < selected
    }

    fn fixes(&self) -> bool {
        let fixable = self.fixable.as_ref().map_or(Some(0), |fixable| reach(fixable));
        fixable.is_some() && reach(&self.unfixable).is_none()
    }

    /// Takes over what another configuration says that this one extends.
    fn over(mut self, base: Self) -> Self {
        self.select = self.select.or(base.select);
        self.fixable = self.fixable.or(base.fixable);
        self.force_exclude = self.force_exclude.or(base.force_exclude);
        for (own, other) in [(&mut self.exclude, base.exclude), (&mut self.lint_exclude, base.lint_exclude)] {
            if own.is_empty() {
                *own = other;
            }
        }
        for (own, other) in [
            (&mut self.extend_select, base.extend_select),
            (&mut self.ignore, base.ignore),
            (&mut self.unfixable, base.unfixable),
            (&mut self.extend_exclude, base.extend_exclude),
            (&mut self.allowed, base.allowed),
        ] {
            own.extend(other);
        }
        self.per_file_ignores.extend(base.per_file_ignores);
        self
    }
}

fn read_configuration(files: &dyn Files, path: &str, depth: usize) -> Option<(Configuration, Source)> {
    let source = files.read(path).ok()?;
    let toml = toml::parse(source.text()).ok()?;
    let top: &[&str] = if path.ends_with("pyproject.toml") { &["tool", "ruff"] } else { &[] };
    if !top.is_empty() && !toml.has(top) {
        return None;
    }
    let texts = |keys: &[&str]| -> Option<Vec<String>> {
        let mut found: Option<Vec<String>> = None;
        for section in [&[][..], &["lint"][..]] {
            let path = [top, section, keys].concat();
            if toml.has(&path) {
                let values = toml.texts(&path).into_iter().map(|text| text.value);
                found.get_or_insert_default().extend(values);
            }
        }
        found
    };
    let list = |key: &str| texts(&[key]).unwrap_or_default();
    // `lint.exclude` is another setting of the same name.
    let files_of =
        |key: &str| -> Vec<String> { toml.texts(&[top, &[key]].concat()).into_iter().map(|text| text.value).collect() };
    let force_exclude = [top, &["force-exclude"]].concat();
    let mut configuration = Configuration {
        select: texts(&["select"]),
        extend_select: list("extend-select"),
        ignore: [list("ignore"), list("extend-ignore")].concat(),
        fixable: texts(&["fixable"]).map(|fixable| [fixable, list("extend-fixable")].concat()),
        unfixable: [list("unfixable"), list("extend-unsafe-fixes")].concat(),
        exclude: files_of("exclude"),
        extend_exclude: files_of("extend-exclude"),
        lint_exclude: toml.texts(&[top, &["lint", "exclude"]].concat()).into_iter().map(|text| text.value).collect(),
        force_exclude: toml.has(&force_exclude).then(|| toml.flag(&force_exclude)),
        allowed: texts(&["pyflakes", "allowed-unused-imports"]).unwrap_or_default(),
        ..Configuration::default()
    };
    for section in [&[][..], &["lint"][..]] {
        for key in ["per-file-ignores", "extend-per-file-ignores"] {
            let path = [top, section, &[key]].concat();
            for pattern in toml.keys(&path) {
                let codes = toml.texts(&[&path[..], &[pattern.as_str()]].concat());
                let codes = codes.into_iter().map(|text| text.value).collect();
                configuration.per_file_ignores.push((pattern, codes));
            }
        }
    }
    if let Some(base) = toml.text(&[top, &["extend"]].concat()).filter(|_| depth < 5) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let base = inside(folder, &base.value).and_then(|base| read_configuration(files, &base, depth + 1));
        configuration = configuration.over(base.map(|(base, _)| base).unwrap_or_default());
    }
    Some((configuration, source))
}

/// The version in a text such as `v0.11.13` or `==0.17`.
fn version(text: &str) -> Option<Version> {
    Version::parse(text.trim().trim_start_matches(['=', '~', '>', ' ']))
}

/// What stands behind `ruff` in a requirement; `None` when it is for another package.
fn requirement(text: &str) -> Option<&str> {
    let rest = text.trim().strip_prefix("ruff")?;
    let next = rest.chars().next();
    next.is_none_or(|next| !(next.is_alphanumeric() || matches!(next, '-' | '_' | '.'))).then_some(rest)
}

impl Ruff {
    /// Looks for Ruff in the project's files.
    pub fn read(files: &dyn Files) -> Self {
        let mut ruff = Self { evidence: None, version: None, configurations: BTreeMap::new(), names_files: false };
        for path in files.list() {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            match name {
                ".ruff.toml" | "ruff.toml" | "pyproject.toml" => ruff.configuration(files, folder, path),
                ".pre-commit-config.yaml" | ".pre-commit-config.yml" => ruff.hooks(files, path),
                "uv.lock" | "poetry.lock" | "pdm.lock" => ruff.lock(files, path),
                _ if is_list(path) => {
                    for list in with_included(files, path) {
                        ruff.requirements(files, &list);
                    }
                }
                _ => {}
            }
        }
        ruff
    }

    fn proof(&mut self, what: &str, source: &Source, range: std::ops::Range<usize>) {
        self.evidence.get_or_insert_with(|| (what.to_owned(), source.span(range)));
    }

    fn configuration(&mut self, files: &dyn Files, folder: &str, path: &str) {
        if let Some((configuration, source)) = read_configuration(files, path, 0) {
            let at = source.text().find("[tool.ruff").unwrap_or(0);
            let end = super::shape::line_end(source.text(), at);
            self.proof("configures Ruff", &source, at..end);
            // `.ruff.toml` comes before `ruff.toml` comes before `pyproject.toml`, as their names are sorted.
            let first = !self.configurations.contains_key(folder) || path.ends_with("ruff.toml");
            if first && !(path.ends_with("/ruff.toml") && files.is_file(&path.replace("ruff.toml", ".ruff.toml"))) {
                self.configurations.insert(folder.to_owned(), configuration);
            }
        }
        let Ok(source) = files.read(path) else { return };
        let Ok(toml) = toml::parse(source.text()) else { return };
        let mut lists = vec![toml.texts(&["project", "dependencies"]), toml.texts(&["tool", "uv", "dev-dependencies"])];
        for table in [&["project", "optional-dependencies"][..], &["dependency-groups"][..]] {
            for group in toml.keys(table) {
                lists.push(toml.texts(&[table, &[group.as_str()]].concat()));
            }
        }
        for text in lists.into_iter().flatten() {
            if let Some(rest) = requirement(&text.value) {
                self.version = self.version.or_else(|| version(rest).filter(|_| rest.trim().starts_with("==")));
                self.proof("depends on Ruff", &source, text.range);
            }
        }
        for table in
            [&["tool", "poetry", "dev-dependencies"][..], &["tool", "poetry", "group", "dev", "dependencies"][..]]
        {
            if let Some(text) = toml.text(&[table, &["ruff"]].concat()) {
                self.proof("depends on Ruff", &source, text.range);
            }
        }
    }

    fn requirements(&mut self, files: &dyn Files, list: &List) {
        // Constraints install nothing, but they decide which version is installed.
        if list.constrains {
            self.version = self.version.or_else(|| version(&pinned(&list.text, "ruff")?));
            return;
        }
        let Ok(source) = files.read(&list.path) else { return };
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            if let Some(rest) = requirement(line) {
                self.version = self.version.or_else(|| version(rest).filter(|_| rest.trim().starts_with("==")));
                self.proof("depends on Ruff", &source, start..start + line.trim_end().len());
            }
            start += line.len();
        }
    }

    fn lock(&mut self, files: &dyn Files, path: &str) {
        let Ok(source) = files.read(path) else { return };
        let line = "name = \"ruff\"";
        let found = source.text().match_indices(line).find(|(at, _)| {
            source.text().get(at + line.len()..).is_some_and(|rest| rest.trim_start_matches('\r').starts_with('\n'))
        });
        let Some((at, _)) = found else { return };
        let next = source.text().get(at + line.len()..).unwrap_or("").trim_start().lines().next().unwrap_or("");
        if let Some(written) = next.strip_prefix("version = \"") {
            self.version = version(written);
        }
        self.proof("locks Ruff", &source, at..at + line.len());
    }

    fn hooks(&mut self, files: &dyn Files, path: &str) {
        let Ok(source) = files.read(path) else { return };
        let Ok(document) = serde_yaml::from_str::<serde_yaml::Value>(source.text()) else { return };
        let list = |value: &serde_yaml::Value, key: &str| -> Vec<serde_yaml::Value> {
            value.get(key).and_then(serde_yaml::Value::as_sequence).cloned().unwrap_or_default()
        };
        let text = |value: &serde_yaml::Value, key: &str| -> String {
            value.get(key).and_then(serde_yaml::Value::as_str).unwrap_or_default().to_owned()
        };
        for repository in list(&document, "repos") {
            let official = text(&repository, "repo").contains("ruff-pre-commit");
            for hook in list(&repository, "hooks") {
                let (id, entry) = (text(&hook, "id"), text(&hook, "entry"));
                let local = text(&repository, "repo") == "local" && entry.split_whitespace().any(|word| word == "ruff");
                if !(official && id.starts_with("ruff") || local) {
                    continue;
                }
                if official {
                    self.version = self.version.or_else(|| version(&text(&repository, "rev")));
                }
                let names_files = hook.get("pass_filenames").and_then(serde_yaml::Value::as_bool) != Some(false);
                let argument = |it: &serde_yaml::Value| it.as_str() == Some("--force-exclude");
                let excludes = entry.contains("--force-exclude") || list(&hook, "args").iter().any(argument);
                self.names_files |= local && names_files && !excludes && !entry.contains("format");
                let at = source.text().find(if official { "ruff-pre-commit" } else { "ruff" }).unwrap_or(0);
                self.proof("runs Ruff before each commit", &source, at..super::shape::line_end(source.text(), at));
            }
        }
    }

    /// Which comments it knows. When its version is not known, it is given the newest's.
    pub fn forms(&self) -> Forms {
        if self.version.is_some_and(|version| version < Version::new(0, 15, 0)) {
            Forms::Noqa
        } else {
            Forms::Suppressions
        }
    }

    /// Whether it would remove an unused import from a file, were there no comment; `modules` are the names of what is imported,
    /// with and without the name after `import`.
    pub fn removes(&self, path: &str, modules: &[&str]) -> bool {
        if self.evidence.is_none() {
            return false;
        }
        let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let nearest = loop {
            match self.configurations.get(folder) {
                Some(configuration) => break Some((folder, configuration)),
                None if folder.is_empty() => break None,
                None => folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder),
            }
        };
        let Some((folder, configuration)) = nearest else { return true };
        let inner = path.get(if folder.is_empty() { 0 } else { folder.len() + 1 }..).unwrap_or(path);
        let ignores =
            |(pattern, codes): &(String, Vec<String>)| patterns::is_for(pattern, inner) && reach(codes).is_some();
        let ignored = configuration.per_file_ignores.iter().any(ignores);
        // In 2025 only the module itself was meant, not what is below it.
        let below = self.forms() == Forms::Suppressions;
        let allowed = configuration.allowed.iter().any(|allowed| {
            let names = |name: &&str| *name == allowed || below && name.starts_with(&format!("{allowed}."));
            modules.iter().any(names)
        });
        let excluded = patterns::leaves_out(&configuration.exclude, inner)
            || patterns::leaves_out(&configuration.extend_exclude, inner)
            || patterns::leaves_out_of_linting(&configuration.lint_exclude, inner);
        let left_out = excluded && (configuration.force_exclude.unwrap_or(false) || !self.names_files);
        configuration.selects() && configuration.fixes() && !ignored && !allowed && !left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn its_version_comes_from_lists_constraints_and_locks() {
        let told = |given: &[(&str, &str)]| {
            let ruff = Ruff::read(&MemoryFiles::new(given.iter().map(|(path, text)| (*path, *text))));
            (ruff.evidence.map(|(what, span)| format!("{}: {what}", span.path)), ruff.version)
        };
        let depends = |path: &str| Some(format!("{path}: depends on Ruff"));
        let dev = ("dev-requirements.txt", "-c pins/all\nruff\n");
        assert_eq!(
            told(&[dev, ("pins/all", "ruff==0.11.13\n")]),
            (depends("dev-requirements.txt"), Some(Version::new(0, 11, 13)))
        );
        assert_eq!(told(&[("requirements.txt", "-c pins\n"), ("pins", "ruff==0.11.13\n")]).0, None);
        let lock = "[[package]]\nname = \"ruff\"\nversion = \"0.12.1\"\n";
        assert_eq!(told(&[("poetry.lock", lock)]).1, Some(Version::new(0, 12, 1)));
    }
}
