//! Finds the engine as the docker CLI does, and tells broken ones apart.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and start programs")]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod certificates;
    pub mod engine;
    pub mod proxy;
}

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use devdoctor::facts::{Container, EndpointTried, EndpointTrouble, Environment, Identity, Owner};
use devdoctor::probe::docker::{DockerLook, EngineOptions, Interest, look};
use devdoctor::project::Project;
use support::certificates::certificates;
use support::engine::{as_ordinary_user, setting};
use support::proxy::Proxy;

fn look_with(options: &EngineOptions, person: &Identity, home: Option<&Path>) -> DockerLook {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let nothing = |_: &Container| vec![];
    runtime.block_on(async {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        look(options, &Project::default(), person, home, Interest { accounts: &|_| true, paths: &nothing }, deadline)
            .await
    })
}

fn nobody() -> Identity {
    Identity { owner: Owner { uid: 12345, gid: 12345 }, groups: vec![], name: None }
}

/// What comes of the endpoint at this URL.
fn tried(url: &str) -> (EndpointTried, Duration) {
    let started = Instant::now();
    let options = EngineOptions { docker_host: Some(url.to_owned()), ..EngineOptions::default() };
    let found = look_with(&options, &nobody(), None);
    let first = found.tried.into_iter().next().unwrap();
    assert_eq!(found.docker.is_err(), first.answer.is_err());
    (first, started.elapsed())
}

fn trouble(url: &str) -> EndpointTrouble {
    tried(url).0.answer.unwrap_err()
}

/// A socket that takes each connection, reads a request, answers these bytes and then hangs or closes.
fn answering(folder: &Path, name: &str, answer: &'static [u8], closes: bool) -> String {
    let socket = folder.join(name);
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        let mut kept = vec![];
        for mut client in listener.incoming().flatten() {
            let mut piece = [0; 4096];
            // The first knock of a probe sends nothing.
            if client.read(&mut piece).is_ok_and(|read| read > 0) {
                _ = client.write_all(answer);
                if !closes {
                    kept.push(client);
                }
            }
        }
    });
    format!("unix://{}", socket.display())
}

#[test]
fn broken_engines_are_told_apart_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("unix://{}", folder.path().join(name).display());
    let not_an_engine = |words: &str| EndpointTrouble::NotAnEngine(words.to_owned());

    assert_eq!(trouble(&at("absent")), EndpointTrouble::NoSocket);
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert_eq!(trouble(&at("file")), EndpointTrouble::NotASocket);
    assert_eq!(trouble(&at("")), EndpointTrouble::NotASocket);
    drop(UnixListener::bind(folder.path().join("stale")).unwrap());
    assert_eq!(trouble(&at("stale")), EndpointTrouble::Refused);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(trouble(&format!("tcp://127.0.0.1:{free}")), EndpointTrouble::Refused);
    assert!(matches!(trouble("tcp://192.0.2.1:2375"), EndpointTrouble::Unsupported(_)));
    assert!(matches!(trouble("ssh://me@there"), EndpointTrouble::Unsupported(_)));

    for (name, answer, closes, expected) in [
        ("mute", &b""[..], false, EndpointTrouble::Silent),
        ("closes", b"", true, not_an_engine("it closes the connection without an answer")),
        ("half-header", b"HTTP/1.1 200 OK\r\nContent-Le", false, EndpointTrouble::Silent),
        ("half-body", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ApiV", false, EndpointTrouble::Silent),
        (
            "torn-body",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ApiV",
            true,
            not_an_engine("its answer breaks off"),
        ),
        (
            "half-json",
            b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n{\"ApiV",
            true,
            not_an_engine("its answer breaks off"),
        ),
        ("html", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", true, not_an_engine("its answer is no JSON")),
        (
            "other-json",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            true,
            not_an_engine("its version names no `ApiVersion`"),
        ),
        ("no-http", b"SSH-2.0-OpenSSH_9.2\r\n", true, not_an_engine("its answer is no HTTP")),
        ("500", b"HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\nboom", true, not_an_engine("status 500: boom")),
        ("503", b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", true, not_an_engine("status 503")),
    ] {
        let url = answering(folder.path(), name, answer, closes);
        let (found, took) = tried(&url);
        assert_eq!(found.answer, Err(expected), "{name}");
        assert!(took < Duration::from_millis(3500), "{name} took {took:?}");
    }
}

/// A socket that answers some paths as an engine does and says nothing to the others.
fn half_an_engine(folder: &Path, answers: &'static [(&str, &str)]) -> String {
    let socket = folder.join("half");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        let mut kept = vec![];
        for mut client in listener.incoming().flatten() {
            let mut piece = [0; 4096];
            let read = client.read(&mut piece).unwrap_or(0);
            let request = String::from_utf8_lossy(&piece[..read]).into_owned();
            match answers.iter().find(|(path, _)| request.split(' ').nth(1).is_some_and(|asked| asked.contains(path))) {
                Some((_, body)) => {
                    let length = body.len();
                    _ = write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
                }
                None => kept.push(client),
            }
        }
    });
    format!("unix://{}", socket.display())
}

const VERSION: (&str, &str) = ("/version", r#"{"ApiVersion": "1.50", "MinAPIVersion": "1.24", "Version": "28"}"#);

#[test]
fn an_engine_that_falls_silent_half_way_ends_in_a_reason_and_in_time() {
    for (answers, expected) in [
        (&[VERSION][..], "did not tell enough: the engine did not answer in time"),
        (&[VERSION, ("/info", "{}")], "did not tell enough: the engine did not answer in time"),
        (&[VERSION, ("/info", "{}"), ("/containers/json", "<html>")], "did not tell enough: its answer is no JSON"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let url = half_an_engine(folder.path(), answers.to_vec().leak());
        let options = EngineOptions { docker_host: Some(url.clone()), ..EngineOptions::default() };
        let started = Instant::now();
        let found = look_with(&options, &nobody(), None);
        assert_eq!(found.tried[0].answer.as_deref(), Ok("28"));
        assert_eq!(found.docker.unwrap_err().reason, format!("the engine at `{url}` {expected}"));
        assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
    }
}

#[test]
fn the_deadline_of_the_whole_look_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        EngineOptions { docker_host: Some(half_an_engine(folder.path(), &[VERSION])), ..EngineOptions::default() };
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let nothing = |_: &Container| vec![];
    let found = runtime.block_on(async {
        let deadline = tokio::time::Instant::now() + Duration::from_millis(200);
        look(
            &options,
            &Project::default(),
            &nobody(),
            None,
            Interest { accounts: &|_| true, paths: &nothing },
            deadline,
        )
        .await
    });
    assert!(found.docker.is_err() && started.elapsed() < Duration::from_millis(700), "{:?}", started.elapsed());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn who_may_not_use_the_socket_is_told_why() {
    as_ordinary_user("who_may_not_use_the_socket_is_told_why", true, || {
        let gid = std::os::unix::fs::MetadataExt::gid(&std::fs::metadata("/var/run/docker.sock").unwrap());
        let me = Identity {
            owner: Owner { uid: 1001, gid: 1001 },
            groups: vec![],
            name: Some(setting("DEVDOCTOR_TEST_USER")),
        };
        let found = look_with(&EngineOptions::default(), &me, None);
        let expected = EndpointTrouble::PermissionDenied {
            socket_group: Some(gid),
            group_name: Some("docker".to_owned()),
            member_after_login: true,
        };
        assert_eq!(found.tried[0].answer, Err(expected));
        assert_eq!(
            found.docker.unwrap_err().reason,
            "no engine answers at `unix:///var/run/docker.sock`: permission denied"
        );
    });
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn when_the_chosen_engine_is_gone_the_one_that_answers_is_named() {
    let home = tempfile::tempdir().unwrap();
    let desktop = home.path().join(".docker/desktop");
    std::fs::create_dir_all(&desktop).unwrap();
    let proxy = Proxy::start(Path::new("/var/run/docker.sock"));
    std::os::unix::fs::symlink(proxy.socket(), desktop.join("docker.sock")).unwrap();
    let environment = [("DOCKER_HOST".to_owned(), "tcp://localhost:1".to_owned())].into_iter().collect();
    let options = EngineOptions { environment, ..EngineOptions::default() };
    let found = look_with(&options, &nobody(), Some(home.path()));
    assert_eq!(
        (found.tried[0].named_by.as_str(), &found.tried[0].answer),
        ("DOCKER_HOST", &Err(EndpointTrouble::Refused))
    );
    let answering: Vec<_> =
        found.tried.iter().filter(|tried| tried.answer.is_ok()).map(|tried| tried.named_by.as_str()).collect();
    assert_eq!(answering, ["the default socket", "Docker Desktop"]);
    assert!(found.tried[1..].iter().all(|tried| !tried.chosen));
}

/// Endpoint and error of the docker CLI itself for flags and variables.
fn of_the_cli(home: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
    let output = Command::new("docker")
        .args(flags)
        .args(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
        .env("HOME", home)
        .env_remove("DOCKER_CONFIG")
        .env_remove("DOCKER_HOST")
        .env_remove("DOCKER_CONTEXT")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_docker_cli_would_choose_the_same_endpoint() {
    let home = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let make = |name: &str, host: &str| {
        let words = ["context", "create", name, "--docker", &format!("host={host}")];
        let made = Command::new("docker").args(words).env("HOME", home.path()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    };
    make("one", "unix:///tmp/one.sock");
    make("two", "tcp://127.0.0.1:4242");
    let config: PathBuf = home.path().join(".docker/config.json");
    let host = ("DOCKER_HOST", "unix:///tmp/host.sock");
    let context = ("DOCKER_CONTEXT", "two");
    let mut compared = 0;
    for current in [None, Some("one"), Some("default"), Some("gone")] {
        match current {
            Some(name) => std::fs::write(&config, format!("{{\"currentContext\": \"{name}\"}}")).unwrap(),
            None => _ = std::fs::remove_file(&config),
        }
        for variables in
            [&[][..], &[host], &[context], &[host, context], &[("DOCKER_HOST", "")], &[("DOCKER_CONTEXT", "gone")]]
        {
            for flags in [&[][..], &["--context", "one"], &["--context", "default"], &["--context", "gone"]] {
                let theirs = of_the_cli(home.path(), flags, variables);
                let pairs = variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
                let environment: Environment = pairs.collect();
                let options = EngineOptions {
                    context: flags.get(1).map(|name| (*name).to_owned()),
                    environment,
                    ..EngineOptions::default()
                };
                let ours = look_with(&options, &nobody(), Some(home.path())).tried.remove(0);
                match theirs {
                    Ok(url) => assert_eq!(ours.url, url, "{current:?} {variables:?} {flags:?}"),
                    Err(words) => assert!(
                        matches!(ours.answer, Err(EndpointTrouble::BadContext(_))),
                        "{current:?} {variables:?} {flags:?}: {words} against {ours:?}"
                    ),
                }
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 96);
}

/// Passes connections at a port on to the engine's socket, after TLS with a certificate on both sides.
const TLS_PROXY: &str = "
import socket, ssl, sys, threading
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile='ca.pem')
context.verify_mode = ssl.CERT_REQUIRED
context.load_cert_chain('server.pem', 'server-key.pem')
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
def copy(one, other):
    try:
        while piece := one.recv(65536): other.sendall(piece)
        other.shutdown(socket.SHUT_WR)
    except OSError: pass
def serve(plain):
    try: client = context.wrap_socket(plain, server_side=True)
    except OSError: return
    engine = socket.socket(socket.AF_UNIX); engine.connect('/var/run/docker.sock')
    threading.Thread(target=copy, args=(engine, client), daemon=True).start()
    copy(client, engine)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
";

#[test]
#[cfg(feature = "tls")]
#[ignore = "needs the real parts: run tests/run"]
fn an_engine_behind_tls_is_asked_only_when_it_proves_itself() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let mut proxy = Command::new("python3")
        .args(["-c", TLS_PROXY])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(proxy.stdout.as_mut().unwrap()), &mut port).unwrap();
    let answer = |certificates: &str| {
        let path = folder.path().join(certificates).display().to_string();
        let variables = [
            ("DOCKER_HOST", format!("tcp://localhost:{}", port.trim())),
            ("DOCKER_TLS_VERIFY", "1".to_owned()),
            ("DOCKER_CERT_PATH", path),
        ];
        let environment = variables.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let options = EngineOptions { environment, ..EngineOptions::default() };
        let found = look_with(&options, &nobody(), None);
        (found.docker.map(|docker| docker.version), found.tried[0].answer.clone())
    };
    let (right, wrong, absent) = (answer("certs"), answer("others"), answer("absent"));
    _ = proxy.kill();
    _ = proxy.wait();
    assert_eq!(right.0.ok(), right.1.ok());
    assert!(
        matches!(&wrong.1, Err(EndpointTrouble::Other(words)) if words.contains("does not agree on TLS")),
        "{wrong:?}"
    );
    assert!(matches!(&absent.1, Err(EndpointTrouble::Other(words)) if words.contains("ca.pem")), "{absent:?}");
}
