//! Makes services and volumes of the merged tree.

use std::collections::BTreeMap;

use crate::text::Spanned;

use super::load::{Reader, Scope};
use super::tree::{Data, Tree};
use super::words::words;
use super::{Block, BlockStyle, MountSource, Service, Volume, names, scalars};

impl Reader<'_> {
    /// The services of the merged tree.
    pub(super) fn services(&mut self, tree: &Tree, scope: &Scope) -> BTreeMap<String, Service> {
        let mut services = BTreeMap::new();
        let Some(section) = tree.get("services") else { return services };
        if !section.is_mapping() {
            self.refuse(&section.span, "services must be a mapping", "all services");
            return services;
        }
        for (name, service) in section.entries() {
            if service.is_mapping() {
                let mut made = self.service(name, service, scope);
                names::add(&mut made, service, tree);
                services.insert(name.value.clone(), made);
            } else {
                let message = format!("services.{} must be a mapping", name.value);
                self.refuse(&name.span, message, format!("service `{}`", name.value));
            }
        }
        services
    }

    fn service(&mut self, key: &Spanned<String>, tree: &Tree, scope: &Scope) -> Service {
        let name = key.value.as_str();
        let (environment, env_files, environment_unseen) = self.environment(name, tree, scope);
        let read_only = tree.present("read_only").and_then(|value| match value.text().and_then(scalars::boolean) {
            None => {
                self.wrong(&value.span, name, "read_only", "a boolean");
                None
            }
            known => known,
        });
        let profiles = self.list(tree, name, "profiles");
        let no_block = || Block { span: key.span.clone(), indent: 0, style: BlockStyle::Flow, editable: false };
        Service {
            name: key.clone(),
            block: tree.block.clone().unwrap_or_else(no_block),
            extends: vec![],
            image: self.text(name, tree, "image"),
            build: self.build(name, tree, scope),
            user: self.text(name, tree, "user"),
            container_name: self.text(name, tree, "container_name"),
            mounts: self.mounts(name, tree),
            environment,
            environment_block: tree.get("environment").and_then(|environment| environment.block.clone()),
            env_files,
            environment_unseen,
            given_elsewhere: vec![],
            ports: self.ports(name, tree),
            network_mode: self.text(name, tree, "network_mode"),
            userns_mode: self.text(name, tree, "userns_mode"),
            working_dir: self.text(name, tree, "working_dir"),
            command: self.command(name, tree, "command"),
            entrypoint: self.command(name, tree, "entrypoint"),
            other_names: vec![],
            known_hosts: vec![],
            has_strangers: false,
            read_only: read_only.unwrap_or(false),
            profiles: profiles.iter().filter_map(|profile| profile.text().map(str::to_owned)).collect(),
        }
    }

    /// A text under a key; numbers are read as they are written, but complained about, as Compose does.
    pub(super) fn text(&mut self, service: &str, tree: &Tree, key: &str) -> Option<Spanned<String>> {
        let value = tree.get(key)?;
        match &value.data {
            Data::Text { text, typed } => {
                if *typed {
                    self.wrong(&value.span, service, key, "a string");
                }
                Some(Spanned::new(text.clone(), value.span.clone()))
            }
            _ => {
                self.wrong(&value.span, service, key, "a string");
                None
            }
        }
    }

    fn command(&mut self, service: &str, tree: &Tree, key: &str) -> Option<Spanned<Vec<String>>> {
        let value = tree.present(key)?;
        match &value.data {
            Data::Text { text, .. } => {
                let words = words(text);
                if words.is_none() {
                    self.refuse(&value.span, "invalid command line string", format!("`{key}` of `{service}`"));
                }
                words.map(|words| Spanned::new(words, value.span.clone()))
            }
            Data::Sequence(items) => {
                for item in items.iter().filter(|item| !matches!(item.data, Data::Text { typed: false, .. })) {
                    self.wrong(&item.span, service, key, "a list of strings");
                }
                let words = items.iter().filter_map(|item| item.text().map(str::to_owned)).collect();
                Some(Spanned::new(words, value.span.clone()))
            }
            _ => {
                self.wrong(&value.span, service, key, "a string or a list");
                None
            }
        }
    }

    /// The named volumes of the merged tree.
    pub(super) fn volumes(&mut self, tree: &Tree, project: &str) -> BTreeMap<String, Volume> {
        let mut volumes = BTreeMap::new();
        let Some(section) = tree.present("volumes") else { return volumes };
        if !section.is_mapping() {
            self.refuse(&section.span, "volumes must be a mapping", "named volumes");
            return volumes;
        }
        for (name, volume) in section.entries() {
            if !volume.is_null() && !volume.is_mapping() {
                let message = format!("volumes.{} must be a mapping or null", name.value);
                self.refuse(&volume.span, message, format!("volume `{}`", name.value));
            }
            let external = volume.present("external");
            let old_name = external.and_then(|external| external.get("name"));
            let is_external = external.is_some_and(|external| {
                external.is_mapping() || external.text().and_then(scalars::boolean) == Some(true)
            });
            let given = volume.present("name").or(old_name).and_then(Tree::text).filter(|name| !name.is_empty());
            let engine_name = match given {
                Some(given) => given.to_owned(),
                None if is_external => name.value.clone(),
                None => format!("{project}_{}", name.value),
            };
            volumes.insert(name.value.clone(), Volume { name: name.clone(), engine_name, external: is_external });
        }
        volumes
    }

    /// What no single value shows, and Compose refuses all the same: services without an image, volumes and services that
    /// are named and not there.
    pub(super) fn references(
        &mut self,
        tree: &Tree,
        services: &BTreeMap<String, Service>,
        volumes: &BTreeMap<String, Volume>,
    ) {
        for service in services.values() {
            let name = &service.name.value;
            if service.image.as_ref().is_none_or(|image| image.value.is_empty()) && service.build.is_none() {
                let message = format!("service `{name}` has neither an image nor a build context");
                self.refuse(&service.name.span, message, format!("the container of `{name}`"));
            }
            for mount in &service.mounts {
                if let MountSource::Volume(volume) = &mount.source
                    && !volumes.contains_key(volume)
                {
                    let message = format!("service `{name}` refers to undefined volume `{volume}`");
                    self.refuse(&mount.span, message, format!("mount `{}` of `{name}`", mount.target));
                }
            }
            let wanted = tree.get("services").and_then(|all| all.get(name)?.present("depends_on"));
            let Some(wanted) = wanted else { continue };
            let from_list = wanted.items().iter().filter_map(|item| Some((item.text()?, &item.span)));
            let from_mapping = wanted.entries().iter().filter(|(_, value)| {
                value.present("required").and_then(Tree::text).and_then(scalars::boolean) != Some(false)
            });
            let from_mapping = from_mapping.map(|(key, _)| (key.value.as_str(), &key.span));
            for (other, span) in from_list.chain(from_mapping) {
                if !services.contains_key(other) {
                    let message = format!("service `{name}` depends on undefined service `{other}`");
                    self.refuse(span, message, format!("what `{name}` waits for"));
                }
            }
        }
    }
}
