//! The words of the newest uv and of that of the middle of 2025 in each state of the cache, and in an environment of root's.

use super::running::{Running, check, cured, facts};
use super::{ME, running::setting};

/// A state, how it is made, and what the newest uv and that of 2025 say; nothing where it works.
type State = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const MINE: &str = "chown -R 1000:1000 /c/cache";

const STATES: [State; 9] = [
    (
        "used earlier by root",
        "true",
        &[
            "error: Failed to initialize cache at `/c/cache`",
            "  cause: failed to open file `/c/cache/sdists-v",
            "/.git`: Permission denied (os error 13)",
        ],
        &["error: failed to open file `/c/cache/sdists-v9/.git`: Permission denied (os error 13)"],
    ),
    (
        "only the top given away",
        "chown 1000:1000 /c/cache",
        &["error: Failed to initialize cache at `/c/cache`", "/.git`: Permission denied (os error 13)"],
        &["error: failed to open file `/c/cache/sdists-v9/.git`: Permission denied (os error 13)"],
    ),
    (
        "the top for everybody",
        "chmod 777 /c/cache",
        &["error: Failed to initialize cache at `/c/cache`", "/.git`: Permission denied (os error 13)"],
        &["error: failed to open file `/c/cache/sdists-v9/.git`: Permission denied (os error 13)"],
    ),
    (
        "empty and root's",
        "rm -rf /c/cache; mkdir /c/cache",
        &["error: Could not acquire lock", "cause: Permission denied (os error 13) at path \"/c/cache/.tmp"],
        &["error: failed to open file `/c/cache/CACHEDIR.TAG`: Permission denied (os error 13)"],
    ),
    (
        "absent below root's",
        "rm -rf /c/cache",
        &[
            "error: Failed to initialize cache at `/c/cache`",
            "cause: failed to create directory `/c/cache`: Permission denied (os error 13)",
        ],
        &["error: failed to create directory `/c/cache`: Permission denied (os error 13)"],
    ),
    (
        "a file",
        "rm -rf /c/cache; : > /c/cache",
        &[
            "error: Failed to initialize cache at `/c/cache`",
            "cause: failed to create directory `/c/cache`: File exists (os error 17)",
        ],
        &["error: failed to create directory `/c/cache`: File exists (os error 17)"],
    ),
    ("given away as a whole", MINE, &[], &[]),
    ("all of it for the group", "chgrp -R 1000 /c/cache; chmod -R g+rwX /c/cache", &[], &[]),
    (
        "another version of interpreters is root's",
        "chown -R 1000:1000 /c/cache; mkdir -p /c/cache/interpreter-v1/x",
        &[],
        &[],
    ),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn each_version_says_what_is_known_of_it() {
    let old = format!("{}/bin/uv:/old/uv:ro", setting("DEVDOCTOR_TEST_VENV_2025"));
    let running = Running::start(&["-v", &old]);
    for (path, is_old) in [("/opt/venv/bin:/usr/bin:/bin", false), ("/old:/opt/venv/bin:/usr/bin:/bin", true)] {
        let environment = [("UV_CACHE_DIR", "/c/cache"), ("PATH", path)];
        let warm = format!(
            "export PATH={path}; rm -rf /c; mkdir -p /c; UV_CACHE_DIR=/c/cache uv pip install -q --default-index http://127.0.0.1:8000/ --target $(mktemp -d)/t alpha"
        );
        let version = running.exec("0", &environment, "uv --version").1;
        assert_eq!(version.starts_with("uv 0.7"), is_old, "{version}");
        for (name, script, newest, of_2025) in STATES {
            let texts = if is_old { of_2025 } else { newest };
            running.root(&format!("{warm}; {script}"));
            let look = || check(&facts(&running, &["uv", "x"], ME, &environment, "/c/cache", "/"));
            let findings = look();
            let (works, said) = running.uv_works(ME, &environment);
            assert_eq!(works, texts.is_empty(), "{name}, {version}: {said}");
            assert_eq!(findings.is_empty(), works, "{name}, {version}: {said}\n{findings:#?}");
            texts.iter().for_each(|text| assert!(said.contains(text), "{name}, {version}: {said}"));
            // The path may be relative; what asks nothing of the cache works, and so does what is told to have none.
            let (asks, said) = running.exec(ME, &environment, "cd / && uv --version && uv cache dir");
            assert!(asks && said.contains("/c/cache"), "{name}, {version}: {said}");
            for helps in [("UV_NO_CACHE", "1"), ("UV_CACHE_DIR", "/tmp/uv-cache-1000"), ("HOME", "/tmp")] {
                let mut environment = environment.to_vec();
                environment.retain(|(key, _)| helps.0 != "HOME" || *key != "UV_CACHE_DIR");
                environment.push(helps);
                let (works, said) = running.uv_works(ME, &environment);
                assert!(works, "{name}, {version}, {helps:?}: {said}");
            }
            running.root(&format!("{warm}; {script}"));
            if look().first().is_some_and(|finding| cured(&running, finding)) {
                let (works, said) = running.uv_works(ME, &environment);
                assert!(works, "{name}, {version}, after the chown: {said}");
            }
        }
        // A path that is relative to where it runs.
        running.root(&format!("{warm}; mv /c/cache /c/uv-cache"));
        let relative = [("UV_CACHE_DIR", "uv-cache"), ("PATH", path)];
        let (works, said) = running.exec(
            ME,
            &relative,
            "cd /c && uv pip install -q --default-index http://127.0.0.1:8000/ --target $(mktemp -d)/t beta",
        );
        let shown = if is_old {
            "error: failed to open file `uv-cache/sdists-v9/.git`"
        } else {
            "error: Failed to initialize cache at `uv-cache`"
        };
        assert!(
            !works && said.contains(shown) && said.contains("Permission denied (os error 13)"),
            "{version}: {said}"
        );
    }
}

/// A lock of root's stops the newest uv alone: that of 2025 made it for everybody, and does not need it.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_lock_of_roots_stops_the_newest_alone() {
    let old = format!("{}/bin/uv:/old/uv:ro", setting("DEVDOCTOR_TEST_VENV_2025"));
    let running = Running::start(&["-v", &old]);
    for (program, works) in [("uv", false), ("/old/uv", true)] {
        let install = "pip install -q --default-index http://127.0.0.1:8000/ --target";
        running.root(&format!(
            "rm -rf /c; mkdir /c; UV_CACHE_DIR=/c/cache {program} {install} $(mktemp -d)/t alpha; {MINE}; touch /c/cache/.lock; chown 0:0 /c/cache/.lock; chmod 644 /c/cache/.lock"
        ));
        let (worked, said) = running.exec(
            ME,
            &[("UV_CACHE_DIR", "/c/cache")],
            &format!("cd / && {program} {install} $(mktemp -d)/t beta"),
        );
        assert_eq!(worked, works, "{program}: {said}");
    }
}

/// An environment of root's is another trouble, and only when something must change in it; so is one that cannot be made.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn environments_and_locks_of_roots_are_another_trouble() {
    let old = format!("{}/bin/uv:/old/uv:ro", setting("DEVDOCTOR_TEST_VENV_2025"));
    let running = Running::start(&["-v", &old]);
    for program in ["uv", "/old/uv"] {
        running.root(&format!(
            "rm -rf /p; mkdir /p; cd /p; printf '[project]\\nname = \"p\"\\nversion = \"1\"\\nrequires-python = \">=3.9\"\\ndependencies = [\"alpha\"]\\n[tool.uv]\\npackage = false\\n[[tool.uv.index]]\\nurl = \"http://127.0.0.1:8000/\"\\ndefault = true\\n' > pyproject.toml; chown -R 1000:1000 /p; env -u VIRTUAL_ENV {program} sync -q"
        ));
        let environment = [("UV_CACHE_DIR", "/tmp/uv-mine"), ("VIRTUAL_ENV", "")];
        let run = |script: &str| running.exec(ME, &environment, &format!("cd /p && {script}"));
        // Nothing has to change: it works, whoever it belongs to.
        let (works, said) = run(&format!("{program} run python -c 'import alpha'"));
        assert!(works, "{program}: {said}");
        // A lock file of root's in a folder of one's own is put in the place of; that of 2025 writes into it.
        running.root("sed -i 's/\\[\"alpha\"\\]/[\"alpha\", \"beta\"]/' /p/pyproject.toml");
        let (works, said) = run(&format!("{program} lock -q"));
        let refused = "error: failed to write to file `/p/uv.lock`: Permission denied (os error 13)";
        assert!(if program == "uv" { works } else { !works && said.contains(refused) }, "{program}: {said}");
        running.root("chown 1000:1000 /p/uv.lock");
        let (works, said) = run(&format!("{program} sync"));
        let refused =
            ["error: Failed to install: beta-1.0-py3-none-any.whl (beta==1.0)", "Permission denied (os error 13)"];
        let place = "/p/.venv/lib/python3.11/site-packages/";
        assert!(!works && refused.iter().chain([&place]).all(|text| said.contains(text)), "{program}: {said}");
        // With the environment its own it goes on, and a folder for one that it may make.
        running.root("chown -hR 1000:1000 /p/.venv");
        let (works, said) = run(&format!("{program} sync"));
        assert!(works, "{program}: {said}");
        let (works, said) = run(&format!("UV_PROJECT_ENVIRONMENT=/venv2 {program} sync"));
        assert!(
            !works && said.contains("failed to create directory `/venv2`: Permission denied (os error 13)"),
            "{program}: {said}"
        );
    }
}
