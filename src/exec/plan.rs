//! The whole of a command before it runs, as data.

use super::user::{Who, settled};
use super::{directory, home};
use crate::access::{IdMaps, RunsAs, normal};
use crate::facts::Container;

/// What the person asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The command and its arguments.
    pub command: Vec<String>,
    /// `-e`, with the value of the person's own environment where none was written; those that are not set there are left out.
    pub environment: Vec<Variable>,
    /// `-w`.
    pub working_dir: Option<String>,
    /// Whether the command gets a terminal.
    pub tty: bool,
    /// The working directory on the host, without links.
    pub here: Option<String>,
    /// Login name of the person on the host.
    pub login: Option<String>,
}

/// A variable of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether the person named it without a value.
    pub inherited: bool,
}

/// A command, ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecPlan {
    /// Id of the container.
    pub container: String,
    /// Name of the container.
    pub name: String,
    /// As whom, and why.
    pub who: Who,
    /// `-u`; `None`: the container's own user.
    pub user: Option<String>,
    /// `-e`.
    pub environment: Vec<Variable>,
    /// `-w`; `None`: the image's.
    pub working_dir: Option<String>,
    /// Whether it gets a terminal.
    pub tty: bool,
    /// The command and its arguments.
    pub command: Vec<String>,
}

impl ExecPlan {
    /// Decides everything. The container's accounts, and the paths of [`home::wishes`], have been looked at as far as they
    /// matter; what could not be looked at is left as the container has it.
    pub fn new(who: Who, asked: Asked, container: &Container, maps: &IdMaps) -> Self {
        let (who, user) = settled(who, container);
        let given = pairs(&asked.environment);
        let mut environment = vec![];
        if let Ok(runs) = RunsAs::by_exec(container, user.as_deref(), &given) {
            let own = |(name, value)| Variable { name, value, inherited: false };
            environment.extend(home::variables(&runs, maps, container, &given, &asked.command).into_iter().map(own));
            // Programs ask for their user's name and find no login; the person has one.
            let nameless = container.passwd.is_ok() && !runs.has_login() && matches!(who, Who::Person(_));
            let named = ["USER", "LOGNAME"].iter().any(|name| {
                container.environment.get_nonempty(name).is_some() || given.iter().any(|(other, _)| other == name)
            });
            if let (Some(login), true) = (asked.login, nameless && !named) {
                environment.push(own(("USER".to_owned(), login)));
            }
        }
        environment.extend(asked.environment);
        let working_dir = match asked.working_dir {
            Some(given) => Some(given),
            None => asked
                .here
                .as_deref()
                .and_then(|here| directory::in_container(container, here))
                .filter(|inside| *inside != normal(&container.working_dir)),
        };
        Self {
            container: container.id.clone(),
            name: container.name.clone(),
            who,
            user,
            environment,
            working_dir,
            tty: asked.tty,
            command: asked.command,
        }
    }
}

/// Variables as the access model takes them.
pub fn pairs(environment: &[Variable]) -> Vec<(String, Option<String>)> {
    environment.iter().map(|variable| (variable.name.clone(), Some(variable.value.clone()))).collect()
}

#[cfg(test)]
#[path = "plan/tests.rs"]
pub(super) mod tests;
