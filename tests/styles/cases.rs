//! One broken project for each fix of Python files; the file that is repaired comes first.

/// A finding that is repaired in the first of some files.
pub struct Case {
    pub check: &'static str,
    pub files: &'static [(&'static str, &'static str)],
}

const fn case(check: &'static str, files: &'static [(&'static str, &'static str)]) -> Case {
    Case { check, files }
}

const INI: (&str, &str) = ("alembic.ini", "[alembic]\nscript_location = migrations\n");
const RUFF: (&str, &str) = ("ruff.toml", "line-length = 100\n");
const HERO: (&str, &str) = (
    "app/models/hero.py",
    "from sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n",
);
const INSIDE: (&str, &str) = ("app/__init__.py", "");
const MODELS: (&str, &str) = ("app/models/__init__.py", "");
const RUN: &str = "from alembic import context\nfrom sqlalchemy import engine_from_config, pool\nfrom sqlmodel import SQLModel\n\nconfig = context.config\ntarget_metadata = SQLModel.metadata\n\n\ndef run() -> None:\n    connectable = engine_from_config(\n        config.get_section(\"alembic\", {}),\n        prefix=\"sqlalchemy.\",\n        poolclass=pool.NullPool,\n    )\n    with connectable.connect() as connection:\n        context.configure(connection=connection, target_metadata=target_metadata)\n        with context.begin_transaction():\n            context.run_migrations()\n\n\nrun()\n";

pub const CASES: &[Case] = &[
    case("alembic-models-not-imported", &[("migrations/env.py", RUN), INI, INSIDE, MODELS, HERO]),
    case(
        "alembic-models-not-imported",
        &[
            ("app/all_models.py", "import os\n\nfrom app.models.team import Team  # noqa: F401\n\nNAMES = os.name\n"),
            (
                "migrations/env.py",
                "from alembic import context\nfrom sqlmodel import SQLModel\nimport app.all_models  # noqa: F401\n\ntarget_metadata = SQLModel.metadata\ncontext.configure(connection=None, target_metadata=target_metadata)\n",
            ),
            INI,
            INSIDE,
            MODELS,
            HERO,
            (
                "app/models/team.py",
                "from sqlmodel import Field, SQLModel\n\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n",
            ),
        ],
    ),
    case(
        "alembic-model-import-unprotected",
        &[
            (
                "migrations/env.py",
                "from alembic import context\nfrom sqlmodel import SQLModel\n\nimport app.models.hero\n\ntarget_metadata = SQLModel.metadata\ncontext.configure(connection=None, target_metadata=target_metadata)\n",
            ),
            INI,
            RUFF,
            INSIDE,
            MODELS,
            HERO,
        ],
    ),
    case(
        "alembic-target-metadata-missing",
        &[
            (
                "migrations/env.py",
                "from alembic import context\nimport app.models.hero  # noqa: F401\n\ntarget_metadata = None\ncontext.configure(connection=None, target_metadata=target_metadata)\n",
            ),
            INI,
            INSIDE,
            MODELS,
            HERO,
        ],
    ),
    case(
        "alembic-target-metadata-missing",
        &[
            (
                "migrations/env.py",
                "from alembic import context\nfrom sqlmodel import SQLModel\nimport app.models.hero  # noqa: F401\n\ntarget_metadata = SQLModel.metadata\n\n\ndef run(connection) -> None:\n    context.configure(\n        connection=connection,\n    )\n\n\nrun(1)\n",
            ),
            INI,
            INSIDE,
            MODELS,
            HERO,
        ],
    ),
    case(
        "alembic-url-not-escaped",
        &[
            (
                "migrations/env.py",
                "import os\n\nfrom alembic import context\n\nconfig = context.config\nconfig.set_main_option(\"sqlalchemy.url\", os.environ[\"DATABASE_URL\"])\n",
            ),
            INI,
        ],
    ),
    case(
        "alembic-revision-name-unbound",
        &[
            (
                "migrations/versions/a.py",
                "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"aaa1\"\ndown_revision = None\n\n\ndef upgrade() -> None:\n    op.create_table(\n        \"hero\",\n        sa.Column(\"name\", sqlmodel.sql.sqltypes.AutoString(), nullable=False),\n    )\n\n\ndef downgrade() -> None:\n    op.drop_table(\"hero\")\n",
            ),
            INI,
            ("migrations/env.py", RUN),
        ],
    ),
    case(
        "alembic-vector-before-extension",
        &[
            (
                "migrations/versions/a.py",
                "from alembic import op\nimport sqlalchemy as sa\nimport pgvector.sqlalchemy\n\nrevision = \"aaa1\"\ndown_revision = None\n\n\ndef upgrade() -> None:\n    op.create_table(\n        \"hero\",\n        sa.Column(\"name\", pgvector.sqlalchemy.VECTOR(3), nullable=False),\n    )\n\n\ndef downgrade() -> None:\n    op.drop_table(\"hero\")\n",
            ),
            INI,
            ("migrations/env.py", RUN),
        ],
    ),
    case(
        "sqlmodel-bases-out-of-order",
        &[(
            "models.py",
            "from sqlmodel import Field, SQLModel\n\n\nclass Named(SQLModel):\n    name: str\n\n\nclass Hero(\n    SQLModel,\n    Named,\n    table=True,\n):\n    id: int = Field(primary_key=True)\n\n\nclass Team(SQLModel, Named, table=True):\n    id: int = Field(primary_key=True)\n",
        )],
    ),
    case(
        "sqlmodel-column-shared",
        &[(
            "models.py",
            "from sqlalchemy import Column, DateTime, String\nfrom sqlmodel import Field, SQLModel\n\n\nclass Made(SQLModel):\n    name: str = Field(sa_column=Column(String(5), unique=True, comment=\"x\"))\n    at: str = Field(\n        default=None,\n        sa_column=Column(DateTime, nullable=False),\n    )\n\n\nclass Hero(Made, table=True):\n    id: int = Field(primary_key=True)\n\n\nclass Team(Made, table=True):\n    id: int = Field(primary_key=True)\n",
        )],
    ),
    case(
        "sqlmodel-arguments-beside-column",
        &[(
            "models.py",
            "from sqlalchemy import Column, Integer, String\nfrom sqlmodel import Field, SQLModel\n\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    name: str = Field(nullable=False, sa_column=Column(String), unique=True)\n    hero: int = Field(\n        sa_column=Column(Integer),\n        foreign_key=\"team.id\",\n        index=True,\n    )\n",
        )],
    ),
    case(
        "sqlmodel-import-in-class-body",
        &[(
            "models.py",
            "import typing\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Team(SQLModel, table=True):\n    from datetime import datetime\n    from uuid import UUID\n\n    Optional = typing.Optional\n\n    id: int = Field(primary_key=True)\n    at: datetime\n\n\nclass Hero(SQLModel, table=True):\n    \"\"\"A hero.\"\"\"\n\n    import decimal\n\n    id: int = Field(primary_key=True)\n",
        )],
    ),
    case(
        "sqlmodel-import-in-class-body",
        &[(
            "models.py",
            "from typing import Any, TypedDict\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Team(SQLModel, table=True):\n    from typing import Optional, NamedTuple\n    from decimal import (\n        Decimal,\n        Context,\n    )\n\n    id: int = Field(primary_key=True)\n    at: Optional[int]\n",
        )],
    ),
    case(
        "sqlmodel-datetime-naive",
        &[(
            "models.py",
            "from datetime import date, datetime, timedelta\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    at: datetime = Field(default_factory=datetime.utcnow)\n    seen: datetime = Field(default_factory=lambda: datetime.utcnow())\n    day: date\n    lasts: timedelta\n",
        )],
    ),
    case(
        "sqlmodel-datetime-naive",
        &[(
            "models.py",
            "from datetime import date\nfrom datetime import datetime as dt\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    at: dt = Field(default_factory=dt.now)\n    day: date\n",
        )],
    ),
    case(
        "sqlmodel-field-named-like-its-type",
        &[(
            "models.py",
            "from datetime import date, datetime, time\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    date: date | None = None\n    born: date | None = None\n    at: datetime\n    daily: time\n\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    made: date\n",
        )],
    ),
    case(
        "sqlmodel-field-named-like-its-type",
        &[(
            "models.py",
            "import datetime\nfrom decimal import Decimal\nfrom uuid import UUID\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    datetime: datetime.datetime | None = Field(default=None)\n    wage: Decimal\n    key: UUID\n",
        )],
    ),
    case(
        "sqlmodel-field-named-like-its-type",
        &[(
            "models.py",
            "from datetime import date, time\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    time: time | None = None\n    until: time | None = None\n    day: date\n",
        )],
    ),
    case(
        "sqlmodel-field-named-like-its-type",
        &[(
            "models.py",
            "from datetime import date\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    date: date | None = None\n    born: date | None = None\n\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    date: \"date | None\" = None\n",
        )],
    ),
    case(
        "sqlmodel-field-named-like-its-type",
        &[(
            "models.py",
            "from datetime import date, time\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    date: date | None = None\n    born: date | None = None\n    daily: time\n\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    date: \"date | None\" = None\n",
        )],
    ),
    case(
        "sqlmodel-relationship-generic",
        &[(
            "models.py",
            "from __future__ import annotations\n\nfrom sqlmodel import Field, Relationship, SQLModel\n\n\nclass Team(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    heroes: list[Hero] = Relationship(back_populates=\"team\")\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    team_id: int | None = Field(default=None, foreign_key=\"team.id\")\n    team: Team | None = Relationship(back_populates=\"heroes\")\n",
        )],
    ),
    case(
        "sqlmodel-table-keyword-missing",
        &[
            (
                "models.py",
                "from sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel):\n    id: int = Field(primary_key=True)\n    name: str\n",
            ),
            (
                "routes.py",
                "from sqlmodel import select\n\nfrom models import Hero\n\n\ndef heroes(session):\n    return session.exec(select(Hero)).all()\n",
            ),
        ],
    ),
    case(
        "sqlmodel-module-imported-twice",
        &[
            (
                "migrations/env.py",
                "from alembic import context\nfrom sqlmodel import SQLModel\n\nimport src.app.models  # noqa: F401\nfrom app.main import run\n\nrun()\ncontext.configure(connection=None, target_metadata=SQLModel.metadata)\n",
            ),
            ("alembic.ini", "[alembic]\nscript_location = migrations\nprepend_sys_path = . src\n"),
            ("src/app/__init__.py", ""),
            ("src/app/main.py", "from .models import Hero\n\n\ndef run():\n    return Hero\n"),
            (
                "src/app/models.py",
                "from sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n",
            ),
        ],
    ),
    case(
        "alembic-extension-created-twice",
        &[
            (
                "migrations/versions/b.py",
                "from alembic import op\n\nrevision = \"b\"\ndown_revision = \"a\"\n\n\ndef upgrade() -> None:\n    op.execute(\"CREATE EXTENSION vector\")\n\n\ndef downgrade() -> None:\n    pass\n",
            ),
            (
                "migrations/versions/a.py",
                "from alembic import op\n\nrevision = \"a\"\ndown_revision = None\n\n\ndef upgrade() -> None:\n    op.execute(\"CREATE EXTENSION IF NOT EXISTS vector\")\n",
            ),
            INI,
            ("migrations/env.py", RUN),
        ],
    ),
    case(
        "url-placeholder",
        &[
            (
                "migrations/env.py",
                "from logging.config import fileConfig\n\nfrom alembic import context\nfrom sqlalchemy import engine_from_config\n\nconfig = context.config\nfileConfig(config.config_file_name)\nconnectable = engine_from_config(config.get_section(\"alembic\"), prefix=\"sqlalchemy.\")\n",
            ),
            (
                "alembic.ini",
                "[alembic]\nscript_location = migrations\nsqlalchemy.url = driver://user:pass@localhost/dbname\n",
            ),
        ],
    ),
];
