//! Several heads, in error and on purpose: what the real Alembic runs, and what devdoctor says of it.

use super::support::postgres::Postgres;
use super::support::sets::SETS;
use super::{ID as UNKNOWN, repository, revision};

const ID: &str = "alembic-heads-diverge";
const LABEL: &str = "branch_labels = (\"extra\",)\ndepends_on = (\"0001\",)\n";

/// Files besides the first revision, what is run, whether it passes, and how severe the heads are.
type Way = (&'static [(&'static str, &'static str, &'static str, &'static str)], &'static str, bool, &'static str);

const WAYS: [Way; 6] = [
    // Two that follow the same one.
    (&[("versions", "0002", "\"0001\"", ""), ("versions", "0003", "\"0001\"", "")], "head", false, "error"),
    (&[("versions", "0002", "\"0001\"", ""), ("versions", "0003", "\"0001\"", "")], "heads", true, "info"),
    // A labelled base of its own.
    (&[("versions", "0002", "None", LABEL)], "heads", true, ""),
    (&[("versions", "0002", "None", LABEL)], "head", false, "info"),
    // A base of its own in a folder of its own.
    (&[("plugin", "0002", "None", "")], "heads", true, ""),
    // In such a folder, after what the others follow too.
    (&[("plugin", "0002", "\"0001\"", ""), ("versions", "0003", "\"0001\"", "")], "head", false, "error"),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn several_heads_are_an_error_only_where_they_are_not_meant() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    for set in SETS {
        let project = repository(&server, set);
        project.shell("git branch -qD feature/price && mkdir migrations/plugin").ends_with(0);
        let settings = project.read("alembic.ini");
        let several = "version_locations = migrations/versions migrations/plugin\n";
        for (files, target, passes, severity) in WAYS {
            server.psql("app", "drop schema public cascade; create schema public").unwrap();
            let apart = files.iter().any(|(folder, ..)| *folder == "plugin");
            project.write("alembic.ini", if apart { settings.clone() + several } else { settings.clone() });
            project.write("Makefile", format!("migrate:\n\talembic upgrade {target}\n"));
            for (folder, id, parent, more) in files {
                project.write(format!("migrations/{folder}/{id}.py"), revision(id, parent) + more);
            }
            let said = project.shell("make migrate");
            assert_eq!(said.status == 0, passes, "{set}: {said}");
            assert!(passes || said.all().contains("Multiple head revisions are present"), "{said}");
            let report = project.devdoctor(&["check", "--only", ID, "--format", "json"]).report();
            let severities: Vec<_> = report.of(ID).iter().map(|one| one["severity"].as_str().unwrap()).collect();
            assert_eq!(severities.concat(), severity, "{target} {files:?}: {:#}", report.0);
            project.devdoctor(&["check", "--only", UNKNOWN]).ends_with(0);
            project.shell("rm migrations/*/000[23].py").ends_with(0);
        }
        server.psql("postgres", "drop database app").unwrap();
        server.psql("postgres", "drop role app").unwrap();
    }
}
