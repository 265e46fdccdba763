//! What a hook of the real pre-commit lets Ruff do to files that its configuration leaves out.

use super::projects::HEALTHY;
use super::support::person::Person;
use super::support::project::Project;
use super::support::sets::SETS;
use super::support::variable;

const CHECK: &str = "alembic-model-import-unprotected";
const IMPORT: &str = "import app.models\n";

/// Ruff's settings, the rest of the hook, and whether it takes the import out of `env.py`.
const HOOKS: [(&str, &str, bool); 17] = [
    ("", "entry: ruff check --fix", true),
    ("extend-exclude = [\"migrations\"]\n", "entry: ruff check --fix", true),
    ("exclude = [\"migrations/env.py\"]\n", "entry: ruff check --fix", true),
    ("[lint]\nexclude = [\"migrations/*\"]\n", "entry: ruff check --fix", true),
    ("extend-exclude = [\"migrations\"]\n", "entry: ruff check --fix --force-exclude", false),
    ("extend-exclude = [\"[m]igrations\"]\n", "entry: ruff check --fix --force-exclude", false),
    ("extend-exclude = [\"migrations\"]\n", "entry: ruff check\n        args: [--fix, --force-exclude]", false),
    ("force-exclude = true\nextend-exclude = [\"migrations\"]\n", "entry: ruff check --fix", false),
    ("force-exclude = false\nextend-exclude = [\"migrations\"]\n", "entry: ruff check --fix", true),
    ("force-exclude = true\n[lint]\nexclude = [\"migrations/*\"]\n", "entry: ruff check --fix", false),
    ("force-exclude = true\n[lint]\nexclude = [\"env.py\"]\n", "entry: ruff check --fix", false),
    // Files are left out of linting by their own names and paths alone.
    ("force-exclude = true\n[lint]\nexclude = [\"migrations\"]\n", "entry: ruff check --fix", true),
    ("extend-exclude = [\"app\"]\n", "entry: ruff check --fix --force-exclude", true),
    ("extend-exclude = [\"migrations\"]\n", "entry: ruff check --fix .\n        pass_filenames: false", false),
    ("[lint]\nexclude = [\"migrations\"]\n", "entry: ruff check --fix .\n        pass_filenames: false", true),
    ("[lint.per-file-ignores]\n\"migrations/*\" = [\"F401\"]\n", "entry: ruff check --fix", false),
    ("extend-exclude = [\"migrations\"]\n", "entry: ruff format", false),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_hook_names_files_that_ruff_itself_would_leave_out() {
    for set in SETS {
        // pre-commit is in the newest set alone.
        let path =
            format!("{}/bin:{}/bin:/usr/local/bin:/usr/bin:/bin", variable(set), variable("DEVDOCTOR_TEST_VENV"));
        for (settings, rest, removed) in HOOKS {
            let project = Project::empty(Person::User).with("PATH", &path).with("RUFF_NO_CACHE", "true");
            for (path, text) in HEALTHY {
                project.write(path, text);
            }
            let env_py = project.read("migrations/env.py").replace("import app.models  # noqa: F401\n", IMPORT);
            assert!(env_py.contains(IMPORT), "{env_py}");
            project.write("migrations/env.py", &env_py);
            project.write("ruff.toml", settings);
            let hook = format!(
                "repos:\n  - repo: local\n    hooks:\n      - id: ruff\n        name: ruff\n        language: system\n        {rest}\n        types: [python]\n"
            );
            project.write(".pre-commit-config.yaml", hook);
            let report = project.devdoctor(&["check", "--offline", "--only", CHECK, "--format", "json"]).report();
            let name = format!("{set}: {settings:?} {rest}");
            assert_eq!(report.of(CHECK).len(), usize::from(removed), "{name}: {:#}", report.0);
            let run = "git init -q . && git add --all && { pre-commit run --all-files; true; }";
            let fixed = |project: &Project| {
                let answer = project.shell(run).ends_with(0);
                assert!(answer.all().contains("ruff....") && !answer.all().contains("error: "), "{name}: {answer}");
                !project.read("migrations/env.py").contains("import app.models")
            };
            if removed {
                project.devdoctor(&["fix", "--offline", "--yes", "--only", CHECK]).ends_with(0);
                assert!(!fixed(&project), "{name}, repaired");
                project.write("migrations/env.py", &env_py);
            }
            assert_eq!(fixed(&project), removed, "{name}");
        }
    }
}
