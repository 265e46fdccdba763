//! Texts with secrets in them, and what is left to see.

use super::*;
use crate::text::Source;

fn masked(path: &str, text: &str) -> String {
    mask_ranges(text, &ranges(path, text))
}

#[test]
fn passwords_are_masked_wherever_they_stand() {
    for (path, text, expected) in [
        (".env", "DATABASE_URL=postgres://app:p@ss@db:5432/app", "DATABASE_URL=postgres://app:****@db:5432/app"),
        ("a.ini", "sqlalchemy.url = postgresql+psycopg:/u:p@s@h/d", "sqlalchemy.url = postgresql+psycopg:/u:***@h/d"),
        ("a.ini", "sqlalchemy.url = postgresql:u:p@h/d", "sqlalchemy.url = postgresql:u:*@h/d"),
        ("a.ini", "sqlalchemy.url = ://u:p@h/d", "sqlalchemy.url = ://u:*@h/d"),
        (".env", "DATABASE_URL=\"u:p@h/d\"", "DATABASE_URL=\"u:*@h/d\""),
        ("c.yaml", "image: postgres:16@sha256:0", "image: postgres:16@sha256:0"),
        ("c.yaml", "url: git@github.com:shop/api.git", "url: git@github.com:shop/api.git"),
        (".env", "A=postgres://u:p ss@h/d B", "A=postgres://u:****@h/d B"),
        (".env", "A=postgres://me@corp:p'ss@h/d", "A=postgres://me@corp:****@h/d"),
        ("README.md", "see http://localhost:8000/ or mail me@x.y", "see http://localhost:8000/ or mail me@x.y"),
        (".env", "POSTGRES_PASSWORD=hunter2\nX=1", "POSTGRES_PASSWORD=*******\nX=1"),
        (".env", "export API_KEY='a b'", "export API_KEY='***'"),
        ("a.toml", "token = \"hunter2 a\nx = 1", "token = \"*********\nx = 1"),
        ("compose.yaml", "  POSTGRES_PASSWORD: \"a\\\"b\"", "  POSTGRES_PASSWORD: \"****\""),
        ("compose.yaml", "      - PGPASSWORD=hunter2", "      - PGPASSWORD=*******"),
        ("a.json", r#"{"client_secret": "abc", "x": 1}"#, r#"{"client_secret": "***", "x": 1}"#),
        ("env.py", "password = settings.password", "password = settings.password"),
        ("env.py", "password=\"abc\"", "password=\"***\""),
        ("compose.yaml", "POSTGRES_PASSWORD: ${PW}", "POSTGRES_PASSWORD: ${PW}"),
        (
            "alembic.ini",
            "sqlalchemy.url = driver://user:pass@localhost/dbname",
            "sqlalchemy.url = driver://user:****@localhost/dbname",
        ),
    ] {
        assert_eq!(masked(path, text), expected);
    }
}

#[test]
fn spaces_that_do_not_break_hide_no_password() {
    for space in ['\u{a0}', '\u{3000}', '\u{2028}'] {
        for text in [
            "create user a identified by_'hunter2'",
            "machine x login a password_hunter2",
            "password:_ hunter2",
            "PASSWORD_=_hunter2",
            "docker login --password_hunter2",
            "curl_-u_a:hunter2 http://x",
            "mysql_-phunter2",
            "\"password\"_: \"hunter2\"",
            "PASSWORD=hunter2_hunter2",
        ] {
            let text = text.replace('_', &space.to_string());
            assert!(!masked("a.txt", &text).contains("hunter2"), "{text:?}: {}", masked("a.txt", &text));
            assert!(!mask_text(&text).contains("hunter2"), "{text:?}: {}", mask_text(&text));
        }
    }
}

#[test]
fn passwords_on_command_lines_and_behind_broken_quotes_are_masked() {
    for (path, text, expected) in [
        (
            "x.sh",
            "docker login -p abc registry; mysql -pabc -u me; redis-cli -a abc ping",
            "docker login -p *** registry; mysql -p*** -u me; redis-cli -a *** ping",
        ),
        ("x.sh", "MYSQL_PWD=abc docker compose exec db mysql", "MYSQL_PWD=*** docker compose exec db mysql"),
        ("x.sh", "PWD=/home/me OLDPWD=x HOST_PWD=/srv/app", "PWD=/home/me OLDPWD=x HOST_PWD=/srv/app"),
        ("x.sh", "DB_PWD=$(pwd) DB_PWD=abc", "DB_PWD=$(pwd) DB_PWD=***"),
        ("x.sh", "curl -fsS -u me:abc https://x", "curl -fsS -u me:*** https://x"),
        ("c.yaml", "test: [\"CMD\", \"curl\", \"-u\", \"me:abc\"]", "test: [\"CMD\", \"curl\", \"-u\", \"me:***\"]"),
        ("x.sh", "docker compose exec -u 1000:1000 api", "docker compose exec -u 1000:1000 api"),
        ("x.sh", "app --token abc --password=d,e -v", "app --token *** --password=*** -v"),
        ("x.sh", "app --token --verbose --token $TOKEN; x", "app --token --verbose --token $TOKEN; x"),
        ("x.sh", "docker login --password-stdin registry", "docker login --password-stdin registry"),
        ("c.yaml", "command: [\"app\", \"--password\", \"a b\"]", "command: [\"app\", \"--password\", \"***\"]"),
        ("env.py", "add(\"--token\", help=\"x\")", "add(\"--token\", help=\"x\")"),
        ("package.json", "{\"a\": \"x --password abc\" \"b\"", "{\"a\": \"x --password ***\" \"b\""),
        ("package.json", "{\"a\": \"TOKEN=\\\"abc\\\" x\"}", "{\"a\": \"TOKEN=\\\"***\\\" x\"}"),
        ("c.yaml", "  DB_PASSWORD: \"a\"rest of it\n  X: 1", "  DB_PASSWORD: \"************\n  X: 1"),
        ("c.yaml", "  DB_PASSWORD: a\"rest\n  X: 1", "  DB_PASSWORD: ******\n  X: 1"),
        ("c.yaml", "  - POSTGRES_PASSWORD hunter2\n", "  - POSTGRES_PASSWORD *******\n"),
        ("Dockerfile", "ENV API_TOKEN hunter2\n", "ENV API_TOKEN *******\n"),
        ("Makefile", "TOKEN ?= abc\nTOKEN := abc\n", "TOKEN ?= ***\nTOKEN := ***\n"),
        ("c.yaml", "# POSTGRES_PASSWORD is required\n", "# POSTGRES_PASSWORD is required\n"),
        (".env", "SECRET=a,b;c", "SECRET=*****"),
        ("c.yaml", "{TOKEN: a, X: b}", "{TOKEN: *, X: b}"),
    ] {
        assert_eq!(masked(path, text), expected, "{text}");
    }
}

#[test]
fn settings_are_shown_without_their_secret() {
    assert_eq!(mask_setting("PGPASSWORD", "hunter2"), "***");
    assert_eq!(mask_setting("DATABASE_URL", "postgres://a:b@c/d"), "postgres://a:***@c/d");
    assert_eq!(mask_setting("HOME", "/root"), "/root");
    assert_eq!(mask_setting("value", "MYSQL_PWD=abc x"), "MYSQL_PWD=*** x");
}

#[test]
fn a_redactor_knows_the_encoded_and_the_quoted_form() {
    let mut redactor = Redactor::default();
    redactor.learn_setting("DB_PASSWORD", "p@ss\\word1");
    assert_eq!(redactor.redact("a p@ss\\word1 b p%40ss%5Cword1 c p@ss\\\\word1"), "a *** b *** c ***");
}

#[test]
fn a_redactor_knows_a_secret_of_several_words_however_it_is_broken() {
    let mut redactor = Redactor::default();
    redactor.learn_secret("  one.two three*four\n    five#six");
    redactor.learn_secret("${A}tailtail${B:-x}");
    assert_eq!(redactor.redact("a one.two\n      three*four five#six b"), "a *** b");
    assert_eq!(redactor.redact("one.two three*four, five#six, atailtailb"), "***, ***, a***b");
    redactor.learn_secret(&"word ".repeat(100_000));
    assert_eq!(redactor.redact("a word"), "a word");
}

#[test]
fn masking_keeps_lengths_and_lines() {
    let text = "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----\n";
    let masked = masked("id", text);
    assert_eq!(masked.len(), text.len());
    assert!(masked.contains("\n***\n***\n"), "{masked}");
}

#[test]
fn a_name_that_everybody_sees_stays_where_it_is_no_password() {
    let mut redactor = Redactor::default();
    redactor.spare("ledger");
    redactor.spare("a1b2c3d4e5f6a7b8c9");
    redactor.learn_setting("POSTGRES_PASSWORD", "ledger");
    redactor.learn_setting("API_TOKEN", "a1b2c3d4e5f6a7b8c9");
    assert_eq!(redactor.redact("ledger at db, a1b2c3d4e5f6a7b8c9"), "ledger at db, ***");
    assert_eq!(masked("c.yaml", "POSTGRES_PASSWORD: ledger"), "POSTGRES_PASSWORD: ******");
}

#[test]
fn names_that_hold_a_secret_by_chance_stay_whole() {
    let mut redactor = Redactor::default();
    redactor.spare("CredentialModel");
    redactor.spare_words("a file cannot be read");
    let text =
        "PASSWORD = \"cannot\"\nTOKEN = \"Credential\"\nSECRET_KEY = \"ledgers\"\nAPI_KEY = \"a1b2c3d4e5f6a7b8c9\"\n";
    redactor.learn(&Source::new("ledgers/credit.py", text));
    for (text, clean) in [
        ("`ledgers/credit.py` cannot be read", "`ledgers/credit.py` cannot be read"),
        ("`CredentialModel` is a table", "`CredentialModel` is a table"),
        ("`Credential` and CredentialModels", "`***` and ***Models"),
        ("said a1b2c3d4e5f6a7b8c9", "said ***"),
    ] {
        assert_eq!(redactor.redact(text), clean);
    }
}
