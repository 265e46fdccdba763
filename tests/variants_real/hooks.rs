//! Forms of `[tool.alembic.post_write_hooks]`.

use super::{Table, Variant, cured, files, fine, told};

const HOOKS: &str = "[tool.alembic.post_write_hooks]\n";
const ARRAY: &str = "[[tool.alembic.post_write_hooks]]\n";
const DICT: &str = "TypeError: unsupported operand type(s) for %: 'dict' and 'dict'";
const LIST: &str = "TypeError: unsupported operand type(s) for %: 'list' and 'dict'";
const TEXTS: &str = "ValueError: dictionary update sequence element #0 has length 1; 2 is required";
const MADE: &str = "ENDS WELL";
const AT_1: &str = "alembic-post-write-hooks-nested pyproject.toml:1:1";

fn project(text: &str) -> Vec<(String, String)> {
    files(&[("pyproject.toml", text)])
}

fn around(variants: Vec<Variant>) -> Table {
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
        variants,
    }
}

/// Hooks that end every command, and those that Alembic reads.
pub fn table() -> Table {
    let nested = "hooks = \"trim\"\ntrim.type = \"exec\"\ntrim.executable = \"true\"\n";
    let with_ini = |section: &str| {
        let ini = format!("[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n{section}");
        files(&[("pyproject.toml", &format!("{HOOKS}{nested}")), ("alembic.ini", &ini)])
    };
    around(vec![
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
            project(&format!("{HOOKS}hooks = [\"trim\"]\n\"trim.type\" = \"exec\"\n\"trim.executable\" = \"true\"\n")),
        ),
        cured(
            "texts with quoted keys",
            TEXTS,
            AT_1,
            MADE,
            project(&format!("{HOOKS}hooks = \"trim\"\n\"trim.type\" = \"exec\"\n\"trim.executable\" = \"true\"\n")),
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
            project(&format!("{ARRAY}name = \"trim\"\ntype = \"exec\"\nexecutable = \"true\"\noptions = [\"x\"]\n")),
        ),
        cured(
            "a bare percent sign",
            "unsupported format character",
            "alembic-post-write-hooks-nested pyproject.toml:5:14",
            MADE,
            project(&format!("{ARRAY}name = \"trim\"\ntype = \"exec\"\nexecutable = \"true\"\noptions = \"50%!\"\n")),
        ),
        fine("an array", MADE, project(&format!("{ARRAY}name = \"trim\"\ntype = \"exec\"\nexecutable = \"true\"\n"))),
        fine("an empty table", MADE, project(HOOKS)),
        fine("a percent sign in what nobody reads", MADE, project("[tool.alembic]\ndiscount = \"50%\"\n")),
        fine(
            "a percent sign in what the ini file says instead",
            MADE,
            project("[tool.alembic]\nscript_location = \"50%\"\npath_separator = \"5%\"\n"),
        ),
        cured(
            "a percent sign in what Alembic reads",
            "unsupported format character",
            "alembic-post-write-hooks-nested pyproject.toml:2:23",
            MADE,
            project("[tool.alembic]\nprepend_sys_path = [\"a%!\"]\n"),
        ),
        cured(
            "a percent sign in the name of the files",
            "unsupported format character",
            "alembic-post-write-hooks-nested pyproject.toml:2:20",
            MADE,
            project("[tool.alembic]\nfile_template = \"50%!%%(rev)s\"\n"),
        ),
        fine(
            "the ini file has a section",
            MADE,
            with_ini("[post_write_hooks]\nhooks = trim\ntrim.type = exec\ntrim.executable = true\n"),
        ),
        fine("the ini file has an empty section", MADE, with_ini("[post_write_hooks]\n")),
    ])
}

/// Hooks that end `alembic revision` when its file is written, in both files.
pub fn that_cannot_run() -> Table {
    let hook = |settings: &str| project(&format!("{ARRAY}name = \"tidy\"\n{settings}"));
    let ini = |section: &str| {
        let start =
            "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n\n[post_write_hooks]\n";
        files(&[("alembic.ini", &format!("{start}{section}"))])
    };
    let of_toml = |name, says, found, settings: &str| told(name, says, found, hook(settings));
    let of_ini = |name, says, found, section: &str| told(name, says, found, ini(section));
    let fixed = |name, says, found, files| cured(name, says, found, MADE, files);
    let with_lock = |mut files: Vec<(String, String)>, version: &str, formatter: &str| {
        let package =
            |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n");
        files.push(("uv.lock".into(), package("alembic", version) + &package(formatter, "1")));
        files
    };
    let module = hook("type = \"module\"\nmodule = \"ruff\"\noptions = \"format REVISION_SCRIPT_FILENAME\"\n");
    let no_type = "FAILED: Key 'tidy.type' (or 'type' in toml) is required for post write hook 'tidy'";
    around(vec![
        fixed(
            "no type",
            no_type,
            "alembic-post-write-hook-impossible pyproject.toml:1:1",
            hook("executable = \"true\"\n"),
        ),
        fixed(
            "no type in the ini file",
            no_type,
            "alembic-post-write-hook-impossible alembic.ini:6:9",
            ini("hooks = tidy\ntidy.executable = true\n"),
        ),
        of_ini(
            "a name that no setting has",
            "FAILED: Key 'tidi.type' (or 'type' in toml) is required for post write hook 'tidi'",
            "alembic-post-write-hook-impossible alembic.ini:6:9",
            "hooks = tidi\ntidy.type = exec\ntidy.executable = true\n",
        ),
        of_ini(
            "names in several lines",
            "(or 'type' in toml) is required for post write hook '\\nb\\ntidy'",
            "alembic-post-write-hook-impossible alembic.ini:7:3",
            "hooks =\n  b\n  tidy\ntidy.type = exec\ntidy.executable = true\nb.type = exec\nb.executable = true\n",
        ),
        fixed(
            "a name with a capital letter",
            "FAILED: Key 'Tidy.type' (or 'type' in toml) is required for post write hook 'Tidy'",
            "alembic-post-write-hook-impossible alembic.ini:6:9",
            ini("hooks = Tidy\nTidy.type = exec\nTidy.executable = true\n"),
        ),
        of_toml(
            "a type that there is not",
            "FAILED: No formatter with name 'shell' registered",
            "alembic-post-write-hook-impossible pyproject.toml:3:9",
            "type = \"shell\"\nexecutable = \"true\"\n",
        ),
        of_toml(
            "a program that is not named",
            "FAILED: Key tidy.executable is required for post write hook 'tidy'",
            "alembic-post-write-hook-impossible pyproject.toml:3:9",
            "type = \"exec\"\nmodule = \"true\"\n",
        ),
        of_ini(
            "an entry point that is not named",
            "FAILED: Key tidy.entrypoint is required for post write hook 'tidy'",
            "alembic-post-write-hook-impossible alembic.ini:7:13",
            "hooks = tidy\ntidy.type = console_scripts\n",
        ),
        fixed(
            "a bare percent sign in the ini file",
            "configparser.InterpolationSyntaxError: '%' must be followed by '%' or '(', found: '%'",
            "url-percent-in-alembic-ini alembic.ini:9:18",
            ini("hooks = tidy\ntidy.type = exec\ntidy.executable = true\ntidy.options = 50%\n"),
        ),
        fixed(
            "a program in quotes",
            "FileNotFoundError: [Errno 2] No such file or directory: '\"true\"'",
            "alembic-post-write-hook-impossible alembic.ini:8:19",
            ini("hooks = tidy\ntidy.type = exec\ntidy.executable = \"true\"\n"),
        ),
        of_toml(
            "words behind the program",
            "FileNotFoundError: [Errno 2] No such file or directory: 'ruff format'",
            "alembic-post-write-hook-impossible pyproject.toml:4:15",
            "type = \"exec\"\nexecutable = \"ruff format\"\n",
        ),
        // What is on somebody's PATH is in no file.
        fine(
            "a program that is not there",
            "FileNotFoundError: [Errno 2] No such file or directory: 'tidy-up'",
            hook("type = \"exec\"\nexecutable = \"tidy-up\"\n"),
        ),
        fixed(
            "the entry point that Ruff does not have",
            "FAILED: Could not find entrypoint console_scripts.ruff",
            "alembic-post-write-hook-impossible pyproject.toml:4:15",
            hook("type = \"console_scripts\"\nentrypoint = \"ruff\"\noptions = \"format REVISION_SCRIPT_FILENAME\"\n"),
        )
        .dared(),
        told(
            "an entry point of a package that is not there",
            "FAILED: Could not find entrypoint console_scripts.yapf",
            "alembic-post-write-hook-impossible alembic.ini:8:19",
            with_lock(ini("hooks = tidy\ntidy.type = console_scripts\ntidy.entrypoint = yapf\n"), "1.20.1", "ruff"),
        ),
        told(
            "a module of a package that is not there",
            "FAILED: Could not find module yapf",
            "alembic-post-write-hook-impossible pyproject.toml:4:11",
            with_lock(hook("type = \"module\"\nmodule = \"yapf\"\n"), "1.20.1", "ruff"),
        )
        .in_2025("FAILED: No formatter with name 'module' registered"),
        // Without a lock file nothing says what is installed.
        fine(
            "a module that may be there",
            "FAILED: Could not find module yapf",
            hook("type = \"module\"\nmodule = \"yapf\"\n"),
        )
        .in_2025("FAILED: No formatter with name 'module' registered"),
        // The newest Alembic does not run what the lock file says.
        fixed(
            "a module with an Alembic that knows none",
            MADE,
            "alembic-post-write-hook-impossible pyproject.toml:3:9",
            with_lock(module.clone(), "1.16.1", "ruff"),
        )
        .dared()
        .in_2025("FAILED: No formatter with name 'module' registered"),
        fine("a module", MADE, with_lock(module, "1.20.1", "ruff"))
            .in_2025("FAILED: No formatter with name 'module' registered"),
    ])
}
