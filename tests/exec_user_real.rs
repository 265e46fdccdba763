//! Users, homes and terminals of containers against the real tools: what they say, what the check says, and what works after
//! `fix`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start real tools and read their own settings, and may panic"
)]

#[path = "exec_user_real/left.rs"]
mod left;
#[path = "exec_user_real/names.rs"]
mod names;
mod support;

use std::os::unix::fs::lchown;

use support::person::Person;
use support::project::Project;
use support::variable;

fn service(user: &str, command: &str, more: &str) -> Project {
    let project = Project::empty(Person::User);
    let image = variable("DEVDOCTOR_TEST_IMAGE_PYTHON");
    project.write(
        "compose.yaml",
        format!("services:\n  app:\n    image: {image}\n    command: {command}\n    user: \"{user}\"\n{more}    volumes:\n      - .:/app\n"),
    );
    project
}

fn me() -> (u32, u32) {
    Person::User.owner().unwrap()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn blank_numbers_are_root_until_they_have_names_of_their_own() {
    const ID: &str = "exec-user-blank";
    let project = service("${UID}:${GID}", "sleep 600", "");
    project.write(".env", "COLOUR=blue");
    let up = project.shell("docker compose up -d --quiet-pull");
    project.containers_are_wanted();
    assert!(up.all().contains("The \\\"UID\\\" variable is not set. Defaulting to a blank string."), "{up}");
    project.shell("docker compose exec -T app touch /app/first").ends_with(0);
    assert_eq!(project.tree().owner("first"), (0, 0));
    let answer = project.devdoctor(&["check", "--format", "json"]).ends_with(1);
    let report = answer.report();
    report.assert_places(ID, &["compose.yaml:5:12"]);
    assert!(!report.found().contains(&"ownership-service-writes-as-root".to_owned()), "{answer}");
    let cause = report.of(ID)[0]["fingerprint"].clone();
    assert_eq!(report.of("ownership-foreign-files")[0]["follows_from"], cause, "{answer}");
    let before = project.tree();
    project.devdoctor(&["fix", "--yes", "--unsafe", "--only", ID]).ends_with(0);
    let (uid, gid) = me();
    assert_eq!(project.read(".env"), format!("COLOUR=blue\nHOST_UID={uid}\nHOST_GID={gid}\n"));
    assert!(project.read("compose.yaml").contains("user: \"${HOST_UID:-1000}:${HOST_GID:-1000}\""));
    project.up();
    project.shell("docker compose exec -T app touch /app/second").ends_with(0);
    assert_eq!(project.tree().owner("second"), me());
    assert_eq!(project.devdoctor(&["check", "--format", "json", "--only", ID]).report().outcome(ID), "clean");
    std::fs::remove_file(project.root.join("second")).unwrap();
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), support::tree::Compared::Content);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_default_is_somebody_else_until_the_number_is_set() {
    const ID: &str = "exec-uid-variable-blank";
    let project = service("${UID:-1000}:${GID:-1000}", "sleep 600", "");
    project.write(".env", "COLOUR=blue\n");
    project.up();
    let said = project.shell("docker compose exec -T app touch /app/x").ends_with(1);
    assert!(said.all().contains("Permission denied"), "{said}");
    let answer = project.devdoctor(&["check", "--format", "json", "--only", ID]).ends_with(1);
    answer.report().assert_places(ID, &["compose.yaml:5:12"]);
    let before = project.tree();
    project.devdoctor(&["fix", "--yes", "--unsafe", "--only", ID]).ends_with(0);
    project.up();
    project.shell("docker compose exec -T app touch /app/x").ends_with(0);
    assert_eq!(project.tree().owner("x"), me());
    assert_eq!(project.devdoctor(&["check", "--format", "json", "--only", ID]).report().outcome(ID), "clean");
    std::fs::remove_file(project.root.join("x")).unwrap();
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), support::tree::Compared::Content);
}

/// Installs an empty package by uv, which needs its cache and no network.
const INSTALL: &str = "mkdir -p /tmp/p && cd /tmp/p && uv venv -q --clear v && uv cache prune -q";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn homes_that_cannot_be_written_are_told_and_moved() {
    let (uid, gid) = me();
    let number = format!("{uid}:{gid}");
    for (id, user, more, text) in [
        ("exec-home-is-root-directory", number.as_str(), "", "/.cache/uv"),
        ("exec-home-of-someone-else", number.as_str(), "    environment:\n      HOME: /root\n", "/root/.cache/uv"),
        ("exec-home-missing", "_apt", "", "/nonexistent/.cache/uv"),
    ] {
        let project = service(user, "sh -c 'uv cache prune; sleep 600'", more);
        project.up();
        let said = project.shell(&format!("docker compose exec -T app sh -c '{INSTALL}'"));
        assert_ne!(said.status, 0, "{id}: {said}");
        assert!(said.all().contains("Permission denied") && said.all().contains(text), "{id}: {said}");
        let answer = project.devdoctor(&["check", "--format", "json"]).ends_with(1);
        let report = answer.report();
        report.assert_places(id, &["compose.yaml:5:12"]);
        let cause = report.of(id)[0]["fingerprint"].clone();
        let folded = report.of("cache-not-writable").iter().all(|finding| finding["follows_from"] == cause);
        assert!(folded, "{answer}");
        let before = project.tree();
        project.devdoctor(&["fix", "--yes", "--unsafe", "--only", id]).ends_with(0);
        project.up();
        project.shell(&format!("docker compose exec -T app sh -c '{INSTALL}'")).ends_with(0);
        assert_eq!(project.devdoctor(&["check", "--format", "json", "--only", id]).report().outcome(id), "clean");
        project.devdoctor(&["undo"]).ends_with(0);
        before.assert_same(&project.tree(), support::tree::Compared::Content);
    }
}

/// What a service leaves as root cannot be written by the person; as the person it leaves what can.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_service_that_writes_as_root_runs_as_the_person_after_the_unsafe_fix() {
    const ID: &str = "ownership-service-writes-as-root";
    let project = Project::empty(Person::User);
    let image = variable("DEVDOCTOR_TEST_IMAGE_PYTHON");
    project.write(
        "compose.yaml",
        format!("services:\n  app:\n    image: {image}\n    command: sh -c 'echo x >> /app/made && sleep 600'\n    stop_grace_period: 0s\n    volumes:\n      - .:/app\n"),
    );
    project.up();
    let write = "sleep 1; echo more >> made";
    let fails = project.shell(write);
    assert!(fails.status != 0 && fails.all().contains("Permission denied"), "{fails}");
    project.devdoctor(&["check", "--format", "json"]).report().assert_places(ID, &["compose.yaml:7:9"]);
    // It is the person's folder, so that the file can go.
    project.shell("rm --force made").ends_with(0);
    let before = project.tree();
    project.devdoctor(&["fix", "--yes", "--unsafe", "--only", ID]).ends_with(0);
    project.up();
    project.shell(write).ends_with(0);
    assert_eq!(project.tree().owner("made"), me());
    assert_eq!(project.devdoctor(&["check", "--format", "json", "--only", ID]).report().outcome(ID), "clean");
    std::fs::remove_file(project.root.join("made")).unwrap();
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), support::tree::Compared::Content);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_number_without_a_name_is_told_where_a_program_asks_for_it() {
    const ID: &str = "exec-no-passwd-entry";
    let (uid, gid) = me();
    let project = service(&format!("{uid}:{gid}"), "sh -c 'whoami; sleep 600'", "");
    project.up();
    let said = project.shell("docker compose exec -T app whoami").ends_with(1);
    assert!(said.all().contains("cannot find name for user ID"), "{said}");
    let check = || project.devdoctor(&["check", "--format", "json", "--only", ID]);
    let report = check().ends_with(1).report();
    report.assert_places(ID, &["compose.yaml:5:12"]);
    // The line that is printed, in an image of its own.
    let title = report.of(ID)[0]["fix"]["title"].as_str().unwrap().to_owned();
    let line = title.split('`').find(|part| part.starts_with("RUN ")).unwrap().to_owned();
    let (image, label) = (variable("DEVDOCTOR_TEST_IMAGE_PYTHON"), variable("DEVDOCTOR_TEST_RUN"));
    let tag = format!("devdoctor-test/named:{}", std::process::id());
    project.write("Dockerfile", format!("FROM {image}\n{line}\n"));
    let built = format!("image: {tag}\n    build: {{context: ., labels: [devdoctor.test={label}]}}\n");
    project.replace("compose.yaml", &format!("image: {image}\n"), &built);
    project.shell("DOCKER_BUILDKIT=0 docker compose build --quiet").ends_with(0);
    project.up();
    assert_eq!(project.shell("docker compose exec -T app whoami").ends_with(0).out.trim(), "dev");
    assert_eq!(check().report().outcome(ID), "clean");
    project.down();
    project.shell(&format!("docker image rm --force {tag}")).ends_with(0);
}

/// Where a call stands: the file that holds it, the text before it, and whether what it prints goes to a terminal.
const CALLERS: [(&str, &str, bool); 4] = [
    (".husky/pre-commit", "", true),
    (".git/hooks/pre-push", "#!/bin/sh\n", true),
    (".github/workflows/ci.yml", "jobs:\n  test:\n    steps:\n      - run: ", false),
    (".gitlab-ci.yml", "test:\n  script:\n    - ", false),
];

/// Every combination that the check goes by, tried: in hooks, where input is nothing and output is a terminal, and on runners,
/// which have no terminal at all.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn calls_without_a_terminal_fail_where_the_check_says_so() {
    const ID: &str = "exec-tty-in-hook";
    let project = service("0:0", "sleep 600", "");
    project.up();
    let container = format!("{}-app-1", project.root.file_name().unwrap().to_str().unwrap());
    let image = variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    let calls = [
        "docker compose exec app echo hi".to_owned(),
        "docker compose exec -T app echo hi".to_owned(),
        "docker compose exec -it app echo hi".to_owned(),
        "docker compose exec -u 0 -T app echo hi".to_owned(),
        "docker compose exec --interactive=false app echo hi".to_owned(),
        "docker compose exec app echo hi | cat".to_owned(),
        "docker compose exec app echo hi > out; cat out".to_owned(),
        "said=$(docker compose exec app echo hi); echo $said".to_owned(),
        "docker compose run --rm app echo hi".to_owned(),
        "docker compose run --rm -it app echo hi".to_owned(),
        "docker compose run --rm -i app echo hi".to_owned(),
        "docker compose run --rm --tty app echo hi".to_owned(),
        format!("docker exec -it {container} echo hi"),
        format!("docker exec -i {container} echo hi"),
        format!("docker exec -t {container} echo hi"),
        format!("docker run --rm --network none -it {image} echo hi"),
        format!("docker run --rm --network none -t {image} echo hi"),
    ];
    let mut wrong = vec![];
    for ((file, before, to_terminal), call) in
        CALLERS.iter().flat_map(|caller| calls.iter().map(move |call| (caller, call)))
    {
        let text = format!("{before}{call}\n");
        project.write(file, &text);
        let run = |call: &str| {
            project.write("call.sh", format!("{call}\n"));
            let plain = "sh call.sh </dev/null";
            project.shell(&if *to_terminal {
                format!("script -qec '{plain}' /dev/null </dev/null")
            } else {
                plain.to_owned()
            })
        };
        let tried = run(call);
        let report = project.devdoctor(&["check", "--offline", "--format", "json", "--only", ID]).report();
        let told = report.found() == [ID];
        if told != tried.all().contains("the input device is not a TTY") {
            wrong.push(format!("{file}: {call}: told {told}, {tried}"));
        }
        if told {
            project.devdoctor(&["fix", "--offline", "--yes", "--only", ID]).ends_with(0);
            let fixed = project.read(file);
            let tried = run(fixed.strip_prefix(before).unwrap());
            if !tried.all().contains("hi") {
                wrong.push(format!("{call} after fix: {fixed} {tried}"));
            }
            project.devdoctor(&["undo"]).ends_with(0);
            assert_eq!(project.read(file), text);
        }
        std::fs::remove_file(project.root.join(file)).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_git_hook_that_asks_for_a_terminal_keeps_one_from_committing() {
    let project = service("0:0", "sleep 600", "");
    project.up();
    project.write(".husky/pre-commit", "#!/bin/sh\ndocker compose exec app echo checked\n");
    project
        .shell("chmod +x .husky/pre-commit && git init -q . && git config core.hooksPath .husky && git add .")
        .ends_with(0);
    let commit = "script -qec 'git commit -m first' /dev/null";
    let said = project.shell(commit);
    assert!(said.all().contains("the input device is not a TTY"), "{said}");
    let answer = project.devdoctor(&["check", "--format", "json", "--only", "exec-tty-in-hook"]).ends_with(1);
    answer.report().assert_places("exec-tty-in-hook", &[".husky/pre-commit:2:1"]);
    project.devdoctor(&["fix", "--yes", "--only", "exec-tty-in-hook"]).ends_with(0);
    let said = project.shell(commit);
    assert!(said.all().contains("checked") && said.all().contains("first"), "{said}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn lefthook_gives_a_terminal_unless_it_hands_the_input_of_git_on() {
    const ID: &str = "exec-tty-in-hook";
    let project = service("0:0", "sleep 600", "");
    let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", variable("DEVDOCTOR_TEST_RUNNERS"));
    let project = project.with("PATH", &path);
    project.up();
    let container = format!("{}-app-1", project.root.file_name().unwrap().to_str().unwrap());
    let image = variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    let calls = [
        "docker compose exec app echo hi".to_owned(),
        "docker compose exec -it app echo hi".to_owned(),
        "docker compose run --rm -it app echo hi".to_owned(),
        "docker compose run --rm -i app echo hi".to_owned(),
        "docker compose run --rm -t app echo hi".to_owned(),
        "docker compose run --rm app echo hi".to_owned(),
        format!("docker exec -it {container} echo hi"),
        format!("docker exec -t {container} echo hi"),
        format!("docker run --rm --network none -it {image} echo hi"),
    ];
    project.shell("git init -q .").ends_with(0);
    let (mut wrong, mut failing) = (vec![], 0);
    for (setting, call) in ["", "\n      use_stdin: true", "\n      interactive: true"]
        .iter()
        .flat_map(|setting| calls.iter().map(move |call| (setting, call)))
    {
        let text = format!("pre-commit:\n  commands:\n    a:\n      run: {call}{setting}\n");
        project.write("lefthook.yml", &text);
        project.shell("lefthook install -f").ends_with(0);
        let commit = || {
            project.shell("git add lefthook.yml && git commit -qm again --no-verify --allow-empty && date +%s%N > new && git add new").ends_with(0);
            project.shell("script -qec 'git commit -qm next' /dev/null")
        };
        let tried = commit();
        let report = project.devdoctor(&["check", "--offline", "--format", "json", "--only", ID]).report();
        let told = report.found() == [ID];
        if told == (tried.status == 0) || told != tried.all().contains("the input device is not a TTY") {
            wrong.push(format!("{setting}: {call}: told {told}, {tried}"));
        }
        if told {
            failing += 1;
            project.devdoctor(&["fix", "--offline", "--yes", "--only", ID]).ends_with(0);
            let tried = commit();
            if tried.status != 0 || !tried.all().contains("hi") {
                wrong.push(format!("{call} after the fix: {} {tried}", project.read("lefthook.yml")));
            }
            project.devdoctor(&["undo"]).ends_with(0);
            assert_eq!(project.read("lefthook.yml"), text);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(failing, 4);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_root_left_in_the_home_is_told_with_the_command_that_gives_it_back() {
    const ID: &str = "ownership-home-foreign";
    let project = Project::empty(Person::User);
    project.write("pyproject.toml", "[project]\nname = \"shop\"\n");
    let check = || project.devdoctor(&["check", "--offline", "--format", "json", "--only", ID]);
    assert_eq!(check().report().outcome(ID), "clean");
    let docker = project.home.join(".docker");
    std::fs::create_dir(&docker).unwrap();
    std::fs::write(docker.join("config.json"), "{}").unwrap();
    std::fs::set_permissions(&docker, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    lchown(&docker, Some(0), Some(0)).unwrap();
    let said = project.shell("docker version");
    assert!(said.all().contains("permission denied"), "{said}");
    let answer = check().ends_with(1);
    let report = answer.report();
    let title = report.of(ID)[0]["fix"]["title"].as_str().unwrap().to_owned();
    let command = title.split('`').nth(1).unwrap().replace("sudo ", "").replace('~', project.home.to_str().unwrap());
    assert!(std::process::Command::new("sh").args(["-c", &command]).status().unwrap().success(), "{command}");
    assert!(!project.shell("docker version").all().contains("permission denied"));
    assert_eq!(check().report().outcome(ID), "clean");
}
