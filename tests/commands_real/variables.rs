//! Variables that `env.py` reads, in containers that have them and in those that have not.

use super::projects::{SETS, Shop};

const UNSET: &str = "alembic-url-variable-unset";
const ENV_PY: &str = "import os\n\nfrom sqlalchemy import create_engine\n\nengine = create_engine(os.environ[\"SHOP_URL\"])\nprint(\"OPEN\")\n";

/// Services, and whether their containers have the variable. Each starts with alembic.
const SERVICES: [(&str, &str, bool); 8] = [
    ("none", "    command: uv run alembic upgrade head\n", false),
    ("other", "    command: uv run alembic check\n    environment:\n      OTHER: ${SHOP_URL}\n", false),
    ("shell", "    command: sh -c 'exec uv run alembic current'\n", false),
    ("entry", "    entrypoint: [uv, run, alembic, current]\n", false),
    ("passed", "    command: uv run alembic current\n    environment:\n      SHOP_URL:\n", true),
    ("given", "    command: uv run alembic current\n    environment:\n      SHOP_URL: ${SHOP_URL}\n", true),
    ("file", "    command: uv run alembic current\n    env_file: .env\n", true),
    ("line", "    command: sh -c 'SHOP_URL=sqlite:// uv run alembic current'\n", true),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn containers_without_the_variable_of_env_py_are_told() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        shop.write("migrations/env.py", ENV_PY);
        shop.write(".env", "SHOP_URL=sqlite://\n");
        let mut compose = "services:\n".to_owned();
        for (name, text, _) in SERVICES {
            compose += &format!("  {name}:\n    build: .\n    network_mode: none\n{text}");
        }
        // The revisions are read without `env.py`.
        compose += "  read:\n    build: .\n    network_mode: none\n    command: uv run alembic heads\n";
        shop.write("compose.yaml", &compose);
        shop.write(
            "Makefile",
            "by-hand:\n\tdocker compose run --rm -T -e SHOP_URL=sqlite:// none uv run alembic current\n",
        );
        shop.build();
        shop.project.shell("docker compose run --rm -T read").ends_with(0);
        let mut lacking = vec![];
        for (name, _, has) in SERVICES {
            let said = shop.project.shell(&format!("docker compose run --rm -T {name}")).all();
            assert_eq!(said.contains("OPEN"), has, "{name}: {said}");
            assert_eq!(said.contains("KeyError: 'SHOP_URL'"), !has, "{name}: {said}");
            if !has {
                lacking.push(name);
                let named = shop.project.devdoctor(&["why", "--offline", "--format", "json", &said]);
                assert!(named.out.contains(UNSET), "{named}");
            }
        }
        let report = shop.project.devdoctor(&["check", "--only", UNSET, "--format", "json"]).report();
        let mut told: Vec<&str> =
            report.of(UNSET).iter().map(|found| found["evidence"][0]["subject"].as_str().unwrap()).collect();
        told.sort_unstable();
        lacking.sort_unstable();
        assert_eq!(told, lacking, "{:#}", report.0);
    }
}
