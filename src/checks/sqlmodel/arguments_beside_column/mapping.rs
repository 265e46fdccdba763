//! What is said of a `Field` that is given a column and a mapping of further arguments: `Field(sa_column=…, **options)`.

use crate::checks::python_fix::{listed, text};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::fix::Fix;
use crate::project::python::{CallSite, Mapping};

/// What SQLModel refuses beside `sa_column`, in the order it looks.
pub(super) const REFUSED: [&str; 9] = [
    "primary_key",
    "nullable",
    "foreign_key",
    "ondelete",
    "unique",
    "index",
    "sa_type",
    "sa_column_args",
    "sa_column_kwargs",
];

/// What the mapping hands over where it is written down, else that this cannot be told. What callers of a function hand on is
/// theirs to decide.
pub(super) fn by_mapping(facts: &Facts, call: &CallSite) -> Option<Finding> {
    let column = call.keyword("sa_column")?;
    let path = call.span.path.to_string();
    call.arguments.iter().find_map(|argument| {
        let (name, place) = (text(facts, &argument.value), &argument.whole);
        let begin = |message: String| {
            Finding::at(place, format!("{path}: {}", text(facts, place)), message)
                .related(&column.whole, "is the column")
        };
        match argument.mapping.as_ref()? {
            Mapping::Keys(keys) => {
                let refused: Vec<&str> = keys.iter().map(String::as_str).filter(|key| REFUSED.contains(key)).collect();
                let all = listed(&refused);
                let message = format!("`{}` gets {all} beside `sa_column`, which SQLModel refuses", call.callee);
                (!refused.is_empty()).then(|| {
                    begin(message)
                        .label(format!("hands over {all}"))
                        .seen("read", name, all.clone())
                        .fix(Fix::manual("say it in the `Column(…)` instead, and nothing of it in the mapping"))
                })
            }
            Mapping::Untold => Some(
                begin(format!("whether `{}` gets more of the column beside `sa_column` cannot be told", call.callee))
                    .label("what this hands over is only known when it runs")
                    .seen("read", format!("{path}: {}", call.callee), "a mapping beside `sa_column`")
                    .help(format!("keep {} out of it: SQLModel refuses them beside a column", listed(&REFUSED)))
                    .only_info(),
            ),
            Mapping::Handed => None,
        }
    })
}
