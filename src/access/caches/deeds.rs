//! What in a cache a command of its tool must fill: not every command needs all of it, and an environment that is usually made
//! in the cache may lie elsewhere.

use crate::access::commands::{Programs, ran};
use crate::access::interest::commands;
use crate::facts::{Container, Environment};
use crate::project::Project;

use super::super::layout::absolute;
use super::super::rights::Seen;
use super::{Tool, look};

/// What one kind of command does with the cache.
#[derive(Debug)]
pub struct Deed {
    /// The commands.
    pub programs: Programs,
    /// The folders below the cache that they must fill.
    pub fill: &'static [&'static str],
    /// Those besides while the project has not this file.
    pub without: Option<(&'static str, &'static [&'static str])>,
    /// Whether they have nothing to fetch where an environment is there and has what it needs.
    pub may_be_done: bool,
}

/// Environments that a tool makes in its cache unless it is told otherwise.
#[derive(Debug)]
pub struct Environments {
    /// The folder of the cache in which they are made.
    pub folder: &'static str,
    /// What their folders have in their names.
    pub mark: &'static str,
    /// Variables that name an environment which is used as it is.
    pub chosen: &'static [&'static str],
    /// The variable that names another folder for them all.
    pub path: &'static str,
    /// The variable that says whether to make any; without, the system's Python is used.
    pub create: &'static str,
    /// The variable that says whether they are made in the project.
    pub in_project: &'static str,
    /// The variable with the folder of the person's settings, and where it is in the home without.
    pub personal: (&'static str, &'static str),
}

/// Poetry. Measured with 2.5 (`tests/cache_real`), and read in its `EnvManager.get`: an environment that is active, else
/// `.venv` in the project (unless it may not), else the system's (`create = false`), else one in the folder of all.
pub static POETRY_ENVIRONMENTS: Environments = Environments {
    folder: "/virtualenvs",
    mark: "-py3",
    chosen: &["VIRTUAL_ENV", "CONDA_PREFIX"],
    path: "POETRY_VIRTUALENVS_PATH",
    create: "POETRY_VIRTUALENVS_CREATE",
    in_project: "POETRY_VIRTUALENVS_IN_PROJECT",
    personal: ("POETRY_CONFIG_DIR", "/.config/pypoetry"),
};

/// Poetry. Measured with 2.5: each command with each of the three folders root's.
pub static POETRY_DEEDS: [Deed; 4] = [
    Deed { programs: &[("poetry", &["run"])], fill: &["/virtualenvs"], without: None, may_be_done: true },
    Deed {
        programs: &[("poetry", &["install", "sync"])],
        fill: &["/virtualenvs", "/artifacts"],
        without: Some(("poetry.lock", &["/cache/repositories"])),
        may_be_done: true,
    },
    Deed {
        programs: &[("poetry", &["lock"])],
        fill: &["/virtualenvs", "/cache/repositories"],
        without: None,
        may_be_done: false,
    },
    Deed {
        programs: &[("poetry", &["add", "update"])],
        fill: &["/virtualenvs", "/artifacts", "/cache/repositories"],
        without: None,
        may_be_done: false,
    },
];

/// A process that uses a tool in a container.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// The container.
    pub container: &'a Container,
    /// Its project.
    pub project: &'a Project,
    /// The words of the command line that runs it; `None`: the service's own command.
    pub line: Option<&'a [&'a str]>,
    /// Its environment.
    pub environment: &'a Environment,
    /// Its home.
    pub home: &'a str,
}

/// Where the environment of a project is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// To be made in the cache.
    Cache,
    /// To be made elsewhere.
    Elsewhere,
    /// It is there, or nobody could say.
    There,
}

impl Tool {
    /// The folders below its cache that must take new entries for what this user does with it; none: it needs nothing there.
    pub fn fill_for(self, user: &User<'_>, cache: &str) -> Vec<&'static str> {
        let rule = self.rule();
        let Some(environments) = rule.environments else { return rule.fill.to_vec() };
        let own: Vec<&str> = commands(user.container, user.project).map(String::as_str).collect();
        let words = user.line.unwrap_or(&own);
        let done: Vec<&Deed> = rule.deeds.iter().filter(|deed| ran(words, deed.programs, &[]).is_some()).collect();
        if done.is_empty() {
            return rule.fill.to_vec();
        }
        let place = environments.place(user, cache);
        // How it ended tells whether it had to fetch something; of a person's line nobody knows.
        let has_failed = user.container.restarting || user.container.ended.is_some_and(|status| status != 0);
        let is_in_vain = user.line.is_some() || !has_failed;
        let mut needed: Vec<&'static str> = vec![];
        for deed in done.iter().filter(|deed| !(place == Place::There && deed.may_be_done && is_in_vain)) {
            let lacking = deed.without.filter(|(file, _)| !user.project.has_marker(file)).map(|(_, fill)| fill);
            let fill = deed.fill.iter().chain(lacking.unwrap_or_default());
            needed.extend(fill.filter(|folder| place == Place::Cache || **folder != environments.folder));
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// Whether the settings that can be read without a look into the container put its environments outside of its cache and
    /// home, and the command does nothing but use them.
    pub fn only_runs_elsewhere<W: AsRef<str>>(self, words: &[W], environment: &Environment, project: &Project) -> bool {
        let rule = self.rule();
        let Some(environments) = rule.environments else { return false };
        let mut done = rule.deeds.iter().filter(|deed| ran(words, deed.programs, &[]).is_some()).peekable();
        done.peek().is_some()
            && done.all(|deed| deed.fill == [environments.folder])
            && (environments.is_chosen(environment)
                || !environments.makes_any(environment, project)
                || environments.in_project(environment, project) == Some(true)
                || environments.is_moved(environment, project))
    }

    /// What has to be looked at in a container to say where its environments are.
    pub fn environment_paths(self, environment: &Environment, home: &str, working_dir: &str) -> Vec<String> {
        let Some(environments) = self.rule().environments else { return vec![] };
        vec![absolute(".venv", working_dir), environments.personal_file(environment, home)]
    }
}

impl Environments {
    fn is_chosen(&self, environment: &Environment) -> bool {
        let is_base = environment.get("CONDA_DEFAULT_ENV") == Some("base");
        // The first that is set decides, even when it is empty.
        let first = self.chosen.iter().find_map(|name| environment.get(name));
        !is_base && first.is_some_and(|path| !path.is_empty())
    }

    /// A yes or no of the environment, else of the project's file. Everything but `true` and `1` is a no.
    fn says(variable: &str, environment: &Environment, written: Option<bool>) -> Option<bool> {
        environment.get(variable).map(|value| ["true", "1"].contains(&value.to_ascii_lowercase().as_str())).or(written)
    }

    fn makes_any(&self, environment: &Environment, project: &Project) -> bool {
        Self::says(self.create, environment, project.poetry.create) != Some(false)
    }

    fn in_project(&self, environment: &Environment, project: &Project) -> Option<bool> {
        Self::says(self.in_project, environment, project.poetry.in_project)
    }

    fn is_moved(&self, environment: &Environment, project: &Project) -> bool {
        environment.get_nonempty(self.path).is_some() || project.poetry.path
    }

    fn personal_file(&self, environment: &Environment, home: &str) -> String {
        let (variable, below_home) = self.personal;
        let xdg = environment.get_nonempty("XDG_CONFIG_HOME").map(|folder| format!("{folder}/pypoetry"));
        let folder = environment.get_nonempty(variable).map(str::to_owned).or(xdg);
        absolute(&format!("{}/config.toml", folder.unwrap_or_else(|| format!("{home}{below_home}"))), "/")
    }

    fn place(&self, user: &User<'_>, cache: &str) -> Place {
        let (container, environment) = (user.container, user.environment);
        let directory = if container.working_dir.is_empty() { "/" } else { &container.working_dir };
        let in_project = self.in_project(environment, user.project);
        let of_project = look(container, &absolute(".venv", directory));
        let may_be = in_project != Some(false);
        if self.is_chosen(environment)
            || (may_be && matches!(of_project, Seen::There(_)))
            || !self.makes_any(environment, user.project)
        {
            return Place::There;
        }
        if in_project == Some(true) {
            return if of_project == Seen::Absent { Place::Elsewhere } else { Place::There };
        }
        // Settings of the person's that are not read.
        let personal = matches!(look(container, &self.personal_file(environment, user.home)), Seen::There(_));
        let moved = self.is_moved(environment, user.project);
        let folder = format!("{cache}{}/", self.folder);
        let listing = container.listings.get(cache).and_then(|listing| listing.as_ref().ok());
        let mut made =
            listing.into_iter().flat_map(|listing| &listing.entries).filter_map(|(path, _)| path.strip_prefix(&folder));
        let is_made = made.any(|name| !name.contains('/') && name.contains(self.mark));
        if personal || moved || is_made { Place::There } else { Place::Cache }
    }
}
