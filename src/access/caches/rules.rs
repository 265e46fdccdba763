//! The table of cache rules: for each tool where its cache is, how its use shows, and what it loses without it.
//!
//! *Measured* rows were seen with the real tool as an ordinary user and the directory root's, mode 0755; the others are from
//! the tool's documents.

use super::Tool;
use super::deeds::{Deed, Environments, POETRY_DEEDS, POETRY_ENVIRONMENTS};
use crate::access::commands::Programs;

/// What becomes of a tool that cannot write its cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It ends with an error.
    Fails,
    /// It goes on without the cache, or with one that does not last, and says so or is slow.
    Without,
    /// Nothing that hurts.
    Nothing,
}

/// How much must be seen of what is inside a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Some entries must be writable as well: without a whole listing nobody knows.
    Decides,
    /// The folders of [`Rule::fill`] decide; a listing only names what a chown would give away.
    Helps,
    /// It is too large to be listed.
    TooMuch,
}

/// One tool's rule.
#[derive(Debug)]
pub struct Rule {
    /// Name for people.
    pub name: &'static str,
    /// The programs that use the cache.
    pub programs: Programs,
    /// Whether these programs make folders in the home whatever they are told to do, such as logs.
    pub always_home: bool,
    /// Options after the program that turn the cache off or move it.
    pub options: &'static [&'static str],
    /// Variables that say where it is, in the tool's order, with what the tool adds to the value.
    pub variables: &'static [(&'static str, &'static str)],
    /// Whether the names of variables are read in any case.
    pub any_case: bool,
    /// Variables that turn the cache off, with the values that do; an empty list: any value but 0, false, no, off.
    pub off: &'static [(&'static str, &'static [&'static str])],
    /// The XDG variable and what is added to it.
    pub xdg: Option<(&'static str, &'static str)>,
    /// The place below the home directory.
    pub home: Option<&'static str>,
    /// The place below the working directory, for caches that lie in the project.
    pub project: Option<&'static str>,
    /// Ends of mount targets that show that somebody keeps this cache.
    pub mounts: &'static [&'static str],
    /// Files whose settings may move the cache, and the settings. (Those of Poetry are read: `Project::poetry`.)
    pub settings: (&'static [&'static str], &'static [&'static str]),
    /// The folders below the cache that must take new entries (those that are not there are made).
    pub fill: &'static [&'static str],
    /// The commands that need less of it than that.
    pub deeds: &'static [Deed],
    /// The environments that are made in it, if they are.
    pub environments: Option<&'static Environments>,
    /// What the names of finished entries begin with, of which a program that only may use the tool finds what it needs.
    pub kept: Option<&'static str>,
    /// What has to be seen inside.
    pub inside: Inside,
    /// What is lost when one of the variables names the place.
    pub named: Loss,
    /// What is lost at the place that the tool chose.
    pub default: Loss,
}

const PLAIN: Rule = Rule {
    name: "",
    programs: &[],
    always_home: false,
    options: &[],
    variables: &[],
    any_case: false,
    off: &[],
    xdg: None,
    home: None,
    project: None,
    mounts: &[],
    settings: (&[], &[]),
    fill: &[""],
    deeds: &[],
    environments: None,
    kept: None,
    inside: Inside::Helps,
    named: Loss::Fails,
    default: Loss::Fails,
};

impl Tool {
    /// Its rule.
    pub fn rule(self) -> &'static Rule {
        match self {
            Self::Uv => &UV,
            Self::Pip => &PIP,
            Self::Poetry => &POETRY,
            Self::Npm => &NPM,
            Self::Pnpm => &PNPM,
            Self::Yarn => &YARN,
            Self::YarnBerry => &YARN_BERRY,
            Self::Cargo => &CARGO,
            Self::GoBuild => &GO_BUILD,
            Self::GoModules => &GO_MODULES,
            Self::HuggingFace => &HUGGING_FACE,
            Self::Playwright => &PLAYWRIGHT,
            Self::Matplotlib => &MATPLOTLIB,
            Self::Ruff => &RUFF,
            Self::Mypy => &MYPY,
            Self::Pytest => &PYTEST,
            Self::PreCommit => &PRE_COMMIT,
        }
    }
}

/// Measured, uv 0.7 to 0.13: exit 2. `UV_NO_CACHE`: a temporary directory takes its place.
static UV: Rule = Rule {
    name: "uv",
    programs: &[("uv", &[]), ("uvx", &[])],
    options: &["--no-cache", "--cache-dir"],
    variables: &[("UV_CACHE_DIR", "")],
    off: &[("UV_NO_CACHE", &[])],
    xdg: Some(("XDG_CACHE_HOME", "/uv")),
    home: Some("/.cache/uv"),
    mounts: &["/.cache/uv", "/uv-cache", "/uv_cache", "/.cache"],
    settings: (&["pyproject.toml", "uv.toml"], &["cache-dir", "no-cache"]),
    inside: Inside::Decides,
    ..PLAIN
};

/// Measured, pip 23 to 25: "The cache has been disabled", exit 0. Whatever the value of `PIP_NO_CACHE_DIR`: pip once read
/// `false` as "no cache" too.
static PIP: Rule = Rule {
    name: "pip",
    programs: &[("pip", &[]), ("pip3", &[])],
    options: &["--no-cache-dir", "--cache-dir"],
    variables: &[("PIP_CACHE_DIR", "")],
    off: &[("PIP_NO_CACHE_DIR", &["0", "1", "true", "false", "yes", "no", "on", "off"])],
    xdg: Some(("XDG_CACHE_HOME", "/pip")),
    home: Some("/.cache/pip"),
    mounts: &["/.cache/pip", "/pip-cache", "/pip_cache", "/.cache"],
    settings: (&["pip.conf"], &["cache-dir", "no-cache-dir"]),
    named: Loss::Without,
    default: Loss::Without,
    ..PLAIN
};

/// Measured, poetry 2: `install` exits 2, since its virtual environments lie in the cache as well, also with `--no-cache`. It
/// never writes at the top once its three folders are there.
static POETRY: Rule = Rule {
    name: "poetry",
    programs: &[("poetry", &["install", "sync", "add", "update", "lock", "run"])],
    always_home: true,
    variables: &[("POETRY_CACHE_DIR", "")],
    xdg: Some(("XDG_CACHE_HOME", "/pypoetry")),
    home: Some("/.cache/pypoetry"),
    mounts: &["/.cache/pypoetry", "/poetry-cache", "/poetry_cache"],
    fill: &["/virtualenvs", "/artifacts", "/cache/repositories"],
    deeds: &POETRY_DEEDS,
    environments: Some(&POETRY_ENVIRONMENTS),
    ..PLAIN
};

/// Measured, npm 11: `EACCES`, exit 243. It never writes at the top once `_cacache` is there, and goes on when it cannot
/// write its logs. Variables are read in any case (`@npmcli/config`, `loadEnv`).
static NPM: Rule = Rule {
    name: "npm",
    programs: &[("npm", &["install", "i", "ci", "add", "exec", "x", "update", "up", "audit"]), ("npx", &[])],
    always_home: true,
    options: &["--cache"],
    variables: &[("npm_config_cache", "")],
    any_case: true,
    home: Some("/.npm"),
    mounts: &["/.npm"],
    settings: (&[".npmrc"], &["cache"]),
    fill: &["/_cacache/tmp", "/_cacache/index-v5", "/_cacache/content-v2/sha512"],
    inside: Inside::Decides,
    ..PLAIN
};

/// Measured, pnpm 10: a store that is named and cannot be written ends it; where it may choose, it quietly takes another
/// place at the top of the mount (`cache-store-in-repository`).
static PNPM: Rule = Rule {
    name: "pnpm",
    programs: &[("pnpm", &["install", "i", "add", "ci", "fetch", "update", "up", "dlx"])],
    always_home: true,
    options: &["--store-dir"],
    variables: &[("npm_config_store_dir", ""), ("pnpm_config_store_dir", "")],
    any_case: true,
    mounts: &["/.pnpm-store", "/pnpm-store", "/pnpm/store"],
    fill: &["", "/v10"],
    settings: (&[".npmrc", "pnpm-workspace.yaml"], &["store-dir", "storeDir"]),
    home: Some("/.local/share/pnpm/store"),
    inside: Inside::TooMuch,
    default: Loss::Nothing,
    ..PLAIN
};

/// Measured, yarn 1.22: a folder that is named and cannot be written ends it with `EACCES`; its own choice moves to `/tmp`
/// with "Skipping preferred cache folder".
static YARN: Rule = Rule {
    name: "yarn",
    programs: &[("yarn", &["", "install", "add", "upgrade"])],
    always_home: true,
    options: &["--cache-folder"],
    variables: &[("YARN_CACHE_FOLDER", "")],
    xdg: Some(("XDG_CACHE_HOME", "/yarn")),
    home: Some("/.cache/yarn"),
    mounts: &["/.cache/yarn", "/yarn-cache", "/share/.cache/yarn"],
    fill: &["/v6"],
    settings: (&[".yarnrc"], &["cache-folder"]),
    inside: Inside::TooMuch,
    default: Loss::Without,
    ..PLAIN
};

/// Measured, yarn 4: `EACCES`, exit 1, also without `enableGlobalCache`. It keeps an index beside the cache, and crashes
/// without; what it knows of packages (`metadata`) it goes without.
static YARN_BERRY: Rule = Rule {
    name: "yarn",
    programs: &[("yarn", &["", "install", "add", "up", "dlx"])],
    always_home: true,
    variables: &[("YARN_GLOBAL_FOLDER", "/cache")],
    home: Some("/.yarn/berry/cache"),
    mounts: &["/.yarn/berry", "/.yarn/berry/cache"],
    fill: &["", "/../index"],
    settings: (&[".yarnrc.yml"], &["enableGlobalCache", "globalFolder"]),
    inside: Inside::TooMuch,
    ..PLAIN
};

/// Measured, cargo 1.9x: "failed to create directory `…/registry/cache/…`", exit 101; an index that cannot be written is only
/// warned about.
static CARGO: Rule = Rule {
    name: "cargo",
    programs: &[(
        "cargo",
        &["build", "b", "check", "c", "clippy", "run", "r", "test", "t", "fetch", "install", "watch"],
    )],
    options: &["--offline", "--frozen"],
    variables: &[("CARGO_HOME", "")],
    off: &[("CARGO_NET_OFFLINE", &[])],
    home: Some("/.cargo"),
    mounts: &["/.cargo", "/.cargo/registry", "/cargo/registry", "/usr/local/cargo"],
    fill: &["/registry/cache", "/registry/src"],
    inside: Inside::TooMuch,
    ..PLAIN
};

/// Measured, go 1.19 and 1.27: "failed to initialize build cache", exit 1 (`HOME=/` as well).
static GO_BUILD: Rule = Rule {
    name: "go",
    programs: &[("go", &["build", "run", "test", "install", "vet", "generate", "tool"])],
    variables: &[("GOCACHE", "")],
    xdg: Some(("XDG_CACHE_HOME", "/go-build")),
    home: Some("/.cache/go-build"),
    mounts: &["/.cache/go-build", "/go-build"],
    inside: Inside::TooMuch,
    ..PLAIN
};

/// From `go help environment`: `GOMODCACHE`, else `pkg/mod` of the first folder of `GOPATH`, else of `~/go`. Measured, go 1.27:
/// `mkdir …: permission denied`, exit 1.
static GO_MODULES: Rule = Rule {
    name: "go mod",
    programs: &[("go", &["build", "run", "test", "install", "get", "mod", "vet"])],
    options: &["-mod=vendor"],
    variables: &[("GOMODCACHE", ""), ("GOPATH", "/pkg/mod")],
    home: Some("/go/pkg/mod"),
    mounts: &["/go/pkg/mod", "/go/pkg"],
    fill: &["", "/cache/download"],
    inside: Inside::TooMuch,
    ..PLAIN
};

/// Measured, `huggingface_hub` 2.4: `PermissionError`, exit 1; what is there is only read. The variables are from its
/// documentation; the last two are older names (`TRANSFORMERS_CACHE` of transformers 4).
static HUGGING_FACE: Rule = Rule {
    name: "huggingface",
    programs: &[("hf", &["download"]), ("huggingface-cli", &["download"])],
    options: &["--cache-dir", "--local-dir"],
    variables: &[("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "/hub"), ("TRANSFORMERS_CACHE", "")],
    off: &[("HF_HUB_OFFLINE", &[])],
    xdg: Some(("XDG_CACHE_HOME", "/huggingface/hub")),
    home: Some("/.cache/huggingface/hub"),
    mounts: &["/huggingface", "/huggingface/hub", "/hf-cache", "/hf_cache"],
    fill: &["", "/.locks"],
    kept: Some("models--"),
    ..PLAIN
};

/// Measured, playwright 1.5x and 1.65: `install` ends with `EACCES`, even when all is there; tests only read.
static PLAYWRIGHT: Rule = Rule {
    name: "playwright",
    programs: &[("playwright", &["install"])],
    variables: &[("PLAYWRIGHT_BROWSERS_PATH", "")],
    off: &[("PLAYWRIGHT_BROWSERS_PATH", &["0"])],
    xdg: Some(("XDG_CACHE_HOME", "/ms-playwright")),
    home: Some("/.cache/ms-playwright"),
    fill: &["", "/.links"],
    inside: Inside::TooMuch,
    ..PLAIN
};

/// Measured, matplotlib 3: "created a temporary cache directory", at every start, exit 0.
static MATPLOTLIB: Rule = Rule {
    name: "matplotlib",
    variables: &[("MPLCONFIGDIR", "")],
    xdg: Some(("XDG_CONFIG_HOME", "/matplotlib")),
    home: Some("/.config/matplotlib"),
    mounts: &["/matplotlib", "/.config/matplotlib", "/.cache/matplotlib"],
    named: Loss::Without,
    default: Loss::Without,
    ..PLAIN
};

/// Measured, ruff 0.17: `check` and `format` exit 2.
static RUFF: Rule = Rule {
    name: "ruff",
    programs: &[("ruff", &["check", "format"])],
    options: &["--no-cache", "-n", "--cache-dir"],
    variables: &[("RUFF_CACHE_DIR", "")],
    off: &[("RUFF_NO_CACHE", &[])],
    project: Some("/.ruff_cache"),
    settings: (&["pyproject.toml", "ruff.toml", ".ruff.toml"], &["cache-dir"]),
    inside: Inside::Decides,
    ..PLAIN
};

/// Measured: mypy 2.4, which keeps a database, crashes (exit 2); mypy 1.15 goes on without a word.
static MYPY: Rule = Rule {
    name: "mypy",
    programs: &[("mypy", &[])],
    options: &["--cache-dir", "--no-incremental"],
    variables: &[("MYPY_CACHE_DIR", "")],
    off: &[("MYPY_CACHE_DIR", &["/dev/null"])],
    project: Some("/.mypy_cache"),
    settings: (&["pyproject.toml", "mypy.ini", ".mypy.ini", "setup.cfg"], &["cache_dir", "incremental"]),
    ..PLAIN
};

/// Measured, pytest 9: `PytestCacheWarning`, exit 0; `--lf` and `--ff` have nothing to go by.
static PYTEST: Rule = Rule {
    name: "pytest",
    programs: &[("pytest", &[]), ("py.test", &[])],
    options: &["no:cacheprovider", "-pno:cacheprovider", "cache_dir", "-ocache_dir"],
    off: &[("PYTEST_ADDOPTS", &[])],
    project: Some("/.pytest_cache"),
    settings: (&["pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"], &["cache_dir"]),
    named: Loss::Without,
    default: Loss::Without,
    ..PLAIN
};

/// Measured, pre-commit 4: `PermissionError`, exit 1.
static PRE_COMMIT: Rule = Rule {
    name: "pre-commit",
    programs: &[("pre-commit", &[]), ("pre_commit", &[])],
    variables: &[("PRE_COMMIT_HOME", "")],
    xdg: Some(("XDG_CACHE_HOME", "/pre-commit")),
    home: Some("/.cache/pre-commit"),
    mounts: &["/.cache/pre-commit", "/pre-commit-cache"],
    inside: Inside::TooMuch,
    ..PLAIN
};
