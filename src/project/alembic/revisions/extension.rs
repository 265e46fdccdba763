//! How else than by a plain statement revisions create pgvector's extension: in a loop, by a format, from a file, or by a
//! function of another module. What cannot be told is kept as such.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::LazyLock;

use regex::{Regex, bytes};

use super::super::{Alembic, join};
use super::{Operation, Revisions};
use crate::project::files::Files;
use crate::project::vector;
use crate::project::whose::is_own;
use crate::text::python::executed::{Done, Library, Opened, UNKNOWN, executed, is_outside};
use crate::text::{Spanned, bytes_pattern, pattern};

/// Where what is not known may be a statement that creates it, or the extension's name.
static UNTOLD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?i)(?:^|;)\s*{UNKNOWN}|\bcreate\s+{UNKNOWN}|\bextension\s+(?:if\s+not\s+exists\s+)?"?[^\s";]*{UNKNOWN}"#
    ))
});

/// Only revisions with such a word among them are followed: most projects have no vectors.
static WORTH_FOLLOWING: LazyLock<bytes::Regex> = LazyLock::new(|| bytes_pattern(r"(?i-u)extension|vec"));

/// What may run a statement, or has a name that speaks of the extension.
static MAY_RUN: LazyLock<bytes::Regex> = LazyLock::new(|| bytes_pattern(r"(?i-u)extension|vec|exec|scalar"));

/// Where modules are imported.
static IMPORT: LazyLock<bytes::Regex> =
    LazyLock::new(|| bytes_pattern(r"(?m-u)^[ \t]*(?:from|import)[ \t]+([\w.]+)([ \t]*,)?"));

/// What something says about the extension.
enum Said {
    Creates,
    Untold,
    Nothing,
}

struct Project<'a> {
    files: &'a dyn Files,
    /// The files of Python modules by the last part of their names.
    by_name: OnceCell<BTreeMap<&'a str, Vec<&'a str>>>,
    /// The paths of modules that were asked for.
    found: RefCell<BTreeMap<String, Option<&'a str>>>,
    /// What was read of them, by path.
    opened: RefCell<BTreeMap<&'a str, Option<Rc<Opened>>>>,
}

impl<'a> Project<'a> {
    fn new(files: &'a dyn Files) -> Self {
        Project { files, by_name: OnceCell::new(), found: RefCell::default(), opened: RefCell::default() }
    }

    /// The file of a module.
    fn path(&self, module: &str) -> Option<&'a str> {
        if let Some(known) = self.found.borrow().get(module) {
            return *known;
        }
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for path in self.files.list().iter().filter(|path| path.ends_with(".py")) {
                let name = without_end(path).rsplit('/').next().unwrap_or_default();
                by_name.entry(name).or_default().push(path);
            }
            by_name
        });
        let inside = module.replace('.', "/");
        let fits = |path: &&str| {
            let before = without_end(path).strip_suffix(inside.as_str());
            before.is_some_and(|before| before.is_empty() || before.ends_with('/')) && is_own(path)
        };
        let candidates = by_name.get(module.rsplit('.').next().unwrap_or_default());
        // The least deep one: `sys.path` mostly begins near the root.
        let found = candidates.into_iter().flatten().copied().filter(fits).min_by_key(|path| path.len());
        self.found.borrow_mut().insert(module.to_owned(), found);
        found
    }
}

/// The path of a module's file as far as it is the module's name.
fn without_end(path: &str) -> &str {
    path.strip_suffix("/__init__.py").or_else(|| path.strip_suffix(".py")).unwrap_or(path)
}

impl Library for Project<'_> {
    fn module(&self, name: &str) -> Option<Rc<Opened>> {
        let path = self.path(name)?;
        let read = || Some(Rc::new(Opened::new(path.to_owned(), self.files.read(path).ok()?.text().to_owned())));
        self.opened.borrow_mut().entry(path).or_insert_with(read).clone()
    }

    fn inside(&self, folder: &str, path: &str) -> Option<String> {
        join(folder, path)
    }

    fn file(&self, path: &str) -> Option<String> {
        Some(self.files.read(path).ok()?.text().to_owned())
    }
}

/// Completes what revisions do, where one of them speaks of it at all.
pub(super) fn complete(files: &dyn Files, environment: &Alembic, revisions: &mut Revisions) {
    let speaks = |path: &String| files.bytes(path).is_ok_and(|bytes| WORTH_FOLLOWING.is_match(&bytes));
    if !revisions.files.iter().any(|revision| speaks(&revision.path)) {
        return;
    }
    let library = Project::new(files);
    for revision in &mut revisions.files {
        let (Some(upgrade), Ok(file)) = (&mut revision.upgrade, files.read(&revision.path)) else { continue };
        if !may_run(file.text()) {
            continue;
        }
        for (done, range) in executed(&library, &revision.path, file.text(), Some("upgrade")) {
            let span = file.span(range);
            match said(&done) {
                Said::Creates => {
                    let is_known = |one: &Spanned<Operation>| {
                        one.value == Operation::CreatesVector
                            && span.start <= one.span.start
                            && one.span.end <= span.end
                    };
                    if !upgrade.operations.iter().any(is_known) {
                        upgrade.operations.push(Spanned::new(Operation::CreatesVector, span));
                    }
                }
                Said::Untold => upgrade.operations.push(Spanned::new(Operation::MayCreateVector, span)),
                Said::Nothing => {}
            }
        }
        upgrade.operations.sort_by_key(|one| one.span.start);
    }
    let Some(env) = environment.env_py.as_ref().and_then(|path| files.read(path).ok()) else { return };
    if !revisions.environment.creates_vector {
        let done = executed(&library, env.path(), env.text(), None);
        let mut untold = done.iter().filter(|(done, _)| matches!(said(done), Said::Untold));
        revisions.environment.may_create_vector = untold.next().map(|(_, range)| env.span(range.clone()));
        revisions.environment.creates_vector = done.iter().any(|(done, _)| matches!(said(done), Said::Creates));
    }
}

/// Whether a revision may run anything but operations of Alembic: most only make tables, and need not be taken apart again.
fn may_run(text: &str) -> bool {
    let text = text.as_bytes();
    let is_foreign = |import: bytes::Captures<'_>| {
        let module = import.get(1).and_then(|module| std::str::from_utf8(module.as_bytes()).ok());
        // Of `import os, app` only the first is seen here.
        import.get(2).is_some() || !module.is_some_and(is_outside)
    };
    MAY_RUN.is_match(text) || IMPORT.captures_iter(text).any(is_foreign)
}

fn said(done: &Done) -> Said {
    match done {
        Done::Runs(texts) if texts.iter().any(|text| vector::creates(text)) => Said::Creates,
        Done::Runs(texts) if texts.iter().any(|text| UNTOLD.is_match(text)) => Said::Untold,
        Done::Calls(name) if speaks_of_it(name) => Said::Untold,
        Done::Untold => Said::Untold,
        _ => Said::Nothing,
    }
}

/// Whether the name of what is called speaks of the extension: `create_extension`, `PGExtension`, `ensure_vector`.
fn speaks_of_it(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or("");
    let lower = last.to_ascii_lowercase();
    // `TSVector`, `EmbeddingVector`: a type of a column.
    let is_type = last.starts_with(char::is_uppercase) || lower.contains("tsvector") || lower == "vector";
    !is_outside(name)
        && !name.starts_with("sa.")
        && !lower.contains("drop")
        && (lower.contains("extension") || lower.contains("vector") && !is_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    const HELPER: &str = "from alembic import op\nSQL = 'CREATE EXTENSION IF NOT EXISTS {}'\ndef ensure_vector(name='vector'):\n    op.get_bind().execute(sa.text(SQL.format(name)))\nasync def prepare(connection):\n    await connection.execute(sa.text('create extension vector'))\n";

    const SETUP: &str = "from company import Base\nSQL = 'create extension vector'\nclass Setup:\n    def __init__(self, op):\n        self.op = op\n    def run(self):\n        self.op.execute(SQL)\nclass Heir(Base):\n    pass\nclass Kind:\n    one = 'one'\n";

    /// What is said of it all, by the imports and the body of a revision's `upgrade()`.
    fn said_of(imports: &str, body: &str) -> &'static str {
        let text = format!("from pathlib import Path\n{imports}\ndef upgrade():\n    {body}\n");
        let path = "migrations/versions/a.py";
        let all = [
            (path, text.as_str()),
            ("app/core/migrate.py", HELPER),
            ("app/again/__init__.py", "from .inner import ensure\n"),
            ("app/again/inner.py", "from ..core import migrate\ndef ensure():\n    migrate.ensure_vector()\n"),
            ("app/setup.py", SETUP),
            ("migrations/setup.sql", "CREATE EXTENSION IF NOT EXISTS vector;\n"),
            ("migrations/other.sql", "CREATE TABLE a ();\n"),
        ];
        let files = MemoryFiles::new(all);
        let done = executed(&Project::new(&files), path, &text, Some("upgrade"));
        // Functions that call nothing but each other run nothing.
        let is_passed = |one: &Done| matches!(one, Done::Untold) || matches!(said(one), Said::Nothing);
        assert!(may_run(&text) || done.iter().all(|(one, _)| is_passed(one)), "{text}");
        let said: Vec<Said> = done.iter().map(|(done, _)| said(done)).collect();
        match () {
            () if said.iter().any(|one| matches!(one, Said::Creates)) => "creates",
            () if said.iter().any(|one| matches!(one, Said::Untold)) => "untold",
            () => "nothing",
        }
    }

    #[test]
    fn what_can_be_read_is_told_from_what_cannot_and_from_the_rest() {
        for (imports, body, expected) in [
            (
                "",
                "for one in ('vector', 'plpgsql'):\n        op.execute(f'CREATE EXTENSION IF NOT EXISTS \"{one}\"')",
                "creates",
            ),
            ("", "for one in ('plpgsql',):\n        op.execute(f'CREATE EXTENSION {one}')", "nothing"),
            ("ALL = ['vector']", "for one in ALL:\n        op.execute('CREATE EXTENSION ' + one)", "creates"),
            ("", "[op.execute('create extension %s' % one) for one in ('vector', 'cube')]", "creates"),
            ("", "op.execute('CREATE EXTENSION IF NOT EXISTS {}'.format('vector'))", "creates"),
            ("", "op.execute('CREATE EXTENSION {name}'.format(name='cube'))", "nothing"),
            ("", "op.execute('CREATE EXTENSION %(name)s' % {'name': 'vector'})", "creates"),
            ("", "op.execute(sa.text('CREATE EXTENSION IF NOT EXISTS %s' % ('vector',)))", "creates"),
            ("", "op.execute(' '.join(['CREATE EXTENSION', 'vector']))", "creates"),
            ("from app.core.migrate import ensure_vector", "ensure_vector()", "creates"),
            ("from app.core.migrate import ensure_vector", "ensure_vector('cube')", "nothing"),
            ("from app.core import migrate as m", "m.ensure_vector()", "creates"),
            ("import app.core.migrate", "app.core.migrate.ensure_vector()", "creates"),
            ("from app.again import ensure", "ensure()", "creates"),
            ("from app.core.migrate import prepare", "op.run_async(prepare)", "creates"),
            ("", "op.execute((Path(__file__).parent.parent / 'setup.sql').read_text())", "creates"),
            ("", "op.execute((Path(__file__).resolve().parents[1] / 'other.sql').read_text())", "nothing"),
            ("", "op.execute(open(os.path.join(os.path.dirname(__file__), '../setup.sql')).read())", "creates"),
            (
                "HERE = Path(__file__).parents[1]",
                "for one in (HERE / 'setup.sql').read_text().split(';'):\n        op.execute(one)",
                "creates",
            ),
            ("def sql():\n    return 'create extension vector'", "op.execute(sql())", "creates"),
            ("", "op.execute(statement)", "untold"),
            ("", "op.execute(Path(name).read_text())", "untold"),
            ("", "op.execute(f'CREATE EXTENSION IF NOT EXISTS {name}')", "untold"),
            ("", "op.execute(f'CREATE EXTENSION {name}' if new else 'select 1')", "untold"),
            ("from company.db import enable_pgvector", "enable_pgvector(op)", "untold"),
            ("", "op.create_entity(PGExtension(schema='public', signature='vector'))", "untold"),
            ("", "op.execute(f'UPDATE {table} SET a = 1')", "nothing"),
            ("", "op.execute(hero.update().where(hero.c.id == 1).values(a=1))", "nothing"),
            ("", "op.execute(sa.insert(hero).values(a=1).returning(hero.c.id))", "nothing"),
            ("", "op.add_column('a', sa.Column('e', pgvector.sqlalchemy.Vector(3)))", "nothing"),
            (
                "from company.types import EmbeddingVector",
                "op.add_column('a', sa.Column('e', EmbeddingVector(3)))",
                "nothing",
            ),
            ("a = b\nb = a + a + b", "op.execute(a + b)", "untold"),
            ("", "op.execute(sa.DDL('CREATE EXTENSION IF NOT EXISTS %(n)s', context={'n': 'vector'}))", "creates"),
            ("", "op.execute(sa.DDL('CREATE EXTENSION %(n)s', context={'n': 'cube'}))", "nothing"),
            ("", "op.execute(sa.DDL('CREATE EXTENSION %(n)s', context=names))", "untold"),
            ("", "op.execute(sa.DDL('CREATE EXTENSION vector'))", "creates"),
            ("from app.setup import Setup", "Setup(op).run()", "creates"),
            ("from app.setup import Heir", "Heir(op).run()", "untold"),
            ("from app.setup import Other", "Other(op).run()", "untold"),
            ("from app import setup", "setup.Heir.run(op)", "untold"),
            ("from app.setup import *", "prepare(op)", "untold"),
            ("from app.setup import Kind", "op.add_column('a', sa.Column('k', sa.Enum(Kind), Kind()))", "nothing"),
            ("from company import prepare", "prepare(op)", "untold"),
            ("from company import prepare", "prepare(op.get_bind())", "untold"),
            ("from company import prepare", "bind = op.get_bind()\n    prepare(where=bind)", "untold"),
            ("from alembic import op as o\nfrom company import prepare", "prepare(o)", "untold"),
            ("from company import prepare", "prepare(3)", "nothing"),
            ("", "sa.Enum('a', name='k').create(op.get_bind(), checkfirst=True)", "nothing"),
            ("import sqlalchemy as sa", "kind = sa.Enum('a')\n    kind.create(op.get_bind())", "nothing"),
            (
                "import sqlalchemy as sa",
                "for one in (sa.Enum('a'), sa.Enum('b')):\n        one.create(op.get_bind())",
                "nothing",
            ),
            ("", "inspect = sa.inspect(op.get_bind())\n    inspect.has_table('a')", "nothing"),
            ("", "op.execute('create extension N'.strip().replace('N', 'vector'))", "untold"),
            ("import logging\nlog = logging.getLogger(__name__)", "log.info('x', op.get_context())", "nothing"),
            ("import logging.config", "logging.getLogger('x').info(op.get_bind())", "nothing"),
            ("import company\nlog = company.logger()", "log.info(op.get_bind())", "untold"),
            ("BIG = 'x' * 9", "op.execute(f'{BIG} CREATE')", "untold"),
            ("def again():\n    again()", "again()", "untold"),
        ] {
            assert_eq!(said_of(imports, body), expected, "{imports} {body}");
        }
    }

    #[test]
    fn many_columns_take_no_steps_from_what_is_followed_and_where_the_steps_end_nothing_is_told() {
        let column = "sa.Column('c', sa.String(), nullable=False), ";
        let tables = format!("op.create_table('t', {})\n    ", column.repeat(5)).repeat(300);
        let imports = "import sqlalchemy as sa\nfrom alembic import op\nfrom app.core.migrate import ensure_vector";
        assert_eq!(said_of(imports, &format!("{tables}ensure_vector()")), "creates");
        let loops = "a = b\nb = a + a + b\nfrom app.setup import change\ndef many(it): change(it)";
        let body = format!("{}change()", "many(a)\n    ".repeat(50));
        assert_eq!(said_of(loops, &body), "untold");
    }

    #[test]
    fn a_module_is_read_once_however_often_it_is_asked_for() {
        let files = MemoryFiles::new([("app/core/migrate.py", HELPER)]);
        let project = Project::new(&files);
        let ask = |name| project.module(name).expect("it is there");
        assert!(
            Rc::ptr_eq(&ask("app.core.migrate"), &ask("core.migrate")) && project.module("app.core.gone").is_none()
        );
    }

    #[test]
    fn functions_that_call_each_other_are_followed_in_a_moment() {
        let each = |at: usize| {
            let calls: String = (0..40).map(|step| format!("    f{}()\n", (at * 7 + step) % 300)).collect();
            format!("def f{at}():\n{calls}")
        };
        let functions: String = (0..300).map(each).collect();
        assert_eq!(said_of(&functions, "f0()"), "untold");
        let big = format!("BIG = '{}'\nOTHER = f'{}'", "x".repeat(100_000), "{BIG}".repeat(60));
        assert_eq!(said_of(&big, "op.execute(f'{OTHER}{OTHER}')"), "untold");
        assert_eq!(said_of(&big, "op.execute('%s%s' % (BIG, BIG))"), "untold");
        assert_eq!(said_of(&big, "op.execute(BIG)"), "nothing");
    }
}
