//! Columns that two tables share, in many forms.

/// What a field is said to be, and what its column says.
const ANNOTATIONS: [&str; 4] = ["str", "Optional[str]", "typing.Any", "object"];
const COLUMNS: [&str; 21] = [
    "Column(String, primary_key=False)",
    "Column(String)",
    "Column(String(40))",
    "Column(String, nullable=False)",
    "Column(String, nullable=True)",
    "Column(String, unique=True)",
    "Column(String, index=True, nullable=False)",
    "Column('title', String, nullable=False)",
    "Column(name='title', type_=String(9))",
    "Column(String, server_default='x', nullable=False)",
    "Column(String, server_default=sqlalchemy.text(\"'y'\"))",
    "Column(String, comment='said', onupdate='z')",
    "Column(String, ForeignKey('t.id'))",
    "Column(String, ForeignKey('t.id', ondelete='CASCADE'), nullable=False)",
    "Column(String, ForeignKey('t.id', name='fk_t'))",
    "Column(ForeignKey('t.id'))",
    "Column(String, default='d', key='other')",
    "Column(String, primary_key=True)",
    "Column(sqlalchemy.Text().with_variant(String(5), 'sqlite'))",
    "Column(String, sqlalchemy.CheckConstraint(\"name <> ''\"))",
    "Column(String, autoincrement=False)",
];

/// The modules: each column in a mixin that is a model, in a plain one, and in a `Field` of the module.
pub fn patterns() -> Vec<String> {
    let table = "import sqlalchemy\nclass T(SQLModel, table=True):\n    id: str = Field(primary_key=True)\n";
    let id = "    id: Optional[int] = ID\n";
    let mut all = vec![];
    for annotation in ANNOTATIONS {
        for column in COLUMNS {
            let id = if column.contains("primary_key=True") { "    pass\n" } else { id };
            let field = format!("    name: {annotation} = Field(sa_column={column})\n");
            all.push(format!(
                "{table}class M(SQLModel):\n{field}class A(M, table=True):\n{id}class B(M, table=True):\n{id}"
            ));
            all.push(format!(
                "{table}class M:\n{field}class A(M, SQLModel, table=True):\n{id}class B(M, SQLModel, table=True):\n{id}"
            ));
        }
    }
    all
}

/// The module with only one of both tables, twice.
pub fn each_alone(text: &str) -> [String; 2] {
    let without = |class: &str| {
        let (before, rest) = text.split_once(&format!("class {class}(")).unwrap();
        let end = rest.find("class B(").filter(|_| class == "A").unwrap_or(rest.len());
        format!("{before}{}", &rest[end..])
    };
    [without("B"), without("A")]
}
