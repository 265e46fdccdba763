//! Poetry, whose commands need each its own part of the cache, wherever its environment is, and pip, which goes on without: the
//! check must say what the real tool does before it runs, and the fix must help.

use super::projects::{fixed, project, report, up};
use super::support::project::Project;
use super::support::variable;

const COMPOSE: &str = "services:
  app:
    image: IMAGE
    user: \"ME\"
    network_mode: none
    working_dir: /app
    command: sh -c 'python3 -m http.server 8000 -d /app/index >/dev/null 2>&1 & sleep 0.5; python3 -m poetry COMMAND'
    environment:
      HOME: /tmp
      PYTHONPATH: /tools/python
      POETRY_CACHE_DIR: /c
      SETTING
    volumes:
      - .:/app
      - cache:/c
      - TOOLS:/tools:ro
volumes:
  cache:
";

const PYPROJECT: &str = "[project]
name = \"shop\"
version = \"1\"
requires-python = \">=3.9\"
dependencies = [\"alpha\"]
[tool.poetry]
package-mode = false
[[tool.poetry.source]]
name = \"here\"
url = \"http://127.0.0.1:8000/\"
priority = \"primary\"
";

const NO_ENVIRONMENT: &str = "VIRTUAL_ENV: \"\"";
const IN_PROJECT: &str = "{VIRTUAL_ENV: \"\", POETRY_VIRTUALENVS_IN_PROJECT: \"true\"}";

fn is_made(project: &Project, command: &str, setting: &str) {
    let setting = match setting.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(several) => several.replace(", ", "\n      "),
        None => setting.to_owned(),
    };
    let me = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    let compose =
        COMPOSE.replace("IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_PYTHON")).replace("ME\"", &format!("{me}\""));
    let compose = compose.replace("TOOLS", &variable("DEVDOCTOR_TEST_TOOLS")).replace("COMMAND", command);
    project.write("compose.yaml", compose.replace("SETTING", &setting));
    project.shell("docker compose up --no-start").ends_with(0);
}

/// What root does in the container, with the cache that it leaves to nobody else.
fn root(project: &Project, script: &str) {
    let line = "docker compose run --rm -T -u 0 --entrypoint sh app -c";
    project
        .shell(&format!("{line} \"python3 -m http.server 8000 -d /app/index >/dev/null 2>&1 & sleep 0.5; {script}\""))
        .ends_with(0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn each_command_needs_its_part_of_the_cache() {
    let project = project("services: {}\n");
    project.write("pyproject.toml", PYPROJECT);
    let index = "mkdir -p index/alpha && mv wheels/* index/alpha && echo '<a href=\"alpha-1.0-py3-none-any.whl\">alpha-1.0-py3-none-any.whl</a>' > index/alpha/index.html";
    project.shell(index).ends_with(0);
    let no_write = "the destination . is not write-able at /c";
    let in_file = "printf '[virtualenvs]\\nin-project = true\\n' > poetry.toml";
    let mine = "chown -R ME .venv poetry.lock";
    let me = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    // What the person does before, what root does, the command, the setting, and what Poetry says when it fails.
    for (before, of_root, command, setting, said) in [
        ("true", "true", "lock", NO_ENVIRONMENT, Some(no_write)),
        ("true", "true", "lock", IN_PROJECT, Some("Permission denied: '/c/cache'")),
        ("rm -rf .venv", "true", "install", IN_PROJECT, Some("Permission denied: '/c/cache'")),
        ("rm -rf .venv", "true", "run true", NO_ENVIRONMENT, Some(no_write)),
        ("true", "true", "run true", "VIRTUAL_ENV: /opt/venv", None),
        ("true", "true", "run true", "{VIRTUAL_ENV: \"\", POETRY_VIRTUALENVS_CREATE: \"false\"}", None),
        ("true", "true", "run true", "{VIRTUAL_ENV: \"\", POETRY_VIRTUALENVS_IN_PROJECT: \"false\"}", Some(no_write)),
        ("true", "true", "run true", IN_PROJECT, None),
        ("true", "true", "run true", NO_ENVIRONMENT, None),
        (in_file, "true", "run true", NO_ENVIRONMENT, None),
        ("rm -rf .venv", "true", "run true", NO_ENVIRONMENT, None),
        ("rm -rf .venv poetry.toml", "python3 -m poetry lock; chown ME poetry.lock", "run true", NO_ENVIRONMENT, None),
        ("true", "rm -rf /c/*", "install", NO_ENVIRONMENT, Some(no_write)),
        ("true", "true", "install", IN_PROJECT, Some("Cannot install alpha")),
        (
            "rm -rf .venv",
            &*format!("rm -rf /c/*; python3 -m poetry install; {mine}; rm -rf /c/*"),
            "install",
            IN_PROJECT,
            None,
        ),
        ("true", "true", "install", NO_ENVIRONMENT, None),
        ("true", "true", "run true", NO_ENVIRONMENT, None),
        ("true", "true", "update", NO_ENVIRONMENT, Some("Permission denied: '/c/cache'")),
    ] {
        project.shell(before).ends_with(0);
        is_made(&project, command, setting);
        if of_root != "true" {
            root(&project, &of_root.replace("ME", &me));
            // How an older container ended says nothing of what is there now.
            project.shell("docker compose up --no-start --force-recreate").ends_with(0);
        }
        let found = report(&project, "cache").of("cache-not-writable").len();
        let answer = up(&project, "");
        let state = format!("{before}; {of_root}; {command}; {setting}");
        assert_eq!(answer.status != 0, said.is_some(), "{state}: {answer}");
        assert!(said.is_none_or(|said| answer.all().contains(said)), "{state}: {answer}");
        assert_eq!(found, usize::from(said.is_some()), "{state}: {answer}");
    }
    // The fix helps the very command, and can be taken back.
    fixed(&project, "cache-not-writable");
    up(&project, "").ends_with(0);
    assert_eq!(report(&project, "cache").of("cache-not-writable").len(), 0);
    root(&project, "rm -rf /c/*");
    project.devdoctor(&["undo"]).ends_with(0);
    assert_ne!(up(&project, "").status, 0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn pip_keeps_its_cache_again_after_the_fix() {
    let project = project(
        "services:\n  app:\n    image: IMAGE\n    user: \"ME\"\n    network_mode: none\n    command: pip install --no-index --find-links wheels --target /tmp/made alpha\n    environment:\n      PIP_CACHE_DIR: /cache\n    volumes:\n      - .:/app\n      - cache:/cache\nvolumes:\n  cache:\n",
    );
    let warning = "The cache has been disabled";
    let warned = || up(&project, "").ends_with(0).all().contains(warning);
    assert!(warned());
    report(&project, "cache").assert_places("cache-disabled", &["compose.yaml:11:9"]);
    fixed(&project, "cache-disabled");
    assert!(!warned());
    assert_eq!(report(&project, "cache").of("cache-disabled").len(), 0);
    project.devdoctor(&["undo"]).ends_with(0);
    assert!(warned());
}
