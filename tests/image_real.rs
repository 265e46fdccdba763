//! Folders of an image that are root's, built for real by both builders: the tool's own error, what devdoctor says of it, its
//! repair, the same command at work in the image that is built again, and its undo.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use support::person::Person;
use support::project::Project;
use support::tree::Compared;

const CHECK: &str = "ownership-copy-as-root";

/// A name by which an image of the tests passes for an official one, of which more is known.
struct Official(String);

impl Official {
    fn new(name: &str, image: &str) -> Self {
        let name = format!("{name}-devdoctor-test-{}", std::process::id());
        docker(&["tag", &support::variable(image), &name]);
        Self(name)
    }

    fn python() -> Self {
        Self::new("python:3", "DEVDOCTOR_TEST_IMAGE_PYTHON")
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        docker(&["image", "rm", &self.0]);
    }
}

fn docker(words: &[&str]) {
    let done = std::process::Command::new("docker").args(words).output().unwrap();
    assert!(done.status.success() || std::thread::panicking(), "docker {words:?}: {done:?}");
}

const USER: &str = "RUN echo app:x:1500:1500::/home/code:/bin/sh >>/etc/passwd && echo app:x:1500: >>/etc/group";

struct Case {
    steps: &'static str,
    command: &'static str,
    fails: &'static str,
    place: &'static str,
    edit: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        steps: "WORKDIR /code\nCOPY . .",
        command: "ruff check .",
        fails: "Failed to initialize cache at /code/.ruff_cache: Permission denied",
        place: "Dockerfile:3:9",
        edit: "+RUN chown app /code\n USER app",
    },
    Case {
        steps: "WORKDIR /code\nCOPY --chown=app:app . .",
        command: "uv run --offline true",
        fails: "failed to create directory `/code/.venv`: Permission denied",
        place: "Dockerfile:3:9",
        edit: "+RUN chown app /code\n USER app",
    },
    Case {
        steps: "COPY . /code\nWORKDIR /code",
        command: "uv sync --offline",
        fails: "failed to create directory `/code/.venv`: Permission denied",
        place: "Dockerfile:3:8",
        edit: "+COPY --chown=app . /code",
    },
    Case {
        steps: "WORKDIR /code\nCOPY . .",
        command: "alembic revision -m x",
        fails: "Permission denied: '/code/migrations/versions/",
        place: "Dockerfile:4:8",
        edit: "+COPY --chown=app . .",
    },
];

/// What a tool makes beside its code is refused in the built image, until the image is built with the repair.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_command_writes_beside_its_code_after_the_repair_and_a_new_build() {
    let official = Official::python();
    for (case, buildkit) in CASES.iter().flat_map(|case| [(case, 0), (case, 1)]) {
        let project = Project::empty(Person::User);
        let tag = format!("devdoctor-test/beside:{}", std::process::id());
        let label = support::variable("DEVDOCTOR_TEST_RUN");
        project.write(
            "compose.yaml",
            format!(
                "services:\n  app:\n    build: {{context: ., labels: [devdoctor.test={label}]}}\n    image: {tag}\n    network_mode: none\n    environment: {{UV_CACHE_DIR: /tmp/uv}}\n    command: {}\n",
                case.command
            ),
        );
        let dockerfile = format!("FROM {}\n{USER}\n{}\nUSER app\n", official.0, case.steps);
        project.write("Dockerfile", dockerfile);
        project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.9\"\n");
        project.write("alembic.ini", "[alembic]\nscript_location = migrations\n");
        project.write("migrations/env.py", "");
        project.write("migrations/versions/.keep", "");
        project.write("migrations/script.py.mako", "revision = ${repr(up_revision)}\ndown_revision = None\n");
        project.containers_are_wanted();
        let build = format!("DOCKER_BUILDKIT={buildkit} COMPOSE_BAKE=false docker compose build --quiet");
        let run = "docker compose run --rm -T app";
        let told = format!("{} after {:?}, BuildKit {buildkit}", case.command, case.steps);
        let found = |what: &str| {
            let report = project.devdoctor(&["check", "--only", CHECK, "--format", "json"]).report();
            assert_eq!(report.found(), [CHECK], "{told}, {what}: {:#}", report.0);
            report.assert_places(CHECK, &[case.place]);
        };
        found("before any image");
        project.shell(&build).ends_with(0);
        let fails = project.shell(run);
        assert!(fails.status != 0 && fails.all().contains(case.fails), "{told}: {fails}");
        // A container shows the same, whatever its base is called.
        project.shell("docker compose create").ends_with(0);
        found("with a container");
        let before = project.tree();
        let shown = project.devdoctor(&["fix", "--dry-run", "--unsafe", "--only", CHECK]);
        assert!(shown.out.contains(case.edit), "{told}: {shown}");
        project.devdoctor(&["fix", "--yes", "--unsafe", "--only", CHECK]).ends_with(0);
        project.shell(&build).ends_with(0);
        project.shell(run).ends_with(0);
        project.shell("docker compose create").ends_with(0);
        project.devdoctor(&["check", "--only", CHECK]).ends_with(0);
        project.devdoctor(&["undo"]).ends_with(0);
        before.assert_same(&project.tree(), Compared::Content);
        project.down();
        docker(&["image", "rm", "--force", &tag]);
    }
}

/// Code that is root's and only read is as it should be, and so is a folder that is given away.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn images_whose_commands_write_where_they_may_are_left_alone() {
    let official = Official::python();
    for (steps, command) in [
        ("WORKDIR /code\nCOPY . .", "python -c 'print(1)'"),
        ("WORKDIR /code\nCOPY . .\nRUN chown app:app /code", "ruff check ."),
        ("RUN install -d -o app /code\nWORKDIR /code\nCOPY . .", "uv sync --offline"),
        ("COPY --chown=app . /code\nWORKDIR /code", "uv run --offline true"),
        ("WORKDIR /code\nCOPY . .\nENV UV_PROJECT_ENVIRONMENT=/tmp/venv", "uv run --offline --frozen true"),
        ("WORKDIR /code\nCOPY . .\nRUN uv sync --offline", "uv run --offline true"),
        ("WORKDIR /code\nCOPY . .\nENV RUFF_CACHE_DIR=/tmp/ruff", "ruff check ."),
    ] {
        let project = Project::empty(Person::User);
        let tag = format!("devdoctor-test/read-only:{}", std::process::id());
        let label = support::variable("DEVDOCTOR_TEST_RUN");
        project.write(
            "compose.yaml",
            format!("services:\n  app:\n    build: {{context: ., labels: [devdoctor.test={label}]}}\n    image: {tag}\n    network_mode: none\n    environment: {{UV_CACHE_DIR: /tmp/uv}}\n    command: {command}\n"),
        );
        project.write("Dockerfile", format!("FROM {}\n{USER}\n{steps}\nUSER app\n", official.0));
        project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.9\"\n");
        project.write("uv.lock", "version = 1\nrevision = 3\nrequires-python = \">=3.9\"\n\n[[package]]\nname = \"shop\"\nversion = \"1\"\nsource = { virtual = \".\" }\n");
        project.containers_are_wanted();
        project.devdoctor(&["check", "--only", CHECK]).ends_with(0);
        project.shell("DOCKER_BUILDKIT=0 docker compose build --quiet").ends_with(0);
        let ran = project.shell("docker compose run --rm -T app");
        assert_eq!(ran.status, 0, "{command} after {steps:?}: {ran}");
        project.down();
        docker(&["image", "rm", "--force", &tag]);
    }
}

/// The base has a user 1000: the real `useradd` refuses another one, and takes it after the cure that is printed.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_number_that_the_base_gave_away_is_free_after_the_printed_cure() {
    const ID: &str = "ownership-uid-taken-in-image";
    // Its user 1000 is called `app`, and Ubuntu's `ubuntu`.
    let ubuntu = Official::new("ubuntu:24.04", "DEVDOCTOR_TEST_IMAGE_PYTHON_USER");
    let project = Project::empty(Person::User);
    let tag = format!("devdoctor-test/taken:{}", std::process::id());
    let label = support::variable("DEVDOCTOR_TEST_RUN");
    project.write(
        "compose.yaml",
        format!("services:\n  app:\n    build: {{context: ., labels: [devdoctor.test={label}]}}\n    image: {tag}\n"),
    );
    let text = format!("FROM {}\nUSER root\nRUN useradd -m -u 1000 dev\nUSER dev\n", ubuntu.0);
    project.write("Dockerfile", &text);
    let build = "DOCKER_BUILDKIT=0 docker compose build";
    let fails = project.shell(build);
    assert!(fails.status != 0 && fails.all().contains("useradd: UID 1000 is not unique"), "{fails}");
    let report = project.devdoctor(&["check", "--only", ID, "--format", "json"]).report();
    report.assert_places(ID, &["Dockerfile:3:5"]);
    let title = report.of(ID)[0]["fix"]["title"].as_str().unwrap().to_owned();
    let line = title.split('`').find(|part| part.starts_with("RUN ")).unwrap().replace(" ubuntu", " app");
    project.replace("Dockerfile", "USER root\n", &format!("USER root\n{line}\n"));
    project.shell(build).ends_with(0);
    project.devdoctor(&["check", "--only", ID]).ends_with(0);
    docker(&["image", "rm", "--force", &tag]);
}

/// A user of a development container who keeps the number 1000 cannot write the project of somebody else, until the image is
/// built as the editor does with the repaired setting.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_user_of_a_development_container_writes_the_project_once_its_number_is_updated() {
    const ID: &str = "ownership-devcontainer-uid-skipped";
    let project = Project::empty(Person::User);
    let base = support::variable("DEVDOCTOR_TEST_IMAGE_PYTHON_USER");
    let tag = format!("devdoctor-test/devcontainer:{}", std::process::id());
    let label = support::variable("DEVDOCTOR_TEST_RUN");
    project.write(
        "compose.yaml",
        format!("services:\n  dev:\n    build: {{context: ., labels: [devdoctor.test={label}]}}\n    image: {tag}\n    network_mode: none\n    command: sleep infinity\n    stop_grace_period: 0s\n    volumes: [\".:/workspace\"]\n"),
    );
    project.write("Dockerfile", format!("FROM {base}\n"));
    project.write(
        ".devcontainer/devcontainer.json",
        "{\n  \"dockerComposeFile\": \"../compose.yaml\",\n  \"service\": \"dev\",\n  \"remoteUser\": \"app\",\n  \"updateRemoteUserUID\": false\n}\n",
    );
    project.containers_are_wanted();
    project.shell("DOCKER_BUILDKIT=0 docker compose build --quiet").ends_with(0);
    project.up();
    let touch = "docker compose exec -T -u app dev touch /workspace/a";
    let fails = project.shell(touch);
    assert!(fails.status != 0 && fails.all().contains("Permission denied"), "{fails}");
    let check = ["check", "--only", ID, "--format", "json"];
    project.devdoctor(&check).report().assert_places(ID, &[".devcontainer/devcontainer.json:5:26"]);
    let before = project.tree();
    project.devdoctor(&["fix", "--yes", "--unsafe", "--only", ID]).ends_with(0);
    assert!(project.read(".devcontainer/devcontainer.json").contains("\"updateRemoteUserUID\": true"));
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), Compared::Content);
    // What the editor does with the image when it is allowed to.
    let (uid, gid) = Person::User.owner().unwrap();
    let update =
        format!("FROM {base}\nUSER root\nRUN groupmod -g {gid} app && usermod -u {uid} -g {gid} app\nUSER app\n");
    project.write("Dockerfile", update);
    project.shell("DOCKER_BUILDKIT=0 docker compose build --quiet").ends_with(0);
    project.up();
    project.shell(touch).ends_with(0);
    assert_eq!(project.devdoctor(&check).report().outcome(ID), "clean");
    project.down();
    docker(&["image", "rm", "--force", &tag]);
}
