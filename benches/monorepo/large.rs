//! Makes projects that are large in one place: a file with many findings, or many classes that inherit from each other.

use std::path::Path;

const HEAD: &str =
    "from datetime import datetime\n\nfrom sqlalchemy import Column, String\nfrom sqlmodel import Field, SQLModel\n";

const TABLE: &str = "(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n";

/// Models that are as large as one likes.
type Models = fn(usize) -> String;

/// What is large, each with the models that are so.
pub const KINDS: [(&str, Models); 9] = [
    ("naive times, each in a table", |count| {
        of(count, |at| format!("class T{at}{TABLE}    at: datetime = Field(default_factory=datetime.utcnow)\n"))
    }),
    ("naive times in one table", |count| {
        let fields = (0..count).map(|at| format!("    at{at}: datetime = Field(default_factory=datetime.utcnow)\n"));
        format!("{HEAD}\n\nclass T{TABLE}{}", fields.collect::<String>())
    }),
    ("arguments beside columns", |count| {
        of(count, |at| format!("class T{at}{TABLE}    name: str = Field(sa_column=Column(String), nullable=False)\n"))
    }),
    ("imports in class bodies", |count| {
        of(count, |at| {
            format!(
                "class T{at}(SQLModel, table=True):\n    from uuid import UUID\n\n    id: int = Field(primary_key=True)\n"
            )
        })
    }),
    ("fields that hide their types", |count| {
        let text = of(count, |at| format!("class T{at}{TABLE}    date: date | None = None\n"));
        text.replace("import datetime\n", "import date\n")
    }),
    ("fields of one table that nothing describes", |count| {
        let fields = (0..count).map(|at| format!("    at{at}: dict = Field(default={at})\n"));
        format!("{HEAD}\n\nclass T{TABLE}{}", fields.collect::<String>())
    }),
    ("a line of classes", |count| {
        of(count, |at| match at.checked_sub(1) {
            Some(base) => format!("class C{at}(C{base}):\n    a{at}: int\n"),
            None => "class C0(SQLModel):\n    a: int\n".to_owned(),
        })
    }),
    ("bases of one class", |count| {
        let bases: Vec<String> = (0..count).map(|at| format!("C{at}")).collect();
        let text = of(count, |at| format!("class C{at}(SQLModel):\n    a{at}: int\n"));
        format!("{text}\n\nclass T({}, table=True):\n    id: int = Field(primary_key=True)\n", bases.join(", "))
    }),
    ("tables", |count| of(count, |at| format!("class T{at}{TABLE}    at: datetime\n"))),
];

fn of(count: usize, class: fn(usize) -> String) -> String {
    (0..count).fold(HEAD.to_owned(), |text, at| format!("{text}\n\n{}", class(at)))
}

/// Writes a project with one file of models.
pub fn make(root: &Path, models: &str) {
    std::fs::create_dir_all(root).unwrap();
    let project = "[project]\nname = \"company\"\ndependencies = [\"sqlmodel\"]\n";
    std::fs::write(root.join("pyproject.toml"), project).unwrap();
    std::fs::write(root.join("models.py"), models).unwrap();
}
