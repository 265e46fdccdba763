//! Files whose lines end in CR LF although a Unix program reads them: scripts with a `#!` line, and `.env` files that a shell
//! reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Project;
use super::files::Files;
use crate::text::{Source, Span, Spanned, shell};

/// A file with CR LF that is read by a program which takes the CR for a part of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crlf {
    /// The first line, or that of a `.env` file whose value the shell sees first, without its line end.
    pub line: Span,
    /// Who suffers.
    pub reader: Reader,
    /// Lines that run or read it: an entrypoint, a `. ./.env`.
    pub used_at: Vec<Spanned<String>>,
}

/// Who takes the CR for a part of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// The kernel, or `env`: it looks for this program with a CR behind its name, and finds none.
    Kernel(String),
    /// The program of the first line: it is given this word with a CR behind it.
    Program(String),
    /// A shell: the CR belongs to the last word of each line.
    Shell,
}

/// How many files without an ending are looked into for a `#!` line.
const MOST_WITHOUT_ENDING: usize = 300;

/// Endings of scripts that a shell runs, whoever starts them.
const SHELL: [&str; 6] = ["ash", "bash", "dash", "ksh", "sh", "zsh"];

/// Endings of scripts that suffer only where they are started by their own name: their interpreter takes CR LF.
const OTHERS: [&str; 6] = ["js", "mjs", "php", "pl", "py", "rb"];

/// Finds them, and puts those that suffer into `sources`.
pub fn read(files: &dyn Files, project: &Project, sources: &mut BTreeMap<String, Source>) -> Vec<Crlf> {
    let started = started(project, sources);
    let mut found = vec![];
    let mut without_ending = 0;
    for path in files.list() {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let by_name = || started.iter().filter(|word| word.value.rsplit('/').next() == Some(name)).cloned().collect();
        let used_at: Vec<Spanned<String>> = by_name();
        let wanted = match ending.as_deref() {
            Some(ending) if SHELL.contains(&ending) => true,
            Some(ending) if OTHERS.contains(&ending) => !used_at.is_empty(),
            Some(_) => false,
            None => {
                without_ending += 1;
                without_ending <= MOST_WITHOUT_ENDING
            }
        };
        let Some(source) = wanted.then(|| read_one(files, sources, path)).flatten() else { continue };
        if let Some(reader) = reader(source.text()) {
            let line = source.span(source.line(1).unwrap_or_default());
            found.push(Crlf { line, reader, used_at });
            sources.insert(path.clone(), source);
        }
    }
    found.extend(variables(files, sources));
    found.sort_by(|one, other| one.line.cmp(&other.line));
    found
}

fn read_one(files: &dyn Files, sources: &BTreeMap<String, Source>, path: &str) -> Option<Source> {
    match sources.get(path) {
        Some(source) => Some(source.clone()),
        None => files.read(path).ok(),
    }
}

/// Who stumbles over the first line of a text, when it is a `#!` line that ends in a CR.
fn reader(text: &str) -> Option<Reader> {
    let line = text.strip_prefix("#!")?.split('\n').next()?.strip_suffix('\r')?.trim();
    let (program, rest) = line.split_once([' ', '\t']).map_or((line, ""), |(program, rest)| (program, rest.trim()));
    if program.is_empty() {
        return None;
    }
    if program.rsplit('/').next() != Some("env") {
        return Some(if rest.is_empty() {
            Reader::Kernel(program.to_owned())
        } else {
            Reader::Program(rest.to_owned())
        });
    }
    // `env -S` takes the CR for a blank, so that only a shell's own lines suffer. Without it all the rest is one name.
    let Some(split) = rest.strip_prefix("-S") else { return Some(Reader::Kernel(rest.to_owned())) };
    let by_shell = split.split_whitespace().any(|word| SHELL.contains(&word.rsplit('/').next().unwrap_or(word)));
    by_shell.then_some(Reader::Shell)
}

/// Words of entrypoints and commands that may name a script: those of the Compose files and of the Dockerfiles.
fn started(project: &Project, sources: &BTreeMap<String, Source>) -> Vec<Spanned<String>> {
    let written = project.services().flat_map(|service| service.entrypoint.iter().chain(&service.command));
    let mut words: Vec<Spanned<String>> = written
        .filter_map(|words| words.value.first().map(|word| Spanned::new(word.clone(), words.span.clone())))
        .collect();
    for source in project.dockerfiles.keys().filter_map(|path| sources.get(path)) {
        for number in 1.. {
            let Some(range) = source.line(number) else { break };
            let line = source.text().get(range.clone()).unwrap_or_default();
            let mut parts = line.split_whitespace();
            if !parts.next().is_some_and(|first| ["ENTRYPOINT", "CMD"].contains(&first.to_ascii_uppercase().as_str())) {
                continue;
            }
            let first = parts.next().unwrap_or_default().split(',').next().unwrap_or_default();
            let word = first.trim_matches(['[', ']', '"', '\'']);
            if !word.is_empty() {
                words.push(Spanned::new(word.to_owned(), source.span(range)));
            }
        }
    }
    words
}

/// The `.env` files with CR LF that a script of the project reads as its own text. Compose, `docker run --env-file` and make
/// leave the CR out.
fn variables(files: &dyn Files, sources: &mut BTreeMap<String, Source>) -> Vec<Crlf> {
    let is_dotenv = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name == ".env" || name.starts_with(".env.") || name.ends_with(".env")
    };
    // `.env` itself is ignored by git as a rule, and so not listed.
    let top = Some(".env".to_owned()).filter(|path| files.is_file(path) && !files.list().contains(path));
    let mut candidates: Vec<String> = files.list().iter().filter(is_dotenv).cloned().chain(top).collect();
    candidates.retain(|path| files.bytes(path).is_ok_and(|bytes| bytes.windows(2).any(|pair| pair == b"\r\n")));
    if candidates.is_empty() {
        return vec![];
    }
    let scripts: Vec<Source> = files
        .list()
        .iter()
        .filter(|path| path.rsplit_once('.').is_some_and(|(_, ending)| SHELL.contains(&ending)))
        .filter_map(|path| read_one(files, sources, path))
        .collect();
    let mut found = vec![];
    for path in candidates {
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        let used_at: Vec<Spanned<String>> = scripts.iter().flat_map(|script| sourced(script, &name)).collect();
        let Some(source) = read_one(files, sources, &path).filter(|_| !used_at.is_empty()) else { continue };
        let Some(line) = first_value(&source) else { continue };
        for at in &used_at {
            if let Some(script) = scripts.iter().find(|script| script.path() == &*at.span.path) {
                sources.entry(script.path().to_owned()).or_insert_with(|| script.clone());
            }
        }
        sources.insert(path, source);
        found.push(Crlf { line, reader: Reader::Shell, used_at });
    }
    found
}

/// The first line that gives a variable a value and ends in CR LF.
fn first_value(source: &Source) -> Option<Span> {
    let mut number = 1;
    loop {
        let range = source.line(number)?;
        let line = source.text().get(range.clone())?;
        let ends_in_cr = source.text().get(range.end..).is_some_and(|rest| rest.starts_with("\r\n"));
        if ends_in_cr && !line.trim_start().starts_with('#') && line.contains('=') {
            return Some(source.span(range));
        }
        number += 1;
    }
}

/// The places of a script that read a file of this name as its own text.
fn sourced(script: &Source, name: &str) -> Vec<Spanned<String>> {
    let text = script.text();
    let reads = shell::commands(text).into_iter().filter(|command| {
        let word =
            |index: usize| command.words.get(index).and_then(|range| text.get(range.clone())).unwrap_or_default();
        [".", "source"].contains(&word(0)) && word(1).trim_matches(['"', '\'']).rsplit('/').next() == Some(name)
    });
    reads.map(|command| Spanned::new(name.to_owned(), script.span(command.range()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen on Debian 12 with dash, bash, GNU env 9.1 and Python 3.11.
    #[test]
    fn who_stumbles_depends_on_what_stands_before_the_cr() {
        let kernel = |name: &str| Some(Reader::Kernel(name.to_owned()));
        for (text, expected) in [
            ("#!/bin/sh\r\n", kernel("/bin/sh")),
            ("#! /bin/sh \r\n", kernel("/bin/sh")),
            ("#!/usr/bin/env bash\r\n", kernel("bash")),
            ("#!/usr/bin/env bash -e\r\n", kernel("bash -e")),
            ("#!/bin/sh -e\r\n", Some(Reader::Program("-e".to_owned()))),
            ("#!/usr/bin/env -S bash -e\r\n", Some(Reader::Shell)),
            ("#!/usr/bin/env -S python3 -u\r\n", None),
            ("#!/bin/sh\n\r\n", None),
            ("#!/bin/sh", None),
            ("#!\r\n", None),
            ("echo\r\n", None),
            ("\u{feff}#!/bin/sh\r\n", None),
        ] {
            assert_eq!(reader(text), expected, "{text:?}");
        }
    }
}
