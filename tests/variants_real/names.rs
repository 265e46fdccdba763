//! Imports of revisions, and which of the names that they use these bind.

use super::{Table, Variant, cured, files, fine};

const WELL: &str = "ENDS WELL";
const NEW: &str = "pgvector.sqlalchemy.vector.VECTOR(dim=3)";
const TEXT: &str = "sqlmodel.sql.sqltypes.AutoString()";

/// What sqlite keeps as text: it has no shapes without an extension of its own.
const SHAPE: &str =
    "sa.Text().with_variant(geoalchemy2.types.Geometry(geometry_type=\"POINT\", srid=4326), \"postgresql\")";
const MAIL: &str = "sqlalchemy_utils.types.email.EmailType(length=255)";

/// A revision that has a type of the project.
fn own(imports: &str) -> Vec<(String, String)> {
    let mut all = revision(imports, "app.kinds.Money()");
    all.extend(files(&[
        (
            "alembic.ini",
            "[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = sqlite:///app.db\n",
        ),
        ("app/__init__.py", ""),
        (
            "app/kinds.py",
            "from sqlalchemy import Integer, TypeDecorator\n\n\nclass Money(TypeDecorator):\n    impl = Integer\n    cache_ok = True\n",
        ),
    ]));
    all
}

fn revision(imports: &str, sort: &str) -> Vec<(String, String)> {
    let upgrade = format!(
        "op.execute(\"-- CREATE EXTENSION IF NOT EXISTS vector\")\n    op.create_table(\"item\", sa.Column(\"e\", {sort}))"
    );
    let text = super::support::alembic::revision("aaa1", "None", imports, &upgrade, "op.drop_table(\"item\")");
    vec![("migrations/versions/a.py".into(), text)]
}

/// The place of the type in a revision with so many lines of imports.
fn unbound(name: &'static str, says: &'static str, found: &'static str, imports: &str, sort: &str) -> Variant {
    cured(name, says, found, WELL, revision(imports, sort))
}

pub fn table() -> Table {
    let inside = |import: &str| {
        let mut files = revision("", TEXT);
        files[0].1 = files[0].1.replace("def upgrade():\n", &format!("def upgrade():\n    {import}\n"));
        files
    };
    let sqlmodel = "NameError: name 'sqlmodel' is not defined";
    let pgvector = "NameError: name 'pgvector' is not defined";
    Table {
        files: files(&[
            ("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n"),
            ("migrations/script.py.mako", super::TEMPLATE),
            (
                "migrations/env.py",
                "from alembic import context\nfrom sqlalchemy import engine_from_config, pool\n\nconfig = context.config\nconnectable = engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)\nwith connectable.connect() as connection:\n    context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n",
            ),
        ]),
        environment: vec![],
        commands: vec![vec!["upgrade", "head"]],
        variants: vec![
            unbound("none", sqlmodel, "alembic-revision-name-unbound migrations/versions/a.py:10:44", "", TEXT),
            unbound(
                "only a name",
                sqlmodel,
                "alembic-revision-name-unbound migrations/versions/a.py:11:44",
                "from sqlmodel import SQLModel\n",
                TEXT,
            ),
            unbound(
                "the part",
                sqlmodel,
                "alembic-revision-name-unbound migrations/versions/a.py:11:44",
                "from sqlmodel.sql import sqltypes\n",
                TEXT,
            ),
            unbound(
                "under another name",
                sqlmodel,
                "alembic-revision-name-unbound migrations/versions/a.py:11:44",
                "import sqlmodel as sm\n",
                TEXT,
            ),
            fine("the package", WELL, revision("import sqlmodel\n", TEXT)),
            fine("its part", WELL, revision("import sqlmodel.sql.sqltypes\n", TEXT)),
            fine("under its own name", WELL, revision("import sqlmodel as sqlmodel\n", TEXT)),
            fine("in the function", WELL, inside("import sqlmodel")),
            unbound(
                "pgvector: none",
                pgvector,
                "alembic-revision-name-unbound migrations/versions/a.py:10:44",
                "",
                NEW,
            ),
            unbound(
                "pgvector: the package",
                "AttributeError: module 'pgvector' has no attribute 'sqlalchemy'",
                "alembic-revision-name-unbound migrations/versions/a.py:3:1",
                "import pgvector\n",
                NEW,
            ),
            unbound(
                "pgvector: only a name",
                pgvector,
                "alembic-revision-name-unbound migrations/versions/a.py:11:44",
                "from pgvector.sqlalchemy import Vector\n",
                NEW,
            ),
            fine("pgvector: both", WELL, revision("import pgvector\nfrom pgvector.sqlalchemy import Vector\n", NEW)),
            fine("pgvector: its part", WELL, revision("import pgvector.sqlalchemy\n", NEW)),
            fine("pgvector: the part of it", WELL, revision("import pgvector.sqlalchemy.vector\n", NEW)),
            fine("pgvector: rewritten", WELL, revision("from pgvector.sqlalchemy import Vector\n", "Vector(3)")),
            unbound(
                "pgvector: as 0.2 wrote it",
                pgvector,
                "alembic-revision-name-unbound migrations/versions/a.py:10:44",
                "",
                "pgvector.sqlalchemy.Vector(dim=3)",
            ),
            unbound(
                "geoalchemy2: none",
                "NameError: name 'geoalchemy2' is not defined",
                "alembic-revision-name-unbound migrations/versions/a.py:10:67",
                "",
                SHAPE,
            ),
            unbound(
                "geoalchemy2: only a name",
                "NameError: name 'geoalchemy2' is not defined",
                "alembic-revision-name-unbound migrations/versions/a.py:11:67",
                "from geoalchemy2 import Geometry\n",
                SHAPE,
            ),
            fine("geoalchemy2: the package", WELL, revision("import geoalchemy2\n", SHAPE)),
            fine("geoalchemy2: its part", WELL, revision("import geoalchemy2.types\n", SHAPE)),
            unbound(
                "sqlalchemy_utils: none",
                "NameError: name 'sqlalchemy_utils' is not defined",
                "alembic-revision-name-unbound migrations/versions/a.py:10:44",
                "",
                MAIL,
            ),
            unbound(
                "sqlalchemy_utils: under another name",
                "NameError: name 'sqlalchemy_utils' is not defined",
                "alembic-revision-name-unbound migrations/versions/a.py:11:44",
                "import sqlalchemy_utils as su\n",
                MAIL,
            ),
            fine("sqlalchemy_utils: the package", WELL, revision("import sqlalchemy_utils\n", MAIL)),
            cured(
                "own type: none",
                "NameError: name 'app' is not defined",
                "alembic-revision-name-unbound migrations/versions/a.py:10:44",
                WELL,
                own(""),
            ),
            fine("own type: its module", WELL, own("import app.kinds\n")),
            unbound(
                "a dialect",
                "NameError: name 'postgresql' is not defined",
                "alembic-revision-name-unbound migrations/versions/a.py:10:67",
                "",
                "sa.JSON().with_variant(postgresql.JSONB(), \"postgresql\")",
            ),
        ],
    }
}
