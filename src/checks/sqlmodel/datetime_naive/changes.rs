//! What may change a time between the default and the row.

use crate::checks::sqlmodel::said::Said;
use crate::facts::Facts;
use crate::project::python::Ancestor;

/// Methods that are called when a row is made, or one of its values is set.
const CHANGING: [&str; 4] = ["__init__", "__setattr__", "model_post_init", "__init_subclass__"];

/// Which classes something may give a time its zone in before the row is written.
pub(super) fn may_change(facts: &Facts) -> Vec<bool> {
    let python = &facts.project.python;
    let validates = |name: &str| name.ends_with("validator") || name == "validates";
    python.classes.with_heirs_of(|ancestor| match ancestor {
        _ if !python.listeners.is_empty() => true,
        Ancestor::Class(at) => python.classes.get(*at).is_some_and(|class| {
            let said = Said::of(facts, class);
            said.binds(&CHANGING) || said.reads(&validates)
        }),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Environment;
    use crate::project::files::MemoryFiles;
    use crate::project::read;

    #[test]
    fn what_changes_a_time_is_told_from_what_speaks_of_it() {
        for (body, expected) in [
            ("    'A validator may come, __init__ too.'\n    made: datetime  # validates\n", false),
            ("    validator_of: str\n    '__setattr__'\n", false),
            ("    def is_validated(self): ...\n", false),
            ("    @field_validator('made')\n    def zone(cls, made): ...\n", true),
            ("    @pydantic.model_validator(mode='after')\n    def zone(self): ...\n", true),
            ("    _zone = validator('made', allow_reuse=True)(zone)\n", true),
            ("    @check('made')\n    def zone(self, key, made): ...\n", true),
            ("    def __init__(self, **data): ...\n", true),
            ("    if x:\n        __setattr__ = y\n", true),
            ("    def model_post_init(self, context): ...\n", true),
        ] {
            let head = "from sqlalchemy.orm import validates as check\nfrom sqlmodel import Field, SQLModel\n";
            let text =
                format!("{head}class Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n{body}");
            let files = MemoryFiles::new([("models.py", text.as_str())]);
            let facts = Facts { project: read::project(&files, &Environment::default(), None), ..Facts::default() };
            assert_eq!(may_change(&facts)[0], expected, "{body}");
        }
    }
}
