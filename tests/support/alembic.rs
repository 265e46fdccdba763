//! What the tests of the real Alembic share: a template, and the whole way from its error to the cure and back.

use super::project::Project;

/// A template of revisions, as SQLModel needs it.
pub const TEMPLATE: &str = "from alembic import op\nimport sqlalchemy as sa\nimport sqlmodel\n${imports if imports else \"\"}\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\ndef upgrade():\n    ${upgrades if upgrades else \"pass\"}\n\n\ndef downgrade():\n    ${downgrades if downgrades else \"pass\"}\n";

/// An `env.py` that knows no models.
pub const ENV_PY: &str = "from alembic import context\nfrom sqlalchemy import engine_from_config, pool\n\nconfig = context.config\nconnectable = engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)\nwith connectable.connect() as connection:\n    context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n";

/// The same with SQLModel's tables, those of the modules that these lines import.
pub fn env_py(imports: &str) -> String {
    ENV_PY
        .replace(
            "import engine_from_config, pool\n",
            &format!("import engine_from_config, pool\nfrom sqlmodel import SQLModel\n{imports}"),
        )
        .replace("connection=connection", "connection=connection, target_metadata=SQLModel.metadata")
}

/// A revision whose imports, after those of Alembic's own, and bodies are these lines; `parent` is written as Python.
pub fn revision(id: &str, parent: &str, imports: &str, upgrade: &str, downgrade: &str) -> String {
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n{imports}\nrevision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    {upgrade}\n\n\ndef downgrade():\n    {downgrade}\n"
    )
}

/// Alembic breaks with `errors`, devdoctor sees it at `places` and cures it, Alembic works, and the bytes come back.
#[track_caller]
pub fn cured(project: &Project, id: &str, file: &str, places: &[&str], errors: &[&str]) {
    let broken = project.shell("alembic upgrade head");
    assert_ne!(broken.status, 0, "{broken}");
    for error in errors {
        assert!(broken.all().contains(error), "{error} is not in {broken}");
    }
    let before = project.read(file);
    project.devdoctor(&["check", "--only", id, "--format", "json"]).report().assert_places(id, places);
    project.devdoctor(&["fix", "--yes", "--only", id]).ends_with(0);
    assert_ne!(project.read(file), before);
    project.devdoctor(&["check", "--only", id]).ends_with(0);
    project.shell("alembic upgrade head").ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_eq!(project.read(file), before);
}
