//! Tests of finding command lines in files.

mod told;

use super::*;
use crate::project::files::MemoryFiles;

/// Everything that was read from some files.
struct Found {
    sources: BTreeMap<String, Source>,
    unreadable: Vec<Unreadable>,
    lines: Vec<CommandLine>,
}

fn found<const N: usize>(files: [(&str, &str); N]) -> Found {
    let (mut sources, mut unreadable) = (BTreeMap::new(), vec![]);
    let lines = read(&MemoryFiles::new(files), &mut sources, &mut unreadable).0;
    Found { sources, unreadable, lines }
}

impl Found {
    fn slice(&self, span: &Span) -> &str {
        self.sources.get(&*span.path).map_or("", |source| source.slice(span))
    }

    /// Each call in one line: head, service, user, and the command, with `|` where an option goes.
    fn shown(&self) -> Vec<String> {
        let show = |line: &CommandLine| {
            let call = &line.call;
            let words: Vec<&str> = call.command.iter().map(|word| word.value.as_str()).collect();
            let target = call.target.as_ref().map_or("?", |target| &target.value);
            let user = call.user.as_ref().map_or("-", |user| &user.resolved);
            format!("{} {target} {user} {}", self.slice(&call.head), words.join(" ")).trim_end().to_owned()
        };
        self.lines.iter().map(show).collect()
    }

    /// The file with `-U` where the first line's option goes.
    fn with_option(&self) -> String {
        let place = self.lines[0].call.insert_at.as_ref().unwrap();
        let mut text = self.sources[&*place.path].text().to_owned();
        text.insert_str(place.start, " -U");
        text
    }
}

#[test]
fn calls_are_found_in_every_kind_of_file() {
    for (path, text, expected) in [
        ("Makefile", "a:\n\t@docker compose exec -T app uv run x\n", "docker compose exec app - uv run x"),
        ("sub/dev.mk", "a:\n\tdocker-compose run --rm app x\n", "docker-compose run app - x"),
        ("Makefile", "C ?= docker compose -f b.yml\na:\n\t$(C) exec app x\n", "$(C) exec app - x"),
        ("Makefile", "E = docker compose exec\na:\n\t$(E) $(OPTS) app x\n", "$(E) app - x"),
        ("Makefile", "a:\n\tsh -c \"cd x && docker compose exec app y 'z w'\"\n", "docker compose exec app - y z w"),
        ("Makefile", "define R\ndocker compose exec app $(1)\nendef\na:\n\t$(call R,x y)\n", "$(call R,x y) app - x y"),
        ("justfile", "dc := 'docker compose'\na s='app':\n  {{dc}} exec {{s}} x\n", "{{dc}} exec app - x"),
        ("a.sh", "#!/bin/bash\nDC=\"docker compose\"\n$DC exec app x\n", "$DC exec app - x"),
        ("a.sh", "${DC:-docker compose} exec \"$1\" x\n", "${DC:-docker compose} exec ? - x"),
        ("a.sh", "sudo -E docker exec -it -e A=b c -u d\n", "docker exec c - -u d"),
        ("a.sh", "if x; then\n  y=$(docker compose exec -T app z)\nfi\n", "docker compose exec app - z"),
        ("bin/run", "#!/usr/bin/env bash\nexec docker compose exec app \"$@\"\n", "docker compose exec app - $@"),
        (".husky/pre-commit", "docker compose exec -T app x\n", "docker compose exec app - x"),
        (
            "package.json",
            "{\"scripts\": {\"a\": \"A=1 docker compose exec app sh -c \\\"x y\\\"\"}}",
            "docker compose exec app - sh -c x y",
        ),
        (
            ".pre-commit-config.yaml",
            "repos:\n- repo: local\n  hooks:\n  - id: a\n    entry: docker compose exec -T app x\n    args: [--fix, 'y z']\n",
            "docker compose exec app - x --fix y z",
        ),
        (
            ".pre-commit-config.yaml",
            "repos: [{hooks: [{id: a, entry: bash -c 'docker compose exec app x'}]}]\n",
            "docker compose exec app - x",
        ),
    ] {
        let found = found([(path, text)]);
        assert_eq!(found.shown(), [expected], "{path}: {text}");
        assert!(found.sources.contains_key(path));
    }
}

#[test]
fn options_and_their_values_are_no_service() {
    for (line, expected) in [
        ("docker compose --profile x -f a -p b --env-file=c exec --index 2 -w /x -e A=1 --env B app y", "app -"),
        ("docker compose exec -Tu 5 app y", "app 5"),
        ("docker compose exec -u5 app y", "app 5"),
        ("docker compose exec -u=5 app y", "app 5"),
        ("docker compose exec --user=5:6 app y", "app 5:6"),
        ("docker compose exec --user '' app y", "app "),
        ("docker compose exec -- app y", "app -"),
        ("docker compose run --rm --no-deps -p 1:2 -v a:b --name n --entrypoint sh -l c app y", "app -"),
        ("docker -c x container exec --env-file f -d c y", "c -"),
        ("docker run --rm -v $PWD:/x --network host -m 1g --gpus all img y", "img -"),
        ("docker run -it --read-only --init img y", "img -"),
        ("docker compose exec ${TTY:+-T} app y", "app -"),
        ("docker compose exec $FLAGS app y", "app -"),
        ("docker compose exec $SERVICE y", "? -"),
    ] {
        let shown = found([("a.sh", line)]).shown();
        let words: Vec<&str> =
            shown.first().map_or("", |shown| shown).split(" exec ").last().unwrap().split(" run ").collect();
        let words = words.last().unwrap().trim_end_matches(" y");
        assert_eq!(words, expected, "{line}");
    }
}

#[test]
fn other_commands_are_no_calls() {
    for text in [
        "docker compose up -d\n",
        "echo docker compose exec app x\n",
        "echo \"docker compose exec app x\"\n",
        "# docker compose exec app x\n",
        "docker compose\n",
        "docker\n",
        "ssh host docker exec app x\n",
        "cat <<E\ndocker exec app x\nE\n",
        "dockerd exec app x\n",
    ] {
        assert_eq!(found([("a.sh", text)]).shown(), <[&str; 0]>::default(), "{text}");
    }
    assert_eq!(found([("node_modules/x/a.sh", "docker exec a b\n")]).lines, []);
}

#[test]
fn an_option_goes_right_after_the_verb_or_after_the_variable_that_brings_it() {
    for (path, text, expected) in [
        ("a.sh", "docker compose exec -T app x", "docker compose exec -U -T app x"),
        (
            "Makefile",
            "E = docker compose exec -T\na:\n\t$(E) app x\n",
            "E = docker compose exec -T\na:\n\t$(E) -U app x\n",
        ),
        (
            "Makefile",
            "D = docker\nE = $(D) compose exec app\na:\n\t$(E) x\n",
            "D = docker\nE = $(D) compose exec -U app\na:\n\t$(E) x\n",
        ),
        (
            "package.json",
            r#"{"scripts":{"a":"bash -c \"docker exec a\""}}"#,
            r#"{"scripts":{"a":"bash -c \"docker exec -U a\""}}"#,
        ),
        ("a.sh", "bash -c 'docker compose \"exec\" app'", "bash -c 'docker compose \"exec\" -U app'"),
    ] {
        assert_eq!(found([(path, text)]).with_option(), expected);
    }
    let folded = "repos: [{hooks: [{id: a, entry: \"docker\\x20exec a\"}]}]\n";
    assert_eq!(found([(".pre-commit-config.yaml", folded)]).lines[0].call.insert_at, None);
}

#[test]
fn users_read_as_the_language_reads_them() {
    for (path, text, resolved) in [
        (
            "Makefile",
            "UID := $(shell id -u)\nGID := $(shell id -g)\na:\n\tdocker exec -u $(UID):$(GID) c x\n",
            "<uid>:<gid>",
        ),
        ("Makefile", "a:\n\tdocker exec -u $(UID):$(GID) c x\n", ":"),
        ("Makefile", "export UID\na:\n\tdocker exec -u $$UID:$${GID} c x\n", ":"),
        ("Makefile", "SHELL := /bin/bash\na:\n\tdocker exec -u $$UID c x\n", "<uid>"),
        ("Makefile", "UID != id -u\na:\n\tdocker exec -u $(UID) c x\n", "<uid>"),
        ("Makefile", "a:\n\tdocker exec -u $(WHO) c x\n", "<unknown>"),
        ("Makefile", "a:\n\tdocker exec -u $(shell id -u) -e A c x\n", "<uid>"),
        ("Makefile", "a:\n\tdocker exec -u $$(id -u):$$(id -g) c x\n", "<uid>:<gid>"),
        ("Makefile", "U = $(UID):$(GID)\nUID ?= 1000\na:\n\tdocker exec -u $(U) c x\n", "1000:"),
        ("a.sh", "#!/bin/bash\ndocker exec -u \"$UID:$GID\" c x\n", "<uid>:"),
        ("a.sh", "#!/bin/zsh\ndocker exec -u $UID:$GID c x\n", "<uid>:<gid>"),
        ("a.sh", "#!/bin/sh\ndocker exec -u $UID:$GID c x\n", ":"),
        ("a.sh", "#!/bin/sh\nset -eu\ndocker exec -u $UID:$GID c x\n", "<unknown>:<unknown>"),
        ("a.sh", "#!/bin/sh\n. ./.env\ndocker exec -u $UID:$GID c x\n", "<unknown>:<unknown>"),
        ("a.sh", "U=$(id -u)\nexport G=`id -g`\ndocker exec -u $U:$G c x\n", "<uid>:<gid>"),
        ("a.sh", "docker exec -u ${APP_USER} c x\n", "<unknown>"),
        ("package.json", "{\"scripts\":{\"a\":\"docker exec -u $UID:$GID c x\"}}", ":"),
        ("justfile", "uid := `id -u`\na:\n  docker exec -u {{uid}}:$(id -g) c x\n", "<uid>:<gid>"),
        ("justfile", "a:\n  docker exec -u $UID:{{x}} c x\n", "<unknown>:<unknown>"),
    ] {
        let found = found([(path, text)]);
        assert_eq!(found.lines[0].call.user.as_ref().map(|user| user.resolved.as_str()), Some(resolved), "{text}");
    }
}

#[test]
fn included_makefiles_share_variables_and_are_read_once() {
    let found = found([
        (".env", "UID=1000\n"),
        ("Makefile", "-include .env\ninclude make/*.mk\nDC := docker compose\n"),
        ("make/a.mk", "# Of a.\n\na:\n\t$(DC) exec -u $(UID):$(GID) app x\n"),
    ]);
    assert_eq!(found.shown(), ["$(DC) exec app 1000: x"]);
    let line = &found.lines[0];
    assert_eq!(&*line.span.path, "make/a.mk");
    assert_eq!((line.numbers.uid.as_deref(), line.numbers.gid.as_deref()), (Some("UID"), None));
    assert_eq!(line.numbers.define_at.as_ref().map(|at| at.start), Some(9));
    assert_eq!(
        line.call.user.as_ref().unwrap().blank.iter().map(|blank| blank.value.as_str()).collect::<Vec<_>>(),
        ["GID"]
    );
}

#[test]
fn numbers_go_by_the_names_that_the_makefile_has() {
    for (text, uid) in [
        ("UID := $(shell id -u)\n", Some("UID")),
        ("HOST_UID := $(shell id -u)\n", Some("HOST_UID")),
        ("UID = 1000\n", Some("UID")),
        ("UID =\n", None),
        ("UID := $(shell whoami)\n", None),
        ("", None),
    ] {
        let found = found([("Makefile", &format!("{text}a:\n\tdocker exec c x\n"))]);
        assert_eq!(found.lines[0].numbers.uid.as_deref(), uid, "{text}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let found = found([
        ("package.json", "{\"docker\": "),
        (".pre-commit-config.yaml", "docker: [\n"),
        ("Makefile", "a:\n\tdocker exec c \0\n"),
        ("bin/x", "#!/bin/sh\n\0"),
        ("other/package.json", "{"),
    ]);
    let names: Vec<_> = found.unreadable.iter().map(|file| (file.path.as_str(), file.span.is_some())).collect();
    assert_eq!(names, [("Makefile", false), ("package.json", true), (".pre-commit-config.yaml", true)]);
}

const TRICKY: [(&str, &str); 5] = [
    (
        "Makefile",
        "# é\r\nDC = docker compose \\\r\n  -f é\r\ninclude Makefile *.mk\r\na: b\r\n\t@$(DC) exec -u $(UID):${GID} \\\r\n\t  -e \"é=$$(id)\" app sh -c 'docker exec \"é\"'\r\n",
    ),
    ("justfile", "x := 'docker ' + `é`\na b='é':\n  {{x}} exec -u {{uid}} é\n  #!é\n"),
    (
        "a.sh",
        "#!/bin/bash\nDC=(docker)\nX=\"$Y\" Y=$X\n$X ${X:-docker compose} exec -u$UID é \"$(docker run é <<E\né\nE\n)\"\n",
    ),
    ("package.json", "{\"scripts\": {\"é\": \"docker exec -u \\\"é\\u00e9$UID\\\" `docker run é` é\"}}"),
    (
        ".pre-commit-config.yaml",
        "repos:\n- hooks:\n  - &a\n    id: é\n    entry: >-\n      docker exec\n      é\n    args: [-u, 'é']\n  - <<: *a\n",
    ),
];

#[test]
fn files_cut_anywhere_are_read_without_a_panic() {
    for (path, text) in TRICKY {
        for at in 0..text.len() {
            for bytes in [&text.as_bytes()[..at], &text.as_bytes()[at..]] {
                let (mut sources, mut unreadable) = (BTreeMap::new(), vec![]);
                let files = MemoryFiles::new([(path, bytes)]);
                for line in read(&files, &mut sources, &mut unreadable).0 {
                    let spans = [&line.span, &line.call.head].into_iter().chain(&line.call.insert_at);
                    spans.for_each(|span| assert!(sources[&*span.path].text().get(span.range()).is_some()));
                }
            }
        }
    }
}

#[test]
fn huge_files_are_read_in_time() {
    for (path, unit) in [
        ("Makefile", "a:\n\t@docker compose exec -u $(UID) app uv run x\nX := $(shell id)\n"),
        ("justfile", "a:\n  docker compose exec app {{x}}\n"),
        ("a.sh", "X=$(docker compose exec app \"$Y\")\n"),
    ] {
        let text = unit.repeat(600_000 / unit.len());
        assert!(found([(path, &text)]).lines.len() > 1_000);
    }
}

proptest::proptest! {
    #[test]
    fn any_line_is_read(text in "((docker|docker-compose|compose|exec|run|sh -c|-u|-e|--user=|app|\\$\\(|\\$\\{|UID|[é\"'`)} \\n\\t\\\\:=$-]) ?){0,40}") {
        for path in ["Makefile", "justfile", "a.sh"] {
            let text = format!("a:\n\t{text}");
            let found = found([(path, &text)]);
            for line in &found.lines {
                proptest::prop_assert!(text.get(line.span.range()).is_some());
                proptest::prop_assert!(line.call.insert_at.as_ref().is_none_or(|at| text.is_char_boundary(at.start)));
            }
        }
    }
}

#[test]
fn calls_are_found_in_tasks_pipelines_and_documents() {
    for (path, text, expected) in [
        ("pyproject.toml", "[tool.poe.tasks]\na = 'docker exec a x'\nb = ['docker']\n", vec!["docker exec a - x"]),
        (
            "pyproject.toml",
            "[tool.poe.tasks]\nb.sequence = [{cmd = 'docker exec b x'}, {shell = 'docker exec -u $UID c x'}]\n",
            vec!["docker exec b - x", "docker exec c  x"],
        ),
        (
            "pyproject.toml",
            "[tool.pdm.scripts]\na.composite = ['docker exec a x', 'b']\nb.help = 'docker exec c x'\n",
            vec!["docker exec a - x"],
        ),
        (
            "pyproject.toml",
            "[tool.hatch.envs.x.scripts]\na = ['cd x', 'docker exec a {args}']\n[tool.hatch.envs.x]\nb = 'docker exec b x'\n",
            vec!["docker exec a - {args}"],
        ),
        (
            "sub/.devcontainer/devcontainer.json",
            "{\"postStartCommand\": {\"a\": [\"bash\", \"-c\", \"docker exec a x\"], \"b\": \"docker exec b x\"}}",
            vec!["docker exec a - x", "docker exec b - x"],
        ),
        (
            ".vscode/tasks.json",
            "{\"tasks\": [{\"type\": \"process\", \"command\": \"docker\", \"args\": [\"exec\", \"a\"]}]}",
            vec!["docker\", \"args\": [\"exec a -"],
        ),
        (
            ".vscode/tasks.json",
            "{\"tasks\": [{\"label\": \"t\", \"type\": \"shell\", \"command\": {\"value\": \"docker\", \"quoting\": \"strong\"}, \"args\": [{\"value\": \"exec\"}, \"a\", \"x\"]}]}",
            vec!["docker\", \"quoting\": \"strong\"}, \"args\": [{\"value\": \"exec a - x"],
        ),
        (
            ".vscode/tasks.json",
            "{\"tasks\": [{\"type\": \"process\", \"args\": [\"exec\", \"a\"], \"linux\": {\"command\": \"docker\"}}]}",
            vec!["docker a -"],
        ),
        (
            ".github/workflows/a.yaml",
            "jobs:\n  a:\n    steps:\n    - {run: docker exec a x, shell: pwsh}\n    - run: docker exec -u ${{ env.U }}:1 b x\n",
            vec!["docker exec b <unknown>:1 x"],
        ),
        (
            ".gitlab-ci.yml",
            "a:\n  before_script: docker exec a x\n  script:\n  - D='docker exec'\n  - [$D b x]\n",
            vec!["docker exec a - x", "$D b - x"],
        ),
        (
            ".gitlab-ci.yml",
            "before_script: [docker exec a x, 'D=\"docker exec\"']\nb:\n  script: $D b x\nc:\n  script: $D c x\n  after_script: $D d x\ne:\n  before_script: [D=x]\n  script: $D e x\n",
            vec!["docker exec a - x", "$D b - x", "$D c - x"],
        ),
        (
            "CONTRIBUTING.md",
            "docker exec a x\n```python\ndocker exec b x\n```\n~~~~ sh\n~~~\ndocker exec c x\n",
            vec![],
        ),
        (
            "docs/x/a.md",
            "~~~sh\ndocker exec c x\n~~~\n``` bash title\ndocker exec d\n```\n",
            vec!["docker exec c - x", "docker exec d -"],
        ),
        ("src/a.md", "```sh\ndocker exec c x\n```\n", vec![]),
        ("Taskfile.yml", "tasks: {a: 'docker exec -u {{ .U }} {{.S}} x'}\n", vec!["docker exec ? <unknown> x"]),
    ] {
        let found = found([(path, text)]);
        assert_eq!(found.shown(), expected, "{path}: {text}");
        assert_eq!(found.unreadable.len(), 0);
    }
    assert_eq!(found([("node_modules/x/README.md", "```sh\ndocker exec c x\n```\n")]).lines, []);
}

#[test]
fn a_makefile_that_is_not_followed_to_its_end_is_named() {
    let names: String = (0..9).map(|level| format!("A{level} = $(A{m})$(A{m})\n", m = level + 1)).collect();
    let small = found([("Makefile", &format!("{names}a:\n\tdocker exec c $(A0)\n"))]);
    assert_eq!((small.lines.len(), small.unreadable.len()), (1, 0));
    let large = found([("Makefile", &format!("{names}{}", "a:\n\tdocker exec c $(A0)\n".repeat(400)))]);
    assert_eq!(large.unreadable[0].message, "puts in so many variables that only the first are followed");
}
