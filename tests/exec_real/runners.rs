//! Repaired files of Task, lefthook, just and Poe, run by the real ones: what docker gets is the caller's numbers.

use super::support::person::Person;
use super::support::project::Project;
use super::support::variable;

const COMPOSE: &str = "services:\n  api:\n    image: python:3.12\n    volumes: ['.:/app']\n";

/// Only writes down what it is started with: what the real one makes of that, the other tests tell.
const RECORDER: &str = "#!/bin/sh\nfor word do printf '%s\\n' \"$word\" >> \"$RECORD\"; done\n";

const TASKFILE: &str = "version: '3'
tasks:
  plain: docker compose exec -T api x
  quoted:
    cmds: ['docker compose exec -T api x']
  block:
    cmds:
    - |
      set -e
      docker compose exec -T api x \\
        y
  folded:
    cmd: >-
      docker compose
      exec -T
      api x
  template:
    vars: {WHAT: x}
    cmds:
    - cmd: 'docker compose exec -T -e A={{ .WHAT }} api {{ .WHAT }}'
  deferred:
    cmds:
    - defer: docker compose exec -T api x
";

const LEFTHOOK: &str = "plain:
  commands:
    a:
      run: docker compose exec -T api x
block:
  jobs:
  - name: a
    run: |
      true
      docker compose exec -T api x
folded:
  jobs:
  - group:
      jobs:
      - run: >
          docker compose exec -T
          api x
";

const JUSTFILE: &str = "dc := 'docker compose'
plain:
  docker compose exec -T api x
variable what='x':
  @{{dc}} exec -T api {{what}}
script:
  #!/usr/bin/env bash
  set -euo pipefail
  docker compose exec -T api x
";

const PYPROJECT: &str = "[tool.poe.tasks]
plain = \"docker compose exec -T api x\"
command = { cmd = \"docker compose exec -T api x\" }
shell = { shell = 'docker compose exec -T api x \"y\"' }
escaped = { shell = \"docker compose exec -T api x \\\"y\\\"\" }
several = [{ cmd = \"docker compose exec -T api x\" }]
[tool.poe.tasks.long]
shell = \"\"\"
true
docker compose exec -T api x
\"\"\"
";

const LINES: [&str; 18] = [
    "task plain",
    "task quoted",
    "task block",
    "task folded",
    "task template",
    "task deferred",
    "lefthook run plain",
    "lefthook run block",
    "lefthook run folded",
    "just plain",
    "just variable",
    "just script",
    "poe plain more words",
    "poe command",
    "poe shell",
    "poe escaped",
    "poe several",
    "poe long",
];

fn project() -> Project {
    let project = Project::empty(Person::User);
    let record = project.root.join("record").display().to_string();
    let path = format!(
        "{}:{}/bin:/usr/local/bin:/usr/bin:/bin",
        project.root.join("bin").display(),
        variable("DEVDOCTOR_TEST_RUNNERS")
    );
    let project = project.with("PATH", &path).with("RECORD", &record);
    for (path, text) in [
        ("compose.yaml", COMPOSE),
        ("Taskfile.yml", TASKFILE),
        ("lefthook.yml", LEFTHOOK),
        ("justfile", JUSTFILE),
        ("pyproject.toml", PYPROJECT),
        ("bin/docker", RECORDER),
    ] {
        project.write(path, text);
    }
    project.shell("chmod +x bin/docker && git init -q").ends_with(0);
    project
}

/// The words that docker gets by a command line.
fn words(project: &Project, line: &str) -> Vec<String> {
    project.write("record", "");
    project.shell(line).ends_with(0);
    project.read("record").lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn repaired_tasks_and_hooks_hand_on_the_callers_numbers() {
    let project = project();
    for line in LINES {
        assert_eq!(words(&project, line).iter().filter(|word| *word == "-u").count(), 0, "{line}");
    }
    let report = project.devdoctor(&["check", "--offline", "--only", "exec", "--format", "json"]).report();
    assert_eq!(report.of("exec-as-root").len(), LINES.len(), "{:#}", report.0);
    project.devdoctor(&["fix", "--yes", "--unsafe", "--offline", "--only", "exec"]);
    let mine = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    for line in LINES {
        let words = words(&project, line);
        let at = words.iter().position(|word| word == "-u").map(|at| words[at + 1].as_str());
        assert_eq!(at, Some(mine.as_str()), "{line}: {words:?}");
        assert_eq!(words.iter().any(|word| word == "more"), line.contains("more"), "{line}: {words:?}");
    }
    let left = project.devdoctor(&["check", "--offline", "--only", "exec", "--format", "json"]).ends_with(0).report();
    assert_eq!(left.of("exec-as-root").len(), 0, "{:#}", left.0);
}

/// Task's shell sets the numbers by itself; those of lefthook and Poe do not, and just's ends at what is not set.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn numbers_that_the_shell_of_a_runner_sets_by_itself() {
    let project = project();
    let mine = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    for (path, text, line, expected) in [
        (
            "Taskfile.yml",
            "version: '3'\ntasks: {a: 'docker compose exec -u $UID:$GID api x'}\n",
            "task a",
            mine.as_str(),
        ),
        ("lefthook.yml", "a: {jobs: [{run: 'docker compose exec -u $UID:$GID api x'}]}\n", "lefthook run a", ":"),
        ("pyproject.toml", "[tool.poe.tasks.a]\nshell = 'docker compose exec -u $UID:$GID api x'\n", "poe a", ":"),
    ] {
        project.write(path, text);
        assert_eq!(words(&project, line).get(3).map(String::as_str), Some(expected), "{line}");
        let report = project.devdoctor(&["check", "--offline", "--only", "exec", "--format", "json"]).report();
        let found = report.of("exec-as-root").iter().filter(|one| one["location"]["path"] == path).count();
        assert_eq!(found, usize::from(expected == ":"), "{path}");
    }
    project.write("justfile", "a:\n  docker compose exec -u $UID:$GID api x\n");
    assert_ne!(project.shell("just a").status, 0);
}
