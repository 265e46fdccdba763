//! Forms of `[tool.alembic.post_write_hooks]`.

use devdoctor::fix::Applicability;

use super::{Table, cured, files, fine, told};

const HOOKS: &str = "[tool.alembic.post_write_hooks]\n";
const ARRAY: &str = "[[tool.alembic.post_write_hooks]]\n";
const DICT: &str = "TypeError: unsupported operand type(s) for %: 'dict' and 'dict'";
const LIST: &str = "TypeError: unsupported operand type(s) for %: 'list' and 'dict'";
const TEXTS: &str = "ValueError: dictionary update sequence element #0 has length 1; 2 is required";
const MADE: &str = "ENDS WELL";
const AT_1: &str = "alembic-post-write-hooks-nested pyproject.toml:1:1";

pub fn table() -> Table {
    let project = |text: &str| files(&[("pyproject.toml", text)]);
    let nested = "hooks = \"trim\"\ntrim.type = \"exec\"\ntrim.executable = \"true\"\n";
    let with_ini = |section: &str| {
        let ini = format!("[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n{section}");
        files(&[("pyproject.toml", &format!("{HOOKS}{nested}")), ("alembic.ini", &ini)])
    };
    Table {
        files: files(&[
            ("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n"),
            ("migrations/env.py", "from alembic import context\n\nprint(context.config)\n"),
            (
                "migrations/script.py.mako",
                "${imports if imports else \"\"}\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\ndef upgrade():\n    pass\n",
            ),
            ("migrations/versions/.gitkeep", ""),
        ]),
        environment: vec![],
        commands: vec![vec!["heads"], vec!["revision", "-m", "made"]],
        daring: Applicability::Safe,
        variants: vec![
            cured("keys with dots", DICT, AT_1, MADE, project(&format!("{HOOKS}{nested}"))),
            cured(
                "tables within",
                DICT,
                "alembic-post-write-hooks-nested pyproject.toml:1:15",
                MADE,
                project("[tool.alembic.post_write_hooks.trim]\ntype = \"exec\"\nexecutable = \"true\"\n"),
            ),
            cured(
                "a list",
                LIST,
                AT_1,
                MADE,
                project(&format!(
                    "{HOOKS}hooks = [\"trim\"]\n\"trim.type\" = \"exec\"\n\"trim.executable\" = \"true\"\n"
                )),
            ),
            cured(
                "texts with quoted keys",
                TEXTS,
                AT_1,
                MADE,
                project(&format!(
                    "{HOOKS}hooks = \"trim\"\n\"trim.type\" = \"exec\"\n\"trim.executable\" = \"true\"\n"
                )),
            ),
            cured(
                "one hook as a table",
                TEXTS,
                AT_1,
                MADE,
                project(&format!("{HOOKS}name = \"trim\"\ntype = \"exec\"\nexecutable = \"true\"\n")),
            ),
            told(
                "an entry without a name",
                "KeyError: 'name'",
                "alembic-post-write-hooks-nested pyproject.toml:1:1",
                project(&format!("{ARRAY}type = \"exec\"\nexecutable = \"true\"\n")),
            ),
            told(
                "options in a list",
                LIST,
                "alembic-post-write-hooks-nested pyproject.toml:5:11",
                project(&format!(
                    "{ARRAY}name = \"trim\"\ntype = \"exec\"\nexecutable = \"true\"\noptions = [\"x\"]\n"
                )),
            ),
            cured(
                "a bare percent sign",
                "unsupported format character",
                "alembic-post-write-hooks-nested pyproject.toml:5:14",
                MADE,
                project(&format!(
                    "{ARRAY}name = \"trim\"\ntype = \"exec\"\nexecutable = \"true\"\noptions = \"50%!\"\n"
                )),
            ),
            told(
                "an entry without a type",
                "FAILED: Key 'trim.type' (or 'type' in toml) is required for post write hook 'trim'",
                "alembic-post-write-hooks-nested pyproject.toml:1:1",
                project(&format!("{ARRAY}name = \"trim\"\nexecutable = \"true\"\n")),
            ),
            fine(
                "an array",
                MADE,
                project(&format!("{ARRAY}name = \"trim\"\ntype = \"exec\"\nexecutable = \"true\"\n")),
            ),
            fine("an empty table", MADE, project(HOOKS)),
            fine(
                "the ini file has a section",
                MADE,
                with_ini("[post_write_hooks]\nhooks = trim\ntrim.type = exec\ntrim.executable = true\n"),
            ),
            fine("the ini file has an empty section", MADE, with_ini("[post_write_hooks]\n")),
        ],
    }
}
