//! Asks Python's own readers what a text means, and makes texts by chance that are the same in every run.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The Python of the tests' environment.
fn python() -> String {
    let venv = std::env::var("DEVDOCTOR_TEST_VENV").expect("DEVDOCTOR_TEST_VENV names a venv: run tests/run");
    format!("{venv}/bin/python")
}

/// What a Python program answers about texts: it reads a JSON list and writes one of the same length.
pub fn ask(oracle: &str, texts: &[String]) -> Vec<Value> {
    let mut child = Command::new(python())
        .args(["-c", oracle])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the venv's Python starts");
    let input = serde_json::to_string(texts).unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), texts.len());
    answers
}

/// Numbers below a bound, in the same order in every run.
pub fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    }
}
