//! Python source: the one module that knows ruff's parser. What it finds is handed on as plain data with byte ranges.

pub mod bindings;
mod builtins;
mod collect;
pub mod executed;
pub mod functions;
pub mod imports;
mod structure;
mod types;
pub mod variables;

use std::borrow::Cow;
use std::ops::Range;

use ruff_python_ast::{ModModule, PySourceType};
use ruff_python_parser::{ParseOptions, Parsed, parse_unchecked};

use super::SyntaxError;

pub use builtins::is_builtin_class;
pub use structure::{Base, Class, ImportStatement, Imported, Member, MemberKind, Place, Structure};
pub use types::{TypeExpression, type_expression};

/// Files above this size are not parsed: the parser's memory grows with how deep expressions nest.
const MAX_SIZE: usize = 2_000_000;

/// How deep brackets may lie in each other. Python itself stops at 200.
const MAX_BRACKETS: usize = 200;

/// How many operators that take one operand may follow each other.
const MAX_PREFIXES: usize = 500;

/// What a Python file says, as far as somebody asks for it. A broken file has errors *and* what could still be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    /// Every import, in order.
    pub imports: Vec<Import>,
    /// Every call, by where it begins, outer before inner.
    pub calls: Vec<Call>,
    /// Every assignment to a name, an attribute or a subscript, in order.
    pub assignments: Vec<Assignment>,
    /// Every entry of a dictionary display, outer ones before inner: `{"sqlalchemy.url": url}`.
    pub entries: Vec<Entry>,
    /// Every `return`, `raise`, `assert` and `yield`.
    pub leaves: Vec<Range<usize>>,
    /// Every subscript that is read: `os.environ["DATABASE_URL"]`.
    pub reads: Vec<(String, Text)>,
    /// Every dotted name that is read, such as `settings.database_url`, the longest form only, by where it begins.
    pub names: Vec<(String, Range<usize>)>,
    /// Where the parser met something that is no Python, in order.
    pub errors: Vec<SyntaxError>,
    /// Whether the errors say that it was not read (whole), not that it is no Python.
    pub unread: bool,
}

/// A string literal, or several that stand beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it means.
    pub value: String,
    /// Its bytes: without prefix and quotes for a single literal, else the whole expression.
    pub range: Range<usize>,
    /// Whether the bytes are the value: one literal without escapes.
    pub plain: bool,
}

/// An entry of a dictionary display.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, when it is a string.
    pub key: Option<Text>,
    /// Whether it is no key with its value, but a whole mapping: `{**options}`.
    pub unpacks: bool,
    /// The value.
    pub value: Value,
    /// The bytes of the value.
    pub range: Range<usize>,
}

/// An expression, as far as it is understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(Text),
    /// A dotted name.
    Name(String),
    /// A call of a dotted name.
    Call(Box<Call>),
    /// A subscript of a dotted name with a string.
    Item(String, Text),
    /// `a or b`, `a if c else b`, `f"{a}{b}"`, `a + b`: whatever may flow into the value.
    Several(Vec<Value>),
    /// A lambda.
    Lambda,
    /// Anything else.
    Other,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module, with leading dots when relative.
    pub module: String,
    /// The names after `from … import`; empty for a plain `import`.
    pub names: Vec<String>,
    /// The name that each of them, or the module, is bound to.
    pub binds: Vec<String>,
    /// The whole statement.
    pub range: Range<usize>,
}

impl Module {
    /// A dotted name with the first part as it is called where an import with `as` takes it from.
    pub fn meaning<'name>(&'name self, name: &'name str) -> Cow<'name, str> {
        let (root, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
        let renamed = self.imports.iter().find_map(|import| {
            let at = import.binds.iter().position(|bound| bound == root)?;
            match import.names.get(at) {
                Some(name) => (name != root).then(|| format!("{}.{name}", import.module)),
                // `import a.b` binds `a`, which stands for itself.
                None => (import.module.split('.').next() != Some(root)).then(|| import.module.clone()),
            }
        });
        match renamed {
            Some(from) => Cow::Owned(from + rest),
            None => Cow::Borrowed(name),
        }
    }
}

/// Where something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The innermost `if`, `try` or loop around it.
    pub condition: Option<Range<usize>>,
    /// The innermost class around it.
    pub class: Option<String>,
    /// Base classes of that class, dotted.
    pub bases: Vec<String>,
    /// The innermost function around it.
    pub function: Option<String>,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called: a dotted name, such as `config.set_main_option`. A part that is no name is left out, so that
    /// `get().run` is `.run`.
    pub callee: String,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// The whole call.
    pub range: Range<usize>,
    /// Where it stands.
    pub context: Context,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its keyword.
    pub keyword: Option<String>,
    /// Its value.
    pub value: Value,
    /// The bytes of its value.
    pub range: Range<usize>,
    /// The bytes of keyword and value.
    pub whole: Range<usize>,
}

/// One assignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The name that is assigned to, dotted.
    pub target: String,
    /// The string it is subscripted with: `section["sqlalchemy.url"] = …`.
    pub key: Option<String>,
    /// What is assigned.
    pub value: Value,
    /// The whole statement.
    pub range: Range<usize>,
    /// Where it stands.
    pub context: Context,
}

/// What ends a program or skips what is around, when it is called.
const LEAVES: [&str; 6] = ["_exit", "abort", "exit", "quit", "skip", "suppress"];

impl Module {
    /// Whether something that begins in a range may end or skip what comes behind it.
    pub fn may_leave(&self, range: &Range<usize>) -> bool {
        let calls = self.calls.iter().filter(|call| LEAVES.contains(&call.function())).map(|call| &call.range);
        self.leaves.iter().chain(calls).any(|one| range.contains(&one.start))
    }
}

impl Call {
    /// The last part of what is called.
    pub fn function(&self) -> &str {
        self.callee.rsplit('.').next().unwrap_or("")
    }

    /// The argument at a place, keywords not counted.
    pub fn positional(&self, index: usize) -> Option<&Value> {
        self.arguments.iter().filter(|argument| argument.keyword.is_none()).nth(index).map(|argument| &argument.value)
    }

    /// The argument of a keyword.
    pub fn keyword(&self, name: &str) -> Option<&Value> {
        let found = self.arguments.iter().find(|argument| argument.keyword.as_deref() == Some(name))?;
        Some(&found.value)
    }
}

impl Module {
    /// The calls within a range.
    pub fn calls_within<'a>(&'a self, range: &'a Range<usize>) -> impl Iterator<Item = &'a Call> {
        let first = self.calls.partition_point(|call| call.range.start < range.start);
        let begun = self.calls.iter().skip(first).take_while(|call| call.range.start < range.end);
        begun.filter(|call| call.range.end <= range.end)
    }

    /// The names that are read within a range.
    pub fn names_within<'a>(&'a self, range: &'a Range<usize>) -> impl Iterator<Item = &'a (String, Range<usize>)> {
        let first = self.names.partition_point(|(_, at)| at.start < range.start);
        let begun = self.names.iter().skip(first).take_while(|(_, at)| at.start < range.end);
        begun.filter(|(_, at)| at.end <= range.end)
    }
}

impl Value {
    /// The string, when it is one.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether `wanted` holds for this value or one that flows into it, arguments of calls included.
    pub fn any(&self, wanted: &dyn Fn(&Self) -> bool) -> bool {
        wanted(self)
            || match self {
                Self::Several(values) => values.iter().any(|value| value.any(wanted)),
                Self::Call(call) => call.arguments.iter().any(|argument| argument.value.any(wanted)),
                _ => false,
            }
    }
}

/// Reads a Python file, a broken one as far as possible.
pub fn parse(text: &str) -> Module {
    parse_with(text, |_| ()).0
}

/// Reads a Python file and how it is built. Nothing of the latter is known of a file that is nested too deeply.
pub fn parse_structured(text: &str) -> (Module, Structure) {
    parse_with(text, |parsed| structure::structure(text, parsed))
}

/// Reads the functions of a Python file that can be evaluated.
pub fn parse_functions(text: &str) -> functions::Functions {
    parse_with(text, |parsed| functions::functions(parsed.suite())).1
}

/// Reads a Python file, and looks at its tree once more when that is no deeper than can be walked.
fn parse_with<T: Default>(text: &str, look: impl FnOnce(&Parsed<ModModule>) -> T) -> (Module, T) {
    let (module, parsed) = parse_tree(text);
    (module, parsed.as_ref().map(look).unwrap_or_default())
}

/// Reads a Python file, with its tree when that is no deeper than can be walked.
fn parse_tree(text: &str) -> (Module, Option<Parsed<ModModule>>) {
    let refused = |error| (Module { errors: vec![error], unread: true, ..Module::default() }, None);
    if text.len() > MAX_SIZE {
        let message = format!("is larger than the {} MB of Python that are read", MAX_SIZE / 1_000_000);
        return refused(SyntaxError::new(0, message));
    }
    if let Some(offset) = too_deep(text) {
        return refused(SyntaxError::new(offset, "is nested too deeply"));
    }
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let parsed = parse_unchecked(text, ParseOptions::from(PySourceType::Python));
    let Some(parsed) = parsed.try_into_module() else {
        return (Module::default(), None);
    };
    let errors = parsed
        .errors()
        .iter()
        .map(|error| {
            let mut message = error.error.to_string();
            if let Some(first) = message.get(..1).map(str::to_ascii_lowercase) {
                message.replace_range(..1, &first);
            }
            SyntaxError::new(error.location.start().to_usize().max(mark), message)
        })
        .collect();
    let mut module = Module { errors, ..Module::default() };
    if !collect::collect(text, parsed.suite(), &mut module) {
        // Dropping a tree recurses as deep as it is. One that is too deep to be walked is left to the end of the process.
        std::mem::forget(parsed);
        module.errors.push(SyntaxError::new(0, "is nested too deeply to be read whole"));
        module.unread = true;
        return (module, None);
    }
    module.calls.sort_by_key(|call| call.range.start);
    module.names.sort_by_key(|(_, range)| range.start);
    (module, Some(parsed))
}

/// Where brackets or prefix operators are piled up beyond what Python takes. Brackets in strings are counted too, which only
/// a text made for it and code that programs write feel.
fn too_deep(text: &str) -> Option<usize> {
    let (mut brackets, mut prefixes, mut word) = (0_usize, 0_usize, 0..0);
    for (offset, byte) in text.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 {
            if word.end != offset {
                word.start = offset;
            }
            word.end = offset + 1;
            continue;
        }
        if word.end == offset && !word.is_empty() {
            match text.get(word.clone()) {
                Some("not" | "lambda" | "await" | "else" | "if" | "yield" | "from") => prefixes += 1,
                _ => prefixes = 0,
            }
        }
        match byte {
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            b'-' | b'+' | b'~' | b'*' => prefixes += 1,
            _ => {}
        }
        if brackets > MAX_BRACKETS || prefixes > MAX_PREFIXES {
            return Some(offset);
        }
    }
    None
}

#[cfg(test)]
mod tests;
