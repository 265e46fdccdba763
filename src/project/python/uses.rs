//! Which classes the project hands to a database session, as only tables can be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::modules::{File, Modules};
use super::names::{Meaning, meaning};
use crate::text::bytes_pattern;
use crate::text::python::Value;

/// Whole classes, or columns of theirs, that are asked for.
static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r"\bselect\(([\w\s.,]*)|\b\w*(?:[sS]ession|db)\w*\.(?:get|get_one|query)\(\s*([A-Z]\w*)|\.add\(\s*([A-Z]\w*)[(.]",
    )
});

/// A variable that is added to a session.
static ADDED: LazyLock<Regex> = LazyLock::new(|| bytes_pattern(r"\.add\(\s*([a-z_]\w*)\s*\)"));

/// What is made of a class.
static MADE: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(r"\b([a-z_]\w*)\s*(?::\s*[\w.]+\s*)?=\s*([A-Z]\w*)(?:\(|\.(?:model_validate|from_orm|parse_obj)\()")
});

/// Only files with both are parsed for this.
static MAY_LISTEN: LazyLock<Regex> = LazyLock::new(|| bytes_pattern(r"\blistens?(?:_for)?\b"));

/// Where something listens to connections and statements, which change no row.
fn is_of_connections(event: &str) -> bool {
    event.ends_with("connect")
        || event.ends_with("_execute")
        || matches!(event, "checkout" | "checkin" | "close" | "begin" | "commit" | "rollback")
}

/// Whether a file may listen to what SQLAlchemy does, so that it is worth parsing.
pub(super) fn may_listen(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"sqlalchemy").is_some() && MAY_LISTEN.is_match(bytes)
}

/// Whether a file listens to what SQLAlchemy does with rows.
pub(super) fn listens(modules: &mut Modules<'_>, file: &File) -> bool {
    let mut calls = file.module.calls.iter().filter(|call| matches!(call.function(), "listen" | "listens_for"));
    calls.any(|call| {
        let event = call.positional(1).or(call.keyword("identifier")).and_then(Value::as_text);
        !event.is_some_and(|event| is_of_connections(&event.value)) && is_of_sqlalchemy(modules, file, &call.callee)
    })
}

/// Whether a name leads to SQLAlchemy, by an import within a function too.
fn is_of_sqlalchemy(modules: &mut Modules<'_>, file: &File, name: &str) -> bool {
    let is_part = |name: &str| name.split('.').next() == Some("sqlalchemy");
    match meaning(modules, file, name) {
        Meaning::Outside(name) => is_part(&name),
        _ => {
            let root = name.split('.').next().unwrap_or_default();
            let imports = file.module.imports.iter().filter(|import| is_part(&import.module));
            imports.flat_map(|import| &import.binds).any(|bound| bound == root)
        }
    }
}

/// Notes the names of the classes that a file hands to a session, each with the first file that does.
pub(super) fn take(path: &str, bytes: &[u8], found: &mut BTreeMap<String, String>) {
    let has = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
    let asks = || (has("ession") || has("db")) && [".get(", ".get_one(", ".query("].into_iter().any(has);
    if !has("select(") && !has(".add(") && !asks() {
        return;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for one in ASKED.captures_iter(bytes) {
        let parts = one.iter().skip(1).flatten();
        let words = parts.flat_map(|part| text(part.as_bytes()).split(',').map(first_name).collect::<Vec<_>>());
        names.extend(words);
    }
    let added: BTreeSet<&[u8]> = ADDED.captures_iter(bytes).filter_map(|one| Some(one.get(1)?.as_bytes())).collect();
    if !added.is_empty() {
        let made =
            MADE.captures_iter(bytes).filter(|one| one.get(1).is_some_and(|name| added.contains(name.as_bytes())));
        names.extend(made.filter_map(|one| Some(text(one.get(2)?.as_bytes()))));
    }
    for name in names.into_iter().filter(|name| name.starts_with(char::is_uppercase)) {
        found.entry(name).or_insert_with(|| path.to_owned());
    }
}

/// The class of `Hero.name`, or of `models.Hero`.
fn first_name(word: &str) -> String {
    word.trim().split('.').find(|part| part.starts_with(char::is_uppercase)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn who_listens_to_rows_is_told_from_who_listens_to_connections() {
        for (text, expected) in [
            ("from sqlalchemy import event\n@event.listens_for(Hero, 'before_insert')\ndef f(): ...", true),
            ("from sqlalchemy import event\nevent.listen(\n  Hero.made, name, fill)", true),
            ("from sqlalchemy.event import listen\nlisten(Base, \"init\", fill)", true),
            ("import sqlalchemy as sa\nsa.event.listen(Base, identifier='init', fn=fill)", true),
            ("def f():\n    from sqlalchemy import event\n    event.listen(Hero, 'load', fill)", true),
            ("from x import event\nevent.listen(Hero, 'load', fill)", true),
            ("from sqlalchemy import event\n@event.listens_for(engine.sync_engine, \"connect\")\ndef f(): ...", false),
            ("from sqlalchemy import event\nevent.listen(Engine, 'before_cursor_execute', log)", false),
            ("server.listen(5)", false),
            ("import sqlalchemy\nsock.listen(5)\nimport socket\nsocket.socket().listen(1)", false),
            ("from sqlalchemy import event\n# event.listen(Hero, 'load', fill)\n'event.listen(a, b, c)'", false),
            ("from sqlalchemy import event\ndef listen(x): ...\nlisten(5)\nmy_listen(5)", false),
        ] {
            let files = [("a.py", text), ("x.py", "from sqlalchemy import event\n")];
            let files = MemoryFiles::new(files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec());
            let mut modules = Modules::new(&files);
            let file = modules.file("a.py").unwrap();
            assert_eq!(listens(&mut modules, &file), expected, "{text}");
        }
    }

    #[test]
    fn what_is_handed_to_a_session_is_seen() {
        for (text, expected) in [
            ("session.exec(select(Hero).where(Hero.id == 1))", &["Hero"][..]),
            ("select(\n    Hero.name, models.Team,\n)", &["Hero", "Team"]),
            ("self.session.get(Hero, 1)", &["Hero"]),
            ("db.query(Hero).all()", &["Hero"]),
            ("session.add(Hero(name=name))", &["Hero"]),
            ("hero = Hero.model_validate(data)\nsession.add(hero)", &["Hero"]),
            ("hero: Hero = Hero(name=name)\nsession.add(hero)", &["Hero"]),
            ("hero = Hero(name=name)\nreturn hero", &[]),
            ("@app.get(Hero)", &[]),
            ("settings.get(Hero)", &[]),
            ("select(func.count())", &[]),
            ("", &[]),
        ] {
            let mut found = BTreeMap::new();
            take("x.py", text.as_bytes(), &mut found);
            assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
