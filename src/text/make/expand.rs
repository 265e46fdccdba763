//! Puts the variables of a Makefile into a text, each byte with its place.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use super::Makefile;
use crate::text::{Mapped, Source};

/// The variables that a recipe sees, from its file and what that includes.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    variables: BTreeMap<String, Variable>,
    /// How many references were followed so far.
    followed: Cell<usize>,
}

/// A variable before anything is put into it.
#[derive(Clone, Debug, Default)]
pub struct Variable {
    /// The value as written.
    pub value: Mapped,
    /// Whether a shell makes the value (`!=`).
    pub from_shell: bool,
}

/// Longest text that expansion makes. Variables that double each other would fill the memory.
const LONGEST: usize = 100_000;
/// How many references are followed for one text, and how deep. Variables that name each other twice would never end.
const MOST: usize = 2_000;
const DEEPEST: usize = 30;
/// How many for all texts of one Makefile together: what people write stays far below.
const MOST_IN_ALL: usize = 300_000;
/// Longest reference that is looked for its end.
const LONGEST_REFERENCE: usize = 4_000;

struct Budget {
    references: usize,
    depth: usize,
}

impl Scope {
    /// Takes the assignments of one file, in order.
    pub fn learn(&mut self, source: &Source, makefile: &Makefile) {
        for assignment in &makefile.assignments {
            let text = source.text().get(assignment.value.clone()).unwrap_or("");
            let value = Mapped::literal(text, source.span(assignment.value.clone()));
            let known = self.variables.get_mut(&assignment.name);
            match (assignment.operator, known) {
                ("?=", Some(_)) => {}
                ("+=", Some(known)) => {
                    known.value.push_decoded(" ", source.span(assignment.value.start..assignment.value.start));
                    known.value.push_part(&value, 0..text.len(), None);
                }
                (operator, _) => {
                    let variable = Variable { value, from_shell: operator == "!=" };
                    self.variables.insert(assignment.name.clone(), variable);
                }
            }
        }
    }

    /// The variable of a name.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// The names of all variables, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// A text with its variables put in. Functions other than `call`, automatic variables and variables that nothing sets
    /// stay as written (`${NAME}` as `$(NAME)`; a single letter such as `$U` becomes nothing); `$$` becomes `$`.
    pub fn expand(&self, text: &Mapped) -> Mapped {
        let mut made = Mapped::default();
        let allowed = MOST.min(MOST_IN_ALL.saturating_sub(self.followed.get()));
        let mut budget = Budget { references: allowed, depth: 0 };
        self.expand_into(&mut made, text, &[], &mut budget);
        self.followed.set(self.followed.get() + allowed - budget.references);
        made
    }

    fn expand_into(&self, made: &mut Mapped, text: &Mapped, arguments: &[Mapped], budget: &mut Budget) {
        let bytes = text.text().as_bytes();
        let mut kept = 0;
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'$')) {
            let dollar = at + found;
            at = dollar + 1;
            if made.text().len() > LONGEST {
                return;
            }
            match bytes.get(at) {
                Some(b'$') => {
                    made.push_part(text, kept..dollar, None);
                    if let Some(origin) = text.place(dollar..at + 1) {
                        made.push_decoded("$", origin);
                    }
                    at += 1;
                    kept = at;
                }
                Some(b'(' | b'{') => {
                    let Some(close) = closing(bytes, at) else { break };
                    let inner = at + 1..close;
                    let reference = dollar..close + 1;
                    at = close + 1;
                    let name = text.text().get(inner.clone()).filter(|name| is_name(name));
                    if let Some(value) = self.value(text, inner.clone(), arguments, budget) {
                        made.push_part(text, kept..dollar, None);
                        kept = at;
                        made.push_part(&value, 0..value.text().len(), text.place(reference).as_ref());
                    } else if let (Some(name), Some(origin)) =
                        (name.filter(|_| bytes.get(inner.start - 1) == Some(&b'{')), text.place(reference))
                    {
                        // Written so that it is not taken for the shell's `${NAME}`, which is `$${NAME}` here.
                        made.push_part(text, kept..dollar, None);
                        kept = at;
                        made.push_decoded(&format!("$({name})"), origin);
                    }
                }
                // `$UID` is `$(U)ID` to Make.
                Some(letter) if letter.is_ascii_alphabetic() => {
                    let inner = at..at + 1;
                    made.push_part(text, kept..dollar, None);
                    at += 1;
                    kept = at;
                    if let Some(value) = self.value(text, inner.clone(), arguments, budget) {
                        made.push_part(&value, 0..value.text().len(), text.place(dollar..at).as_ref());
                    }
                }
                _ => {}
            }
        }
        made.push_part(text, kept..bytes.len(), None);
    }

    /// What `$(inner)` becomes, when it is a variable that is set, an argument, or a `call` of a variable.
    fn value(&self, text: &Mapped, inner: Range<usize>, arguments: &[Mapped], budget: &mut Budget) -> Option<Mapped> {
        let name = text.text().get(inner.clone())?;
        if budget.depth >= DEEPEST || budget.references == 0 {
            return None;
        }
        budget.references -= 1;
        budget.depth += 1;
        let value = self.value_of_name(name, text, inner, arguments, budget);
        budget.depth -= 1;
        value
    }

    fn value_of_name(
        &self,
        name: &str,
        text: &Mapped,
        inner: Range<usize>,
        arguments: &[Mapped],
        budget: &mut Budget,
    ) -> Option<Mapped> {
        let mut made = Mapped::default();
        if let Some(called) = name.strip_prefix("call ") {
            let mut parts = arguments_of(called).into_iter();
            let variable = self.variables.get(called.get(parts.next()?)?.trim())?;
            let offset = inner.end - called.len();
            let given: Vec<Mapped> = parts
                .map(|part| {
                    let mut argument = Mapped::default();
                    let written = text.part(part.start + offset..part.end + offset);
                    self.expand_into(&mut argument, &written, arguments, budget);
                    argument
                })
                .collect();
            self.expand_into(&mut made, &variable.value, &given, budget);
            return Some(made);
        }
        if let Some(argument) = name.parse::<usize>().ok().and_then(|number| arguments.get(number.checked_sub(1)?)) {
            return Some(argument.clone());
        }
        let variable = self.variables.get(name)?;
        if variable.from_shell {
            let origin = variable.value.place(0..variable.value.text().len())?;
            made.push_decoded("$(shell ", origin.part(0..0));
            made.push_part(&variable.value, 0..variable.value.text().len(), None);
            made.push_decoded(")", origin);
            return Some(made);
        }
        self.expand_into(&mut made, &variable.value, &[], budget);
        Some(made)
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The parenthesis or brace that closes the one at `open`.
fn closing(bytes: &[u8], open: usize) -> Option<usize> {
    let (opens, closes) = if bytes.get(open) == Some(&b'(') { (b'(', b')') } else { (b'{', b'}') };
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(open).take(LONGEST_REFERENCE) {
        if *byte == opens {
            depth += 1;
        } else if *byte == closes {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The ranges between the commas of a `call`, nested references left whole.
fn arguments_of(text: &str) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut depth) = (vec![], 0, 0_usize);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(start..text.len());
    parts
}
