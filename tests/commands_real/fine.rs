//! Lines and images that work, of which nothing is said.

use std::fmt::Write;

use super::projects::{DOCKERFILE, HEAD, ID, SETS, Shop};
use super::support::variable;

const SYSTEM: &str = "FROM IMAGE\nCOPY alembic.ini ./\nCOPY migrations migrations\nRUN uv pip install --system --break-system-packages --no-index --find-links /wheels alembic\n";

/// What a Dockerfile is, what its service has besides, and the command of it that works.
const IMAGES: [(&str, &str, &str, &str); 10] = [
    ("path", "DOCKERFILE\nENV PATH=/app/.venv/bin:$PATH\n", "", "alembic heads"),
    ("old", "DOCKERFILE\nENV VIRTUAL_ENV /app/.venv\nENV PATH \"$VIRTUAL_ENV/bin:$PATH\"\n", "", "alembic heads"),
    (
        "service",
        "DOCKERFILE\n",
        "    environment:\n      PATH: /app/.venv/bin:/usr/local/bin:/usr/bin:/bin\n",
        "alembic heads",
    ),
    ("system", "SYSTEM", "", "alembic heads"),
    ("module", "SYSTEM", "", "python3 -m alembic heads"),
    (
        "pip",
        "FROM IMAGE\nCOPY alembic.ini ./\nCOPY migrations migrations\nRUN python3 -m venv /opt/pip && /opt/pip/bin/pip install --no-index --find-links /wheels alembic && ln -s /opt/pip/bin/alembic /usr/local/bin/\n",
        "",
        "alembic heads",
    ),
    ("linked", "DOCKERFILE\nRUN ln -s /app/.venv/bin/alembic /usr/local/bin/\n", "", "alembic heads"),
    ("wrapper", "DOCKERFILE\nENTRYPOINT [\"uv\", \"run\"]\n", "", "alembic heads"),
    ("entry", "DOCKERFILE\n", "    entrypoint: [uv, run]\n", "alembic heads"),
    (
        "started",
        "DOCKERFILE\nRUN printf '#!/bin/sh\\n. /app/.venv/bin/activate\\nexec \"$@\"\\n' > /start.sh\nENTRYPOINT [\"sh\", \"/start.sh\"]\n",
        "",
        "alembic heads",
    ),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn nothing_is_said_of_images_that_have_alembic_in_their_path() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        let mut compose = "services:\n".to_owned();
        let mut makefile = String::new();
        for (name, image, service, command) in IMAGES {
            let image = image.replace("DOCKERFILE\n", DOCKERFILE).replace("SYSTEM", SYSTEM);
            shop.write(&format!("{name}.Dockerfile"), &image);
            write!(compose, "  {name}:\n    build:\n      dockerfile: {name}.Dockerfile\n    network_mode: none\n    stop_grace_period: 0s\n{service}    command: {command}\n").unwrap();
            // What is run in a container that is up already knows nothing of an entrypoint.
            let verb = if ["wrapper", "entry", "started"].contains(&name) { "run --rm" } else { "exec" };
            writeln!(makefile, "{name}:\n\tdocker compose {verb} -T {name} {command}").unwrap();
        }
        shop.write("compose.yaml", &compose);
        shop.write("Makefile", &makefile);
        shop.build();
        for (name, ..) in IMAGES {
            let works = shop.project.shell(&format!("docker compose run --rm -T {name}")).ends_with(0);
            assert!(works.out.contains(HEAD), "{works}");
        }
        assert_eq!(shop.report().places(ID), [""; 0]);
        // The same while their containers are there.
        let waiting = IMAGES.iter().fold(compose, |text, (.., command)| {
            text.replace(&format!("    command: {command}\n"), "    command: sleep 600\n")
        });
        shop.write("compose.yaml", &waiting);
        shop.project.up();
        for (name, ..) in IMAGES {
            let works = shop.project.shell(&format!("make {name}")).ends_with(0);
            assert!(works.out.contains(HEAD), "{works}");
        }
        assert_eq!(shop.report().places(ID), [""; 0]);
    }
}

/// Recipes that find alembic in an image that has nothing in its PATH.
const RECIPES: [&str; 11] = [
    "docker compose exec -T app uv run alembic heads",
    "docker compose exec -T app uv run python -m alembic heads",
    "docker compose exec -T app uv run -m alembic heads",
    "docker compose exec -T app .venv/bin/alembic heads",
    "docker compose exec -T app /app/.venv/bin/alembic heads",
    "docker compose exec -T app .venv/bin/python -m alembic heads",
    "docker compose exec -T app bash -c 'source .venv/bin/activate && alembic heads'",
    "docker compose exec -T app sh -c '. .venv/bin/activate; alembic heads'",
    "docker compose exec -T app sh -c 'PATH=/app/.venv/bin:/usr/bin:/bin alembic heads'",
    "docker compose exec -T -e PATH=/app/.venv/bin:/usr/bin:/bin app alembic heads",
    "docker compose run --rm -T --entrypoint 'uv run' app alembic heads",
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn nothing_is_said_of_lines_that_find_alembic() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        let mut makefile = String::new();
        for (number, recipe) in RECIPES.iter().enumerate() {
            writeln!(makefile, "a{number}:\n\t{recipe}").unwrap();
        }
        shop.write("Makefile", &makefile);
        shop.build();
        shop.project.up();
        for (number, recipe) in RECIPES.iter().enumerate() {
            let works = shop.project.shell(&format!("make a{number}")).ends_with(0);
            assert!(works.out.contains(HEAD), "{recipe}: {works}");
        }
        assert_eq!(shop.report().places(ID), [""; 0]);
    }
}

/// A manager that only the build has: what it would be run by is not there, so that nothing is put in.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_manager_that_only_the_build_has_is_not_called() {
    let other = variable("DEVDOCTOR_TEST_IMAGE_POETRY");
    let built = format!("{DOCKERFILE}FROM {other}\nCOPY --from=0 /app /app\nWORKDIR /app\n");
    let lent = DOCKERFILE.replace("FROM IMAGE", &format!("FROM {other}\nWORKDIR /app"));
    let lent = lent.replace("RUN", "RUN --mount=from=IMAGE,source=/usr/local/bin/uv,target=/bin/uv");
    // The other image has the newest wheels.
    for (set, dockerfile) in [(SETS[0], &built), (SETS[1], &built), (SETS[0], &lent)] {
        let shop = Shop::locked(set, "");
        shop.write("Dockerfile", dockerfile);
        shop.write("Makefile", "a:\n\tdocker compose exec -T app alembic heads\n");
        shop.build();
        shop.project.up();
        let absent = "exec: \"alembic\": executable file not found in $PATH";
        assert!(shop.project.shell("make a").all().contains(absent));
        let gone = shop.project.shell("docker compose exec -T app uv --version");
        assert!(gone.all().contains("exec: \"uv\": executable file not found"), "{gone}");
        shop.report().assert_places(ID, &["Makefile:2:29"]);
        // What it says helps.
        let finding = shop.report().of(ID)[0].clone();
        let title = "put the environment into PATH, in the Dockerfile: ENV PATH=/app/.venv/bin:$PATH";
        assert_eq!((&finding["fix"]["applicability"], &finding["fix"]["title"]), (&"manual".into(), &title.into()));
        let (_, line) = title.split_once(": ").unwrap();
        shop.write("Dockerfile", &format!("{dockerfile}{line}\n"));
        shop.build();
        shop.project.up();
        let works = shop.project.shell("make a").ends_with(0);
        assert!(works.out.contains(HEAD), "{works}");
        assert_eq!(shop.report().places(ID), [""; 0]);
    }
}
