//! An `include_object` of which nobody can tell whether it refuses tables of the models, the usual harmless forms aside.

use super::{Filter, Hides};
use crate::project::python::modules::{File, Modules};
use crate::project::python::names::{Meaning, meaning};
use crate::text::Span;
use crate::text::python::{Argument, Value};

/// What is said of an argument whose function says neither yes nor no to these tables; `function` is its place, where it was
/// read at all.
pub(super) fn filter(
    modules: &mut Modules<'_>,
    env: &File,
    argument: &Argument,
    function: Option<&Span>,
    mut tables: Vec<(usize, String)>,
) -> Option<Filter> {
    match function {
        // What a package brings knows nothing of the project's tables.
        None if is_of_outside(modules, env, &argument.value) => return None,
        None if env.source.text().get(argument.range.clone()) == Some("None") => return None,
        None => {}
        Some(place) => {
            let file = modules.file(&place.path)?;
            let text = file.source.text();
            let is_function = text.get(..place.start).is_some_and(|before| before.ends_with("def "));
            let body = if is_function { body(text, place.start) } else { file.source.slice(place) };
            if is_usual(modules, env, body) {
                return None;
            }
            if takes_from_configuration(&file, body) {
                tables.retain(|(_, name)| modules.configurations_name(name.rsplit('.').next().unwrap_or(name)));
            }
        }
    }
    let span = env.source.span(argument.whole.clone());
    let function = function.cloned().unwrap_or_else(|| env.source.span(argument.range.clone()));
    let found = Filter { hides: Hides::Models, span, function, tables, of: 0, is_untold: true };
    (!found.tables.is_empty()).then_some(found)
}

fn is_of_outside(modules: &mut Modules<'_>, env: &File, value: &Value) -> bool {
    let name = match value {
        Value::Name(name) => name,
        Value::Call(call) if call.function() != "partial" => &call.callee,
        _ => return false,
    };
    matches!(meaning(modules, env, name), Meaning::Outside(_))
}

/// The text of the function whose name stands at `start`, from its name on.
pub(in crate::project::python) fn body(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    let line = text.get(..start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut end = 0;
    for (at, one) in rest.split_inclusive('\n').enumerate() {
        let is_left = at > 0 && !one.trim().is_empty() && indent(one) <= indent(line);
        if is_left && !one.trim_start().starts_with(')') {
            break;
        }
        end += one.len();
    }
    rest.get(..end).unwrap_or_default()
}

/// Whether a function asks what says yes to every table of the models here: a mark that none of them has, a schema where none
/// names one, or whether the models have the table.
fn is_usual(modules: &Modules<'_>, env: &File, body: &str) -> bool {
    body.contains("metadata.tables")
        || body.contains(".info") && !modules.speak_of(&env.path, &["info=", "info =", "\"info\"", "'info'"])
        || body.contains(".schema") && !modules.speak_of_schemas(&env.path)
}

/// Whether a function asks for a name of its file that is read from the configuration, as the names of tables to leave out are.
fn takes_from_configuration(file: &File, body: &str) -> bool {
    let words = |name: &str| {
        body.split(|character: char| !character.is_alphanumeric() && character != '_').any(|word| word == name)
    };
    file.module.assignments.iter().filter(|assignment| words(&assignment.target)).any(|assignment| {
        let written = file.source.text().get(assignment.range.clone()).unwrap_or_default();
        ["get_section", "get_main_option", "get_alembic_option"].iter().any(|call| written.contains(call))
    })
}
