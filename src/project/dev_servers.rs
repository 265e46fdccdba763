//! Keeps the files that say how a service watches its sources: `package.json` and the configuration of bundlers.

use std::collections::BTreeMap;

use super::Project;
use super::compose::Service;
use super::files::{Files, source};
use crate::text::Source;

/// Files beside a `package.json` that may turn polling on.
const CONFIGURATIONS: [&str; 9] = [
    "next.config.js",
    "next.config.mjs",
    "next.config.ts",
    "nodemon.json",
    "vite.config.js",
    "vite.config.mjs",
    "vite.config.mts",
    "vite.config.ts",
    "webpack.config.js",
];

/// The folders of the project, relative to its root, whose sources a service works on: the contexts it is built from and what
/// is bound into it.
pub fn folders(project: &Project, service: &Service) -> Vec<String> {
    let context = service.build.iter().map(|build| build.context.value.clone());
    let below = |path: &str| Some(path.strip_prefix(&project.root)?.trim_start_matches('/').to_owned());
    let bound = service.binds().filter_map(|(_, path)| below(path));
    let plain = |folder: String| if folder == "." { String::new() } else { folder };
    let mut folders: Vec<String> = context.chain(bound).map(plain).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// The path of a file in a folder of [`folders`].
pub fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Puts the files into `sources`. One that cannot be read says nothing.
pub fn keep(files: &dyn Files, project: &Project, sources: &mut BTreeMap<String, Source>) {
    for folder in project.services().flat_map(|service| folders(project, service)) {
        if source(files, sources, &inside(&folder, "package.json")).is_ok() {
            for name in CONFIGURATIONS {
                let _ = source(files, sources, &inside(&folder, name));
            }
        }
    }
}

/// Whether a configuration beside a `package.json` turns polling on.
pub fn polls(project: &Project, folder: &str) -> bool {
    let sources = CONFIGURATIONS.iter().filter_map(|name| project.sources.get(&inside(folder, name)));
    sources.map(Source::text).any(|text| {
        let set = |name: &str| {
            text.split(name).skip(1).any(|rest| {
                let value =
                    rest.trim_start_matches(['"', '\'', ' ']).strip_prefix(':').unwrap_or_default().trim_start();
                !value.is_empty() && !value.starts_with("false")
            })
        };
        set("usePolling") || set("poll") || set("legacyWatch")
    })
}
