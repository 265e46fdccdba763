//! Behind Docker Desktop nothing is said of owners but what the host shows, and it is said that this is so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/given.rs"]
mod given;

use devdoctor::checks;
use devdoctor::facts::Facts;

const COMPOSE: &str =
    "services:\n  api:\n    image: python:3.12\n    command: uvicorn app:app\n    volumes:\n      - .:/app\n";

fn facts(id: &str, foreign: &str) -> Facts {
    let words = checks::by_id(id).unwrap().words();
    let example = format!(
        "name: x\nfiles: {{ compose.yaml: {COMPOSE:?}, Makefile: \"t:\\n\\tdocker compose exec api pytest\\n\" }}\n\
         given: {{ engine: desktop, foreign: {{ {foreign} }}, containers: {{ api: {{ image: \"python:3.12\" }} }} }}\nreports: []\n"
    );
    given::facts(words, &serde_yaml::from_str(&example).unwrap())
}

#[test]
fn whose_new_files_will_be_cannot_be_told() {
    for id in ["ownership-service-writes-as-root", "exec-as-root"] {
        let said = (checks::by_id(id).unwrap().run)(&facts(id, "")).unwrap_err().to_string();
        assert!(said.starts_with("Docker Desktop maps owners by itself"), "{id}: {said}");
    }
}

#[test]
fn whose_files_are_on_the_host_is_still_seen() {
    let check = checks::by_id("ownership-foreign-files").unwrap();
    assert!((check.run)(&facts("ownership-foreign-files", "")).unwrap().is_empty());
    let found = (check.run)(&facts("ownership-foreign-files", "out.txt: \"0:0 0644\"")).unwrap();
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert!(finding.message.contains("`out.txt` belongs to root"), "{}", finding.message);
}
