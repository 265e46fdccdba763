//! Repairs of command lines in every shape of file: still valid for the file's own program, and what docker gets is the
//! caller's numbers.

use std::fmt::Write as _;

use super::support::person::Person;
use super::support::project::Project;
use super::support::variable;

const COMPOSE: &str = "services:\n  api:\n    image: python:3.12\n    volumes: ['.:/app']\n";

/// Only writes down what it is started with: what the real one makes of that, the other tests tell.
const RECORDER: &str = "#!/bin/sh\nfor word do printf '%s\\n' \"$word\" >> \"$RECORD\"; done\n";

/// Makefiles with a target `a` that runs something in `api` as root.
const MAKEFILES: [&str; 38] = [
    "a:\n\tdocker compose exec api x\n",
    "a:\n\t@-+docker compose exec api x",
    "a: ; docker compose exec api x\n",
    "a:\n\tdocker compose exec \\\n\t  -T \\\n\t  api x\n",
    "a:\n\tdocker compose exec -T api sh -c 'x \"$$HOME\" && y'\n",
    "a:\n\tsh -c \"docker compose exec api x\"\n",
    "a:\n\tcd . && docker compose exec api x && true\n",
    "a:\n\ttrue; if true; then docker compose exec api x; fi\n",
    "a:\n\tx=$$(docker compose exec api x); true\n",
    "a:\n\tx=`docker compose exec api x`; true\n",
    "# Top.\n\n.PHONY: a\n# Of a.\na: ## runs x\n\tdocker compose exec api x # why\n",
    ".RECIPEPREFIX = >\na:\n> docker compose exec api x\n",
    ".RECIPEPREFIX := >\na:\n>docker compose \\\n> exec api \\\n>  x\n",
    ".ONESHELL:\na:\n\ttrue\n\tdocker compose exec api x\n",
    ".ONESHELL:\na:\n\t@set -e\n\tif true; then\n\t  docker compose exec \\\n\t    api x\n\tfi\n",
    ".ONESHELL:\na:\n\tcd sub\n\t@docker compose exec sub x\n",
    ".DEFAULT_GOAL := a\nSHELL := /bin/bash\n.SHELLFLAGS := -eu -o pipefail -c\na:\n\tdocker compose exec api x\n",
    "DC := docker compose\nEXEC = $(DC) exec\na:\n\t$(EXEC) api x\n",
    "DC ?= docker compose\nDC += -f compose.yaml\na:\n\t$(DC) exec api x\n",
    "DC != echo docker compose\na:\n\tdocker compose exec api x\n",
    "RUN = docker compose exec api\na:\n\t$(RUN) x\n",
    "define RUN\ndocker compose exec api $(1)\nendef\na:\n\t$(call RUN,x)\n",
    "define BOTH =\n@true\n@docker compose exec api x\nendef\na:\n\t$(BOTH)\n",
    "ifdef CI\nT := -T\nelse\nT :=\nendif\na:\n\tdocker compose exec $(T) api x\n",
    "ifeq ($(A),)\na:\n\tdocker compose exec api x\nendif\n",
    "export A := 1\nexport\na:\n\tdocker compose exec -e A api x\n",
    "%.txt:\n\tdocker compose exec api x $@\na: one.txt\n",
    "a::\n\ttrue\na::\n\tdocker compose exec api x\n",
    "a b: c\n\tdocker compose exec api x\nc:\n",
    "-include absent.mk\ninclude part.mk\na:\n\tdocker compose exec api x\n",
    "UID := $(shell id -u)\na:\n\tdocker compose exec api x\n",
    "MY_UID = $(shell id -u)\nMY_GID = $(shell id -g)\na:\n\tdocker compose exec api x\n",
    "UID := nobody\nGID :=\na:\n\tdocker compose exec api x\n",
    "a:\n\tdocker compose exec -u $(UID):$(GID) api x\n",
    "a:\n\tdocker compose exec -u \"${UID}:${GID}\" api x\n",
    "a:\n\tdocker compose exec --user=$$UID:$$GID api x\n",
    "B = $(UID):$(GID)\na:\n\tdocker compose run --rm -u $(B) api x\n",
    "E = docker-compose exec -u $$UID:$$GID\na:\n\t$(E) api x\n",
];

/// Scripts that run something in `api` as root.
const SCRIPTS: [&str; 22] = [
    "docker compose exec api x\n",
    "#!/bin/sh\nset -eu\nexec docker compose exec api x \"$@\"",
    "#!/usr/bin/env bash\nset -euo pipefail\ndocker compose exec -T api x <<EOF\ny\nEOF\n",
    "DC=\"docker compose\"\n$DC exec api x\n",
    "${DC:-docker compose} exec api x\n",
    "dc() { docker compose \"$@\"; }\ndc exec api x\n",
    "dc() {\n  docker compose -f compose.yaml \"$@\"\n}\nif true; then dc exec api x; fi\n",
    "in_api() {\n  docker compose exec -T api \"$@\"\n}\nin_api x\n",
    "x=$(docker compose exec api x)\n",
    "x=\"$(docker compose exec api \"x y\")\"\n",
    "x=`docker compose exec api x`\n",
    "sh -c 'docker compose exec api x'\n",
    "sh -c \"docker compose exec api x\"\n",
    "docker compose \\\n  exec \\\n  api x\n",
    "for i in 1; do docker compose exec api x; done\n",
    "case a in\n  a) docker compose exec api x ;;\nesac\n",
    "(cd . && docker compose exec api x) || exit 1\n",
    "true | docker compose exec -T api x > out 2>&1 &\nwait\n",
    "#!/bin/sh\ndocker compose exec -u $UID:$GID api x\n",
    "#!/bin/sh\ndocker compose exec -u \"${UID}\":\"${GID}\" api x\n",
    "#!/bin/sh\nU=\"$UID:$GID\"\ndocker compose exec -u \"$U\" api x\n",
    "#!/bin/sh\nD=\"docker compose exec -u $UID:$GID\"\n$D api x\n",
];

/// Scripts of package.json.
const JSON_SCRIPTS: [&str; 5] = [
    "docker compose exec api x",
    "true && docker compose exec -T api sh -c \\\"x 'y'\\\"",
    "docker compose exec \\u0061pi x \\u00e9",
    "sh -c 'docker compose exec api x'",
    "docker compose exec -u $UID:$GID api x",
];

/// A file of the table, the command that judges its form, and the one that runs it.
struct Row {
    path: String,
    text: String,
    judge: String,
    run: String,
}

fn rows() -> Vec<Row> {
    let mut rows = vec![];
    let mut row = |path: String, text: &str, judge: &str, run: &str| {
        let (judge, run) = (format!("{judge} {path}"), format!("{run} {path}"));
        rows.push(Row { path, text: text.to_owned(), judge, run });
    };
    for (number, text) in MAKEFILES.iter().enumerate() {
        row(format!("Makefile.{number}"), text, "make -n a -f", "make a -f");
    }
    for (number, text) in SCRIPTS.iter().enumerate() {
        let shell = if text.contains("bash") { "bash" } else { "sh" };
        row(format!("s{number}.sh"), text, &format!("{shell} -n"), shell);
        if !text.contains("bash") {
            row(format!("b{number}.sh"), &text.replace("#!/bin/sh", "#!/bin/sh -e"), "bash --posix -n", "dash");
        }
    }
    // Make takes a return before a line end for a part of the word, so that only what does not mind is run.
    for (number, text) in MAKEFILES.iter().enumerate().filter(|(_, text)| text.contains("api x\n")) {
        row(format!("crlf{number}.mk"), &text.replace('\n', "\r\n"), "make -n a -f", ":");
    }
    rows
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn repaired_files_are_valid_and_hand_on_the_callers_numbers() {
    let project = Project::empty(Person::User);
    let record = project.root.join("record");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", project.root.join("bin").display());
    let project = project.with("PATH", &path).with("RECORD", &record.display().to_string());
    project.write("compose.yaml", COMPOSE);
    project.write("part.mk", "PART := 1\n");
    project.write("sub/compose.yaml", COMPOSE.replace("api:", "sub:"));
    let rows = rows();
    rows.iter().for_each(|row| project.write(&row.path, &row.text));
    let mut scripts = String::new();
    for (number, script) in JSON_SCRIPTS.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(scripts, "{comma}\n    \"s{number}\": \"{script}\"").unwrap();
    }
    project.write("package.json", format!("{{\n  \"scripts\": {{{scripts}\n  }}\n}}\n"));
    project.devdoctor(&["fix", "--yes", "--unsafe", "--offline", "--only", "exec"]);
    for name in ["docker", "docker-compose"] {
        project.write(format!("bin/{name}"), RECORDER);
        project.shell(&format!("chmod +x bin/{name}")).ends_with(0);
    }
    let mine = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    let mut wrong = vec![];
    let mut look = |name: &str, run: &str| {
        project.write("record", "");
        let answer = project.shell(run);
        let words: Vec<String> = project.read("record").lines().map(str::to_owned).collect();
        let at = words.iter().position(|word| word == "-u" || word.starts_with("--user="));
        let user = at.and_then(|at| words[at].strip_prefix("--user=").or(words.get(at + 1).map(String::as_str)));
        if user != Some(mine.as_str()) || answer.status != 0 {
            wrong.push(format!("{name}: {words:?} {answer}"));
        }
    };
    for row in &rows {
        let judged = project.shell(&row.judge);
        assert_eq!(judged.status, 0, "{}: {judged}\n{}", row.path, project.read(&row.path));
        if !row.run.starts_with(':') {
            look(&format!("{}\n{}", row.path, project.read(&row.path)), &row.run);
        }
        if row.text.contains('\r') {
            let text = project.read(&row.path);
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
        }
    }
    project.shell("node -e 'JSON.parse(require(\"fs\").readFileSync(\"package.json\"))'").ends_with(0);
    for number in 0..JSON_SCRIPTS.len() {
        look(&project.read("package.json"), &format!("npm run --silent s{number}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let left = project.devdoctor(&["check", "--offline", "--only", "exec", "--format", "json"]).ends_with(0).report();
    assert_eq!(left.of("exec-as-root").len(), 0, "{:#}", left.0);
}
