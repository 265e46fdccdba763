//! The Compose model, as text and as what is refused.

use super::*;
use crate::facts::Environment;
use crate::project::files::MemoryFiles;
use crate::text::Source;

fn read_with(files: &[(&str, &str)], environment: &[(&str, &str)]) -> ComposeRead {
    let files = MemoryFiles::new(files.iter().map(|(path, text)| (*path, *text)));
    read(
        &files,
        &environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Environment>(),
    )
}

fn read_one(text: &str) -> ComposeRead {
    read_with(&[("compose.yaml", text)], &[])
}

/// The text under a span.
fn under<'read>(read: &'read ComposeRead, span: &Span) -> &'read str {
    read.sources.iter().find(|source| *source.path() == *span.path).unwrap().slice(span)
}

const FULL: &str = "\u{feff}x-env: &env { A: 1 }\r\nservices:\r\n  app: # the app\r\n    image: \"py:${V:-3}\"\r\n    user: '${UID}:${GID}'\r\n    environment:\r\n      - HOME=/root\r\n      - \"B=c d\"\r\n      - PASSWORD=hunter22\r\n    env_file: .env\r\n    volumes:\r\n      - .:/app\r\n      - type: volume\r\n        source: data\r\n        target: /data\r\n        read_only: true\r\n    ports: ['5432:5432', \"80\"]\r\n    command: >-\r\n      run me\r\n  db: {image: pg, environment: *env}\r\nvolumes:\r\n  data:\r\n";

#[test]
fn values_know_their_place() {
    let read = read_with(&[("compose.yaml", FULL), (".env", "E='f'\r\n")], &[("GID", "7")]);
    assert_eq!(read.unreadable, []);
    let compose = read.compose.as_ref().unwrap();
    let app = &compose.services["app"];
    assert_eq!(
        (app.image.as_ref().unwrap().value.as_str(), under(&read, &app.image.as_ref().unwrap().span)),
        ("py:3", "py:${V:-3}")
    );
    assert_eq!(
        (app.user.as_ref().unwrap().value.as_str(), under(&read, &app.user.as_ref().unwrap().span)),
        (":7", "${UID}:${GID}")
    );
    let unset: Vec<_> =
        compose.unset_variables.iter().map(|name| (name.value.as_str(), under(&read, &name.span))).collect();
    assert_eq!(unset, [("UID", "${UID}")]);
    let values: Vec<_> = app.environment.values().map(|value| under(&read, &value.span)).collect();
    assert_eq!(values, ["c d", "f", "/root", "hunter22"]);
    let mounts: Vec<_> =
        app.mounts.iter().map(|mount| (mount.target.as_str(), mount.writable, under(&read, &mount.span))).collect();
    assert_eq!(
        mounts,
        [
            ("/app", true, ".:/app"),
            (
                "/data",
                false,
                "type: volume\r\n        source: data\r\n        target: /data\r\n        read_only: true"
            ),
        ]
    );
    assert_eq!(app.mounts[0].source, MountSource::Bind("/project".into()));
    assert_eq!(app.ports.iter().map(|port| under(&read, &port.span)).collect::<Vec<_>>(), ["5432:5432", "80"]);
    assert_eq!((under(&read, &app.name.span), app.block.indent, app.block.editable), ("app", 4, true));
    assert!(under(&read, &app.block.span).starts_with("image:") && under(&read, &app.block.span).ends_with("run me"));
    let block = app.environment_block.as_ref().unwrap();
    assert_eq!((block.style, block.indent, block.editable), (BlockStyle::BlockSequence, 6, true));
    assert!(under(&read, &block.span).starts_with("- HOME") && under(&read, &block.span).ends_with("hunter22"));
    let db = &compose.services["db"];
    assert_eq!(under(&read, &db.block.span), "image: pg, environment: *env");
    assert!(!db.environment_block.as_ref().unwrap().editable && db.block.editable);
}

#[test]
fn secrets_are_neither_recorded_nor_printed() {
    let text = "services:\n  a:\n    image: x\n    build: {context: ., args: {TOKEN: hunter22}}\n    environment: {PASSWORD: hunter22, URL: 'postgres://u:hunter22@h/d'}\n    command: run --url=postgres://u:hunter22@h/d API_KEY=hunter22\n";
    let read = read_one(text);
    let compose = read.compose.as_ref().unwrap();
    assert_eq!(compose.services["a"].environment.value("PASSWORD"), Some("hunter22"));
    let recorded = serde_json::to_string(compose).unwrap();
    assert!(!recorded.contains("hunter22"), "{recorded}");
    assert!(!format!("{:?}", compose.services["a"].environment).contains("hunter22"));
    assert!(serde_json::from_str::<Compose>(&recorded).is_ok());
}

#[test]
fn what_can_be_read_is_read_and_the_rest_is_named() {
    let read = read_one(
        "services:\n  a:\n    image: x\n    user: 1000\n    ports: [a:b, '80:80']\n    env_file: [no.env]\n    volumes: [1, .:/app]\n  b: 7\n",
    );
    let a = &read.compose.as_ref().unwrap().services["a"];
    assert_eq!((a.user.as_ref().unwrap().value.as_str(), a.ports.len(), a.mounts.len()), ("1000", 1, 1));
    let said: Vec<_> = read
        .unreadable
        .iter()
        .map(|entry| (under(&read, entry.span.as_ref().unwrap()), entry.message.as_str(), entry.unseen.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("1000", "services.a.user must be a string", "`user` of `a`"),
            ("a:b", "invalid container port `b`", "ports of `a`"),
            ("no.env", "`no.env` does not exist", "its variables"),
            ("1", "a volume must be a string or a mapping", "mounts of `a`"),
            ("b", "services.b must be a mapping", "service `b`"),
        ]
    );
}

#[test]
fn the_files_are_found() {
    let text = "services: {a: {image: x}}";
    for (files, found) in [
        (vec!["docker/compose.yml"], Some(("docker", "docker/compose.yml"))),
        (vec!["docker/compose.yml", "infra/docker-compose.yml"], None),
        (vec!["docker/compose.yml", "tests/compose.yaml"], Some(("docker", "docker/compose.yml"))),
        (vec!["docker/deep/compose.yml"], None),
        (vec!["compose.yml", "docker/compose.yml"], Some(("", "compose.yml"))),
        (
            vec!["docker/compose.yaml", "docker/compose.override.yml"],
            Some(("docker", "docker/compose.yaml docker/compose.override.yml")),
        ),
        (vec!["compose.dev.yml"], None),
    ] {
        let files: Vec<_> = files.into_iter().map(|path| (path, text)).collect();
        let read = read_with(&files, &[]);
        let made = read.compose.map(|compose| (compose.directory, compose.files.join(" ")));
        assert_eq!(made, found.map(|(directory, files)| (directory.to_owned(), files.to_owned())), "{files:?}");
        assert_eq!(read.unreadable, []);
    }
}

#[test]
fn inherited_blocks_are_not_edited() {
    let files = [
        ("compose.yaml", "services:\n  a: {extends: b, image: y}\n  b:\n    image: x\n    environment: {A: 1}\n"),
        ("compose.override.yaml", "services:\n  b:\n    environment:\n      B: 2\n"),
    ];
    let read = read_with(&files, &[]);
    let services = &read.compose.as_ref().unwrap().services;
    assert!(!services["a"].environment_block.as_ref().unwrap().editable && services["a"].block.editable);
    assert_eq!(under(&read, &services["b"].environment_block.as_ref().unwrap().span), "A: 1");
    assert_eq!(&*services["b"].block.span.path, "compose.yaml");
}

fn spans_slice(read: &ComposeRead) {
    let recorded = serde_json::to_value(&read.compose).unwrap();
    fn walk(value: &serde_json::Value, sources: &[Source]) {
        if let (Some(path), Some(start), Some(end)) =
            (value["path"].as_str(), value["start"].as_u64(), value["end"].as_u64())
        {
            let source = sources.iter().find(|source| source.path() == path).expect(path);
            assert!(source.text().get(usize::try_from(start).unwrap()..usize::try_from(end).unwrap()).is_some());
        }
        match value {
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, sources)),
            serde_json::Value::Object(entries) => entries.values().for_each(|item| walk(item, sources)),
            _ => {}
        }
    }
    walk(&recorded, &read.sources);
    for entry in &read.unreadable {
        assert!(!entry.message.is_empty() && !entry.unseen.is_empty());
    }
}

#[test]
fn a_file_cut_at_any_byte_is_read_or_named() {
    for end in (0..FULL.len()).filter(|end| FULL.is_char_boundary(*end)) {
        let read = read_with(&[("compose.yaml", &FULL[..end]), (".env", "E='f'")], &[]);
        assert!(read.compose.is_some() || !read.unreadable.is_empty(), "{end}");
        spans_slice(&read);
    }
}

#[test]
fn hostile_files_end_in_a_clear_line() {
    for text in [
        "\u{1}\u{2}",
        "services: [[[[",
        "services:\n\t- a",
        "{{{{{{",
        "&a [*a]",
        "services: {a: {extends: {service: b}}, b: {extends: a}}",
    ] {
        let read = read_one(text);
        assert!(!read.unreadable.is_empty(), "{text}");
    }
    let deep = format!("services: {}", "[".repeat(20_000));
    assert_eq!(read_one(&deep).unreadable[0].message, "is nested too deep");
    let big = format!(
        "services:\n  a:\n    image: x\n    environment:\n{}",
        "      - A=b # and a long comment that says nothing at all, so that the file grows to ten megabytes\n"
            .repeat(100_000)
    );
    assert_eq!(read_one(&big).compose.unwrap().services["a"].environment.len(), 1);
    let many: String = (0..20_000).map(|at| format!("      - V{at}=b\n")).collect();
    let mounts = many.replace("=b", "").replace("- V", "- ./x:/V");
    let ports: String = (1..20_000).map(|port| format!("      - {port}\n")).collect();
    let text =
        format!("services:\n  a:\n    image: x\n    environment:\n{many}    volumes:\n{mounts}    ports:\n{ports}");
    let read = read_with(&[("compose.yaml", &text), ("compose.override.yaml", &text)], &[]);
    let a = &read.compose.as_ref().unwrap().services["a"];
    assert_eq!((a.environment.len(), a.mounts.len(), a.ports.len()), (20_000, 20_000, 19_999));
    let files = MemoryFiles::new([("compose.yaml", b"a\0b".to_vec())]);
    let read = super::read(&files, &Environment::default());
    assert_eq!((read.unreadable[0].message.as_str(), read.unreadable[0].span.is_none()), ("is a binary file", true));
}

proptest::proptest! {
    #[test]
    fn mutated_files_never_panic(at in 0..FULL.len(), cut in 0..12usize, insert in "[-:\\[{}\\]&*!<|>'\"# \n~$,a0=/.]{0,5}") {
        let start = (0..=at).rev().find(|at| FULL.is_char_boundary(*at)).unwrap();
        let end = (start + cut..=FULL.len()).find(|at| FULL.is_char_boundary(*at)).unwrap_or(FULL.len());
        let text = format!("{}{insert}{}", &FULL[..start], &FULL[end..]);
        spans_slice(&read_with(&[("compose.yaml", &text), ("compose.override.yaml", FULL), (".env", "E=f")], &[]));
    }
}
