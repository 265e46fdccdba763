//! Ruff, mypy, pytest, Matplotlib and pre-commit in each state of their caches.

use crate::running::{Running, check, cured, facts, setting};

/// A tool, as it is run, with the words by which the service shows its use.
pub struct Trial {
    pub words: &'static [&'static str],
    pub script: &'static str,
    pub environment: &'static [(&'static str, &'static str)],
    pub cache: &'static str,
    pub working_dir: &'static str,
    /// What it says when it goes on without; `None`: it must fail.
    pub warning: Option<&'static str>,
    /// One of these it says when it fails.
    pub errors: &'static [&'static str],
    /// A folder of its own in the cache, which can be root's in a cache that is mine.
    pub inner: Option<&'static str>,
}

const TRIALS: [Trial; 5] = [
    Trial {
        words: &["ruff", "check"],
        script: "ruff check -q /w/a.py",
        environment: &[("RUFF_CACHE_DIR", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w",
        warning: None,
        errors: &[
            "Permission denied (os error 13) at path \"/c",
            "No such file or directory (os error 2) at path \"/c/cache/",
        ],
        inner: Some("$(ruff --version | cut -d' ' -f2)"),
    },
    Trial {
        words: &["mypy", "a.py"],
        script: "cd /w && python3 -m mypy a.py",
        environment: &[("MYPY_CACHE_DIR", "/c/cache"), ("PYTHONPATH", "/tools/python")],
        cache: "/c/cache",
        working_dir: "/w",
        warning: None,
        errors: &["error: INTERNAL ERROR"],
        inner: None,
    },
    Trial {
        words: &["pytest"],
        script: "cd /c && python3 -m pytest -q",
        environment: &[("PYTHONPATH", "/tools/python"), ("PYTHONDONTWRITEBYTECODE", "1")],
        cache: "/c/.pytest_cache",
        working_dir: "/c",
        warning: Some("PytestCacheWarning"),
        errors: &[],
        inner: None,
    },
    Trial {
        words: &["python", "plot.py"],
        script: "python3 -c 'import matplotlib'",
        environment: &[("PYTHONPATH", "/tools/python"), ("MPLCONFIGDIR", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w",
        warning: Some("Matplotlib created a temporary"),
        errors: &[],
        inner: None,
    },
    Trial {
        words: &["pre-commit", "run"],
        script: "pre-commit gc",
        environment: &[("PRE_COMMIT_HOME", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w",
        warning: None,
        errors: &["PermissionError: [Errno 13] Permission denied: '/c"],
        inner: None,
    },
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn each_tool_does_what_the_check_says() {
    let running = Running::start(&["-v", &format!("{}:/tools:ro", setting("DEVDOCTOR_TEST_TOOLS"))]);
    running.root("mkdir /w; echo 'x: int = 1' > /w/a.py; chown -R 1000:1000 /w");
    let (broken, cures) = try_all(&running, &TRIALS);
    assert!(broken >= 10 && cures >= 4, "{broken} {cures}");
}

/// Holds each tool in each state of its cache against the checks; how many states were broken, and how many a chown cured.
pub fn try_all(running: &Running, trials: &[Trial]) -> (usize, usize) {
    let (mut broken, mut cures) = (0, 0);
    let mut wrong = vec![];
    for trial in trials {
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
            let judge = || {
                let mut facts = facts(running, trial.words, "1000:1000", trial.environment, cache, trial.working_dir);
                // By this file the generations of Yarn are told apart.
                let is_berry = trial.working_dir.ends_with("/berry");
                facts.project.markers.extend(is_berry.then(|| ".yarnrc.yml".to_owned()));
                check(&facts)
            };
            prepare();
            let findings = judge();
            let (fine, said) = works();
            if findings.is_empty() != fine {
                wrong.push(format!("{:?}, {state}: {said}\n{findings:#?}", trial.words));
                continue;
            }
            broken += usize::from(!fine);
            let told = trial.warning.is_some() || trial.errors.iter().any(|error| said.contains(error));
            if !fine && !told {
                wrong.push(format!("{:?}, {state}, says something else: {said}", trial.words));
            }
            prepare();
            let Some(finding) = judge().pop() else { continue };
            if cured(running, &finding) {
                let (fine, said) = works();
                assert!(fine, "{:?}, {state}, after the chown: {said}", trial.words);
                cures += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    (broken, cures)
}
