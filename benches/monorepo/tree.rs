//! Makes a repository like those of large companies: many packages, few of them with tables, and one long chain of migrations.

use std::fmt::Write;
use std::path::Path;

/// Files in one package.
const PACKAGE: usize = 50;

/// Writes `files` files of Python, a tenth of them with tables and half of those with bases of the project's own, and a chain
/// of `revisions` revisions, each of which alters a table. Nothing in it is wrong.
pub fn make(root: &Path, files: usize, revisions: usize) {
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    std::fs::create_dir_all(root.join("migrations/versions")).unwrap();
    write("pyproject.toml", "[project]\nname = \"company\"\ndependencies = [\"alembic\", \"sqlmodel\"]\n");
    write("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n");
    write("migrations/script.py.mako", include_str!("script.py.mako"));
    let mut imported = String::new();
    for package in 0..files.div_ceil(PACKAGE) {
        std::fs::create_dir_all(root.join(format!("company/package_{package}"))).unwrap();
        write(&format!("company/package_{package}/__init__.py"), "");
        for number in 0..PACKAGE.min(files - package * PACKAGE) {
            let text = if number % 10 == 0 { tables(package, number) } else { ordinary(package, number) };
            write(&format!("company/package_{package}/module_{number}.py"), &text);
            if number % 10 == 0 {
                writeln!(imported, "import company.package_{package}.module_{number}  # noqa: F401").unwrap();
            }
        }
    }
    write("company/__init__.py", "");
    write("company/base.py", BASE);
    write("company/models.py", &imported);
    write("migrations/env.py", ENVIRONMENT);
    for number in 0..revisions {
        write(&format!("migrations/versions/{number:012x}_step.py"), &revision(number));
    }
}

const BASE: &str = "from datetime import datetime\n\nfrom sqlmodel import Field, SQLModel\n\n
class CompanyModel(SQLModel):\n    created_at: datetime = Field(default_factory=datetime.now)\n";

const ENVIRONMENT: &str = "import os\n\nfrom alembic import context\nfrom sqlalchemy import engine_from_config, pool\nfrom \
    sqlmodel import SQLModel\n\nimport company.models  # noqa: F401\n\nconfig = context.config\n\
    config.set_main_option(\"sqlalchemy.url\", os.environ[\"DATABASE_URL\"].replace(\"%\", \"%%\"))\n\n\
    target_metadata = SQLModel.metadata\n\n\ndef run_migrations() -> None:\n    connectable = engine_from_config(\
    config.get_section(config.config_ini_section, {}), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)\n    \
    with connectable.connect() as connection:\n        context.configure(connection=connection, \
    target_metadata=target_metadata)\n        with context.begin_transaction():\n            context.run_migrations()\n\n\n\
    run_migrations()\n";

/// Two tables.
fn tables(package: usize, number: usize) -> String {
    let (base, import) = match number % 20 {
        0 => ("CompanyModel", "from sqlmodel import Field\n\nfrom company.base import CompanyModel\n"),
        _ => ("SQLModel", "from sqlmodel import Field, SQLModel\n"),
    };
    let mut text = format!("\"\"\"Tables of package {package}.\"\"\"\n\n{import}");
    for table in ["Order", "Line"] {
        write!(
            text,
            "\n\nclass {table}{package}x{number}({base}, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    \
             name: str = Field(index=True)\n    note: str | None = None\n    cents: int = Field(default=0, ge=0)\n"
        )
        .unwrap();
    }
    text
}

/// A module as most are: functions, a class that is no table, words such as `password` and `database`.
fn ordinary(package: usize, number: usize) -> String {
    let neighbour = (number / 10) * 10;
    let mut text = format!(
        "\"\"\"Module {number} of package {package}.\"\"\"\n\nimport logging\nfrom dataclasses import dataclass\n\n\
         from company.package_{package}.module_{neighbour} import Order{package}x{neighbour}\n\n\
         log = logging.getLogger(__name__)\n\n\n@dataclass\nclass Settings:\n    database: str = \"main\"\n    retries: int = 3\n    \
         password_file: str | None = None\n"
    );
    for function in 0..8 {
        write!(
            text,
            "\n\ndef step_{function}(order: Order{package}x{neighbour}, settings: Settings, *, dry: bool = False) -> dict[str, int]:\n    \
             \"\"\"Does step {function} of the work.\n\n    Nothing is written when it is only tried.\n    \"\"\"\n    \
             if order.name is None or settings.retries < {function}:\n        log.warning(\"no name: %s\", order.id)\n        return {{}}\n    \
             totals = {{\"cents\": order.cents * {function}, \"retries\": settings.retries}}\n    \
             for attempt in range(settings.retries):\n        totals[f\"attempt-{{attempt}}\"] = attempt * {function}\n    \
             return totals if not dry else {{key: 0 for key in totals}}\n"
        )
        .unwrap();
    }
    text
}

fn revision(number: usize) -> String {
    let before = number.checked_sub(1).map_or("None".to_owned(), |before| format!("\"{before:012x}\""));
    format!(
        "\"\"\"step {number}\n\nRevision ID: {number:012x}\nRevises: {before}\nCreate Date: 2026-03-02 09:14:00\n\"\"\"\n\n\
         from typing import Sequence, Union\n\nimport sqlalchemy as sa\nimport sqlmodel\nfrom alembic import op\n\n\
         revision: str = \"{number:012x}\"\ndown_revision: Union[str, Sequence[str], None] = {before}\n\
         branch_labels: Union[str, Sequence[str], None] = None\ndepends_on: Union[str, Sequence[str], None] = None\n\n\n\
         def upgrade() -> None:\n    op.create_table(\n        \"part_{number}\",\n        \
         sa.Column(\"id\", sa.Integer(), nullable=False),\n        \
         sa.Column(\"name\", sqlmodel.sql.sqltypes.AutoString(), nullable=False),\n        sa.PrimaryKeyConstraint(\"id\"),\n    )\n    \
         op.create_index(op.f(\"ix_part_{number}_name\"), \"part_{number}\", [\"name\"], unique=False)\n\n\n\
         def downgrade() -> None:\n    op.drop_index(op.f(\"ix_part_{number}_name\"), table_name=\"part_{number}\")\n    \
         op.drop_table(\"part_{number}\")\n"
    )
}
