//! What makes times without a zone, and the same with one.

use crate::checks::python_fix::{edit, import_too, range, text};
use crate::checks::sqlmodel::types::{Named, resolved};
use crate::facts::Facts;
use crate::fix::Step;
use crate::project::python::{CallArgument, CallSite, Class, Member, MemberSort, ShapeImport};
use crate::text::Span;
use crate::text::python::{self, Entry, Value};

/// Something that makes times without a zone.
pub(super) struct Naive {
    /// Where it is written.
    pub place: Span,
    /// The class as it is written before the method, such as `datetime`.
    class: String,
    /// The method: `utcnow`; empty for a time that is written down.
    method: String,
    /// Whether it is handed over to be called, not called itself.
    is_handed: bool,
}

/// The methods that make a time of no zone when they are given none.
const METHODS: [&str; 3] = ["utcnow", "now", "today"];

/// What a dotted name is of `datetime.datetime`: the class as it is written, and the method.
fn method(facts: &Facts, class: &Class, name: &str) -> Option<(String, String)> {
    match resolved(facts, class, name) {
        Named::Outside(outside) if outside == "datetime.datetime" => Some((name.to_owned(), String::new())),
        Named::Outside(outside) => {
            let method = outside.strip_prefix("datetime.datetime.")?;
            Some((name.strip_suffix(method)?.trim_end_matches('.').to_owned(), method.to_owned()))
        }
        _ => None,
    }
}

/// A method that is handed over.
fn handed(facts: &Facts, class: &Class, name: &str, place: &Span) -> Option<Naive> {
    let (written, method) = method(facts, class, name)?;
    METHODS.contains(&method.as_str()).then(|| Naive { place: place.clone(), class: written, method, is_handed: true })
}

/// A call that makes a time without a zone.
fn called(facts: &Facts, class: &Class, call: &CallSite) -> Option<Naive> {
    let (written, method) = method(facts, class, &call.callee)?;
    let given: Vec<&str> = call.arguments.iter().map(|argument| text(facts, &argument.value)).collect();
    let is_naive = match method.as_str() {
        "utcnow" | "today" => true,
        "now" => matches!(given.as_slice(), [] | ["None"]),
        // Year to microsecond; the zone would be the eighth.
        "" => {
            call.keyword("tzinfo").is_none()
                && call.keyword("**").is_none()
                && (3..8).contains(&given.len())
                && !given.iter().any(|given| given.starts_with('*'))
        }
        _ => false,
    };
    is_naive.then(|| Naive { place: call.span.clone(), class: written, method, is_handed: false })
}

/// What a function of no arguments makes: `datetime.utcnow`, `lambda: datetime.utcnow()`.
fn made(facts: &Facts, class: &Class, argument: &CallArgument) -> Option<Naive> {
    if let Some(name) = &argument.name {
        return handed(facts, class, name, &argument.value);
    }
    let [call] = argument.inner.as_slice() else { return None };
    let before = text(facts, &range(&argument.value, argument.value.start, call.span.start));
    let is_all = call.span.end == argument.value.end && before.trim_end() == "lambda:";
    called(facts, class, call).filter(|_| is_all)
}

/// What a member is given by default that has no zone.
pub(super) fn naive(facts: &Facts, class: &Class, member: &Member) -> Vec<Naive> {
    let mut found: Vec<Naive> = vec![];
    for call in &member.calls {
        if !call.is_field() {
            let is_value = member.value.as_ref() == Some(&call.span);
            found.extend(called(facts, class, call).filter(|_| is_value));
            continue;
        }
        found.extend(call.keyword("default_factory").and_then(|argument| made(facts, class, argument)));
        let default = call.keyword("default").or_else(|| call.positional().next());
        found.extend(default.and_then(|default| called(facts, class, default.call.as_deref()?)));
        if let Some(given) = call.keyword("sa_column_kwargs") {
            found.extend(in_mapping(facts, class, given));
        }
    }
    found
}

/// `{"onupdate": datetime.utcnow}`
fn in_mapping(facts: &Facts, class: &Class, given: &CallArgument) -> Vec<Naive> {
    let read = python::parse(text(facts, &given.value));
    let offset = given.value.start;
    let is_outer = |one: &Entry| {
        let around = |other: &&Entry| other.range.start <= one.range.start && one.range.end <= other.range.end;
        read.entries.iter().filter(around).count() == 1
    };
    let is_wanted = |one: &&Entry| {
        let key = one.key.as_ref().map(|key| key.value.as_str());
        matches!(key, Some("default" | "onupdate")) && is_outer(one)
    };
    // What a function is given is not what the column gets.
    let entries = read.entries.iter().filter(|_| given.call.is_none()).filter(is_wanted);
    let one = |entry: &Entry| {
        let place = range(&given.value, offset + entry.range.start, offset + entry.range.end);
        if let Value::Name(name) = &entry.value {
            return handed(facts, class, name, &place);
        }
        let call = given.inner.iter().find(|call| call.span.end == place.end && call.span.start >= place.start)?;
        let before = text(facts, &range(&place, place.start, call.span.start));
        called(facts, class, call).filter(|_| before.is_empty() || before.trim_end() == "lambda:")
    };
    entries.filter_map(one).collect()
}

/// Whether a lambda makes it, which looks names up in the module.
fn in_lambda(facts: &Facts, place: &Span) -> bool {
    text(facts, &range(place, 0, place.start)).trim_end().ends_with("lambda:")
}

/// Whether a class or one above it binds a name.
fn has_member(facts: &Facts, (index, class): (usize, &Class), name: &str) -> bool {
    let binds = |class: &Class| class.body.iter().any(|member| member.name.value == name);
    facts.project.python.classes.line(index).any(|(_, class)| binds(class))
        || class.body.iter().any(|it| it.kind == MemberSort::Other && text(facts, &it.statement).contains(name))
}

/// The steps that give each of them a zone, and whether all were times of UTC before.
pub(super) fn steps(facts: &Facts, index: usize, found: &[Naive]) -> Option<(Vec<Step>, bool)> {
    let class = facts.project.python.classes.get(index)?;
    let source = facts.source(&class.name.span.path)?;
    let shape = facts.project.python.shapes.get(source.path())?;
    let mut steps = vec![];
    let mut imported = false;
    for one in found {
        if one.method.is_empty() {
            return None;
        }
        let zone = match one.class.rsplit_once('.') {
            Some((module, _)) => format!("{module}.timezone"),
            None => match shape.imports.iter().find(|import| import.from == "datetime" && import.name == "timezone") {
                Some(import) => import.bound.clone(),
                None if shape.bound.iter().any(|bound| bound == "timezone") => return None,
                None => {
                    let is_its = |import: &&ShapeImport| import.bound == one.class && import.from == "datetime";
                    let import = shape.imports.iter().find(is_its)?;
                    if !imported {
                        steps.extend(import_too(facts, source, import, "timezone"));
                    }
                    imported = true;
                    "timezone".to_owned()
                }
            },
        };
        // What stands in the class body itself would take the member of that name.
        let first = zone.split('.').next().unwrap_or_default();
        if !one.is_handed && !in_lambda(facts, &one.place) && has_member(facts, (index, class), first) {
            return None;
        }
        let lambda = if one.is_handed { "lambda: " } else { "" };
        steps.push(edit(&one.place, format!("{lambda}{}.now({zone}.utc)", one.class)));
    }
    Some((steps, found.iter().all(|one| one.method == "utcnow")))
}
