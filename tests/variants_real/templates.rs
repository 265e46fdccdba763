//! Templates of revisions, and what `env.py` has written before the names of types.

use super::{Table, cured, files, fine, told};

const WELL: &str = "ENDS WELL";
const SLOT: &str = "${imports if imports else \"\"}\n";
const AT: &str = "alembic-template-import-missing migrations/script.py.mako:2:1";
const ADDS: &str =
    "def render_item(kind, item, autogen):\n    autogen.imports.add(\"import sqlmodel\")\n    return False\n\n\n";

fn env_py(function: &str, arguments: &str) -> (String, String) {
    let text = format!(
        "from alembic import context\nfrom sqlalchemy import engine_from_config, pool\nfrom sqlmodel import SQLModel\n\nimport app.models  # noqa: F401\n\n{function}config = context.config\nconnectable = engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)\nwith connectable.connect() as connection:\n    context.configure(connection=connection, target_metadata=SQLModel.metadata{arguments})\n    with context.begin_transaction():\n        context.run_migrations()\n"
    );
    ("migrations/env.py".into(), text)
}

fn template(imports: &str) -> (String, String) {
    let text = format!(
        "from alembic import op\nimport sqlalchemy as sa\n{imports}\nrevision = ${{repr(up_revision)}}\ndown_revision = ${{repr(down_revision)}}\n\n\ndef upgrade():\n    ${{upgrades if upgrades else \"pass\"}}\n\n\ndef downgrade():\n    ${{downgrades if downgrades else \"pass\"}}\n"
    );
    ("migrations/script.py.mako".into(), text)
}

/// Each writes a revision of its models, and runs it forwards and back.
pub fn table(port: u16) -> Table {
    let ini = format!(
        "[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = postgresql+psycopg://app:secret%%40word@127.0.0.1:{port}/app\n"
    );
    let own = format!("import sqlmodel\n{SLOT}");
    let with = |imports: &str| vec![template(imports)];
    let both = |imports: &str, function: &str, arguments: &str| vec![template(imports), env_py(function, arguments)];
    let dates = "from datetime import datetime\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    at: datetime\n";
    let sqlmodel = "NameError: name 'sqlmodel' is not defined";
    Table {
        files: files(&[
            ("alembic.ini", &ini),
            ("migrations/env.py", &env_py("", "").1),
            ("migrations/versions/.gitkeep", ""),
            ("app/__init__.py", ""),
            (
                "app/models.py",
                "from sqlalchemy.dialects.postgresql import JSONB\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    name: str\n    data: dict = Field(sa_type=JSONB)\n",
            ),
        ]),
        environment: vec![],
        commands: vec![
            vec!["revision", "--autogenerate", "-m", "made"],
            vec!["upgrade", "head"],
            vec!["downgrade", "base"],
        ],
        variants: vec![
            fine("both", WELL, with(&own)),
            cured("no import", sqlmodel, AT, WELL, with(SLOT)),
            cured(
                "no place for imports",
                "NameError: name 'postgresql' is not defined",
                AT,
                WELL,
                with("import sqlmodel\n"),
            ),
            fine("an import of env.py", WELL, both(SLOT, ADDS, ", render_item=render_item")),
            cured(
                "an import of env.py, and no place for it",
                sqlmodel,
                AT,
                WELL,
                both("", ADDS, ", render_item=render_item"),
            ),
            told(
                "a name before each type",
                "NameError: name 'm' is not defined",
                AT,
                both(&own, "", ", user_module_prefix=\"m.\""),
            ),
            fine(
                "a name that is bound",
                WELL,
                both(&format!("import sqlmodel as m\n{SLOT}"), "", ", user_module_prefix=\"m.\""),
            ),
            cured(
                "a module before each type",
                sqlmodel,
                AT,
                WELL,
                both(SLOT, "", ", user_module_prefix=\"sqlmodel.sql.sqltypes.\""),
            ),
            fine("no name before the types", WELL, both(&own, "", ", user_module_prefix=None")),
            // Since 0.0.45 dates have a type of SQLModel too.
            {
                let mut files = with(SLOT);
                files.push(("app/models.py".into(), dates.into()));
                cured("no text, but a date", sqlmodel, AT, WELL, files).in_2025(WELL)
            },
        ],
    }
}
