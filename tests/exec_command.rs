//! `devdoctor exec` against the real engine: who the command is, what it can write, its streams, its status, its end.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "exec_command/streams.rs"]
mod streams;
mod support;

use std::time::{Duration, Instant};

use support::person::Person;
use support::project::Project;
use support::variable;

const COMPOSE: &str = "services:
  api:
    image: ${API_IMAGE}
    command: sleep infinity
    working_dir: /app
    stop_grace_period: 0s
    group_add: [\"4321\"]
    environment:
      UV_CACHE_DIR: /root/.cache/uv
    volumes: [\".:/app\"]
  me:
    image: ${API_IMAGE}
    command: sleep infinity
    user: \"1001:1001\"
    group_add: [\"4321\"]
    stop_grace_period: 0s
    volumes: [\".:/app\", \"inside:/app/inside\"]
  other:
    image: ${API_IMAGE}
    command: sleep infinity
    user: \"1500:1500\"
    stop_grace_period: 0s
    volumes: [\".:/app:ro\"]
  bare:
    image: ${BARE_IMAGE}
    stop_grace_period: 0s
    volumes: [\".:/app\"]
    scale: 2
  sealed:
    image: ${API_IMAGE}
    command: sleep infinity
    read_only: true
    stop_grace_period: 0s
    volumes: [\".:/app\"]
volumes:
  inside: {}
";

fn project(person: Person) -> Project {
    let project = Project::empty(person)
        .with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES")
        .with("BARE_IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_SCRATCH"));
    project.write("compose.yaml", COMPOSE);
    project
}

fn up(project: &Project, services: &str) {
    project.containers_are_wanted();
    project.shell(&format!("docker compose up --detach --no-build --wait {services}")).ends_with(0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_command_is_the_person_and_can_write_its_home_and_caches() {
    let project = project(Person::User);
    up(&project, "api me other");
    let says = |service: &str, script: &str| {
        project.devdoctor(&["exec", service, "--", "sh", "-c", script]).ends_with(0).out.trim().to_owned()
    };
    assert_eq!(says("api", "id -u; id -g"), "1001\n1001");
    // What the service is given besides stays with whoever the command is.
    assert_eq!(says("api", "id -G"), "1001 4321");
    let line = project.devdoctor(&["exec", "--print", "api", "id", "-G"]).ends_with(0).out;
    assert_eq!(project.shell(&line).ends_with(0).out, "1001 4321\n", "{line}");
    // The service's own user already is the person: its groups stay.
    assert_eq!(says("me", "id -u; id -G"), "1001\n1001 4321");
    // It cannot write the project, so that nothing of it could be in the person's way.
    assert_eq!(says("other", "id -u"), "1500");
    assert_eq!(project.devdoctor(&["exec", "-u", "7:8", "api", "id", "-u"]).ends_with(0).out, "7\n");
    for service in ["api", "me", "other"] {
        says(
            service,
            "touch ~/probe-$(id -u) && python3 -c 'import os; os.makedirs(os.environ.get(\"XDG_CACHE_HOME\", os.path.expanduser(\"~/.cache\")) + \"/x\", exist_ok=True)'",
        );
        // The real uv, whose cache the image put where only root may go.
        says(service, "uv pip list --offline && uv cache dir && test -w $(uv cache dir) && pip cache dir");
    }
    says("api", "touch made && mkdir -p migrations && touch migrations/one");
    let mine = Person::User.owner().unwrap();
    assert_eq!(["made", "migrations", "migrations/one"].map(|path| project.tree().owner(path)), [mine; 3]);
    project.shell("rm -r made migrations").ends_with(0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn by_sudo_the_command_is_who_called_sudo_and_for_root_the_owner_of_the_project() {
    let theirs = project(Person::User);
    up(&theirs, "api");
    for person in [Person::Sudo, Person::Root] {
        let ids = theirs.devdoctor_by(person, &["exec", "api", "--", "sh", "-c", "id -u; id -g"]).ends_with(0);
        assert_eq!(ids.out, "1001\n1001\n", "{person:?}");
    }
    let own = project(Person::Root);
    up(&own, "api");
    assert_eq!(own.devdoctor(&["exec", "api", "id", "-u"]).ends_with(0).out, "0\n");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_status_is_the_commands_own() {
    let project = project(Person::User);
    up(&project, "api");
    let run = |words: &[&str]| project.devdoctor(&[&["exec", "api", "--"], words].concat());
    run(&["true"]).ends_with(0);
    run(&["false"]).ends_with(1);
    run(&["sh", "-c", "exit 42"]).ends_with(42);
    run(&["sh", "-c", "exit 255"]).ends_with(255);
    run(&["sh", "-c", "kill -9 $$"]).ends_with(137);
    run(&["sh", "-c", "kill -15 $$"]).ends_with(143);
    for (program, status, words) in [
        ("nope", 127, "executable file not found in $PATH"),
        ("/nope", 127, "no such file or directory"),
        ("/etc/passwd", 126, "permission denied"),
    ] {
        let answer = run(&[program]).ends_with(status);
        assert!(answer.err.starts_with(&format!("error: `{program}` does not run in `")), "{answer}");
        assert!(answer.err.contains(words) && answer.out.is_empty(), "{answer}");
    }
    let nowhere = project.devdoctor(&["exec", "-w", "/nowhere", "api", "true"]).ends_with(126);
    assert!(nowhere.err.contains("no such file or directory"), "{nowhere}");
    // What looks like the engine's words is the command's own.
    let words = "OCI runtime exec failed: exec failed: nope: unknown\r\n";
    let answer = run(&["sh", "-c", &format!("printf '{}'; exit 126", words.replace('\r', "\\r").replace('\n', "\\n"))]);
    assert_eq!(answer.ends_with(126).out, words);
}

fn project_program(project: &Project) -> String {
    project.doctor(Person::Tester, &[]).get_program().to_string_lossy().into_owned()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_directory_is_the_one_that_shows_the_persons() {
    let project = project(Person::User);
    project.write("src/deep/file", "");
    project.write("inside/file", "");
    up(&project, "api me");
    let from = |directory: &str, line: &str| {
        let line = format!("cd {directory} && {} exec {line}", project_program(&project));
        project.shell(&line).ends_with(0).out.trim().to_owned()
    };
    assert_eq!(from(".", "api pwd"), "/app");
    assert_eq!(from("src/deep", "api pwd"), "/app/src/deep");
    assert_eq!(from("src/deep", "-w /tmp api pwd"), "/tmp");
    assert_eq!(from("inside", "me pwd"), from("/", "--project $OLDPWD me pwd"), "a volume lies over it");
    assert_eq!(from("/", "--project $OLDPWD api pwd"), "/app");
    project.shell("ln -s src/deep link").ends_with(0);
    assert_eq!(from("link", "api pwd"), "/app/src/deep");
    // A project behind a link, as Compose and the shell name it.
    let linked = project.home.join("linked");
    std::os::unix::fs::symlink(&project.root, &linked).unwrap();
    let name = project.root.file_name().unwrap().to_string_lossy().into_owned();
    let by = |line: &str| project.shell(&format!("cd {}/src && export PWD && {line}", linked.display())).ends_with(0);
    by(&format!("cd .. && docker compose -p {name} up --detach --force-recreate api"));
    assert_eq!(by(&format!("{} exec api -- sh -c 'id -u; pwd'", project_program(&project))).out, "1001\n/app/src\n");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_printed_line_does_the_same() {
    let project = project(Person::User).with("HANDED", "o'n").with("SECRET_TOKEN", "hunter2hunter2");
    project.write("src/x", "");
    up(&project, "api");
    let script = "id -u; pwd; echo \"$HOME|$XDG_CACHE_HOME|$UV_CACHE_DIR|$HANDED|$GIVEN\"; printf '[%s]' \"$@\"";
    let weird = ["a b", "", "'", "\"", "$HOME", "`x`", "\\", "*", "ä\tö", "-n", "line\nline", "!"];
    let mut words = vec!["-e", "HANDED", "-e", "GIVEN=two words", "api", "--", "sh", "-c", script, "x"];
    words.extend(weird);
    let done = project.devdoctor(&[&["exec"], &words[..]].concat()).ends_with(0);
    let line = project.devdoctor(&[&["exec", "--print"], &words[..]].concat()).ends_with(0);
    assert!(line.out.starts_with("docker exec -i -u 1001:1001 "), "{line}");
    assert_eq!(project.shell(&line.out).ends_with(0).out, done.out);
    // A secret is handed on, and never printed.
    let secret =
        project.devdoctor(&["exec", "--print", "-e", "SECRET_TOKEN", "-e", "API_KEY=hunter3hunter3", "api", "env"]);
    assert!(!secret.all().contains("hunter"), "{secret}");
    assert!(
        project.devdoctor(&["exec", "-e", "SECRET_TOKEN", "api", "env"]).out.contains("SECRET_TOKEN=hunter2hunter2\n")
    );
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn containers_without_a_shell_and_sealed_ones_do() {
    let project = project(Person::User);
    up(&project, "bare sealed");
    let bare = |words: &[&str]| project.devdoctor(&[&["exec"], words].concat());
    let program = project.shell("docker compose config --format json | grep -c bare").ends_with(0);
    assert_ne!(program.out, "0\n");
    bare(&["bare", "nope"]).ends_with(127);
    let print = bare(&["--print", "bare", "x"]).ends_with(0);
    assert!(print.out.contains("-u 1001:1001 -e HOME=/dev/shm -e XDG_CACHE_HOME=/dev/shm/devdoctor-1001"), "{print}");
    // Replicas: the first, and the one that is named.
    assert!(print.out.contains("-bare-1 x"), "{print}");
    assert!(bare(&["--print", "--index", "2", "bare", "x"]).ends_with(0).out.contains("-bare-2 x"));
    let third = bare(&["--index", "3", "bare", "x"]).ends_with(125);
    assert_eq!(third.err, "error: `bare` has no container 3\nhelp: choose from 1, 2\n");
    // A read-only root file system still has one place.
    bare(&["sealed", "--", "sh", "-c", "touch $HOME/x && mkdir -p $XDG_CACHE_HOME/y && uv pip list --offline"])
        .ends_with(0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_does_not_run_is_told_with_what_to_do() {
    let project = project(Person::User);
    let run = |words: &[&str]| project.devdoctor(&[&["exec"], words].concat()).ends_with(125).err;
    assert_eq!(
        run(&["apii", "true"]),
        "error: there is no service `apii`; there is `api`, `bare`, `me`, `other`, `sealed`\nhelp: did you mean `api`?\n"
    );
    assert_eq!(
        run(&["api", "true"]),
        "error: `api` has no container\nhelp: start it with `docker compose up -d api`\n"
    );
    up(&project, "api");
    let name = project.root.file_name().unwrap().to_string_lossy().into_owned();
    project.shell("docker compose pause api").ends_with(0);
    let paused = format!("error: `{name}-api-1` is paused\nhelp: let it go on with `docker compose unpause api`\n");
    assert_eq!(run(&["api", "true"]), paused);
    project.shell("docker compose unpause api && docker compose kill api").ends_with(0);
    for words in [&["api", "true"][..], &["--print", "api", "true"]] {
        let stopped = run(words);
        assert!(stopped.starts_with(&format!("error: `{name}-api-1` is not running: it exited (137)")), "{stopped}");
        assert!(stopped.ends_with("\nhelp: start it with `docker compose up -d api`\n"), "{stopped}");
    }
    let deaf = run(&["--docker-host", "unix:///nowhere.sock", "api", "true"]);
    assert!(
        deaf.starts_with("error: no engine answers at `unix:///nowhere.sock`: there is no socket\nhelp: "),
        "{deaf}"
    );
    let empty = Project::empty(Person::User);
    assert!(
        empty
            .devdoctor(&["exec", "api", "true"])
            .ends_with(125)
            .err
            .starts_with("error: there is no Compose file in `")
    );
}

/// Devdoctor costs little beside the engine's own work.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn it_takes_little_longer_than_docker_exec() {
    let project = project(Person::User);
    up(&project, "api");
    let name = project.root.file_name().unwrap().to_string_lossy().into_owned();
    let fastest = |run: &dyn Fn()| {
        let time = || {
            let started = Instant::now();
            run();
            started.elapsed()
        };
        (0..5).map(|_| time()).min().unwrap()
    };
    let ours = fastest(&|| drop(project.devdoctor(&["exec", "api", "true"]).ends_with(0)));
    let theirs = fastest(&|| drop(project.shell(&format!("docker exec {name}-api-1 true")).ends_with(0)));
    println!("devdoctor exec {ours:?}, docker exec {theirs:?}");
    // 0.3 s on a machine with nothing else to do; tests run beside each other.
    assert!(ours < theirs * 4 + Duration::from_millis(300), "{ours:?} {theirs:?}");
}
