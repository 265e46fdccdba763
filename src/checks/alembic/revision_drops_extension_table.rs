//! A revision drops a table that an extension of Postgres owns: the server refuses that.

use super::databases;
use super::tables::{might_make, named, operations};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{Operation, Revision};
use crate::text::Spanned;

/// Tables of PostGIS that nobody else has, by their extension.
const POSTGIS: [(&str, &[&str]); 3] = [
    ("postgis", &["spatial_ref_sys"]),
    ("postgis_topology", &["topology.topology", "topology.layer"]),
    (
        "postgis_tiger_geocoder",
        &[
            "countysub_lookup",
            "direction_lookup",
            "geocode_settings",
            "geocode_settings_default",
            "loader_lookuptables",
            "loader_platform",
            "loader_variables",
            "pagc_gaz",
            "pagc_lex",
            "pagc_rules",
            "secondary_unit_lookup",
            "street_type_lookup",
            "zip_lookup_all",
            "zip_lookup_base",
        ],
    ),
];

/// What keeps such tables out of autogenerate.
const CURE: &str = "include_object=lambda o, n, t, r, c: not (t == \"table\" and r and c is None)";

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let models = named(facts, environment);
        for revision in &environment.revisions.files {
            for operation in operations(revision) {
                let Operation::DropTable(dropped) = &operation.value else { continue };
                let is_model = models.iter().any(|(name, _)| name == dropped);
                let Some((extension, proof)) = owner(facts, environment, dropped).filter(|_| !is_model) else {
                    continue;
                };
                if proof.is_none() && made_here(environment, dropped) || drops_extension(revision) {
                    continue;
                }
                findings.push(finding(environment, revision, operation, (dropped, &extension), proof));
            }
        }
    }
    Ok(findings)
}

/// The extension that owns a table, and the database that says so, where one does.
fn owner(facts: &Facts, environment: &Alembic, table: &str) -> Option<(String, Option<String>)> {
    // Without databases the names say it.
    let databases = databases::of(facts, environment).unwrap_or_default();
    let of_database = databases.iter().find_map(|at| {
        let owned = &at.database.answered()?.extension_tables;
        let (_, extension) = owned.iter().find(|(name, _)| name == table)?;
        Some((extension.clone(), Some(at.name())))
    });
    let bare = table.strip_prefix("tiger.").unwrap_or(table);
    let known = POSTGIS.iter().find(|(_, tables)| tables.contains(&bare));
    of_database.or_else(|| Some((known?.0.to_owned(), None)))
}

/// Whether a revision makes a table of this name: then it is the project's own.
fn made_here(environment: &Alembic, table: &str) -> bool {
    let operations = environment.revisions.files.iter().flat_map(operations);
    let makes = |operation: &Operation| match operation {
        Operation::CreateTable(made) | Operation::EnsureTable(made) => made == table,
        Operation::RenameTable(..) => might_make(operation, table),
        _ => false,
    };
    operations.into_iter().any(|one| makes(&one.value))
}

/// Whether the extension goes, too.
fn drops_extension(revision: &Revision) -> bool {
    operations(revision).iter().any(|one| matches!(&one.value, Operation::Drop(what) if what == "extension"))
}

fn finding(
    environment: &Alembic,
    revision: &Revision,
    operation: &Spanned<Operation>,
    (table, extension): (&str, &str),
    proof: Option<String>,
) -> Finding {
    let message =
        format!("revision `{}` drops table `{table}`, which belongs to extension `{extension}`", revision.id.value);
    let finding = Finding::at(&operation.span, format!("{}: {table}", revision.path), message)
        .label("the server refuses to drop it");
    let finding = match proof {
        Some(database) => finding.seen("pg_depend", database, format!("`{table}` is a part of `{extension}`")),
        None => finding.seen("names", table, format!("`{extension}` makes a table of this name")),
    };
    let env_py = environment.env_py.as_deref().unwrap_or("env.py");
    let finding = match &environment.revisions.environment.filter {
        Some(filter) => finding.related(filter, "decides what autogenerate sees"),
        None => finding.help(format!("keep such tables out: hand to `context.configure` in `{env_py}`: {CURE}")),
    };
    finding.fix(Fix::manual(format!(
        "delete this statement, and the one of `downgrade()` that makes `{table}`, from `{}`",
        revision.path
    )))
}
