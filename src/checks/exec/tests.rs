//! Tests of what is said about command lines, and of their repair in every language.

use crate::facts::{Environment, Facts};
use crate::finding::{Finding, Place};
use crate::fix::plan::file_changes;
use crate::fix::{Applicability, Step};
use crate::project::files::MemoryFiles;
use crate::project::read;

const COMPOSE: &str = "name: shop\nservices:\n  api:\n    image: python:3.12\n    volumes: [\".:/app\"]\n  me:\n    image: python:3.12\n    user: \"1000:1000\"\n    volumes: [\".:/app\"]\n  web:\n    image: node:22\n    volumes: [\".:/app\", /app/node_modules]\n  other:\n    image: python:3.12\n";

fn facts(path: &str, text: &str) -> Facts {
    let files = MemoryFiles::new([("compose.yaml", COMPOSE), ("sub/compose.yaml", ""), (path, text)]);
    Facts { project: read::project(&files, &Environment::default(), None), ..Facts::default() }
}

fn findings(path: &str, text: &str) -> Vec<Finding> {
    super::as_root::check(&facts(path, text)).unwrap()
}

/// The file after all fixes, each edit once, and what is still found in it.
fn repaired(path: &str, text: &str) -> (String, Vec<Finding>) {
    let facts = facts(path, text);
    let found = super::as_root::check(&facts).unwrap();
    let steps: Vec<_> = found.iter().filter_map(|finding| finding.fix.as_ref()).flat_map(|fix| &fix.steps).collect();
    let edits = steps.iter().filter_map(|step| if let Step::Edit(edit) = step { Some(edit) } else { None });
    let changes = file_changes(edits, &facts.project.sources).unwrap();
    let after = changes.into_iter().find(|change| change.path == path).map_or(text.to_owned(), |change| change.after);
    let left = findings(path, &after);
    (after, left)
}

const NUMBERS: &str = "UID := $(shell id -u)\nGID := $(shell id -g)\n";

#[test]
fn every_language_gets_the_numbers_in_its_own_words() {
    for (path, before, after) in [
        (
            "Makefile",
            "a:\n\tdocker compose exec api x\n",
            "UID := $(shell id -u)\nGID := $(shell id -g)\n\na:\n\tdocker compose exec -u $(UID):$(GID) api x\n",
        ),
        (
            "Makefile",
            "# Of it.\r\n\r\nX := 1\r\na:\r\n\t@docker compose run --rm api x\r\n",
            "# Of it.\r\n\r\nUID := $(shell id -u)\r\nGID := $(shell id -g)\r\n\r\nX := 1\r\na:\r\n\t@docker compose run -u $(UID):$(GID) --rm api x\r\n",
        ),
        (
            "Makefile",
            "UID ?= $(shell id -u)\na:\n\tdocker compose exec api uv lock\n",
            "GID := $(shell id -g)\n\nUID ?= $(shell id -u)\na:\n\tdocker compose exec -u $(UID):$(GID) -e UV_CACHE_DIR=/tmp/uv-cache-$(UID) api uv lock\n",
        ),
        (
            "Makefile",
            "ME := $(shell id -u)\nUID =\na:\n\tdocker compose exec api x\n",
            "HOST_UID := $(shell id -u)\nGID := $(shell id -g)\n\nME := $(shell id -u)\nUID =\na:\n\tdocker compose exec -u $(HOST_UID):$(GID) api x\n",
        ),
        (
            "Makefile",
            "E := docker compose exec -T\na:\n\t$(E) api sh -c 'x'\n\t$(E) api pip list -o\n",
            "UID := $(shell id -u)\nGID := $(shell id -g)\n\nE := docker compose exec -T\na:\n\t$(E) -u $(UID):$(GID) api sh -c 'x'\n\t$(E) api pip list -o\n",
        ),
        (
            "Makefile",
            "a:\n\tdocker compose exec -u $(UID):$(GID) api x\n",
            "UID := $(shell id -u)\nGID := $(shell id -g)\n\na:\n\tdocker compose exec -u $(UID):$(GID) api x\n",
        ),
        (
            "Makefile",
            "GID = 5\nU = $(UID):$(GID)\na:\n\tdocker compose exec -u $(U) me x\n",
            "UID := $(shell id -u)\n\nGID = 5\nU = $(UID):$(GID)\na:\n\tdocker compose exec -u $(U) me x\n",
        ),
        (
            "Makefile",
            "UID := $(shell id -u)\na:\n\tdocker compose exec -u $$UID:$${GID} api x\n",
            "GID := $(shell id -g)\n\nUID := $(shell id -u)\na:\n\tdocker compose exec -u $(UID):$(GID) api x\n",
        ),
        (
            "a.sh",
            "docker compose exec -T api x\nbash -c \"docker compose exec api x\"\n",
            "docker compose exec -u \"$(id -u):$(id -g)\" -T api x\nbash -c \"docker compose exec -u $(id -u):$(id -g) api x\"\n",
        ),
        (
            "a.sh",
            "x=`docker compose exec api uv lock`\n",
            "x=`docker compose exec -u $(id -u):$(id -g) -e UV_CACHE_DIR=/tmp/uv-cache-$(id -u) api uv lock`\n",
        ),
        (
            "a.sh",
            "#!/bin/sh\ndocker compose exec -u \"$UID:${GID}\" api x\n",
            "#!/bin/sh\ndocker compose exec -u \"$(id -u):$(id -g)\" api x\n",
        ),
        (
            "justfile",
            "a:\n  docker compose exec api npm test\n",
            "a:\n  docker compose exec -u \"$(id -u):$(id -g)\" -e HOME=/tmp api npm test\n",
        ),
        (
            "package.json",
            "{\"scripts\": {\"a\": \"x && docker compose exec api y\"}}",
            "{\"scripts\": {\"a\": \"x && docker compose exec -u $(id -u):$(id -g) api y\"}}",
        ),
        (
            ".pre-commit-config.yaml",
            "repos:\n- hooks:\n  - id: a\n    entry: docker compose exec -T api x\n    args: [y]\n",
            "repos:\n- hooks:\n  - id: a\n    entry: sh -c 'exec docker compose exec -u \"$(id -u):$(id -g)\" -T api x \"$@\"' --\n    args: [y]\n",
        ),
        (
            ".pre-commit-config.yaml",
            "repos: [{hooks: [{id: a, entry: bash -c 'docker compose exec api x'}]}]\n",
            "repos: [{hooks: [{id: a, entry: bash -c 'docker compose exec -u $(id -u):$(id -g) api x'}]}]\n",
        ),
        (
            "Taskfile.yml",
            "tasks:\n  a:\n    cmds:\n    - docker compose exec api uv lock # why\n",
            "tasks:\n  a:\n    cmds:\n    - docker compose exec -u $(id -u):$(id -g) -e UV_CACHE_DIR=/tmp/uv-cache-$(id -u) api uv lock # why\n",
        ),
        (
            "lefthook.yml",
            "pre-commit:\n  commands:\n    a:\n      run: docker compose exec -T api x\n",
            "pre-commit:\n  commands:\n    a:\n      run: docker compose exec -u $(id -u):$(id -g) -T api x\n",
        ),
        (
            "Taskfile.yml",
            "tasks:\n  a:\n    - |\n      set -e\n      docker compose exec api x \\\n        y\n",
            "tasks:\n  a:\n    - |\n      set -e\n      docker compose exec -u $(id -u):$(id -g) api x \\\n        y\n",
        ),
        (
            "lefthook.yml",
            "pre-commit:\r\n  jobs:\r\n  - run: >-\r\n      docker compose\r\n      exec -T\r\n      api x\r\n",
            "pre-commit:\r\n  jobs:\r\n  - run: >-\r\n      docker compose\r\n      exec -u $(id -u):$(id -g) -T\r\n      api x\r\n",
        ),
        (
            "pyproject.toml",
            "[tool.taskipy.tasks]\na = 'docker compose exec api x'\nb = { cmd = \"docker compose exec api sh -c \\\"x\\\"\" }\n",
            "[tool.taskipy.tasks]\na = 'docker compose exec -u $(id -u):$(id -g) api x'\nb = { cmd = \"docker compose exec -u $(id -u):$(id -g) api sh -c \\\"x\\\"\" }\n",
        ),
        (
            "pyproject.toml",
            "[tool.poe.tasks]\na = \"docker compose exec api x\"\n[tool.poe.tasks.b]\nshell = \"\"\"\ndocker compose exec api x\n\"\"\"\n",
            "[tool.poe.tasks]\na = \"sh -c 'exec docker compose exec -u \\\"$(id -u):$(id -g)\\\" api x \\\"$@\\\"' --\"\n[tool.poe.tasks.b]\nshell = \"\"\"\ndocker compose exec -u $(id -u):$(id -g) api x\n\"\"\"\n",
        ),
        (
            ".vscode/tasks.json",
            "{ // Mine.\n  \"tasks\": [{\"label\": \"a\", \"type\": \"shell\", \"command\": \"docker compose exec api x\",},],\n}\n",
            "{ // Mine.\n  \"tasks\": [{\"label\": \"a\", \"type\": \"shell\", \"command\": \"docker compose exec -u $(id -u):$(id -g) api x\",},],\n}\n",
        ),
        (
            ".devcontainer/devcontainer.json",
            "{\"postCreateCommand\": {\"a\": \"docker compose exec api x\"}}",
            "{\"postCreateCommand\": {\"a\": \"docker compose exec -u $(id -u):$(id -g) api x\"}}",
        ),
        (
            ".github/workflows/a.yml",
            "jobs:\n  test:\n    steps:\n    - run: |\n        docker compose exec -T -e A=${{ secrets.A }} api x\n",
            "jobs:\n  test:\n    steps:\n    - run: |\n        docker compose exec -u $(id -u):$(id -g) -T -e A=${{ secrets.A }} api x\n",
        ),
        (
            ".gitlab-ci.yml",
            "test:\n  script:\n  - docker compose exec -T api x\n",
            "test:\n  script:\n  - docker compose exec -u $(id -u):$(id -g) -T api x\n",
        ),
        (
            "README.md",
            "# A\n\n- do:\n  ```console\n  $ docker compose exec api x \\\n      y\n  docker compose exec api z\n  ```\n",
            "# A\n\n- do:\n  ```console\n  $ docker compose exec -u \"$(id -u):$(id -g)\" api x \\\n      y\n  docker compose exec api z\n  ```\n",
        ),
        (
            "Makefile",
            "a:\n\tdocker run --rm -v $(CURDIR):/app -w /app python:3.12 x\n",
            "UID := $(shell id -u)\nGID := $(shell id -g)\n\na:\n\tdocker run -u $(UID):$(GID) --rm -v $(CURDIR):/app -w /app python:3.12 x\n",
        ),
        (
            "Makefile",
            "a:\n\tdocker run -v $(PWD):/w node npm ci\n",
            "UID := $(shell id -u)\nGID := $(shell id -g)\n\na:\n\tdocker run -u $(UID):$(GID) -e HOME=/tmp -v $(PWD):/w node npm ci\n",
        ),
        (
            "Makefile",
            "a:\n\tdocker run --mount type=bind,source=$(PWD),target=/w -w /w python:3.12 x\n",
            "UID := $(shell id -u)\nGID := $(shell id -g)\n\na:\n\tdocker run -u $(UID):$(GID) --mount type=bind,source=$(PWD),target=/w -w /w python:3.12 x\n",
        ),
        (
            "a.sh",
            "docker run --mount=type=bind,\"src=$PWD\",dst=/w,readonly=false -w /w python:3.12 x\n",
            "docker run -u \"$(id -u):$(id -g)\" --mount=type=bind,\"src=$PWD\",dst=/w,readonly=false -w /w python:3.12 x\n",
        ),
        (
            "a.sh",
            "docker run -v \"$PWD/src\":/app python:3.12 x /app/y\n",
            "docker run -u \"$(id -u):$(id -g)\" -v \"$PWD/src\":/app python:3.12 x /app/y\n",
        ),
    ] {
        let (text, left) = repaired(path, before);
        assert_eq!(text, after, "{path}");
        assert_eq!(left, [], "{text}");
    }
}

#[test]
fn what_cannot_be_put_in_is_left_with_help() {
    for (path, text) in [
        ("Makefile", "UID =\na:\n\tdocker compose exec -u $(UID):0 api x\n"),
        ("a.sh", "#!/bin/sh\nU=$UID\ndocker compose exec -u $U:$GID api x\n"),
        (".pre-commit-config.yaml", "repos: [{hooks: [{id: a, entry: \"docker compose exec api x\"}]}]\n"),
        ("pyproject.toml", "[tool.poe.tasks]\na = 'docker compose exec api x'\n"),
        ("pyproject.toml", "[tool.pdm.scripts]\na = {cmd = \"docker compose exec api 'x y'\"}\n"),
        (".devcontainer.json", "{\"initializeCommand\": [\"docker\", \"compose\", \"exec\", \"api\", \"x\"]}"),
        (
            ".vscode/tasks.json",
            "{\"tasks\": [{\"command\": \"docker\", \"args\": [\"compose\", \"exec\", \"api\", {\"value\": \"x\"}]}]}",
        ),
        ("Taskfile.yml", "tasks:\n  b: &x\n    - |\n      docker compose exec api x\n  a: *x\n"),
        (".pre-commit-config.yaml", "repos: [{hooks: [{id: a, entry: docker, args: [compose, exec, api, x]}]}]\n"),
    ] {
        let (after, left) = repaired(path, text);
        assert_eq!(after, text);
        assert_eq!(left.is_empty(), path == "Makefile", "{text}");
        assert!(left.iter().all(|finding| finding.fix.is_none() && !finding.help.is_empty()), "{left:#?}");
    }
}

#[test]
fn lines_that_hurt_nobody_are_not_found() {
    for line in [
        "docker compose exec me x",
        "docker compose exec other x",
        "docker compose exec nobody x",
        "docker compose exec -u 0 api x",
        "docker compose exec -u root api x",
        "docker compose exec -u 1000 api x",
        "docker compose exec -u $(UID): me x",
        "docker compose exec -u \"$(UID)\" me x",
        "docker compose exec -u $(APP_USER) api x",
        "docker compose exec api psql -c 'select 1'",
        "docker compose exec api env A=1 ls",
        "docker compose exec api sh -c 'ls && cat x | grep y'",
        "docker compose exec api apt-get update",
        "docker compose exec api python --version",
        "docker compose -f other.yaml exec api x",
        "docker compose --project-directory ../x exec api x",
        "docker -H ssh://a compose exec api x",
        "docker exec other-api-1 x",
        "docker run -v $(PWD):/app python:3.12 x",
        "docker compose exec -u 0:$(GID) api x",
        "docker compose exec -u :$(GID) api x",
        // Nothing of the project is there to be written.
        "docker compose run --rm -v scratch:/app api x",
        "docker compose run --rm -v scratch:/app:rw api x",
        "docker compose run --rm -v /app api x",
        "docker compose run --rm --volume=$(PWD):/app:ro api x",
        "docker compose exec -w /tmp api x",
        "docker compose run --workdir=/srv/x api x y",
        "docker compose exec -e PYTHONDONTWRITEBYTECODE=1 api alembic history",
        "docker compose exec -e PYTHONDONTWRITEBYTECODE=1 api alembic -c a.ini current --verbose",
        "docker compose exec -e PYTHONDONTWRITEBYTECODE=1 api python -m alembic heads",
        "docker compose exec api pg_isready -U app",
        "cd sub && docker compose exec api x",
        "docker run -v $(PWD):/app -w /srv python:3.12 x",
        "docker run --mount type=bind,source=$(PWD),target=/w,readonly -w /w python:3.12 x",
        "docker run --mount type=volume,source=w,target=/w -w /w python:3.12 x",
        "docker run --mount type=tmpfs,target=/w -w /w python:3.12 x",
        "docker run --mount source=$(PWD),target=/w,ro=1,type=bind -w /w python:3.12 x",
        "docker run -v $(PWD):/w node npm --version",
        "docker run -v $(PWD):/app:ro -w /app python:3.12 x",
        "docker run -v $(HOME):/app -w /app python:3.12 x",
        "docker run -v $(PWD)/../x:/app -w /app python:3.12 x",
        "docker run -v $(PWD):/app -w /app postgres:16 x",
        "docker run -v $(PWD):/app -w /app some/linter x",
        "docker run -v $(PWD):/app -w /app python:3.12",
        "docker run -v $(PWD):/app -w /app -u 0 python:3.12 x",
        "cd $$(mktemp -d) && docker run -v $$PWD:/app -w /app python:3.12 x",
    ] {
        // `$(UID): me` is `: me` where nothing sets it; here it is set.
        let set = if line.contains("): ") { "UID := 5\n" } else { "" };
        assert_eq!(findings("Makefile", &format!("{set}a:\n\t{line}\n")), [], "{line}");
    }
}

#[test]
fn lines_that_write_as_root_are_found_however_they_name_the_service() {
    for line in [
        "docker compose exec api x",
        "docker compose -f compose.yaml exec api x",
        "docker compose -f ./compose.yaml -p shop exec api x",
        "docker compose -p other exec api x",
        "docker compose --project-directory . run api",
        "docker exec -it shop-api-1 x",
        "docker exec shop_api_1 x",
        "docker compose exec -u $(UID):$(GID) me x",
        "docker compose exec -u \"$(UID)\" api x",
        "docker compose exec api env A=1 x",
        "docker compose exec api sh -c 'ls > y'",
        "docker compose exec api find . -delete",
        "docker compose run --rm -v $(PWD):/app api x",
        "docker compose run --rm -v cache:/app/cache api x",
        "docker compose run --rm -v cache:/application api x",
        "docker compose exec -w /app/sub api x",
        "docker compose exec -w /tmp api python /app/x.py",
        "docker compose exec -w sub api x",
        // Reading compiles what is read.
        "docker compose exec api alembic history",
        "docker compose exec -e PYTHONDONTWRITEBYTECODE= api alembic current",
        "docker compose exec -e PYTHONDONTWRITEBYTECODE=1 api alembic upgrade head",
        "docker compose exec -e PYTHONDONTWRITEBYTECODE=1 api alembic -x history upgrade head",
        "cd other && docker compose exec api x",
        "(cd sub && x); docker compose exec api x",
        "x=$$(cd sub && x); docker compose exec api x",
        "x=`cd sub && x`; docker compose exec api x",
    ] {
        let found = findings("dev/Makefile", &format!("a:\n\t{line}\n"));
        let at_line = |finding: &Finding| matches!(&finding.place, Some(Place::Span(span)) if span.start > 2);
        assert!(found.len() == 1 && at_line(&found[0]), "{line}: {found:#?}");
        assert_eq!(found[0].services.len(), 1);
    }
}

#[test]
fn fixes_that_may_change_more_than_the_line_ask_first() {
    for (text, safe) in [
        ("a:\n\tdocker compose exec api x\n", true),
        ("E := docker compose exec api\na:\n\t$(E) x\n", false),
        ("a:\n\tdocker compose exec web npm install\n", false),
        ("a:\n\tdocker compose exec web make\n", true),
    ] {
        let found = findings("Makefile", text);
        let applicability = found[0].fix.as_ref().unwrap().applicability;
        assert_eq!(applicability == Applicability::Safe, safe, "{text}");
    }
}

#[test]
fn lines_that_share_a_file_share_its_numbers() {
    let (text, left) =
        repaired("Makefile", "a:\n\tdocker compose exec api x\nb:\n\tdocker compose exec -u $(UID):$(GID) me y\n");
    assert_eq!(text.matches(NUMBERS).count(), 1, "{text}");
    assert_eq!(left, []);
}

#[test]
fn what_a_runner_runs_and_what_is_shown_is_only_worth_knowing() {
    for (path, text) in [
        (".github/workflows/a.yml", "jobs: {test: {steps: [{run: docker compose exec api x}]}}\n"),
        (".gitlab-ci.yml", "test: {script: [docker compose exec api x]}\n"),
        ("docs/a.md", "```sh\ndocker compose exec api x\n```\n"),
    ] {
        let found = findings(path, text);
        assert!(found.len() == 1 && found[0].only_info && found[0].services.is_empty(), "{found:#?}");
        assert_eq!(found[0].fix.as_ref().map(|fix| fix.applicability), Some(Applicability::Unsafe));
    }
    assert!(!findings("a.sh", "docker compose exec api x\n")[0].only_info);
}

#[test]
fn a_container_of_docker_run_is_found_by_its_mount() {
    let found = findings("a.sh", "docker run --rm -v \"$(pwd)\":/app -w /app python:3.12 touch x\n");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].message, "`a.sh` runs `touch` as root in `python:3.12`, which mounts the project");
}

#[test]
fn the_program_is_the_one_that_the_line_starts() {
    let found = findings("a.sh", "docker compose run --rm --entrypoint sh api -c 'echo 1 > x'\n");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].message, "`a.sh` runs `sh` as root in `api`");
    assert_eq!(found[0].evidence[0].value, "sh -c echo 1 > x");
}

#[test]
fn every_fix_says_what_it_is_about() {
    let make = "a:\n\tdocker compose exec api x\nb:\n\tdocker compose exec api y\n";
    let toml = "[tool.poe.tasks]\na = \"docker compose exec api x\"\n";
    let readme = "```sh\ndocker compose exec api x\n```\n";
    for (path, text, titles) in [
        ("Makefile", make, &["run `make a` as you: `-u $(UID):$(GID)`", "run `make b` as you: `-u $(UID):$(GID)`"][..]),
        ("a.sh", "docker compose exec api x\n", &["run `a.sh` as you: `-u $(id -u):$(id -g)`"]),
        ("pyproject.toml", toml, &["run task `a` through a shell as you"]),
        ("README.md", readme, &["run it as you: `-u $(id -u):$(id -g)`"]),
    ] {
        let found = findings(path, text);
        let fixes: Vec<&str> = found.iter().map(|finding| finding.fix.as_ref().unwrap().title.as_str()).collect();
        assert_eq!(fixes, titles);
    }
}
