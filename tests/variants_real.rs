//! Every known variant of the troubles with `env.py`, URLs, hooks and revisions, held against the real Alembic of both sets of
//! tools: what it breaks is found, what it takes is silent, and what is repaired passes.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, makes files, and fails by panicking"
)]

#[path = "variants_real/alembic.rs"]
mod alembic;
#[path = "variants_real/declarative.rs"]
mod declarative;
#[path = "variants_real/environments.rs"]
mod environments;
#[path = "variants_real/filters.rs"]
mod filters;
#[path = "variants_real/hooks.rs"]
mod hooks;
#[path = "variants_real/imports.rs"]
mod imports;
#[path = "variants_real/names.rs"]
mod names;
#[allow(dead_code, reason = "the test of the models uses all of it")]
#[path = "models_real/oracle.rs"]
mod oracle;
#[path = "variants_real/program.rs"]
mod program;
mod support;
#[path = "variants_real/templates.rs"]
mod templates;
#[path = "variants_real/urls.rs"]
mod urls;

use alembic::{Asked, alembic};
use devdoctor::checks;
use devdoctor::facts::Need;
use devdoctor::finding::Finding;
use devdoctor::fix::Applicability;
use oracle::{facts, place};
use program::repaired;
use support::alembic::TEMPLATE;
use support::postgres::Postgres;
use support::sets::SETS;

/// A small project in one of the ways that break, or in one of those that do not.
pub struct Variant {
    /// What is special about it.
    pub name: &'static str,
    /// Its files, besides those of the table.
    pub files: Vec<(String, String)>,
    /// Parts of what Alembic says of it as it is.
    pub says: Vec<&'static str>,
    /// All that is found: `check path:line:column`, with `info` at the end where it is only said.
    pub found: Vec<&'static str>,
    /// What Alembic says after the fix.
    pub then: &'static str,
    /// How daring the fix is; `None`: there is none that a program can carry out.
    pub grade: Option<Applicability>,
    /// Alembic's words where the set of 2025 has others.
    pub says_2025: Option<&'static str>,
}

impl Variant {
    /// What the set of 2025 says in place of the newest.
    pub fn in_2025(mut self, says: &'static str) -> Self {
        self.says_2025 = Some(says);
        self
    }

    /// Its fix needs a person's yes.
    pub fn dared(mut self) -> Self {
        self.grade = Some(Applicability::Unsafe);
        self
    }
}

/// A variant without trouble.
pub fn fine(name: &'static str, says: &'static str, files: Vec<(String, String)>) -> Variant {
    Variant { name, files, says: vec![says], found: vec![], then: "", grade: None, says_2025: None }
}

/// A variant that breaks and is repaired by a safe fix.
pub fn cured(
    name: &'static str,
    says: &'static str,
    found: &'static str,
    then: &'static str,
    files: Vec<(String, String)>,
) -> Variant {
    let grade = Some(Applicability::Safe);
    Variant { name, files, says: vec![says], found: vec![found], then, grade, says_2025: None }
}

/// A variant that breaks and that only a person can repair.
pub fn told(name: &'static str, says: &'static str, found: &'static str, files: Vec<(String, String)>) -> Variant {
    Variant { name, files, says: vec![says], found: vec![found], then: "", grade: None, says_2025: None }
}

/// A table: what all its projects have, and how Alembic is asked.
pub struct Table {
    /// What each project has besides its own files.
    pub files: Vec<(String, String)>,
    /// Variables.
    pub environment: Vec<(String, String)>,
    /// Command lines of Alembic.
    pub commands: Vec<Vec<&'static str>>,
    /// The projects.
    pub variants: Vec<Variant>,
}

/// Files as text.
pub fn files(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// A project's files: those of the table where the variant has no other.
fn together(table: &Table, variant: &Variant) -> Vec<(String, String)> {
    let own = |path: &str| variant.files.iter().any(|(other, _)| other == path);
    table.files.iter().filter(|(path, _)| !own(path)).chain(&variant.files).cloned().collect()
}

/// All findings of all checks that judge files, and each with its place.
fn judged(files: &[(String, String)]) -> Vec<(String, Finding)> {
    let facts = facts(files);
    let mut all = vec![];
    for check in checks::all() {
        // What looks at files has them all.
        let findings = (check.run)(&facts);
        assert!(!findings.as_ref().is_err_and(|missing| missing.need == Need::Files), "{}: {findings:?}", check.id());
        for finding in findings.unwrap_or_default() {
            let path = match &finding.place {
                Some(devdoctor::finding::Place::Span(span)) => span.path.to_string(),
                Some(devdoctor::finding::Place::Path(path)) => path.to_string(),
                None => String::new(),
            };
            let info = if finding.only_info { " info" } else { "" };
            all.push((format!("{} {path}:{}{info}", check.id(), place(&facts, &finding)), finding));
        }
    }
    all
}

/// How daring all the fixes together are that a program can carry out.
fn grade(findings: &[(String, Finding)]) -> Option<Applicability> {
    let fixes = findings.iter().filter_map(|(_, finding)| finding.fix.as_ref()).map(|fix| fix.applicability);
    fixes.filter(|fix| *fix > Applicability::Manual).min()
}

/// The check that `why` should name for what Alembic says, and does not.
fn unnamed<'variant>(variant: &'variant Variant, said: &str) -> Option<&'variant str> {
    let id = variant.found.first()?.split(' ').next()?;
    let broke = said.contains("Traceback (most recent call last)") || said.contains("FAILED: ");
    let named = checks::symptoms::named(&devdoctor::text::log::lines(said));
    // What a template has written ends in the revision.
    let written = |named: &str| id == "alembic-template-import-missing" && named == "alembic-revision-name-unbound";
    let is_named = named.iter().map(|named| named.check.id()).any(|named| named == id || written(&named));
    (broke && !is_named).then_some(id)
}

fn hold(table: &Table) {
    let mut wrong: Vec<String> = vec![];
    let ask = |files: Vec<(String, String)>| Asked {
        files,
        environment: table.environment.clone(),
        commands: table.commands.clone(),
    };
    let before: Vec<_> = table.variants.iter().map(|variant| together(table, variant)).collect();
    let mut mended: Vec<(&Variant, Asked)> = vec![];
    for (variant, files) in table.variants.iter().zip(&before) {
        let name = variant.name;
        let findings = judged(files);
        let found: Vec<&str> = findings.iter().map(|(found, _)| found.as_str()).collect();
        if found != variant.found {
            wrong.push(format!("{name}: found {found:#?}, not {:#?}", variant.found));
        }
        let grade = grade(&findings);
        if grade != variant.grade {
            wrong.push(format!("{name}: the fix is {grade:?}, not {:?}", variant.grade));
        }
        if let Some(after) = repaired(variant, files, &mut wrong) {
            let left: Vec<String> = judged(&after).into_iter().map(|(found, _)| found).collect();
            if left.iter().any(|left| !left.ends_with("info")) {
                wrong.push(format!("{name}: left are {left:#?} in {after:#?}"));
            }
            mended.push((variant, ask(after)));
        }
    }
    for set in SETS {
        let answers = alembic(set, before.iter().cloned().map(ask));
        for (variant, said) in table.variants.iter().zip(&answers) {
            let others = variant.says_2025.filter(|_| set.ends_with("2025"));
            for says in others.as_ref().map_or(variant.says.as_slice(), std::slice::from_ref) {
                if !said.contains(says) {
                    wrong.push(format!("{set}, {}: {says:?} is not in\n{said}", variant.name));
                }
            }
            wrong.extend(
                unnamed(variant, said)
                    .map(|id| format!("{set}, {}: `why` does not name {id} for\n{said}", variant.name)),
            );
        }
        let answers = alembic(set, mended.iter().map(|(_, asked)| asked.clone()));
        for ((variant, asked), said) in mended.iter().zip(answers) {
            let (name, then) = (variant.name, variant.then);
            if !said.contains(then) {
                wrong.push(format!("{set}, {name}, after the fix: {then:?} is not in\n{said}\n{:#?}", asked.files));
            }
        }
    }
    assert!(wrong.is_empty(), "{} things\n{}", wrong.len(), wrong.join("\n----\n"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_autogenerate_sees_of_the_models() {
    hold(&imports::table());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_autogenerate_sees_of_plain_sqlalchemy() {
    hold(&declarative::table());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_becomes_of_a_url_in_the_ini_file() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    server.add("app", "secret@word", "", "app");
    hold(&urls::in_the_ini_file(server.port));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_becomes_of_no_ini_file() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    server.add("app", "secret@word", "", "app");
    hold(&urls::without_an_ini_file(server.port));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_becomes_of_a_url_that_env_py_puts() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    server.add("app", "secret@word", "", "app");
    hold(&urls::put_by_env_py(server.port));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_becomes_of_drivers() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    server.add("app", "secret@word", "", "app");
    hold(&urls::drivers(server.port));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_becomes_of_hooks_in_pyproject() {
    hold(&hooks::table());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_becomes_of_hooks_that_cannot_run() {
    hold(&hooks::that_cannot_run());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_a_revision_binds() {
    hold(&names::table());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_a_template_writes() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    server.add("app", "secret@word", "", "app");
    hold(&templates::table(server.port));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_becomes_of_half_an_environment() {
    hold(&environments::halves());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_leads_alembic_to_the_project() {
    hold(&environments::paths());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_functions_leave_to_autogenerate() {
    hold(&filters::table());
}
