//! The same in environments that the real Poetry made, in the project and in its own folder.

use std::fmt::Write;

use super::projects::{HEAD, ID, Shop};
use super::support::variable;

/// The wheels of a set, in place of those of the image.
const DOCKERFILE: &str = "FROM POETRY
RUN rm -r /wheels
COPY --from=IMAGE /wheels /wheels
ENV POETRY_VIRTUALENVS_IN_PROJECT=INSIDE
COPY pyproject.toml alembic.ini ./
COPY migrations migrations
RUN poetry lock && poetry install
";

fn shop(set: &str, in_project: bool) -> Shop {
    let shop = Shop::new(set, "");
    let listed =
        shop.project.shell(&format!("docker run --rm --network none {} ls /wheels", variable(set))).ends_with(0);
    let mut pyproject = "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.11\"\n[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\n".to_owned();
    for wheel in listed.out.lines() {
        let name = wheel.split('-').next().unwrap();
        writeln!(pyproject, "{name} = {{ path = \"/wheels/{wheel}\" }}").unwrap();
    }
    shop.write("pyproject.toml", &pyproject);
    shop.write("poetry.lock", "");
    let dockerfile = DOCKERFILE.replace("POETRY\n", &format!("{}\n", variable("DEVDOCTOR_TEST_IMAGE_POETRY")));
    shop.write("Dockerfile", &dockerfile.replace("INSIDE", if in_project { "true" } else { "false" }));
    shop
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn lines_are_run_through_poetry() {
    for (set, in_project) in super::projects::SETS.into_iter().zip([true, false]) {
        let shop = shop(set, in_project);
        shop.write("Makefile", "a:\n\tdocker compose exec -T app alembic heads\nb:\n\tdocker compose exec -T app sh -c 'alembic heads'\nc:\n\tdocker compose exec -T app python3 -m alembic heads\n");
        shop.write(
            "compose.yaml",
            &format!(
                "{}  own:\n    build: .\n    network_mode: none\n    command: [alembic, heads]\n",
                shop.project.read("compose.yaml")
            ),
        );
        shop.build();
        shop.project.shell("docker compose up -d --no-build --wait app").ends_with(0);
        let absent = "exec: \"alembic\": executable file not found in $PATH";
        let lines = [
            ("make a", absent),
            ("make b", "sh: 1: alembic: not found"),
            ("make c", "python3: No module named alembic"),
            ("docker compose run --rm -T own", absent),
        ];
        let lines = lines.map(|(line, text)| (line.to_owned(), text));
        shop.is_cured(&lines, &["Makefile:2:29", "Makefile:4:36", "Makefile:6:40", "compose.yaml:16:15"]);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn nothing_is_said_of_what_poetry_runs_or_installs_for_the_whole_image() {
    for (set, in_project) in super::projects::SETS.into_iter().zip([false, true]) {
        let shop = shop(set, in_project);
        let mut makefile = "run:\n\tdocker compose exec -T app poetry run alembic heads\nmodule:\n\tdocker compose exec -T app poetry run python -m alembic heads\n".to_owned();
        let dockerfile = shop.project.read("Dockerfile");
        // Debian's Python is not for others to install into, so that it is told to be one that is.
        let whole = dockerfile.replace(
            "RUN poetry lock",
            "RUN rm /usr/lib/python3*/EXTERNALLY-MANAGED; poetry config virtualenvs.create false; poetry lock",
        );
        shop.write("whole.Dockerfile", &whole);
        makefile += "whole:\n\tdocker compose exec -T whole alembic heads\n";
        shop.write("Makefile", &makefile);
        shop.write("compose.yaml", &format!("{}  whole:\n    build:\n      dockerfile: whole.Dockerfile\n    network_mode: none\n    stop_grace_period: 0s\n    command: sleep 600\n", shop.project.read("compose.yaml")));
        shop.build();
        shop.project.up();
        for target in ["run", "module", "whole"] {
            let works = shop.project.shell(&format!("make {target}")).ends_with(0);
            assert!(works.out.contains(HEAD), "{works}");
        }
        assert_eq!(shop.report().places(ID), [""; 0]);
    }
}
