//! Whole projects that only look like trouble: nothing is to be said about them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "support/engine.rs"]
#[allow(dead_code, reason = "each test program uses its own share of this")]
mod engine;
#[path = "support/engines.rs"]
#[allow(dead_code, reason = "each test program uses its own share of this")]
mod engines;
mod support;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use engines::OwnEngine;
use support::answer::Answer;
use support::person::Person;
use support::project::{Project, answer};
use support::{fixtures, variable};

/// Images that the projects name, and what stands for each: a folder of `fixtures/silence/images`, or an image of the tests.
const IMAGES: [(&str, &str); 9] = [
    ("alpine:3.20", "alpine"),
    ("bitnami/opensearch:2", "bitnami"),
    ("ghcr.io/acme/photos:3", "linuxserver"),
    ("lscr.io/linuxserver/syncthing:latest", "linuxserver"),
    ("nginx:1.27", "nginx"),
    ("node:22", "node"),
    ("postgres:16-alpine", "alpine-database"),
    ("python:3.12-slim", "DEVDOCTOR_TEST_IMAGE_PYTHON"),
    ("redis:7", "redis"),
];

/// What is made on an engine for one project, and goes with it.
struct Stack {
    project: Project,
    images: Vec<String>,
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.project.down();
        // What Compose builds is called after the project.
        let space = self.project.root.file_name().unwrap().to_str().unwrap();
        self.images.extend(["worker", "front"].map(|service| format!("{space}-{service}")));
        for image in &self.images {
            _ = Command::new("docker").args(["image", "rm", "--force", image]).output();
        }
    }
}

fn root(project: &Project, script: &str) -> Answer {
    let mut command = Command::new("sh");
    command.envs(project.environment.iter().map(|(name, value)| (name, value)));
    answer(script, command.args(["-euc", script]).current_dir(&project.root)).ends_with(0)
}

/// A project of `fixtures/silence` with the owners that `script`, run by root in it, gives.
fn given(name: &str, person: Person, script: &str) -> Project {
    let project = Project::from_fixture(&format!("silence/{name}"), person);
    root(&project, script);
    project
}

/// Puts images of this machine in the place of those that the project names; `docker` is how the engine is called.
fn stack(project: Project) -> Stack {
    let space = project.root.file_name().unwrap().to_str().unwrap().to_owned();
    let label = format!("devdoctor.test={}", variable("DEVDOCTOR_TEST_RUN"));
    let mut stack = Stack { project, images: vec![] };
    let text: String = texts(&stack.project.root).iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for (image, made) in IMAGES.iter().chain(&[("postgres:16", "DEVDOCTOR_TEST_IMAGE_POSTGRES")]) {
        if !text.lines().any(|line| line.split_whitespace().any(|word| word == *image)) {
            continue;
        }
        // The same name in a space of its own, so that no test meets another's.
        let name = format!("{space}/{}", image.trim_start_matches("ghcr.io/").trim_start_matches("lscr.io/"));
        let script = if made.starts_with("DEVDOCTOR") {
            format!("docker tag {} {name}", variable(made))
        } else {
            let folder = fixtures().join("silence/images").join(made);
            format!(
                "context=$(mktemp -d); trap 'rm -r $context' EXIT; cp -r {}/. $context; sed -i 's|^FROM .*|FROM {}|' $context/Dockerfile; \
                 docker build --quiet --network none --label {label} --tag {name} $context",
                folder.display(),
                variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX"),
            )
        };
        root(&stack.project, &script);
        for path in texts(&stack.project.root) {
            let text = std::fs::read_to_string(&path).unwrap();
            let replaced: String = text
                .split_inclusive('\n')
                .map(|line| {
                    let named = line.split_whitespace().any(|word| word == *image);
                    if named { line.replacen(image, &name, 1) } else { line.to_owned() }
                })
                .collect();
            if replaced != text {
                std::fs::write(&path, replaced).unwrap();
            }
        }
        stack.images.push(name);
    }
    stack
}

/// Compose files and Dockerfiles.
fn texts(root: &Path) -> Vec<std::path::PathBuf> {
    let mut find = Command::new("find");
    find.arg(root).args(["-name", "*.yaml", "-o", "-name", "*.yml", "-o", "-name", "Dockerfile"]);
    let output = find.output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(Into::into).collect()
}

impl Stack {
    /// Builds, starts, and waits until every container has done what it does when it starts.
    fn up(&mut self) {
        self.project.containers_are_wanted();
        let label = format!("devdoctor.test={}", variable("DEVDOCTOR_TEST_RUN"));
        let build = format!(
            "for d in $(find . -name Dockerfile); do docker build -q --network none --label {label} $(dirname $d); done"
        );
        // Compose gives what it builds labels of its own: these, whose steps it takes over, get no name.
        self.images.extend(root(&self.project, &build).out.lines().map(str::to_owned));
        self.project.shell("docker compose up --detach --wait --quiet-pull").ends_with(0);
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

#[track_caller]
fn assert_silent(project: &Project, person: Person, arguments: &[&str]) {
    let answer = project.devdoctor_by(person, &[&["check", "--format", "json"], arguments].concat());
    let report = answer.report();
    let loud: Vec<_> = report.findings().iter().filter(|finding| finding["severity"] != "info").collect();
    assert!(loud.is_empty(), "{loud:#?}\n{}", project.devdoctor_by(person, &[&["check"], arguments].concat()));
    assert_eq!(report.with_outcome("crashed"), Vec::<String>::new(), "{answer}");
    assert_eq!(answer.status, 0, "{answer}");
}

/// Silent before the first start without the engine, while it runs, and again without the engine about what it left.
#[track_caller]
fn assert_silent_in_life(project: Project) {
    let person = project.person;
    assert_silent(&project, person, &["--offline"]);
    let mut stack = stack(project);
    stack.up();
    assert_silent(&stack.project, person, &[]);
    assert_silent(&stack.project, person, &["--offline"]);
}

/// In numbers, since the person has other ones on other machines.
fn person() -> (u32, u32) {
    Person::User.owner().unwrap()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn folders_of_data_belong_to_the_databases_that_keep_them() {
    assert_silent_in_life(given("database-folders", Person::User, "true"));
    let made = "mkdir -p data/postgres data/redis data/archive data/search/x; chown 999:999 data/postgres data/redis; \
                chown 70:70 data/archive; chown -R 1001:0 data/search; chmod 700 data/postgres data/archive";
    assert_silent_in_life(given("database-folders", Person::User, made));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn images_that_change_to_a_user_of_their_own_write_as_that_one() {
    assert_silent_in_life(given("drops-privileges", Person::User, "true"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn images_that_are_told_their_user_by_variables_write_as_that_one() {
    assert_silent_in_life(given("user-by-variable", Person::User, "true"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_of_a_group_is_everybodys_in_it() {
    let (_, gid) = person();
    // Of somebody else, in the person's group, which new files get too; and with files of several members.
    let shared = format!("chown -R 1500:{gid} .; chmod -R g+w .; find . -type d -exec chmod g+s '{{}}' +");
    assert_silent_in_life(given("group-writable", Person::User, &shared));
    let several = format!(
        "{shared}; touch content/of-another.yaml; chown 1600 content/of-another.yaml README.md; chmod g+w content/*"
    );
    assert_silent_in_life(given("group-writable", Person::User, &several));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn in_a_project_of_roots_own_root_may_do_everything() {
    assert_silent_in_life(given(
        "root-own",
        Person::Root,
        "mkdir keys; chmod 700 keys; echo 1 > keys/a; chmod 600 keys/a",
    ));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn volumes_over_folders_of_dependencies_hide_nothing_that_matters() {
    let (uid, gid) = person();
    let project = given("dependency-volumes", Person::User, "true");
    assert_silent_in_life(project.with("UID", &uid.to_string()).with("GID", &gid.to_string()));
    // The engine makes the folders over which it mounts, as root; what lies in them is the volume's.
    let project = given("dependency-volumes", Person::User, "rm -r node_modules .venv .next");
    assert_silent_in_life(project.with("UID", &uid.to_string()).with("GID", &gid.to_string()));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_repository_with_several_compose_files_is_one_project() {
    let project = given("monorepo", Person::User, "true");
    assert_silent(&project, Person::User, &["--offline"]);
    for folder in ["services/shop", "services/mail"] {
        assert_silent(&project, Person::User, &[folder, "--offline"]);
    }
    assert_silent_in_life(given("only-docker", Person::User, "true"));
    let project = given("without-docker", Person::User, "true");
    assert_silent(&project, Person::User, &["--offline"]);
    assert_silent(&project, Person::User, &[]);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn worktrees_and_submodules_are_ordinary_folders() {
    let project = given("without-docker", Person::User, "true");
    let script = "git init -q && git add -A && git commit -qm one && git worktree add -q ../wt-$(basename $PWD) && \
                  git -c protocol.file.allow=always submodule add -q \"$PWD\" vendor/itself && git commit -qm two";
    // The folder above is the person's for the moment, for the worktree beside the repository.
    root(&project, "chmod 777 ..");
    project.shell(script).ends_with(0);
    let beside = format!("../wt-{}", project.root.file_name().unwrap().to_str().unwrap());
    for path in [".", "vendor/itself", beside.as_str()] {
        assert_silent(&project, Person::User, &[path, "--offline"]);
        assert_silent(&project, Person::User, &[path]);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn containers_of_worktrees_and_submodules_are_ordinary_too() {
    let (uid, gid) = person();
    let own = |project: &Project| project.replace("compose.yaml", "1500:2500", &format!("{uid}:{gid}"));
    let worktree = given("group-writable", Person::User, "true");
    own(&worktree);
    let script = "cp -r . ~/main && cd ~/main && git init -q && git add -A && git commit -qm one && cd - && \
                  find . -mindepth 1 -delete && git -C ~/main worktree add -q -b other \"$PWD\"";
    worktree.shell(script).ends_with(0);
    assert_silent_in_life(worktree);
    let whole = given("group-writable", Person::User, "true");
    own(&whole);
    whole.replace("compose.yaml", "      - .:/site\n", "      - ./vendor/part:/site\n      - .:/whole\n");
    let script = "mkdir ~/part && cd ~/part && git init -q && date > a && git add a && git commit -qm one && cd - && \
                  git init -q && git -c protocol.file.allow=always submodule add -q ~/part vendor/part && \
                  git add -A && git commit -qm one";
    whole.shell(script).ends_with(0);
    assert_silent_in_life(whole);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_of_somebody_else_is_theirs_whoever_looks() {
    // As a web server keeps one for which somebody else cares.
    for mode in ["u+rwX,go=rX", "u+rwX,g+w,o=rX"] {
        let script = format!("chown -R 1500:2500 .; chmod -R {mode} .");
        let mut stack = stack(given("group-writable", Person::User, &script));
        let look = |stack: &Stack, arguments: &[&str]| {
            for person in [Person::User, Person::Sudo, Person::Root] {
                assert_silent(&stack.project, person, arguments);
            }
        };
        look(&stack, &["--offline"]);
        stack.up();
        look(&stack, &[]);
        look(&stack, &["--offline"]);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn stacks_that_many_people_run_are_in_order() {
    let owners = [
        ("api-template", "mkdir backend/htmlcov"),
        (
            "backend-suite",
            "mkdir -p volumes/storage/stub volumes/db/data/base; chown -R 0:0 volumes/storage; chown -R 105:106 volumes/db/data; chmod 700 volumes/db/data",
        ),
        ("error-tracker", "true"),
        (
            "file-cloud",
            "mkdir -p db/mysql cloud/config apps/a; chown -R 999:999 db; chown -R 33:33 cloud apps; chmod 770 cloud",
        ),
        (
            "forge",
            "mkdir -p gitea/ssh gitea/git postgres/base; chown -R 0:0 gitea; chown -R 1000:1000 gitea/git; chown -R 999:999 postgres; chmod 700 postgres gitea/ssh",
        ),
        (
            "photo-server",
            "mkdir -p postgres/base library/upload; chown -R 999:999 postgres; chmod 700 postgres; chown -R 0:0 library",
        ),
        ("scheduler", "mkdir -p logs/a; chown -R 1001:0 logs"),
        ("web-framework", "true"),
    ];
    for (name, script) in owners {
        let project = given(&format!("shapes/{name}"), Person::User, script);
        assert_silent(&project, Person::User, &["--offline"]);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_link_on_the_way_to_the_project_hides_no_trouble() {
    let project = given("linked", Person::User, "ln -s \"$PWD\" ../linked; touch made; chown 1600:1600 made");
    let link = project.root.parent().unwrap().join("linked");
    // As a shell that went there by the link has it.
    let project = project.with("PWD", link.to_str().unwrap());
    for source in [".", "${PWD}", link.to_str().unwrap()] {
        let text = format!(
            "services:\n  app:\n    image: alpine:3.20\n    command: date > made\n    volumes:\n      - {source}:/app\n"
        );
        project.write("compose.yaml", text);
        let report = project.devdoctor(&["check", "--offline", "--format", "json"]).report();
        assert_eq!(report.found(), ["ownership-foreign-files", "ownership-service-writes-as-root"], "{source}");
    }
}

#[track_caller]
fn assert_silent_on(own: &OwnEngine, name: &str) {
    let project = given(name, Person::User, "true").with("DOCKER_HOST", &own.url());
    let mut stack = stack(project);
    stack.up();
    // The container's 999 has a number of its own here.
    let owner = stack.project.root.join("data/queue/dump.rdb").symlink_metadata().unwrap().uid();
    assert!(owner > 65_535, "{owner}");
    assert_silent(&stack.project, Person::User, &[]);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn engines_that_shift_numbers_leave_data_with_shifted_owners() {
    assert_silent_on(&OwnEngine::rootless(), "rootless");
    assert_silent_on(&OwnEngine::remapping(), "userns");
}
