//! What devdoctor makes of Compose files, against what the real `docker compose config` makes of them.

#![expect(clippy::disallowed_methods, reason = "this test starts the real tool")]
#![expect(clippy::unwrap_used, reason = "in a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use devdoctor::facts::Environment;
use devdoctor::project::compose::{Compose, MountSource, read};
use devdoctor::project::files::MemoryFiles;
use serde_json::{Value, json};

/// A project of the tables in `tests/compose/`.
struct Case {
    name: String,
    files: Vec<(String, String)>,
    environment: BTreeMap<String, String>,
    /// Why devdoctor and Compose may disagree on whether it is refused.
    differs: Option<String>,
}

/// `=== name` starts a project, `--- path` a file of it, `--- ENVIRONMENT` its variables, `!!! reason` a known difference.
fn cases(table: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = vec![];
    for line in table.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        if let Some(name) = content.strip_prefix("=== ") {
            let environment = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
            cases.push(Case { name: name.to_owned(), files: vec![], environment, differs: None });
        } else if let Some(case) = cases.last_mut() {
            if let Some(reason) = content.strip_prefix("!!! ") {
                case.differs = Some(reason.to_owned());
            } else if let Some(path) = content.strip_prefix("--- ") {
                case.files.push((path.to_owned(), String::new()));
            } else if let Some((_, text)) = case.files.last_mut() {
                text.push_str(line);
            }
        }
    }
    for case in &mut cases {
        let settings = case.files.iter().position(|(path, _)| path == "ENVIRONMENT");
        let settings = settings.map_or(String::new(), |at| case.files.remove(at).1);
        case.environment.extend(
            settings.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into())),
        );
    }
    cases
}

/// A directory with the files of a case, removed at the end.
fn laid_out(files: &[(String, String)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join("proj").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

/// What the real Compose says: its model, or its complaint.
fn config(directory: &Path, environment: &BTreeMap<String, String>) -> Result<Value, String> {
    assert!(std::env::var_os("DEVDOCTOR_TEST_RUN").is_some(), "the real parts are not here: run tests/run");
    let output = Command::new("docker")
        .args(["compose", "--profile", "*", "config", "--format", "json"])
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(environment)
        .output()
        .expect("docker can be started");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    // In its output Compose doubles each dollar.
    Ok(serde_json::from_str(&String::from_utf8(output.stdout).unwrap().replace("$$", "$")).unwrap())
}

fn text(value: &Value) -> Value {
    value.as_str().map_or(Value::Null, |text| json!(text))
}

fn lexical(path: &str) -> String {
    let mut parts = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Compose's answer, reduced to what devdoctor models.
fn theirs(config: &Value) -> Value {
    let mut services = BTreeMap::new();
    for (name, service) in config["services"].as_object().into_iter().flatten() {
        let list = |key: &str| service[key].as_array().cloned().unwrap_or_default();
        let mut mounts: BTreeSet<String> = list("volumes")
            .iter()
            .map(|volume| {
                let source = volume["source"].as_str().unwrap_or("");
                let source =
                    if volume["type"] == "bind" && source.starts_with('/') { lexical(source) } else { source.into() };
                let writable = volume["read_only"] != true;
                format!(
                    "{} {source} {} {writable}",
                    volume["type"].as_str().unwrap(),
                    volume["target"].as_str().unwrap()
                )
            })
            .collect();
        mounts.extend(
            list("tmpfs")
                .iter()
                .map(|entry| format!("tmpfs  {} true", entry.as_str().unwrap().split(':').next().unwrap())),
        );
        let ports: BTreeSet<String> = list("ports")
            .iter()
            .filter(|port| port["protocol"] == "tcp")
            .map(|port| {
                let host =
                    port["published"].as_str().and_then(|host| host.parse::<u16>().ok()).filter(|host| *host > 0);
                format!("{} {host:?} {}", port["host_ip"].as_str().unwrap_or(""), port["target"])
            })
            .collect();
        let environment: BTreeMap<String, Value> = service["environment"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let build = service["build"].as_object().map(|build| {
            let context = build.get("context").and_then(Value::as_str).unwrap_or("");
            let file = build.get("dockerfile").and_then(Value::as_str);
            let file =
                file.map(|file| if file.starts_with('/') { file.to_owned() } else { format!("{context}/{file}") });
            let remote = !context.starts_with('/');
            json!({
                "context": if remote { context.to_owned() } else { lexical(context) },
                "dockerfile": file.map_or(String::new(), |file| if remote { String::new() } else { lexical(&file) }),
                "target": build.get("target"),
                "args": build.get("args").cloned().unwrap_or_else(|| json!({})),
            })
        });
        services.insert(
            name.clone(),
            json!({
                "image": text(&service["image"]),
                "build": build,
                "user": text(&service["user"]),
                "container_name": text(&service["container_name"]),
                "network_mode": text(&service["network_mode"]),
                "userns_mode": text(&service["userns_mode"]),
                "working_dir": text(&service["working_dir"]),
                "command": service["command"],
                "entrypoint": service["entrypoint"],
                "read_only": service["read_only"] == true,
                "profiles": service["profiles"].as_array().cloned().unwrap_or_default(),
                "mounts": mounts,
                "ports": ports,
                "environment": environment,
            }),
        );
    }
    let volumes: BTreeMap<&String, Value> = config["volumes"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, volume)| (name, json!([volume["name"], volume["external"] == true])))
        .collect();
    json!({ "name": config["name"], "services": services, "volumes": volumes })
}

fn empty_to_null(value: Option<&str>) -> Value {
    value.filter(|text| !text.is_empty()).map_or(Value::Null, |text| json!(text))
}

/// devdoctor's model in the same form.
fn ours(compose: &Compose, root: &str) -> Value {
    let absolute = |path: &str| if path.starts_with('/') { lexical(path) } else { lexical(&format!("{root}/{path}")) };
    let mut services = BTreeMap::new();
    let mut used = BTreeSet::new();
    for (name, service) in &compose.services {
        let mounts: BTreeSet<String> = service
            .mounts
            .iter()
            .map(|mount| {
                let (kind, source) = match &mount.source {
                    MountSource::Bind(path) => ("bind", path.as_str()),
                    MountSource::Volume(name) => ("volume", name.as_str()),
                    MountSource::Anonymous => ("volume", ""),
                    MountSource::Tmpfs => ("tmpfs", ""),
                    MountSource::Other(source) => ("npipe", source.as_str()),
                };
                if kind == "volume" {
                    used.insert(source.to_owned());
                }
                format!("{kind} {source} {} {}", mount.target, mount.writable)
            })
            .collect();
        let ports: BTreeSet<String> =
            service.ports.iter().map(|port| format!("{} {:?} {}", port.address, port.host, port.container)).collect();
        let environment: BTreeMap<&String, &Option<String>> =
            service.environment.iter().map(|(name, value)| (name, &value.value)).collect();
        let build = service.build.as_ref().map(|build| {
            let context = build.context.value.as_str();
            let remote = context.contains("://") || context.starts_with("git@");
            let file = &build.dockerfile;
            json!({
                "context": if remote { context.to_owned() } else { absolute(context) },
                "dockerfile": if remote || file.is_empty() { String::new() } else { absolute(file) },
                "target": build.target,
                "args": build.arguments,
            })
        });
        let spanned = |value: &Option<devdoctor::text::Spanned<String>>| {
            empty_to_null(value.as_ref().map(|value| value.value.as_str()))
        };
        services.insert(
            name.clone(),
            json!({
                "image": spanned(&service.image),
                "build": build,
                "user": spanned(&service.user),
                "container_name": spanned(&service.container_name),
                "network_mode": spanned(&service.network_mode),
                "userns_mode": spanned(&service.userns_mode),
                "working_dir": spanned(&service.working_dir),
                "command": service.command.as_ref().map(|command| &command.value),
                "entrypoint": service.entrypoint.as_ref().map(|command| &command.value),
                "read_only": service.read_only,
                "profiles": service.profiles,
                "mounts": mounts,
                "ports": ports,
                "environment": environment,
            }),
        );
    }
    // Compose leaves out the volumes that no service uses.
    let volumes: BTreeMap<&String, Value> = compose
        .volumes
        .iter()
        .filter(|(name, _)| used.contains(*name))
        .map(|(name, volume)| (name, json!([volume.engine_name, volume.external])))
        .collect();
    json!({ "name": compose.name, "services": services, "volumes": volumes })
}

/// What is wrong with a case; nothing when both agree.
fn disagreement(case: &Case) -> Option<String> {
    let directory = laid_out(&case.files);
    let root = directory.path().join("proj");
    let root = root.to_str().unwrap();
    let read = read(&MemoryFiles::at(root, case.files.clone()), &Environment(case.environment.clone()));
    let complaints: Vec<_> = read.unreadable.iter().map(|entry| format!("{}: {}", entry.path, entry.message)).collect();
    match (config(Path::new(root), &case.environment), &case.differs) {
        (Ok(config), _) if complaints.is_empty() => {
            let compose = read.compose.as_ref();
            let (theirs, ours) = (theirs(&config), compose.map_or(Value::Null, |compose| ours(compose, root)));
            (theirs != ours).then(|| format!("compose   {theirs}\ndevdoctor {ours}"))
        }
        (Ok(_), None) => Some(format!("only devdoctor refuses it: {complaints:#?}")),
        (Err(error), None) if complaints.is_empty() => Some(format!("only compose refuses it: {error}")),
        (Err(_), None) | (_, Some(_)) => None,
    }
}

fn agrees_on(table: &str, least: usize) {
    let cases = cases(table);
    assert!(cases.len() >= least, "{} cases", cases.len());
    let wrong: Vec<_> =
        cases.iter().filter_map(|case| disagreement(case).map(|how| format!("=== {}\n{how}", case.name))).collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn files_and_merging_are_understood_as_compose_does() {
    agrees_on(include_str!("compose/files.txt"), 40);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn services_are_understood_as_compose_does() {
    agrees_on(include_str!("compose/services.txt"), 40);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_compose_refuses_is_unreadable() {
    agrees_on(include_str!("compose/refused.txt"), 40);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_table_of_interpolation_is_what_compose_does() {
    let environment = BTreeMap::new();
    let mut wrong = vec![];
    for line in
        include_str!("compose/interpolation.txt").lines().filter(|line| !line.is_empty() && !line.starts_with("# "))
    {
        let (template, expected) = line.split_once(" => ").expect(line);
        let compose = format!("services:\n  s:\n    image: x\n    labels: {{v: {}}}\n", json!(template));
        let files = [("compose.yaml".to_owned(), compose), (".env".to_owned(), "A=a\nEMPTY=\n".to_owned())];
        let directory = laid_out(&files);
        let made = match config(&directory.path().join("proj"), &environment) {
            Ok(config) => config["services"]["s"]["labels"]["v"].as_str().unwrap_or("").to_owned(),
            Err(_) => "error".to_owned(),
        };
        if made != expected.trim_matches('|') {
            wrong.push(format!("{line}: compose makes {made:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_table_of_dotenv_files_is_what_compose_does() {
    let environment = BTreeMap::new();
    let mut wrong = vec![];
    for line in include_str!("compose/dotenv.txt").lines().filter(|line| !line.starts_with("# ")) {
        let (file, expected) = line.split_once(" => ").expect(line);
        let files = [
            ("compose.yaml".to_owned(), "services:\n  s:\n    image: x\n    env_file: f.env\n".to_owned()),
            (".env".to_owned(), "A=a\nEMPTY=\n".to_owned()),
            ("f.env".to_owned(), serde_json::from_str(file).unwrap()),
        ];
        let directory = laid_out(&files);
        let made = match config(&directory.path().join("proj"), &environment) {
            Ok(config) => {
                let values: BTreeMap<String, Value> =
                    serde_json::from_value(config["services"]["s"]["environment"].clone()).unwrap_or_default();
                json!(values.into_iter().filter(|(name, _)| !name.is_empty()).collect::<BTreeMap<_, _>>())
            }
            Err(_) => json!("error"),
        };
        let expected: Value =
            if expected == "error" { json!("error") } else { serde_json::from_str(expected).unwrap() };
        if made != expected {
            wrong.push(format!("{line}: compose makes {made}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
