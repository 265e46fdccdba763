//! Modules, classes, tables and environments of small projects, every variant that Alembic was seen to trip over or to take.

use std::collections::BTreeMap;

use super::*;
use crate::project::Project;
use crate::project::files::MemoryFiles;
use crate::project::read::project;

const INI: &str = "[alembic]\nscript_location = alembic\nprepend_sys_path = .\n";
const MODEL: &str = "from sqlmodel import Field, SQLModel\nclass Hero(SQLModel, table=True):\n    id: int\n";

fn read(files: &[(&str, &str)]) -> Project {
    project(&MemoryFiles::new(files.iter().map(|(path, text)| (*path, *text))), &Default::default(), None)
}

/// Imports of `env.py`, other files, and the classes that are not reached.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// An `env.py` with these imports.
fn env(imports: &str) -> String {
    format!(
        "from alembic import context\nfrom sqlmodel import SQLModel\n{imports}target_metadata = SQLModel.metadata\n\
def run():\n    context.configure(connection=None, target_metadata=target_metadata)\n"
    )
}

/// The classes that `env.py` does not reach, or `?` when it cannot be told.
fn unreached(project: &Project) -> Vec<String> {
    let python = &project.python;
    let environment = &python.environments[0];
    if environment.dynamic.is_some() || environment.target.unknown {
        return vec!["?".to_owned()];
    }
    environment.unreached.iter().map(|(class, _)| python.classes[*class].name.value.clone()).collect()
}

#[test]
fn what_env_py_imports_is_followed_as_python_follows_it() {
    let rows: &[Row] = &[
        ("", &[], "Hero"),
        ("import app\n", &[], "Hero"),
        ("import app.models\n", &[], ""),
        ("from app import models\n", &[], ""),
        ("from app.models import *\n", &[], ""),
        ("from app.models import Hero\n", &[], ""),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import app.models\n", &[], "Hero"),
        (
            "import typing as t\nif t.TYPE_CHECKING:\n    import app.models\nelse:\n    import app.other\n",
            &[("app/other.py", "")],
            "Hero",
        ),
        ("try:\n    import app.model\nexcept ImportError:\n    pass\n", &[], "Hero"),
        ("try:\n    import app.models\nexcept ImportError:\n    pass\n", &[], ""),
        ("import app.all_models\n", &[("app/all_models.py", "")], "Hero"),
        ("import app.all_models\n", &[("app/all_models.py", "from .models import Hero\n")], ""),
        ("import app.all_models\n", &[("app/all_models.py", "from . import models\n")], ""),
        (
            "import app.all_models\n",
            &[("app/all_models.py", "from app import *\n"), ("app/__init__.py", "from . import models\n")],
            "",
        ),
        (
            "import app.main\n",
            &[
                ("app/main.py", "from app.api.routes import router\n"),
                ("app/api/__init__.py", ""),
                ("app/api/routes.py", "from ..models import Hero\n"),
            ],
            "",
        ),
        ("def load():\n    import app.models\nload()\n", &[], ""),
        ("import importlib\nimportlib.import_module('app.models')\n", &[], ""),
        ("import importlib\nimportlib.import_module('app.other')\n", &[("app/other.py", "")], "Hero"),
        ("import importlib\nfor name in ['app.models']:\n    importlib.import_module(name)\n", &[], "?"),
        (
            "import pkgutil, app\nfor module in pkgutil.walk_packages(app.__path__, 'app.'):\n    __import__(module.name)\n",
            &[],
            "?",
        ),
        (
            "from app.loader import load\nload()\n",
            &[("app/loader.py", "def load():\n    import_module(f'{x}')\n")],
            "?",
        ),
        ("import elsewhere\n", &[], "Hero"),
        ("import app.a\n", &[("app/a.py", "import app.b\n"), ("app/b.py", "import app.a\n")], "Hero"),
    ];
    for (imports, others, wanted) in rows {
        let env = env(imports);
        let mut files = BTreeMap::from([
            ("alembic.ini", INI),
            ("alembic/env.py", &env),
            ("app/__init__.py", ""),
            ("app/models.py", MODEL),
        ]);
        files.extend(others.iter().copied());
        let files: Vec<(&str, &str)> = files.into_iter().collect();
        assert_eq!(unreached(&read(&files)).join(" "), *wanted, "{imports} {others:?}");
    }
}

#[test]
fn modules_are_found_where_projects_keep_them() {
    let env = env("import app.models\n");
    for (ini, env_py, model, others) in [
        ("alembic.ini", "alembic/env.py", "src/app/models.py", &[][..]),
        ("backend/alembic.ini", "backend/alembic/env.py", "backend/app/models.py", &[("app/models.py", "x = 1\n")]),
        ("backend/alembic.ini", "backend/alembic/env.py", "backend/src/app/models.py", &[]),
        (
            "alembic.ini",
            "alembic/env.py",
            "lib/app/models.py",
            &[("pyproject.toml", "[tool.setuptools.packages.find]\nwhere = ['lib']\n")],
        ),
        (
            "alembic.ini",
            "alembic/env.py",
            "python/app/models.py",
            &[("pyproject.toml", "[tool.hatch.build.targets.wheel]\npackages = ['python/app']\n")],
        ),
    ] {
        let mut files = vec![(ini, INI), (env_py, env.as_str()), (model, MODEL)];
        files.extend(others.iter().copied());
        let project = read(&files);
        assert_eq!(unreached(&project), [""; 0], "{model}");
        assert!(project.python.environments[0].reached.contains(model), "{model}");
    }
}

#[test]
fn the_tables_of_another_project_beside_are_not_missed() {
    let (mine, other) = (env("import app.models\n"), env("import work.models\n"));
    let project = read(&[
        ("backend/alembic.ini", INI),
        ("backend/alembic/env.py", &mine),
        ("backend/app/models.py", MODEL),
        ("worker/pyproject.toml", "[project]\n"),
        ("worker/work/models.py", MODEL),
        ("second/alembic.ini", INI),
        ("second/alembic/env.py", &other),
        ("second/work/models.py", MODEL),
        ("tests/models.py", MODEL),
    ]);
    for environment in &project.python.environments {
        assert_eq!(environment.unreached, [], "{}", environment.env_py);
    }
}

#[test]
fn tables_are_told_from_other_classes() {
    let project = read(&[
        (
            "app/base.py",
            "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import DeclarativeBase, declarative_base\nfrom sqlmodel import SQLModel\nclass Base(DeclarativeBase):\n    pass\nOld = declarative_base()\nclass Own(SQLModel):\n    metadata = MetaData()\n",
        ),
        (
            "app/models.py",
            "from sqlalchemy.orm import declared_attr\nfrom sqlmodel import SQLModel as Model\nfrom .base import Base as B, Old, Own\nfrom elsewhere import Far\n\
class One(Model, table=True):\n    id: int\nclass Two(B):\n    __tablename__ = 'two'\nclass Three(Old):\n    __tablename__ = 'three'\nclass Four(Own, table=True):\n    id: int\n\
class NoOne(Model):\n    id: int\nclass NoTwo(B):\n    __abstract__ = True\n    __tablename__ = 'x'\nclass NoThree(Far):\n    __tablename__ = 'far'\nclass NoFour(Model, table=False):\n    id: int\n\
def make():\n    class NoFive(Model, table=True):\n        id: int\n\
class Named(B):\n    __abstract__ = True\n    @declared_attr.directive\n    def __tablename__(cls):\n        return 'x'\nclass Five(Named):\n    pass\n",
        ),
    ]);
    let python = &project.python;
    let found: Vec<String> = python
        .tables
        .iter()
        .map(|table| {
            let owner = match &table.metadata {
                Metadata::Class(class) => python.classes[*class].name.value.clone(),
                other => format!("{other:?}"),
            };
            format!("{}: {owner}", python.classes[table.class].name.value)
        })
        .collect();
    assert_eq!(found, ["One: Sqlmodel", "Two: Base", "Three: Old", "Four: Own", "Five: Base"]);
}

#[test]
fn strange_python_is_survived() {
    let deep = format!("{}x{}", "(".repeat(5000), ")".repeat(5000));
    let loops = "from .b import A as B\nclass A(B): pass\nfrom .a import *\n";
    let long =
        (0..200).map(|at| format!("class C{at}(C{}, SQLModel, table=True): x: int\n", at + 1)).collect::<String>();
    let project = read(&[
        ("alembic.ini", INI),
        ("alembic/env.py", "target_metadata = \nimport app.\nfrom sqlmodel import (\n"),
        ("app/a.py", loops),
        ("app/b.py", "from .a import B as A, SQLModel\nfrom ..... import x\nimport sqlmodel\nclass A(A): pass\n"),
        ("app/c.py", &deep),
        ("app/d.py", &long),
        ("app/e.py", "class SQLModel(SQLModel, *a, **k): x: sa_column = Field(sa_column=\n"),
    ]);
    assert_eq!(project.python.environments.len(), 0);
}
