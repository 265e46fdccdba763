//! Command lines before and after their repair, run by the real make, npm, shell and pre-commit against the real engine.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

#[path = "exec_real/editors.rs"]
mod editors;

#[path = "exec_real/runners.rs"]
mod runners;

#[path = "exec_real/repairs.rs"]
mod repairs;

use devdoctor::project::commands::DockerVerb;
use devdoctor::project::commands::options::{self, Table};
use support::person::Person;
use support::project::Project;
use support::variable;

const COMPOSE: &str = "services:
  api:
    image: ${API_IMAGE}
    command: sleep infinity
    working_dir: /app
    stop_grace_period: 0s
    volumes: [\".:/app\"]
  me:
    image: ${API_IMAGE}
    command: sleep infinity
    user: \"1000:1000\"
    stop_grace_period: 0s
";

fn project() -> Project {
    let project = Project::empty(Person::User).with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES");
    project.write("compose.yaml", COMPOSE);
    project
}

/// A line of each language makes a file of root before the repair, and a file of the caller after it.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn repaired_lines_make_files_of_the_caller() {
    let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", variable("DEVDOCTOR_TEST_VENV"));
    let mine = Person::User.owner().unwrap();
    let project = project().with("PATH", &path);
    let hook = "repos:\n- repo: local\n  hooks:\n  - id: made\n    name: made\n    language: system\n    entry: docker compose exec -T api touch made-hook\n    always_run: true\n    pass_filenames: false\n  - id: named\n    name: named\n    language: system\n    entry: docker compose exec -T api\n    args: [cp, --target-directory=copied]\n    files: ^a b\\.txt$\n";
    for (path, text) in [
        (
            "Makefile",
            "# Of the test.\n\nDC := docker compose\nEXEC := $(DC) exec\n\nplain:\n\t@docker compose exec -T api touch made-plain\nnested:\n\t@sh -c 'docker compose exec -T api touch made-nested'\nvariable:\n\t@$(EXEC) -T api touch made-variable\nblank:\n\t@docker compose exec -T -u $(UID):$(GID) api touch made-blank\nonce:\n\t@$(DC) run --rm -T api touch made-once\n",
        ),
        (
            "script.sh",
            "#!/bin/sh\nset -eu\nDC=\"docker compose\"\n$DC exec -T api touch made-script\nx=`docker compose exec -T api touch made-backticks`\n",
        ),
        (
            "package.json",
            "{\n  \"scripts\": {\n    \"made\": \"docker compose exec -T api sh -c \\\"touch made-package\\\"\"\n  }\n}\n",
        ),
        (".pre-commit-config.yaml", hook),
        ("a b.txt", "x"),
        ("copied/x", ""),
    ] {
        project.write(path, text);
    }
    project.stage_everything();
    project.up();
    let lines = [
        ("make plain", "made-plain"),
        ("make nested", "made-nested"),
        ("make variable", "made-variable"),
        ("make blank", "made-blank"),
        ("make once", "made-once"),
        ("sh script.sh", "made-script"),
        ("sh script.sh", "made-backticks"),
        ("npm run --silent made", "made-package"),
        ("git add --update && pre-commit run made", "made-hook"),
        ("git add --update && pre-commit run --all-files named", "copied/a b.txt"),
    ];
    let run = |expected: (u32, u32)| {
        for (line, file) in lines {
            project.shell(&format!("rm -f '{file}'")).ends_with(0);
            project.shell(line).ends_with(0);
            assert_eq!(
                project.tree().owner(file),
                expected,
                "{line}: {}",
                project.shell("cat Makefile .pre-commit-config.yaml")
            );
        }
    };
    run((0, 0));
    lines.iter().for_each(|(_, file)| drop(project.shell(&format!("rm -f '{file}'")).ends_with(0)));
    let report = project.devdoctor(&["check", "--only", "exec", "--format", "json"]).ends_with(1).report();
    assert_eq!(report.of("exec-as-root").len(), 10, "{:#}", report.0);
    project.devdoctor(&["fix", "--yes", "--only", "exec"]).ends_with(0);
    run(mine);
    project.devdoctor(&["check", "--only", "exec"]).ends_with(0);
}

/// A number without login has no home: uv and pip work all the same after the repair, and would not without the variable.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn repaired_lines_have_a_cache_that_works() {
    let project = project();
    project.write("Makefile", "lock:\n\t@docker compose exec -T api uv lock --offline\nlist:\n\t@docker compose exec -T api sh -c \"uv pip list && echo done > listed\"\n");
    project.write(
        "pyproject.toml",
        "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.9\"\ndependencies = []\n",
    );
    project.up();
    let naive = project.shell("docker compose exec -T -u $(id -u):$(id -g) api uv lock --offline");
    assert!(naive.status != 0 && naive.err.contains("ermission denied"), "{naive}");
    project.devdoctor(&["fix", "--yes", "--only", "exec"]).ends_with(0);
    let makefile = project.read("Makefile");
    assert!(makefile.contains("-u $(UID):$(GID) -e UV_CACHE_DIR=/tmp/uv-cache-$(UID) -T api"), "{makefile}");
    project.shell("make lock list").ends_with(0);
    let mine = Person::User.owner().unwrap();
    assert_eq!(["uv.lock", "listed"].map(|file| project.tree().owner(file)), [mine, mine]);
}

/// What a command leaves as root in the project: nothing where the mount is hidden or another directory is named, and compiled
/// files even where it only asks, unless a variable forbids them. The check says the same.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_is_left_behind_is_what_the_check_says() {
    let project = project();
    project.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite://\n");
    project.write(
        "migrations/env.py",
        "from alembic import context\nfrom sqlalchemy import create_engine\nwith create_engine('sqlite://').connect() as connection:\n    context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n",
    );
    project.write("migrations/versions/a.py", "revision = 'a'\ndown_revision = None\n");
    project.up();
    let quiet = "-e PYTHONDONTWRITEBYTECODE=1";
    for (line, leaves) in [
        ("exec -T api touch made".to_owned(), true),
        ("exec -T -w /tmp api touch made".to_owned(), false),
        ("exec -T -w /tmp api touch /app/made".to_owned(), true),
        ("run --rm -T -v /app api touch made".to_owned(), false),
        ("run --rm -T -v $PWD:/app api touch made".to_owned(), true),
        ("run --rm -T -v $PWD:/app:ro api true".to_owned(), false),
        ("exec -T api alembic history".to_owned(), true),
        ("exec -T api alembic heads".to_owned(), true),
        ("exec -T api alembic show head".to_owned(), true),
        ("exec -T api alembic current".to_owned(), true),
        (format!("exec -T {quiet} api alembic history"), false),
        (format!("exec -T {quiet} api alembic current"), false),
        (format!("exec -T {quiet} api python3 -m alembic show head"), false),
    ] {
        let line = format!("docker compose {line}");
        let before = project.shell("find . -user 0").ends_with(0).out;
        assert_eq!(before, "");
        project.shell(&line).ends_with(0);
        let left = project.shell("find . -user 0").ends_with(0).out;
        assert_eq!(!left.is_empty(), leaves, "{line}: {left}");
        project.write("line.sh", format!("{line}\n"));
        let report = project.devdoctor(&["check", "--only", "exec", "--format", "json"]).report();
        assert_eq!(!report.of("exec-as-root").is_empty(), leaves, "{line}: {:#}", report.0);
        let remove = "find /app -depth -user 0 ! -path /app -exec rm -r {} +";
        project.shell(&format!("docker compose exec -T api {remove}")).ends_with(0);
    }
}

/// `docker run` that mounts the project itself: the check says what the engine leaves behind, and its fix ends it.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn containers_without_a_service_leave_files_of_the_caller_after_the_repair() {
    let project = project();
    project.up();
    let mine = Person::User.owner().unwrap();
    for (options, command, leaves) in [
        ("-v \"$PWD\":/app -w /app", "touch made", true),
        ("-v \"$(pwd)\":/app", "touch /app/made", true),
        ("-v \"$PWD\":/app -w /tmp", "touch made", false),
        ("-v \"$PWD\":/app:ro -w /app", "true", false),
    ] {
        let image = project.shell("echo \"$API_IMAGE\"").ends_with(0).out.trim().to_owned();
        project.write("line.sh", format!("docker run --rm {options} {image} {command}\n"));
        project.shell("sh line.sh").ends_with(0);
        assert_eq!(project.shell("find . -user 0").ends_with(0).out.contains("made"), leaves, "{options}");
        project.shell("rm -f made").ends_with(0);
        let report = project.devdoctor(&["check", "--only", "exec", "--format", "json"]).report();
        assert_eq!(report.of("exec-as-root").len(), usize::from(leaves), "{options}: {:#}", report.0);
        if leaves {
            project.devdoctor(&["fix", "--yes", "--only", "exec"]).ends_with(0);
            project.shell("sh line.sh").ends_with(0);
            assert_eq!(project.tree().owner("made"), mine, "{}", project.read("line.sh"));
            project.shell("rm made").ends_with(0);
        }
    }
}

/// What the engine makes of every form of `-u`, in a service without a user and in one with: the table that the check goes by.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn blank_numbers_are_root_without_a_word() {
    let project = project();
    project.up();
    for (user, without, with) in [
        ("", "0:0", "1000:1000"),
        (":", "0:0", "0:0"),
        (":1000", "0:1000", "0:1000"),
        ("1000:", "1000:0", "1000:0"),
        ("1001", "1001:0", "1001:0"),
        ("1001:1001", "1001:1001", "1001:1001"),
        ("root", "0:0", "0:0"),
    ] {
        for (service, expected) in [("api", without), ("me", with)] {
            for verb in ["exec", "run --rm"] {
                let line = format!("docker compose {verb} -T -u '{user}' {service} sh -c 'echo $(id -u):$(id -g)'");
                assert_eq!(project.shell(&line).ends_with(0).out.trim(), expected, "{line}");
            }
        }
    }
    // Make does not see a shell's UID, which no shell exports.
    project.write("Makefile", "numbers:\n\t@echo '$(UID):$(GID)'\n");
    assert_eq!(project.shell("bash -c 'test -n \"$UID\" && make numbers'").ends_with(0).out.trim(), ":");
}

/// The options with a value, as the programs' own help lists them: `-e, --env stringArray   Set …`.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn tables_of_options_are_those_of_the_programs() {
    let project = project();
    let of = options::of;
    for (command, table) in [
        ("docker compose exec", of(DockerVerb::ComposeExec)),
        ("docker compose run", of(DockerVerb::ComposeRun)),
        ("docker exec", of(DockerVerb::Exec)),
        ("docker run", of(DockerVerb::Run)),
        ("docker compose", &options::COMPOSE),
        ("docker", &options::DOCKER),
    ] {
        let help = project.shell(&format!("{command} --help")).ends_with(0);
        let listed: Vec<&str> = help.out.lines().filter(|line| line.trim_start().starts_with('-')).collect();
        assert!(listed.len() > 5, "{command}: {help}");
        listed.into_iter().for_each(|line| assert_option(command, table, line));
    }
}

fn assert_option(command: &str, table: &Table, line: &str) {
    let (names, _) = line.trim().split_once("  ").unwrap_or((line.trim(), ""));
    let (short, long) = match names.split_once(", --") {
        Some((short, long)) => (short.strip_prefix('-').and_then(|short| short.chars().next()), long),
        None => (None, names.trim_start_matches("--")),
    };
    let (long, takes) = match long.split_once(' ') {
        Some((long, _)) => (long, true),
        None => (long, false),
    };
    assert_eq!(table.long_takes_value(long), takes, "{command}: {line}");
    if let Some(short) = short {
        assert_eq!(table.short_takes_value(short), takes, "{command}: {line}");
    }
}
