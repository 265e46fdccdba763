//! Graphs of revisions that Alembic refuses, and databases that stand elsewhere than the files.

use super::*;

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn graphs_that_alembic_refuses_are_seen() {
    let a = || revision("aaa1", "None", "pass");
    // The check, the files, what Alembic says, the places, and what it says besides.
    type Case<'a> = (&'a str, &'a [(&'a str, String)], &'a str, &'a [&'a str], &'a [&'a str]);
    let cases: [Case<'_>; 6] = [
        (
            "alembic-heads-diverge",
            &[("a", a()), ("b", revision("bbb2", "\"aaa1\"", "pass")), ("c", revision("ccc3", "\"aaa1\"", "pass"))],
            "FAILED: Multiple head revisions are present for given argument 'head'",
            &["migrations/versions/c.py:5:13"],
            &[],
        ),
        (
            "alembic-chain-broken",
            &[("b", revision("bbb2", "\"gone\"", "pass"))],
            "KeyError: 'gone'",
            &["migrations/versions/b.py:6:18"],
            &["Revision gone referenced from gone -> bbb2 (head), bbb2 is not present"],
        ),
        (
            "alembic-chain-broken",
            &[("a", a()), ("b", a()), ("c", revision("ccc3", "\"aaa1\"", "op.execute('no SQL')"))],
            "Revision aaa1 is present more than once",
            &["migrations/versions/b.py:5:13"],
            &[],
        ),
        (
            "alembic-chain-broken",
            &[("a", revision("aaa1", "\"bbb2\"", "pass")), ("b", revision("bbb2", "\"aaa1\"", "pass"))],
            "Cycle is detected in revisions",
            &["migrations/versions/a.py:6:18"],
            &[],
        ),
        (
            "alembic-chain-broken",
            &[("a", a()), ("seed", "print('x')\n".to_owned())],
            "Could not determine revision id from filename seed.py",
            &["migrations/versions/seed.py:1:1"],
            &[],
        ),
        (
            "alembic-chain-broken",
            &[("a", a()), ("torn", "revision = 'x'\ndef upgrade(:\n".to_owned())],
            "SyntaxError",
            &["migrations/versions/torn.py:2:13"],
            &[],
        ),
    ];
    for set in SETS {
        for (id, files, error, places, more) in &cases {
            let project = project(set);
            for (name, text) in *files {
                project.write(format!("migrations/versions/{name}.py"), text);
            }
            let broken = project.shell("alembic upgrade head");
            assert!(broken.status != 0 && broken.all().contains(error), "{error} is not in {broken}");
            assert!(more.iter().all(|more| broken.all().contains(more)), "{broken}");
            project.devdoctor(&["check", "--only", id, "--format", "json"]).report().assert_places(id, places);
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn several_heads_take_no_new_revision_until_they_are_merged() {
    let id = "alembic-heads-diverge";
    for set in SETS {
        let project = project(set);
        let template =
            "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\ndef upgrade():\n    pass\n";
        project.write("migrations/script.py.mako", template);
        for (name, parent) in [("aaa1", "None"), ("bbb2", "\"aaa1\""), ("ccc3", "\"aaa1\"")] {
            project.write(format!("migrations/versions/{name}.py"), revision(name, parent, "pass"));
        }
        let broken = project.shell("alembic revision -m next").ends_with(255);
        let said = "FAILED: Multiple heads are present; please specify the head revision on which the new revision should be based, or perform a merge.";
        assert!(broken.all().contains(said), "{broken}");
        let report = || project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
        report().assert_places(id, &["migrations/versions/ccc3.py:5:13"]);
        project.shell("alembic merge heads -m both && alembic revision -m next && alembic upgrade head").ends_with(0);
        report().assert_places(id, &[]);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn databases_behind_the_files_or_beyond_them_are_seen() {
    for set in SETS {
        let (project, postgres) = (project(set), Postgres::start("DEVDOCTOR_TEST_PG_BIN"));
        on_postgres(&project, &postgres);
        project.write("migrations/versions/a.py", revision("aaa1", "None", "pass"));
        project.write("migrations/versions/b.py", revision("bbb2", "\"aaa1\"", "pass"));
        project.shell("alembic upgrade aaa1").ends_with(0);
        let places = |id: &str| project.devdoctor(&["check", "--only", id, "--format", "json"]).report().places(id);
        assert_eq!(places("alembic-database-behind"), ["migrations/versions/b.py:5:13"]);
        assert_eq!(places("alembic-revision-unknown-to-files"), [""; 0]);
        project.shell("alembic upgrade head").ends_with(0);
        assert_eq!(places("alembic-database-behind"), [""; 0]);
        project.shell("rm migrations/versions/b.py").ends_with(0);
        for command in ["current", "check", "upgrade head", "stamp head"] {
            let broken = project.shell(&format!("alembic {command}")).ends_with(255);
            assert!(broken.all().contains("FAILED: Can't locate revision identified by 'bbb2'"), "{broken}");
        }
        assert_eq!(places("alembic-revision-unknown-to-files"), ["migrations/versions:1:1"]);
        assert_eq!(places("alembic-database-behind"), [""; 0]);
    }
}
