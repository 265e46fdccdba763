//! What an `env.py` does with the database URL, told from its syntax tree.

use std::ops::Range;

use crate::text::python::{Call, Module, Value};
use crate::text::{Source, Spanned};

use super::{Alembic, Optional, Undoubled};

/// The option that the templates of Alembic read the URL from.
const URL: &str = "sqlalchemy.url";

/// What changes nothing of what it is given: looks at it, writes it to a log, or reads where the revisions lie.
const LOOKS_ONLY: [&str; 15] = [
    "print",
    "repr",
    "str",
    "getattr",
    "hasattr",
    "isinstance",
    "from_config",
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "log",
];

/// Fills in what `env.py` does.
pub(super) fn understand(source: &Source, module: &Module, alembic: &mut Alembic) {
    let reading = Reading { module };
    if let Some(found) = reading.overriding() {
        alembic.url_override = Some(source.span(found.range));
        alembic.override_condition = found.condition.map(|range| source.span(range));
    }
    alembic.connection_taken = reading.connection_taken().map(|range| source.span(range));
    alembic.reads_toml_url =
        module.calls.iter().any(|call| call.function() == "get_alembic_option" && is_url(call.positional(0)));
    alembic.undoubled = reading.undoubled(source);
    let taken = module.assignments.iter().find(|assignment| {
        let top = assignment.context.function.is_none() && assignment.context.condition.is_none();
        top && assignment.target == "config"
            && matches!(&assignment.value, Value::Name(name) if name == "context.config")
    });
    alembic.configuration_taken = taken.map(|assignment| source.span(assignment.range.clone()));
    let imports_os = module.imports.iter().any(|import| import.module == "os");
    let first = module.imports.iter().find(|import| import.module != "__future__").filter(|_| !imports_os);
    alembic.import_os_before = first.map(|import| source.span(import.range.clone()));
    alembic.variables_read =
        reading.variables().into_iter().map(|(name, range)| Spanned::new(name, source.span(range))).collect();
}

fn is_url(value: Option<&Value>) -> bool {
    value.and_then(Value::as_text).is_some_and(|text| text.value == URL)
}

struct Override {
    range: Range<usize>,
    condition: Option<Range<usize>>,
}

struct Reading<'module> {
    module: &'module Module,
}

impl Reading<'_> {
    /// Where a URL is put in force that does not come from the configuration. An unconditional place wins.
    fn overriding(&self) -> Option<Override> {
        let mut found: Vec<Override> = self.set_options();
        found.extend(self.engines());
        found.extend(self.handed_on());
        if found.is_empty() && self.module.errors.is_empty() {
            found.extend(self.engine_from_elsewhere());
        }
        let at = found.iter().position(|found| found.condition.is_none()).unwrap_or(0);
        (at < found.len()).then(|| found.swap_remove(at))
    }

    /// `config.set_main_option("sqlalchemy.url", …)`, `section["sqlalchemy.url"] = …`, `{"sqlalchemy.url": …}`.
    fn set_options(&self) -> Vec<Override> {
        let mut found = vec![];
        for call in &self.module.calls {
            let (key, value) = match call.function() {
                "set_main_option" => {
                    (call.positional(0).or(call.keyword("name")), call.positional(1).or(call.keyword("value")))
                }
                "set_section_option" => {
                    (call.positional(1).or(call.keyword("name")), call.positional(2).or(call.keyword("value")))
                }
                _ => continue,
            };
            if is_url(key) {
                found.push(self.found(call.range.clone(), call.context.condition.clone(), value));
            }
        }
        for assignment in self.module.assignments.iter().filter(|assignment| assignment.key.as_deref() == Some(URL)) {
            let condition = assignment.context.condition.clone();
            found.push(self.found(assignment.range.clone(), condition, Some(&assignment.value)));
        }
        let keys = self.module.entries.iter().filter_map(|entry| entry.key.as_ref()).filter(|key| key.value == URL);
        found.extend(keys.map(|key| Override { range: key.range.clone(), condition: None }));
        found
    }

    /// `create_engine(<not from config>)`, `engine_from_config(…, url=…)`.
    fn engines(&self) -> Vec<Override> {
        let mut found = vec![];
        for call in &self.module.calls {
            let url = match call.function() {
                "create_engine" | "create_async_engine" => call.positional(0).or(call.keyword("url")),
                "engine_from_config" | "async_engine_from_config" => {
                    call.keyword("url").or(call.keyword("sqlalchemy_url"))
                }
                _ => continue,
            };
            // The condition of the call itself is that of online against offline mode, which does not count.
            if let Some(url) = url
                && !self.comes_from_configuration(url, Everything::All)
            {
                found.push(self.found(call.range.clone(), None, Some(url)));
            }
        }
        found
    }

    /// `configure(config)`: what gets the configuration itself may put a URL into it.
    fn handed_on(&self) -> Option<Override> {
        let is_taken = |name: &str| {
            let is_it = |value: &Value| matches!(value, Value::Name(value) if value == "context.config");
            name == "context.config" || self.module.assignments.iter().any(|it| it.target == name && is_it(&it.value))
        };
        let gets_it = |call: &&Call| {
            call.arguments.iter().any(|it| matches!(&it.value, Value::Name(name) if is_taken(name)))
                && !LOOKS_ONLY.contains(&call.function())
        };
        let call = self.module.calls.iter().find(gets_it)?;
        Some(Override { range: call.range.clone(), condition: Some(call.range.clone()) })
    }

    /// `config.attributes.get("connection")`: a program that runs Alembic hands over what it is connected with
    /// (<https://alembic.sqlalchemy.org/en/latest/cookbook.html#sharing-a-connection-across-one-or-more-programmatic-migration-commands>).
    fn connection_taken(&self) -> Option<Range<usize>> {
        let connects = |value: Option<&Value>| {
            let text = value.and_then(Value::as_text);
            text.is_some_and(|text| ["connect", "engine", "url"].iter().any(|one| text.value.contains(one)))
        };
        let takes = |call: &&Call| call.callee.ends_with("attributes.get") && connects(call.positional(0));
        self.module.calls.iter().find(takes).map(|call| call.range.clone())
    }

    /// `with engine.connect()` of an engine that is made in another module: then nobody here reads the configuration.
    fn engine_from_elsewhere(&self) -> Option<Override> {
        let makes_engine = |call: &Call| {
            ["engine_from_config", "async_engine_from_config", "create_engine", "create_async_engine"]
                .contains(&call.function())
        };
        if self.module.calls.iter().any(makes_engine) {
            return None;
        }
        let configure = |call: &&Call| call.function() == "configure" && call.keyword("connection").is_some();
        let call = self.module.calls.iter().find(configure)?;
        Some(Override { range: call.range.clone(), condition: None })
    }

    fn found(&self, range: Range<usize>, condition: Option<Range<usize>>, value: Option<&Value>) -> Override {
        // `os.getenv("X") or config.get_main_option("sqlalchemy.url")` falls back to the configuration.
        let falls_back = value.is_some_and(|value| self.comes_from_configuration(value, Everything::Any));
        let condition = condition.or_else(|| falls_back.then(|| range.clone()));
        Override { range, condition }
    }

    /// Whether a value is read from the configuration's URL, itself or through a variable of this file.
    fn comes_from_configuration(&self, value: &Value, everything: Everything) -> bool {
        let direct = |value: &Value| match value {
            Value::Call(call) => {
                ["get_main_option", "get_section_option", "get_alembic_option"].contains(&call.function())
                    && call.arguments.iter().any(|argument| is_url(Some(&argument.value)))
            }
            Value::Item(_, key) => key.value == URL,
            _ => false,
        };
        if direct(value) {
            return true;
        }
        match value {
            Value::Name(name) => {
                let mut values = self
                    .module
                    .assignments
                    .iter()
                    .filter(|assignment| assignment.key.is_none() && assignment.target == *name)
                    .map(|assignment| &assignment.value)
                    .peekable();
                let one = |value: &Value| {
                    value.any(&direct) && (everything == Everything::Any || !matches!(value, Value::Several(_)))
                };
                values.peek().is_some() && if everything == Everything::All { values.all(one) } else { values.any(one) }
            }
            Value::Several(_) => everything == Everything::Any && value.any(&direct),
            // `make_url(config.get_main_option("sqlalchemy.url"))`
            Value::Call(call) => {
                call.arguments.iter().any(|argument| {
                    !matches!(argument.value, Value::Call(_))
                        && self.comes_from_configuration(&argument.value, everything)
                }) || value.any(&direct)
            }
            _ => false,
        }
    }

    /// The value of a `set_main_option` of the URL when nothing in this file doubles percent signs.
    fn undoubled(&self, source: &Source) -> Option<Undoubled> {
        let doubles = |call: &Call| {
            call.function() == "replace"
                && call.positional(0).and_then(Value::as_text).is_some_and(|text| text.value == "%")
        };
        if self.module.calls.iter().any(doubles) {
            return None;
        }
        let call = self.module.calls.iter().find(|call| {
            let key = match call.function() {
                "set_main_option" => call.positional(0),
                "set_section_option" => call.positional(1),
                _ => None,
            };
            is_url(key)
        })?;
        let value = call.arguments.last().filter(|argument| argument.value.as_text().is_none())?;
        let primary = matches!(value.value, Value::Name(_) | Value::Call(_) | Value::Item(..));
        Some(Undoubled {
            span: source.span(value.range.clone()),
            needs_brackets: !primary,
            is_object: self.is_object(&value.value),
            optional: self.optional(source, &value.value),
        })
    }

    /// What makes a value `None` where a variable is not set. Who asks for the value elsewhere too knows what to do then.
    fn optional(&self, source: &Source, value: &Value) -> Option<Optional> {
        match value {
            Value::Call(call) => {
                let [argument] = call.arguments.as_slice() else { return None };
                let written = source.text().get(argument.whole.clone()).filter(|it| !it.starts_with('*'))?;
                let imports_os = || self.module.imports.iter().any(|it| it.module == "os" && it.names.is_empty());
                let mapping = match call.callee.as_str() {
                    "os.getenv" | "os.environ.get" => Some("os.environ"),
                    "environ.get" => Some("environ"),
                    "getenv" => imports_os().then_some("os.environ"),
                    _ => return None,
                };
                let instead = mapping.filter(|_| argument.keyword.is_none());
                let span = source.span(call.range.clone());
                Some(Optional { span, instead: instead.map(|mapping| format!("{mapping}[{written}]")) })
            }
            Value::Name(name) => {
                let is_it = |read: &str| {
                    read.strip_prefix(name.as_str()).is_some_and(|it| it.is_empty() || it.starts_with('.'))
                };
                let mut assigned = self.module.assignments.iter().filter(|it| it.target == *name && it.key.is_none());
                let (Some(only), None) = (assigned.next(), assigned.next()) else { return None };
                let is_target = |at: &Range<usize>| only.range.start <= at.start && at.end <= only.range.end;
                let reads = self.module.names.iter().filter(|(read, at)| is_it(read) && !is_target(at));
                let is_read_once = reads.count() == 1;
                let is_plain = only.context.condition.is_none() && !matches!(only.value, Value::Name(_));
                self.optional(source, &only.value).filter(|_| is_read_once && is_plain)
            }
            // `a or b`; what is put together from texts is a text.
            Value::Several(values) => {
                let found = self.optional(source, values.last().filter(|it| matches!(it, Value::Call(_)))?)?;
                let before = source.text().get(..found.span.start)?.trim_end();
                ["or", "else"].iter().any(|word| before.ends_with(word)).then_some(found)
            }
            _ => None,
        }
    }

    /// Whether SQLAlchemy's URL object is what a value is for certain, itself or by its name.
    fn is_object(&self, value: &Value) -> bool {
        let made = |value: &Value| {
            matches!(value, Value::Call(call) if call.function() == "make_url"
                || call.callee == "URL.create" || call.callee.ends_with(".URL.create"))
        };
        let Value::Name(name) = value else { return made(value) };
        let mut assigned =
            self.module.assignments.iter().filter(|it| it.target == *name && it.key.is_none()).peekable();
        assigned.peek().is_some() && assigned.all(|assignment| made(&assignment.value))
    }

    /// Names of environment variables, in the order they stand.
    fn variables(&self) -> Vec<(String, Range<usize>)> {
        let mut found: Vec<(String, Range<usize>)> = vec![];
        for call in &self.module.calls {
            let reads = matches!(call.callee.as_str(), "os.getenv" | "getenv" | "os.environ.get" | "environ.get")
                || matches!(call.callee.as_str(), "os.environ.pop" | "os.environ.setdefault");
            if let Some(text) = call.positional(0).and_then(Value::as_text).filter(|_| reads) {
                found.push((text.value.clone(), text.range.clone()));
            }
        }
        for (name, key) in &self.module.reads {
            if matches!(name.as_str(), "os.environ" | "environ") {
                found.push((key.value.clone(), key.range.clone()));
            }
        }
        for (name, range) in &self.module.names {
            // Pydantic takes the variable of a field's name, whatever its case.
            if let Some((object, field)) = name.split_once('.')
                && object.to_lowercase().ends_with("settings")
                && !field.contains('.')
                && looks_like_url_variable(field)
            {
                found.push((field.to_uppercase(), range.clone()));
            }
        }
        found.sort_by_key(|(_, range)| range.start);
        found.dedup();
        found
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Everything {
    /// Every value that flows in comes from the configuration.
    All,
    /// At least one does.
    Any,
}

/// Whether a name is one that URLs of databases have.
pub(in crate::project) fn looks_like_url_variable(name: &str) -> bool {
    let name = name.to_uppercase();
    let about = ["DATABASE", "DB", "POSTGRES", "PG", "SQLALCHEMY", "DSN"].iter().any(|word| name.contains(word));
    about && ["URL", "URI", "DSN"].iter().any(|word| name.contains(word))
}
