//! The real engine, asked what user a Dockerfile with build arguments gives to its image.

#![expect(clippy::unwrap_used, reason = "a test that cannot ask has failed")]
#![expect(clippy::disallowed_methods, reason = "this test starts the real tools")]

use std::io::Write;
use std::process::{Command, Stdio};

fn docker(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("docker")
        .args(arguments)
        .env("DOCKER_BUILDKIT", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the docker command starts: run tests/run");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?} {input}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn build_arguments_give_the_user_that_the_engine_gives() {
    let run = std::env::var("DEVDOCTOR_TEST_RUN").expect("DEVDOCTOR_TEST_RUN names the run: run tests/run");
    let label = format!("devdoctor.test={run}-dockerfile");
    let mut made = vec![];
    let mut wrong = vec![];
    for line in include_str!("dockerfile/arguments.txt").lines().filter(|line| !line.starts_with("# ")) {
        let (text, expected) = line.split_once(" => ").unwrap();
        let given = ["--build-arg", "U=7", "--build-arg", "TAG=9", "--build-arg", "E="];
        // An image without a layer of its own is the image of the one before: the label makes it ours.
        let arguments = [&["build", "-q", "--no-cache", "--label", &label][..], &given, &["-"]].concat();
        let image = docker(&arguments, &text.replace("; ", "\n"));
        let user = docker(&["inspect", "--format", "{{.Config.User}}", &image], "");
        if user != expected {
            wrong.push(format!("{line}: the engine says {user:?}"));
        }
        made.push(image);
    }
    made.sort();
    made.dedup();
    let names: Vec<&str> = made.iter().map(String::as_str).collect();
    docker(&[&["rmi", "-f"][..], &names].concat(), "");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
