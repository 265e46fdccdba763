//! `volumes:` and `tmpfs:` of a service.

use std::collections::BTreeMap;

use crate::text::Span;

use super::load::Reader;
use super::tree::{Data, Tree};
use super::{Mount, MountSource, paths, scalars};

impl Reader<'_> {
    /// The mounts of a service, by target; of those with the same target the last one counts.
    pub(super) fn mounts(&mut self, name: &str, service: &Tree) -> Vec<Mount> {
        let unseen = format!("mounts of `{name}`");
        let mut mounts: BTreeMap<String, Mount> = BTreeMap::new();
        for tree in self.list(service, name, "volumes") {
            let mount = match &tree.data {
                Data::Text { text, typed: false } => self.short_mount(text, &tree),
                Data::Mapping(_) => self.long_mount(&tree),
                _ => Err("a volume must be a string or a mapping".to_owned()),
            };
            match mount {
                Ok(mount) => {
                    mounts.insert(mount.target.clone(), mount);
                }
                Err(message) => self.refuse(&tree.span, message, unseen.clone()),
            }
        }
        let tmpfs = match service.present("tmpfs") {
            Some(tree) if tree.text().is_some() => vec![tree.clone()],
            _ => self.list(service, name, "tmpfs"),
        };
        for tree in tmpfs {
            let Some(text) = tree.text() else { continue };
            let (target, options) = text.split_once(':').unwrap_or((text, ""));
            let writable = !options.split(',').any(|option| option == "ro");
            let target = clean(target);
            if mounts.contains_key(&target) {
                self.refuse(&tree.span, format!("target `{target}` is already mounted"), unseen.clone());
                continue;
            }
            let mount =
                Mount { source: MountSource::Tmpfs, target, writable, creates_source: true, span: tree.span.clone() };
            mounts.insert(mount.target.clone(), mount);
        }
        mounts.into_values().collect()
    }

    fn short_mount(&self, text: &str, tree: &Tree) -> Result<Mount, String> {
        let parts = parts(text);
        if parts.iter().any(String::is_empty) {
            return Err("empty section between colons".to_owned());
        }
        let (source, target, options) = match parts.as_slice() {
            [target] => ("", target.as_str(), ""),
            [source, target] => (source.as_str(), target.as_str(), ""),
            [source, target, options] => (source.as_str(), target.as_str(), options.as_str()),
            _ => return Err("too many colons".to_owned()),
        };
        let source = match source {
            "" => MountSource::Anonymous,
            _ if source.starts_with(['.', '/', '~']) => self.bind(source, tree),
            _ if source.starts_with("\\\\") || is_drive(source) => MountSource::Bind(source.to_owned()),
            _ => MountSource::Volume(source.to_owned()),
        };
        let writable = !options.split(',').any(|option| option == "ro");
        Ok(Mount { source, target: clean(target), writable, creates_source: true, span: tree.span.clone() })
    }

    fn long_mount(&self, tree: &Tree) -> Result<Mount, String> {
        let text = |key: &str| tree.present(key).and_then(Tree::text);
        let kind = text("type").ok_or("a volume in long form needs a `type`")?;
        let target = clean(text("target").ok_or("a volume in long form needs a `target`")?);
        let source = match (kind, text("source").filter(|source| !source.is_empty())) {
            ("bind", Some(source)) => self.bind(source, tree),
            ("bind", None) => return Err("a bind mount needs a `source`".to_owned()),
            ("volume", Some(source)) => MountSource::Volume(source.to_owned()),
            ("volume", None) => MountSource::Anonymous,
            ("tmpfs", _) => MountSource::Tmpfs,
            ("cluster" | "npipe" | "image", source) => MountSource::Other(source.unwrap_or(kind).to_owned()),
            _ => {
                let kinds = "bind, volume, tmpfs, cluster, npipe, image";
                return Err(format!("`type` of a volume must be one of {kinds}"));
            }
        };
        let read_only = match text("read_only") {
            Some(value) => scalars::boolean(value).ok_or("`read_only` of a volume must be a boolean")?,
            None => false,
        };
        let creates = tree.present("bind").and_then(|bind| bind.present("create_host_path")).and_then(Tree::text);
        let creates_source = creates.and_then(scalars::boolean).unwrap_or(true);
        Ok(Mount { source, target, writable: !read_only, creates_source, span: tree.span.clone() })
    }

    fn bind(&self, source: &str, tree: &Tree) -> MountSource {
        let path = paths::join(&tree.directory, &paths::at_home(source, self.home.as_deref()));
        MountSource::Bind(paths::absolute(self.root, &path))
    }

    /// The items of a list under a key, with a complaint when it is none.
    pub(super) fn list(&mut self, service: &Tree, name: &str, key: &str) -> Vec<Tree> {
        match service.get(key) {
            Some(Tree { data: Data::Sequence(items), .. }) => items.clone(),
            Some(Tree { data: Data::Null, span, .. }) => {
                self.wrong(&span.clone(), name, key, "a list");
                vec![]
            }
            Some(other) => {
                self.wrong(&other.span.clone(), name, key, "a list");
                vec![]
            }
            None => vec![],
        }
    }

    /// Notes that a value of a service has the wrong type.
    pub(super) fn wrong(&mut self, span: &Span, service: &str, key: &str, wanted: &str) {
        self.refuse(span, format!("services.{service}.{key} must be {wanted}"), format!("`{key}` of `{service}`"));
    }
}

/// The parts between colons, where the colon of a Windows drive does not count.
fn parts(text: &str) -> Vec<String> {
    if text.len() <= 2 {
        return vec![text.to_owned()];
    }
    let mut parts = vec![String::new()];
    for character in text.chars() {
        let Some(last) = parts.last_mut() else { break };
        let drive = last.chars().count() == 1 && last.chars().all(char::is_alphabetic);
        if character == ':' && !drive {
            parts.push(String::new());
        } else {
            last.push(character);
        }
    }
    parts
}

fn is_drive(source: &str) -> bool {
    let mut characters = source.chars();
    characters.next().is_some_and(char::is_alphabetic) && characters.next() == Some(':')
}

/// A path in the container as Compose cleans it.
fn clean(target: &str) -> String {
    match paths::normal(target) {
        clean if clean.is_empty() => ".".to_owned(),
        clean => clean,
    }
}
