//! How `devdoctor exec` ends when the container, the image or the engine leaves it little: a clear word and a status, soon.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::person::Person;
use support::project::Project;
use support::variable;

const COMPOSE: &str = "services:
  api:
    image: ${API_IMAGE}
    command: sleep infinity
    stop_grace_period: 0s
    volumes: [\".:/app\"]
  bare:
    image: ${BARE_IMAGE}
    stop_grace_period: 0s
    volumes: [\".:/app\"]
";

fn project(services: &str) -> Project {
    let project = Project::empty(Person::User)
        .with("API_IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX"))
        .with("BARE_IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_SCRATCH"));
    project.write("compose.yaml", COMPOSE);
    project.containers_are_wanted();
    if !services.is_empty() {
        project.shell(&format!("docker compose up --detach --no-build --wait {services}")).ends_with(0);
    }
    project
}

#[track_caller]
fn soon<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The status and the words of a program that ends.
#[track_caller]
fn ended(mut child: Child) -> (i32, String) {
    let status = soon("devdoctor ends", || child.try_wait().unwrap());
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    (status.code().unwrap(), words)
}

fn send(signal: &str, process: u32) {
    assert!(Command::new("kill").args(["-s", signal, &process.to_string()]).status().unwrap().success());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_image_with_one_program_runs_that_program() {
    let project = project("bare");
    let processes = || project.shell("docker compose top bare").ends_with(0).out.matches("/pause").count();
    assert_eq!(processes(), 1);
    let begun = |line: Option<&str>| {
        let mut command = match line {
            None => project.doctor(Person::User, &["exec", "bare", "/pause"]),
            Some(line) => {
                let mut command = project.command("sh");
                command.args(["-c", &format!("exec {line}")]);
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    // Its own idea of an end is status 0; what no program handles ends it as it ends every program.
    for (signal, status) in [("TERM", 0), ("INT", 0), ("HUP", 129)] {
        let child = begun(None);
        soon("it runs", || (processes() == 2).then_some(()));
        send(signal, child.id());
        assert_eq!(ended(child), (status, String::new()), "{signal}");
        assert_eq!(processes(), 1, "{signal}: nothing is left");
    }
    // The line that is printed runs the same program as the same user.
    let line = project.devdoctor(&["exec", "--print", "bare", "/pause"]).ends_with(0).out;
    let mut child = begun(Some(line.trim()));
    soon("it runs", || (processes() == 2).then_some(()));
    let users = project.shell("docker compose top bare").ends_with(0).out;
    assert!(users.contains("1001") || users.contains("devdoct"), "{users}");
    child.kill().unwrap();
    child.wait().unwrap();
    let refused = project.devdoctor(&["exec", "bare", "sh"]).ends_with(127);
    assert!(refused.err.starts_with("error: `sh` does not run in `"), "{refused}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_home_is_made_where_this_user_may_write_whatever_tmp_is() {
    let project = project("");
    for (options, home) in [
        ("    read_only: true\n    tmpfs: [\"/tmp:mode=0700\"]\n", "/dev/shm"),
        ("    read_only: true\n    tmpfs: [\"/tmp:uid=4000\"]\n", "/tmp"),
        ("    volumes: [\".:/app\", {type: tmpfs, target: /tmp, tmpfs: {mode: 0o755}}]\n", "/dev/shm"),
        ("    volumes: [\".:/app\"]\n    entrypoint: [sh, -c, \"chmod 755 /tmp; exec sleep infinity\"]\n", "/dev/shm"),
        ("    volumes: [\".:/app\"]\n    entrypoint: [sh, -c, \"chmod 777 /tmp; exec sleep infinity\"]\n", "/tmp"),
        ("    read_only: true\n", "/dev/shm"),
        ("    build: {context: ., labels: [\"devdoctor.test=RUN\"]}\n    tmpfs: [/tmp]\n", "/dev/shm"),
    ] {
        let built = options.contains("build:");
        if built {
            let image = variable("DEVDOCTOR_TEST_IMAGE_PYTHON");
            project.write("Dockerfile", format!("FROM {image}\nRUN chmod 755 /tmp\n"));
        }
        let options = options.replace("RUN", &variable("DEVDOCTOR_TEST_RUN"));
        let mounts = if options.contains("volumes:") { "" } else { "    volumes: [\".:/app\"]\n" };
        let text =
            "services:\n  api:\n    image: ${API_IMAGE}\n    command: sleep infinity\n    stop_grace_period: 0s\n";
        let tag = project.root.file_name().unwrap().to_str().unwrap();
        let text = if built { text.replace("${API_IMAGE}", tag) } else { text.to_owned() };
        project.write("compose.yaml", format!("{text}{mounts}{options}"));
        if built {
            project.shell("DOCKER_BUILDKIT=0 docker compose build --quiet").ends_with(0);
        }
        project.shell("docker compose up --detach --no-build --wait api").ends_with(0);
        let written =
            project.devdoctor(&["exec", "api", "--", "sh", "-c", "echo $HOME; : >$HOME/made; id -u >/app/mine"]);
        if built {
            project.down();
            project.shell(&format!("docker image rm --force {tag}")).ends_with(0);
        }
        assert_eq!(written.ends_with(0).out.trim(), home, "{options}");
    }
}

/// Passes connections on to the engine until it is ended, and all of them with it. Told a process, it says that number
/// wherever the engine tells one, in as many bytes.
const PROXY: &str = "
import os, re, socket, sys, threading
def renumbered(piece):
    if len(sys.argv) < 3: return piece
    told = re.sub(rb'\"Pid\":\\d+', b'\"Pid\":' + sys.argv[2].encode(), piece).replace(b'\"CanRemove\":false,', b'')
    return told + b' ' * (len(piece) - len(told))
listener = socket.socket(socket.AF_UNIX); listener.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); listener.listen(64)
print('ready', flush=True)
def copy(one, other):
    try:
        while piece := one.recv(65536): other.sendall(renumbered(piece))
        other.shutdown(socket.SHUT_WR)
    except OSError: pass
while True:
    client = listener.accept()[0]
    engine = socket.socket(socket.AF_UNIX); engine.connect('/var/run/docker.sock')
    for pair in (client, engine), (engine, client): threading.Thread(target=copy, args=pair, daemon=True).start()
";

struct Proxy(Child, String);

impl Proxy {
    fn start(project: &Project, name: &str, process: Option<u32>) -> Self {
        let socket = project.home.join(name).display().to_string();
        let mut command = Command::new("python3");
        command.args(["-c", PROXY, &socket]).args(process.map(|process| process.to_string()));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
        Self(child, format!("unix://{socket}"))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// devdoctor, which runs a command that waits, by way of a proxy.
fn waiting_through(project: &Project, proxy: &Proxy) -> Child {
    let words = ["exec", "--docker-host", &proxy.1, "api", "--", "sh", "-c", "echo ready; sleep 60"];
    let mut command = project.doctor(Person::User, &words);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
    child
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_process_of_the_host_that_got_the_number_is_not_told() {
    let project = project("");
    // The engine mounts the memory that such a container shares where every process of the host sees it.
    project.replace(
        "compose.yaml",
        "    command: sleep infinity\n",
        "    command: sleep infinity\n    ipc: shareable\n",
    );
    project.shell("docker compose up --detach --no-build --wait api").ends_with(0);
    let id = project.shell("docker compose ps --quiet api").ends_with(0).out;
    let mut other = project.command("sleep").arg("600").spawn().unwrap();
    let mounts = std::fs::read_to_string(format!("/proc/{}/mountinfo", other.id())).unwrap();
    assert!(mounts.contains(id.trim()), "{id} {mounts}");
    let proxy = Proxy::start(&project, "other.sock", Some(other.id()));
    let child = waiting_through(&project, &proxy);
    send("TERM", child.id());
    let (status, words) = ended(child);
    let is_there = other.try_wait().unwrap().is_none();
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(is_there, "it was told: {words}");
    assert_eq!(status, 143, "{words}");
    assert!(words.ends_with(": its process cannot be seen from here\n"), "{words}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_engine_that_is_lost_meanwhile_is_told_and_nobody_waits_for_it() {
    let project = project("api");
    let begun = |proxy: &Proxy| waiting_through(&project, proxy);
    // It is gone.
    let gone = Proxy::start(&project, "gone.sock", None);
    let child = begun(&gone);
    drop(gone);
    let (status, words) = ended(child);
    assert_eq!(status, 125, "{words}");
    assert!(words.starts_with("error: `") && words.lines().count() == 1, "{words}");
    assert!(words.contains("api-1` could not be used: "), "{words}");
    // It is there and does not answer any more: who is told to end ends.
    let silent = Proxy::start(&project, "silent.sock", None);
    let child = begun(&silent);
    send("STOP", silent.0.id());
    send("TERM", child.id());
    let (status, words) = ended(child);
    assert_eq!(status, 143, "{words}");
    assert!(
        words.starts_with("warning: `sh` goes on in `") && words.contains("the engine did not answer in time"),
        "{words}"
    );
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_container_that_stops_meanwhile_ends_the_command() {
    let project = project("api");
    for (how, status) in [("kill", 137), ("rm --stop --force", 137), ("restart", 137)] {
        project.shell("docker compose up --detach --no-build --wait api").ends_with(0);
        let words = ["exec", "api", "--", "sh", "-c", "echo ready; sleep 60"];
        let mut command = project.doctor(Person::User, &words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
        project.shell(&format!("docker compose {how} api")).ends_with(0);
        let (ended, words) = ended(child);
        assert_eq!(ended, status, "{how}: {words}");
    }
}
