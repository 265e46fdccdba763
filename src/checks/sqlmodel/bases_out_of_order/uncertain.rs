//! What is said of a base that nobody here knows, behind one that it may inherit from.

use crate::finding::Finding;
use crate::project::python::{Ancestor, Base, Class, Classes, DECLARATIVE, PYDANTIC, SQLMODEL};

/// Packages whose classes inherit from no model.
const PLAIN: [&str; 14] = [
    "abc",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "logging",
    "numbers",
    "sqlalchemy",
    "threading",
    "typing",
    "typing_extensions",
    "uuid",
];

/// Python asks that a base stands before those it inherits from. Of a base that is not known only this matters: whether it
/// inherits from one that is listed before it. The other way round nothing can be wrong.
pub(super) fn uncertain(classes: &Classes, class: &Class) -> Option<Finding> {
    let pairs =
        class.bases.iter().enumerate().flat_map(|(at, one)| class.bases.iter().skip(at + 1).map(move |two| (one, two)));
    let (before, unknown) = pairs.into_iter().find(|(before, behind)| may_inherit(classes, behind, before))?;
    let (name, before_name, unknown_name) = (&class.name.value, &before.written.value, &unknown.written.value);
    let path = class.name.span.path.to_string();
    let message = format!(
        "whether `{unknown_name}` inherits from `{before_name}`, which `{name}` lists before it, cannot be told"
    );
    Some(
        Finding::at(&unknown.written.span, format!("{path}: {name}"), message)
            .label("is not known here")
            .related(&before.written.span, "must stand behind what inherits from it")
            .seen("classes", name, format!("{before_name}, {unknown_name}"))
            .help(format!("list `{before_name}` behind `{unknown_name}`, which is right in both cases"))
            .only_info(),
    )
}

/// Whether a base that is not known may inherit from this one.
fn may_inherit(classes: &Classes, unknown: &Base, before: &Base) -> bool {
    let is_root = |name: &str| matches!(name, SQLMODEL | PYDANTIC | DECLARATIVE);
    let behind_root = match &before.leads_to {
        Ancestor::Outside(name) => is_root(name),
        Ancestor::Class(_) | Ancestor::Unknown => false,
    };
    let above: Vec<&Ancestor> = match &unknown.leads_to {
        Ancestor::Class(index) => classes.ancestors(*index).skip(1).collect(),
        other => vec![other],
    };
    above.into_iter().any(|ancestor| match ancestor {
        Ancestor::Unknown => {
            behind_root || matches!(&before.leads_to, Ancestor::Class(index) if classes.is_model(*index))
        }
        Ancestor::Outside(name) => {
            let package = name.split_once('.').map(|(package, _)| package);
            let is_known = classes.order(std::slice::from_ref(ancestor)).is_some();
            behind_root && !is_known && package.is_some_and(|package| !PLAIN.contains(&package))
        }
        Ancestor::Class(_) => false,
    })
}
