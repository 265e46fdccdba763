//! The docker CLI's choice, case by case; `tests/docker.rs` holds it against the CLI itself.

use super::*;
use crate::facts::Environment;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn config(current: Option<&str>) -> DockerConfig {
    let context = |name: &str, host: &str| StoredContext {
        name: name.to_owned(),
        host: Ok(host.to_owned()),
        skip_tls_verify: name == "unverified",
        certificates: (name == "tls").then(|| PathBuf::from("/c/tls")),
    };
    DockerConfig {
        directory: Some(PathBuf::from("/h/.docker")),
        shown_directory: "~/.docker".to_owned(),
        current_context: current.map(str::to_owned),
        contexts: vec![
            context("desktop", "unix:///h/desktop.sock"),
            context("far", "tcp://192.0.2.7:2376"),
            context("ssh", "ssh://me@box"),
            context("tls", "tcp://127.0.0.1:2376"),
            context("unverified", "tcp://localhost:2376"),
        ],
        ..DockerConfig::default()
    }
}

#[test]
fn the_order_is_flag_then_docker_host_then_docker_context_then_the_current_one() {
    let all = &[("DOCKER_HOST", "tcp://localhost:1"), ("DOCKER_CONTEXT", "desktop")][..];
    for (host, context, variables, current, url, named_by) in [
        (Some("unix:///f"), None, all, Some("tls"), "unix:///f", "--docker-host"),
        (None, Some("desktop"), all, Some("tls"), "unix:///h/desktop.sock", "--context desktop"),
        (None, Some("default"), all, Some("tls"), "tcp://localhost:1", "DOCKER_HOST"),
        (None, None, all, Some("tls"), "tcp://localhost:1", "DOCKER_HOST"),
        (None, None, &all[1..], Some("tls"), "unix:///h/desktop.sock", "DOCKER_CONTEXT=desktop"),
        (
            None,
            None,
            &[],
            Some("desktop"),
            "unix:///h/desktop.sock",
            "context \"desktop\" (currentContext in ~/.docker/config.json)",
        ),
        (None, None, &[("DOCKER_HOST", "")], None, "unix:///var/run/docker.sock", "default"),
        (None, None, &[], Some("default"), "unix:///var/run/docker.sock", "default"),
        (None, None, &[("DOCKER_TLS_VERIFY", "1")], None, "tcp://localhost:2376", "default"),
    ] {
        let options = EngineOptions {
            docker_host: host.map(str::to_owned),
            context: context.map(str::to_owned),
            environment: environment(variables),
            ..EngineOptions::default()
        };
        let found = chosen(&options, &config(current));
        assert_eq!((found.url.as_str(), found.named_by.as_str()), (url, named_by));
        assert!(found.chosen && found.target.is_ok(), "{found:?}");
    }
}

#[test]
fn hosts_are_read_as_the_cli_reads_them() {
    for (host, url, trouble) in [
        ("localhost:2375", "tcp://localhost:2375", ""),
        (":2375", "tcp://localhost:2375", ""),
        ("tcp://", "tcp://localhost:2375", ""),
        ("tcp://[::1]:99", "tcp://[::1]:99", ""),
        ("unix://", "unix:///var/run/docker.sock", ""),
        ("  unix:///a b  ", "unix:///a b", ""),
        ("ssh://me@box", "ssh://me@box", "is reached over ssh, which devdoctor does not speak"),
        (
            "npipe:////./pipe/docker_engine",
            "npipe:////./pipe/docker_engine",
            "is a named pipe of Windows, which devdoctor does not speak",
        ),
        ("tcp://10.0.0.1:1", "tcp://10.0.0.1:1", "is another machine; `--allow-remote` lets devdoctor contact it"),
        ("tcp://db:1", "tcp://db:1", "is another machine; `--allow-remote` lets devdoctor contact it"),
        ("tcp://me:pw@localhost:1", "tcp://me:***@localhost:1", "is no address of the form tcp://host:port"),
        ("tcp://localhost:99999", "tcp://localhost:99999", "is no address of the form tcp://host:port"),
        ("http://localhost:1", "http://localhost:1", "has the unknown scheme `http`"),
    ] {
        let options = EngineOptions { docker_host: Some(host.to_owned()), ..EngineOptions::default() };
        let found = chosen(&options, &config(None));
        assert_eq!(found.url, url);
        assert_eq!(found.target.err().map(|trouble| trouble.to_string()).unwrap_or_default(), trouble, "{host}");
    }
}

#[test]
fn contexts_bring_their_own_certificates_and_troubles() {
    let of = |name: &str, allow_remote| {
        let options = EngineOptions { context: Some(name.to_owned()), allow_remote, ..EngineOptions::default() };
        chosen(&options, &config(None)).target.map_err(|trouble| trouble.to_string())
    };
    let tls = Target::Tcp { host: "127.0.0.1".into(), port: 2376, certificates: Some(PathBuf::from("/c/tls")) };
    assert_eq!(of("tls", false), Ok(tls));
    assert!(of("far", false).is_err());
    assert!(of("far", true).is_ok());
    assert!(of("unverified", true).unwrap_err().contains("without verification"));
    let gone = of("gone", false).unwrap_err();
    let known = "`default`, `desktop`, `far`, `ssh`, `tls`, `unverified`";
    assert_eq!(gone, format!("context `gone` does not exist; there is {known}"));
}

#[test]
fn other_places_are_named_once_and_never_the_chosen_one() {
    let options = EngineOptions {
        environment: environment(&[("XDG_RUNTIME_DIR", "/run/user/1000")]),
        ..EngineOptions::default()
    };
    let config = config(None);
    let first = chosen(&options, &config);
    let urls: Vec<_> =
        elsewhere(&options, &config, 1000, Some(Path::new("/h")), &first).into_iter().map(|found| found.url).collect();
    assert!(!urls.contains(&first.url));
    assert!(urls.contains(&"unix:///h/desktop.sock".to_owned()));
    assert_eq!(urls.iter().filter(|url| *url == "unix:///run/user/1000/docker.sock").count(), 1, "{urls:?}");
}
