//! Command lines as people write them, and as nobody should.

use std::collections::BTreeMap;

use super::super::{CommandLine, read};
use crate::project::files::MemoryFiles;
use crate::text::Source;

fn lines(path: &str, text: &str) -> (Source, Vec<CommandLine>) {
    let mut sources = BTreeMap::new();
    let found = read(&MemoryFiles::new([(path, text)]), &mut sources, &mut vec![]).0;
    (sources.remove(path).unwrap_or_else(|| Source::new(path, text)), found)
}

/// `verb target user>resolved [blank…] ^ what follows the place of an option`.
fn told(path: &str, text: &str) -> Vec<String> {
    let (source, found) = lines(path, text);
    let of = |line: &CommandLine| {
        let call = &line.call;
        let verb = serde_json::to_value(call.verb)
            .map(|verb| verb.as_str().map(str::to_owned))
            .ok()
            .flatten()
            .unwrap_or_default();
        let target = call.target.as_ref().map_or("?", |target| target.value.as_str());
        let user = call.user.as_ref().map_or_else(String::new, |user| {
            let blanks: Vec<&str> = user.blank.iter().map(|blank| source.slice(&blank.span)).collect();
            format!(
                " {}>{}{}",
                source.slice(&user.written.span),
                user.resolved,
                blanks.iter().map(|blank| format!(" {blank}!")).collect::<String>()
            )
        });
        let rest = call.insert_at.as_ref().map_or("?", |place| {
            assert!(place.range().is_empty());
            source.text()[place.start..].split(['\n', '\r']).next().unwrap_or_default()
        });
        let command: Vec<&str> = call.command.iter().map(|word| word.value.as_str()).collect();
        format!("{verb} {target}{user} |{rest}| {}", command.join(" "))
    };
    found.iter().map(of).collect()
}

#[track_caller]
fn assert_told(path: &str, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(told(path, text), *expected, "{text}");
    }
}

#[test]
fn makefiles_are_read_as_make_runs_them() {
    assert_told(
        "Makefile",
        &[
            ("C ?= docker compose\na:\n\t$(C) exec -T api x $@\n", &["compose-exec api | -T api x $@| x $@"]),
            ("a:\n\tdocker-compose -f a.yml --profile dev exec -it api x\n", &["compose-exec api | -it api x| x"]),
            (
                "a:\n\tdocker compose exec -e X=1 --env=Y -u1000 -w /x api x\n",
                &["compose-exec api 1000>1000 | -e X=1 --env=Y -u1000 -w /x api x| x"],
            ),
            ("a:\n\tdocker compose exec --user=root api x\n", &["compose-exec api root>root | --user=root api x| x"]),
            (
                "a:\n\tdocker compose run --rm --user $(UID):$(GID) --no-deps api x\n",
                &["compose-run api $(UID):$(GID)>: $(UID)! $(GID)! | --rm --user $(UID):$(GID) --no-deps api x| x"],
            ),
            (
                "UID := $(shell id -u)\na:\n\tdocker compose exec -itu $(UID) api x\n",
                &["compose-exec api $(UID)><uid> | -itu $(UID) api x| x"],
            ),
            (
                "export UID ?= $(shell id -u)\na:\n\tdocker compose exec -u $$UID api x\n",
                &["compose-exec api $$UID><uid> | -u $$UID api x| x"],
            ),
            (
                "UID = 5\na:\n\tdocker compose exec -u $$UID api x\n",
                &["compose-exec api $$UID> $$UID! | -u $$UID api x| x"],
            ),
            (
                "a:\n\tdocker compose exec -u $$(id -u):$$(id -g) api x\n",
                &["compose-exec api $$(id -u):$$(id -g)><uid>:<gid> | -u $$(id -u):$$(id -g) api x| x"],
            ),
            (
                "a:\n\tUID=$$(id -u); docker compose exec -u $$UID api x\n",
                &["compose-exec api $$UID><uid> | -u $$UID api x| x"],
            ),
            (
                ".ONESHELL:\na:\n\tUID=3\n\tdocker compose exec -u $$UID api x\n",
                &["compose-exec api $$UID>3 | -u $$UID api x| x"],
            ),
            (
                ".ONESHELL:\na:\n\tset -e\n\tif true; then\n\t  -docker exec c \\\n\t    x\n\tfi\nb:\n\tdocker exec -u $$UID d y\n",
                &["exec c | c \\| x", "exec d $$UID><unknown> | -u $$UID d y| y"],
            ),
            (
                "a: UID = 5\na:\n\tdocker compose exec -u $(UID) api x\n",
                &["compose-exec api $(UID)><unknown> | -u $(UID) api x| x"],
            ),
            (
                "-include .env\na:\n\tdocker compose exec -u $(UID) api x\n",
                &["compose-exec api $(UID)><unknown> | -u $(UID) api x| x"],
            ),
            ("a:\n\tdocker compose exec -u $UID api x\n", &["compose-exec api ID>ID | -u $UID api x| x"]),
            (".RECIPEPREFIX = >\na:\n> docker exec shop-api-1 \\\n>  x\n", &["exec shop-api-1 | shop-api-1 \\| x"]),
            ("\u{feff}a:\r\n\t@-docker compose exec api x \\\r\n\t  y\r\n", &["compose-exec api | api x \\| x y"]),
            ("a:\n\tsh -c \"cd x && docker compose exec api y\"\n", &["compose-exec api | api y\"| y"]),
            (
                "define B\n@true\n-@docker exec c x \\\n y\ndocker exec d y\nendef\na:\n\t$(B)\n",
                &["exec c | c x \\| x y", "exec d | d y| y"],
            ),
            ("a:\n    docker compose exec api x\n", &[]),
            ("a:\n\tdocker compose up\n\t# docker compose exec api x\n", &[]),
        ],
    );
}

#[test]
fn scripts_are_read_as_the_shell_runs_them() {
    assert_told(
        "a.sh",
        &[
            (
                "docker run --rm -v .:/w -u \"$UID:$GID\" img x",
                &["run img $UID:$GID>: $UID! $GID! | --rm -v .:/w -u \"$UID:$GID\" img x| x"],
            ),
            ("#!/bin/bash\ndocker exec -u $UID c x", &["exec c $UID><uid> | -u $UID c x| x"]),
            ("set -eu\ndocker exec -u $UID c x", &["exec c $UID><unknown> | -u $UID c x| x"]),
            (": \"${UID:=7}\"\ndocker exec -u $UID c x", &["exec c $UID><unknown> | -u $UID c x| x"]),
            (
                "U=$(id -u)\nA=\"-u $U\"\nD='docker exec'\n$D -u \"$U:$(id -g)\" c x",
                &["exec c $U:$(id -g)><uid>:<gid> | -u \"$U:$(id -g)\" c x| x"],
            ),
            ("cat <<E\ndocker exec c x\nE\nsudo -E docker exec c x", &["exec c | c x| x"]),
            (
                "f() { docker compose exec api \"$@\"; }\nif true; then docker exec c 'x y'; fi",
                &["compose-exec api | api \"$@\"; }| $@", "exec c | c 'x y'; fi| x y"],
            ),
            ("docker --context x exec c x", &["exec c | c x| x"]),
            ("docker compose exec \"$SERVICE\" x\ndocker exec", &["compose-exec ? | \"$SERVICE\" x| x", "exec ? || "]),
            ("echo docker exec c x; grep 'docker exec c x' y", &[]),
        ],
    );
}

#[test]
fn the_other_files_are_read_too() {
    assert_told(
        "justfile",
        &[
            (
                "u := `id -u`\na s='api':\n  @docker compose exec -u {{u}} {{s}} x\n",
                &["compose-exec api {{u}}><uid> | -u {{u}} {{s}} x| x"],
            ),
            (
                "a:\n  #!/usr/bin/env bash\n  docker exec -u $UID:$GID c x\n",
                &["exec c $UID:$GID><uid>: $GID! | -u $UID:$GID c x| x"],
            ),
            ("a:\n  docker exec -u $UID c x\n", &["exec c $UID><unknown> | -u $UID c x| x"]),
        ],
    );
    assert_told(
        "package.json",
        &[(
            "{\"scripts\": {\"a\": \"x && docker compose run --rm \\\"api\\\" y \\u00e9\", \"b\": 1}}",
            &["compose-run api | --rm \\\"api\\\" y \\u00e9\", \"b\": 1}}| y é"],
        )],
    );
    assert_told(
        ".pre-commit-config.yaml",
        &[
            (
                "repos:\n- hooks:\n  - id: a\n    entry: docker compose exec -T api\n    args: [x, '-y']\n",
                &["compose-exec api | -T api| x -y"],
            ),
            (
                "repos:\n- hooks:\n  - id: a\n    entry: bash\n    args: ['-c', 'docker exec c x']\n",
                &["exec c | c x']| x"],
            ),
        ],
    );
}

#[test]
fn quotes_and_shells_decide_what_a_variable_is() {
    assert_told(
        "a.sh",
        &[
            ("docker exec -u '$UID' c x", &["exec c $UID><unknown> | -u '$UID' c x| x"]),
            ("docker exec -u \\$UID:\\$GID c x", &["exec c $UID:\\$GID><unknown>:<unknown> | -u \\$UID:\\$GID c x| x"]),
            ("bash -c 'docker exec -u $UID c x'", &["exec c $UID><uid> | -u $UID c x'| x"]),
            ("bash -c \"docker exec -u $UID c x\"", &["exec c $UID> $UID! | -u $UID c x\"| x"]),
            ("UID=5 docker exec -u $UID c x", &["exec c $UID> $UID! | -u $UID c x| x"]),
            ("#!/bin/bash\ndocker exec -u $UID:$GID c x", &["exec c $UID:$GID><uid>: $GID! | -u $UID:$GID c x| x"]),
            ("#!/bin/dash\ndocker exec -u $UID:$GID c x", &["exec c $UID:$GID>: $UID! $GID! | -u $UID:$GID c x| x"]),
        ],
    );
    assert_told(
        "Makefile",
        &[
            ("a:\n\tdocker exec -u '$(UID)' c x\n", &["exec c $(UID)> $(UID)! | -u '$(UID)' c x| x"]),
            ("a:\n\tdocker exec -u '$$UID' c x\n", &["exec c $$UID><unknown> | -u '$$UID' c x| x"]),
            // Make puts `${UID}` in, before any shell sees it.
            ("SHELL := /bin/bash\na:\n\tdocker exec -u ${UID} c x\n", &["exec c ${UID}> ${UID}! | -u ${UID} c x| x"]),
            ("SHELL := /bin/bash\na:\n\tdocker exec -u $${UID} c x\n", &["exec c $${UID}><uid> | -u $${UID} c x| x"]),
            (
                "a:\n\t$(MAKE) b UID=$$(id -u)\nb:\n\tdocker exec -u $(UID) c x\n",
                &["exec c $(UID)><unknown> | -u $(UID) c x| x"],
            ),
        ],
    );
    assert_told(
        ".pre-commit-config.yaml",
        &[
            (
                "repos: [{hooks: [{id: a, entry: bash -c 'docker exec -u $UID c x'}]}]\n",
                &["exec c $UID><uid> | -u $UID c x'}]}]| x"],
            ),
            (
                "repos: [{hooks: [{id: a, entry: sh -c 'docker exec -u $UID c x'}]}]\n",
                &["exec c $UID> $UID! | -u $UID c x'}]}]| x"],
            ),
        ],
    );
}

#[test]
fn functions_and_aliases_stand_for_their_commands() {
    for (text, expected) in [
        ("dc() { docker compose \"$@\"; }\ndc exec api x", "compose-exec api | api x| x"),
        ("dc() {\n  docker compose -f a.yml $@\n}\ndc exec api x", "compose-exec api | api x| x"),
        ("function dc { docker-compose \"$@\"; }\nif y; then dc exec api x; fi", "compose-exec api | api x; fi| x"),
        ("function dc() {\n docker \"$@\"\n}\ndc exec c x", "exec c | c x| x"),
        ("alias dc='docker compose'\ndc exec api x", "compose-exec api | api x| x"),
        // What runs in the container stands once: in the function.
        ("in() { docker compose exec api \"$@\"; }\nin x\nin y", "compose-exec api | api \"$@\"; }| $@"),
        ("dc() { dc docker \"$@\"; }\ndc exec api x\ndocker exec c x", "exec c | c x| x"),
    ] {
        assert_eq!(told("a.sh", text), [expected], "{text}");
    }
}

#[test]
fn taskfiles_and_lefthook_are_read() {
    assert_told(
        "Taskfile.yml",
        &[
            (
                "tasks:\n  a:\n    cmds:\n    - docker compose exec api x\n    - cmd: docker exec c y\n    - task: b\n    - defer: docker exec d z\n  b: docker exec e {{.CLI_ARGS}}\n  c: [docker exec f x]\n",
                &[
                    "compose-exec api | api x| x",
                    "exec c | c y| y",
                    "exec d | d z| z",
                    "exec e | e {{.CLI_ARGS}}| {{.CLI_ARGS}}",
                    "exec f | f x]| x",
                ],
            ),
            (
                "tasks:\n  a:\n    cmd: docker exec -u $UID:$GID c x\n",
                &["exec c $UID:$GID><uid>:<gid> | -u $UID:$GID c x| x"],
            ),
            ("tasks:\n  a:\n    cmds:\n    - |\n      true\n      docker exec c x\n", &["exec c | c x| x"]),
            ("tasks: [docker]\n", &[]),
        ],
    );
    assert_told(
        "lefthook.yml",
        &[
            (
                "pre-commit:\n  commands:\n    lint:\n      run: docker compose exec -T api ruff format {staged_files}\n",
                &["compose-exec api | -T api ruff format {staged_files}| ruff format {staged_files}"],
            ),
            (
                "pre-push:\n  jobs:\n  - run: docker exec c x\n  - group:\n      jobs:\n      - run: docker exec d x\n",
                &["exec c | c x| x", "exec d | d x| x"],
            ),
        ],
    );
}

#[test]
fn a_line_knows_the_compose_file_that_it_finds() {
    let found_by = |path: &str, text: &str| {
        let files = [("compose.yaml", ""), ("backend/docker-compose.yml", ""), (path, text)];
        let found = read(&MemoryFiles::new(files), &mut BTreeMap::new(), &mut vec![]).0;
        found[0].compose_file.clone()
    };
    let line = "docker compose exec api x";
    let (root, backend) = (Some("compose.yaml".to_owned()), Some("backend/docker-compose.yml".to_owned()));
    for (path, text, expected) in [
        ("Makefile", format!("a:\n\t{line}\n"), &root),
        ("Makefile", format!("a:\n\tcd backend && {line}\n"), &backend),
        ("Makefile", format!("a:\n\tcd ./backend/sub/.. && {line}\n"), &backend),
        ("Makefile", format!("a:\n\tcd frontend && {line}\n"), &root),
        ("Makefile", format!("a:\n\tcd backend\n\t{line}\n"), &root),
        ("Makefile", format!(".ONESHELL:\na:\n\t@cd backend\n\t@{line}\n"), &backend),
        ("Makefile", format!(".ONESHELL:\na:\n\tcd backend\nb:\n\t{line}\n"), &root),
        ("Makefile", format!(".ONESHELL:\na:\n\t(cd backend\n\ttrue)\n\t{line}\n"), &root),
        (".gitlab-ci.yml", format!("default: {{before_script: cd backend}}\na: {{script: '{line}'}}\n"), &backend),
        (".gitlab-ci.yml", format!("a: {{before_script: [cd backend], after_script: '{line}'}}\n"), &root),
        ("Makefile", format!("D = cd backend\n.ONESHELL:\na:\n\t$(D)\n\t{line}\n"), &backend),
        ("Makefile", format!("a:\n\tcd $(X) && {line}\n"), &None),
        ("Makefile", "a:\n\tdocker compose -f x.yml exec api x\n".to_owned(), &None),
        ("backend/Makefile", format!("a:\n\t{line}\n"), &backend),
        ("backend/package.json", format!("{{\"scripts\": {{\"a\": \"cd .. && {line}\"}}}}"), &root),
        ("scripts/a.sh", line.to_owned(), &None),
        ("scripts/a.sh", format!("cd backend\n{line}"), &backend),
        ("scripts/a.sh", format!("cd \"$(dirname $0)/..\"\n{line}"), &None),
    ] {
        assert_eq!(found_by(path, &text), *expected, "{path}: {text}");
    }
}

const PATHS: [&str; 5] = ["Makefile", "a.sh", "justfile", "package.json", ".pre-commit-config.yaml"];

const TRICKY: [&str; 5] = [
    "\u{feff}# é\r\nE = docker compose exec -u $(U) -e é=$${X}\nU ?= $(UID):$${GID}\ndefine F\ndocker exec $(1) $(call F,$(2))\nendef\n.RECIPEPREFIX = >\na b: é ; docker exec c x\n> @$(E) api sh -c \"x 'é' `y`\" \\\r\n>  $$(docker run -u $U i z)\nc:\n> $(call F,é,$(E))\n",
    "#!/bin/sh\nD=\"docker exec -u $U\"; U='é':${UID:-$(id -u \"é\")}\n$D \"$(docker run -u`id -u` é <<E)\" 'x\nE\nsh -c 'docker exec -u\"$GID\" c \\'é\nE\n${D:-docker} exec -- c",
    "set shell := ['é']\nu := `id -u` + ':' + \"é\"\n[x]\na é='docker' *b=u:\n  @{{é}} exec -u {{u}} c {{b}} \\\n   {{\n\nb:\n #!/bin/bash\n docker run -u $GID {{u}}",
    "{\"é\": [{}], \"scripts\": {\"a\": \"docker exec -u \\\"$UID\\u003a$GID\\\" c \\ud83d\\ude00\", \"b\": \"sh -c \\\"docker run x\\\"\"}}",
    "repos:\n- hooks:\n  - &h {id: a, entry: \"docker exec -u \\\"é$U\\\" c\", args: [x, 'é']}\n  - *h\n  - id: é\n    entry: >-\n      bash -c 'docker\n      exec c x'\n",
];

/// Every place of every line is bytes of its file.
fn assert_places_are_bytes(path: &str, text: &str) {
    let (source, found) = lines(path, text);
    for line in found {
        let call = &line.call;
        let user = call.user.iter().flat_map(|user| {
            let blanks = user.blank.iter().flat_map(|blank| [Some(&blank.span), blank.stands.as_ref()]);
            blanks.chain([Some(&user.written.span), user.stands.as_ref()])
        });
        let words = call.command.iter().chain(&call.target).map(|word| Some(&word.span));
        let spans = [Some(&line.span), Some(&call.head), call.insert_at.as_ref(), line.numbers.define_at.as_ref()];
        for span in spans.into_iter().chain(user).chain(words).flatten() {
            assert!(source.text().get(span.range()).is_some(), "{span:?} in {text:?}");
        }
    }
}

#[test]
fn files_cut_anywhere_are_read() {
    for (path, text) in PATHS.into_iter().zip(TRICKY) {
        assert!(!lines(path, text).1.is_empty(), "{path}");
        for (at, _) in text.char_indices() {
            assert_places_are_bytes(path, &text[..at]);
            assert_places_are_bytes(path, &text[at..]);
        }
    }
}

#[test]
fn huge_and_deep_files_are_read_in_time() {
    let rows = 4_000;
    let many = |row: &dyn Fn(usize) -> String| (0..rows).map(row).collect::<String>();
    let deep = |open: &str, close: &str| format!("docker exec {}c{}", open.repeat(20_000), close.repeat(20_000));
    for (path, text) in [
        (
            "Makefile",
            many(&|row| format!("UID{row} := $(UID{})\n", row + 1))
                + &many(&|row| format!("a{row}:\n\tdocker exec -u $(UID{row}) c x\n")),
        ),
        ("Makefile", many(&|row| format!("\tX{row} = $(X{row})$(X{row})\nb{row}:\n\t$(X{row}) docker\n"))),
        ("Makefile", format!("a:\n\t{}\n", deep("$(", ")"))),
        ("Makefile", format!("a:\n\tdocker exec {}", "\\\n".repeat(200_000))),
        (
            "justfile",
            many(&|row| format!("v{row} := 'x'\n"))
                + &many(&|row| format!("a{row} b='c':\n docker exec {{{{v{row}}}}} c x\n")),
        ),
        ("justfile", format!("a:\n {}", deep("{{", "}}"))),
        ("a.sh", many(&|row| format!("V{row}=\"$V{}$V{}\"\ndocker exec -u $V{row} c x\n", row + 1, row + 1))),
        ("a.sh", many(&|_| "cd a\ndocker compose exec c x\n".to_owned())),
        ("a.sh", deep("\"$(", ")\"")),
        ("a.sh", deep("`", "`")),
        ("a.sh", deep("sh -c '", "'")),
        (
            "package.json",
            format!(
                "{{\"scripts\": {{{}\"z\": \"\"}}}}",
                many(&|row| format!("\"a{row}\": \"docker exec -u $UID c x\",\n"))
            ),
        ),
        ("package.json", "{\"docker\":".repeat(20_000)),
        (".pre-commit-config.yaml", "docker: [".repeat(20_000)),
    ] {
        let _ = lines(path, &text);
    }
}

proptest::proptest! {
    #[test]
    fn mutated_files_are_read(which in 0..5usize, at in 0..400usize, cut in 0..9usize, insert in "([$(){}'\"`\\\\\\n\\r\\t :=#@é<&;]|docker exec |-u|UID){0,4}") {
        let text = TRICKY[which];
        let boundary = |from: usize| (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let start = boundary(at.min(text.len()));
        assert_places_are_bytes(PATHS[which], &format!("{}{insert}{}", &text[..start], &text[boundary(start + cut)..]));
    }
}
