//! Real SQLAlchemy and real libpq, asked about the same texts as our readers.

#![expect(clippy::unwrap_used, reason = "a test that cannot ask has failed")]
#![expect(clippy::disallowed_methods, reason = "this test starts the real tools")]

#[path = "support/oracle.rs"]
mod oracle;

use std::collections::BTreeMap;
use std::process::Command;

use devdoctor::project::files::MemoryFiles;
use devdoctor::project::urls::{self, DatabaseUrl, Given, Holder, libpq, sqlalchemy};
use oracle::{ask, numbers};
use serde_json::{Value, json};

/// Reads a JSON list of texts, writes what both readers make of each.
const ORACLE: &str = r#"
import json, sys
from sqlalchemy.engine import make_url
from psycopg.pq import Conninfo
def alchemy(text):
    try:
        url = make_url(text)
        query = {key: list(value) if isinstance(value, (list, tuple)) else [value] for key, value in url.query.items()}
        return [url.drivername, url.username, url.password, url.host, url.port, url.database, query]
    except Exception as error:
        return type(error).__name__
def pq(text):
    try:
        options = Conninfo.parse(text.encode())
        return {o.keyword.decode(): o.val.decode('utf-8', 'replace') for o in options if o.val is not None}
    except Exception as error:
        return str(error)
def clean(value):
    return json.loads(json.dumps(value).encode('utf-8', 'surrogatepass').decode('utf-8', 'replace'))
json.dump([[clean(alchemy(text)), clean(pq(text))] for text in json.load(sys.stdin)], sys.stdout)
"#;

const TABLE: [&str; 73] = [
    "postgres://user:p@ss@localhost:5432/app",
    "postgresql://user:p#ss@localhost/app",
    "postgresql://user:p/ss@localhost/app",
    "postgresql://user:p%ss@localhost/app",
    "postgresql+psycopg://user:pw@localhost/app",
    "postgresql://user:p?ss@localhost/app",
    "postgresql://user:p:ss@localhost/app",
    "postgresql://user:p%40ss@localhost/app",
    "postgresql://user:p+ss@localhost/app",
    "postgresql://user:@localhost/app",
    "postgresql://:pw@localhost/app",
    "postgresql://@localhost/app",
    "postgresql://user@localhost/app",
    "postgresql://me@corp:pw@h/app",
    "postgresql://me@corp@h/app",
    "postgresql://localhost",
    "postgresql://localhost/",
    "postgresql:///app",
    "postgresql://",
    "postgresql://?host=/var/run/postgresql&dbname=app",
    "postgresql:///app?host=/var/run/postgresql",
    "postgresql://u:p@/app?host=/tmp&port=5433",
    "postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/app",
    "postgresql://u:p@[::1]:5432/app",
    "postgresql://u:p@[::1]/app",
    "postgresql://u:p@[]/app",
    "postgresql://u:p@[::1/app",
    "postgresql://u:p@[::1]x/app",
    "postgresql://u:p@h1:5432,h2:5433/app",
    "postgresql://u:p@h1,h2/app?target_session_attrs=any",
    "postgresql://u:p@h:port/app",
    "postgresql://u:p@h:/app",
    "postgresql://u:p@h:54_32/app",
    "postgresql://u:p@h:+5432/app",
    "postgresql://u:p@h: 5432/app",
    "postgresql://u:p@h:5432",
    "postgresql://u:p@h:5432?sslmode=require",
    "postgresql://u:p@h/app?sslmode=require",
    "postgresql://u:p@h/app?ssl=require",
    "postgresql://u:p@h/app?ssl=true",
    "postgresql://u:p@h/app?schema=public",
    "postgresql://u:p@h/app?options=-csearch_path%3Dx",
    "postgresql://u:p@h/app?options=-csearch_path=x",
    "postgresql://u:p@h/app?sslmode",
    "postgresql://u:p@h/app?sslmode=",
    "postgresql://u:p@h/app?",
    "postgresql://u:p@h/app?&",
    "postgresql://u:p@h/app?application_name=a+b",
    "postgresql://u:p@h/app?application_name=a@b",
    "postgresql://u:p@h/app?requiressl=1",
    "postgresql://u:p@h/app?user=x&user=y",
    "postgresql://u:p@h/a@b",
    "postgresql://u:p@h//app",
    "postgresql://u:p@h/app ; c",
    "postgresql://u:p@h/app # c",
    "postgresql://u:p w@h/app",
    "postgresql://u: pw@h/app",
    "postgresql://u:p%00w@h/app",
    "postgresql://u:p%C3%A9@h/app",
    "postgresql://u:p%FF@h/app",
    "postgresql://ü:é@hö/dß",
    "postgresql://u:é%C3é%A9@h/app",
    "postgresql:/u:p@h/app",
    "postgresql:u:p@h/app",
    "POSTGRESQL://u:p@h/app",
    "postgres+asyncpg://u:p@h/app",
    "postgresql+psycopg3://u:p@h/app",
    "driver://user:pass@localhost/dbname",
    "\"postgresql://u:p@h/app\"",
    "${DATABASE_URL}",
    "%(DATABASE_URL)s",
    "post-gres://u:p@h/app",
    "postgresql://u:p@h/app?a=1\nb",
];

fn ours(text: &str) -> (Value, Option<Value>) {
    let alchemy = match sqlalchemy::read(text) {
        Ok(reading) => {
            let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (key, value) in reading.query {
                query.entry(key).or_default().push(value);
            }
            json!([
                reading.name,
                reading.username,
                reading.password,
                reading.host,
                reading.port,
                reading.database,
                query
            ])
        }
        Err(_) => json!("refused"),
    };
    // What does not start as a URI is taken for `keyword=value` pairs, which is another format.
    let pq = match libpq::read(text) {
        Ok(reading) => Some(json!(reading)),
        Err(libpq::Refusal::NotAUri) => None,
        Err(_) => Some(json!("refused")),
    };
    (alchemy, pq)
}

fn compare(texts: &[String]) {
    let answers = ask(ORACLE, texts);
    for (text, answer) in texts.iter().zip(&answers) {
        let (alchemy, pq) = ours(text);
        let refused = |value: &Value| if value.is_string() { json!("refused") } else { value.clone() };
        assert_eq!(alchemy, refused(&answer[0]), "SQLAlchemy on {text:?}: {}", answer[0]);
        match pq {
            Some(pq) => assert_eq!(pq, refused(&answer[1]), "libpq on {text:?}: {}", answer[1]),
            None => assert!(!text.starts_with("postgres://") && !text.starts_with("postgresql://"), "{text:?}"),
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_table_reads_as_the_real_readers_read_it() {
    compare(&TABLE.map(str::to_owned));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn random_texts_read_as_the_real_readers_read_them() {
    const WORDS: [&str; 34] = [
        "a",
        "b",
        "ss",
        "@",
        "@",
        ":",
        ":",
        "/",
        "/",
        "?",
        "#",
        "%",
        "%40",
        "%zz",
        "%0",
        "[",
        "]",
        ",",
        "&",
        "=",
        "+",
        " ",
        "é",
        "%C3",
        "host=",
        "user=",
        "5432",
        "sslmode=require",
        "://",
        "\\",
        "'",
        "$",
        "_",
        "::1",
    ];
    let mut next = numbers(0x2545_f491_4f6c_dd1d);
    let texts: Vec<String> = (0..20_000)
        .map(|_| {
            let scheme = ["postgresql://", "postgres://", "postgresql+psycopg://", "postgresql://u:p@h"][next(4)];
            let length = next(14);
            (0..length).fold(scheme.to_owned(), |text, _| text + WORDS[next(WORDS.len())])
        })
        .collect();
    compare(&texts);
}

/// Reads a JSON list of ini files, writes the password that SQLAlchemy takes from each file's URL.
const INI_ORACLE: &str = r#"
import configparser, json, sys
from sqlalchemy.engine import make_url
def read(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return make_url(parser.get("alembic", "sqlalchemy.url")).password
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
"#;

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn repaired_texts_are_read_as_they_were_meant() {
    // No hexadecimal digits: `%aa` may be meant as it stands or as one character, which nobody can know.
    const WORDS: [&str; 16] = ["g", "Zz", "@", "@", "/", ":", "?", "#", "%", "%x", "é", " ", "+", "&", "[", "]"];
    let mut next = numbers(0x1234_5678_9abc_def1);
    let passwords: Vec<String> = (0..2_000)
        .map(|_| (0..=next(8)).fold("p".to_owned(), |text, _| text + WORDS[next(WORDS.len())]) + "w")
        .collect();
    let (mut texts, mut files) = (vec![], vec![]);
    for password in &passwords {
        let text = format!("postgresql://app:{password}@db:5432/app");
        let given = Given { environment: Some(&text), option: None };
        let url = urls::read(&MemoryFiles::default(), &mut BTreeMap::new(), &mut vec![], None, &[], given).remove(0);
        texts.push(urls::repaired(&url, &text).unwrap_or_else(|| text.clone()));
        let url = DatabaseUrl { holder: Holder::Ini, ..url };
        let line = urls::repaired(&url, &text).unwrap_or(text);
        files.push(format!("[alembic]\nsqlalchemy.url = {line}\n"));
    }
    for (password, answer) in passwords.iter().zip(ask(ORACLE, &texts)) {
        assert_eq!((&answer[0][2], &answer[0][3]), (&json!(password), &json!("db")), "{answer}");
        assert_eq!((&answer[1]["password"], &answer[1]["host"]), (&json!(password), &json!("db")), "{answer}");
    }
    for (password, answer) in passwords.iter().zip(ask(INI_ORACLE, &files)) {
        // Two signs beside each other are one, already doubled.
        assert_eq!(answer, json!(password.replace("%%", "%")));
    }
}

/// The text of a file with every URL repaired.
fn repaired_file(path: &str, files: &MemoryFiles) -> String {
    let project = devdoctor::project::read::project(files, &devdoctor::facts::Environment::default(), None);
    let source = &project.sources[path];
    let mut text = source.text().to_owned();
    let mut urls: Vec<&DatabaseUrl> = project.urls.iter().filter(|url| *url.span.path == *path).collect();
    urls.sort_by_key(|url| std::cmp::Reverse(url.span.start));
    for url in urls {
        if let Some(once) = urls::repaired(url, source.slice(&url.span)) {
            text.replace_range(url.span.range(), &once);
        }
    }
    text
}

/// What Compose hands to the container: the real interpolation, of `.env` and of the file itself.
fn handed_by_compose(dotenv: &str, compose: &str) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), dotenv).unwrap();
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    let output = Command::new("docker")
        .args(["compose", "config", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .expect("docker compose starts: run tests/run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    let environment = read["services"]["app"]["environment"].as_object().unwrap();
    // What `config` prints can be read again, so each dollar stands twice in it.
    environment.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap().replace("$$", "$"))).collect()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_repaired_text_is_right_behind_all_the_layers_it_goes_through() {
    const WORDS: [&str; 16] = ["g", "Zz", "@", "@", "/", ":", "?", "#", "%", "%x", "é", "+", "&", "[", "]", "$$"];
    let mut next = numbers(0x9e37_79b9_7f4a_7c15);
    let passwords: Vec<String> =
        (0..400).map(|_| (0..=next(8)).fold("p".to_owned(), |text, _| text + WORDS[next(WORDS.len())]) + "w").collect();
    let url = |password: &str| format!("postgresql://app:{password}@db:5432/app");
    let mut dotenv = String::new();
    let mut compose = "services:\n  app:\n    image: x\n    environment:\n".to_owned();
    for (number, password) in passwords.iter().enumerate() {
        // As people write it: bare, in double quotes, and in Compose's own file.
        dotenv.push_str(&format!("BARE{number}={}\nQUOTED{number}=\"{}\"\n", url(password), url(password)));
        compose.push_str(&format!(
            "      BARE{number}: ${{BARE{number}}}\n      QUOTED{number}: ${{QUOTED{number}}}\n      OWN{number}: '{}'\n",
            url(password)
        ));
    }
    let files = MemoryFiles::new([(".env", dotenv.clone()), ("compose.yaml", compose.clone())]);
    let handed = handed_by_compose(&repaired_file(".env", &files), &repaired_file("compose.yaml", &files));
    let mut texts = vec![];
    let mut meant = vec![];
    for (number, password) in passwords.iter().enumerate() {
        for kind in ["BARE", "QUOTED", "OWN"] {
            texts.push(handed[&format!("{kind}{number}")].clone());
            meant.push(password.replace("$$", "$"));
        }
    }
    for ((password, text), answer) in meant.iter().zip(&texts).zip(ask(ORACLE, &texts)) {
        assert_eq!((&answer[0][2], &answer[0][3]), (&json!(password), &json!("db")), "SQLAlchemy on {text}");
        assert_eq!((&answer[1]["password"], &answer[1]["host"]), (&json!(password), &json!("db")), "libpq on {text}");
    }
    // And on through `set_main_option` of `env.py`, which doubles percent signs.
    let inis: Vec<String> =
        texts.iter().map(|text| format!("[alembic]\nsqlalchemy.url = {}\n", text.replace('%', "%%"))).collect();
    for (password, answer) in meant.iter().zip(ask(INI_ORACLE, &inis)) {
        assert_eq!(answer, json!(password));
    }
}

/// Says of each dialect whether SQLAlchemy loads it.
const DIALECT_ORACLE: &str = r#"
import json, sys
from sqlalchemy.dialects import registry
def loads(name):
    try:
        registry.load(name.replace("+", "."))
        return True
    except Exception:
        return False
json.dump([loads(name) for name in json.load(sys.stdin)], sys.stdout)
"#;

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn sqlalchemy_loads_the_dialects_we_say_it_has_and_those_that_packages_bring() {
    let ours = sqlalchemy::DIALECTS.map(str::to_owned);
    assert_eq!(ask(DIALECT_ORACLE, &ours), [true; 7], "{ours:?}");
    let others =
        ["postgres", "postgres+asyncpg", "postgresql+psycopg3", "postgresql+mine", "POSTGRESQL"].map(str::to_owned);
    assert_eq!(ask(DIALECT_ORACLE, &others), [false; 5]);
    // A package says by an entry point which dialect it brings.
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("sqlalchemy_mine-1.dist-info");
    std::fs::create_dir(&package).unwrap();
    std::fs::write(package.join("METADATA"), "Metadata-Version: 2.1\nName: sqlalchemy-mine\nVersion: 1\n").unwrap();
    let point = "[sqlalchemy.dialects]\npostgresql.mine = sqlalchemy.dialects.postgresql.psycopg:PGDialect_psycopg\n";
    std::fs::write(package.join("entry_points.txt"), point).unwrap();
    let path = format!("import sys; sys.path.insert(0, {:?})\n{DIALECT_ORACLE}", folder.path().display().to_string());
    assert_eq!(ask(&path, &others), [false, false, false, true, false]);
}
