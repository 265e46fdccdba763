//! What root leaves in a project: what its owner still can do with it and what not, and who leaves nothing.

use super::support::person::Person;
use super::support::project::Project;
use super::support::tree::Compared;
use super::support::variable;
use super::{me, service};

const MADE: [&str; 4] = ["migrations/x.py", "uv.lock", ".venv/x", "__pycache__/x.pyc"];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_root_left_can_be_put_in_the_place_of_and_not_changed() {
    const ID: &str = "ownership-foreign-files";
    let project = service("0:0", "sleep 600", "    stop_grace_period: 0s\n    working_dir: /app\n");
    project.write("migrations/.gitkeep", "");
    project.up();
    let make = format!("docker compose exec -T app sh -c 'mkdir .venv __pycache__; touch {}'", MADE.join(" "));
    project.shell(&make).ends_with(0);
    let mine = Person::User.owner().unwrap();
    assert!(MADE.iter().all(|path| project.tree().owner(path) == (0, 0)));
    let named = |said: &str| {
        let answer = project.devdoctor(&["why", "--format", "json", said]);
        assert!(answer.out.contains(ID), "{answer}");
    };
    for (line, text) in [
        ("echo >> migrations/x.py", "Permission denied"),
        ("chown $(id -u) migrations/x.py", "chown: changing ownership of 'migrations/x.py': Operation not permitted"),
        ("rm -r __pycache__", "rm: cannot remove '__pycache__/x.pyc': Permission denied"),
        ("touch .venv/y", "touch: cannot touch '.venv/y': Permission denied"),
    ] {
        let said = project.shell(line);
        assert!(said.status != 0 && said.all().contains(text), "{said}");
        if text.contains("Operation") {
            named(&said.all());
        }
    }
    let report = || project.devdoctor(&["check", "--only", ID, "--format", "json"]).report();
    let found = report();
    found.assert_places(ID, &["compose.yaml:9:9"]);
    let text = found.of(ID)[0].to_string();
    assert!(["migrations/x.py", "uv.lock", ".venv", "__pycache__"].iter().all(|path| text.contains(path)), "{text}");
    // The folder is the person's, so that a copy takes the place, and the file can go.
    project
        .shell("cp -p migrations/x.py y && mv -f y migrations/x.py && echo >> migrations/x.py && rm -f uv.lock")
        .ends_with(0);
    assert_eq!(project.tree().owner("migrations/x.py"), mine);
    let before = project.tree();
    project.devdoctor(&["fix", "--yes", "--only", ID]).ends_with(0);
    assert_eq!(project.tree().foreign_to(mine), Vec::<&str>::new());
    project.shell("touch .venv/y && rm .venv/y").ends_with(0);
    report().assert_places(ID, &[]);
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), Compared::Content);
}

/// By exec the container's own user writes, where it has one: of such lines nothing is said.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_service_with_a_user_of_its_own_leaves_nothing_of_roots() {
    let (uid, gid) = me();
    let project = Project::empty(Person::User);
    let service = |name: &str, image: &str, user: &str| {
        format!(
            "  {name}:\n    image: {image}\n    command: sleep 600\n    stop_grace_period: 0s\n{user}    volumes:\n      - .:/app\n"
        )
    };
    let (plain, with_user) = (variable("DEVDOCTOR_TEST_IMAGE_PYTHON"), variable("DEVDOCTOR_TEST_IMAGE_PYTHON_USER"));
    let compose = service("compose", &plain, &format!("    user: \"{uid}:{gid}\"\n"));
    project.write(
        "compose.yaml",
        format!("services:\n{compose}{}{}", service("image", &with_user, ""), service("root", &plain, "")),
    );
    let line = |name: &str| {
        format!("docker compose exec -T {name} sh -c 'id -u > /tmp/u; cat /tmp/u; touch /app/made-{name}'")
    };
    project.write("Makefile", ["compose", "image", "root"].map(|name| format!("{name}:\n\t{}\n", line(name))).concat());
    project.up();
    for (name, user) in [("compose", uid.to_string()), ("image", "1000".into()), ("root", "0".into())] {
        let ran = project.shell(&line(name));
        assert_eq!(ran.out.trim(), user, "{ran}");
    }
    assert_eq!(project.tree().owner("made-compose"), (uid, gid));
    assert_eq!(project.tree().owner("made-root"), (0, 0));
    let report = project.devdoctor(&["check", "--only", "exec-as-root", "--format", "json"]).report();
    report.assert_places("exec-as-root", &["Makefile:6:2"]);
}
