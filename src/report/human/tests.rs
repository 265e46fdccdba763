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

error[exec-as-root]: `make up` runs alembic as root in `api`
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
hence[ownership-foreign-files]: 1 file in `migrations` belongs to root, not to
    you
 --> migrations/ab/u{1b}[2J.py
  = seen: lstat: migrations/ab.py: 0:0 0644
  = help: give it back: sudo chown 1000:1000 migrations/ab.py

could not look: postgres-unreachable: no Postgres answered

1 error · 1 check clean, 1 could not look · `devdoctor fix` repairs 1

"#]];
    snapbox::assert_data_eq!(text, expected);
}

#[test]
fn what_heads_a_story_is_shown_as_bad_as_what_follows_and_json_tells_each_by_itself() {
    let report = report();
    let json: serde_json::Value = serde_json::from_str(&crate::report::json(&report)).unwrap();
    let told = |index: usize| [&json["findings"][index]["id"], &json["findings"][index]["severity"]];
    assert_eq!(told(0), ["exec-as-root", "warning"]);
    assert_eq!(told(1), ["ownership-foreign-files", "error"]);
    assert_eq!([&json["summary"]["error"], &json["summary"]["warning"]], [1, 0]);
    assert_eq!(report.worst(), Some(Severity::Error), "the exit status follows the worst");
    let mut alone = report;
    alone.keep(|judged| judged.id == "exec-as-root");
    let text = human(&alone, HumanStyle::default());
    assert!(text.contains("\nwarning[exec-as-root]: "), "{text}");
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
    assert!(text.contains("= note: `head`: this says more than there is room for"), "{text}");
    let wide = human(&report, HumanStyle { width: 140, ..HumanStyle::default() });
    assert!(!wide.contains("note:") && wide.contains(far), "{wide}");
}

#[test]
fn what_stands_in_backticks_is_kept_together_where_it_fits() {
    let text = "add `-u $(UID):$(GID)` to it, or `docker compose up -d api worker`";
    assert_eq!(wrapped(text, 24, ""), "add `-u $(UID):$(GID)`\nto it, or `docker\ncompose up -d api\nworker`");
    assert_eq!(wrapped(text, 40, ""), "add `-u $(UID):$(GID)` to it, or\n`docker compose up -d api worker`");
    for odd in ["", "`", "a ` b", "a  b", "` `` `", "é `ü ö` ä"] {
        assert_eq!(wrapped(odd, 80, ""), odd);
    }
}

#[test]
fn lines_of_proof_that_are_held_back_are_counted_and_what_the_message_says_is_not_said_again() {
    let proved = |count: usize| {
        let finding =
            Finding::at_path("a", "a", "`a` cannot be read: is a binary file").seen("parse", "a", "is a binary file");
        let finding = (0..count).fold(finding, |finding, number| finding.seen("lstat", number.to_string(), "0:0"));
        let result = CheckResult { id: "b".into(), severity: Severity::Error, result: Ok(Ok(vec![finding])) };
        Report::new("/", false, vec![result], &BTreeMap::new())
    };
    let text = |count, verbose| human(&proved(count), HumanStyle { verbose, ..HumanStyle::default() });
    assert!(text(3, false).contains("2: 0:0") && !text(3, false).contains("more line"), "{}", text(3, false));
    assert!(text(4, false).contains("= seen: 1 more line, shown with -v"), "{}", text(4, false));
    assert!(text(60, false).contains("= seen: 57 more lines, shown with -v"));
    assert!(!text(3, false).contains("parse: a") && text(3, true).contains("parse: a: is a binary file"));
    assert_eq!(text(60, true).matches(": 0:0").count(), 60);
}

#[test]
fn no_line_of_words_leaves_the_screen_however_long_the_line_numbers_are() {
    for before in [0, 8, 98, 9_998] {
        let source = Source::new("a.txt", &format!("{}here\n", "\n".repeat(before)));
        let span = source.span(before..before + 4);
        let words = "word ".repeat(60);
        let finding = Finding::at(&span, "a", "b").label("c").seen("d", "e", &words).help(&words);
        let result = CheckResult { id: "f".into(), severity: Severity::Error, result: Ok(Ok(vec![finding])) };
        let report = Report::new("/", false, vec![result], &[("a.txt".to_owned(), source.clone())].into());
        for width in 40..100 {
            let text = human(&report, HumanStyle { width, ..HumanStyle::default() });
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
        }
    }
}
