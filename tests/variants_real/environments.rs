//! Environments that lack a part, and ways in which the command `alembic` finds the project's modules, or does not.

use super::{TEMPLATE, Table, Variant, cured, files, fine, told};

const INI: &str = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n";
const ENV: &str = "from alembic import context\nfrom sqlalchemy import create_engine\n\nimport app.models  # noqa: F401\n\nwith create_engine(\"sqlite:///app.db\").connect() as connection:\n    context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n";
const WELL: &str = "ENDS WELL";
const NO_KEY: &str = "FAILED: No 'script_location' key found in configuration.";
const NO_MODULE: &str = "ModuleNotFoundError: No module named 'app'";
const AT: &str = "alembic-project-not-importable migrations/env.py:4:8";

/// A project with these files in the place of its own, or, where the text is empty, without them.
fn project(others: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [
        ("alembic.ini", INI),
        ("migrations/env.py", ENV),
        ("migrations/script.py.mako", TEMPLATE),
        ("migrations/versions/.gitkeep", "#"),
        ("app/__init__.py", "#"),
        ("app/models.py", "x = 1\n"),
    ];
    let kept = own.iter().filter(|(path, _)| !others.iter().any(|(other, _)| other == path));
    files(&kept.chain(others).filter(|(_, text)| !text.is_empty()).copied().collect::<Vec<_>>())
}

fn table(variants: Vec<Variant>) -> Table {
    Table {
        files: vec![],
        environment: vec![],
        commands: vec![vec!["current"], vec!["revision", "-m", "made"]],
        variants,
    }
}

pub fn halves() -> Table {
    let of_ini = |text: &str| project(&[("alembic.ini", text)]);
    let two = |path: &str| {
        let mut files = of_ini("[alembic]\nscript_location = alembic\nprepend_sys_path = .\n");
        files.push((format!("{path}/env.py"), ENV.into()));
        files.push((format!("{path}/script.py.mako"), TEMPLATE.into()));
        files
    };
    let mut variants = vec![
        fine("whole", WELL, project(&[])),
        cured(
            "a folder that is not there",
            "FAILED: Path doesn't exist: alembic.  Please use the 'init' command to create a new scripts folder.",
            "alembic-environment-incomplete alembic.ini:2:19",
            WELL,
            of_ini("[alembic]\nscript_location = alembic\nprepend_sys_path = .\n"),
        ),
        cured(
            "a folder that is not there, from here",
            "/alembic.  Please use the 'init' command to create a new scripts folder.",
            "alembic-environment-incomplete alembic.ini:2:19",
            WELL,
            of_ini("[alembic]\r\nscript_location = %(here)s/alembic\r\nprepend_sys_path = .\r\n"),
        ),
        cured(
            "a folder that is not there, in pyproject.toml",
            "FAILED: Path doesn't exist: alembic.",
            "alembic-environment-incomplete pyproject.toml:2:20",
            WELL,
            project(&[
                ("alembic.ini", ""),
                ("pyproject.toml", "[tool.alembic]\nscript_location = \"alembic\"\nprepend_sys_path = [\".\"]\n"),
            ]),
        ),
        told(
            "a folder that is not there, and two that could be meant",
            "FAILED: Path doesn't exist: alembic.",
            "alembic-environment-incomplete alembic.ini:2:19",
            two("other"),
        ),
        cured(
            "no key",
            NO_KEY,
            "alembic-environment-incomplete alembic.ini:1:2",
            WELL,
            of_ini("[alembic]\n# where\nprepend_sys_path = .\n"),
        ),
        cured("no key, at the end of the file", NO_KEY, "alembic-environment-incomplete alembic.ini:3:2", WELL, {
            of_ini("[DEFAULT]\nprepend_sys_path = .\n[alembic]")
        }),
        cured(
            "the section in capital letters",
            NO_KEY,
            "alembic-environment-incomplete alembic.ini:1:2",
            WELL,
            of_ini(&INI.replace("[alembic]", "[Alembic]")),
        ),
        told(
            "no section",
            NO_KEY,
            "alembic-environment-incomplete alembic.ini:1:2",
            of_ini("[loggers]\nkeys = root\n"),
        ),
        told(
            "no file",
            NO_KEY,
            "alembic-environment-incomplete migrations/env.py:1:1",
            [
                of_ini(""),
                vec![("pyproject.toml".to_owned(), "[project]\nname = \"shop\"\nversion = \"0\"\n".to_owned())],
            ]
            .concat(),
        ),
        told(
            "no env.py",
            "ImportError: Can't find Python file migrations/env.py",
            "alembic-environment-incomplete alembic.ini:2:19",
            project(&[("migrations/env.py", "")]),
        ),
        told(
            "no template",
            "FileNotFoundError: [Errno 2] No such file or directory: 'migrations/script.py.mako'",
            "alembic-environment-incomplete alembic.ini:2:19",
            project(&[("migrations/script.py.mako", "")]),
        ),
        fine("the key among the defaults", WELL, {
            of_ini("[DEFAULT]\nscript_location = migrations\n[alembic]\nprepend_sys_path = .\n")
        }),
        fine(
            "folders of revisions that Alembic makes",
            WELL,
            project(&[
                ("migrations/versions/.gitkeep", ""),
                ("alembic.ini", &format!("{INI}version_locations = migrations/steps\n")),
            ]),
        ),
        fine(
            "a package of somebody else",
            "ModuleNotFoundError: No module named 'shop_migrations'",
            of_ini("[alembic]\nscript_location = shop_migrations:alembic\n"),
        ),
        fine(
            "a package of the project",
            WELL,
            project(&[
                ("alembic.ini", &INI.replace("migrations", "app:steps")),
                ("app/steps/env.py", ENV),
                ("app/steps/script.py.mako", TEMPLATE),
                ("app/steps/versions/.gitkeep", "#"),
            ]),
        ),
    ];
    variants.push(
        told(
            "no folder of revisions, which only newer ones make",
            WELL,
            "alembic-environment-incomplete alembic.ini:2:19 info",
            project(&[("migrations/versions/.gitkeep", "")]),
        )
        .in_2025("FileNotFoundError: [Errno 2] No such file or directory: '"),
    );
    table(variants)
}

pub fn paths() -> Table {
    let ini = |line: &str| INI.replace("prepend_sys_path = .\n", line);
    let with = |line: &str| project(&[("alembic.ini", &ini(line))]);
    let in_src = |line: &str| {
        project(&[
            ("alembic.ini", &ini(line)),
            ("app/__init__.py", ""),
            ("app/models.py", ""),
            ("src/app/__init__.py", "#"),
            ("src/app/models.py", "x = 1\n"),
        ])
    };
    let lost = |name, files| cured(name, NO_MODULE, AT, WELL, files);
    let toml = "[project]\nname = \"shop\"\nversion = \"0\"\n\n[tool.alembic]\nscript_location = \"migrations\"\n";
    table(vec![
        lost("no line", with("")),
        lost("a line that says nothing", with("# prepend_sys_path = .\r\nprepend_sys_path =\r\n")),
        lost("no line in pyproject.toml", project(&[("alembic.ini", ""), ("pyproject.toml", toml)])),
        lost(
            "a line in another section",
            project(&[("alembic.ini", &format!("{}[other]\nprepend_sys_path = .\n", ini("")))]),
        ),
        lost("src", in_src("prepend_sys_path = .\n")),
        lost("src, without a line", in_src("")),
        lost("src, and colons", in_src("prepend_sys_path = .\npath_separator = os\nversion_path_separator = os\n")),
        cured(
            "a module beside env.py",
            "ModuleNotFoundError: No module named 'migrations'",
            "alembic-project-not-importable migrations/env.py:4:8",
            WELL,
            project(&[
                ("alembic.ini", &ini("")),
                ("migrations/env.py", &ENV.replace("app.models", "migrations.names")),
                ("migrations/names.py", "x = 1\n"),
            ]),
        ),
        fine("the line", WELL, with("prepend_sys_path = .\n")),
        fine("the line, from here", WELL, with("prepend_sys_path = %(here)s\n")),
        fine("src, and the line", WELL, in_src("prepend_sys_path = src\n")),
        fine("src, and the line with several", WELL, in_src("prepend_sys_path = .,src\n")),
        fine("the line among the defaults", WELL, {
            project(&[("alembic.ini", &format!("[DEFAULT]\nprepend_sys_path = .\n{}", ini("")))])
        }),
        fine("the line in pyproject.toml", WELL, {
            project(&[("alembic.ini", &ini("")), ("pyproject.toml", "[tool.alembic]\nprepend_sys_path = [\".\"]\n")])
        }),
        fine("the line as a string in pyproject.toml", WELL, {
            project(&[("alembic.ini", &ini("")), ("pyproject.toml", "[tool.alembic]\nprepend_sys_path = \".\"\n")])
        }),
        fine("env.py does it itself", WELL, {
            let env = format!("import os\nimport sys\n\nsys.path.insert(0, os.getcwd())\n{ENV}");
            project(&[("alembic.ini", &ini("")), ("migrations/env.py", &env)])
        }),
        fine("an import that may fail", WELL, {
            let guarded = "try:\n    import app.models  # noqa: F401\nexcept ImportError:\n    pass\n";
            let env = ENV.replace("import app.models  # noqa: F401\n", guarded);
            project(&[("alembic.ini", &ini("")), ("migrations/env.py", &env)])
        }),
    ])
}
