//! A field with a value has the name of its own type: by the time the annotation is looked at, the name is the value.

mod cure;

use std::collections::BTreeMap;

use super::types::{Named, annotated, resolved_in};
use crate::checks::python_fix::{text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::{Class, Member, Shape};

use cure::Renaming;

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut hiding: BTreeMap<(&str, &str), Vec<(&Class, &Member)>> = BTreeMap::new();
    for (index, class) in python.classes.iter().enumerate() {
        let path = &*class.name.span.path;
        let Some(shape) = python.shapes.get(path).filter(|_| python.classes.is_model(index)) else { continue };
        for member in class.body.iter().filter(|member| shadows(facts, shape, member)) {
            hiding.entry((path, &member.name.value)).or_default().push((class, member));
        }
    }
    let mut findings = vec![];
    for ((path, name), hiding) in &hiding {
        let renaming = python.shapes.get(*path).and_then(|shape| Renaming::of(facts, shape, hiding));
        for (at, (class, member)) in hiding.iter().enumerate() {
            // What stands behind it and names the type gets the value too.
            let behind = class
                .body
                .iter()
                .filter(|other| other.statement.start >= member.statement.end && names(facts, other, name));
            let fix = renaming.as_ref().and_then(|renaming| renaming.fix(at));
            findings.push(finding(facts, class, member, &behind.collect::<Vec<_>>(), fix));
        }
    }
    Ok(findings)
}

/// Whether an annotation names something by this name, or by what it holds.
fn names(facts: &Facts, member: &Member, name: &str) -> bool {
    // Reading an annotation takes longer than looking for a word.
    if !member.annotation.as_ref().is_some_and(|annotation| text(facts, annotation).contains(name)) {
        return false;
    }
    let Some(written) = annotated(facts, member) else { return false };
    written.names().iter().any(|other| other.split('.').next() == Some(name))
        && !member.calls.iter().any(|call| call.is("Relationship"))
}

fn shadows(facts: &Facts, shape: &Shape, member: &Member) -> bool {
    let (name, path) = (&member.name.value, &member.name.span.path);
    let value = member.value.as_ref().map(|value| text(facts, value));
    value.is_some_and(|value| value != name)
        && names(facts, member, name)
        && matches!(resolved_in(facts, shape, path, name, ""), Named::Outside(_) | Named::Class(_))
}

fn finding(facts: &Facts, class: &Class, member: &Member, behind: &[&Member], fix: Option<Fix>) -> Finding {
    let (name, of) = (&member.name.value, &class.name.value);
    let path = &member.name.span.path;
    let message = format!("`{name}` of `{of}` has the name of its own type, and a value, which hides the type");
    let mut finding = Finding::at(&member.name.span, format!("{path}: {of}: {name}"), message)
        .label("is the value by the time the annotation is looked at")
        .seen("class body", format!("{of}.{name}"), text(facts, &member.statement));
    for other in behind {
        finding = finding.related(&other.name.span, format!("its `{name}` is that value too"));
    }
    with_fix(finding, fix, "import the type under another name, or through its module: `datetime.date`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Environment;
    use crate::project::files::MemoryFiles;
    use crate::project::read;

    #[test]
    fn the_old_name_stays_where_another_file_may_take_it() {
        const MODELS: &str = "from datetime import date\nfrom sqlmodel import Field, SQLModel\n\nclass A(SQLModel, table=True):\n    date: date = Field()\n";
        const TOO: &str = "import `date` as `date_type` too, and annotate by that";
        const INSTEAD: &str = "import `date` as `date_type`, and annotate by that";
        for (path, text, title) in [
            ("app/a.py", "from app.models import A\n", INSTEAD),
            ("app/a.py", "from datetime import date\n", INSTEAD),
            ("app/a.py", "from app.models import *\n", TOO),
            ("app/a.py", "import app.models as m\nm.date.today()\n", TOO),
            ("tests/test_a.py", "from app.models import date\n", TOO),
        ] {
            let files = MemoryFiles::new([("app/models.py", MODELS), (path, text)]);
            let facts = Facts { project: read::project(&files, &Environment::default(), None), ..Facts::default() };
            let fixes = check(&facts).unwrap().into_iter().filter_map(|finding| finding.fix);
            assert_eq!(fixes.map(|fix| fix.title).collect::<Vec<_>>(), [title], "{text}");
        }
    }
}
