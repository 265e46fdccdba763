//! Ruff, mypy, pytest, Matplotlib and pre-commit in each state of their caches.

use std::path::PathBuf;
use std::process::Command;

use crate::running::{Running, check, cured, facts, setting};

/// What is installed once from the registry, for the Python of the test image.
const PACKAGES: [&str; 3] = ["mypy==2.4.1", "pytest==9.2.0", "matplotlib==3.11.2"];

/// A folder with [`PACKAGES`]; made beside its place and renamed, so that two tests can ask for it at once.
fn packages() -> PathBuf {
    let cache = PathBuf::from(setting("DEVDOCTOR_TEST_CACHE"));
    let place = cache.join(PACKAGES.join("-"));
    if !place.exists() {
        let made = cache.join(format!("cache-tools-{}", std::process::id()));
        let uv = format!("{}/bin/uv", setting("DEVDOCTOR_TEST_VENV"));
        let mut install = Command::new(uv);
        install.args(["pip", "install", "-q", "--python", &format!("{}/bin/python", setting("DEVDOCTOR_TEST_VENV"))]);
        let output = install.arg("--target").arg(&made).args(PACKAGES).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        if std::fs::rename(&made, &place).is_err() {
            std::fs::remove_dir_all(&made).unwrap();
        }
    }
    place
}

/// A tool, as it is run, with the words by which the service shows its use.
struct Trial {
    words: &'static [&'static str],
    script: &'static str,
    environment: &'static [(&'static str, &'static str)],
    cache: &'static str,
    working_dir: &'static str,
    /// What it says when it goes on without; `None`: it must fail.
    warning: Option<&'static str>,
    /// Whether it keeps a folder of its own in the cache, which can be root's in a cache that is mine.
    inner: Option<&'static str>,
}

const TRIALS: [Trial; 5] = [
    Trial {
        words: &["ruff", "check"],
        script: "ruff check -q /w/a.py",
        environment: &[("RUFF_CACHE_DIR", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w",
        warning: None,
        inner: Some("$(ruff --version | cut -d' ' -f2)"),
    },
    Trial {
        words: &["mypy", "a.py"],
        script: "cd /w && python3 -m mypy a.py",
        environment: &[("MYPY_CACHE_DIR", "/c/cache"), ("PYTHONPATH", "/tools")],
        cache: "/c/cache",
        working_dir: "/w",
        warning: None,
        inner: None,
    },
    Trial {
        words: &["pytest"],
        script: "cd /c && python3 -m pytest -q",
        environment: &[("PYTHONPATH", "/tools"), ("PYTHONDONTWRITEBYTECODE", "1")],
        cache: "/c/.pytest_cache",
        working_dir: "/c",
        warning: Some("PytestCacheWarning"),
        inner: None,
    },
    Trial {
        words: &["python", "plot.py"],
        script: "python3 -c 'import matplotlib'",
        environment: &[("PYTHONPATH", "/tools"), ("MPLCONFIGDIR", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w",
        warning: Some("Matplotlib created a temporary"),
        inner: None,
    },
    Trial {
        words: &["pre-commit", "run"],
        script: "pre-commit gc",
        environment: &[("PRE_COMMIT_HOME", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w",
        warning: None,
        inner: None,
    },
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn each_tool_does_what_the_check_says() {
    let packages = packages();
    let running = Running::start(&["-v", &format!("{}:/tools:ro", packages.display())]);
    running.root("mkdir /w; echo 'x: int = 1' > /w/a.py; chown -R 1000:1000 /w");
    let (mut broken, mut cures) = (0, 0);
    for trial in &TRIALS {
        let cache = trial.cache;
        let mut states = vec![
            ("root's", format!("mkdir {cache}")),
            ("mine", format!("mkdir {cache}; chown 1000:1000 {cache}")),
            ("for everybody", format!("mkdir -m 777 {cache}")),
            ("absent below root's", "true".to_owned()),
            ("absent below mine", "chown 1000:1000 /c".to_owned()),
        ];
        if let Some(inner) = trial.inner {
            states.push(("root's inside mine", format!("mkdir -p {cache}/{inner}; chown 1000:1000 {cache}")));
        }
        for (state, script) in states {
            let prepare = || {
                running.root(&format!(
                    "rm -rf /c; mkdir /c; printf 'def test_a():\\n    pass\\n' > /c/test_a.py; {script}"
                ))
            };
            let works = || {
                let (succeeded, said) = running.exec("1000:1000", trial.environment, trial.script);
                let warned = trial.warning.is_some_and(|warning| said.contains(warning));
                assert!(succeeded || trial.warning.is_none(), "{:?}, {state}: {said}", trial.words);
                (succeeded && !warned, said)
            };
            let judge =
                || check(&facts(&running, trial.words, "1000:1000", trial.environment, cache, trial.working_dir));
            prepare();
            let findings = judge();
            let (fine, said) = works();
            assert_eq!(findings.is_empty(), fine, "{:?}, {state}: {said}\n{findings:#?}", trial.words);
            broken += usize::from(!fine);
            prepare();
            let Some(finding) = judge().pop() else { continue };
            if cured(&running, &finding) {
                let (fine, said) = works();
                assert!(fine, "{:?}, {state}, after the chown: {said}", trial.words);
                cures += 1;
            }
        }
    }
    println!("{} tools: {broken} states broken as the checks say, {cures} cured by a chown", TRIALS.len());
    assert!(broken >= 10 && cures >= 4, "{broken} {cures}");
}
