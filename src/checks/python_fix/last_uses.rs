//! Which imports a fix may leave without use, so that they can go with it.

use crate::facts::Facts;
use crate::fix::spare::uses;
use crate::fix::{Fix, Step};
use crate::text::Spanned;

/// The imported names that stand in what the edits of a fix replace. Not those of an `__init__.py`, or those that another file
/// may take from there: they are imported for others.
pub(super) fn last_uses(facts: &Facts, fix: &Fix) -> Vec<Spanned<String>> {
    let python = &facts.project.python;
    let mut found: Vec<Spanned<String>> = vec![];
    for step in &fix.steps {
        let Step::Edit(edit) = step else { continue };
        let path: &str = &edit.span.path;
        if edit.span.range().is_empty() || !path.ends_with(".py") || path.ends_with("__init__.py") {
            continue;
        }
        let (Some(source), Some(shape)) = (facts.source(path), python.shapes.get(path)) else { continue };
        let replaced = source.slice(&edit.span);
        let lent = python.lent.get(path);
        for import in &shape.imports {
            let is_lent = lent.is_some_and(|names| names.contains(&import.bound));
            if is_lent || !import.only_binds() || uses(replaced, &import.bound) == 0 {
                continue;
            }
            let statements = &source.python().1.imports;
            let statement = statements.iter().find(|it| it.range.contains(&import.span.start));
            let Some(statement) =
                statement.filter(|it| it.range.start > edit.span.end || it.range.end < edit.span.start)
            else {
                continue;
            };
            let name = Spanned::new(import.bound.clone(), source.span(statement.range.clone()));
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Environment;
    use crate::fix::Edit;
    use crate::project::files::MemoryFiles;
    use crate::project::read;

    const MODELS: &str = "from datetime import datetime as time\nfrom sqlalchemy import Column\nimport app.types as types\nfrom sqlmodel import SQLModel\n\nclass Hero(SQLModel, table=True):\n    a: int = Column(time, types)\n";

    /// What may go with the last line of the models, beside another file.
    fn names(path: &str, other: (&str, &str)) -> Vec<String> {
        let files = MemoryFiles::new([(path, MODELS), ("app/types.py", ""), other]);
        let facts = Facts { project: read::project(&files, &Environment::default(), None), ..Facts::default() };
        let at = MODELS.find("Column(time").unwrap();
        let span = facts.source(path).unwrap().span(at..MODELS.len());
        let fix = Fix::safe("a", vec![Step::Edit(Edit { span, text: "1\n".into() })]);
        last_uses(&facts, &fix).into_iter().map(|name| name.value).collect()
    }

    #[test]
    fn what_others_may_use_stays() {
        let models = "app/models.py";
        assert_eq!(names(models, ("app/a.py", "from app.models import Hero\n")), ["time", "Column"]);
        assert_eq!(names(models, ("app/a.py", "from .models import Column\n")), ["time"]);
        assert_eq!(names(models, ("app/a.py", "from app.models import *\n")), [""; 0]);
        let test = "from app import models\n\n\ndef test_a():\n    assert models.time\n";
        assert_eq!(names(models, ("tests/test_a.py", test)), ["Column"]);
        assert_eq!(names("app/models/__init__.py", ("app/a.py", "")), [""; 0]);
    }
}
