//! Scripts of an environment that name a Python of another place, on the host and behind a mount.

use super::projects::{HEAD, Shop};
use super::support::variable;

const ID: &str = "alembic-script-interpreter-gone";

/// Images, the environments with their tools, and what uv says of a script that cannot be started.
const SETS: [(&str, &str, &str); 2] = [
    (
        "DEVDOCTOR_TEST_IMAGE_UV",
        "DEVDOCTOR_TEST_VENV",
        "error: Failed to spawn: alembic\n  cause: No such file or directory (os error 2)",
    ),
    (
        "DEVDOCTOR_TEST_IMAGE_UV_2025",
        "DEVDOCTOR_TEST_VENV_2025",
        "error: Failed to spawn: `alembic`\n  Caused by: No such file or directory (os error 2)",
    ),
];

/// A project whose environment was made on the host, at a path that containers do not have, and moved since.
fn project(image: &str, venv: &str) -> Shop {
    let mut shop = Shop::locked(image, "");
    // Of the host's environment only uv: what has an alembic of its own in the PATH would run that.
    let programs = shop.project.home.join("bin").display().to_string();
    shop.project.shell(&format!("mkdir {programs} && ln -s {}/bin/uv {programs}/", variable(venv))).ends_with(0);
    shop.project.environment.push(("PATH".into(), format!("{programs}:/usr/local/bin:/usr/bin:/bin")));
    shop.write("compose.yaml", "services:\n  app:\n    image: IMAGE\n    network_mode: none\n    init: true\n    stop_grace_period: 0s\n    command: sleep infinity\n    volumes:\n      - .:/app\n");
    // What the host's uv installs from lies in the image.
    let wheels = format!("id=$(docker create {}) && docker cp -q $id:/wheels . ; docker rm $id", variable(image));
    shop.project.shell(&wheels).ends_with(0);
    shop.write("pyproject.toml", &shop.project.read("pyproject.toml").replace("/wheels", "wheels"));
    let make = "rm uv.lock && uv lock && uv sync --python /usr/bin/python3 && uv run alembic heads";
    shop.project.shell(make).ends_with(0);
    shop
}

/// Whether a recipe of the host finds alembic hangs on the shell that calls make: nothing is said of it but by `why`.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_recipe_of_the_host_works_in_an_activated_environment() {
    for (image, venv, _) in SETS {
        let shop = project(image, venv);
        shop.write("Makefile", "a:\n\talembic heads\nb:\n\tuv run python -m alembic heads\n");
        let broken = shop.project.shell("make a").ends_with(2);
        for text in ["make: alembic: No such file or directory", "make: *** [Makefile:2: a] Error 127"] {
            assert!(broken.all().contains(text), "{broken}");
        }
        let named = shop.project.devdoctor(&["why", "--offline", "--format", "json", &broken.all()]);
        assert!(named.out.contains(super::projects::ID), "{named}");
        for works in [". .venv/bin/activate && make a", "uv run make a", "make b"] {
            let works = shop.project.shell(works).ends_with(0);
            assert!(works.out.contains(HEAD), "{works}");
        }
        assert_eq!(shop.report().places(super::projects::ID), [""; 0]);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_environment_that_was_made_elsewhere_is_seen_and_made_anew() {
    for (image, venv, spawn) in SETS {
        let shop = project(image, venv);
        let shell = |line: &str| shop.project.shell(line);
        shop.project.up();
        let inside = "docker compose exec -T app";
        let container = format!("docker exec {}-app-1 /app/.venv/bin/alembic heads", shop.name());
        let root = shop.project.root.display().to_string();
        // Broken on the side of the container alone: there is no such path.
        let broken = |lines: &[(String, i32, String)]| {
            for (line, status, text) in lines {
                let said = shell(line);
                assert!(said.status == *status && said.all().contains(text), "{text}: {said}");
                let named = shop.project.devdoctor(&["why", "--offline", "--format", "json", &said.all()]);
                assert!(named.out.contains(ID), "{line}: {named}");
            }
        };
        let required = "cannot execute: required file not found".to_owned();
        broken(&[
            (format!("{inside} bash -c '.venv/bin/alembic heads'"), 127, required.clone()),
            (
                format!("{inside} .venv/bin/alembic heads"),
                1,
                "exec .venv/bin/alembic: no such file or directory".into(),
            ),
            (container, 1, "exec /app/.venv/bin/alembic: no such file or directory".into()),
            (format!("{inside} uv run --no-sync alembic heads"), 2, spawn.to_owned()),
        ]);
        let works = shell(&format!("{inside} .venv/bin/python -m alembic heads")).ends_with(0);
        assert!(works.out.contains(HEAD), "{works}");
        let report = |only: &str| shop.project.devdoctor(&["check", "--only", only, "--format", "json"]).report();
        report("alembic").assert_places(ID, &["compose.yaml:9:9"]);

        // And on the host's, once the project lies elsewhere.
        let moved = format!("{root}/.venv/bin/python");
        shell(&format!("sed -i '1s|.*|#!/home/me/old/.venv/bin/python|; s|{moved}|/home/me/old/.venv/bin/python|' .venv/bin/alembic")).ends_with(0);
        broken(&[
            ("bash -c '.venv/bin/alembic heads'".into(), 127, required),
            ("uv run --no-sync alembic heads".into(), 2, spawn.to_owned()),
        ]);
        let found = report("alembic");
        found.assert_places(ID, &[".venv/bin/alembic:1:1", "compose.yaml:9:9"]);
        // What it says helps here; behind the mount the path is another one still.
        let title =
            found.of(ID).iter().find(|one| one["location"]["path"] == ".venv/bin/alembic").unwrap()["fix"]["title"]
                .as_str()
                .unwrap()
                .to_owned();
        let (_, command) = title.split_once(": ").unwrap();
        assert_eq!(command, "rm -r .venv && uv sync");
        shell(command).ends_with(0);
        for line in ["bash -c '.venv/bin/alembic heads'", "uv run --no-sync alembic heads"] {
            let works = shell(line).ends_with(0);
            assert!(works.out.contains(HEAD), "{works}");
        }
        report("alembic").assert_places(ID, &["compose.yaml:9:9"]);
    }
}
