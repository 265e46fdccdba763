//! Where `python -m alembic` is not Alembic: a folder or a file of the project shadows it, or it is not installed there.

use super::projects::{HEAD, ID, SETS, Shop};

const MAIN: &str = "No module named alembic.__main__; 'alembic' is a package and cannot be directly executed";

/// A project whose folder of revisions is called `alembic`.
fn named_alembic(set: &str, shadow: &str) -> Shop {
    let shop = Shop::locked(set, "");
    shop.project.shell("mv migrations alembic && sed -i 's/= migrations/= alembic/' alembic.ini").ends_with(0);
    shop.write(
        "Dockerfile",
        &super::projects::DOCKERFILE
            .replace("COPY migrations migrations", "COPY alembic alembic")
            .replace("alembic.ini ./", &format!("alembic.ini {shadow} ./")),
    );
    shop
}

const RECIPES: [(&str, &str, &str); 4] = [
    ("managed", "docker compose exec -T app uv run python -m alembic heads", "Makefile:2:46"),
    ("module", "docker compose exec -T app uv run -m alembic heads", "Makefile:4:39"),
    ("path", "docker compose exec -T app .venv/bin/python -m alembic heads", "Makefile:6:49"),
    ("script", "docker compose exec -T app sh -c 'true && uv run python -m alembic heads'", "Makefile:8:61"),
];

fn makefile(shop: &Shop) {
    let recipes = RECIPES.iter().map(|(target, recipe, _)| format!("{target}:\n\t{recipe}\n"));
    shop.write("Makefile", &recipes.collect::<String>());
    shop.build();
    shop.project.up();
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_package_of_the_project_is_passed_by_with_the_script() {
    for set in SETS {
        let shop = named_alembic(set, "");
        shop.write("alembic/__init__.py", "");
        makefile(&shop);
        let lines: Vec<_> = RECIPES.iter().map(|(target, ..)| (format!("make {target}"), MAIN)).collect();
        shop.is_cured(&lines, &RECIPES.map(|(.., place)| place));
        // By hand: without the file the module is found.
        shop.project.shell("rm alembic/__init__.py").ends_with(0);
        shop.build();
        shop.project.up();
        assert!(shop.project.shell("make managed").ends_with(0).out.contains(HEAD));
        assert_eq!(shop.report().places(ID), [""; 0]);
    }
}

/// The cure of the bare command must not lead there.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_bare_command_beside_a_package_of_the_project_is_run_as_the_script() {
    for set in SETS {
        let shop = named_alembic(set, "");
        shop.write("alembic/__init__.py", "");
        shop.write(
            "Makefile",
            "a:\n\tdocker compose exec -T app alembic heads\nb:\n\tdocker compose exec -T app python3 -m alembic heads\n",
        );
        shop.build();
        shop.project.up();
        let lines =
            [("make a".to_owned(), "exec: \"alembic\": executable file not found"), ("make b".to_owned(), MAIN)];
        shop.is_cured(&lines, &["Makefile:2:29", "Makefile:4:40"]);
        shop.project.devdoctor(&["fix", "--yes", "--only", ID]).ends_with(0);
        assert!(shop.project.read("Makefile").contains("app uv run alembic heads"));
    }
}

/// A folder of revisions is a package of its own where Alembic is not installed.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_folder_of_the_project_is_the_module_where_alembic_is_not_installed() {
    for set in SETS {
        let shop = named_alembic(set, "");
        shop.write("Makefile", "a:\n\tdocker compose exec -T app python3 -m alembic heads\n");
        shop.build();
        shop.project.up();
        shop.is_cured(&[("make a".to_owned(), MAIN)], &["Makefile:2:40"]);
    }
}

/// A file of that name does nothing, and says so to nobody.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_file_of_the_project_that_is_run_in_place_of_alembic_is_seen() {
    for set in SETS {
        let shop = Shop::locked(set, "");
        shop.write("alembic.py", "");
        shop.write("Dockerfile", &super::projects::DOCKERFILE.replace("alembic.ini ./", "alembic.ini alembic.py ./"));
        makefile(&shop);
        for (target, ..) in RECIPES {
            let nothing = shop.project.shell(&format!("make -s {target}")).ends_with(0);
            assert_eq!(nothing.all(), "", "{nothing}");
        }
        let mut places = RECIPES.map(|(.., place)| place);
        places.sort_unstable();
        shop.report().assert_places(ID, &places);
        let before = shop.project.read("Makefile");
        shop.project.devdoctor(&["fix", "--yes", "--only", ID]).ends_with(0);
        for (target, ..) in RECIPES {
            let works = shop.project.shell(&format!("make {target}")).ends_with(0);
            assert!(works.out.contains(HEAD), "{works}");
        }
        shop.project.devdoctor(&["undo"]).ends_with(0);
        assert_eq!(shop.project.read("Makefile"), before);
    }
}
