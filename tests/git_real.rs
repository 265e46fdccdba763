//! Git's own directories and repositories of others against the real git: what it says, what the check says, and what works
//! after `fix`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start real tools and read their own settings, and may panic"
)]

mod support;

use std::os::unix::fs::lchown;
use std::path::Path;

use support::person::Person;
use support::project::Project;
use support::variable;

const ID: &str = "ownership-git-objects-foreign";

/// A repository with a commit and a remote beside it, and a service that mounts it as root.
fn repository() -> Project {
    let project = Project::empty(Person::User);
    let image = variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    project.write(
        "compose.yaml",
        format!("services:\n  app:\n    image: {image}\n    command: sleep 600\n    volumes:\n      - .:/app\n"),
    );
    project.write("a", "a\n");
    let made = "git init -q . && git init -q --bare ../home/remote && git remote add origin ../home/remote && \
                git add . && git commit -qm first && git push -q origin main && git fetch -q && git branch other";
    project.shell(made).ends_with(0);
    project
}

/// Everything that git writes in a day.
const DAY: &str = "for i in 1 2 3 4 5 6 7 8; do echo $i$(date +%s%N) > f$i; done; git add f* && git commit -qm more && \
                   git fetch -q && git push -q origin main && git checkout -q other && git merge -q -m merged main && \
                   git tag v1 && git checkout -q main && git gc -q";

fn give(root: &Path, path: &str, uid: u32, below: bool) {
    let path = root.join(path);
    lchown(&path, Some(uid), Some(uid)).unwrap();
    if below && path.is_dir() {
        for entry in std::fs::read_dir(&path).unwrap() {
            give(&path, entry.unwrap().file_name().to_str().unwrap(), uid, true);
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_root_left_in_git_is_told_given_back_and_taken_back() {
    let project = repository();
    project.up();
    give(&project.root, ".git/objects", 0, true);
    give(&project.root, ".git/logs/HEAD", 0, false);
    project.write("b", "b\n");
    let said = project.shell("git add b").ends_with(128);
    assert!(said.all().contains("insufficient permission for adding an object to repository database"), "{said}");
    let answer = project.devdoctor(&["check", "--format", "json"]).ends_with(1);
    let report = answer.report();
    assert_eq!(report.found(), [ID], "{answer}");
    report.assert_places(ID, &["compose.yaml:6:9"]);
    assert_eq!(report.of(ID)[0]["fix"]["applicability"], "safe", "{answer}");
    let before = project.tree();
    project.devdoctor(&["fix", "--yes", "--only", ID]).ends_with(0);
    assert_eq!(project.tree().foreign_to(Person::User.owner().unwrap()), Vec::<&str>::new());
    assert_eq!(project.devdoctor(&["check", "--format", "json"]).report().found(), Vec::<String>::new());
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), support::tree::Compared::Content);
    project.devdoctor(&["fix", "--yes", "--only", ID]).ends_with(0);
    project.shell(DAY).ends_with(0);
}

/// Which single foreign entry of `.git` hurts is said by git; the check must say the same of each.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn each_entry_of_git_hurts_or_not_as_git_says() {
    let mut wrong = vec![];
    for (path, below) in [
        (".git/index", false),
        (".git/HEAD", false),
        (".git/config", false),
        (".git/hooks", true),
        (".git/branches", false),
        (".git/refs/heads/main", false),
        (".git/logs", true),
        (".git/logs/HEAD", false),
        (".git/logs/refs/heads/main", false),
        (".git/FETCH_HEAD", false),
        (".git/COMMIT_EDITMSG", false),
        (".git/objects", false),
        (".git/objects", true),
        (".git/objects/pack", false),
        (".git/objects/info", false),
        (".git/info", false),
        (".git/refs/heads", false),
        (".git/refs/tags", false),
        (".git", false),
    ] {
        let project = repository();
        give(&project.root, path, 0, below);
        let report = project.devdoctor(&["check", "--offline", "--format", "json", "--only", ID]).report();
        let told = report.found() == [ID];
        let git = project.shell(DAY);
        // The end of `git gc` complains about a folder and goes on.
        let works = git.status == 0 && !git.all().contains("Permission denied");
        if told == works {
            wrong.push(format!("{path} ({below}): told {told}, {git}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn objects_of_a_worktree_lie_outside_and_are_told_with_the_command_that_gives_them_back() {
    let project = repository();
    project.shell("git worktree add -q ../home/side other && rm -r .git/logs").ends_with(0);
    give(&project.root, ".git/objects", 0, true);
    let said = project.shell("cd ../home/side && echo x > x && git add x").ends_with(128);
    assert!(said.all().contains("insufficient permission"), "{said}");
    let side = project.home.join("side");
    let answer = project.devdoctor(&["check", side.to_str().unwrap(), "--format", "json", "--only", ID]).ends_with(1);
    let report = answer.report();
    let directory = project.root.join(".git").display().to_string();
    let fix = report.of(ID)[0]["fix"].clone();
    assert_eq!(fix["applicability"], "manual", "{answer}");
    let title = fix["title"].as_str().unwrap();
    let command = title.split('`').nth(1).unwrap().replace("sudo ", "");
    assert!(command.contains(&directory), "{answer}");
    let done = std::process::Command::new("sh").args(["-c", &command]).status().unwrap();
    assert!(done.success(), "{command}");
    project.shell("cd ../home/side && git add x && git commit -qm x").ends_with(0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_repository_of_another_user_is_refused_until_it_is_trusted() {
    let project = repository();
    let top = project.root.display().to_string();
    let check = || project.devdoctor(&["check", "--offline", "--format", "json"]);
    const ID: &str = "ownership-git-refuses-repository";
    assert_eq!(check().report().outcome(ID), "clean");
    give(&project.root, ".", 4242, true);
    let said = project.shell("git status").ends_with(128);
    assert!(said.all().contains(&format!("detected dubious ownership in repository at '{top}'")), "{said}");
    let answer = check();
    assert!(answer.report().found().contains(&ID.to_owned()), "{answer}");
    for (value, trusted) in [("/elsewhere", false), (top.as_str(), true), ("", false), ("*", true)] {
        project.shell(&format!("cd / && git config --global --add safe.directory '{value}'")).ends_with(0);
        assert_eq!(project.shell("git status").status == 0, trusted, "{value}");
        assert_eq!(check().report().outcome(ID) == "clean", trusted, "{value}");
    }
    project.shell("cd / && git config --global --unset-all safe.directory").ends_with(0);
    let above = project.root.parent().unwrap().display().to_string();
    std::fs::write(project.home.join("more"), format!("[safe]\n\tdirectory = {above}/*\n")).unwrap();
    project.shell("cd / && git config --global include.path ~/more").ends_with(0);
    let trusted = project.shell("git status").status == 0;
    assert_eq!(check().report().outcome(ID) == "clean", trusted);
}

/// The git of this machine in a container, so that no image has to have one.
const GIT: &str = "LD=$(ls /host/usr/lib*/*/ld-linux* /host/usr/lib64/ld-linux* /host/lib*/ld-linux* 2>/dev/null | head -1); \
                   $LD --library-path $(ls -d /host/usr/lib/*-linux-gnu* | tr '\\n' ':') /host/usr/bin/git";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn git_in_a_container_refuses_and_obeys_the_variables_that_name_the_folder() {
    let project = Project::empty(Person::User);
    let image = variable("DEVDOCTOR_TEST_IMAGE_PYTHON");
    let compose = |more: &str| {
        format!(
            "services:\n  app:\n    image: {image}\n    command: sleep 600\n{more}    volumes:\n      - .:/app\n      - /usr:/host/usr:ro\n"
        )
    };
    project.write("compose.yaml", compose(""));
    project.write("Makefile", "status:\n\tdocker compose exec -T app git status\n");
    project.shell("git init -q . && git add . && git commit -qm first").ends_with(0);
    project.up();
    let status = format!("docker compose exec -T app bash -c '{} status'", GIT.replace('\'', "'\\''"));
    let said = project.shell(&status).ends_with(128);
    assert!(said.all().contains("detected dubious ownership in repository at '/app'"), "{said}");
    const ID: &str = "ownership-git-refuses-repository";
    let answer = project.devdoctor(&["check", "--format", "json", "--only", ID]).ends_with(1);
    answer.report().assert_places(ID, &["compose.yaml:6:9"]);
    // What its words say.
    project.write(
        "compose.yaml",
        compose("    environment:\n      GIT_CONFIG_COUNT: \"1\"\n      GIT_CONFIG_KEY_0: safe.directory\n      GIT_CONFIG_VALUE_0: /app\n"),
    );
    project.up();
    project.shell(&status).ends_with(0);
    let answer = project.devdoctor(&["check", "--format", "json", "--only", ID]);
    assert_eq!(answer.report().outcome(ID), "clean", "{answer}");
}
