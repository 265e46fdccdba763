//! Ways in which plain SQLAlchemy says that a class is a table, imported by `env.py` and not.

use super::imports::{EMPTY, HERE, env_of, with};
use super::{Table, Variant, cured, fine};

const MAPPED: &str = "    id: Mapped[int] = mapped_column(primary_key=True)\n";
const COLUMN: &str = "    id = Column(Integer, primary_key=True)\n";

/// What is special, the base's file, what `env.py` hands over, the models' file, and the place that is told of.
const WAYS: [(&str, &str, &str, &str); 15] = [
    (
        "a base class",
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nMAPPED",
    ),
    (
        "a base class under its module",
        "import sqlalchemy.orm as orm\n\n\nclass Base(orm.DeclarativeBase):\n    pass\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nCOLUMN",
    ),
    (
        "a base class of asyncio",
        "from sqlalchemy.ext.asyncio import AsyncAttrs\nfrom sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(AsyncAttrs, DeclarativeBase):\n    pass\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nMAPPED",
    ),
    (
        "dataclasses",
        "from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass\n\n\nclass Base(MappedAsDataclass, DeclarativeBase):\n    pass\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nMAPPED",
    ),
    (
        "a base without a metaclass",
        "from sqlalchemy.orm import DeclarativeBaseNoMeta\n\n\nclass Base(DeclarativeBaseNoMeta):\n    pass\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nMAPPED",
    ),
    (
        "declarative_base()",
        "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nCOLUMN",
    ),
    (
        "declarative_base() under its module",
        "from sqlalchemy import orm\n\nBase = orm.declarative_base()\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nCOLUMN",
    ),
    (
        "declarative_base() of old",
        "from sqlalchemy.ext.declarative import declarative_base\n\nBase = declarative_base()\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nCOLUMN",
    ),
    (
        "declarative_base() with metadata",
        "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import declarative_base\n\nmeta = MetaData()\nBase = declarative_base(metadata=meta)\n",
        "meta",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nCOLUMN",
    ),
    (
        "a base that a decorator makes",
        "from sqlalchemy.orm import as_declarative\n\n\n@as_declarative()\nclass Base:\n    pass\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nCOLUMN",
    ),
    (
        "a base of a registry",
        "from sqlalchemy.orm import registry\n\nBase = registry().generate_base()\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nCOLUMN",
    ),
    (
        "a base of a registry with a name",
        "from sqlalchemy import orm\n\nmappers = orm.registry()\nBase = mappers.generate_base()\n",
        "Base.metadata",
        "class Hero(Base):\n    __tablename__ = \"hero\"\nCOLUMN",
    ),
    (
        "a mixin that names the table",
        "from sqlalchemy.orm import DeclarativeBase, declared_attr\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\nclass Named:\n    @declared_attr.directive\n    def __tablename__(cls):\n        return cls.__name__.lower()\n",
        "Base.metadata",
        "from app.base import Named\n\n\nclass Hero(Named, Base):\nMAPPED",
    ),
    (
        "an abstract class between",
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
        "Base.metadata",
        "class Kept(Base):\n    __abstract__ = True\n\n\nclass Hero(Kept):\n    __tablename__ = \"hero\"\nMAPPED",
    ),
    (
        "a table in the body",
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
        "Base.metadata",
        "from sqlalchemy import Table\n\n\nclass Hero(Base):\n    __table__ = Table(\"hero\", Base.metadata, Column(\"id\", Integer, primary_key=True))\n",
    ),
];

pub fn table() -> Table {
    let mut variants: Vec<Variant> = vec![];
    for (name, base, target, models) in WAYS {
        let head = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import Mapped, mapped_column\n\nfrom app.base import Base\n\n\n";
        let models = format!("{head}{}", models.replace("MAPPED", MAPPED).replace("COLUMN", COLUMN));
        let others = [("app/base.py", base), ("app/models.py", models.as_str())];
        let bases = format!("from app.base import {}\n", target.split('.').next().unwrap());
        let place = "alembic-models-not-imported migrations/env.py:7:19";
        variants.push(cured(name, EMPTY, place, HERE, with(env_of(&bases, target), &others)));
        let both = format!("import app.models  # noqa: F401\n{bases}");
        variants.push(fine(name, HERE, with(env_of(&both, target), &others)));
    }
    Table { variants, ..super::imports::table() }
}
