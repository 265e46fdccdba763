//! Makefiles: assignments, recipe lines and includes with their bytes.
//!
//! Own code and not a crate: expansion must know for every byte of a recipe where it stands (in the line, or in the
//! variable that brought it), and half-written or huge files must be read all the same.

mod expand;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub use expand::{Scope, Variable};

/// One Makefile, as far as its lines tell without running it. Conditionals are read as if all branches were taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Makefile {
    /// Global assignments in order.
    pub assignments: Vec<Assignment>,
    /// Recipe lines in order.
    pub recipes: Vec<Recipe>,
    /// File names of `include` lines, as written.
    pub includes: Vec<Range<usize>>,
    /// Names that `export` hands on.
    pub exported: Vec<String>,
    /// Names that are set for single targets (`target: NAME = value`).
    pub scoped: Vec<String>,
    /// Whether one shell runs all lines of a recipe.
    pub one_shell: bool,
    /// Where new assignments belong: after the comments that open the file, never between a comment and what it describes.
    pub top: usize,
}

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Name.
    pub name: String,
    /// `=`, `:=`, `?=`, `+=`, `!=`; `::=` and `:::=` stand as `:=`, `define` without an operator as `=`.
    pub operator: &'static str,
    /// The value's bytes, without comment and blanks around it.
    pub value: Range<usize>,
}

/// One logical line of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The targets as written.
    pub targets: Range<usize>,
    /// What the shell gets, without the prefixes `@`, `-` and `+`; continuation lines included.
    pub text: Range<usize>,
    /// What Make takes off the front of each line: a tab, or what `.RECIPEPREFIX` says.
    pub prefix: char,
}

/// Reads a Makefile. It never fails: a line that is not understood is stepped over.
pub fn parse(text: &str) -> Makefile {
    let mut reader =
        Reader { text, makefile: Makefile::default(), targets: None, prefix: '\t', define: None, depth: 0 };
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    reader.makefile.top = top(text, at);
    while at < text.len() {
        let (line, next) = logical_line(text, at);
        reader.line(line);
        at = next;
    }
    reader.makefile
}

struct Reader<'text> {
    text: &'text str,
    makefile: Makefile,
    targets: Option<Range<usize>>,
    prefix: char,
    /// The open `define`: name, operator, and where its body starts.
    define: Option<(String, &'static str, usize)>,
    depth: usize,
}

impl Reader<'_> {
    fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or("")
    }

    fn line(&mut self, line: Range<usize>) {
        if self.define.is_some() {
            return self.define_line(line);
        }
        let text = self.slice(&line);
        if let Some(targets) = self.targets.clone()
            && text.starts_with(self.prefix)
        {
            return self.recipe(targets, line.start + self.prefix.len_utf8()..line.end);
        }
        let blanks = text.len() - text.trim_start().len();
        let line = self.trimmed(line.start + blanks..line.end);
        let text = self.slice(&line);
        match first_word(text) {
            "" | "ifeq" | "ifneq" | "ifdef" | "ifndef" | "else" | "endif" | "vpath" | "undefine" | "unexport"
            | "endef" => {}
            "include" | "-include" | "sinclude" => self.include(&line),
            "define" => {
                let words: Vec<_> = self.slice(&line).split_whitespace().skip(1).map(str::to_owned).collect();
                let operator = words.get(1).and_then(|operator| known_operator(operator)).unwrap_or("=");
                let name = words.into_iter().next().unwrap_or_default();
                self.define = Some((name, operator, logical_line(self.text, line.start).1));
            }
            _ => self.statement(line),
        }
    }

    /// Takes the file names of an `include` line.
    fn include(&mut self, line: &Range<usize>) {
        let mut at = line.start;
        let mut found = vec![];
        for part in self.slice(line).split([' ', '\t', '\r', '\n']) {
            if !part.is_empty() && part != "\\" {
                found.push(at..at + part.len());
            }
            at += part.len() + 1;
        }
        self.makefile.includes.extend(found.into_iter().skip(1));
    }

    fn define_line(&mut self, line: Range<usize>) {
        match first_word(self.slice(&line).trim_start()) {
            "define" => self.depth += 1,
            "endef" if self.depth > 0 => self.depth -= 1,
            "endef" => {
                if let Some((name, operator, start)) = self.define.take() {
                    let value = self.trimmed(start..line.start);
                    self.makefile.assignments.push(Assignment { name, operator, value });
                }
            }
            _ => {}
        }
    }

    fn recipe(&mut self, targets: Range<usize>, mut text: Range<usize>) {
        let line = self.slice(&text);
        text.start += line.len() - line.trim_start_matches([' ', '\t', '@', '-', '+']).len();
        if !text.is_empty() && !self.slice(&text).starts_with('#') {
            self.makefile.recipes.push(Recipe { targets, text, prefix: self.prefix });
        }
    }

    /// An assignment, a rule, or an `export`.
    fn statement(&mut self, mut line: Range<usize>) {
        let mut exports = false;
        while let word @ ("export" | "override" | "private") = first_word(self.slice(&line)) {
            exports |= word == "export";
            line = self.trimmed(line.start + word.len()..line.end);
        }
        match separator(self.slice(&line)) {
            Some(Separator::Assignment { at, operator, value_at }) => {
                let name = self.slice(&line).get(..at).unwrap_or("").trim().to_owned();
                let value = self.without_comment(line.start + value_at..line.end);
                let value = self.trimmed(value);
                if exports {
                    self.makefile.exported.push(name.clone());
                }
                if name == ".RECIPEPREFIX" {
                    self.prefix = self.slice(&value).chars().next().unwrap_or('\t');
                }
                self.makefile.assignments.push(Assignment { name, operator, value });
                self.targets = None;
            }
            Some(Separator::Rule { at }) if !exports => {
                let targets = self.trimmed(line.start..line.start + at);
                self.makefile.one_shell |= self.slice(&targets) == ".ONESHELL";
                self.targets = Some(targets.clone());
                let rest = line.start + at + 1..line.end;
                // `target: NAME = value` is for that target alone; `target: other ; command` has its recipe here.
                let prerequisites = self.slice(&rest);
                if let Some(Separator::Assignment { at, .. }) = separator(prerequisites) {
                    let name = prerequisites.get(..at).and_then(|names| names.split_whitespace().next_back());
                    let name = name.map(str::to_owned);
                    self.makefile.scoped.extend(name);
                } else if let Some(semicolon) = prerequisites.find(';').filter(|at| !prerequisites[..*at].contains('#'))
                {
                    self.recipe(targets, rest.start + semicolon + 1..rest.end);
                }
            }
            _ if exports => {
                let names: Vec<_> = self.slice(&line).split_whitespace().map(str::to_owned).collect();
                self.makefile.exported.extend(names);
            }
            _ => {}
        }
    }

    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = self.slice(&range);
        let start = range.start + text.len() - text.trim_start().len();
        start..(start + text.trim().len())
    }

    fn without_comment(&self, range: Range<usize>) -> Range<usize> {
        let mut escaped = false;
        for (at, byte) in self.slice(&range).bytes().enumerate() {
            if byte == b'#' && !escaped {
                return range.start..range.start + at;
            }
            escaped = byte == b'\\' && !escaped;
        }
        range
    }
}

fn first_word(text: &str) -> &str {
    if text.starts_with('#') {
        return "";
    }
    text.split(|blank: char| blank.is_whitespace()).next().unwrap_or("")
}

/// What tells an assignment from a rule.
enum Separator {
    Assignment { at: usize, operator: &'static str, value_at: usize },
    Rule { at: usize },
}

fn known_operator(text: &str) -> Option<&'static str> {
    Some(match text {
        "=" => "=",
        ":=" | "::=" | ":::=" => ":=",
        "?=" => "?=",
        "+=" => "+=",
        "!=" => "!=",
        _ => return None,
    })
}

/// Finds the first `=` or `:` that is in no `$(…)`.
fn separator(text: &str) -> Option<Separator> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'{' if depth > 0 || at.checked_sub(1).is_some_and(|before| bytes.get(before) == Some(&b'$')) => {
                depth += 1;
            }
            b')' | b'}' => depth = depth.saturating_sub(1),
            b'#' if depth == 0 => return None,
            b'=' if depth == 0 => {
                let mut start = at;
                while start > 0 && bytes.get(start - 1) == Some(&b':') {
                    start -= 1;
                }
                if start == at && start > 0 && matches!(bytes.get(start - 1), Some(b'?' | b'+' | b'!')) {
                    start -= 1;
                }
                let operator = known_operator(text.get(start..=at)?)?;
                return Some(Separator::Assignment { at: start, operator, value_at: at + 1 });
            }
            b':' if depth == 0 => {
                let colons = bytes.iter().skip(at).take_while(|byte| **byte == b':').count();
                if bytes.get(at + colons) != Some(&b'=') {
                    return Some(Separator::Rule { at });
                }
            }
            _ => {}
        }
    }
    None
}

/// The line that starts at `at` with its continuations, without its line end; and where the next one starts.
fn logical_line(text: &str, at: usize) -> (Range<usize>, usize) {
    let bytes = text.as_bytes();
    let mut from = at;
    loop {
        let newline = bytes.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'));
        let Some(newline) = newline else { return (at..text.len(), text.len()) };
        let newline = from + newline;
        let end = if newline > at && bytes.get(newline - 1) == Some(&b'\r') { newline - 1 } else { newline };
        let backslashes =
            bytes.get(at..end).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return (at..end, newline + 1);
        }
        from = newline + 1;
    }
}

/// Where assignments belong that everything may use.
fn top(text: &str, start: usize) -> usize {
    let mut at = start;
    let mut comment = start; // start of the run of comments that touches the current line
    while at < text.len() {
        let (range, next) = logical_line(text, at);
        let line = text.get(range).unwrap_or("").trim_end();
        if line.is_empty() {
            comment = next;
        } else if !line.starts_with('#') {
            let describes = comment < at && matches!(separator(line), Some(Separator::Rule { .. }));
            let special = line.starts_with('.');
            return if describes && !special && !text.get(comment..).is_some_and(|block| block.starts_with("#!")) {
                comment
            } else {
                at
            };
        }
        at = next;
    }
    text.len()
}
