//! Mounts, volumes and scripts before and after their repair: the engine's or the tool's own error first, then what devdoctor
//! says of it, its repair, the thing at work, and its undo.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use support::person::Person;
use support::project::Project;
use support::tree::{Compared, Tree};

fn project(compose: &str) -> Project {
    let project = Project::empty(Person::User).with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES");
    project.write("compose.yaml", compose);
    project.containers_are_wanted();
    project
}

fn found(project: &Project, id: &str, places: &[&str]) {
    let report = project.devdoctor(&["check", "--only", "ownership", "--format", "json"]).report();
    report.assert_places(id, places);
    assert_eq!(report.found(), [id], "{:#}", report.0);
}

fn silent(project: &Project) {
    project.devdoctor(&["check", "--only", "ownership"]).ends_with(0);
}

fn undo(project: &Project, before: &Tree) {
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), Compared::Content);
}

fn numbers() -> String {
    let (uid, gid) = Person::User.owner().unwrap();
    format!("{uid}:{gid}")
}

/// The engine makes the missing folder as root, and the service is the person.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_folder_that_the_engine_made_is_given_to_the_service() {
    let project = project(&format!(
        "services:\n  app:\n    image: ${{API_IMAGE}}\n    command: sleep infinity\n    stop_grace_period: 0s\n    user: \"{}\"\n    volumes:\n      - ./data:/data\n",
        numbers()
    ));
    project.up();
    let fails = project.shell("docker compose exec -T app touch /data/a");
    assert!(fails.status != 0 && fails.all().contains("Permission denied"), "{fails}");
    let before = project.tree();
    assert_eq!(before.owner("data"), (0, 0));
    found(&project, "ownership-bind-not-writable", &["compose.yaml:8:9"]);
    project.devdoctor(&["fix", "--yes", "--only", "ownership"]).ends_with(0);
    project.shell("docker compose exec -T app touch /data/a").ends_with(0);
    silent(&project);
    project.shell("rm data/a").ends_with(0);
    undo(&project, &before);
}

/// The image's user is another one than the person: told, and cured by running as the person.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_service_that_is_somebody_else_runs_as_the_person_after_the_unsafe_fix() {
    let project = project(
        "services:\n  app:\n    image: ${API_IMAGE}\n    command: sleep infinity\n    stop_grace_period: 0s\n    user: \"1234:1234\"\n    volumes:\n      - ./uploads:/uploads\n",
    );
    project.write("uploads/.keep", "");
    project.up();
    let touch = "docker compose exec -T app touch /uploads/a";
    let fails = project.shell(touch);
    assert!(fails.status != 0 && fails.all().contains("Permission denied"), "{fails}");
    found(&project, "ownership-bind-not-writable", &["compose.yaml:8:9"]);
    let before = project.tree();
    project.devdoctor(&["fix", "--yes", "--unsafe", "--only", "ownership-bind-not-writable"]);
    project.shell("docker compose up --detach").ends_with(0);
    project.shell(touch).ends_with(0);
    silent(&project);
    project.shell("rm uploads/a").ends_with(0);
    undo(&project, &before);
}

/// A new volume over a path that the image does not have belongs to root.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_new_volume_is_given_to_its_service() {
    let project = project(
        "services:\n  app:\n    image: ${API_IMAGE}\n    command: sleep infinity\n    stop_grace_period: 0s\n    user: \"1234:1234\"\n    volumes:\n      - uploads:/uploads\nvolumes:\n  uploads: {}\n",
    );
    project.up();
    let touch = "docker compose exec -T app touch /uploads/a";
    let fails = project.shell(touch);
    assert!(fails.status != 0 && fails.all().contains("Permission denied"), "{fails}");
    found(&project, "ownership-volume-not-writable", &["compose.yaml:8:9"]);
    project.devdoctor(&["fix", "--yes", "--only", "ownership"]).ends_with(0);
    project.shell(touch).ends_with(0);
    silent(&project);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_ne!(project.shell("docker compose exec -T app touch /uploads/b").status, 0);
}

/// Made by the person before the engine makes it, the folder belongs to the person.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_missing_folder_is_made_before_the_engine_does() {
    let project = project(&format!(
        "services:\n  app:\n    image: ${{API_IMAGE}}\n    command: touch /data/a\n    user: \"{}\"\n    volumes:\n      - ./var/data:/data\n",
        numbers()
    ));
    let before = project.tree();
    found(&project, "ownership-bind-source-missing", &["compose.yaml:7:9"]);
    project.devdoctor(&["fix", "--yes", "--only", "ownership"]).ends_with(0);
    silent(&project);
    undo(&project, &before);
    let run = "docker compose run --rm -T app";
    let fails = project.shell(run);
    assert!(fails.status != 0 && fails.all().contains("Permission denied"), "{fails}");
    assert_eq!(project.tree().owner("var/data"), (0, 0));
    std::fs::remove_dir_all(project.root.join("var")).unwrap();
    project.devdoctor(&["fix", "--yes", "--only", "ownership"]).ends_with(0);
    project.shell(run).ends_with(0);
    assert_eq!(project.tree().owner("var/data/a"), Person::User.owner().unwrap());
}

/// What the engine makes of each form of a mount whose source is not there.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_engine_makes_a_missing_source_unless_it_is_told_not_to() {
    let project = project(
        "services:\n  short:\n    image: ${API_IMAGE}\n    command: \"true\"\n    volumes: [\"./short:/x\"]\n  long:\n    image: ${API_IMAGE}\n    command: \"true\"\n    volumes: [{type: bind, source: ./long, target: /x}]\n  never:\n    image: ${API_IMAGE}\n    command: \"true\"\n    volumes: [{type: bind, source: ./never, target: /x, bind: {create_host_path: false}}]\n",
    );
    for (service, made) in [("short", true), ("long", true), ("never", false)] {
        let ran = project.shell(&format!("docker compose run --rm -T {service}"));
        assert_eq!((ran.status == 0, project.root.join(service).exists()), (made, made), "{service}: {ran}");
        assert!(made || ran.all().contains("bind source path does not exist"), "{ran}");
    }
    found(&project, "ownership-bind-source-missing", &["compose.yaml:13:15"]);
}

/// The engine's own words about a folder where a file is to be; the folder goes, the file comes.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_empty_folder_in_the_place_of_a_file_is_removed() {
    let project = project(
        "services:\n  app:\n    image: ${API_IMAGE}\n    command: cat /etc/issue.conf\n    volumes:\n      - ./issue.conf:/etc/issue.conf\n",
    );
    found(&project, "ownership-bind-source-missing", &["compose.yaml:6:9"]);
    let run = "docker compose run --rm -T app";
    let fails = project.shell(run);
    assert!(fails.status != 0 && fails.all().contains("Is a directory"), "{fails}");
    let before = project.tree();
    assert_eq!(before.owner("issue.conf"), (0, 0));
    found(&project, "ownership-bind-source-is-directory", &["compose.yaml:6:9"]);
    let fixed = project.devdoctor(&["fix", "--yes", "--only", "ownership"]);
    assert!(fixed.out.contains("rmdir issue.conf") && !fixed.out.contains("new:"), "{fixed}");
    undo(&project, &before);
    project.devdoctor(&["fix", "--yes", "--only", "ownership"]);
    project.write("issue.conf", "hello\n");
    assert_eq!(project.shell(run).ends_with(0).out.trim(), "hello");
    silent(&project);
}

/// A script without its bit, mounted: the engine's own words, then it runs.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_mounted_entrypoint_becomes_executable() {
    let project = project(
        "services:\n  app:\n    image: ${API_IMAGE}\n    working_dir: /app\n    entrypoint: [\"./run.sh\"]\n    user: \"1234\"\n    volumes:\n      - .:/app\n",
    );
    project.write("run.sh", "#!/bin/sh\necho started\n");
    std::fs::set_permissions(project.root.join("run.sh"), PermissionsExt::from_mode(0o644)).unwrap();
    let run = "docker compose run --rm -T app";
    let fails = project.shell(run);
    assert!(fails.status != 0 && fails.all().contains("permission denied"), "{fails}");
    found(&project, "ownership-entrypoint-not-executable", &["compose.yaml:5:17"]);
    let before = project.tree();
    project.devdoctor(&["fix", "--yes", "--only", "ownership"]).ends_with(0);
    assert_eq!(std::fs::metadata(project.root.join("run.sh")).unwrap().mode() & 0o777, 0o755);
    assert_eq!(project.shell(run).ends_with(0).out.trim(), "started");
    undo(&project, &before);
}

/// The same for a script that the image copies.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_copied_entrypoint_becomes_executable() {
    let image = support::variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    let project = project("services:\n  app:\n    build: .\n");
    project.write("Dockerfile", format!("FROM {image}\nCOPY run.sh /\nENTRYPOINT [\"/run.sh\"]\n"));
    project.write("run.sh", "#!/bin/sh\necho started\n");
    std::fs::set_permissions(project.root.join("run.sh"), PermissionsExt::from_mode(0o644)).unwrap();
    let tag = format!("devdoctor-test/copied:{}", std::process::id());
    let label = format!("devdoctor.test={}", support::variable("DEVDOCTOR_TEST_RUN"));
    // A name that is taken by the next image would leave this one without any.
    let run = format!(
        "docker build -q -t {tag} --label {label} . && docker run --rm --label {label} --network none {tag}; \
         status=$?; docker image rm --force {tag} >/dev/null; exit $status"
    );
    let fails = project.shell(&run);
    found(&project, "ownership-entrypoint-not-executable", &["Dockerfile:3:14"]);
    project.devdoctor(&["fix", "--yes", "--only", "ownership"]).ends_with(0);
    let works = project.shell(&run);
    assert!(fails.status != 0 && fails.all().contains("permission denied"), "{fails}");
    assert!(works.ends_with(0).out.contains("started"));
}

/// What each tool says of a read-only directory, for the table of tools that write where they run.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn tools_fail_on_a_read_only_directory_as_the_table_says() {
    for (command, works_with) in [
        ("ruff check .", Some("RUFF_CACHE_DIR: /tmp/ruff")),
        ("uv sync --offline --frozen", Some("UV_PROJECT_ENVIRONMENT: /tmp/venv")),
        ("uv lock --offline", None),
        ("alembic revision -m x", None),
    ] {
        let compose = |variable: &str| {
            format!(
                "services:\n  app:\n    image: ${{API_IMAGE}}\n    working_dir: /app\n    command: {command}\n    environment:\n      UV_CACHE_DIR: /tmp/uv\n      {variable}\n    volumes:\n      - .:/app:ro\n"
            )
        };
        let project = project(&compose("PLAIN: \"1\""));
        project.write(
            "pyproject.toml",
            "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.9\"\ndependencies = []\n",
        );
        project.write("a.py", "x = 1\n");
        project.write("alembic.ini", "[alembic]\nscript_location = migrations\n");
        project.write("migrations/versions/.keep", "");
        project.write("migrations/env.py", "");
        project.write("migrations/script.py.mako", "revision = ${repr(up_revision)}\n");
        let run = "docker compose run --rm -T app";
        if command.starts_with("uv sync") {
            project.shell("docker compose run --rm -T -v $PWD:/w -w /w app uv lock --offline").ends_with(0);
        }
        let fails = project.shell(run);
        assert!(
            fails.status != 0 && fails.all().to_lowercase().contains("read-only file system"),
            "{command}: {fails}"
        );
        let report = project.devdoctor(&["check", "--only", "ownership-mount-read-only", "--format", "json"]).report();
        report.assert_places("ownership-mount-read-only", &["compose.yaml:10:9"]);
        if let Some(variable) = works_with {
            project.write("compose.yaml", compose(variable));
            project.devdoctor(&["check", "--only", "ownership-mount-read-only"]).ends_with(0);
            project.shell(run).ends_with(0);
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn whether_the_image_or_the_container_names_the_user_is_said_as_it_is() {
    let text =
        "services:\n  app:\n    image: ${API_IMAGE}\n    command: touch /app/made\n    volumes:\n      - .:/app\n";
    let project = project(text);
    project.write("user.yaml", "services:\n  app:\n    user: \"1500:1500\"\n");
    std::fs::set_permissions(&project.root, PermissionsExt::from_mode(0o777)).unwrap();
    project.shell("docker compose -f compose.yaml -f user.yaml up --no-build").ends_with(0);
    let told = project.devdoctor(&["check", "--only", "ownership-foreign-files"]).ends_with(1).all();
    assert!(told.contains("1500:1500: its container was made so, its image is another user's"), "{told}");
}

/// A folder of a database in the build's folder: the real build fails, and passes with the line that the fix adds.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_closed_folder_is_left_out_of_the_build() {
    let image = support::variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    let tag = format!("devdoctor-test/context:{}", std::process::id());
    let build = format!("DOCKER_BUILDKIT=1 COMPOSE_BAKE=false docker compose build && docker image rm --force {tag}");
    for (ignored, works, helps) in [
        ("xyz", false, true),
        ("*.pyc\n!pgdata\n", false, false),
        ("pgdata\n!pgdata/keep", false, false),
        ("pgdata\n!**/keep", false, false),
        ("pgdata/**", false, true),
        ("pgdata", true, true),
        ("**/pgdata", true, true),
        ("*\n!Dockerfile", true, true),
        ("", false, true),
    ] {
        let project = project(&format!("services:\n  app:\n    build: .\n    image: {tag}\n"));
        project.write("Dockerfile", format!("FROM {image}\nCOPY . /app\n"));
        project.write("pgdata/base", "x");
        if !ignored.is_empty() {
            project.write(".dockerignore", ignored);
        }
        let closed = project.root.join("pgdata");
        std::os::unix::fs::chown(&closed, Some(999), Some(999)).unwrap();
        std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
        let built = project.shell(&build);
        assert_eq!(built.status == 0, works, "{ignored:?}: {built}");
        let check = ["check", "--only", "ownership-build-context-unreadable", "--format", "json"];
        let report = project.devdoctor(&check).report();
        let places: &[&str] = if works { &[] } else { &["compose.yaml:3:12"] };
        report.assert_places("ownership-build-context-unreadable", places);
        if works {
            continue;
        }
        assert!(
            built.all().contains("failed to solve: error from sender: open")
                && built.all().contains("permission denied")
        );
        let before = project.tree();
        let fixed = project.devdoctor(&["fix", "--yes", "--only", "ownership-build-context-unreadable"]);
        assert_eq!(fixed.status == 0, helps, "{ignored:?}: {fixed}");
        if helps {
            project.shell(&build).ends_with(0);
            undo(&project, &before);
        }
    }
}

/// The paths that the real builder takes, for every pattern of a table, are those that are not left out.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn ignore_files_are_read_as_the_builder_reads_them() {
    use devdoctor::text::dockerignore::Ignored;
    let image = support::variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    let tag = format!("devdoctor-test/ignored:{}", std::process::id());
    let label = format!("devdoctor.test={}", support::variable("DEVDOCTOR_TEST_RUN"));
    let files = [
        "a",
        "b.txt",
        "c d",
        "data/x",
        "data/keep/y",
        "db/data/z",
        "db/deep/data/z",
        "mydata/x",
        "data1/x",
        "#h",
        "!n",
    ];
    let project = project("services: {}\n");
    for file in files {
        project.write(format!("ctx/{file}"), "x");
    }
    project.write("ctx/Dockerfile", format!("FROM {image}\nCOPY . /ctx\nCMD find /ctx -type f\n"));
    for patterns in [
        "data",
        "/data/",
        "./data",
        "data/*",
        "data/**",
        "**/data",
        "**/data/z",
        "*/data",
        "**",
        "*",
        "*\n!data",
        "*\n!data/keep",
        "data\n!data/keep",
        "!data\ndata",
        "data?",
        "data[0-9]",
        "data[^1]",
        "*.txt",
        "**/*.txt",
        "  data  ",
        "# data",
        "\\#h",
        "#h",
        "c d",
        "a\n\n\nb.txt",
        "db/**/z",
        "db/**/data",
        "db/*/data",
        "**data",
        "**da[t]a",
        "x/../data",
        "data\r\n!data/x\r",
        "d*a/x",
        "!!n",
        "\\!n",
        "\u{feff}data",
    ] {
        project.write("ctx/.dockerignore", patterns);
        // The Dockerfile itself is always sent, whatever is left out.
        let build = format!(
            "docker build -q -t {tag} --label {label} ctx && docker run --rm --label {label} --network none {tag} && \
             docker image rm --force {tag} >/dev/null"
        );
        let ran = project.shell(&build).ends_with(0);
        let taken: Vec<&str> = ran.out.lines().filter_map(|line| line.strip_prefix("/ctx/")).collect();
        let ignored = Ignored::read(patterns);
        for file in files {
            assert_eq!(!ignored.leaves_out(file), taken.contains(&file), "{patterns:?}: {file}: {taken:?}");
        }
    }
}
