//! Revision files of all shapes, and the graphs they make.

use std::collections::BTreeMap;

use super::*;
use crate::project::files::MemoryFiles;

fn revisions(files: &[(&str, &str)]) -> Revisions {
    let mut files: Vec<(String, String)> =
        files.iter().map(|(path, text)| (format!("migrations/versions/{path}"), (*text).to_owned())).collect();
    files.push(("alembic.ini".into(), "[alembic]\nscript_location = migrations\n".into()));
    let files = MemoryFiles::new(files);
    let (mut sources, mut unreadable) = (BTreeMap::new(), vec![]);
    let mut environments = super::super::read(&files, &mut sources, &mut unreadable);
    read(&files, &mut sources, &mut vec![], &mut environments, None);
    environments.remove(0).revisions
}

fn ids(revisions: &[&Revision]) -> Vec<String> {
    revisions.iter().map(|revision| revision.id.value.clone()).collect()
}

#[test]
fn graphs_are_those_of_alembic() {
    let found = revisions(&[
        ("a.py", "revision = 'a'\ndown_revision = None\n"),
        ("b.py", "revision: str = 'b'\ndown_revision: str | None = 'a'\n"),
        ("c.py", "revision = 'c'\ndown_revision = ['a']\nbranch_labels = ('x',)\n"),
        ("d.py", "revision = 'd'\ndown_revision = ('b', 'c')\ndepends_on = 'e'\n"),
        ("e.py", "revision = 'e'\n"),
        ("__init__.py", ""),
        (".#x.py", "("),
        ("deeper/f.py", "revision = 'f'\n"),
        ("1975ea83b712.py", "down_revision = 'd'\n"),
        ("README", ""),
    ]);
    let graph = found.graph();
    assert!(found.strays.is_empty() && !found.uncertain);
    assert_eq!(ids(&graph.heads()), ["1975ea83b712", "e"]);
    let mut before = ids(&graph.ancestors(graph.get("d").unwrap()));
    before.sort();
    assert_eq!(before, ["a", "b", "c", "e"]);
    assert_eq!(graph.descendants(graph.get("a").unwrap()).len(), 4);
    assert!(graph.missing().is_empty() && graph.cycle().is_empty() && graph.duplicates().count() == 0);
}

#[test]
fn broken_graphs_are_seen() {
    let found = revisions(&[
        ("a.py", "revision = 'a'\ndown_revision = 'b'\n"),
        ("b.py", "revision = 'b'\ndown_revision = 'a'\n"),
        ("c.py", "revision = 'c'\ndown_revision = 'b'\n"),
        ("d.py", "revision = 'd'\ndown_revision = 'gone'\n"),
        ("e.py", "revision = 'd'\n"),
        ("stray.py", "x = 1\n"),
        ("torn.py", "def upgrade(\n"),
    ]);
    let graph = found.graph();
    assert_eq!(ids(&graph.cycle()), ["a", "b"]);
    assert_eq!(graph.missing().iter().map(|(_, parent)| parent.value.as_str()).collect::<Vec<_>>(), ["gone"]);
    assert_eq!(graph.duplicates().map(|(id, files)| (id, files.len())).collect::<Vec<_>>(), [("d", 2)]);
    assert_eq!(found.strays.len(), 2);
}

#[test]
fn what_cannot_be_told_is_said_to_be_so() {
    for text in [
        "revision = f()\n",
        "from x import revision\n",
        "revision = 'a'\ndown_revision = PREVIOUS\n",
        "if x:\n    revision = 'a'\n",
    ] {
        let found = revisions(&[("a.py", text)]);
        assert!(found.uncertain && found.files.is_empty() && found.strays.is_empty(), "{text}");
    }
}

#[test]
fn operations_come_in_order() {
    let text = "from alembic import op\nfrom pgvector.sqlalchemy import Vector\nSQL = 'CREATE EXTENSION vector'\ndef helper():\n    op.execute(SQL)\ndef upgrade():\n    op.drop_table('old')\n    helper()\n    op.create_table('new', sa.Column('e', Vector(3)), sa.Column('f', pgvector.sqlalchemy.vector.VECTOR(dim=3)))\n    op.execute('ALTER TABLE new ADD COLUMN g halfvec(3)')\ndef downgrade():\n    op.drop_table('new')\n";
    let found = revisions(&[("a.py", &format!("revision = 'a'\n{text}"))]);
    let upgrade = found.files[0].upgrade.as_ref().unwrap();
    let told: Vec<String> = upgrade
        .operations
        .iter()
        .filter(|one| !matches!(one.value, Operation::Other(_)))
        .map(|one| format!("{:?}", one.value))
        .collect();
    assert_eq!(
        told,
        [
            "DropTable(\"old\")",
            "Execute(\"CREATE EXTENSION vector\")",
            "CreatesVector",
            "CreateTable(\"new\")",
            "VectorColumn(VectorColumn { table: \"new\", name: \"e\", kind: Some((Vector, Fixed(3))) })",
            "UsesVector(\"VECTOR\")",
            "VectorColumn(VectorColumn { table: \"new\", name: \"f\", kind: Some((Vector, Fixed(3))) })",
            "UsesVector(\"VECTOR\")",
            "Execute(\"ALTER TABLE new ADD COLUMN g halfvec(3)\")",
            "UsesVector(\"vector\")",
            "VectorColumn(VectorColumn { table: \"new\", name: \"g\", kind: Some((Halfvec, Fixed(3))) })",
        ]
    );
}
