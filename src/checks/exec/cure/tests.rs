//! The fixes of command lines: what they make of each language, and that they cure what they were made for.

use std::collections::BTreeMap;

use crate::checks::exec::as_root;
use crate::facts::{Environment, Facts};
use crate::fix::plan::file_changes;
use crate::fix::{Applicability, Step};
use crate::project::files::MemoryFiles;
use crate::project::read;

const COMPOSE: &str = "services:\n  api:\n    image: python:3.12\n    volumes: ['.:/app']\n";

fn facts(files: &BTreeMap<String, String>) -> Facts {
    let files = MemoryFiles::new(files.iter().map(|(path, text)| (path.clone(), text.clone())));
    Facts { project: read::project(&files, &Environment::default(), None), ..Facts::default() }
}

/// The text of a file after its fixes are made, round by round, and whether one of them was unsafe.
fn cured(path: &str, text: &str) -> (String, bool) {
    let mut files =
        BTreeMap::from([("compose.yaml".to_owned(), COMPOSE.to_owned()), (path.to_owned(), text.to_owned())]);
    let mut risky = false;
    for _ in 0..4 {
        let facts = facts(&files);
        assert_eq!(facts.project.unreadable, [], "{files:?}");
        let findings = as_root::check(&facts).unwrap();
        let fixes: Vec<_> = findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        risky |= fixes.iter().any(|fix| fix.applicability == Applicability::Unsafe);
        // As a run of `fix` does: what overlaps waits for the next round.
        let Some(fix) = fixes.first() else {
            assert!(findings.is_empty(), "no fix in {files:?}");
            return (files.remove(path).unwrap(), risky);
        };
        let edits = fix.steps.iter().filter_map(|step| match step {
            Step::Edit(edit) => Some(edit),
            _ => None,
        });
        for change in file_changes(edits, &facts.project.sources).unwrap() {
            files.insert(change.path, change.after);
        }
    }
    panic!("never cured: {files:?}");
}

#[track_caller]
fn assert_cures(path: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(cured(path, text), ((*expected).to_owned(), false), "{text}");
        // What ends lines otherwise goes on doing so, and everything else stays as it is.
        let windows = |text: &str| text.replace('\n', "\r\n");
        if !text.starts_with("#!") {
            assert_eq!(cured(path, &windows(text)), (windows(expected), false), "{text} with CRLF");
        }
    }
}

const NUMBERS: &str = "UID := $(shell id -u)\nGID := $(shell id -g)\n\n";

#[test]
fn a_makefile_gets_the_numbers_it_lacks() {
    let with = |text: &str| format!("{NUMBERS}{text}");
    let run = "a:\n\tdocker compose exec -u $(UID):$(GID) api ruff format # é\n";
    assert_cures(
        "Makefile",
        &[
            ("a:\n\tdocker compose exec api ruff format # é\n", &with(run)),
            (run, &with(run)),
            (
                "a:\n\tdocker compose exec -u \"${UID}:${GID}\" api make\n",
                &with("a:\n\tdocker compose exec -u \"${UID}:${GID}\" api make\n"),
            ),
            (
                "a:\n\tdocker compose exec -u $$UID:$$GID api make\n",
                &with("a:\n\tdocker compose exec -u $(UID):$(GID) api make\n"),
            ),
            (
                "a:\n\tdocker compose exec --user=$${UID}:$${GID} api make",
                &with("a:\n\tdocker compose exec --user=$(UID):$(GID) api make"),
            ),
            (
                "a:\n\tdocker compose exec -u$(UID) api make\n",
                "UID := $(shell id -u)\n\na:\n\tdocker compose exec -u$(UID) api make\n",
            ),
            (
                "a:\n\tdocker compose exec -u $(HOST_UID):$(HOST_GID) api make\n",
                "HOST_UID := $(shell id -u)\nHOST_GID := $(shell id -g)\n\na:\n\tdocker compose exec -u $(HOST_UID):$(HOST_GID) api make\n",
            ),
            (
                ".PHONY: a\na:\n\tdocker-compose exec -T api make\n",
                &with(".PHONY: a\na:\n\tdocker-compose exec -u $(UID):$(GID) -T api make\n"),
            ),
            (
                "# My project\n\n# Makes a.\na:\n\tdocker compose run --rm api make\n",
                "# My project\n\nUID := $(shell id -u)\nGID := $(shell id -g)\n\n# Makes a.\na:\n\tdocker compose run -u $(UID):$(GID) --rm api make\n",
            ),
            (
                "a:\n\tsh -c \"docker compose exec api make\"\n",
                &with("a:\n\tsh -c \"docker compose exec -u $(UID):$(GID) api make\"\n"),
            ),
            (
                "a:\n\tdocker compose exec \\\n\t  api make\n",
                &with("a:\n\tdocker compose exec -u $(UID):$(GID) \\\n\t  api make\n"),
            ),
        ],
    );
}

#[test]
fn a_makefile_keeps_the_numbers_it_has() {
    let line = "a:\n\tdocker compose exec api make\n";
    let after = |uid: &str, gid: &str| format!("a:\n\tdocker compose exec -u $({uid}):$({gid}) api make\n");
    let cases = [
        ("UID := $(shell id -u)\nGID := $(shell id -g)\n", "", "UID", "GID"),
        ("UID ?= 1000\nGID ?= 1000\n", "", "UID", "GID"),
        ("HOST_UID != id -u\nMY_GROUP = $(shell id -g)\n", "", "HOST_UID", "MY_GROUP"),
        ("UID = $(shell id -u)\n", "GID := $(shell id -g)\n\n", "UID", "GID"),
        ("export UID := $(shell id -u)\nexport GID\n", "GID := $(shell id -g)\n\n", "UID", "GID"),
        ("UID = nobody\n", "HOST_UID := $(shell id -u)\nGID := $(shell id -g)\n\n", "HOST_UID", "GID"),
        ("UID = a\nHOST_UID = b\n", "CALLER_UID := $(shell id -u)\nGID := $(shell id -g)\n\n", "CALLER_UID", "GID"),
    ];
    for (head, added, uid, gid) in cases {
        let before = format!("{head}{line}");
        assert_cures("Makefile", &[(&before, &format!("{added}{head}{}", after(uid, gid)))]);
    }
    // The shell of the recipe does not see what Make does not export.
    let head = "UID := $(shell id -u)\nGID := $(shell id -g)\n";
    let before = format!("{head}a:\n\tdocker compose exec -u $$UID:$$GID api make\n");
    assert_cures("Makefile", &[(&before, &format!("{head}{}", after("UID", "GID")))]);
}

#[test]
fn what_a_variable_brings_in_is_changed_where_it_can_be() {
    let cases = [
        (
            "C = docker compose\na:\n\t$(C) exec api make\n",
            "C = docker compose\na:\n\t$(C) exec -u $(UID):$(GID) api make\n",
        ),
        (
            "E = docker compose exec -T\na:\n\t@$(E) api make\n",
            "E = docker compose exec -T\na:\n\t@$(E) -u $(UID):$(GID) api make\n",
        ),
        (
            "E = docker compose exec -u $(UID):$(GID)\na:\n\t$(E) api make\n",
            "E = docker compose exec -u $(UID):$(GID)\na:\n\t$(E) api make\n",
        ),
        (
            "E = docker compose exec -u $$UID:$$GID\na:\n\t$(E) api make\n",
            "E = docker compose exec -u $(UID):$(GID)\na:\n\t$(E) api make\n",
        ),
        (
            "B = $(UID):$(GID)\na:\n\tdocker compose exec -u $(B) api make\n",
            "B = $(UID):$(GID)\na:\n\tdocker compose exec -u $(B) api make\n",
        ),
    ];
    for (before, after) in cases {
        assert_cures("Makefile", &[(before, &format!("{NUMBERS}{after}"))]);
    }
    let several = "E = docker compose exec api\na:\n\t$(E) make\nb:\n\t$(E) make\n";
    let after = format!("{NUMBERS}{}", several.replace("exec api", "exec -u $(UID):$(GID) api"));
    assert_eq!(cured("Makefile", several), (after, true), "all lines that use the variable change");
}

const ME: &str = "-u \"$(id -u):$(id -g)\"";

#[test]
fn a_script_asks_for_the_numbers_itself() {
    let cases = [
        ("docker compose exec api make", format!("docker compose exec {ME} api make")),
        ("D='docker compose'\n$D exec -T api make\n", format!("D='docker compose'\n$D exec {ME} -T api make\n")),
        ("${D:-docker compose} exec api make\n", format!("${{D:-docker compose}} exec {ME} api make\n")),
        ("docker compose exec -u $UID:${GID} api make\n", "docker compose exec -u $(id -u):$(id -g) api make\n".into()),
        (
            "docker compose exec -u \"$UID\":\"$GID\" api make\n",
            "docker compose exec -u \"$(id -u)\":\"$(id -g)\" api make\n".into(),
        ),
        (
            "U=\"$UID:$GID\"\ndocker compose exec -u \"$U\" api make\n",
            "U=\"$UID:$GID\"\ndocker compose exec -u \"$(id -u):$(id -g)\" api make\n".into(),
        ),
        (
            "D=\"docker compose exec -u $UID:$GID\"\n$D api make\n",
            "D=\"docker compose exec -u $(id -u):$(id -g)\"\n$D api make\n".into(),
        ),
        (
            "sh -c 'docker compose exec api make'\n",
            "sh -c 'docker compose exec -u $(id -u):$(id -g) api make'\n".into(),
        ),
        ("x=\"$(docker compose exec api make)\"\n", format!("x=\"$(docker compose exec {ME} api make)\"\n")),
        ("x=`docker compose exec api make`\n", "x=`docker compose exec -u $(id -u):$(id -g) api make`\n".into()),
        (
            "f() {\n  sudo docker compose exec api make \"$@\"\n}\n",
            format!("f() {{\n  sudo docker compose exec {ME} api make \"$@\"\n}}\n"),
        ),
    ];
    for (before, after) in &cases {
        assert_cures("a.sh", &[(before, after)]);
        let bang = |text: &str| format!("#!/bin/sh\n{text}");
        assert_cures("tool", &[(&bang(before), &bang(after))]);
    }
    let bash = "#!/usr/bin/env bash\ndocker compose exec -u $UID:$GID api make\n";
    assert_cures("a.sh", &[(bash, bash)]); // the group is zero there, the user is not
}

#[test]
fn justfiles_and_package_json_ask_for_the_numbers_too() {
    assert_cures(
        "justfile",
        &[
            ("a:\n  @docker compose exec api make\n", &format!("a:\n  @docker compose exec {ME} api make\n")),
            (
                "d := 'docker compose'\na *b:\n  {{d}} exec api make {{b}}\n",
                &format!("d := 'docker compose'\na *b:\n  {{{{d}}}} exec {ME} api make {{{{b}}}}\n"),
            ),
        ],
    );
    assert_cures(
        "package.json",
        &[
            (
                "{\"scripts\": {\"a\": \"docker compose exec api make\"}}",
                "{\"scripts\": {\"a\": \"docker compose exec -u $(id -u):$(id -g) api make\"}}",
            ),
            (
                "{\"scripts\": {\n \"a\": \"docker compose exec -u $UID:$GID api sh -c \\\"make \\u00e9\\\"\"}}",
                "{\"scripts\": {\n \"a\": \"docker compose exec -u $(id -u):$(id -g) api sh -c \\\"make \\u00e9\\\"\"}}",
            ),
        ],
    );
    assert_cures(
        ".pre-commit-config.yaml",
        &[(
            "repos:\n- repo: local\n  hooks:\n  - id: a\n    entry: bash -c 'docker compose exec -T api make'\n",
            "repos:\n- repo: local\n  hooks:\n  - id: a\n    entry: bash -c 'docker compose exec -u $(id -u):$(id -g) -T api make'\n",
        )],
    );
}

#[test]
fn programs_with_a_cache_get_one_that_a_number_can_write() {
    let uv = "-e UV_CACHE_DIR=/tmp/uv-cache-";
    assert_cures(
        "Makefile",
        &[
            (
                "a:\n\tdocker compose exec api uv lock\n",
                &format!("{NUMBERS}a:\n\tdocker compose exec -u $(UID):$(GID) {uv}$(UID) api uv lock\n"),
            ),
            (
                "a:\n\tdocker compose exec -u $(UID):$(GID) api uv lock\n",
                &format!("{NUMBERS}a:\n\tdocker compose exec {uv}$(UID) -u $(UID):$(GID) api uv lock\n"),
            ),
        ],
    );
    assert_cures(
        "a.sh",
        &[
            (
                "docker compose exec api sh -c 'uv lock'\n",
                &format!("docker compose exec {ME} {uv}$(id -u) api sh -c 'uv lock'\n"),
            ),
            (
                "docker compose exec -e HOME=/tmp api uv lock\n",
                &format!("docker compose exec {ME} -e HOME=/tmp api uv lock\n"),
            ),
            (
                "docker compose exec api pip install .\n",
                &format!("docker compose exec {ME} -e HOME=/tmp api pip install .\n"),
            ),
        ],
    );
}
