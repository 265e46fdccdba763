//! The report for people, as text.

use super::*;
use crate::facts::{Missing, Need};
use crate::fix::{Edit, Fix, Step};
use crate::report::CheckResult;
use crate::text::Source;

fn report() -> Report {
    let compose = Source::new("compose.yaml", "services:\n  api:\n    image: x\n    volumes:\n      - .:/app\n");
    let make = Source::new("Makefile", "up:\n\tdocker compose exec api alembic upgrade head\n");
    let mount = compose.span(compose.text().find(".:/app").unwrap()..compose.text().len() - 1);
    let exec = make.span(make.text().find("docker").unwrap()..make.text().find(" alembic").unwrap());
    let insert = Step::Edit(Edit { span: make.span(4..4), text: "x".into() });
    let cause = Finding::at(&exec, "Makefile: up", "`make up` runs alembic as root in `api`")
        .label("no user is given")
        .related(&mount, "`api` mounts the project writable")
        .seen("compose", "api", "user is not set")
        .fix(Fix::safe("run it as you: add `-u $(UID):$(GID)`", vec![insert]))
        .service("api");
    let consequence = Finding::at_path(
        "migrations/ab\u{1b}[2J.py",
        "migrations",
        "1 file in `migrations` belongs to root, not to you",
    )
    .seen("lstat", "migrations/ab.py", "0:0 0644")
    .help("give it back: sudo chown 1000:1000 migrations/ab.py")
    .service("api");
    let sources = [compose, make].into_iter().map(|source| (source.path().to_owned(), source)).collect();
    let results = vec![
        CheckResult {
            id: "ownership-foreign-files".into(),
            severity: Severity::Error,
            result: Ok(Ok(vec![consequence])),
        },
        CheckResult { id: "exec-as-root".into(), severity: Severity::Warning, result: Ok(Ok(vec![cause])) },
        CheckResult { id: "url-placeholder".into(), severity: Severity::Error, result: Ok(Ok(vec![])) },
        CheckResult {
            id: "postgres-unreachable".into(),
            severity: Severity::Error,
            result: Ok(Err(Missing::new(Need::Postgres, "no Postgres answered"))),
        },
    ];
    let mut report = Report::new("/home/me/shop", false, results, &sources);
    report.scene = vec!["shop".into(), "Docker 28.2, rootful".into(), "you are 1000:1000".into()];
    report
}

#[test]
fn a_story_is_told_once_with_its_places_and_its_cure() {
    let text = human(&report(), HumanStyle::default());
    let expected = snapbox::str![[r#"
shop · Docker 28.2, rootful · you are 1000:1000

warning[exec-as-root]: `make up` runs alembic as root in `api`
 --> Makefile:2:2
  |
2 |     docker compose exec api alembic upgrade head
  |     ^^^^^^^^^^^^^^^^^^^^^^^ no user is given
  |
 ::: compose.yaml:5:9
  |
5 |       - .:/app
  |         ------ `api` mounts the project writable
  |
  = seen: compose: api: user is not set
  = help: run it as you: add `-u $(UID):$(GID)` · safe, can be undone
hence[ownership-foreign-files]: 1 file in `migrations` belongs to root, not to you
 --> migrations/ab/u{1b}[2J.py
  = seen: lstat: migrations/ab.py: 0:0 0644
  = help: give it back: sudo chown 1000:1000 migrations/ab.py

could not look: postgres-unreachable: no Postgres answered

1 error · 1 check clean, 1 could not look · `devdoctor fix` repairs 1

"#]];
    snapbox::assert_data_eq!(text, expected);
}

#[test]
fn without_colour_there_is_no_escape_and_with_colour_the_words_are_the_same() {
    let plain = human(&report(), HumanStyle::default());
    let coloured = human(&report(), HumanStyle { colour: true, ..HumanStyle::default() });
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(console::strip_ansi_codes(&coloured), plain);
}

#[test]
fn long_words_are_wrapped_at_the_width() {
    let text = wrapped(&"word ".repeat(40), 40, "  ");
    assert!(text.lines().all(|line| line.len() <= 40), "{text}");
}

#[test]
fn a_label_that_leaves_the_screen_becomes_a_note_and_no_line_says_a_thing_twice() {
    let source = Source::new("Makefile", "up:\n\tdocker compose exec api alembic upgrade head @ and @\n");
    let at = |needle: &str, from: usize| {
        let start = from + source.text()[from..].find(needle).unwrap();
        source.span(start..start + needle.len())
    };
    let far = "this says more than there is room for beside the words above";
    let finding = Finding::at(&at("head", 0), "x", "x")
        .label(far)
        .related(&at("@", 0), "twice")
        .related(&at("@", at("@", 0).end), "twice");
    let results =
        vec![CheckResult { id: "exec-as-root".into(), severity: Severity::Warning, result: Ok(Ok(vec![finding])) }];
    let report = Report::new("/x", false, results, &[("Makefile".to_owned(), source.clone())].into());
    let text = human(&report, HumanStyle::default());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(text.matches("twice").count(), 1, "{text}");
    assert!(text.contains(&format!("= note: {far}")), "{text}");
    let wide = human(&report, HumanStyle { width: 140, ..HumanStyle::default() });
    assert!(!wide.contains("note:") && wide.contains(far), "{wide}");
}
