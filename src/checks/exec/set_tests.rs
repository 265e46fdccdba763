//! Tests of lines that mean other Compose files than the project's own.

use crate::facts::{Environment, Facts};
use crate::finding::{Finding, Place};
use crate::project::files::MemoryFiles;
use crate::project::read;

/// The message and related places of what is found where `files` hold `compose.yaml`, whose `api` runs as a number of its own, a
/// `prod.yaml` that makes it root, and a project in `sub` whose `api` is root.
fn found(files: &[(&str, &str)]) -> Vec<Finding> {
    const OWN: &str = "services:\n  api:\n    image: python:3.12\n    user: 4242:4242\n    volumes: [\".:/app\"]\n";
    let all = [
        ("compose.yaml", OWN),
        ("prod.yaml", "services:\n  api:\n    user: root\n"),
        ("safe.yaml", "services:\n  api:\n    user: \"4243\"\n"),
        ("broken.yaml", "services:\n  api: [\n"),
        ("sub/compose.yaml", "services:\n  api:\n    image: python:3.12\n    volumes: [\".:/app\"]\n"),
        ("built.yaml", "services:\n  api:\n    build: img\n    volumes: [\".:/app\"]\n"),
        ("img/Dockerfile", "FROM python:3.12\n"),
        ("set.env", "WHO=root\n"),
        ("who.yaml", "services:\n  api:\n    user: ${WHO:-4242}\n"),
    ];
    let all = all.into_iter().filter(|(path, _)| !files.iter().any(|(other, _)| other == path));
    let files = MemoryFiles::new(all.chain(files.iter().copied()));
    let project = read::project(&files, &Environment::default(), None);
    super::as_root::check(&Facts { project, ..Facts::default() }).unwrap()
}

#[test]
fn a_line_is_judged_by_the_files_that_it_names() {
    for (line, decides) in [
        ("docker compose exec api x", None),
        ("docker compose -f compose.yaml -f prod.yaml exec api x", Some("prod.yaml")),
        ("docker compose --file=compose.yaml --file prod.yaml run api x", Some("prod.yaml")),
        ("docker-compose -fcompose.yaml -f ./prod.yaml -p other exec api x", Some("prod.yaml")),
        ("docker compose -f prod.yaml -f compose.yaml exec api x", None),
        ("docker compose -f compose.yaml -f safe.yaml exec api x", None),
        ("docker compose -f built.yaml exec api x", Some("built.yaml")),
        ("docker compose -f compose.yaml -f who.yaml exec api x", None),
        ("docker compose --env-file set.env -f compose.yaml -f who.yaml exec api x", Some("who.yaml")),
        ("COMPOSE_FILE=compose.yaml:prod.yaml docker compose exec api x", Some("prod.yaml")),
        ("COMPOSE_FILE=compose.yaml:prod.yaml docker compose -f safe.yaml -f compose.yaml exec api x", None),
        ("export COMPOSE_FILE=compose.yaml:prod.yaml && docker compose exec api x", Some("prod.yaml")),
        ("cd sub && docker compose exec api x", Some("sub/compose.yaml")),
        ("cd sub && docker compose -f ../compose.yaml exec api x", None),
        ("docker compose --project-directory sub exec api x", Some("sub/compose.yaml")),
        ("docker compose --project-directory sub -f compose.yaml exec api x", None),
        ("docker compose -f sub/compose.yaml exec api x", Some("sub/compose.yaml")),
        ("docker compose -p other exec api x", None),
        // Nothing is known.
        ("docker compose -f compose.yaml -f broken.yaml exec api x", None),
        ("docker compose -f compose.yaml -f missing.yaml exec api x", None),
        ("docker compose -f compose.yaml -f $$FILE exec api x", None),
        ("docker compose -f /srv/prod.yaml exec api x", None),
        ("docker compose --context other -f compose.yaml -f prod.yaml exec api x", None),
    ] {
        let found = found(&[("Makefile", &format!("a:\n\t{line}\n"))]);
        let named = |finding: &Finding| {
            let decides = decides.unwrap_or_default();
            finding.related.iter().any(|related| matches!(&related.place, Place::Span(span) if &*span.path == decides))
        };
        assert_eq!(found.len(), usize::from(decides.is_some()), "{line}: {found:#?}");
        assert!(found.iter().all(|finding| named(finding) && finding.fix.is_some()), "{line}: {found:#?}");
    }
}

#[test]
fn what_a_file_sets_for_all_its_lines_counts() {
    let line = "docker compose exec api x\n";
    for (path, text, count) in [
        ("a.sh", format!("#!/bin/sh\nexport COMPOSE_FILE=compose.yaml:prod.yaml\n{line}"), 1),
        ("a.sh", format!("#!/bin/sh\nCOMPOSE_FILE=compose.yaml:prod.yaml\n{line}"), 0),
        ("a.sh", format!("#!/bin/sh\nexport COMPOSE_FILE=compose.yaml\nexport COMPOSE_FILE=prod.yaml\n{line}"), 0),
        ("Makefile", format!("export COMPOSE_FILE := compose.yaml:prod.yaml\na:\n\t{line}"), 1),
        ("Makefile", format!("COMPOSE_FILE := compose.yaml:prod.yaml\na:\n\t{line}"), 0),
        (".env", "COMPOSE_FILE=compose.yaml:prod.yaml\n".to_owned(), 1),
        ("sub/.env", "COMPOSE_FILE=../compose.yaml:../prod.yaml\n".to_owned(), 1),
        ("sub/.env", "COMPOSE_FILE=../compose.yaml\n".to_owned(), 0),
    ] {
        let makefile =
            if path.starts_with("sub") { format!("a:\n\tcd sub && {line}") } else { format!("a:\n\t{line}") };
        let mut files = vec![(path, text.as_str())];
        if path.ends_with(".env") {
            files.push(("Makefile", &makefile));
        }
        assert_eq!(found(&files).len(), count, "{path}: {text}");
    }
}
