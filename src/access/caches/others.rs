//! What tools write besides a cache: below the directory that they run in, and, by programs whose caches are not judged, in
//! the home of their user.

use crate::access::commands::Programs;

/// Something that a program writes below its working directory, and fails without.
#[derive(Debug)]
pub struct Here {
    /// The programs, with the words of which one must follow.
    pub programs: Programs,
    /// What is written, relative to the working directory; empty: anything in it.
    pub path: &'static str,
    /// The variable that moves it elsewhere, if there is one.
    pub variable: Option<&'static str>,
    /// Options that make it write nothing there.
    pub options: &'static [&'static str],
}

/// Beside the caches that lie in the project ([`Rule::project`](super::rules::Rule::project)). Each was seen to fail on a
/// read-only directory (`tests/ownership_real.rs`), but for npm and Poetry, whose documentation says where they write.
pub static HERE: [Here; 5] = [
    Here {
        programs: &[("uv", &["sync", "venv"])],
        path: ".venv",
        variable: Some("UV_PROJECT_ENVIRONMENT"),
        options: &["--help", "--dry-run"],
    },
    Here {
        programs: &[("uv", &["lock", "add", "remove"])],
        path: "uv.lock",
        variable: None,
        options: &["--help", "--dry-run", "--check", "--locked", "--frozen"],
    },
    Here { programs: &[("alembic", &["revision", "merge"])], path: "", variable: None, options: &["--help"] },
    Here {
        programs: &[("npm", &["install", "ci", "i", "add"])],
        path: "node_modules",
        variable: None,
        options: &["--help", "-g", "--global", "--dry-run"],
    },
    Here {
        programs: &[("poetry", &["lock", "add", "remove"])],
        path: "poetry.lock",
        variable: None,
        options: &["--help"],
    },
];

/// What is written where there is no environment yet, and only then.
pub static FIRST: Here = Here {
    programs: &[("uv", &["run"])],
    path: ".venv",
    variable: Some("UV_PROJECT_ENVIRONMENT"),
    options: &["--help", "--no-project", "--active", "--isolated", "--script"],
};

/// A program that makes folders in the home of its user.
#[derive(Debug)]
pub struct AtHome {
    /// It, with the words of which one must follow.
    pub programs: Programs,
    /// The variables that put its folders elsewhere.
    pub variables: &'static [&'static str],
}

/// No rows among the caches: what these lose without theirs was not measured, so that no check of caches may speak of them.
/// From their documentation.
pub static AT_HOME: [AtHome; 5] = [
    AtHome { programs: &[("composer", &[])], variables: &["COMPOSER_HOME", "COMPOSER_CACHE_DIR"] },
    AtHome { programs: &[("dotnet", &[])], variables: &["DOTNET_CLI_HOME"] },
    AtHome { programs: &[("gradle", &[])], variables: &["GRADLE_USER_HOME"] },
    AtHome { programs: &[("mvn", &[])], variables: &["MAVEN_USER_HOME"] },
    AtHome { programs: &[("pdm", &[])], variables: &["PDM_CACHE_DIR", "XDG_CACHE_HOME"] },
];
