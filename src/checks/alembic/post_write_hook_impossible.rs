//! A hook of Alembic that cannot run as it is written: each new revision ends with an error, its file already there.

mod hooks;
mod judge;
mod repair;

use std::collections::BTreeSet;

use super::post_write_hooks_nested::{hooks_of_ini, pyprojects, reads_toml};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::alembic::Alembic;
use crate::text::{Source, Version, toml};

use hooks::Hook;
use judge::{Surroundings, judge};

pub(super) fn check(facts: &Facts) -> Checked {
    let (mut findings, mut seen) = (vec![], BTreeSet::new());
    for environment in &facts.project.alembic {
        let version = environment.revisions.packages.alembic.as_deref();
        let mut told = |source: &Source, hooks: Vec<Hook>| {
            if seen.insert(source.path().to_owned()) {
                findings.extend(hooks.iter().filter_map(|hook| finding(facts, environment, source, hook)));
            }
        };
        // With a section in the ini file, even an empty one, those of `pyproject.toml` are not read.
        if let Some((source, ini)) = hooks_of_ini(facts, environment) {
            told(source, hooks::of_ini(source, &ini));
        } else if version.is_none_or(reads_toml) {
            for source in pyprojects(environment).iter().filter_map(|path| facts.source(path)) {
                let toml = toml::parse(source.text());
                told(source, toml.map(|toml| hooks::of_toml(&toml)).unwrap_or_default());
            }
        }
    }
    Ok(findings)
}

fn finding(facts: &Facts, environment: &Alembic, source: &Source, hook: &Hook) -> Option<Finding> {
    let packages = &environment.revisions.packages;
    let dockerfiles = facts.project.dockerfiles.keys().filter_map(|path| facts.source(path));
    let around = Surroundings {
        version: packages.alembic.as_deref(),
        formatters: packages.formatters.as_ref(),
        // Functions may be registered under a name of their own.
        registers: environment.env_py.is_none() || environment.revisions.registers_hooks,
        images: dockerfiles.map(Source::text).collect(),
        is_ini: hook.is_ini,
    };
    let judged = judge(hook, &around)?;
    let finding = Finding::at(
        &source.span(judged.place.clone()),
        format!("{}: {}", source.path(), hook.name),
        judged.message.clone(),
    )
    .label("ends `alembic revision`, with the file already written")
    .seen(source.path(), &hook.name, format!("so alembic says: {}", judged.error));
    Some(finding.fix(repair::fix(source, hook, judged)))
}

/// The version of Alembic in which hooks of the type `module` came.
const MODULES_SINCE: Version = Version::new(1, 16, 3);

/// Whether a version of Alembic knows hooks of the type `module`. One that cannot be read is taken for a new one.
fn knows_modules(version: &str) -> bool {
    Version::parse(version).is_none_or(|version| version >= MODULES_SINCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_came_with_1_16_3() {
        for (version, knows) in
            [("1.16.2", false), ("1.16.3", true), ("1.17", true), ("1.16", false), ("2.0.0", true), ("x", true)]
        {
            assert_eq!(knows_modules(version), knows, "{version}");
        }
    }
}
