//! Functions that decide by simple means, such as `include_object`: read from the tree, and followed with what is known of
//! their arguments. Whatever is not simple is not known.

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

pub(super) use reading::deciders;

/// What a function says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something true.
    Yes,
    /// Something false, or nothing.
    No,
    /// It cannot be told.
    Untold,
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// `None`.
    None,
    /// `True` or `False`; of a value that was built from unknown ones only this.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    Text(String),
    /// A list, a tuple, a set or the keys of a dictionary.
    Several(Vec<Known>),
    /// Nothing.
    Untold,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Known(Known),
    Name(String),
    Several(Vec<Term>),
    Not(Box<Term>),
    All(Vec<Term>),
    Any(Vec<Term>),
    Choice(Box<[Term; 3]>),
    Compared(Box<Term>, Relation, Box<Term>),
    Method(Box<Term>, String, Vec<Term>),
    Untold,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Unequal,
    Is,
    IsNot,
    In,
    NotIn,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Return(Term),
    Branch(Term, Vec<Step>, Vec<Step>),
    Bind(String, Term),
    /// A call that may put something into the lists of these names.
    Fill(Vec<String>),
    Nothing,
    Raise,
    Untold,
}

/// A function or a lambda.
#[derive(Clone, Debug, PartialEq)]
pub struct Decider {
    pub(super) parameters: Vec<String>,
    /// How many arguments it takes; `None`: any number.
    pub(super) takes: Option<Range<usize>>,
    pub(super) steps: Vec<Step>,
    /// Its name, or the whole lambda.
    pub range: Range<usize>,
}

/// An argument of a call that is a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// It is written down there.
    Here(Decider),
    /// It is named.
    Named(String),
    /// It is `True`.
    True,
    /// Anything else.
    Other,
}

/// What a file says of functions that decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deciders {
    /// Functions by name, those in functions too; not those whose name means several things.
    pub functions: BTreeMap<String, Decider>,
    /// The keywords of each call, by where the call starts.
    pub given: BTreeMap<usize, BTreeMap<String, Given>>,
    pub(super) constants: BTreeMap<String, Term>,
}

/// How a list of statements may end.
#[derive(Clone, Copy, Default)]
struct Ends {
    yes: bool,
    no: bool,
    /// Goes on behind them.
    on: bool,
}

impl Ends {
    const ANY: Self = Self { yes: true, no: true, on: true };

    fn or(self, other: Self) -> Self {
        Self { yes: self.yes || other.yes, no: self.no || other.no, on: self.on || other.on }
    }
}

fn truth(value: &Known) -> Option<bool> {
    match value {
        Known::None => Some(false),
        Known::Flag(flag) => Some(*flag),
        Known::Number(number) => Some(*number != 0),
        Known::Text(text) => Some(!text.is_empty()),
        Known::Several(values) => Some(!values.is_empty()),
        Known::Untold => None,
    }
}

fn flag(known: Option<bool>) -> Known {
    known.map_or(Known::Untold, Known::Flag)
}

fn equal(one: &Known, other: &Known) -> Option<bool> {
    match (one, other) {
        (Known::Untold, _) | (_, Known::Untold) => None,
        // A list and a tuple of the same things are different, and which of both it was is not kept.
        (Known::Several(_), Known::Several(_)) => None,
        (Known::Flag(flag), Known::Number(number)) | (Known::Number(number), Known::Flag(flag)) => {
            Some(i64::from(*flag) == *number)
        }
        (one, other) => Some(one == other),
    }
}

fn contained(one: &Known, many: &Known) -> Option<bool> {
    match (one, many) {
        (Known::Text(part), Known::Text(whole)) => Some(whole.contains(part.as_str())),
        (one, Known::Several(values)) => {
            let each: Vec<Option<bool>> = values.iter().map(|value| equal(one, value)).collect();
            if each.contains(&Some(true)) { Some(true) } else { (!each.contains(&None)).then_some(false) }
        }
        _ => None,
    }
}

struct Running<'a> {
    file: &'a Deciders,
    names: BTreeMap<String, Known>,
    /// Names whose value hangs on what is not known.
    blurred: BTreeSet<String>,
}

impl Deciders {
    /// What a function of this file says to these arguments.
    pub fn verdict(&self, decider: &Decider, arguments: &[Known]) -> Verdict {
        if decider.takes.as_ref().is_some_and(|takes| !takes.contains(&arguments.len())) {
            return Verdict::Untold;
        }
        let given = arguments.iter().cloned().chain(std::iter::repeat(Known::Untold));
        let names = decider.parameters.iter().cloned().zip(given).collect();
        let mut running = Running { file: self, names, blurred: BTreeSet::new() };
        let ends = running.run(&decider.steps);
        match (ends.yes, ends.no || ends.on) {
            (true, false) => Verdict::Yes,
            (false, true) => Verdict::No,
            _ => Verdict::Untold,
        }
    }
}

impl Running<'_> {
    fn run(&mut self, steps: &[Step]) -> Ends {
        let mut ends = Ends { on: true, ..Ends::default() };
        for step in steps {
            let next = match step {
                Step::Nothing => continue,
                Step::Bind(name, term) => {
                    let value = self.value(term);
                    self.blurred.remove(name);
                    self.names.insert(name.clone(), value);
                    continue;
                }
                Step::Fill(names) => {
                    for name in names {
                        if matches!(self.value(&Term::Name(name.clone())), Known::Several(_)) {
                            self.names.insert(name.clone(), Known::Untold);
                        }
                    }
                    continue;
                }
                Step::Untold => Ends::ANY,
                Step::Raise => Ends::default(),
                Step::Return(term) => match truth(&self.value(term)) {
                    Some(yes) => Ends { yes, no: !yes, on: false },
                    None => Ends { yes: true, no: true, on: false },
                },
                Step::Branch(condition, then, otherwise) => match truth(&self.value(condition)) {
                    Some(true) => self.run(then),
                    Some(false) => self.run(otherwise),
                    None => {
                        let before = self.names.clone();
                        let one = self.run(then);
                        let after = std::mem::replace(&mut self.names, before);
                        let other = self.run(otherwise);
                        let changed = |(name, value): &(String, Known)| self.names.get(name) != Some(value);
                        let changed: Vec<_> = after.into_iter().filter(changed).map(|(name, _)| name).collect();
                        self.blurred.extend(changed);
                        one.or(other)
                    }
                },
            };
            ends = Ends { on: false, ..ends }.or(next);
            if !next.on {
                break;
            }
        }
        ends
    }

    fn value(&self, term: &Term) -> Known {
        match term {
            Term::Known(known) => known.clone(),
            Term::Untold => Known::Untold,
            Term::Name(name) if self.blurred.contains(name) => Known::Untold,
            Term::Name(name) => match self.names.get(name) {
                Some(value) => value.clone(),
                None => self.file.constants.get(name).map_or(Known::Untold, constant),
            },
            Term::Several(terms) => Known::Several(terms.iter().map(|term| self.value(term)).collect()),
            Term::Not(inner) => flag(truth(&self.value(inner)).map(|truth| !truth)),
            Term::All(terms) => self.either(terms, false),
            Term::Any(terms) => self.either(terms, true),
            Term::Choice(terms) => {
                let [then, condition, otherwise] = &**terms;
                match truth(&self.value(condition)) {
                    Some(true) => self.value(then),
                    Some(false) => self.value(otherwise),
                    None => {
                        let (one, other) = (truth(&self.value(then)), truth(&self.value(otherwise)));
                        flag(one.filter(|_| one == other))
                    }
                }
            }
            Term::Compared(one, relation, other) => {
                let (one, other) = (self.value(one), self.value(other));
                let is = || match (&one, &other) {
                    (Known::Untold, _) | (_, Known::Untold) => None,
                    (Known::None, other) | (other, Known::None) => Some(*other == Known::None),
                    (Known::Flag(one), Known::Flag(other)) => Some(one == other),
                    _ => None,
                };
                flag(match relation {
                    Relation::Equal => equal(&one, &other),
                    Relation::Unequal => equal(&one, &other).map(|equal| !equal),
                    Relation::Is => is(),
                    Relation::IsNot => is().map(|is| !is),
                    Relation::In => contained(&one, &other),
                    Relation::NotIn => contained(&one, &other).map(|is| !is),
                })
            }
            Term::Method(object, method, arguments) => self.called(&self.value(object), method, arguments),
        }
    }

    /// `and` (`wanted` false) and `or` (true): what the wanted one ends.
    fn either(&self, terms: &[Term], wanted: bool) -> Known {
        let mut unknown = false;
        let mut last = Known::Flag(!wanted);
        for term in terms {
            last = self.value(term);
            match truth(&last) {
                Some(truth) if truth == wanted => return if unknown { Known::Flag(wanted) } else { last },
                None => unknown = true,
                Some(_) => {}
            }
        }
        if unknown { Known::Untold } else { last }
    }

    fn called(&self, object: &Known, method: &str, arguments: &[Term]) -> Known {
        let Known::Text(text) = object else { return Known::Untold };
        let argument = arguments.first().map(|term| self.value(term));
        let starts = |end: bool| {
            let one = |part: &Known| match part {
                Known::Text(part) if end => Some(text.ends_with(part.as_str())),
                Known::Text(part) => Some(text.starts_with(part.as_str())),
                _ => None,
            };
            match argument.as_ref()? {
                Known::Several(parts) => {
                    let each: Vec<_> = parts.iter().map(one).collect();
                    each.contains(&Some(true)).then_some(true).or_else(|| (!each.contains(&None)).then_some(false))
                }
                part => one(part),
            }
        };
        match (method, arguments) {
            ("startswith", [_]) => flag(starts(false)),
            ("endswith", [_]) => flag(starts(true)),
            ("lower", []) => Known::Text(text.to_lowercase()),
            ("upper", []) => Known::Text(text.to_uppercase()),
            _ => Known::Untold,
        }
    }
}

/// The value of a constant, which is built from no names.
fn constant(term: &Term) -> Known {
    match term {
        Term::Known(known) => known.clone(),
        Term::Several(terms) => Known::Several(terms.iter().map(constant).collect()),
        _ => Known::Untold,
    }
}

#[cfg(test)]
mod tests;
