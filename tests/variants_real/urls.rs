//! Values of `sqlalchemy.url`, and the ways in which `env.py` puts another in its place.

use super::{Table, Variant, cured, files, fine, told};

const HEAD: &str = "import os\n\nfrom alembic import context\nfrom sqlalchemy import create_engine, engine_from_config, pool\n\nconfig = context.config\n";
const CONNECTABLE: &str = "connectable = engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)\n";
const TAIL: &str = "with connectable.connect() as connection:\n    context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n";

const UNREADABLE: &str = "sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from";
const WELL: &str = "ENDS WELL";
const PLACEHOLDER: &str = "url-placeholder alembic.ini:3:18";

fn ini(value: &str) -> Vec<(String, String)> {
    let text = format!("[alembic]\nscript_location = migrations\nsqlalchemy.url = {value}\n");
    vec![("alembic.ini".into(), text)]
}

fn table(port: u16, env_py: &str, variants: Vec<Variant>) -> Table {
    let url = format!("postgresql+psycopg://app:secret%40word@127.0.0.1:{port}/app");
    Table {
        files: files(&[
            ("migrations/env.py", env_py),
            ("migrations/versions/.gitkeep", ""),
            ("migrations/script.py.mako", super::TEMPLATE),
            (
                "alembic.ini",
                "[alembic]\nscript_location = migrations\nsqlalchemy.url = driver://user:pass@localhost/dbname\n",
            ),
        ]),
        environment: vec![("DATABASE_URL".into(), url), ("EMPTY_URL".into(), String::new())],
        commands: vec![vec!["current"]],
        variants,
    }
}

/// `env.py` takes the value as it stands in the file.
pub fn in_the_ini_file(port: u16) -> Table {
    let at = format!("127.0.0.1:{port}");
    let url = |scheme: &str, rest: &str| format!("{scheme}://app:secret%%40word@{at}/app{rest}");
    let filled = |name, says, value: &str| cured(name, says, PLACEHOLDER, WELL, ini(value)).dared();
    let bad_port = |name, found, value: &str| {
        cured(name, "ValueError: invalid literal for int() with base 10", found, WELL, ini(value)).dared()
    };
    let scheme = |name, says, value: &str| {
        cured(name, says, "url-scheme-unknown alembic.ini:3:18", WELL, ini(&url(value, ""))).dared()
    };
    let variants = vec![
        fine("as it should be", WELL, ini(&url("postgresql+psycopg", ""))),
        fine("blanks behind it", WELL, ini(&format!("{}   ", url("postgresql+psycopg", "")))),
        filled(
            "the template",
            "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:driver",
            "driver://user:pass@localhost/dbname",
        ),
        scheme("postgres", "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres", "postgres"),
        scheme(
            "psycopg3",
            "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgresql.psycopg3",
            "postgresql+psycopg3",
        ),
        scheme(
            "capital letters",
            "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:POSTGRESQL.PSYCOPG",
            "POSTGRESQL+PSYCOPG",
        ),
        filled(
            "an option",
            "InterpolationMissingOptionError: Bad value substitution: option 'sqlalchemy.url' in section 'alembic' contains an interpolation key 'database_url'",
            "%(DATABASE_URL)s",
        ),
        filled("half an option", "InterpolationSyntaxError: bad interpolation variable reference", "%(DATABASE_URL)"),
        filled("a doubled option", UNREADABLE, "%%(DATABASE_URL)s"),
        filled("a variable in braces", UNREADABLE, "${DATABASE_URL}"),
        filled("a variable", UNREADABLE, "$DATABASE_URL"),
        cured("nothing", UNREADABLE, "url-placeholder alembic.ini:3:1", WELL, ini("")).dared(),
        bad_port(
            "a port in words",
            "url-placeholder alembic.ini:3:60",
            "postgresql+psycopg://app:secret@127.0.0.1:port/app",
        ),
        bad_port(
            "no port behind the colon",
            "url-placeholder alembic.ini:3:59",
            "postgresql+psycopg://app:secret@127.0.0.1:/app",
        ),
        filled("one slash", UNREADABLE, &url("postgresql+psycopg", "").replace("//", "/")),
        filled("no slashes", UNREADABLE, &url("postgresql+psycopg", "").replace("://", ":")),
        filled("no scheme", UNREADABLE, &url("", "").replace("://", "")),
        filled("in quotes", UNREADABLE, &format!("\"{}\"", url("postgresql+psycopg", ""))),
        cured(
            "one percent sign",
            "InterpolationSyntaxError: '%' must be followed by '%' or '(', found: '%40word@",
            "url-password-not-encoded alembic.ini:3:49",
            WELL,
            ini(&url("postgresql+psycopg", "").replace("%%", "%")),
        ),
        cured(
            "an at sign in the password",
            "failed to resolve host 'word@127.0.0.1'",
            "url-password-not-encoded alembic.ini:3:49",
            WELL,
            ini(&url("postgresql+psycopg", "").replace("%%40", "@")),
        )
        .in_2025("Name or service not known"),
        cured(
            "a comment behind it",
            "does not exist",
            "url-placeholder alembic.ini:3:78",
            WELL,
            ini(&url("postgresql+psycopg", " # local")),
        )
        .dared(),
        cured(
            "another comment behind it",
            "does not exist",
            "url-placeholder alembic.ini:3:80",
            WELL,
            ini(&url("postgresql+psycopg", "  \t; local")),
        )
        .dared(),
        cured(
            "an option of asyncpg",
            "invalid connection option \"ssl\"",
            "url-option-unknown alembic.ini:3:78",
            "server does not support SSL, but SSL was required",
            ini(&url("postgresql+psycopg", "?ssl=require")),
        )
        .dared(),
        told(
            "an option of Prisma",
            "invalid connection option \"schema\"",
            "url-option-unknown alembic.ini:3:78",
            ini(&url("postgresql+psycopg", "?schema=public")),
        ),
        cured(
            "no key",
            "KeyError: 'url'",
            "url-placeholder alembic.ini:1:2",
            WELL,
            files(&[("alembic.ini", "[alembic]\nscript_location = migrations\n")]),
        )
        .dared(),
    ];
    table(port, &format!("{HEAD}{CONNECTABLE}{TAIL}"), variants)
}

/// `pyproject.toml` alone says where the environment is.
pub fn without_an_ini_file(port: u16) -> Table {
    let toml = "[tool.alembic]\nscript_location = \"migrations\"\n";
    let url = "\"sqlalchemy.url\" = \"postgresql+psycopg://app@localhost/app\"\n";
    // As the template of Alembic writes it.
    let asks = CONNECTABLE.replace("_section)", "_section, {})");
    let says = "KeyError: 'url'";
    let found = "url-placeholder migrations/env.py:7:15";
    let variants = vec![
        cured("no URL", says, found, WELL, files(&[("pyproject.toml", toml)])).dared(),
        cured("a URL that nobody reads", says, found, WELL, files(&[("pyproject.toml", &format!("{toml}{url}"))]))
            .dared(),
        fine("env.py has its own", WELL, {
            let line =
                "config.set_main_option(\"sqlalchemy.url\", os.environ[\"DATABASE_URL\"].replace(\"%\", \"%%\"))\n";
            files(&[("pyproject.toml", toml), ("migrations/env.py", &format!("{HEAD}{line}{asks}{TAIL}"))])
        }),
    ];
    let mut table = table(port, &format!("{HEAD}{asks}{TAIL}"), variants);
    table.files.retain(|(path, _)| path != "alembic.ini");
    table
}

/// `env.py` puts the URL of the environment in force.
pub fn put_by_env_py(port: u16) -> Table {
    let env = |line: &str| files(&[("migrations/env.py", &format!("{HEAD}{line}{CONNECTABLE}{TAIL}"))]);
    let own = |line: &str| files(&[("migrations/env.py", &format!("{HEAD}{line}{TAIL}"))]);
    let whole = "config.set_main_option(\"sqlalchemy.url\", os.environ[\"DATABASE_URL\"]";
    let variants = vec![
        fine("an option with doubled signs", WELL, env(&format!("{whole}.replace(\"%\", \"%%\"))\n"))),
        cured(
            "an option as it is",
            "ValueError: invalid interpolation syntax in",
            "alembic-url-not-escaped migrations/env.py:7:42",
            WELL,
            env(&format!("{whole})\n")),
        ),
        fine(
            "an option of the section",
            WELL,
            env(
                "config.set_section_option(config.config_ini_section, \"sqlalchemy.url\", os.environ[\"DATABASE_URL\"].replace(\"%\", \"%%\"))\n",
            ),
        ),
        fine(
            "the section as a dictionary",
            WELL,
            own(
                "section = config.get_section(config.config_ini_section)\nsection[\"sqlalchemy.url\"] = os.environ[\"DATABASE_URL\"]\nconnectable = engine_from_config(section, prefix=\"sqlalchemy.\")\n",
            ),
        ),
        fine("an engine of its own", WELL, own("connectable = create_engine(os.environ[\"DATABASE_URL\"])\n")),
        fine(
            "an argument beside the section",
            WELL,
            own(
                "connectable = engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", url=os.environ[\"DATABASE_URL\"])\n",
            ),
        ),
        fine(
            "where it is set",
            WELL,
            env(
                "url = os.getenv(\"DATABASE_URL\")\nif url:\n    config.set_main_option(\"sqlalchemy.url\", url.replace(\"%\", \"%%\"))\n",
            ),
        ),
        // What a shell has not set, or has set to nothing, cannot be told from files.
        fine(
            "where it is not set",
            "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:driver",
            env(
                "url = os.getenv(\"OTHER_URL\")\nif url:\n    config.set_main_option(\"sqlalchemy.url\", url.replace(\"%\", \"%%\"))\n",
            ),
        ),
        fine(
            "an empty variable",
            UNREADABLE,
            env("config.set_main_option(\"sqlalchemy.url\", os.environ[\"EMPTY_URL\"].replace(\"%\", \"%%\"))\n"),
        ),
        // The fix says which variable it is.
        cured(
            "no text at all",
            "TypeError: option values must be strings",
            "alembic-url-not-escaped migrations/env.py:7:42",
            "KeyError: 'OTHER_URL'",
            env("config.set_main_option(\"sqlalchemy.url\", os.getenv(\"OTHER_URL\"))\n"),
        ),
        cured(
            "no text at all, by a name",
            "TypeError: option values must be strings",
            "alembic-url-not-escaped migrations/env.py:8:42",
            "KeyError: 'OTHER_URL'",
            env("url = os.environ.get(\"OTHER_URL\")\nconfig.set_main_option(\"sqlalchemy.url\", url)\n"),
        ),
        cured(
            "the second of two variables",
            "TypeError: option values must be strings",
            "alembic-url-not-escaped migrations/env.py:7:42",
            "KeyError: 'NONE_URL'",
            env("config.set_main_option(\"sqlalchemy.url\", os.getenv(\"OTHER_URL\") or os.getenv(\"NONE_URL\"))\n"),
        ),
        cured(
            "a variable that may be missing, and is not",
            "ValueError: invalid interpolation syntax in",
            "alembic-url-not-escaped migrations/env.py:7:42",
            WELL,
            env("config.set_main_option(\"sqlalchemy.url\", os.getenv(\"DATABASE_URL\"))\n"),
        ),
        cured(
            "the first of two variables",
            "ValueError: invalid interpolation syntax in",
            "alembic-url-not-escaped migrations/env.py:7:42",
            WELL,
            env(
                "config.set_main_option(\"sqlalchemy.url\", os.getenv(\"DATABASE_URL\") or os.getenv(\"OTHER_URL\"))\n",
            ),
        ),
        cured(
            "a variable that somebody asks for twice",
            "ValueError: invalid interpolation syntax in",
            "alembic-url-not-escaped migrations/env.py:9:46",
            WELL,
            env("url = os.getenv(\"DATABASE_URL\")\nif url:\n    config.set_main_option(\"sqlalchemy.url\", url)\n"),
        ),
        // Without `os` there is nothing that would say it better.
        told(
            "a variable by a function of its own",
            "TypeError: option values must be strings",
            "alembic-url-not-escaped migrations/env.py:8:42",
            files(&[(
                "migrations/env.py",
                &format!(
                    "{}from os import getenv\nconfig.set_main_option(\"sqlalchemy.url\", getenv(\"OTHER_URL\"))\n{CONNECTABLE}{TAIL}",
                    HEAD.replace("import os\n", "\n")
                ),
            )]),
        ),
        fine(
            "a variable that is not there",
            "KeyError: 'OTHER_URL'",
            env("config.set_main_option(\"sqlalchemy.url\", os.environ[\"OTHER_URL\"].replace(\"%\", \"%%\"))\n"),
        ),
        cured(
            "a URL object",
            "TypeError: option values must be strings",
            "alembic-url-not-escaped migrations/env.py:8:42",
            WELL,
            env(
                "from sqlalchemy import make_url\nconfig.set_main_option(\"sqlalchemy.url\", make_url(os.environ[\"DATABASE_URL\"]))\n",
            ),
        ),
        cured(
            "a URL object with a name",
            "TypeError: option values must be strings",
            "alembic-url-not-escaped migrations/env.py:9:42",
            WELL,
            env(
                "from sqlalchemy.engine import URL, make_url\nurl = make_url(os.environ[\"DATABASE_URL\"])\nconfig.set_main_option(\"sqlalchemy.url\", url)\n",
            ),
        ),
    ];
    table(port, "", variants)
}

const ASYNC: &str = "import asyncio\nimport os\n\nfrom alembic import context\nfrom sqlalchemy import pool\nfrom sqlalchemy.ext.asyncio import async_engine_from_config\n\nconfig = context.config\n\n\ndef run(connection):\n    context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n\n\nasync def main():\n    connectable = async_engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)\n    async with connectable.connect() as connection:\n        await connection.run_sync(run)\n    await connectable.dispose()\n\n\nasyncio.run(main())\n";

/// Drivers of both kinds in engines of both kinds.
pub fn drivers(port: u16) -> Table {
    let url = |scheme: &str| format!("{scheme}://app:secret%%40word@127.0.0.1:{port}/app");
    let ordinary = |scheme: &str| ini(&url(scheme));
    let asyncio = |scheme: &str| {
        let mut files = ini(&url(scheme));
        files.push(("migrations/env.py".into(), ASYNC.into()));
        files
    };
    let mismatch = "alembic-driver-mismatch alembic.ini:3:18";
    let await_2025 = "MissingGreenlet: greenlet_spawn has not been called; can't call await_only() here";
    let await_now = "MissingGreenlet: greenlet_spawn has not been called; can't call await_() here";
    let from_code = |line: &str| {
        let text = format!("{HEAD}{line}connectable = create_engine(url)\n{TAIL}");
        let dotenv = url("postgresql+asyncpg").replace("%%", "%");
        files(&[("migrations/env.py", &text), (".env", &format!("DATABASE_URL={dotenv}\n"))])
    };
    let by_env_py = |name, found, lines: &str| {
        let address = format!("postgresql+asyncpg://app@127.0.0.1:{port}/app");
        let text = format!("{HEAD}{lines}{TAIL}").replace("URL", &address);
        cured(name, await_now, found, "no password supplied", files(&[("migrations/env.py", &text)]))
            .dared()
            .in_2025(await_2025)
    };
    let set = |line: &str| {
        format!(
            "with open(\".env\") as lines:\n    os.environ.update(line.strip().split(\"=\", 1) for line in lines)\nurl = os.environ[\"DATABASE_URL\"]{line}\n"
        )
    };
    let variants = vec![
        cured("asyncpg", await_now, mismatch, WELL, ordinary("postgresql+asyncpg")).dared().in_2025(await_2025),
        cured("psycopg for asyncio", await_now, mismatch, WELL, ordinary("postgresql+psycopg_async"))
            .dared()
            .in_2025(await_2025),
        fine("psycopg", WELL, ordinary("postgresql+psycopg")),
        fine("asyncpg in asyncio", WELL, asyncio("postgresql+asyncpg")),
        fine("psycopg in asyncio", WELL, asyncio("postgresql+psycopg")),
        cured(
            "a short scheme in asyncio",
            "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres.asyncpg",
            "url-scheme-unknown alembic.ini:3:18",
            WELL,
            asyncio("postgres+asyncpg"),
        )
        .dared(),
        fine("psycopg for asyncio in asyncio", WELL, asyncio("postgresql+psycopg_async")),
        cured(
            "psycopg2 in asyncio",
            // Only the set of 2025 has it.
            "ModuleNotFoundError: No module named 'psycopg2'",
            mismatch,
            WELL,
            asyncio("postgresql+psycopg2"),
        )
        .dared()
        .in_2025(
            "InvalidRequestError: The asyncio extension requires an async driver to be used. The loaded 'psycopg2' is not async.",
        ),
        by_env_py("an async driver for create_engine", "alembic-driver-mismatch migrations/env.py:7:30", "connectable = create_engine(\"URL\")\n"),
        by_env_py(
            "an async driver by the option",
            "alembic-driver-mismatch migrations/env.py:7:43",
            &format!("config.set_main_option(\"sqlalchemy.url\", \"URL\")\n{CONNECTABLE}"),
        ),
        by_env_py(
            "an async driver in the section",
            "alembic-driver-mismatch migrations/env.py:8:30",
            "section = config.get_section(config.config_ini_section)\nsection[\"sqlalchemy.url\"] = \"URL\"\nconnectable = engine_from_config(section, prefix=\"sqlalchemy.\")\n",
        ),
        told("the application's URL", await_now, "alembic-driver-mismatch .env:1:14", from_code(&set("")))
            .in_2025(await_2025),
        fine(
            "the application's URL with another driver",
            WELL,
            from_code(&set(".replace(\"+asyncpg\", \"+psycopg\")")),
        ),
        // A service's name: right in a container, and unknown on the host.
        fine("a service, from the host", "failed to resolve host 'db'", {
            let mut files = ini("postgresql+psycopg://app:secret%%40word@db/app");
            files.push(("compose.yaml".into(), "services:\n  db:\n    image: postgres:16\n".into()));
            files
        })
        .in_2025("Name or service not known"),
    ];
    table(port, &format!("{HEAD}{CONNECTABLE}{TAIL}"), variants)
}
