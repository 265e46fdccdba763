//! What is said beside a column, moved into it: the tables are those that were meant, on both kinds of databases.

use super::support::sets::SETS;
use super::{HEAD, facts, found, python, repaired};

/// What `Field` is given, and the column that was meant.
const MEANT: [(&str, &str); 16] = [
    ("sa_column=Column(String), nullable=False", "Column(String, nullable=False)"),
    ("sa_column=Column(String), nullable=True", "Column(String, nullable=True)"),
    ("sa_column=Column(String, nullable=False), nullable=True", "Column(String, nullable=False)"),
    ("sa_column=Column(String), unique=True", "Column(String, unique=True)"),
    ("sa_column=Column(String), index=True", "Column(String, index=True)"),
    ("sa_column=Column(String(9)), index=True, unique=True", "Column(String(9), index=True, unique=True)"),
    ("sa_column=Column(String), primary_key=True", "Column(String, primary_key=True)"),
    ("sa_column=Column(String), foreign_key='t.id'", "Column(String, ForeignKey('t.id'))"),
    (
        "sa_column=Column(String), foreign_key='t.id', ondelete='CASCADE'",
        "Column(String, ForeignKey('t.id', ondelete='CASCADE'))",
    ),
    (
        "sa_column=Column(String), foreign_key='t.id', ondelete='SET NULL', nullable=True",
        "Column(String, ForeignKey('t.id', ondelete='SET NULL'), nullable=True)",
    ),
    ("sa_column=Column(), sa_type=String(7)", "Column(String(7))"),
    ("sa_column=Column(nullable=False), sa_type=String", "Column(String, nullable=False)"),
    ("sa_column=Column(String), sa_column_args=[ForeignKey('t.id')]", "Column(String, ForeignKey('t.id'))"),
    (
        "sa_column=Column(String), sa_column_kwargs={'comment': 'said', 'server_default': 'x'}",
        "Column(String, comment='said', server_default='x')",
    ),
    (
        "sa_column=Column(String, onupdate='z'), sa_column_kwargs={'default': 'd'}, nullable=False",
        "Column(String, onupdate='z', default='d', nullable=False)",
    ),
    (
        "sa_column=Column('title', String, ForeignKey('t.id')), index=True, sa_column_kwargs={'comment': 'c'}",
        "Column('title', String, ForeignKey('t.id'), index=True, comment='c')",
    ),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_stood_beside_a_column_says_the_same_in_it() {
    let table = "import sqlalchemy\nclass T(SQLModel, table=True):\n    id: str = Field(primary_key=True)\n";
    let module = |annotation: &str, inside: &str| {
        let key = if inside.contains("primary_key") { "" } else { "    id: Optional[int] = ID\n" };
        format!("{HEAD}{table}class A(SQLModel, table=True):\n{key}    x: {annotation} = Field({inside})\n")
    };
    let mut wrong = vec![];
    for set in SETS {
        for annotation in ["str", "Optional[str]"] {
            for (given, column) in MEANT {
                let before = module(annotation, given);
                let seen = facts(&[("models.py".into(), before.clone())]);
                let (after, fixes) = repaired(&seen, &found(&seen, "sqlmodel-arguments-beside-column"), "models.py");
                let answers = python(set, &[before, module(annotation, &format!("sa_column={column}")), after.clone()]);
                let (refused, meant, made) = (&answers[0].0, &answers[1], &answers[2]);
                let is_refused = refused.contains("when also passing") || refused.contains("when passing");
                if fixes != 1 || !is_refused || !meant.0.is_empty() || made != meant {
                    wrong.push(format!("{set} {given}: {fixes}, {refused}\n{after}\n{made:#?}\n{meant:#?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}
