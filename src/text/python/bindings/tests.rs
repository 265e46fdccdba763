//! What is bound where, as Python itself would say.

use super::*;

fn unbound(text: &str) -> Vec<String> {
    read(text).1.unbound.into_iter().map(|unbound| unbound.name).collect()
}

#[test]
fn names_are_bound_as_python_binds_them() {
    let table: &[(&str, &[&str])] = &[
        ("def upgrade():\n    sqlmodel.sql.AutoString()\n", &["sqlmodel.sql.AutoString"]),
        ("import sqlmodel\ndef upgrade():\n    sqlmodel.sql.AutoString()\n", &[]),
        ("import sqlmodel.sql.sqltypes\nsqlmodel.x\n", &[]),
        ("import sqlmodel as sqlmodel\nsqlmodel.x\n", &[]),
        ("from sqlmodel import SQLModel\nsqlmodel.x\n", &["sqlmodel.x"]),
        ("from sqlmodel.sql import sqltypes\nsqlmodel.x\n", &["sqlmodel.x"]),
        ("import sqlmodel as sm\nsqlmodel.x\n", &["sqlmodel.x"]),
        ("def upgrade():\n    import sqlmodel\n    sqlmodel.x\ndef downgrade():\n    sqlmodel.y\n", &["sqlmodel.y"]),
        ("from x import *\nsqlmodel.x\n", &[]),
        ("def upgrade():\n    sqlmodel.x\nimport sqlmodel\n", &[]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sqlmodel\nsqlmodel.x\n", &["sqlmodel.x"]),
        ("try:\n    sqlmodel.x\nexcept NameError:\n    pass\n", &[]),
        ("try:\n    sqlmodel.x\nexcept ValueError:\n    pass\n", &["sqlmodel.x"]),
        ("down_revision: Union[str, None] = None\n", &[]),
        ("x = [y.a for y in range(3)]\nf = lambda z: z.a\nprint(f\"{q.a}\", __file__)\n", &["q.a"]),
        ("with open('a') as f, g.h:\n    f.x\n", &["g.h"]),
        ("match a:\n    case {'x': b, **c}:\n        b.c, c.d\n", &["a"]),
        ("def f(a, *b, c=d.e, **g):\n    a.x, b.x, c.x, g.x\n", &["d.e"]),
        ("class A(b.C):\n    x = 1\n    def f(self):\n        return self.x\n", &["b.C"]),
        ("a().b.c\n", &["a"]),
    ];
    for (text, expected) in table {
        assert_eq!(unbound(text), *expected, "{text}");
    }
}

#[test]
fn variables_and_functions_are_read() {
    let text = "\"\"\"x\"\"\"\nfrom alembic import op as o\nimport sqlalchemy as sa\nimport y\nrevision: str = 'a\u{e9}'\ndown_revision = (\"b\", 'c')\ndepends_on = None\nx = f()\n\n\ndef upgrade() -> None:\n    \"\"\"Doc.\"\"\"\n    pass\n\n\ndef downgrade(): ...\n";
    let (module, script) = read(text);
    assert!(module.errors.is_empty());
    let values: Vec<String> = script
        .variables
        .iter()
        .map(|variable| match &variable.value {
            Literal::Text(found) => format!("{} {}", variable.name, &text[found.range.clone()]),
            Literal::Texts(found) => format!(
                "{} {}",
                variable.name,
                found.iter().map(|one| one.value.as_str()).collect::<Vec<_>>().join("+")
            ),
            other => format!("{} {other:?}", variable.name),
        })
        .collect();
    assert_eq!(values, ["revision a\u{e9}", "down_revision b+c", "depends_on None", "x Unknown"]);
    let functions: Vec<(&str, &str, bool)> =
        script.functions.iter().map(|one| (one.name.as_str(), &text[one.body.clone()], one.does_nothing)).collect();
    assert_eq!(functions, [("upgrade", "pass", true), ("downgrade", "...", true)]);
    assert_eq!(script.operations_name.as_deref(), Some("o"));
    assert_eq!(script.import_after.map(|range| &text[range]), Some("import sqlalchemy as sa"));
}

#[test]
fn any_text_is_read() {
    let whole = "\u{feff}try:\r\n\timport a\r\nexcept* A as b: c.d\r\nx = (yield, [*y], {**z}, f'{q!r:{w}}')\r\n";
    for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let _ = read(&whole[..end]);
    }
    for text in ["(".repeat(100_000), "a.".repeat(100_000), "if x:\n".repeat(1_000), "-".repeat(100_000)] {
        let _ = read(&text);
    }
}
