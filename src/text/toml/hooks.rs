//! A table of hooks in the form of an ini file (`hooks = "ruff"`, `ruff.type = …`), turned into an array of tables with
//! names, all other bytes kept.

use std::ops::Range;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Key, Table, TableLike, Value, value};

use super::{Text, Toml, parse};

/// How hooks are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As an array of tables, or not at all, or as a table without anything in it.
    Fine,
    /// As a table in a table.
    Nested,
    /// As a table that holds a list.
    List,
    /// As a table of strings.
    Strings,
}

impl Toml {
    /// How the table at a path of keys is written, and its place.
    pub fn shape_of_hooks(&self, path: &[&str]) -> (Shape, Range<usize>) {
        let found = self.item(path).and_then(|item| Some((item, item.as_table_like()?)));
        let Some((item, table)) = found.filter(|(_, table)| !table.is_empty()) else {
            return (Shape::Fine, 0..0);
        };
        let first = table.iter().find_map(|(_, inner)| inner.span());
        let range = item.span().or(first).unwrap_or(0..0);
        // The first that is no string is what the `%` of Alembic meets.
        let shape = table.iter().find_map(|(_, inner)| match inner {
            Item::Value(Value::String(_)) => None,
            inner if inner.is_table_like() => Some(Shape::Nested),
            inner if inner.is_array() => Some(Shape::List),
            _ => None,
        });
        (shape.unwrap_or(Shape::Strings), range)
    }

    /// The tables of an array of hooks, with the place of each.
    fn tables_of_hooks(&self, path: &[&str]) -> Vec<(&dyn TableLike, Range<usize>)> {
        let tables: Vec<(&dyn TableLike, Option<Range<usize>>)> = match self.item(path) {
            Some(Item::ArrayOfTables(array)) => {
                array.iter().map(|table| (table as &dyn TableLike, table.span())).collect()
            }
            Some(Item::Value(Value::Array(array))) => array
                .iter()
                .filter_map(|value| Some((value.as_inline_table()? as &dyn TableLike, value.span())))
                .collect(),
            _ => vec![],
        };
        tables.into_iter().map(|(table, range)| (table, range.unwrap_or(0..0))).collect()
    }

    /// What the entries of an array of hooks lack, or have of a wrong kind, with the place of each.
    pub fn troubles_of_hooks(&self, path: &[&str]) -> Vec<(Trouble, Range<usize>)> {
        let mut found = vec![];
        for (table, range) in self.tables_of_hooks(path) {
            let lists = table.iter().filter(|(_, item)| item.is_array());
            found
                .extend(lists.map(|(key, item)| (Trouble::List(key.to_owned()), item.span().unwrap_or(range.clone()))));
            if table.get("name").is_none() {
                found.push((Trouble::NoName, range));
            }
        }
        found
    }

    /// The entries of an array of hooks that hold nothing but strings, with the place of each.
    pub fn entries_of_hooks(&self, path: &[&str]) -> Vec<(Range<usize>, Vec<Setting>)> {
        let setting = |table: &dyn TableLike, key: &str, item: &Item| {
            let Text { value, range } = self.string(item.as_value()?)?;
            Some(Setting { key: key.to_owned(), key_range: table.key(key)?.span()?, value, range })
        };
        let tables = self.tables_of_hooks(path).into_iter();
        let whole = tables.filter_map(|(table, range)| {
            let settings: Option<Vec<Setting>> = table.iter().map(|(key, item)| setting(table, key, item)).collect();
            Some((range, settings?))
        });
        whole.collect()
    }
}

/// A setting of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, without that of the hook.
    pub key: String,
    /// The bytes of its whole name.
    pub key_range: Range<usize>,
    /// What it means.
    pub value: String,
    /// The bytes of the value, quotes excluded.
    pub range: Range<usize>,
}

/// What is wrong with one entry of an array of hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It has no name.
    NoName,
    /// One of its settings is a list.
    List(String),
}

/// A hook: its name, and the settings with the keys that they stand at.
struct Hook {
    name: String,
    settings: Vec<(Key, Value)>,
}

/// The text with the table at a path of keys as an array of tables; `None` where it holds what has no such form.
pub fn as_array(text: &str, path: &[&str]) -> Option<String> {
    let mark = text.starts_with('\u{feff}');
    let mut document: DocumentMut = text.trim_start_matches('\u{feff}').parse().ok()?;
    let (last, parents) = path.split_last()?;
    let mut parent = document.as_table_mut();
    for key in parents {
        parent = parent.get_mut(key)?.as_table_mut()?;
    }
    let place = parent.position();
    let old = parent.remove(last)?;
    let hooks = hooks(old.as_table_like()?)?;
    let own = old.as_table().filter(|table| !table.is_implicit() && !table.is_dotted());
    let child = old
        .as_table()
        .and_then(|table| table.iter().find_map(|(_, item)| item.as_table().filter(|one| !one.is_dotted())));
    let model = own.or(child);
    let position = model.and_then(Table::position).or(place);
    let mut array = ArrayOfTables::new();
    for hook in &hooks {
        let mut table = Table::new();
        table.insert("name", value(&hook.name));
        for (key, setting) in &hook.settings {
            table.insert_formatted(key, Item::Value(setting.clone()));
        }
        table.set_position(position);
        match (model, array.is_empty()) {
            (Some(model), true) => *table.decor_mut() = model.decor().clone(),
            _ => table.decor_mut().set_prefix("\n"),
        }
        array.push(table);
    }
    parent.insert(last, Item::ArrayOfTables(array));
    let mut written = document.to_string();
    if text.contains("\r\n") {
        written = written.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    if mark {
        written.insert(0, '\u{feff}');
    }
    let again = parse(&written).ok()?;
    (again.shape_of_hooks(path).0 == Shape::Fine && again.has(path)).then_some(written)
}

/// The hooks that a table in the form of an ini file means, in the order of `hooks`.
fn hooks(table: &dyn TableLike) -> Option<Vec<Hook>> {
    let (mut found, mut order): (Vec<Hook>, Vec<String>) = (vec![], vec![]);
    let mut own: Vec<(Key, Value)> = vec![];
    for (name, item) in table.iter() {
        let key = table.key(name)?;
        if name == "hooks" {
            order = match item.as_value()? {
                Value::Array(array) => {
                    array.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>()?
                }
                value => value
                    .as_str()?
                    .split([',', ' '])
                    .map(str::trim)
                    .filter(|one| !one.is_empty())
                    .map(str::to_owned)
                    .collect(),
            };
        } else if let Some(inner) = item.as_table_like() {
            for (setting, item) in inner.iter() {
                add(&mut found, name, setting, inner.key(setting)?, item)?;
            }
        } else if let Some((hook, setting)) = name.split_once('.') {
            add(&mut found, hook, setting, key, item)?;
        } else {
            own.push((plain(key, name), text(item)?));
        }
    }
    if let Some(at) = own.iter().position(|(key, _)| key.get() == "name")
        && found.is_empty()
    {
        let (_, name) = own.remove(at);
        return Some(vec![Hook { name: name.as_str()?.to_owned(), settings: own }]);
    }
    let known = |name: &String| found.iter().any(|hook| hook.name == *name);
    if !own.is_empty() || found.is_empty() || !order.iter().all(known) {
        return None;
    }
    if !order.is_empty() {
        // What `hooks` does not name never ran.
        found.retain(|hook| order.contains(&hook.name));
        found.sort_by_key(|hook| order.iter().position(|name| *name == hook.name));
    }
    Some(found)
}

fn add(found: &mut Vec<Hook>, hook: &str, setting: &str, key: &Key, item: &Item) -> Option<()> {
    let entry = (plain(key, setting), text(item)?);
    match found.iter_mut().find(|known| known.name == hook) {
        Some(known) => known.settings.push(entry),
        None => found.push(Hook { name: hook.to_owned(), settings: vec![entry] }),
    }
    Some(())
}

/// A key of its own with the comments that stood at the old one.
fn plain(key: &Key, name: &str) -> Key {
    let mut plain = Key::new(name).with_leaf_decor(key.leaf_decor().clone());
    let comments = key.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or("").to_owned();
    let behind = key.leaf_decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or("").to_owned();
    plain.leaf_decor_mut().set_prefix(comments);
    plain.leaf_decor_mut().set_suffix(if behind.is_empty() { " ".to_owned() } else { behind });
    plain
}

/// A setting as Alembic wants it: a string; words of a list are put together.
fn text(item: &Item) -> Option<Value> {
    match item.as_value()? {
        value @ Value::String(_) => Some(value.clone()),
        Value::Array(array) => {
            let words: Vec<&str> = array.iter().map(Value::as_str).collect::<Option<_>>()?;
            let plain = |word: &&str| {
                !word.is_empty() && !word.contains(|one: char| one.is_whitespace() || "'\"\\".contains(one))
            };
            words.iter().all(plain).then(|| Value::from(words.join(" ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: [&str; 3] = ["tool", "alembic", "post_write_hooks"];

    fn shape(text: &str) -> (Shape, String) {
        let (shape, range) = parse(text).unwrap().shape_of_hooks(&PATH);
        (shape, text[range].to_owned())
    }

    #[test]
    fn shapes_are_told_apart() {
        let head = "[tool.alembic.post_write_hooks]";
        let table = [
            (format!("{head}\n"), Shape::Fine),
            (format!("[{head}]\nname = 'x'\n"), Shape::Fine),
            (format!("{head}\nhooks = 'ruff'\nruff.type = 'exec'\n"), Shape::Nested),
            (format!("{head}\nhooks = ['ruff']\n"), Shape::List),
            (format!("{head}\nhooks = 'ruff'\n'ruff.type' = 'exec'\n"), Shape::Strings),
            (format!("{head}\nname = 'ruff'\ntype = 'exec'\n"), Shape::Strings),
        ];
        for (text, expected) in table {
            let (shape, at) = shape(&text);
            assert_eq!(shape, expected, "{text}");
            assert!(shape == Shape::Fine || at == head, "{at}");
        }
        assert_eq!(shape("[tool.alembic]\npost_write_hooks = {ruff = {type = 'exec'}}\n").0, Shape::Nested);
        assert_eq!(
            shape("[tool.alembic.post_write_hooks.ruff]\ntype = 'exec'\n"),
            (Shape::Nested, "post_write_hooks".to_owned())
        );
    }

    #[test]
    fn tables_become_arrays_and_the_rest_stays() {
        let table = [
            (
                "# top\n[project]\nname = 'x'  # y\n\n# hooks\n[tool.alembic.post_write_hooks]\nhooks = \"ruff\"\n# why\nruff.type = \"exec\"   # so\nruff.executable = \"ruff\"\nruff.options = \"format REVISION_SCRIPT_FILENAME\"\n\n[tool.ruff]\na = 1\n",
                "# top\n[project]\nname = 'x'  # y\n\n# hooks\n[[tool.alembic.post_write_hooks]]\nname = \"ruff\"\n# why\ntype = \"exec\"   # so\nexecutable = \"ruff\"\noptions = \"format REVISION_SCRIPT_FILENAME\"\n\n[tool.ruff]\na = 1\n",
            ),
            (
                "[tool.alembic.post_write_hooks]\r\nhooks = ['b', 'a']\r\n[tool.alembic.post_write_hooks.a]\r\ntype = 'exec'\r\noptions = ['format', 'X']\r\n[tool.alembic.post_write_hooks.b]\r\ntype = 'console_scripts'\r\n",
                "[[tool.alembic.post_write_hooks]]\r\nname = \"b\"\r\ntype = 'console_scripts'\r\n\r\n[[tool.alembic.post_write_hooks]]\r\nname = \"a\"\r\ntype = 'exec'\r\noptions = \"format X\"\r\n",
            ),
            (
                "[tool.alembic.post_write_hooks]\nhooks = 'ruff'\n'ruff.type' = 'exec'\n",
                "[[tool.alembic.post_write_hooks]]\nname = \"ruff\"\ntype = 'exec'\n",
            ),
            (
                "[tool.alembic.post_write_hooks]\nname = 'ruff'\ntype = 'exec'\n",
                "[[tool.alembic.post_write_hooks]]\nname = \"ruff\"\ntype = 'exec'\n",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(as_array(text, &PATH).as_deref(), Some(expected));
        }
        for text in [
            "[tool.alembic.post_write_hooks]\nhooks = 'black'\nruff.type = 'exec'\n",
            "[tool.alembic.post_write_hooks]\nhooks = 'ruff'\nruff.type = 1\n",
            "tool = {alembic = {post_write_hooks = {a = {b = 'c'}}}}\n",
        ] {
            assert_eq!(as_array(text, &PATH), None, "{text}");
        }
    }
}
