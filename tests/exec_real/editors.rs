//! Repaired command lines of editors' tasks, development containers, CI pipelines, documents and Python's task runners, started
//! as what reads them starts them: what docker gets is the caller's numbers.

use super::support::person::Person;
use super::support::project::Project;
use super::support::variable;

/// Only writes down what it is started with: what the real one makes of that, the other tests tell.
const RECORDER: &str = "#!/bin/sh\nfor word do printf '%s\\n' \"$word\" >> \"$RECORD\"; done\n";

const COMPOSE: &str = "services:\n  api:\n    image: python:3.12\n    volumes: ['.:/app']\n";

const TASKS: &str = r#"{
  // Of the project.
  "version": "2.0.0",
  "tasks": [
    { "label": "shell", "type": "shell", "command": "docker compose exec -T api touch /app/x" },
    { "label": "below", "type": "shell", "command": "docker compose exec -T sub touch /app/x", "options": { "cwd": "${workspaceFolder}/sub" } },
    { "label": "here", "type": "shell", "command": "false", "linux": { "command": "docker compose exec -T api touch /app/x" } },
    { "label": "process", "type": "process", "command": "docker", "args": ["compose", "exec", "-T", "api", "touch", "/app/x"] },
    { "label": "quoted", "type": "shell", "command": { "value": "docker", "quoting": "strong" }, "args": ["compose", "exec", "-T", "api", "touch", "/app/x"] },
  ],
}
"#;

const CONTAINER: &str = r#"{
  "initializeCommand": "docker compose exec -T api touch /app/x",
  /* Several at once. */
  "postAttachCommand": { "one": "docker compose exec -T api touch \"/app/x\"", "two": ["docker", "compose", "exec", "-T", "api", "touch", "/app/x"] },
}
"#;

const WORKFLOW: &str = "on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          true
          docker compose exec -T api touch /app/x
      - run: docker compose exec -T sub touch /app/x
        working-directory: sub
";

const PIPELINE: &str = "test:
  before_script:
    - cd sub
  script:
    - docker compose exec -T sub touch /app/x
";

const README: &str = "# Shop\n\n```console\n$ docker compose exec -T api touch /app/x\nmade\n```\n";

const PYPROJECT: &str = "[tool.taskipy.tasks]
a = \"docker compose exec -T api touch /app/x\"
";

/// Starts what a path in a file names, as the program does whose file it is: text by a shell, a list as it is. Comments and
/// commas at the end are what these files allow.
const START: &str = r#"
import json, os, re, subprocess, sys
path, place = sys.argv[1:]
text = open(path).read()
if path.endswith('.json'):
    text = re.sub(r'(?m)^\s*//.*$|/\*.*?\*/|,(?=\s*[\]}])', '', text)
    tree = json.loads(text)
elif path.endswith('.md'):
    tree = [line[2:] for line in text.splitlines() if line.startswith('$ ')]
else:
    import yaml
    tree = yaml.safe_load(text)
found = eval(place)
folder = '.'
if isinstance(found, tuple): found, folder = found
sys.exit(subprocess.call(found, cwd=folder) if isinstance(found, list) else subprocess.call(['bash', '-ec', found], cwd=folder))
"#;

/// A file, the place in it, and whether it can be repaired by what is put into it.
const PLACES: [(&str, &str, bool); 12] = [
    (".vscode/tasks.json", "tree['tasks'][0]['command']", true),
    (".vscode/tasks.json", "tree['tasks'][1]['command'], 'sub'", true),
    (".vscode/tasks.json", "tree['tasks'][2]['linux']['command']", true),
    (".vscode/tasks.json", "[tree['tasks'][3]['command']] + tree['tasks'][3]['args']", false),
    (".vscode/tasks.json", "[tree['tasks'][4]['command']['value']] + tree['tasks'][4]['args']", false),
    (".devcontainer/devcontainer.json", "tree['initializeCommand']", true),
    (".devcontainer/devcontainer.json", "tree['postAttachCommand']['one']", true),
    (".devcontainer/devcontainer.json", "tree['postAttachCommand']['two']", false),
    (".github/workflows/ci.yml", "tree['jobs']['test']['steps'][1]['run']", true),
    (".github/workflows/ci.yml", "tree['jobs']['test']['steps'][2]['run'], 'sub'", true),
    (".gitlab-ci.yml", "chr(10).join(tree['test']['before_script'] + tree['test']['script'])", true),
    ("README.md", "tree[0]", true),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn repaired_tasks_pipelines_and_documents_hand_on_the_callers_numbers() {
    let project = Project::empty(Person::User);
    let record = project.root.join("record").display().to_string();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", project.root.join("bin").display());
    let project = project.with("PATH", &path).with("RECORD", &record);
    for (path, text) in [
        ("compose.yaml", COMPOSE),
        (".vscode/tasks.json", TASKS),
        (".devcontainer/devcontainer.json", CONTAINER),
        (".github/workflows/ci.yml", WORKFLOW),
        (".gitlab-ci.yml", PIPELINE),
        ("README.md", README),
        ("pyproject.toml", PYPROJECT),
        ("bin/docker", RECORDER),
        ("start.py", START),
    ] {
        project.write(path, text);
    }
    project.write("sub/compose.yaml", COMPOSE.replace("api:", "sub:"));
    project.shell("chmod +x bin/docker").ends_with(0);
    let python = format!("{}/bin/python", variable("DEVDOCTOR_TEST_VENV"));
    let taskipy = format!(
        "PYTHONPATH={}/python python3 -c 'from taskipy.cli import main; main()' a",
        variable("DEVDOCTOR_TEST_TOOLS")
    );
    let mut lines: Vec<_> =
        PLACES.iter().map(|(path, place, cured)| (format!("{python} start.py {path} \"{place}\""), *cured)).collect();
    lines.push((taskipy, true));
    let user = |line: &str| {
        project.write("record", "");
        project.shell(line).ends_with(0);
        let words: Vec<String> = project.read("record").lines().map(str::to_owned).collect();
        assert_eq!(words.last().map(String::as_str), Some("/app/x"), "{line}: {words:?}");
        words.iter().position(|word| word == "-u").map(|at| words[at + 1].clone())
    };
    lines.iter().for_each(|(line, _)| assert_eq!(user(line), None, "{line}"));
    let report = || project.devdoctor(&["check", "--offline", "--only", "exec", "--format", "json"]).report();
    let before = report();
    assert_eq!(before.of("exec-as-root").len(), lines.len(), "{:#}", before.0);
    for finding in before.of("exec-as-root") {
        // What runs on a machine of its own, or not yet, hurts nobody.
        let path = finding["location"]["path"].as_str().unwrap();
        let quiet = path.starts_with(".git") || path == "README.md";
        assert_eq!(finding["severity"], if quiet { "info" } else { "error" }, "{finding:#}");
    }
    let tree = project.tree();
    project.devdoctor(&["fix", "--yes", "--unsafe", "--offline", "--only", "exec"]);
    let mine = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    for (line, cured) in &lines {
        assert_eq!(user(line), cured.then(|| mine.clone()), "{line}");
    }
    let left = report();
    let kept: Vec<_> = left.of("exec-as-root").iter().map(|finding| finding["fix"].clone()).collect();
    assert_eq!(kept, [const { serde_json::Value::Null }; 3], "what is no text of a shell is told: {:#}", left.0);
    project.write("record", "");
    std::fs::remove_file(project.root.join("record")).unwrap();
    project.devdoctor(&["undo"]).ends_with(0);
    tree.without("record").assert_same(&project.tree(), super::support::tree::Compared::Content);
}
