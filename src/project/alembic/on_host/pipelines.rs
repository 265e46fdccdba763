//! Runs of alembic in the jobs of CI pipelines, with what the steps before them put into the PATH.

use super::steps::{decides, is_understood};
use super::{HostRun, Language, Occasion, directory, runs_in};
use crate::project::alembic::words::{How, puts_into_path};
use crate::project::commands::{is_workflow, join, with_templates_as_words};
use crate::project::poetry::PoetrySettings;
use crate::text::yaml::{self, Node, mapped};
use crate::text::{Mapped, Source, shell};

/// The managers, and the commands that fill an environment of theirs.
const MANAGERS: [(&str, [&str; 2]); 2] = [("uv", ["uv sync", "uv run"]), ("poetry", ["poetry install", "poetry sync"])];

/// Actions, or their owners, that put no environment of a project into the PATH.
const PLAIN_ACTIONS: [&str; 13] = [
    "actions/cache@",
    "actions/checkout@",
    "actions/download-artifact@",
    "actions/setup-node@",
    "actions/setup-python@",
    "actions/upload-artifact@",
    "astral-sh/setup-uv@",
    "abatilo/actions-poetry@",
    "snok/install-poetry@",
    "docker/",
    "codecov/",
    "dorny/paths-filter@",
    "ikalnytskyi/action-setup-postgres@",
];

/// Inputs of actions that put packages, or an environment, where every command finds them.
const INPUTS: [&str; 4] = ["activate-environment", "virtualenvs-create", "venv-path", "pip-install"];

/// What a job has done so far.
#[derive(Default)]
struct Job {
    /// The managers that filled an environment.
    filled: Vec<&'static str>,
    /// Something may have put it into the PATH, or it is not understood.
    is_open: bool,
}

/// The runs in all jobs of a pipeline.
pub(super) fn read(source: &Source, poetry: &PoetrySettings) -> Vec<HostRun> {
    // One that is no YAML is named by who reads all pipelines.
    let Ok(tree) = yaml::parse(source) else { return vec![] };
    let mut found = if is_workflow(source.path()) { workflow(source, &tree) } else { pipeline(source, &tree) };
    if poetry.create == Some(false) {
        found.iter_mut().filter(|run| run.only_in.as_deref() == Some("poetry")).for_each(|run| run.only_in = None);
    }
    found
}

/// GitHub's: every step has a shell of its own.
fn workflow(source: &Source, tree: &Node) -> Vec<HostRun> {
    let mut found = vec![];
    for entry in tree.get("jobs").map(Node::entries).unwrap_or_default() {
        let (job, name) = (&entry.value, entry.key.as_str());
        let is_hosted = job.get("runs-on").is_some_and(|on| !source.slice(&on.span).contains("self-hosted"));
        let mut state = Job { is_open: !is_hosted || job.get("container").is_some(), ..Job::default() };
        state.is_open |= [tree, job].iter().any(|node| sets(node.get("env")));
        for step in job.get("steps").map(Node::items).unwrap_or_default() {
            if let Some(action) = step.get("uses").and_then(Node::as_str) {
                let is_plain = PLAIN_ACTIONS.iter().any(|plain| action.starts_with(plain));
                state.is_open |= !is_plain || puts_right(action, step.get("with"));
            }
            let Some(text) = step.get("run").and_then(|run| mapped(source, run)) else { continue };
            let set = |key: &str| {
                let defaults = || [job, tree].into_iter().find_map(|node| node.at(&["defaults", "run", key]));
                step.get(key).or_else(defaults).and_then(Node::as_str)
            };
            let text = with_templates_as_words(&text);
            state.is_open |= sets(step.get("env")) || !matches!(set("shell"), None | Some("bash" | "sh"));
            let within = set("working-directory");
            let start = within.map_or(Some(String::new()), |it| directory::entered(Some(""), it, Language::YamlShell));
            found.extend(state.runs(&text, start.as_deref(), name));
        }
    }
    found
}

/// GitLab's: one shell runs all of a job, in an image.
fn pipeline(source: &Source, tree: &Node) -> Vec<HostRun> {
    let default = |key: &str| tree.at(&["default", key]).or_else(|| tree.get(key));
    let mut found = vec![];
    for entry in tree.entries() {
        let (job, name) = (&entry.value, entry.key.as_str());
        let Some(script) = job.get("script") else { continue };
        let part = |key: &str| job.get(key).or_else(|| default(key));
        let mut text = Mapped::default();
        let parts = [part("before_script"), Some(script)];
        parts.iter().flatten().for_each(|part| join(source, part, &mut text, 0));
        let image = part("image").and_then(|image| image.as_str().or_else(|| image.get("name")?.as_str()));
        let mut state = Job { is_open: !image.is_some_and(is_plain_image), ..Job::default() };
        // What others add to a job, and what is taken over from them.
        state.is_open |= job.get("extends").is_some() || tree.get("include").is_some();
        state.is_open |=
            name.is_none_or(|name| name.starts_with('.')) || parts.iter().flatten().any(|it| refers(it, 0));
        state.is_open |= [tree, job].iter().any(|it| sets(it.get("variables")));
        found.extend(state.runs(&text, Some(""), name));
    }
    found
}

impl Job {
    /// The runs of what one shell gets.
    fn runs(&mut self, text: &Mapped, start: Option<&str>, name: Option<&str>) -> Vec<HostRun> {
        let commands: Vec<&str> =
            shell::commands(text.text()).iter().filter_map(|command| text.text().get(command.range())).collect();
        let fills = |(manager, fill): &(&'static str, [&str; 2])| {
            let is_it = commands.iter().any(|command| fill.iter().any(|one| command.contains(one)));
            is_it.then_some(*manager)
        };
        self.filled.extend(MANAGERS.iter().filter_map(fills));
        let sets = commands.iter().any(|command| puts_into_path(command) && !installs_tools(command));
        self.is_open |= installs(text.text(), &commands) || !is_understood(text.text());
        let only_in = self.filled.first().filter(|_| !sets && !self.is_open);
        let only = |run: &HostRun| only_in.filter(|_| run.how != How::Managed).map(|manager| (*manager).to_owned());
        let runs = runs_in(text, start, Language::YamlShell).into_iter();
        runs.map(|run| HostRun {
            only_in: only(&run),
            holder: name.map(str::to_owned),
            occasion: Occasion::Runner,
            ..run
        })
        .collect()
    }
}

/// Whether what a shell runs holds for the shells after it too: packages for every Python, or a path that the runner keeps.
fn installs(text: &str, commands: &[&str]) -> bool {
    const SYSTEM: [&str; 7] = [
        "--system",
        "virtualenvs.create false",
        "uv export",
        "poetry export",
        "uv tool",
        "pipx install",
        "pip install",
    ];
    let kept = ["GITHUB_PATH", "GITHUB_ENV"].iter().any(|file| text.contains(file));
    kept || commands.iter().any(|command| SYSTEM.iter().any(|one| command.contains(one)) && !installs_tools(command))
}

/// Whether a command installs the managers and nothing else.
pub(super) fn installs_tools(command: &str) -> bool {
    const TOOLS: [&str; 5] = ["uv", "poetry", "pip", "setuptools", "wheel"];
    let Some((_, names)) = command.split_once(" install ") else { return false };
    let name =
        |word: &str| word.trim_matches(['"', '\'']).split(['=', '<', '>', '~', '[']).next().unwrap_or("").to_owned();
    let mut names =
        names.split_whitespace().filter(|word| !matches!(*word, "-U" | "--upgrade" | "-q" | "--quiet" | "--user"));
    command.contains("pip") && names.all(|word| TOOLS.contains(&name(word).as_str()))
}

/// Whether variables of a job decide where packages are put, or cannot be told.
fn sets(variables: Option<&Node>) -> bool {
    variables.is_some_and(|variables| {
        let decides = |key: &Node| key.as_str().is_none_or(decides);
        !variables.is_mapping() && !variables.is_null() || variables.entries().iter().any(|entry| decides(&entry.key))
    })
}

/// Whether an action with these inputs puts an environment into the PATH. Up to its fifth version that of uv does so for a
/// version of Python.
fn puts_right(action: &str, inputs: Option<&Node>) -> bool {
    let names = |name: &str| inputs.is_some_and(|inputs| inputs.get(name).is_some());
    let version =
        action.strip_prefix("astral-sh/setup-uv@v").and_then(|version| version.split('.').next()?.parse().ok());
    let is_old = action.starts_with("astral-sh/setup-uv@") && version.is_none_or(|version: u32| version <= 5);
    inputs.is_some_and(|inputs| !inputs.is_mapping() && !inputs.is_null())
        || INPUTS.iter().any(|name| names(name))
        || is_old && names("python-version")
}

/// Whether a script takes lines over from elsewhere, as by `!reference`.
fn refers(script: &Node, depth: usize) -> bool {
    script.tag().is_some() || depth > 10 || script.items().iter().any(|item| refers(item, depth + 1))
}

/// Whether an image is one of Python's or uv's own, which have nothing of the project.
fn is_plain_image(image: &str) -> bool {
    let path = image.split('@').next().unwrap_or("");
    let (before, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_known = match name.split(':').next() {
        Some("python") => ["", "docker.io", "library", "docker.io/library"].contains(&before),
        Some("uv") => ["astral", "docker.io/astral", "ghcr.io/astral-sh"].contains(&before),
        _ => false,
    };
    is_known || before.starts_with("${CI_DEPENDENCY_PROXY") && name.starts_with("python:")
}
