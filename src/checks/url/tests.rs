//! What the checks of URLs say about texts as people write them.

use super::*;
use crate::facts::Environment;
use crate::finding::{Checked, Place};
use crate::project::files::MemoryFiles;
use crate::project::read;

fn found(check: fn(&Facts) -> Checked, files: &[(&str, &str)]) -> (Facts, Vec<Finding>) {
    let files = MemoryFiles::new(files.iter().map(|(path, text)| (*path, *text)));
    let facts = Facts { project: read::project(&files, &Environment::default(), None), ..Facts::default() };
    let findings = check(&facts).unwrap();
    (facts, findings)
}

/// The text under the underline.
fn under(facts: &Facts, finding: &Finding) -> String {
    match &finding.place {
        Some(Place::Span(span)) => facts.source(&span.path).unwrap().slice(span).to_owned(),
        _ => String::new(),
    }
}

#[test]
fn the_help_says_how_each_character_is_written_where_it_stands() {
    const COMPOSE: &str = "services:\n  a:\n    image: x\n    environment:\n      DATABASE_URL: ";
    let compose = format!("{COMPOSE}postgresql://u:p@$$s@h/d");
    let default = format!("{COMPOSE}postgresql://u:${{P:-p@s}}@h/d");
    let ini = "[alembic]\nscript_location = m\nsqlalchemy.url = ";
    let at_in_ini = format!("{ini}postgresql://u:p@s%40@h/d");
    let sign_in_ini = format!("{ini}postgresql://u:p%@h/d");
    for (path, text, character, help) in [
        (".env", "A=postgresql://é:p@s#s@h/d", "@", "write `@` as `%40` and `#` as `%23` in the password"),
        (
            ".env",
            "A=postgresql://u:p@s/s@s%@h/d",
            "@",
            "write `@` as `%40`, `/` as `%2F` and `%` as `%25` in the password",
        ),
        (".env", "A='postgresql://u:p w@h/d'", " ", "write a blank as `%20` in the password"),
        ("compose.yaml", &compose, "@", "write `@` as `%40` in the password; `$$` stays, Compose reads it as one `$`"),
        (
            "compose.yaml",
            &default,
            "@",
            "write `@` as `%40` in the default of `P`, and so in every value that it is given",
        ),
        (
            "alembic.ini",
            &at_in_ini,
            "@",
            "write `@` as `%%40` and `%` as `%%` in the password; in an ini file each `%` stands twice",
        ),
        ("alembic.ini", &sign_in_ini, "%", "write `%` as `%%25` in the password; in an ini file each `%` stands twice"),
    ] {
        let (facts, findings) = found(password_not_encoded::check, &[(path, text)]);
        let said: Vec<_> = findings.iter().map(|finding| (under(&facts, finding), finding.help.join("\n"))).collect();
        assert_eq!(said, [(character.to_owned(), help.to_owned())], "{text}");
    }
}

#[test]
fn a_container_is_sent_to_itself_by_every_name_of_itself() {
    let compose = |host: &str, app: &str, db: &str| {
        format!(
            "services:\n  app:\n    image: python:3\n{app}    environment:\n      DATABASE_URL: \"postgresql://u:p@{host}/d\"\n  db:\n    image: postgres:16\n    ports: [\"15432:5432\"]\n{db}  cache:\n    image: redis\n    ports: [\"5432:6379\"]\n"
        )
    };
    for (host, app, db, expected) in [
        ("localhost", "", "", "localhost"),
        ("LOCALHOST:5432", "", "", "LOCALHOST"),
        ("127.0.0.1:15432", "", "", "127.0.0.1"),
        ("127.1.2.3", "", "", "127.1.2.3"),
        ("[::1]:5432", "", "", "::1"),
        ("0.0.0.0", "", "", "0.0.0.0"),
        // Published by another service: on the host this would be the cache, in here it is nobody.
        ("localhost:5432", "", "", "localhost"),
        ("localhost", "    network_mode: bridge\n", "", "localhost"),
        ("localhost", "    extra_hosts: [\"host.docker.internal:host-gateway\"]\n", "", "localhost"),
        ("localhost", "    network_mode: host\n", "", ""),
        ("localhost", "    network_mode: service:db\n", "", ""),
        ("localhost", "    network_mode: container:other\n", "", ""),
        ("localhost", "", "    network_mode: service:app\n", ""),
        ("host.docker.internal:15432", "", "", ""),
        ("host.docker.internal", "    extra_hosts: [\"host.docker.internal:host-gateway\"]\n", "", ""),
        ("db", "", "", ""),
        ("localhost.example.org", "", "", ""),
        ("/d?host=/var/run/postgresql&x=", "", "", ""),
    ] {
        let text = compose(host, app, db);
        let (facts, findings) = found(localhost_in_container::check, &[("compose.yaml", &text)]);
        let said: Vec<String> = findings.iter().map(|finding| under(&facts, finding)).collect();
        let expected: Vec<&str> = Some(expected).filter(|expected| !expected.is_empty()).into_iter().collect();
        assert_eq!(said, expected, "{text}");
        // The way out is the server, at the port in its container, not at the published one.
        for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()) {
            assert!(fix.title.contains("`db:5432`"), "{}", fix.title);
        }
    }
}
