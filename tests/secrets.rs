//! No secret leaves: passwords stand in every file and variable that devdoctor reads, and in none of what it writes.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "secrets/nasty.rs"]
mod nasty;
mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use support::answer::Answer;
use support::person::Person;
use support::project::Project;

/// The passwords that were planted, each with the place where it stands.
#[derive(Default)]
struct Planted(BTreeMap<String, String>);

impl Planted {
    /// A password with this between its halves. Each half is one word, the same however the rest is quoted, escaped or
    /// percent-encoded; half a password that is taken for a host is half a password lost.
    fn with(&mut self, place: &str, between: &str) -> String {
        let number = self.0.len();
        let (left, right) = (format!("Left{number:03}orchid"), format!("Right{number:03}orchid"));
        let password = format!("{left}{between}{right}");
        for half in [left, right] {
            self.0.insert(half, place.to_owned());
        }
        password
    }

    fn leaked<'planted>(&'planted self, text: &'planted str) -> impl Iterator<Item = String> + 'planted {
        self.0.iter().filter(|(half, _)| text.contains(half.as_str())).map(move |(half, place)| {
            let line = text.lines().find(|line| line.contains(half.as_str())).unwrap_or_default();
            format!("the password in {place}: {line}")
        })
    }
}

/// A project with a password wherever one can be, most of them in a place that a finding points at.
fn plant(project: &Project, port: u16) -> Planted {
    let mut planted = Planted::default();
    let mut new = |place: &str, between: &str| planted.with(place, between);
    let compose = format!(
        r#"services:
  api:
    image: ${{API_IMAGE:-shop}}
    command: ["sh", "-c", "export TOKEN={command}; sleep infinity"]
    working_dir: /app
    env_file: [app.env]
    environment:
      DATABASE_URL: "postgresql+psycopg://shop:{url}@localhost:5432/shop"
      SMTP_PASSWORD: '{setting}'
      LEGACY_PWD: {legacy}
      CACHE_URL: redis://:{redis}@localhost:6379/0
    labels:
      shop.basic-auth: "admin:{label}"
    volumes:
      - .:/app
  db:
    image: ${{DB_IMAGE:-postgres}}
    environment:
      - POSTGRES_USER=shop
      - POSTGRES_PASSWORD={list}
    ports:
      - "127.0.0.1:{port}:5432"
    healthcheck:
      test: "pg_isready -h 127.0.0.1 -d postgresql://shop:{health}@127.0.0.1/shop"
      interval: 1s
      # curl -u shop:{curl}
      retries: 30
"#,
        command = new("command: in compose.yaml", "-"),
        url = new("DATABASE_URL: in compose.yaml", "@"),
        legacy = new("LEGACY_PWD: in compose.yaml", "-"),
        curl = new("curl -u in compose.yaml", "-"),
        setting = new("SMTP_PASSWORD: in compose.yaml", "\\\""),
        redis = new("CACHE_URL: in compose.yaml", "@"),
        label = new("labels: in compose.yaml", "$$"),
        list = new("POSTGRES_PASSWORD= in compose.yaml", "%"),
        health = new("healthcheck: in compose.yaml", "-"),
    );
    project.write("compose.yaml", compose);
    let key = new("app.env", "=");
    project.write("app.env", format!("API_KEY={key}\nexport OTHER_SECRET='{}'\n", new("app.env, quoted", " # ")));
    let dotenv = [
        format!("DATABASE_URL=postgresql+psycopg://shop:{}@127.0.0.1:{port}/shop", new(".env, a raw @", "@")),
        format!("ADMIN_DATABASE_URL=postgres://shop:{}@127.0.0.1:{port}/shop", new(".env, an unknown scheme", "#")),
        format!("LIBPQ_URL=\"postgresql://shop:{}@127.0.0.1:{port}/shop\"", new(".env, a raw % and /", "%/")),
        format!("SECRET_KEY=\"{}\"", new(".env, quoted", "é\\n")),
        format!("PASSWORD '{}", new(".env, a line that is no assignment", "@")),
        format!("TOKEN={}", new(".env, an ordinary value", ":")),
        format!("UNCLOSED=\"{}", new(".env, a quote that never ends", "@")),
    ];
    project.write(".env", dotenv.join("\n") + "\n");
    let ini = format!(
        "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://shop:{}@127.0.0.1:{port}/shop\nfile_template = %(x)s {}\n",
        new("alembic.ini", "@"),
        new("alembic.ini, another key", "%"),
    );
    project.write("alembic.ini", ini);
    let broken = format!(
        "[alembic]\nscript_location = m\n  = x\nsqlalchemy.url postgres://a:{}@b/c\n[alembic\n",
        new("backend/alembic.ini, a broken line", "@")
    );
    project.write("backend/alembic.ini", broken);
    let env = format!(
        "from alembic import context\nconfig = context.config\nURL = \"postgres://shop:{}@127.0.0.1:{port}/shop\"\nconfig.set_main_option(\"sqlalchemy.url\", \"postgresql://shop:{}@127.0.0.1:{port}/shop\")\n",
        new("migrations/env.py", "@"),
        new("migrations/env.py, set_main_option", "%"),
    );
    project.write("migrations/env.py", env);
    let settings = format!(
        "from pgvector.sqlalchemy import Vector\nDATABASE_URL = \"postgres://shop:{}@localhost/shop\"\npassword = \"{}\"\nengine = create_engine(f\"postgresql://shop:{}@localhost/shop\")\n",
        new("app/settings.py", "@"),
        new("app/settings.py, a plain value", "'"),
        new("app/settings.py, create_engine", "@"),
    );
    project.write("app/settings.py", settings);
    project.write(
        "app/broken.py",
        format!("DATABASE_URL = (\"postgres://shop:{}@localhost/shop\"\ndef\n", new("app/broken.py", "@")),
    );
    project.write("backend/env.py", format!("def f(:\n    url = \"postgres://a:{}@b/c\n", new("backend/env.py", "@")));
    let makefile = format!(
        "migrate:\n\tPGPASSWORD={} docker compose exec -e TOKEN={} api psql postgres://shop:{}@localhost/shop\n\tdocker compose exec -u $(UID):$(GID) -e PASSWORD='{}' api uv run alembic upgrade head\n",
        new("Makefile, in front of a command", "@"),
        new("Makefile, -e", "-"),
        new("Makefile, a URL", "@"),
        new("Makefile, -e quoted", "@"),
    );
    project.write("Makefile", makefile);
    project.write(
        "justfile",
        format!("migrate:\n    docker compose exec -e TOKEN={} api alembic upgrade head\n", new("justfile", "@")),
    );
    let package = format!(
        "{{\"scripts\": {{\"db\": \"docker compose exec -e SECRET={} api psql postgres://a:{}@localhost/b\"}}}}\n",
        new("package.json, -e", "-"),
        new("package.json, a URL", "@"),
    );
    project.write("package.json", package);
    let script = format!(
        "#!/bin/sh\nMYSQL_PWD={} docker compose exec api app --token {} --password={}\nexport PGPASSWORD='{}'\ndocker compose exec -e PGPASSWORD={} api psql 'postgres://a:{}@localhost/b'\ndocker login -p {} registry\n",
        new("scripts/db.sh, MYSQL_PWD", "-"),
        new("scripts/db.sh, --token", "-"),
        new("scripts/db.sh, --password=", ","),
        new("scripts/db.sh, export", "@"),
        new("scripts/db.sh, -e", "@"),
        new("scripts/db.sh, a URL", "@"),
        new("scripts/db.sh, -p", "@"),
    );
    project.write("scripts/db.sh", script);
    let hooks = format!(
        "repos:\n  - repo: local\n    hooks:\n      - id: db\n        name: db\n        language: system\n        entry: docker compose exec -T -e TOKEN={} api alembic check\n",
        new(".pre-commit-config.yaml", "@"),
    );
    project.write(".pre-commit-config.yaml", hooks);
    project.write(
        "web/package.json",
        format!(
            "{{\"scripts\": {{\"db\": \"docker compose exec api x --password {}\" \"b\"}}\n",
            new("web/package.json", "-")
        ),
    );
    for (folder, line, between) in
        [("one", "      POSTGRES_PASSWORD: \"a\"{}", "-"), ("two", "      - POSTGRES_PASSWORD {}\n   x: [", "-")]
    {
        let line = line.replace("{}", &new(&format!("{folder}/compose.yaml"), between));
        project.write(
            format!("{folder}/compose.yaml"),
            format!("services:\n  db:\n    image: x\n    environment:\n{line}\n"),
        );
    }
    let toml = format!(
        "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"pgvector\"]\n[tool.alembic]\nscript_location = \"migrations\"\nsqlalchemy.url = \"postgres://a:{}@localhost/b\"\n[[tool.uv.index]]\nurl = \"https://me:{}@packages.invalid/simple\"\n",
        new("pyproject.toml", "@"),
        new("pyproject.toml, an index", "-"),
    );
    project.write("pyproject.toml", toml);
    project.write(
        "backend/pyproject.toml",
        format!(
            "[project]\nname = \"b\"\ntoken = \"{}\nversion = 1\n",
            new("backend/pyproject.toml, a broken line", "@")
        ),
    );
    let broken = format!(
        "services:\n  worker:\n    environment:\n      DATABASE_URL: \"postgres://a:{}@b/c\n   image: x\n  - y\n",
        new("backend/compose.yaml, a broken line", "@")
    );
    project.write("backend/compose.yaml", broken);
    project.write(
        "Dockerfile",
        format!(
            "FROM python:3.12\nARG TOKEN={}\nENV DATABASE_URL=postgres://a:{}@localhost/b\n",
            new("Dockerfile, ARG", "-"),
            new("Dockerfile, ENV", "@")
        ),
    );
    let sql =
        format!("CREATE EXTENSION vector;\nCREATE ROLE reader LOGIN PASSWORD '{}';\n", new("initdb/roles.sql", "''"));
    project.write("initdb/roles.sql", sql);
    nasty::plant(project, &mut planted);
    planted
}

/// Runs every command in the project, and says which passwords they let out.
fn leaks(project: &mut Project, planted: &mut Planted, engine: &[&str], offline_too: bool) -> Vec<String> {
    for (name, between) in
        [("DATABASE_URL", "@"), ("PGPASSWORD", "@"), ("SMTP_PASSWORD", "%"), ("DOCKER_AUTH_CONFIG", "-")]
    {
        let password = planted.with(&format!("the variable {name}"), between);
        let value =
            if name == "DATABASE_URL" { format!("postgresql://shop:{password}@127.0.0.1:1/shop") } else { password };
        project.environment.push((name.into(), value));
    }
    std::fs::write(project.home.join(".pgpass"), format!("127.0.0.1:*:*:shop:{}\n", planted.with("~/.pgpass", "\\:")))
        .unwrap();
    let url = format!("postgres://shop:{}@127.0.0.1:1/shop", planted.with("--database-url", "@"));
    let nonsense = format!("postgres//shop:{}@127", planted.with("--database-url, no URL at all", "@"));
    let host = format!("tcp://me:{}@127.0.0.1:1", planted.with("--docker-host", "@"));
    let mut leaks = vec![];
    let mut run = |project: &Project, arguments: &[&str]| -> Answer {
        let answer = project.devdoctor(arguments);
        assert!(answer.status <= 2, "{answer}");
        leaks.extend(planted.leaked(&answer.all()).map(|leak| format!("devdoctor {arguments:?} prints {leak}")));
        answer
    };
    let with_engine =
        |arguments: &[&str]| -> Vec<String> { arguments.iter().chain(engine).map(|word| (*word).to_owned()).collect() };
    let mut seen = String::new();
    for arguments in [
        &["check"][..],
        &["check", "-v"],
        &["check", "--timings", "--color", "always"],
        &["check", "--format", "json"],
        &["check", "--format", "json", "--database-url", &url],
        &["check", "--database-url", &url, "--allow-remote"],
        &["check", "--database-url", &nonsense],
        &["fix", "--dry-run"],
        &["fix", "--dry-run", "--unsafe"],
        &["fix"],
        &["facts"],
    ] {
        let arguments = with_engine(arguments);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let answer = run(project, &arguments);
        if arguments[0] == "check" {
            seen.push_str(&answer.out);
        }
        if offline_too && arguments[0] != "facts" {
            let arguments: Vec<&str> = arguments.into_iter().chain(["--offline"]).collect();
            run(project, &arguments);
        }
    }
    run(project, &["check", "--docker-host", &host, "--timeout", "2"]);
    let facts = with_engine(&["facts"]);
    let facts = project.devdoctor(&facts.iter().map(String::as_str).collect::<Vec<_>>());
    std::fs::write(project.home.join("facts.json"), &facts.out).unwrap();
    let facts = project.home.join("facts.json").display().to_string();
    for arguments in [&["check", "--facts", &facts][..], &["check", "--facts", &facts, "--format", "json"]] {
        run(project, arguments);
    }
    let list = run(project, &["list"]);
    for id in list.out.split_whitespace().filter(|word| word.contains('-')) {
        if project.devdoctor(&["explain", id, "--offline"]).status != 2 {
            let arguments = with_engine(&["explain", id]);
            run(project, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
    project.stage_everything();
    run(project, &["hook"]);
    for arguments in
        [&["fix", "--yes"][..], &["fix", "--yes", "--unsafe"], &["undo", "--list"], &["undo"], &["undo", "--list"]]
    {
        let undo = arguments[0] == "undo";
        let arguments =
            if undo { arguments.iter().map(|word| (*word).to_owned()).collect() } else { with_engine(arguments) };
        run(project, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }
    // A test of silence proves nothing about a doctor who says nothing.
    for words in ["url-password-not-encoded", "url-scheme-unknown", ".env:1:", "backend/", "nasty/"] {
        if !seen.contains(words) {
            leaks.push(format!("nothing: there is no {words:?} in what check says, so this proves nothing"));
        }
    }
    leaks.extend(leaks_of_the_journal(&project.home.join(".local/state/devdoctor"), planted));
    leaks
}

/// Journals hold no secret; the former bytes of edited files, which do, lie beside them for their owner alone.
fn leaks_of_the_journal(folder: &Path, planted: &Planted) -> Vec<String> {
    let mut leaks = vec![];
    let (mut journals, mut kept) = (0, 0);
    let mut waiting: Vec<_> = folder.exists().then(|| folder.to_owned()).into_iter().collect();
    while let Some(path) = waiting.pop() {
        let metadata = std::fs::symlink_metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mode = metadata.mode() & 0o7777;
        if metadata.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            assert_eq!(mode, 0o600, "{}", path.display());
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            if name.starts_with("before-") {
                kept += 1;
            } else {
                journals += usize::from(name == "journal.jsonl");
                leaks.extend(planted.leaked(&text).map(|leak| format!("the journal {name} holds {leak}")));
            }
        }
    }
    if journals == 0 || kept == 0 {
        leaks.push(format!("nothing: {journals} journals and {kept} files kept, so this proves nothing"));
    }
    leaks
}

#[test]
fn passwords_in_files_and_variables_stay_there() {
    let mut project = Project::empty(Person::Tester);
    let mut planted = plant(&project, 1);
    let nobody = format!("unix://{}", project.home.join("nobody.sock").display());
    let leaks = leaks(&mut project, &mut planted, &["--docker-host", &nobody, "--timeout", "3"], true);
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn passwords_in_containers_and_databases_stay_there_too() {
    let mut project = Project::empty(Person::User).with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES");
    let mut planted = plant(&project, support::free_port());
    // Compose reads no `.env` with such lines; the person has them in another file.
    let dotenv = project.read(".env");
    project.write(
        ".env",
        dotenv
            .lines()
            .filter(|line| !line.starts_with("PASSWORD") && !line.starts_with("UNCLOSED"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    project.write("backend/.env", dotenv);
    project.up();
    let leaks = leaks(&mut project, &mut planted, &[], false);
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
