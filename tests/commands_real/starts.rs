//! What containers start with, and what images are built by: `command:` and `entrypoint:` in every form, `CMD`, `ENTRYPOINT` and
//! `RUN`.

use super::projects::{DOCKERFILE, HEAD, ID, SETS, Shop};
use super::support::tree::Compared;

const ABSENT: &str = "exec: \"alembic\": executable file not found in $PATH";
const NOT_FOUND: &str = "1: alembic: not found";

/// Services, what they say, and the line and column of the word from the service's first line on.
const SERVICES: [(&str, &str, &str, usize, usize); 12] = [
    ("text", "    command: alembic heads\n", ABSENT, 4, 14),
    ("quoted", "    command: \"alembic heads\"\n", ABSENT, 4, 15),
    ("list", "    command: [\"alembic\", \"heads\"]\n", ABSENT, 4, 16),
    ("plain", "    command: [alembic, heads]\n", ABSENT, 4, 15),
    ("block", "    command:\n      - alembic # of the project\n      - heads\n", ABSENT, 5, 9),
    ("script", "    command: sh -c \"cd /app && exec alembic heads\"\n", "1: exec: alembic: not found", 4, 37),
    ("folded", "    command: >\n      sh -c \"sleep 0\n      && alembic heads\"\n", NOT_FOUND, 6, 10),
    ("listed", "    command: [sh, -c, 'sleep 0; alembic heads']\n", NOT_FOUND, 4, 33),
    (
        "lines",
        "    command:\n      - bash\n      - -c\n      - |\n        set -e\n        alembic heads\n",
        "line 2: alembic: command not found",
        9,
        9,
    ),
    ("entry", "    entrypoint: alembic\n    command: heads\n", ABSENT, 4, 17),
    ("entries", "    entrypoint: [\"alembic\"]\n    command: [\"heads\"]\n", ABSENT, 4, 19),
    ("module", "    command: python3 -m alembic heads\n", "python3: No module named alembic", 4, 25),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn services_that_start_with_alembic_start_through_uv() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        let mut compose = "services:\n".to_owned();
        let mut places = vec![];
        for (name, text, _, line, column) in SERVICES {
            places.push(format!("compose.yaml:{}:{column}", compose.lines().count() + line));
            compose += &format!("  {name}:\n    build: .\n    network_mode: none\n{text}");
        }
        shop.write("compose.yaml", &compose);
        shop.build();
        let lines: Vec<_> =
            SERVICES.iter().map(|(name, _, said, ..)| (format!("docker compose run --rm -T {name}"), *said)).collect();
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        shop.is_cured(&lines, &places);
    }
}

/// What Dockerfiles end with, what starting their image says, and the line and column of the word behind the common part.
const IMAGES: [(&str, &str, &str, usize, usize); 5] = [
    ("shell", "CMD alembic heads\n", NOT_FOUND, 1, 5),
    ("exec", "CMD [\"alembic\", \"heads\"]\n", ABSENT, 1, 7),
    ("lines", "CMD cd /app \\\n    && alembic heads\n", NOT_FOUND, 2, 8),
    ("entry", "ENTRYPOINT [\"alembic\"]\nCMD [\"heads\"]\n", ABSENT, 1, 14),
    ("both", "FROM IMAGE AS other\nFROM 0\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"alembic\", \"heads\"]\n", "", 4, 7),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn images_that_start_with_alembic_start_through_uv() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        let mut compose = "services:\n".to_owned();
        let (mut places, mut lines) = (vec![], vec![]);
        for (name, text, said, line, column) in IMAGES {
            compose += &format!("  {name}:\n    build:\n      dockerfile: {name}.Dockerfile\n    network_mode: none\n");
            shop.write(&format!("{name}.Dockerfile"), &format!("{DOCKERFILE}{text}"));
            places.push(format!("{name}.Dockerfile:{}:{column}", 4 + line));
            // The test's images have no such program.
            let run = if name == "both" { "--entrypoint '' both alembic heads" } else { name };
            let said = if said.is_empty() { ABSENT } else { said };
            lines.push((format!("docker compose build -q {name} && docker compose run --rm -T {run}"), said));
        }
        // Its line is no part of the project: only what the Dockerfile says is cured.
        lines.pop();
        shop.write("compose.yaml", &compose);
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        shop.is_cured(&lines, &places);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn builds_that_run_alembic_run_it_through_uv() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        for (text, place) in [
            ("RUN alembic heads\n", "Dockerfile:5:5"),
            ("RUN cd /app \\\n    && alembic heads \\\n    && echo done\n", "Dockerfile:6:8"),
            ("RUN [\"alembic\", \"heads\"]\n", "Dockerfile:5:7"),
        ] {
            shop.write("Dockerfile", &format!("{DOCKERFILE}{text}"));
            let build = || shop.project.shell("docker compose --progress plain build --no-cache app");
            let broken = build();
            let said = if text.contains('[') { ABSENT } else { "/bin/sh: 1: alembic: not found" };
            assert!(broken.status != 0 && broken.all().contains(said), "{broken}");
            shop.report().assert_places(ID, &[place]);
            let before = shop.project.tree();
            shop.project.devdoctor(&["fix", "--yes", "--only", ID]).ends_with(0);
            let works = build().ends_with(0);
            assert!(works.all().contains(HEAD), "{works}");
            shop.report().assert_places(ID, &[]);
            shop.project.devdoctor(&["undo"]).ends_with(0);
            before.assert_same(&shop.project.tree(), Compared::Content);
        }
    }
}

/// Dockerfiles that end with a script, what starting their image says, and whether that finds alembic.
const SCRIPTS: [(&str, &str, &str); 5] = [
    (
        "shell",
        "COPY . .\nCMD [\"bash\", \"scripts/prestart.sh\"]\n",
        "scripts/prestart.sh: line 3: alembic: command not found",
    ),
    (
        "entry",
        "COPY . .\nENTRYPOINT [\"/app/scripts/entry.sh\"]\nCMD [\"alembic\", \"heads\"]\n",
        "exec: alembic: not found",
    ),
    ("inner", "COPY scripts/ /srv/\nCMD cd /srv && ./outer.sh\n", "./inner.sh: 2: alembic: not found"),
    ("managed", "COPY . .\nCMD [\"uv\", \"run\", \"bash\", \"scripts/managed.sh\"]\n", HEAD),
    ("sets", "COPY . .\nCMD [\"scripts/sets.sh\"]\n", HEAD),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn scripts_that_containers_start_with_run_it_through_uv() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        for (path, text) in [
            ("prestart.sh", "#! /usr/bin/env bash\nset -e\nalembic heads\n"),
            ("entry.sh", "#!/bin/sh\nset -e\nexec \"$@\"\n"),
            ("outer.sh", "#!/bin/sh\n./inner.sh\n"),
            ("inner.sh", "#!/bin/sh\ncd /app && alembic heads\n"),
            ("managed.sh", "alembic heads\n"),
            ("sets.sh", "#!/bin/sh\n. scripts/paths.sh\nalembic heads\n"),
            ("paths.sh", "export PATH=/app/.venv/bin:$PATH\n"),
        ] {
            shop.write(&format!("scripts/{path}"), text);
        }
        shop.project.shell("chmod +x scripts/*.sh").ends_with(0);
        let (mut compose, mut lines) = ("services:\n".to_owned(), vec![]);
        for (name, text, said) in SCRIPTS {
            compose += &format!("  {name}:\n    build:\n      dockerfile: {name}.Dockerfile\n    network_mode: none\n");
            // The folder of the base image, which only this one says.
            shop.write(&format!("{name}.Dockerfile"), &format!("{DOCKERFILE}WORKDIR /app\n{text}"));
            lines.push((format!("docker compose build -q {name} && docker compose run --rm -T {name}"), said));
        }
        shop.write("compose.yaml", &compose);
        let fine: Vec<_> = lines.extract_if(.., |(_, said)| *said == HEAD).collect();
        for (line, _) in &fine {
            let works = shop.project.shell(line).ends_with(0);
            assert!(works.out.contains(HEAD), "{works}");
        }
        shop.is_cured(&lines, &["entry.Dockerfile:8:7", "scripts/inner.sh:2:12", "scripts/prestart.sh:3:1"]);
    }
}
