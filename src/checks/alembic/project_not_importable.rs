//! `env.py` imports the project's own modules, and nothing leads the command `alembic` to them.

use crate::checks::python_fix::listed;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::python::{Environment, Unfound};

pub(super) fn check(facts: &Facts) -> Checked {
    let environments = facts.project.python.environments.iter();
    let told = environments.filter_map(|environment| Some((environment, environment.unfound.as_ref()?)));
    Ok(told.filter(|_| !has_path(facts)).filter_map(|(environment, unfound)| finding(environment, unfound)).collect())
}

/// Whether Python's path is set in a container.
fn has_path(facts: &Facts) -> bool {
    let docker = facts.docker.as_ref().ok();
    facts.project.services().any(|service| {
        let live = docker.and_then(|docker| docker.container_of(&service.name.value));
        service.environment.get("PYTHONPATH").is_some()
            || live.is_some_and(|container| container.environment.get("PYTHONPATH").is_some())
    })
}

fn finding(environment: &Environment, unfound: &Unfound) -> Option<Finding> {
    let (first, others) = unfound.modules.split_first()?;
    let names: Vec<&str> = unfound.modules.iter().map(|module| module.value.as_str()).collect();
    let root = first.value.split('.').next().unwrap_or_default();
    let env_py = &environment.env_py;
    let why = if unfound.leads_elsewhere {
        "`prepend_sys_path` leads elsewhere"
    } else {
        "it does not look into the folder it runs in"
    };
    let message = format!("`{env_py}` imports {}, which `alembic` does not find: {why}", listed(&names));
    let mut finding = Finding::at(&first.span, format!("{env_py}: {root}"), message)
        .label(format!("ModuleNotFoundError: No module named '{root}'"));
    for other in others {
        finding = finding.related(&other.span, "is not found either");
    }
    let folder = if unfound.folder.is_empty() { "the top folder of the project" } else { &unfound.folder };
    finding = finding
        .seen("imports", root, format!("lies in {folder}"))
        .seen("prepend_sys_path", env_py, "does not lead there")
        .seen("packaging", folder, "nothing installs the project, sets PYTHONPATH or touches sys.path");
    if unfound.only_by_command {
        // `python -m alembic` looks into the folder it runs in, and a program has its own path.
        finding = finding.only_info().seen(
            "recipes",
            "alembic",
            "run it by `python -m alembic`, or a program of the project does",
        );
    }
    Some(match &unfound.cure {
        Some(cure) => {
            let edit = Edit { span: cure.span.clone(), text: cure.value.clone() };
            let title = format!("let `{}` say `{}`", cure.span.path, unfound.line);
            finding.fix(Fix::safe(title, vec![Step::Edit(edit)]))
        }
        None => {
            let otherwise = if unfound.written == "." { ", or run `python -m alembic`" } else { "" };
            finding.fix(Fix::manual(format!("let `prepend_sys_path` lead to `{}`{otherwise}", unfound.written)))
        }
    })
}
