//! Lines of every kind of file that run something in a container.

use super::projects::{ID, SETS, Shop};
use super::support::variable;

const ABSENT: &str = "exec: \"alembic\": executable file not found in $PATH";
const EXEC: &str = "OCI runtime exec failed: exec failed: unable to start container process: exec: \"alembic\": executable file not found in $PATH: unknown";
const RUN: &str = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"alembic\": executable file not found in $PATH: unknown";

/// Targets of a Makefile, and what each says.
const RECIPES: [(&str, &str, &str); 11] = [
    ("exec", "docker compose exec -T app alembic heads", EXEC),
    ("sh", "docker compose exec -T app sh -c 'alembic heads'", "sh: 1: alembic: not found"),
    (
        "bash",
        "docker compose exec -T app bash -c \"cd /app && alembic heads\"",
        "bash: line 1: alembic: command not found",
    ),
    ("container", "docker exec NAME-app-1 alembic heads", EXEC),
    ("once", "docker compose run --rm -T plain alembic heads", RUN),
    ("init", "docker compose run --rm -T app alembic heads", "exec alembic failed: No such file or directory"),
    ("image", "docker run --rm --network none NAME-app alembic heads", RUN),
    ("module", "docker compose exec -T app python3 -m alembic heads", "python3: No module named alembic"),
    ("variable", "$(EXEC) alembic heads", EXEC),
    ("whole", "$(ALEMBIC) heads", EXEC),
    ("several", "docker compose exec -T app true && docker compose exec -T app alembic \\\n\t  heads", EXEC),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn recipes_of_make_are_run_through_uv() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        let mut makefile =
            "EXEC := docker compose exec -T app\nALEMBIC = docker compose exec -T app alembic\n".to_owned();
        let mut places = vec![];
        for (target, recipe, _) in RECIPES {
            makefile += &format!("{target}:\n\t{recipe}\n");
            let recipe = recipe.replace("NAME", shop.name());
            let line = makefile.lines().count() - usize::from(target == "several");
            let column = recipe.rfind("alembic").map_or(0, |at| at + 2);
            places.push(if target == "whole" {
                "Makefile:2:38".to_owned()
            } else {
                format!("Makefile:{line}:{column}")
            });
        }
        shop.write("Makefile", &makefile);
        shop.build();
        shop.project.up();
        let lines: Vec<_> = RECIPES.iter().map(|(target, _, text)| (format!("make {target}"), *text)).collect();
        let statuses = ["126", "127", "127", "126", "1", "127", "127", "1"];
        for ((line, _), status) in lines.iter().zip(statuses) {
            let said = shop.project.shell(line).all();
            assert!(said.contains(&format!("Error {status}")), "{line}: {said}");
        }
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        shop.is_cured(&lines, &places);
    }
}

const START: &str = r#"
import json, subprocess, sys
path, place = sys.argv[1:]
text = open(path).read()
if path.endswith('.json'):
    tree = json.loads(text)
elif path.endswith('.md'):
    tree = [line[2:] for line in text.splitlines() if line.startswith('$ ')]
else:
    import yaml
    tree = yaml.safe_load(text)
found = eval(place)
sys.exit(subprocess.call(found) if isinstance(found, list) else subprocess.call(['sh', '-ec', found]))
"#;

const HOOKS: &str = "repos:
- repo: local
  hooks:
  - id: entry
    name: entry
    language: system
    entry: docker compose exec -T app alembic heads
    always_run: true
    pass_filenames: false
    verbose: true
  - id: listed
    name: listed
    language: system
    entry: docker compose exec -T
    args: [app, alembic, heads]
    always_run: true
    pass_filenames: false
    verbose: true
";

const TASKS: &str = r#"{
  "version": "2.0.0",
  "tasks": [
    { "label": "a", "type": "shell", "command": "docker compose exec -T app alembic heads" },
    { "label": "b", "type": "process", "command": "docker", "args": ["compose", "exec", "-T", "app", "alembic", "heads"] }
  ]
}
"#;

const CONTAINER: &str = r#"{
  "initializeCommand": "docker compose exec -T app sh -c 'alembic heads'",
  "postAttachCommand": ["docker", "compose", "exec", "-T", "app", "alembic", "heads"]
}
"#;

const WORKFLOW: &str = "on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          docker compose up -d
          docker compose exec -T app alembic heads
";

/// Files, the line that runs each as its own program does, and where the word stands.
fn files() -> Vec<(&'static str, &'static str, String, &'static str)> {
    let python = format!("{}/bin/python start.py", variable("DEVDOCTOR_TEST_VENV"));
    let npm = format!("{}/bin/npm run a", variable("DEVDOCTOR_TEST_TOOLS"));
    vec![
        ("run.sh", "#!/bin/sh\nset -eu\ndocker compose exec -T app alembic heads\n", "sh run.sh".into(), "run.sh:3:28"),
        ("justfile", "a:\n  docker compose exec -T app alembic heads\n", "just a".into(), "justfile:2:30"),
        (
            "Taskfile.yml",
            "version: '3'\ntasks:\n  a: docker compose exec -T app alembic heads\n",
            "task a".into(),
            "Taskfile.yml:3:33",
        ),
        (
            "lefthook.yml",
            "a:\n  commands:\n    b:\n      run: docker compose exec -T app alembic heads\n",
            "git init -q; lefthook run a".into(),
            "lefthook.yml:4:39",
        ),
        (
            "package.json",
            "{\n  \"scripts\": {\n    \"a\": \"docker compose exec -T app sh -c \\\"alembic heads\\\"\"\n  }\n}\n",
            npm,
            "package.json:3:46",
        ),
        (".pre-commit-config.yaml", HOOKS, "pre-commit run -a entry".into(), ".pre-commit-config.yaml:7:39"),
        (".pre-commit-config.yaml", HOOKS, "pre-commit run -a listed".into(), ".pre-commit-config.yaml:15:17"),
        (
            ".vscode/tasks.json",
            TASKS,
            format!("{python} .vscode/tasks.json \"tree['tasks'][0]['command']\""),
            ".vscode/tasks.json:4:77",
        ),
        (
            ".vscode/tasks.json",
            TASKS,
            format!("{python} .vscode/tasks.json \"[tree['tasks'][1]['command']] + tree['tasks'][1]['args']\""),
            ".vscode/tasks.json:5:103",
        ),
        (
            ".devcontainer/devcontainer.json",
            CONTAINER,
            format!("{python} .devcontainer/devcontainer.json \"tree['initializeCommand']\""),
            ".devcontainer/devcontainer.json:2:59",
        ),
        (
            ".devcontainer/devcontainer.json",
            CONTAINER,
            format!("{python} .devcontainer/devcontainer.json \"tree['postAttachCommand']\""),
            ".devcontainer/devcontainer.json:3:68",
        ),
        (
            ".github/workflows/ci.yml",
            WORKFLOW,
            format!("{python} .github/workflows/ci.yml \"tree['jobs']['test']['steps'][1]['run']\""),
            ".github/workflows/ci.yml:9:38",
        ),
        (
            ".gitlab-ci.yml",
            "test:\n  script:\n    - docker compose exec -T app alembic heads\n",
            format!("{python} .gitlab-ci.yml \"tree['test']['script'][0]\""),
            ".gitlab-ci.yml:3:34",
        ),
        (
            "README.md",
            "# Shop\n\n```console\n$ docker compose exec -T app alembic heads\naaa1\n```\n",
            format!("{python} README.md \"tree[0]\""),
            "README.md:4:30",
        ),
    ]
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn lines_of_every_kind_of_file_are_run_through_uv() {
    for set in SETS {
        let runners = format!("{}/bin:", variable("DEVDOCTOR_TEST_RUNNERS"));
        let path = format!("{runners}{}/bin:", variable("DEVDOCTOR_TEST_VENV"));
        let shop = Shop::locked(set, &path);
        shop.project.write("start.py", START);
        let files = files();
        files.iter().for_each(|(path, text, _, _)| shop.write(path, text));
        shop.project.stage_everything();
        shop.build();
        shop.project.up();
        let lines: Vec<_> = files
            .iter()
            .map(|(path, _, line, _)| {
                (
                    line.clone(),
                    if matches!(*path, "package.json") || line.contains("initialize") {
                        "alembic: not found"
                    } else {
                        ABSENT
                    },
                )
            })
            .collect();
        let places: Vec<&str> = files.iter().map(|(.., place)| *place).collect();
        shop.is_cured(&lines, &places);
    }
}

/// With a number of the caller's uv has no cache until one is given to it: the one cure leads to the next check, and both
/// together work.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_line_with_numbers_works_after_both_cures() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        let recipe = "UID := $(shell id -u)\nGID := $(shell id -g)\na:\n\tdocker compose exec -T -u $(UID):$(GID) app alembic heads\n";
        shop.write("Makefile", recipe);
        shop.build();
        shop.project.up();
        assert!(shop.project.shell("make a").all().contains(EXEC));
        shop.report().assert_places(ID, &["Makefile:4:46"]);
        shop.project.devdoctor(&["fix", "--yes", "--only", "alembic,cache"]);
        shop.project.devdoctor(&["fix", "--yes", "--only", "alembic,cache"]);
        let works = shop.project.shell("make a").ends_with(0);
        assert!(works.out.contains(super::projects::HEAD), "{works}\n{}", shop.project.read("Makefile"));
    }
}
