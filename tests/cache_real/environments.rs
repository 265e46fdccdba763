//! Virtual environments of containers with the real uv: hidden by a mount, in a volume, without their Python, far from the
//! cache.

use std::os::unix::fs::MetadataExt;

use super::projects::{OPEN, fixed, project, report, up};
use super::support::project::Project;
use super::support::tree::Compared;
use super::support::variable;

/// The uv of the host, which works for the person there.
fn uv(project: &Project, words: &str) -> super::support::answer::Answer {
    project.shell(&format!("{}/bin/uv {words}", variable("DEVDOCTOR_TEST_VENV")))
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_environment_that_a_bind_mount_hides_is_kept_by_a_volume() {
    let project = project("services:\n  app:\n    build: .\n    network_mode: none\n    volumes:\n      - .:/app\n");
    let dockerfile = "FROM IMAGE\nWORKDIR /app\nCOPY . .\nRUN uv sync\nCMD [\".venv/bin/python\", \"-c\", \"import alpha; print('OPEN')\"]\n";
    let dockerfile = dockerfile.replace("IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_PYTHON")).replace("OPEN", OPEN);
    project.write("Dockerfile", dockerfile);
    let _image = super::builds::Image::of(&project);
    project.shell("docker compose build").ends_with(0);
    let absent = up(&project, "");
    assert!(
        absent.status != 0 && absent.all().contains("exec: \".venv/bin/python\": stat .venv/bin/python: no such file"),
        "{absent}"
    );
    report(&project, "cache").assert_places("cache-venv-hidden-by-bind", &["compose.yaml:6:9"]);
    let before = project.tree();
    fixed(&project, "cache-venv-hidden-by-bind");
    let cured = up(&project, "--renew-anon-volumes").ends_with(0);
    assert!(cured.all().contains(OPEN), "{cured}");
    assert_eq!(report(&project, "cache").found(), [""; 0]);
    // The mount needs a folder to lie on: had the engine made it, the person's own uv could not fill it.
    assert_eq!(
        std::fs::metadata(project.root.join(".venv")).unwrap().uid().to_string(),
        variable("DEVDOCTOR_TEST_UID")
    );
    project.shell("docker compose down --timeout 0").ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), Compared::Content);

    // The same with an environment of the host in its place.
    uv(&project, "sync --python /usr/bin/python3 --no-install-project").ends_with(0);
    std::fs::remove_dir_all(project.root.join(".venv/lib")).unwrap();
    let other = up(&project, "");
    assert!(other.status != 0 && other.all().contains("ModuleNotFoundError: No module named 'alpha'"), "{other}");
    report(&project, "cache").assert_places("cache-venv-hidden-by-bind", &["compose.yaml:6:9"]);
    fixed(&project, "cache-venv-hidden-by-bind");
    up(&project, "--renew-anon-volumes").ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_ne!(up(&project, "").status, 0);
}

const VOLUME: &str = "services:
  app:
    image: IMAGE
    user: \"ME\"
    network_mode: none
    environment:
      UV_CACHE_DIR: /tmp/uv
    command: uv run SHOP
    volumes:
      - .:/app
      - venv:/app/.venv
volumes:
  venv:
";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_volume_of_roots_in_place_of_an_environment_is_given_away() {
    let project = project(VOLUME);
    let refused = up(&project, "").ends_with(2);
    assert!(
        refused.all().contains("error: failed to open file `/app/.venv/CACHEDIR.TAG`: Permission denied (os error 13)"),
        "{refused}"
    );
    report(&project, "cache").assert_places("cache-venv-is-volume", &["compose.yaml:11:9"]);
    fixed(&project, "cache-venv-is-volume");
    project.devdoctor(&["undo"]).ends_with(0);
    up(&project, "").ends_with(2);
    fixed(&project, "cache-venv-is-volume");
    assert!(up(&project, "").ends_with(0).all().contains(OPEN));
    assert_eq!(report(&project, "cache").of("cache-venv-is-volume").len(), 0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_volume_with_something_else_in_place_of_an_environment_is_emptied_by_hand() {
    let project = project(&VOLUME.replace("    user: \"ME\"\n", ""));
    up(&project, "").ends_with(0);
    let not_valid = "is not a valid Python environment (no Python executable was found)";
    let cannot = "cannot be recreated because it is not a virtual environment";
    for (state, script, said) in [
        ("an environment", "true", None),
        ("nothing", "find .venv -mindepth 1 -delete", None),
        ("what a glob leaves", "rm -r .venv/*", Some(not_valid)),
        ("a folder of programs", "mkdir .venv/bin", Some(not_valid)),
        ("packages", "mkdir .venv/lib", Some(not_valid)),
        ("a tag", "touch .venv/CACHEDIR.TAG", Some(not_valid)),
        ("a lost link", "mkdir .venv/bin; ln -s /nowhere .venv/bin/python", Some(cannot)),
        ("no program", "mkdir .venv/bin; touch .venv/bin/python", Some("Failed to query Python interpreter")),
        ("settings alone", "touch .venv/pyvenv.cfg", None),
        (
            "another Python",
            "uv venv -q; ln -sf /usr/local/bin/python3.9 .venv/bin/python; sed -i 's/^version_info.*/version_info = 3.9.9/' .venv/pyvenv.cfg",
            None,
        ),
    ] {
        let keep = ["an environment", "what a glob leaves"].contains(&state);
        let clear = if keep { "uv venv -q --clear" } else { "find .venv -mindepth 1 -delete" };
        project.shell(&format!("docker compose run --rm --entrypoint sh app -c \"{clear}; {script}\"")).ends_with(0);
        let found = report(&project, "cache").of("cache-venv-is-volume").len();
        let answer = up(&project, "");
        assert_eq!(answer.status != 0, said.is_some(), "{state}: {answer}");
        assert!(said.is_none_or(|said| answer.all().contains(said)), "{state}: {answer}");
        assert_eq!(found, usize::from(said.is_some()), "{state}: {answer}");
    }
    project
        .shell("docker compose run --rm --entrypoint sh app -c 'find .venv -mindepth 1 -delete; mkdir .venv/bin'")
        .ends_with(0);
    let report = report(&project, "cache");
    report.assert_places("cache-venv-is-volume", &["compose.yaml:10:9"]);
    by_hand(&project, report.of("cache-venv-is-volume")[0]["fix"]["title"].as_str().unwrap());
    up(&project, "").ends_with(0);
}

/// Runs the command at the end of a fix that is left to the person.
fn by_hand(project: &Project, title: &str) {
    let (_, command) = title.split_once(": ").unwrap();
    project.shell(command).ends_with(0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_environment_without_its_python_is_seen_on_either_side_of_the_mount() {
    let project = project(
        "services:\n  app:\n    image: IMAGE\n    network_mode: none\n    command: .venv/bin/SHOP\n    volumes:\n      - .:/app\n",
    );
    // A Python of the person's own, as uv and pyenv install them.
    let python = project.home.join("python");
    let line = format!(
        "mkdir -p {0}/bin {0}/lib && cp /usr/bin/python3.11 {0}/bin && ln -s /usr/lib/python3.11 {0}/lib/python3.11",
        python.display()
    );
    project.shell(&line).ends_with(0);
    uv(&project, &format!("sync --python {}/bin/python3.11", python.display())).ends_with(0);
    let here = ".venv/bin/python -c 'import alpha'";
    project.shell(here).ends_with(0);
    let inside = up(&project, "");
    assert!(
        inside.status != 0 && inside.all().contains("exec: \".venv/bin/python\": stat .venv/bin/python: no such file"),
        "{inside}"
    );
    let found = report(&project, "cache");
    found.assert_places("cache-venv-interpreter-gone", &["compose.yaml:7:9"]);
    // What the fix says: an environment of the container's own.
    project.replace("compose.yaml", "      - .:/app\n", "      - .:/app\n      - venv:/app/.venv\nvolumes:\n  venv:\n");
    by_hand(&project, found.of("cache-venv-interpreter-gone")[0]["fix"]["title"].as_str().unwrap());
    assert!(up(&project, "").ends_with(0).all().contains(OPEN));
    assert_eq!(report(&project, "cache").of("cache-venv-interpreter-gone").len(), 0);

    // And on the host, when that Python goes.
    std::fs::rename(&python, project.home.join("gone")).unwrap();
    let lost = project.shell(here);
    assert!(lost.status == 127 && lost.all().contains("not found"), "{lost}");
    let report = report(&project, "cache");
    report.assert_places("cache-venv-interpreter-gone", &[".venv:1:1"]);
    assert!(report.of("cache-venv-interpreter-gone")[0]["fix"]["title"].as_str().unwrap().ends_with("uv sync"));
    let again = uv(&project, "sync").ends_with(0);
    assert!(
        again.all().contains("Ignoring existing virtual environment linked to non-existent Python interpreter"),
        "{again}"
    );
    project.shell(here).ends_with(0);
    assert_eq!(super::projects::report(&project, "cache").of("cache-venv-interpreter-gone").len(), 0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_volume_keeps_the_environment_of_an_image_that_had_another_python() {
    let compose =
        "services:\n  app:\n    build: .\n    network_mode: none\n    volumes:\n      - .:/app\n      - MOUNT\n";
    let project = project(compose);
    let _image = super::builds::Image::of(&project);
    let dockerfile = |python: &str| {
        let text = "FROM IMAGE\nRUN mkdir -p PYTHON/bin PYTHON/lib && cp /usr/bin/python3.11 PYTHON/bin && ln -s /usr/lib/python3.11 PYTHON/lib\nWORKDIR /app\nCOPY . .\nRUN uv sync --python PYTHON/bin/python3.11\nCMD [\".venv/bin/python\", \"-c\", \"import alpha; print('OPEN')\"]\n";
        let text = text.replace("IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_PYTHON")).replace("OPEN", OPEN);
        project.write("Dockerfile", text.replace("PYTHON", python));
        project.shell("docker compose build").ends_with(0);
    };
    let written = project.read("compose.yaml");
    for (mount, named) in [("/app/.venv", ""), ("venv:/app/.venv", "volumes:\n  venv:\n")] {
        project.write("compose.yaml", written.replace("MOUNT", mount) + named);
        dockerfile("/opt/old");
        assert!(up(&project, "").ends_with(0).all().contains(OPEN));
        assert_eq!(report(&project, "cache").found(), [""; 0]);
        dockerfile("/opt/new");
        let gone = up(&project, "");
        assert!(
            gone.status != 0 && gone.all().contains("exec: \".venv/bin/python\": stat .venv/bin/python: no such file"),
            "{gone}"
        );
        let found = report(&project, "cache");
        found.assert_places("cache-venv-interpreter-gone", &["compose.yaml:7:9"]);
        let finding = found.of("cache-venv-interpreter-gone")[0];
        assert!(finding["message"].as_str().unwrap().contains("`/opt/old/bin/python3.11`"), "{finding}");
        // The very words of the failure lead there.
        project.devdoctor(&["why", gone.all().trim()]).ends_with(1);
        by_hand(&project, finding["fix"]["title"].as_str().unwrap());
        assert!(up(&project, "").ends_with(0).all().contains(OPEN));
        assert_eq!(report(&project, "cache").found(), [""; 0]);
        project.shell("docker compose down --timeout 0").ends_with(0);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_cache_in_another_mount_than_the_environment_is_copied_from_on_purpose() {
    let project = project(
        "services:\n  app:\n    image: IMAGE\n    network_mode: none\n    command: uv run SHOP\n    volumes:\n      - .:/app\n      - uv:/root/.cache/uv\nvolumes:\n  uv:\n",
    );
    let warning = "warning: Failed to hardlink files; falling back to full copy.";
    let warned = up(&project, "").ends_with(0);
    assert!(warned.all().contains(warning) && warned.all().contains(OPEN), "{warned}");
    report(&project, "cache").assert_places("cache-hardlinks-across-mounts", &["compose.yaml:8:9"]);
    let again = || {
        project.shell("docker compose run --rm --entrypoint rm app -r .venv").ends_with(0);
        up(&project, "").ends_with(0).all()
    };
    fixed(&project, "cache-hardlinks-across-mounts");
    let quiet = again();
    assert!(quiet.contains("Installed 1 package") && !quiet.contains(warning), "{quiet}");
    assert_eq!(report(&project, "cache").found(), [""; 0]);
    project.devdoctor(&["undo"]).ends_with(0);
    assert!(again().contains(warning));
}
