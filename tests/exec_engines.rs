//! `devdoctor exec` behind engines that shift user numbers: what the command writes belongs to the person, or it is refused.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and start programs")]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod engine;
    pub mod engines;
}

use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::engine::{image, setting};
use support::engines::OwnEngine;

/// A project of the ordinary user with a running container of its service `api`, as Compose labels it.
fn project(engine: &OwnEngine, options: &[&str]) -> PathBuf {
    let root = engine.folder().join("shop");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("compose.yaml"), "services:\n  api:\n    image: x\n    volumes: [\".:/app\"]\n").unwrap();
    let id = |name: &str| Some(setting(name).parse().unwrap());
    for path in [&root, &root.join("compose.yaml")] {
        chown(path, id("DEVDOCTOR_TEST_UID"), id("DEVDOCTOR_TEST_GID")).unwrap();
    }
    std::fs::copy(env!("CARGO_BIN_EXE_devdoctor"), engine.folder().join("devdoctor")).unwrap();
    let labels = [
        "com.docker.compose.project=shop".to_owned(),
        "com.docker.compose.service=api".to_owned(),
        "com.docker.compose.container-number=1".to_owned(),
        format!("com.docker.compose.project.working_dir={}", root.display()),
    ];
    let mount = format!("{}:/app", root.display());
    let mut words = vec!["run", "--detach", "--network", "none", "--name", "shop-api-1", "--volume", &mount];
    words.extend(labels.iter().flat_map(|label| ["--label", label]));
    words.extend(options);
    let image = image("BUSYBOX");
    words.extend([&image, "sleep", "600"]);
    engine.docker(&words);
    root
}

fn run(engine: &OwnEngine, root: &Path, arguments: &[&str]) -> Output {
    let host = [("DOCKER_HOST", engine.url())];
    doctor(engine, root, &[], &host, &[&["exec"], arguments].concat()).output().unwrap()
}

/// A program that the ordinary user starts in the project; `begin` are the words before.
fn by_the_user(root: &Path, begin: &[String], environment: &[(&str, String)], program: &[&str]) -> Command {
    let ids = [setting("DEVDOCTOR_TEST_UID"), setting("DEVDOCTOR_TEST_GID")];
    let user = ["setpriv", "--reuid", &ids[0], "--regid", &ids[1], "--init-groups", "--"];
    let words: Vec<&str> = begin.iter().map(String::as_str).chain(user).chain(program.iter().copied()).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_clear().env("PATH", "/usr/bin:/bin").current_dir(root).stdin(Stdio::null());
    command.env("HOME", root).envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

fn doctor(
    engine: &OwnEngine,
    root: &Path,
    begin: &[String],
    environment: &[(&str, String)],
    arguments: &[&str],
) -> Command {
    let program = engine.folder().join("devdoctor").display().to_string();
    by_the_user(root, begin, environment, &[&[program.as_str()], arguments].concat())
}

/// What the command does by this way to the engine is what it does everywhere: streams, status, signals, a terminal; and the
/// line that is printed does the same.
fn all_works(engine: &OwnEngine, root: &Path, begin: &[String], environment: &[(&str, String)], options: &[&str]) {
    let exec = |words: &[&str]| doctor(engine, root, begin, environment, &[&["exec"], options, words].concat());
    let fed = |words: &[&str], input: Vec<u8>| {
        let mut child =
            exec(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output
    };
    let me = setting("DEVDOCTOR_TEST_UID");
    let done = exec(&["api", "--", "sh", "-c", "touch made; pwd; echo err >&2; exit 7"]).output().unwrap();
    assert_eq!(said(&done), "Some(7)\n/app\nerr\n");
    assert_eq!(owner(&root.join("made")), me);
    std::fs::remove_file(root.join("made")).unwrap();
    // Standard input, to its end and beyond it.
    let done = fed(&["api", "--", "sh", "-c", "wc -c; echo done"], b"12345".to_vec());
    assert_eq!(said(&done), "Some(0)\n5\ndone\n");
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let done = fed(&["api", "cat"], bytes.clone());
    assert!(done.status.success() && done.stdout == bytes, "{} bytes, {}", done.stdout.len(), said(&done));
    assert_eq!(said(&fed(&["api", "true"], bytes)), "Some(0)\n");
    for (program, status) in [("nope", 127), ("/nope", 127), ("/etc/passwd", 126)] {
        let done = exec(&["api", program]).output().unwrap();
        assert_eq!(done.status.code(), Some(status), "{}", said(&done));
        assert!(said(&done).contains(&format!("error: `{program}` does not run in `shop-api-1`: ")), "{}", said(&done));
    }
    for (signal, status) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let mut child =
            exec(&["api", "--", "sh", "-c", "echo ready; sleep 600; true"]).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
        // What `nsenter` and `setpriv` start takes their place.
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        let deadline = Instant::now() + Duration::from_secs(20);
        let ended = loop {
            match child.try_wait().unwrap() {
                Some(ended) => break ended.code(),
                None => assert!(Instant::now() < deadline, "it ends by {signal}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(ended, Some(status), "{signal}");
        // The container's list of processes is the kernel's.
        let left = engine.docker(&["exec", "--user", "0", "shop-api-1", "ps"]);
        assert!(!left.contains("sleep 600; true"), "{left}");
    }
    // The line that is printed.
    let script = "id -u; pwd; echo $HOME; exit 3";
    let here = exec(&["api", "--", "sh", "-c", script]).output().unwrap();
    let line = exec(&["--print", "api", "--", "sh", "-c", script]).output().unwrap();
    let line = String::from_utf8(line.stdout).unwrap();
    let there = by_the_user(root, begin, environment, &["sh", "-c", &line]).output().unwrap();
    assert_eq!(said(&there), said(&here), "{line}");
    // A terminal, whose size is passed on when it changes.
    let program = engine.folder().join("devdoctor").display().to_string();
    let words = format!("{program} exec {} api -- sh -c 'tty; sleep 4; stty size; exit 5'", options.join(" "));
    let shell = format!(
        "stty rows 33 cols 101; terminal=$(tty); (sleep 2; stty rows 44 cols 66 <$terminal) & {words}; echo status=$?; stty -a"
    );
    let mut script = by_the_user(root, begin, environment, &["script", "--quiet", "--command", &shell, "/dev/null"]);
    let shown = script.env("TERM", "xterm").output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).replace('\r', "");
    assert!(shown.contains("/dev/pts/") && shown.contains("44 66\nstatus=5\n"), "{shown}");
    assert!(shown.contains("isig icanon"), "{shown}");
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn owner(path: &Path) -> String {
    std::fs::symlink_metadata(path).unwrap().uid().to_string()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_a_rootless_engine_the_command_is_root_there_and_the_person_here() {
    let engine = OwnEngine::rootless();
    let root = project(&engine, &["--user", "1000:1000"]);
    let done = run(&engine, &root, &["api", "--", "sh", "-c", "id -u; pwd; touch made; touch ~/x && echo $HOME"]);
    assert_eq!(said(&done), "Some(0)\n0\n/app\n/root\n");
    assert_eq!(owner(&root.join("made")), setting("DEVDOCTOR_TEST_UID"));
    // A signal reaches a process of that engine as well.
    let ended = run(&engine, &root, &["api", "--", "sh", "-c", "kill -TERM $$"]);
    assert_eq!(ended.status.code(), Some(143), "{}", said(&ended));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_a_remapping_engine_nobody_is_the_person_and_that_is_said() {
    let engine = OwnEngine::remapping();
    let root = project(&engine, &[]);
    let refused = run(&engine, &root, &["api", "true"]);
    let words = said(&refused);
    assert!(
        words.starts_with("Some(125)\nerror: no user of `shop-api-1` is you: the engine maps its users to "),
        "{words}"
    );
    assert!(words.contains("\nhelp: name a user of the container with `--user`"), "{words}");
    assert_eq!(said(&run(&engine, &root, &["-u", "0", "api", "id", "-u"])), "Some(0)\n0\n");
    // A container outside the map is as everywhere.
    engine.docker(&["rm", "--force", "shop-api-1"]);
    std::fs::remove_dir_all(&root).unwrap();
    let root = project(&engine, &["--userns", "host"]);
    assert_eq!(
        said(&run(&engine, &root, &["api", "id", "-u"])),
        format!("Some(0)\n{}\n", setting("DEVDOCTOR_TEST_UID"))
    );
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn over_a_port_it_is_as_over_a_socket() {
    let engine = OwnEngine::over_tcp(false);
    let root = project(&engine, &[]);
    let host = "tcp://127.0.0.1:2375".to_owned();
    all_works(&engine, &root, &engine.inside(), &[("DOCKER_HOST", host.clone())], &[]);
    let named = doctor(&engine, &root, &engine.inside(), &[], &["exec", "--docker-host", &host, "api", "id", "-u"]);
    assert_eq!(said(&{ named }.output().unwrap()), format!("Some(0)\n{}\n", setting("DEVDOCTOR_TEST_UID")));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_tls_it_is_as_over_a_socket() {
    let engine = OwnEngine::over_tcp(true);
    let root = project(&engine, &[]);
    let at = |name: &str| engine.folder().join(name).display().to_string();
    let host = ("DOCKER_HOST", "tcp://127.0.0.1:2376".to_owned());
    let verify = ("DOCKER_TLS_VERIFY", "1".to_owned());
    let with = |folder: &str| [host.clone(), verify.clone(), ("DOCKER_CERT_PATH", at(folder))];
    all_works(&engine, &root, &engine.inside(), &with("certs"), &[]);
    let refused = |environment: &[(&str, String)]| {
        said(&doctor(&engine, &root, &engine.inside(), environment, &["exec", "api", "true"]).output().unwrap())
    };
    let stranger = refused(&with("others"));
    assert!(stranger.starts_with("Some(125)\nerror: ") && stranger.contains("does not agree on TLS"), "{stranger}");
    let plain = refused(std::slice::from_ref(&host));
    assert!(plain.starts_with("Some(125)\nerror: no engine answers at `tcp://127.0.0.1:2376`"), "{plain}");
    // A context of the CLI's own store, with its own copy of the certificates.
    let config = root.join("config").display().to_string();
    let cli = |words: &[&str]| {
        let made = by_the_user(&root, &[], &[], &[&["docker", "--config", &config], words].concat()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
    };
    let endpoint = format!("host={},ca={1}/ca.pem,cert={1}/cert.pem,key={1}/key.pem", host.1, at("certs"));
    cli(&["context", "create", "far", "--docker", &endpoint]);
    let config = [("DOCKER_CONFIG", config.clone())];
    let id = format!("Some(0)\n{}\n", setting("DEVDOCTOR_TEST_UID"));
    let named = ["exec", "--context", "far", "api", "id", "-u"];
    assert_eq!(said(&doctor(&engine, &root, &engine.inside(), &config, &named).output().unwrap()), id);
    cli(&["context", "use", "far"]);
    all_works(&engine, &root, &engine.inside(), &config, &[]);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_tls_without_a_certificate_of_ones_own_it_is_as_with_the_docker_cli() {
    let (open, closed) = (OwnEngine::over_tls_for_all(), OwnEngine::over_tcp(true));
    let host = "tcp://127.0.0.1:2376".to_owned();
    // The certificates, who answers with them, and what is said where nobody does.
    for (engine, folder, answers, words) in [
        (&open, "authority", true, ""),
        (&open, "certs", true, ""),
        (&open, "half", true, ""),
        (&open, "others", false, "does not agree on TLS"),
        (&closed, "authority", false, "` holds no certificate with its key to show"),
        (&closed, "half", false, "does not agree on TLS"),
        (&closed, "certs", true, ""),
    ] {
        let at = |name: &str| engine.folder().join(name).display().to_string();
        let root = engine.folder().join("shop");
        if !root.exists() {
            project(engine, &[]);
        }
        let config = at(&format!("config-{folder}"));
        let files = [("ca", "ca.pem"), ("cert", "cert.pem"), ("key", "key.pem")].map(|(option, file)| {
            let path = at(&format!("{folder}/{file}"));
            if Path::new(&path).exists() { format!(",{option}={path}") } else { String::new() }
        });
        let made = Command::new("docker")
            .args(["--config", &config, "context", "create", "far", "--docker"])
            .arg(format!("host={host}{}", files.concat()))
            .output()
            .unwrap();
        let named = ("DOCKER_HOST", host.clone());
        let variables = vec![named, ("DOCKER_TLS_VERIFY", "1".to_owned()), ("DOCKER_CERT_PATH", at(folder))];
        assert!(made.status.success(), "{made:?}");
        chown_all(&config);
        let context = vec![("DOCKER_CONFIG", config), ("DOCKER_CONTEXT", "far".to_owned())];
        for way in [variables, context] {
            let told = format!("{folder}, {way:?}");
            let cli = by_the_user(&root, &engine.inside(), &way, &["docker", "version"]).output().unwrap();
            assert_eq!(cli.status.success(), answers, "{told}: {}", said(&cli));
            let done = doctor(engine, &root, &engine.inside(), &way, &["exec", "api", "id", "-u"]).output().unwrap();
            if answers {
                assert_eq!(said(&done), format!("Some(0)\n{}\n", setting("DEVDOCTOR_TEST_UID")), "{told}");
            } else {
                assert!(
                    said(&done).starts_with("Some(125)\nerror: ") && said(&done).contains(words),
                    "{told}: {}",
                    said(&done)
                );
            }
        }
    }
}

/// Gives a folder to the ordinary user.
fn chown_all(folder: &str) {
    let owner = format!("{}:{}", setting("DEVDOCTOR_TEST_UID"), setting("DEVDOCTOR_TEST_GID"));
    assert!(Command::new("chown").args(["--recursive", &owner, folder]).status().unwrap().success());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn on_podman_of_root_it_is_as_on_docker() {
    let engine = OwnEngine::podman();
    let root = project(&engine, &[]);
    std::fs::set_permissions(engine.folder().join("podman.sock"), std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .unwrap();
    all_works(&engine, &root, &[], &[("DOCKER_HOST", engine.url())], &[]);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn on_podman_of_a_user_the_command_is_root_there_and_the_person_here() {
    let engine = OwnEngine::rootless_podman();
    let root = project(&engine, &["--user", "1000:1000"]);
    all_works(&engine, &root, &[], &[("DOCKER_HOST", engine.url())], &[]);
    let done = run(&engine, &root, &["api", "--", "sh", "-c", "id -u; touch ~/x && echo $HOME"]);
    assert_eq!(said(&done), "Some(0)\n0\n/root\n");
}
