//! One real breakage at a time: the real tool fails, devdoctor says why and where, and after the cure the real tool works.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use support::answer::Answer;
use support::person::Person;
use support::postgres::Postgres;
use support::project::Project;
use support::variable;

const CONNECT: &str = "import os, sqlalchemy; sqlalchemy.create_engine(os.environ['DATABASE_URL']).connect()";

fn story(name: &str) -> Project {
    Project::from_fixture(&format!("stories/{name}"), Person::User).with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES")
}

/// Lets the URL in `.env` name the port that the database has in this test.
fn use_the_published_port(project: &Project) {
    let port = project.variable("DB_PORT").unwrap();
    project.replace(".env", ":5432/", &format!(":{port}/"));
}

/// A program of the tests' Python environment, run with the variables of the project's `.env`.
fn on_the_host(project: &Project, line: &str) -> Answer {
    project.shell(&format!("set -a; [ ! -e .env ] || . ./.env; {}/bin/{line}", variable("DEVDOCTOR_TEST_VENV")))
}

#[track_caller]
fn assert_fails_with(answer: &Answer, text: &str) {
    assert!(answer.status != 0 && answer.all().contains(text), "expected {text:?}: {answer}");
}

/// `check` finds exactly this, each at its place.
#[track_caller]
fn assert_found(project: &Project, findings: &[(&str, &str)]) {
    let answer = project.devdoctor(&["check", "--format", "json"]);
    let report = answer.report();
    let ids: Vec<&str> = findings.iter().map(|(id, _)| *id).collect();
    // A new database has run no revision, which is only worth knowing.
    let found: Vec<String> = report.found().into_iter().filter(|id| id != "alembic-database-behind").collect();
    assert_eq!(found, ids, "{answer}");
    for (id, place) in findings {
        report.assert_places(id, &[*place]);
    }
    // The human report says the same.
    let human = project.devdoctor(&["check"]).ends_with(answer.status);
    for (id, place) in findings {
        assert!(human.out.contains(id), "no {id} in {human}");
        assert!(human.out.contains(place), "no {place} in {human}");
    }
}

#[track_caller]
fn assert_clean(project: &Project) {
    let answer = project.devdoctor(&["check", "--format", "json"]);
    assert!(answer.report().findings().is_empty(), "{answer}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn localhost_in_a_container_is_the_container_itself() {
    let project = story("url-localhost");
    project.up();
    let connect = format!("docker compose exec -T api python -c \"{CONNECT}\"");
    assert_fails_with(&project.shell(&connect), "Multiple connection attempts failed");
    assert_found(&project, &[("url-localhost-in-container", "compose.yaml:7:62")]);
    let before = project.read("compose.yaml");
    let fix = project.devdoctor(&["fix", "--yes", "--unsafe"]);
    assert!(project.read("compose.yaml").contains("shop:cedar-Ferry-52@db:5432/shop"), "{fix}");
    project.up();
    project.shell(&connect).ends_with(0);
    assert_clean(&project);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_eq!(project.read("compose.yaml"), before);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn sqlalchemy_knows_no_dialect_called_postgres() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    server.add("shop", "indigo-Quay-19", "", "shop");
    let project = story("url-scheme");
    project.replace(".env", ":5432/", &format!(":{}/", server.port));
    let upgrade = "alembic upgrade head";
    let broken = "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres";
    assert_fails_with(&on_the_host(&project, upgrade), broken);
    assert_found(&project, &[("url-scheme-unknown", ".env:2:14")]);
    let fix = project.devdoctor(&["fix", "--yes", "--unsafe"]);
    assert!(project.read(".env").contains("DATABASE_URL=postgresql"), "{fix}");
    on_the_host(&project, upgrade).ends_with(0);
    assert_eq!(server.psql("shop", "select version_num from alembic_version").unwrap(), "0001");
    assert_clean(&project);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_url_that_alembic_init_writes_leads_nowhere() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    server.add("shop", "indigo-Quay-19", "", "shop");
    let project = story("url-placeholder");
    let broken = "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:driver";
    assert_fails_with(&on_the_host(&project, "alembic upgrade head"), broken);
    assert_found(&project, &[("url-placeholder", "alembic.ini:3:18")]);
    let url = format!("postgresql+psycopg://shop:indigo-Quay-19@127.0.0.1:{}/shop", server.port);
    project.replace("alembic.ini", "driver://user:pass@localhost/dbname", &url);
    on_the_host(&project, "alembic upgrade head").ends_with(0);
    assert_clean(&project);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_compose_file_that_is_no_yaml_is_pointed_at_and_the_rest_is_judged() {
    let project = story("compose-syntax");
    assert_fails_with(&project.shell("docker compose config -q"), "did not find expected key");
    project.write(".env", "DATABASE_URL=postgresql+psycopg://shop:pine@Gate-27@127.0.0.1:1/shop\n");
    let answer = project.devdoctor(&["check", "--offline", "--format", "json"]).ends_with(1);
    let report = answer.report();
    report.assert_places("url-password-not-encoded", &[".env:1:44"]);
    report.assert_places("compose-unreadable", &["compose.yaml:7:4"]);
    project.replace("compose.yaml", "\n   environment:", "\n    environment:");
    project.shell("docker compose config -q").ends_with(0);
    assert_eq!(
        project.devdoctor(&["check", "--offline", "--format", "json"]).report().found(),
        ["url-password-not-encoded"]
    );
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_image_without_pgvector_is_named() {
    let project = story("vector-not-available").with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES_PLAIN");
    use_the_published_port(&project);
    project.up();
    let create = "docker compose exec -T db psql -U shop -c 'create extension vector'";
    assert_fails_with(&project.shell(create), "extension \"vector\" is not available");
    let answer = project.devdoctor(&["check", "--format", "json"]).ends_with(1);
    let report = answer.report();
    assert_eq!(report.found(), ["postgres-vector-not-available"], "{answer}");
    let finding = report.of("postgres-vector-not-available")[0];
    assert_eq!(finding["fix"]["applicability"].as_str().unwrap_or("manual"), "manual", "{answer}");
    assert!(finding.to_string().contains("16"), "the version is not named: {answer}");
    assert!(finding.to_string().contains("compose.yaml"), "the place of the image is not named: {answer}");
    // The cure by hand: an image of the same version that has it.
    let cured = project.with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES");
    cured.up();
    cured.shell(create).ends_with(0);
    assert_clean(&cured);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_a_service_of_root_will_write_is_said_before_it_does() {
    let project = story("service-writes-as-root");
    assert_eq!(
        project.devdoctor(&["check", "--offline", "--format", "json"]).report().with_outcome("crashed"),
        [""; 0]
    );
    project.up();
    project.shell("until [ -e reports/latest.txt ]; do sleep 0.1; done").ends_with(0);
    assert_eq!(project.tree().owner("reports/latest.txt"), (0, 0));
    let answer = project.devdoctor(&["check", "--format", "json"]).ends_with(1);
    let report = answer.report();
    assert_eq!(report.found(), ["ownership-foreign-files", "ownership-service-writes-as-root"], "{answer}");
    report.assert_places("ownership-service-writes-as-root", &["compose.yaml:7:9"]);
    // One story: the service is the cause, the files are the consequence.
    let cause = report.of("ownership-service-writes-as-root")[0];
    for consequence in report.of("ownership-foreign-files") {
        assert_eq!(consequence["follows_from"], cause["fingerprint"], "{answer}");
    }
    assert_eq!((report.0["summary"]["error"].as_u64().unwrap() + report.0["summary"]["warning"].as_u64().unwrap()), 1);
    // The cure needs a yes.
    let before = project.read("compose.yaml");
    project.devdoctor(&["fix", "--yes"]).ends_with(1);
    assert_eq!(project.read("compose.yaml"), before, "an unsafe fix was applied without being asked for");
    let fix = project.devdoctor(&["fix", "--yes", "--unsafe"]);
    let (uid, gid) = Person::User.owner().unwrap();
    assert!(fix.all().contains("docker compose up -d"), "{fix}");
    project.up();
    project.shell("rm -rf reports; docker compose restart --timeout 0 worker").ends_with(0);
    project.shell("until [ -e reports/latest.txt ]; do sleep 0.1; done").ends_with(0);
    assert_eq!(project.tree().owner("reports/latest.txt"), (uid, gid), "{fix}");
    assert_clean(&project);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_user_that_make_never_assigns_is_root() {
    let project = story("uid-never-assigned");
    project.up();
    project.shell("make note").ends_with(0);
    assert_eq!(project.tree().owner("note.txt"), (0, 0));
    let report = project.devdoctor(&["check", "--format", "json"]).ends_with(1).report();
    assert_eq!(report.found(), ["exec-as-root", "ownership-foreign-files"], "{:#}", report.0);
    assert!(report.places("exec-as-root")[0].starts_with("Makefile:4:"), "{:#}", report.0);
    let cause = report.of("exec-as-root")[0];
    assert_eq!(report.of("ownership-foreign-files")[0]["follows_from"], cause["fingerprint"], "{:#}", report.0);
    project.devdoctor(&["fix", "--yes"]).ends_with(0);
    assert_eq!(project.tree().owner("note.txt"), Person::User.owner().unwrap());
    project.shell("rm note.txt && make note").ends_with(0);
    assert_eq!(project.tree().owner("note.txt"), Person::User.owner().unwrap());
    assert_clean(&project);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_wrong_password_and_a_database_that_is_not_there_are_told_apart() {
    for (name, real, state, cured) in [
        ("password-wrong", "password authentication failed for user \"shop\"", "28P01", ("Meadow-34", "Meadow-35")),
        ("database-missing", "database \"shop_dev\" does not exist", "3D000", ("/shop_dev", "/shop")),
    ] {
        let project = story(name);
        use_the_published_port(&project);
        project.up();
        let connect = format!("python -c \"{CONNECT}\"");
        assert_fails_with(&on_the_host(&project, &connect), real);
        let answer = project.devdoctor(&["check", "--format", "json"]).ends_with(1);
        let report = answer.report();
        assert_eq!(report.found(), ["postgres-unreachable"], "{answer}");
        assert!(report.places("postgres-unreachable")[0].starts_with(".env:1:"), "{answer}");
        assert!(report.of("postgres-unreachable")[0].to_string().contains(state), "no SQLSTATE {state}: {answer}");
        project.replace(".env", cured.0, cured.1);
        on_the_host(&project, &connect).ends_with(0);
        assert_clean(&project);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_service_that_gets_another_user_can_still_write_all_its_mounts() {
    const ID: &str = "ownership-service-writes-as-root";
    let (image, label) = (variable("DEVDOCTOR_TEST_IMAGE_PYTHON"), variable("DEVDOCTOR_TEST_RUN"));
    let project = Project::empty(Person::User);
    project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"0\"\nrequires-python = \">=3.9\"\n");
    project.write(
        "compose.yaml",
        format!(
            "services:\n  api:\n    image: {image}\n    working_dir: /app\n    stop_grace_period: 0s\n    \
             labels: {{devdoctor.test: \"{label}\"}}\n    \
             command: sh -c \"uv run python -V && touch /state/x && sleep 600\"\n    volumes:\n      - .:/app\n      \
             - venv:/app/.venv\n      - state:/state\nvolumes:\n  venv:\n  state:\n"
        ),
    );
    project.up();
    project.shell("until docker compose exec -T api test -e /state/x; do sleep 0.1; done").ends_with(0);
    // Both volumes hold root's files. That is said, and nothing is broken by a yes.
    let fix = project.devdoctor(&["fix", "--yes", "--unsafe"]).ends_with(1);
    assert!(!project.read("compose.yaml").contains("user:"), "{fix}");
    let check = project.devdoctor(&["check", "--only", ID]).ends_with(1);
    let words = check.out.replace("\n          ", " ");
    let (uid, gid) = Person::User.owner().unwrap();
    let cannot = format!("run `api` as {uid}:{gid} when it can write `/app/.venv` and `/state`");
    assert!(words.contains(&cannot), "{check}");
    // The commands that it names, as they stand there.
    for path in ["/app/.venv", "/state"] {
        let command = format!("docker compose exec -u 0 api chown -hR {uid}:{gid} {path}");
        assert!(words.contains(&command), "{check}");
        project.shell(&command.replace("exec", "exec -T")).ends_with(0);
    }
    project.devdoctor(&["fix", "--yes", "--unsafe"]).ends_with(0);
    assert!(project.read("compose.yaml").contains("user: \"${HOST_UID:-"), "{}", project.read("compose.yaml"));
    project.up();
    project
        .shell("sleep 2; docker compose exec -T api sh -c 'touch /app/made /state/made /app/.venv/made'")
        .ends_with(0);
    assert_eq!(project.tree().owner("made"), (uid, gid));
    project.down();
    // Empty volumes are given with the user.
    project.replace("compose.yaml", "uv run python -V && touch /state/x", "true");
    project.devdoctor(&["undo"]).ends_with(1);
    let edited = project.read("compose.yaml");
    let user = edited.lines().find(|line| line.contains("user:")).unwrap().to_owned();
    project.replace("compose.yaml", &format!("{user}\n"), "");
    project.up();
    let fix = project.devdoctor(&["fix", "--yes", "--unsafe", "--only", ID]).ends_with(0);
    assert!(fix.out.replace("\n  ", " ").contains("and give it `/app/.venv` and `/state`"), "{fix}");
    project.replace("compose.yaml", "true && sleep", "uv run python -V && touch /state/x && sleep");
    project.up();
    project.shell("until docker compose exec -T api test -e /state/x; do sleep 0.1; done").ends_with(0);
    assert_eq!(project.shell("docker compose exec -T api stat -c %u /state /state/x").out, format!("{uid}\n{uid}\n"));
}
