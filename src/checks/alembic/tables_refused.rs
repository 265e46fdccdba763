//! A function of `env.py` leaves tables of the models out: autogenerate does not see them, or takes them for new each time.

use crate::checks::python_fix::{listed, text};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::{Environment, Filter, Hides};

/// What may be left out, and nothing that a model is.
const CURE: &str = "not (type_ == \"table\" and reflected and compare_to is None)";

pub(super) fn check(facts: &Facts) -> Checked {
    let environments = facts.project.python.environments.iter();
    let told = environments.flat_map(|environment| environment.filters.iter().map(move |filter| (environment, filter)));
    Ok(told
        .map(|(environment, filter)| match filter.is_untold {
            false => finding(facts, environment, filter),
            true => uncertain(facts, environment, filter),
        })
        .collect())
}

fn finding(facts: &Facts, environment: &Environment, filter: &Filter) -> Finding {
    let (env_py, classes) = (&environment.env_py, &facts.project.python.classes);
    let names: Vec<&str> = filter.tables.iter().map(|(_, name)| name.as_str()).collect();
    let argument = if filter.hides == Hides::Models { "include_object" } else { "include_name" };
    let all = names.len() == filter.of;
    let whole = if all && filter.of > 1 { "every table of the models" } else { "" };
    let which = if whole.is_empty() { listed(&names) } else { whole.to_owned() };
    let (message, label) = match filter.hides {
        Hides::Models => {
            (format!("`{argument}` refuses {which}: autogenerate writes nothing for {}", it(&names)), "says no to them")
        }
        Hides::Names => (
            format!("`{argument}` hides {which} in the database: autogenerate makes {} anew each time", it(&names)),
            "says no to their names",
        ),
        Hides::Schema => (
            format!("`{argument}` hides the database's own schema: autogenerate makes {which} anew each time"),
            "says no to the schema `None`",
        ),
    };
    let mut finding =
        Finding::at(&filter.span, format!("{env_py}: {argument} {}", names.join(" ")), message).label(label);
    if filter.function.path != filter.span.path
        || filter.function.start < filter.span.start
        || filter.function.end > filter.span.end
    {
        finding = finding.related(&filter.function, "is the function");
    }
    for (class, name) in filter.tables.iter().take(4) {
        if let Some(class) = classes.get(*class) {
            finding = finding.related(&class.name.span, format!("`{}` is `{name}`", class.name.value));
        }
    }
    finding = finding.seen(
        "syntax tree",
        argument,
        match filter.hides {
            Hides::Schema => "None, \"schema\": not true whatever else holds".to_owned(),
            _ => format!("{:?}, \"table\": not true whatever else holds", names.first().unwrap_or(&"")),
        },
    );
    let fix = match filter.hides {
        Hides::Models if all => format!("let only tables be refused that no model is: `return {CURE}`"),
        Hides::Models => {
            finding = finding.only_info();
            format!(
                "let {} through, unless somebody else makes {} in the database",
                text(facts, &filter.function),
                it(&names)
            )
        }
        Hides::Names => "let the names of the models' tables through: `name in target_metadata.tables`".to_owned(),
        Hides::Schema => "let the schema `None` through, which is the database's own".to_owned(),
    };
    finding.fix(Fix::manual(fix))
}

/// What is said of a function that cannot be followed.
fn uncertain(facts: &Facts, environment: &Environment, filter: &Filter) -> Finding {
    let env_py = &environment.env_py;
    let names: Vec<&str> = filter.tables.iter().map(|(_, name)| name.as_str()).collect();
    let which =
        if names.len() == filter.of && filter.of > 1 { "tables of the models".to_owned() } else { listed(&names) };
    let message = format!("whether `include_object` refuses {which} cannot be told without running it");
    let mut finding = Finding::at(&filter.span, format!("{env_py}: include_object"), message)
        .label("what this says to them is only known when it runs");
    if filter.function.path != filter.span.path || filter.function.start < filter.span.start {
        finding = finding.related(&filter.function, "is the function");
    }
    finding
        .seen(
            "syntax tree",
            "include_object",
            format!("{:?}, \"table\": not decided by what is written", names.first().unwrap_or(&"")),
        )
        .help(format!("print the names that {} says no to, and run `alembic check`", text(facts, &filter.function)))
        .only_info()
}

fn it(names: &[&str]) -> &'static str {
    if names.len() == 1 { "it" } else { "them" }
}
