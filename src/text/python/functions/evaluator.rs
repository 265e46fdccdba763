//! Evaluates a function: which ways through it are possible with what is known of its arguments, and what they return.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Expression, Function, Known, Relation, Statement, Verdict};

/// How many statements, expressions and values are looked at for one verdict. What needs more is not told.
const MAX_STEPS: usize = 10_000;

/// How many bytes of a text are looked at for one step.
const BYTES_OF_STEP: usize = 64;

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

/// What a function says to these arguments.
pub(super) fn verdict(constants: &BTreeMap<String, Known>, function: &Function, arguments: &[Known]) -> Verdict {
    let fits = function.takes.as_ref().is_none_or(|takes| takes.contains(&arguments.len()));
    if !fits || function.parameters.len() > MAX_STEPS {
        return Verdict::Untold;
    }
    let given = arguments.iter().cloned().chain(std::iter::repeat(Known::Untold));
    let names = function.parameters.iter().map(String::as_str).zip(given).collect();
    let mut evaluator = Evaluator { constants, names, replaced: vec![], steps: MAX_STEPS };
    let ends = evaluator.run(&function.body);
    match (ends.yes, ends.no || ends.on) {
        _ if evaluator.steps == 0 => Verdict::Untold,
        (true, false) => Verdict::Yes,
        (false, true) => Verdict::No,
        _ => Verdict::Untold,
    }
}

struct Evaluator<'a> {
    constants: &'a BTreeMap<String, Known>,
    names: BTreeMap<&'a str, Known>,
    /// What each name meant before it was bound, in order, to go back behind a branch.
    replaced: Vec<(&'a str, Option<Known>)>,
    /// How many steps are left; at none, everything is untold.
    steps: usize,
}

impl<'a> Evaluator<'a> {
    /// Takes steps; false when there are not enough left.
    fn takes(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_sub(steps);
        self.steps > 0
    }

    fn takes_text(&mut self, text: &str) -> bool {
        self.takes(text.len() / BYTES_OF_STEP + 1)
    }

    /// Whether as many steps are left as there are expressions; else none is.
    fn takes_no_more_than(&mut self, expressions: &[Expression]) -> bool {
        expressions.len() < self.steps || self.takes(expressions.len())
    }

    fn bind(&mut self, name: &'a str, value: Known) {
        let before = self.names.insert(name, value);
        self.replaced.push((name, before));
    }

    /// Makes the names mean what they meant when as many were replaced, and says which are concerned.
    fn go_back(&mut self, to: usize) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        for (name, before) in self.replaced.split_off(to).into_iter().rev() {
            match before {
                Some(value) => self.names.insert(name, value),
                None => self.names.remove(name),
            };
            names.insert(name);
        }
        names
    }

    fn run(&mut self, statements: &'a [Statement]) -> Ends {
        let mut ends = Ends { on: true, ..Ends::default() };
        for statement in statements {
            if !self.takes(1) {
                return Ends::ANY;
            }
            let next = match statement {
                Statement::Nothing => continue,
                Statement::Bind(name, expression) => {
                    let value = self.value(expression);
                    self.bind(name, value);
                    continue;
                }
                Statement::Untold => Ends::ANY,
                Statement::Raise => Ends::default(),
                Statement::Return(expression) => match self.truth(expression) {
                    Some(yes) => Ends { yes, no: !yes, on: false },
                    None => Ends { yes: true, no: true, on: false },
                },
                Statement::Choice(branches) => self.choose(branches),
            };
            ends = Ends { on: false, ..ends }.or(next);
            if !next.on {
                break;
            }
        }
        ends
    }

    fn choose(&mut self, branches: &'a [(Expression, Vec<Statement>)]) -> Ends {
        let mut ends = Ends::default();
        let mut unsure = BTreeSet::new();
        let mut is_sure = false;
        for (condition, body) in branches {
            if !self.takes(1) {
                return Ends::ANY;
            }
            let holds = self.truth(condition);
            if holds == Some(false) {
                continue;
            }
            is_sure = holds == Some(true);
            let start = self.replaced.len();
            let one = self.run(body);
            // Where no branch before goes on, what this one binds is bound behind it.
            if !is_sure || ends.on {
                let bound = self.go_back(start);
                unsure.extend(bound.into_iter().filter(|_| one.on));
            }
            ends = ends.or(one);
            if is_sure {
                break;
            }
        }
        ends.on |= !is_sure;
        if !self.takes(unsure.len()) {
            return Ends::ANY;
        }
        unsure.into_iter().for_each(|name| self.bind(name, Known::Untold));
        ends
    }

    fn truth(&mut self, expression: &Expression) -> Option<bool> {
        truth(&self.value(expression))
    }

    fn value(&mut self, expression: &Expression) -> Known {
        if !self.takes(1) {
            return Known::Untold;
        }
        match expression {
            Expression::Known(known) => known.clone(),
            Expression::Untold => Known::Untold,
            Expression::Name(name) => {
                self.names.get(name.as_str()).or_else(|| self.constants.get(name)).cloned().unwrap_or(Known::Untold)
            }
            Expression::Several(inner) if self.takes_no_more_than(inner) => {
                Known::several(inner.iter().map(|one| self.value(one)))
            }
            Expression::Several(_) => Known::Untold,
            Expression::Not(inner) => flag(self.truth(inner).map(|truth| !truth)),
            Expression::All(inner) => self.either(inner, false),
            Expression::Any(inner) => self.either(inner, true),
            Expression::Choice(three) => {
                let [then, condition, otherwise] = &**three;
                match self.truth(condition) {
                    Some(true) => self.value(then),
                    Some(false) => self.value(otherwise),
                    None => {
                        let (one, other) = (self.truth(then), self.truth(otherwise));
                        flag(one.filter(|_| one == other))
                    }
                }
            }
            Expression::Compared(one, relation, other) => {
                let (one, other) = (self.value(one), self.value(other));
                flag(match relation {
                    Relation::Equal => equal(&one, &other),
                    Relation::Unequal => equal(&one, &other).map(|equal| !equal),
                    Relation::Is => is(&one, &other),
                    Relation::IsNot => is(&one, &other).map(|is| !is),
                    Relation::In => self.contained(&one, &other),
                    Relation::NotIn => self.contained(&one, &other).map(|is| !is),
                })
            }
            Expression::Method(object, method, arguments) => {
                let object = self.value(object);
                self.called(&object, method, arguments)
            }
        }
    }

    /// `and` (`wanted` false) and `or` (true): what the wanted one ends.
    fn either(&mut self, expressions: &[Expression], wanted: bool) -> Known {
        let mut unknown = false;
        let mut last = Known::Flag(!wanted);
        for expression in expressions {
            last = self.value(expression);
            if self.steps == 0 {
                return Known::Untold;
            }
            match truth(&last) {
                Some(truth) if truth == wanted => return if unknown { Known::Flag(wanted) } else { last },
                None => unknown = true,
                Some(_) => {}
            }
        }
        if unknown { Known::Untold } else { last }
    }

    fn contained(&mut self, one: &Known, many: &Known) -> Option<bool> {
        match (one, many) {
            (Known::Text(part), Known::Text(whole)) if self.takes_text(whole) => Some(whole.contains(&**part)),
            (one, Known::Several(values)) if self.takes(values.len()) => {
                any(values.iter().map(|value| equal(one, value)))
            }
            _ => None,
        }
    }

    fn called(&mut self, object: &Known, method: &str, arguments: &[Expression]) -> Known {
        let Known::Text(text) = object else { return Known::Untold };
        match (method, arguments) {
            ("startswith" | "endswith", [argument]) => {
                let argument = self.value(argument);
                let meets = |part: &Known| match part {
                    Known::Text(part) if method == "endswith" => Some(text.ends_with(&**part)),
                    Known::Text(part) => Some(text.starts_with(&**part)),
                    _ => None,
                };
                flag(match &argument {
                    Known::Several(parts) if self.takes(parts.len()) => any(parts.iter().map(meets)),
                    part => meets(part),
                })
            }
            ("lower", []) if self.takes_text(text) => Known::Text(text.to_lowercase().into()),
            ("upper", []) if self.takes_text(text) => Known::Text(text.to_uppercase().into()),
            _ => Known::Untold,
        }
    }
}

impl Known {
    /// A list of these.
    pub(super) fn several(values: impl Iterator<Item = Self>) -> Self {
        let bare = |value: Self| match value {
            Self::Several(_) => Self::Several(Rc::new([])),
            value => value,
        };
        Self::Several(values.map(bare).collect())
    }
}

/// Whether one of these holds.
fn any(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = Some(false);
    for one in each {
        match one {
            Some(true) => return one,
            Some(false) => {}
            None => found = None,
        }
    }
    found
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

fn is(one: &Known, other: &Known) -> Option<bool> {
    match (one, other) {
        (Known::Untold, _) | (_, Known::Untold) => None,
        (Known::None, other) | (other, Known::None) => Some(*other == Known::None),
        (Known::Flag(one), Known::Flag(other)) => Some(one == other),
        _ => None,
    }
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
