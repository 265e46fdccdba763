//! Behind Docker Desktop nothing is said of owners but what the host shows, and it is said that this is so.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "support/given.rs"]
mod given;
mod support;

use std::io::Read;
use std::process::{Child, Command, Stdio};

use devdoctor::checks;
use devdoctor::facts::Facts;
use support::person::Person;
use support::project::Project;
use support::variable;

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

/// Passes everything on to the engine and makes its answer about itself Docker Desktop's, in as many bytes.
const PROXY: &str = r#"
import os, re, socket, sys, threading
listener = socket.socket(socket.AF_UNIX); listener.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); listener.listen(64)
print('ready', flush=True)
def named(piece):
    return re.sub(rb'"OperatingSystem":"[^"]*"(,"OSVersion":"[^"]*")?', lambda it: b'"OperatingSystem":"Docker Desktop"'.ljust(len(it[0])), piece)
def copy(one, other, change):
    try:
        while piece := one.recv(65536): other.sendall(change(piece))
        other.shutdown(socket.SHUT_WR)
    except OSError: pass
while True:
    client = listener.accept()[0]
    engine = socket.socket(socket.AF_UNIX); engine.connect('/var/run/docker.sock')
    threading.Thread(target=copy, args=(client, engine, bytes), daemon=True).start()
    threading.Thread(target=copy, args=(engine, client, named), daemon=True).start()
"#;

struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// The containers are the real engine's, so that what would be wrong to say is known: there it is right.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_containers_show_of_the_projects_files_is_not_believed() {
    let project = Project::empty(Person::User);
    let image = variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    project.write(
        "compose.yaml",
        format!(
            "services:\n  api:\n    image: {image}\n    command: sleep 600\n    user: \"1234:1234\"\n    stop_grace_period: 0s\n    volumes:\n      - ./data:/data\n  root:\n    image: {image}\n    command: sleep 600\n    stop_grace_period: 0s\n    volumes:\n      - .:/app\n"
        ),
    );
    project.write("data/.keep", "");
    project.write("Makefile", "made:\n\tdocker compose exec -T root touch /app/made\n");
    project.up();
    let socket = project.home.join("desktop.sock").display().to_string();
    let started = Command::new("python3").args(["-c", PROXY, &socket]).stdout(Stdio::piped()).spawn().unwrap();
    let mut proxy = Proxy(started);
    proxy.0.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
    let host = format!("unix://{socket}");
    let plain = ["check", "--format", "json", "--only", "ownership", "--only", "exec"];
    let desktop = [&plain[..], &["--docker-host", &host]].concat();
    let right = project.devdoctor(&plain).report().found();
    for id in ["exec-as-root", "ownership-bind-not-writable"] {
        assert!(right.contains(&id.to_owned()), "{right:?}");
    }
    let answer = project.devdoctor(&desktop);
    assert_eq!(answer.report().found(), [""; 0], "{answer}");
    assert!(answer.out.contains("Docker Desktop maps owners by itself"), "{answer}");
    // What the host itself shows is told.
    project.shell("docker compose exec -T root touch /app/made").ends_with(0);
    let answer = project.devdoctor(&desktop).ends_with(1);
    assert_eq!(answer.report().found(), ["ownership-foreign-files"], "{answer}");
    // A command is who the service is, or who is asked for.
    let exec = |words: &[&str]| project.devdoctor(&[&["exec", "--docker-host", &host], words].concat());
    assert_eq!(exec(&["api", "id", "-u"]).ends_with(0).out, "1234\n");
    assert_eq!(exec(&["-u", "77", "root", "id", "-u"]).ends_with(0).out, "77\n");
}
