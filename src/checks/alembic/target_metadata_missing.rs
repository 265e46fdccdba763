//! `env.py` hands Alembic nothing to compare the database with, or a collection that holds none of the tables.

mod cure;

use crate::checks::python_fix::{listed, text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::python::{Environment, Metadata};
use crate::text::counted;

use cure::{handed, only, replaced};

pub(super) fn check(facts: &Facts) -> Checked {
    let environments = &facts.project.python.environments;
    let told = environments.iter().filter(|it| !it.tables.is_empty());
    Ok(told
        .flat_map(|environment| match environment.target.unknown {
            false => findings(facts, environment),
            true => uncertain(facts, environment).into_iter().collect(),
        })
        .collect())
}

fn findings(facts: &Facts, environment: &Environment) -> Vec<Finding> {
    let (env_py, target) = (&environment.env_py, &environment.target);
    let subject = |what: &str| format!("{env_py}: {what}");
    let seen = |finding: Finding| {
        let tables = environment.tables.len();
        finding.seen(
            "classes",
            env_py,
            counted(tables, "class of the project is a table", "classes of the project are tables"),
        )
    };
    let mut found = vec![];
    if let (true, Some(span)) = (target.is_none, &target.span) {
        let message = format!("`{env_py}` hands Alembic no tables: its metadata is `None`");
        let finding = seen(Finding::at(span, subject("none"), message).label("autogenerate cannot compare anything"));
        let fix = only(environment).and_then(|owner| replaced(facts, environment, owner, span));
        found.push(with_fix(finding, fix, "hand over the metadata of your models, such as `SQLModel.metadata`"));
    }
    for call in &target.without {
        let message = format!("`{env_py}` configures Alembic without `target_metadata`");
        let finding = seen(Finding::at(call, subject("configure"), message).label("hands over no tables"));
        let fix = handed(facts, environment, call);
        found.push(with_fix(finding, fix, "hand over `target_metadata=target_metadata`"));
    }
    found.extend(foreign(facts, environment).map(seen));
    found
}

/// What a call hands over cannot be told.
fn uncertain(facts: &Facts, environment: &Environment) -> Option<Finding> {
    let (env_py, target) = (&environment.env_py, &environment.target);
    let span = target.span.as_ref().filter(|_| target.is_made)?;
    let message =
        format!("whether `{env_py}` hands Alembic the tables of the models cannot be told without running it");
    let finding =
        Finding::at(span, format!("{env_py}: made"), message).label("what this returns is only known when it runs");
    let finding = finding.seen("syntax tree", env_py, text(facts, span));
    Some(finding.help("print `sorted(target_metadata.tables)` in `env.py` and run `alembic current`").only_info())
}

/// Tables that are in another collection than the one that is handed over.
fn foreign(facts: &Facts, environment: &Environment) -> Option<Finding> {
    let python = &facts.project.python;
    let (target, env_py) = (&environment.target, &environment.env_py);
    let span = target.span.as_ref().filter(|_| !target.is_none)?;
    // Another environment may be the one for these tables.
    let handed: Vec<&Metadata> = python.environments.iter().flat_map(|it| &it.target.metadata).collect();
    if python.environments.iter().any(|it| it.target.unknown) {
        return None;
    }
    let tables = python.tables.iter().filter(|table| environment.tables.contains(&table.class));
    let left: Vec<_> =
        tables.filter(|table| table.metadata != Metadata::Unknown && !handed.contains(&&table.metadata)).collect();
    let classes: Vec<_> =
        left.iter().filter_map(|table| python.classes.get(table.class)).map(|class| &class.name).collect();
    let names: Vec<&str> = classes.iter().map(|name| name.value.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let message = format!(
        "{} {} in another metadata than the one `{env_py}` hands to Alembic",
        listed(&names),
        if names.len() == 1 { "is" } else { "are" }
    );
    let mut finding = Finding::at(span, format!("{env_py}: {}", names.join(" ")), message).label("does not hold them");
    for name in &classes {
        finding = finding.related(&name.span, "is a table of another metadata");
    }
    // Where some tables are in what is handed over, both are wanted, and that is for a person to say.
    let fix = only(environment).and_then(|owner| replaced(facts, environment, owner, span));
    let mut all: Vec<String> = vec![];
    for metadata in target.metadata.iter().chain(left.iter().map(|table| &table.metadata)) {
        all.extend(written(facts, metadata).filter(|name| !all.contains(name)));
    }
    let help = format!("hand over a list of all metadata: `target_metadata = [{}]`", all.join(", "));
    Some(with_fix(finding, fix, &help))
}

/// How a metadata is written where its class or name is imported.
fn written(facts: &Facts, metadata: &Metadata) -> Option<String> {
    match metadata {
        Metadata::Sqlmodel => Some("SQLModel.metadata".to_owned()),
        Metadata::Class(class) => Some(format!("{}.metadata", facts.project.python.classes.get(*class)?.name.value)),
        Metadata::Object(_, name) => Some(name.clone()),
        Metadata::Unknown => None,
    }
}
