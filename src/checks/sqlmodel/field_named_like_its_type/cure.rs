//! Gives the type another name wherever a class body means it.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::checks::python_fix::{edit, import as import_lines, listed, range, text};
use crate::facts::Facts;
use crate::fix::{Fix, Step};
use crate::project::python::{Class, Member, MemberSort, Shape, ShapeImport};
use crate::text::python::{ImportStatement, TypeExpression, type_expression};
use crate::text::{Source, Span};

/// So many fields of one file whose type is renamed in one go; of more, each by itself.
const TOGETHER: usize = 50;

/// What hides one type in the classes of one file.
pub(super) struct Renaming<'a> {
    facts: &'a Facts,
    shape: &'a Shape,
    source: &'a Source,
    import: &'a ShapeImport,
    other: String,
    /// Where the file has the name.
    words: Vec<usize>,
    /// Whether other files may take it from here.
    elsewhere: bool,
    /// Of each field where it begins, and where its class means the type; nothing where that cannot be told.
    places: Vec<(usize, Option<Vec<Span>>)>,
}

impl<'a> Renaming<'a> {
    /// What is known of all fields of a file that hide one type.
    pub(super) fn of(facts: &'a Facts, shape: &'a Shape, hiding: &[(&Class, &Member)]) -> Option<Self> {
        let name = hiding.first()?.1.name.value.as_str();
        let mut imports = shape.imports.iter().filter(|import| import.bound == name);
        let (Some(import), None) = (imports.next(), imports.next()) else { return None };
        let other = format!("{name}_type");
        let source = facts.source(&import.span.path)?;
        if source.text().contains(&other) || import.from.is_empty() && import.name.contains('.') {
            return None;
        }
        let places =
            |(class, member): &(&Class, &Member)| (member.name.span.start, places(facts, source, class, member));
        let lent = facts.project.python.lent.get(&*import.span.path);
        let elsewhere = lent.is_some_and(|names| names.contains(name));
        let words = words(source.text(), name);
        Some(Self {
            facts,
            shape,
            source,
            import,
            other,
            words,
            elsewhere,
            places: hiding.iter().map(places).collect(),
        })
    }

    /// Another name for the type, in the same import, and wherever the body means the type behind the value; in the other
    /// classes too, since they have the import together.
    pub(super) fn fix(&self, at: usize) -> Option<Fix> {
        let own = self.places.get(at).filter(|(_, places)| places.is_some())?;
        let all = if self.places.len() > TOGETHER { std::slice::from_ref(own) } else { self.places.as_slice() };
        let known = all.iter().filter_map(|(start, places)| Some((*start, places.as_ref()?)));
        let mut places: Vec<&Span> = known.clone().flat_map(|(_, places)| places).collect();
        places.sort_by_key(|place| place.start);
        places.dedup();
        let (import, other) = (self.import, &self.other);
        let fields: BTreeSet<usize> = known.map(|(start, _)| start).collect();
        let (alone, gone) = if self.is_left(&fields, &places) { (false, None) } else { taken_out(self.source, import) };
        let named = format!("{} as {other}", import.name);
        let mut steps: Vec<Step> = places.iter().map(|place| edit(place, other.clone())).collect();
        if alone {
            steps.push(edit(&import.span, named));
        } else {
            let from = if import.from.is_empty() { String::new() } else { format!("from {} ", import.from) };
            let line = format!("{from}import {named}");
            let placed = import_lines(self.facts, self.source, self.shape, std::slice::from_ref(&line));
            match gone.as_ref().zip(self.headed()) {
                // The rest of the statement sorts behind what was its first name.
                Some((_, statement)) if placed.iter().all(is_statement) => {
                    let start = range(&import.span, statement.start, statement.start);
                    steps.push(edit(&start, format!("{line}{}", self.source.line_end())));
                }
                _ => steps.extend(placed),
            }
            steps.extend(gone.as_ref().map(|gone| edit(gone, "")));
        }
        let too = if alone || gone.is_some() { "" } else { " too" };
        let title = format!("import {} as `{other}`{too}, and annotate by that", listed(&[&import.bound]));
        Some(Fix::safe(title, steps))
    }

    /// The statement on lines of its own that imports the type before all others.
    fn headed(&self) -> Option<&Range<usize>> {
        let first = self.import.span.range();
        let mut imports = self.source.python().1.imports.iter();
        let holding = imports.find(|it| it.names.first().is_some_and(|name| name.range == first))?;
        let before = self.source.text().get(..holding.range.start)?.trim_start_matches('\u{feff}');
        (before.is_empty() || before.ends_with('\n')).then_some(&holding.range)
    }

    /// Whether anything means the type by its own name once these places do not.
    fn is_left(&self, fields: &BTreeSet<usize>, places: &[&Span]) -> bool {
        let (import, written) = (self.import, self.source.text());
        let is_other = |at: &usize| {
            let is_import = import.span.start <= *at && *at < import.span.end;
            let is_place = places.binary_search_by_key(at, |place| place.start).is_ok();
            !is_import && !is_place && !fields.contains(at)
        };
        // The module that it comes from is no other word for it.
        let of_statement = |at: &usize| {
            written.get(..*at).is_some_and(|before| {
                let line = before.rsplit('\n').next().unwrap_or_default();
                line.trim() == "from" && written.get(*at..).is_some_and(|rest| rest.starts_with(&import.from))
            })
        };
        self.elsewhere || self.words.iter().any(|at| is_other(at) && !of_statement(at))
    }
}

/// Whether a step writes a statement of its own.
fn is_statement(step: &Step) -> bool {
    matches!(step, Step::Edit(edit) if edit.text.contains("import "))
}

/// Where a class means the type that one of its fields hides.
fn places(facts: &Facts, source: &Source, class: &Class, member: &Member) -> Option<Vec<Span>> {
    let name = member.name.value.as_str();
    let (read, _) = source.python();
    let stands = |span: &Span| -> Vec<Span> {
        let within = span.range();
        let named = read.names_within(&within).filter(|(written, _)| written.split('.').next() == Some(name));
        named.map(|(_, at)| range(span, at.start, at.start + name.len())).collect()
    };
    let mut places = in_annotation(facts, member.annotation.as_ref()?, name, &stands)?;
    // Its own value is made before the name is bound to it.
    for behind in class.body.iter().filter(|other| other.statement.start >= member.statement.end) {
        match behind.kind {
            MemberSort::Field { .. } | MemberSort::ClassVariable | MemberSort::Assigned => {
                if let Some(annotation) = &behind.annotation {
                    places.extend(in_annotation(facts, annotation, name, &stands)?);
                }
                places.extend(behind.value.as_ref().map(&stands).unwrap_or_default());
            }
            // What a function or a block means by it depends on when it is run.
            _ if !stands(&behind.statement).is_empty() => return None,
            _ => {}
        }
    }
    (!places.iter().any(|place| text(facts, place) != name)).then_some(places)
}

/// Whether a name is all that its statement imports, else the bytes that go when it does; none of them where a comment might.
fn taken_out(source: &Source, import: &ShapeImport) -> (bool, Option<Span>) {
    let holds = |statement: &&ImportStatement| statement.names.iter().any(|name| name.range == import.span.range());
    let Some(statement) = source.python().1.imports.iter().find(holds) else { return (false, None) };
    let at = statement.names.iter().position(|name| name.range == import.span.range());
    let before = at.and_then(|at| statement.names.get(at.checked_sub(1)?));
    let gone = match (before, at.and_then(|at| statement.names.get(at + 1))) {
        (_, Some(next)) => range(&import.span, import.span.start, next.range.start),
        (Some(before), None) => range(&import.span, before.range.end, import.span.end),
        (None, None) => return (true, None),
    };
    let is_plain = !source.slice(&gone).contains(['#', '\\']);
    (false, is_plain.then_some(gone))
}

/// Where an annotation names the type; `None` where a string within it does, of which it cannot be told what it is.
fn in_annotation(
    facts: &Facts,
    annotation: &Span,
    name: &str,
    stands: &dyn Fn(&Span) -> Vec<Span>,
) -> Option<Vec<Span>> {
    let written = text(facts, annotation);
    let mut places = match type_expression(written) {
        TypeExpression::Text(inner) if inner.contains(['"', '\'', '\\']) && inner.contains(name) => return None,
        TypeExpression::Text(_) => words(written, name)
            .into_iter()
            .map(|at| range(annotation, annotation.start + at, annotation.start + at + name.len()))
            .collect(),
        _ => stands(annotation),
    };
    places.sort_by_key(|place| place.start);
    places.dedup();
    let mut left = written.to_owned();
    for place in places.iter().rev() {
        left.replace_range(place.start - annotation.start..place.end - annotation.start, "_");
    }
    let remains = type_expression(&left).names().iter().any(|other| other.split('.').next() == Some(name));
    (!remains).then_some(places)
}

/// Where a name stands in the text of an annotation that is no part of another one and no attribute.
fn words(written: &str, name: &str) -> Vec<usize> {
    let is_of_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
    let stands_alone = |at: &usize| {
        let before = written.get(..*at).and_then(|before| before.chars().next_back());
        let after = written.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_of_name) && !after.is_some_and(|after| after != '.' && is_of_name(after))
    };
    written.match_indices(name).map(|(at, _)| at).filter(stands_alone).collect()
}
