//! `devdoctor why`: error texts as the real tools print them name the right problem, and it is said whether it is so here.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use devdoctor::checks::symptoms;
use devdoctor::text::log;

/// Texts of real tools (versions of 2025 and 2026), and the checks that each names: these and no others.
const TEXTS: &str = include_str!("why/texts.txt");

fn why(directory: &Path, arguments: &[&str], input: Option<&[u8]>) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devdoctor"));
    command.arg("why").args(arguments).args(["--offline"]).current_dir(directory).env_clear();
    command.env("HOME", directory.parent().unwrap());
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(input) = input {
        child.stdin.take().unwrap().write_all(input).unwrap();
    }
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn empty_project() -> tempfile::TempDir {
    let around = tempfile::tempdir().unwrap();
    std::fs::create_dir(around.path().join("shop")).unwrap();
    std::fs::write(around.path().join("shop/Makefile"), "all:\n\ttrue\n").unwrap();
    around
}

/// A project in which the Makefile runs Alembic as root.
fn broken_project() -> tempfile::TempDir {
    let around = empty_project();
    let shop = around.path().join("shop");
    std::fs::write(
        shop.join("compose.yaml"),
        "services:\n  api:\n    image: python:3.12\n    working_dir: /app\n    volumes:\n      - .:/app\n",
    )
    .unwrap();
    std::fs::write(shop.join("Makefile"), "m:\n\tdocker compose exec api alembic revision -m x\n").unwrap();
    std::fs::write(shop.join(".env"), "DATABASE_URL=postgresql://me:p@ss@db/x\n").unwrap();
    around
}

fn named(answer: &str) -> Vec<String> {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    assert_eq!(answer["schema"], "devdoctor.why.v1");
    answer["named"].as_array().unwrap().iter().map(|named| named["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn texts_of_real_tools_name_their_problem() {
    let mut wrong = vec![];
    let mut count = 0;
    for block in TEXTS.split("\n\n").filter(|block| !block.trim().is_empty() && !block.starts_with('#')) {
        let (id, text) = block.split_once('\n').unwrap();
        let ids: Vec<String> = symptoms::named(&log::lines(text)).iter().map(|named| named.check.id()).collect();
        count += 1;
        // `-`: no problem of ours. `a b`: both and no other, in any order.
        let expected: BTreeSet<&str> = id.split(' ').filter(|id| *id != "-").collect();
        if ids.iter().map(String::as_str).collect::<BTreeSet<_>>() != expected {
            wrong.push(format!("{id}: {ids:?}\n    {text}"));
        }
    }
    assert!(count > 120, "{count} texts");
    assert!(wrong.is_empty(), "{} of {count} texts\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_problem_that_is_here_is_shown_and_one_that_is_not_is_said_to_be_not() {
    let text = "error: insufficient permission: [Errno 13] Permission denied: 'migrations/versions/ab12_init.py'";
    let broken = broken_project();
    let url = "could not translate host name \"ss@db\" to address: Name or service not known";
    let (status, said, talk) = why(&broken.path().join("shop"), &[url], None);
    assert_eq!((status, talk.as_str()), (1, ""), "{said}");
    assert!(
        said.contains("url-password-not-encoded") && said.contains("found here") && said.contains(".env:1"),
        "{said}"
    );
    assert!(!said.contains("p@ss"), "{said}");

    let healthy = empty_project();
    let (status, said, _) = why(&healthy.path().join("shop"), &[url], None);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("it is not so here") && said.contains("nothing that the text names is found here"), "{said}");
    let (status, said, _) = why(&healthy.path().join("shop"), &[text], None);
    assert_eq!(status, 0, "{said}");
}

#[test]
fn what_the_text_names_is_shown_and_not_its_like() {
    let around = empty_project();
    let write = |path: &str, text: &str| {
        let path = around.path().join("shop").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("alembic.ini", "[alembic]\nscript_location = migrations\n");
    write("migrations/env.py", "from alembic import context\n");
    for (id, parent, sort) in
        [("aaa1", "None", "sqlmodel.sql.sqltypes.AutoString()"), ("bbb2", "\"aaa1\"", "pgvector.sqlalchemy.Vector(3)")]
    {
        let text = format!(
            "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{id}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    op.add_column(\"item\", sa.Column(\"e\", {sort}))\n"
        );
        write(&format!("migrations/versions/{id}.py"), &text);
    }
    let shop = around.path().join("shop");
    for (text, shown, other) in [
        ("NameError: name 'sqlmodel' is not defined", "aaa1.py:9", "bbb2.py:9"),
        ("NameError: name 'pgvector' is not defined", "bbb2.py:9", "aaa1.py:9"),
    ] {
        let (status, said, _) = why(&shop, &[text], None);
        assert!(status == 1 && said.contains(shown) && !said.contains(other), "{said}");
    }
    // Where no finding is of what it names, all are shown.
    let (_, said, _) = why(&shop, &["NameError: name 'other' is not defined"], None);
    assert!(said.contains("aaa1.py:9") && said.contains("bbb2.py:9"), "{said}");
}

#[test]
fn a_whole_log_with_colours_and_prefixes_is_read() {
    let around = empty_project();
    let mut log = b"\x1b[2K\rWARN x\r\n".to_vec();
    for step in 0..5_000 {
        log.extend(format!("#7 {step}.5 \x1b[32mordinary\x1b[0m line\n").as_bytes());
    }
    log.extend(b"api-1  | \x1b[31mpsycopg.errors.UndefinedObject: type \"vector\" does not exist\x1b[0m\n");
    log.extend(b"\xff\xfe\x00binary\n");
    let (status, said, _) = why(&around.path().join("shop"), &[], Some(&log));
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("line 5002: type \"vector\" does not exist"), "{said}");
    assert!(said.contains("postgres-vector-not-created"), "{said}");
}

#[test]
fn a_password_in_the_text_is_not_said_again() {
    let around = empty_project();
    let text = "ValueError: invalid interpolation syntax in 'postgresql://me:s3cr3t%40x@db/shop' at position 21";
    for arguments in [&[text][..], &[text, "--format", "json"]] {
        let (_, said, talk) = why(&around.path().join("shop"), arguments, None);
        assert!(!said.contains("s3cr3t") && !talk.contains("s3cr3t"), "{said}{talk}");
    }
}

#[test]
fn no_text_is_said_and_an_unknown_one_too() {
    let around = empty_project();
    let shop = around.path().join("shop");
    let (status, _, talk) = why(&shop, &[], Some(b""));
    assert_eq!((status, talk.starts_with("error: no text to explain: it is empty\nhelp: ")), (2, true), "{talk}");
    let (status, said, _) = why(&shop, &["the moon is made of cheese"], None);
    assert_eq!((status, said.as_str()), (0, "no problem that devdoctor knows is named in this text\n"));
    let (status, said, _) = why(&shop, &["--format", "json", "the moon"], None);
    assert_eq!((status, named(&said).len()), (0, 0));
}
