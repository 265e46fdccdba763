//! What other files take from a module is still there after its fixes: the real Python imports all of them.

use super::oracle::program;
use super::support::person::Person;
use super::support::project::Project;
use super::support::sets::SETS;

/// A base whose fix leaves `Column` without a use, and one whose fix calls `date` otherwise.
const COLUMN: &str = "from sqlalchemy import (\n    Column,\n    DateTime,\n)\nfrom sqlmodel import SQLModel, Field\n\n\nclass Stamped(SQLModel):\n    made: str = Field(sa_column=Column(DateTime))\n";
const DATE: &str = "from datetime import date\n\nfrom sqlmodel import SQLModel, Field\n\n\nclass Event(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    date: date = Field(default=None)\n    until: date | None = None\n";
const TABLES: &str = "from sqlmodel import Field\n\nfrom app.base import Stamped\n\n\nclass Hero(Stamped, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n\n\nclass Team(Stamped, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n";

/// The base, another file and what it says, and whether the old name goes.
const TAKEN: [(&str, &str, &str, bool); 12] = [
    (COLUMN, "app/other.py", "from sqlalchemy import Column\n\nColumn()\n", true),
    (COLUMN, "app/other.py", "from app.base import Stamped\n\nprint(Stamped)\n", true),
    (COLUMN, "app/other.py", "from app import base\n\nbase.Column()\n", false),
    (COLUMN, "app/other.py", "import sqlmodel; from app.base import Column\n", false),
    (COLUMN, "app/other.py", "from app.base import (  # the base (and what it takes)\n    Column,\n)\n", false),
    (COLUMN, "tests/test_a.py", "from app.base import Column\n", false),
    (COLUMN, "docs/conf.py", "from app.base import *\n\nColumn()\n", false),
    (DATE, "app/other.py", "from datetime import date\n\ndate.today()\n", true),
    (DATE, "app/other.py", "from app.base import *\n\ndate.today()\n", false),
    (DATE, "app/other.py", "import app.base as models\n\nmodels.date.today()\n", false),
    (DATE, "tests/conftest.py", "from app.base import date\n\ndate.today()\n", false),
    (DATE, "examples/a.py", "from app import base as the\n\nthe.date.today()\n", false),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_other_files_take_from_a_module_is_there_after_its_fixes() {
    let mut wrong = vec![];
    for (base, path, text, goes) in TAKEN {
        let project = Project::empty(Person::User);
        project
            .write("pyproject.toml", "[project]\nname = \"app\"\nversion = \"0.1\"\ndependencies = [\"sqlmodel\"]\n");
        project.write("app/__init__.py", "");
        project.write("app/base.py", base);
        if base == COLUMN {
            project.write("app/tables.py", TABLES);
        }
        project.write(path, text);
        let said = project.devdoctor(&["fix", "--yes", "--offline"]);
        let after = project.read("app/base.py");
        let old = if base == COLUMN { "    Column,\n" } else { "import date\n" };
        if after == base || after.contains(old) == goes {
            wrong.push(format!("{path}: {text}{after}{}{}", said.out, said.err));
        }
        for set in SETS {
            let python = program(set, "python");
            let run = format!("PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=. '{}' {path}", python.display());
            let answer = project.shell(&run);
            if answer.status != 0 {
                wrong.push(format!("{set} {path}: {text}{after}{}", answer.err));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}
