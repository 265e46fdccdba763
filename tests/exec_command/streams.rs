//! What goes in and comes out of a command, the signals that end it, and its terminal.

use std::io::{Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::support::person::Person;
use super::support::project::Project;
use super::{project, project_program, up};

/// Runs devdoctor with bytes on standard input.
fn fed(project: &Project, arguments: &[&str], input: Vec<u8>) -> Output {
    let mut command = project.doctor(project.person, arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that does not read all of it is no failure of the writer.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[track_caller]
fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_running(project: &Project, service: &str, command: &str) -> bool {
    project.shell(&format!("docker compose top {service}")).out.contains(command)
}

#[track_caller]
fn ended_with(child: &mut Child) -> i32 {
    soon("devdoctor ends", || child.try_wait().unwrap().is_some());
    child.wait().unwrap().code().unwrap()
}

fn send(child: &Child, signal: &str) {
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn streams_are_handed_on_byte_by_byte() {
    let project = project(Person::User);
    up(&project, "api");
    let bytes: Vec<u8> = (0..10_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let output = fed(&project, &["exec", "api", "cat"], bytes.clone());
    assert!(output.status.success() && output.stdout == bytes, "{}", output.stdout.len());
    // Half-closed: the command reads to the end, and answers after it.
    let output = fed(&project, &["exec", "api", "--", "sh", "-c", "wc -c; echo done"], b"12345".to_vec());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "5\ndone\n");
    // Both streams, each where it belongs.
    let both = project.devdoctor(&["exec", "api", "--", "sh", "-c", "echo out; echo err >&2"]).ends_with(0);
    assert_eq!((both.out.as_str(), both.err.as_str()), ("out\n", "err\n"));
    // A command that does not wait for its input.
    let started = Instant::now();
    let mut waiting = project.doctor(Person::User, &["exec", "api", "true"]);
    let mut child = waiting.stdin(Stdio::piped()).spawn().unwrap();
    assert_eq!(ended_with(&mut child), 0);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(fed(&project, &["exec", "api", "true"], bytes).status.code(), Some(0));
    project.shell(&format!("{} exec api cat <&-", project_program(&project))).ends_with(0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn signals_and_closed_pipes_end_the_command_too() {
    let project = project(Person::User);
    up(&project, "api");
    let begun = |arguments: &[&str], marker: &str| {
        let child = project.doctor(Person::User, arguments).stdout(Stdio::piped()).spawn().unwrap();
        soon("the command runs", || is_running(&project, "api", marker));
        child
    };
    for (signal, user, seconds, status) in [
        ("TERM", None, "871", 143),
        ("INT", None, "872", 130),
        ("HUP", None, "873", 129),
        ("TERM", Some("0"), "874", 143),
    ] {
        let script = format!("sleep {seconds}; true");
        let user: Vec<&str> = user.iter().flat_map(|user| ["-u", user]).collect();
        let mut child = begun(&[&["exec"], &user[..], &["api", "--", "sh", "-c", &script]].concat(), seconds);
        send(&child, signal);
        assert_eq!(ended_with(&mut child), status, "{signal} {user:?}");
        soon("nothing is left", || !is_running(&project, "api", &format!("sleep {seconds}")));
    }
    // A command may have its own idea of an end.
    let script = "trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.1; done";
    let mut child = project
        .doctor(Person::User, &["exec", "api", "--", "sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut ready = [0; 6];
    stdout.read_exact(&mut ready).unwrap();
    send(&child, "TERM");
    assert_eq!(ended_with(&mut child), 9);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "bye\n");
    // Its reader is gone.
    let mut child = begun(&["exec", "api", "yes", "875"], "yes 875");
    let mut some = [0; 4];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    assert_eq!(ended_with(&mut child), 141);
    soon("nothing is left", || !is_running(&project, "api", "yes 875"));
    // Its container is gone.
    let mut child = begun(&["exec", "api", "sleep", "876"], "sleep 876");
    project.shell("docker compose kill api").ends_with(0);
    assert_eq!(ended_with(&mut child), 137);
}

/// A terminal of 33 rows and 101 columns that `script` makes, with a line of shell in it; its output without line ends of a
/// terminal.
fn on_a_terminal(project: &Project, line: &str, keys: &str) -> String {
    let line = line.replace("DEVDOCTOR", &project_program(project));
    let command = format!("stty rows 33 cols 101; {line}; echo status=$?; stty -a");
    let mut script = project.command("script");
    script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
    let mut child = script.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for piece in keys.split_inclusive('|') {
        std::thread::sleep(Duration::from_millis(1200));
        stdin.write_all(piece.trim_end_matches('|').as_bytes()).unwrap();
    }
    std::thread::sleep(Duration::from_millis(500));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).replace('\r', "")
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_terminal_is_handed_on_and_given_back() {
    let project = project(Person::User);
    up(&project, "api");
    let shown = on_a_terminal(&project, "DEVDOCTOR exec api -- sh -c 'sleep 0.5; stty size; tty; exit 5'", "");
    assert!(shown.contains("33 101\n/dev/pts/") && shown.contains("status=5"), "{shown}");
    assert!(shown.contains("isig icanon"), "{shown}");
    // ^C is a key of the command's terminal.
    let shown =
        on_a_terminal(&project, "DEVDOCTOR exec api -- sh -c 'trap \"echo caught; exit 6\" INT; sleep 60'", "\u{3}");
    assert!(shown.contains("caught") && shown.contains("status=6"), "{shown}");
    // Bytes that the client would take for a head.
    let shown = on_a_terminal(
        &project,
        "DEVDOCTOR exec api -- sh -c 'printf \"\\\\001\\\\000\\\\002\"; sleep 0.3; echo after'",
        "",
    );
    assert!(shown.contains("\u{1}\0\u{2}after"), "{shown:?}");
    let shown = on_a_terminal(&project, "DEVDOCTOR exec -T api tty", "");
    assert!(shown.contains("not a tty"), "{shown}");
    let shown = on_a_terminal(&project, "DEVDOCTOR exec api nope", "");
    assert!(
        shown.contains("error: `nope` does not run") && shown.contains("status=127") && shown.contains("isig icanon"),
        "{shown}"
    );
    let resized = "terminal=$(tty); (sleep 1.5; stty rows 44 cols 66 < $terminal) & DEVDOCTOR exec api -- sh -c 'sleep 3; stty size'";
    let shown = on_a_terminal(&project, resized, "");
    assert!(shown.contains("44 66"), "{shown}");
}
