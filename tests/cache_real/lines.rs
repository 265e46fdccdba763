//! A cache that the person's own command lines cannot write is moved on each of them: the file is read by its real program,
//! which runs the line in the real container.

use super::projects::report;
use super::support::person::Person;
use super::support::project::Project;
use super::support::tree::Compared;
use super::support::variable;

const UV: &str = "app uv pip list -q";

/// Files with one command line each, and what runs it: the file's own program; of editors, the words that they hand to a shell.
fn files() -> Vec<(&'static str, String, String)> {
    let numbers = "docker compose exec -T -u \"$(id -u):$(id -g)\"";
    let quoted = "docker compose exec -T -u $(id -u):$(id -g)";
    let python = "python3 -c 'import json, re, subprocess, sys; text = open(sys.argv[1]).read(); text = re.sub(r\"(?m)^\\s*//.*$|,(?=\\s*[\\]}])\", \"\", text); task = json.loads(text); line = eval(sys.argv[2]); sys.exit(subprocess.call([\"sh\", \"-c\", line]))'";
    let taskipy = format!(
        "PYTHONPATH={}/python python3 -c 'from taskipy.cli import main; main()' b",
        variable("DEVDOCTOR_TEST_TOOLS")
    );
    vec![
        (
            "Makefile",
            format!(
                "UID := $(shell id -u)\nGID := $(shell id -g)\na:\n\tdocker compose exec -T -u $(UID):$(GID) {UV}\n"
            ),
            "make a".into(),
        ),
        ("run.sh", format!("#!/bin/sh\nset -eu\n{numbers} {UV}\n"), "sh run.sh".into()),
        ("justfile", format!("a:\n  {numbers} {UV}\n"), "just a".into()),
        ("Taskfile.yml", format!("version: '3'\ntasks:\n  a: {quoted} {UV}\n"), "task a".into()),
        ("lefthook.yml", format!("a:\n  commands:\n    b:\n      run: {quoted} {UV}\n"), "lefthook run a".into()),
        (
            "package.json",
            format!("{{\n  \"scripts\": {{\n    \"a\": \"{quoted} {UV}\"\n  }}\n}}\n"),
            format!("{}/bin/npm run a", variable("DEVDOCTOR_TEST_TOOLS")),
        ),
        (
            "pyproject.toml",
            format!(
                "[tool.poe.tasks]\na = {{ shell = '{numbers} {UV}' }}\n\n[tool.taskipy.tasks]\nb = '{numbers} {UV}'\n"
            ),
            format!("poe a && {taskipy}"),
        ),
        (
            ".vscode/tasks.json",
            format!(
                "{{\n  // Once a day.\n  \"version\": \"2.0.0\",\n  \"tasks\": [\n    {{ \"label\": \"a\", \"type\": \"shell\", \"command\": \"{quoted} {UV}\" }},\n  ],\n}}\n"
            ),
            format!("{python} .vscode/tasks.json 'task[\"tasks\"][0][\"command\"]'"),
        ),
        (
            ".devcontainer/devcontainer.json",
            format!("{{\n  // On the host.\n  \"initializeCommand\": \"{quoted} {UV}\"\n}}\n"),
            format!("{python} .devcontainer/devcontainer.json 'task[\"initializeCommand\"]'"),
        ),
    ]
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn lines_of_every_kind_of_file_keep_the_cache_where_their_user_can_write() {
    let project = Project::empty(Person::User);
    let path = format!(
        "{}/bin:/usr/local/bin:/usr/bin:/bin:{}/bin",
        variable("DEVDOCTOR_TEST_RUNNERS"),
        variable("DEVDOCTOR_TEST_TOOLS")
    );
    let project = project.with("PATH", &path);
    let image = variable("DEVDOCTOR_TEST_IMAGE_PYTHON");
    project.write(
        "compose.yaml",
        format!(
            "services:\n  app:\n    image: {image}\n    network_mode: none\n    init: true\n    command: sleep 600\n"
        ),
    );
    let files = files();
    files.iter().for_each(|(path, text, _)| project.write(path, text));
    project.shell("git init -q").ends_with(0);
    project.up();
    for (path, _, line) in &files {
        let refused = project.shell(line);
        assert!(
            refused.status != 0 && refused.all().contains("failed to create directory `/.cache"),
            "{path}: {refused}"
        );
    }
    let found = report(&project, "cache");
    let places = found.of("cache-not-writable");
    let text = format!("{places:#?}");
    for (path, _, _) in &files {
        assert!(text.contains(&format!("String(\"{path}\")")), "{path}: {text}");
    }
    let before = project.tree().without(".git");
    project.devdoctor(&["fix", "--yes", "--only", "cache-not-writable"]).ends_with(0);
    let mut wrong = vec![];
    for (path, _, line) in &files {
        let works = project.shell(line);
        if works.status != 0 {
            wrong.push(format!("{path}: {works}\n{}", project.read(path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!(report(&project, "cache").found(), [""; 0]);
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree().without(".git"), Compared::Content);
    assert_ne!(project.shell("make a").status, 0);
}
