//! Whether commands surely run `env.py`, with no other variables than those that they were started with.

use super::arguments::runs_env_py;
use crate::access::behind_starters;
use crate::text::Source;
use crate::text::shell::{self, Command, is_shell};

/// What gives a shell variables that cannot be told from its words, or asks what is run at all.
const UNTOLD: [&str; 24] = [
    ".",
    "source",
    "eval",
    "read",
    "declare",
    "typeset",
    "readonly",
    "local",
    "mapfile",
    "readarray",
    "printf",
    "getopts",
    "let",
    "trap",
    "shopt",
    "alias",
    "builtin",
    "enable",
    "exit",
    "return",
    "[",
    "test",
    "unset",
    "emulate",
];

/// What only some of a script is run by.
const CHOOSING: [&str; 6] = ["if", "case", "for", "select", "function", "[["];

/// The commands of one place, as far as they can be told.
#[derive(Default)]
pub(super) struct Told {
    /// Whether one of them surely runs `env.py`.
    pub runs: bool,
    /// Whether one of them may bring variables, or keep the others from being run.
    pub is_untold: bool,
}

impl Told {
    /// Adds a command by its words.
    pub fn words(&mut self, words: &[&str], depth: usize) {
        let words = behind_starters(words);
        let Some((first, rest)) = words.split_first() else { return };
        if is_shell(first) {
            let options = rest.iter().take_while(|word| word.starts_with(['-', '+'])).count();
            let (options, rest) = rest.split_at(options);
            // A login shell reads files first, `-a` exports all there is.
            self.is_untold |= !options.iter().all(|option| has_only(option, "ceux"));
            if let Some(text) = rest.first().filter(|_| options.iter().any(|option| option.contains('c'))) {
                self.text(text, &shell::commands(text), depth + 1);
            }
            return;
        }
        let is_told = match *first {
            "export" => rest.iter().all(|word| is_name(word.split('=').next().unwrap_or(""))),
            "set" => rest
                .iter()
                .all(|word| has_only(word, "euxoE") || ["pipefail", "errexit", "nounset", "xtrace"].contains(word)),
            first => !UNTOLD.contains(&first),
        };
        self.is_untold |= !is_told;
        self.runs |= runs_env_py(words);
    }

    /// Adds a script.
    pub fn script(&mut self, script: &Source) {
        self.text(script.text(), script.shell_commands(), 0);
    }

    /// Adds the text of a script, with the commands in it.
    fn text(&mut self, text: &str, commands: &[Command], depth: usize) {
        const DEEPEST: usize = 6;
        let chooses = text.split([' ', '\t', '\r', '\n', ';']).any(|word| CHOOSING.contains(&word));
        // `#!/usr/bin/env -S dotenv run bash`, `#!/bin/bash -l`.
        let first = text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or("");
        let program = first.split_whitespace().filter(|word| !word.ends_with("/env")).collect::<Vec<_>>();
        self.is_untold |= chooses || depth > DEEPEST || !matches!(program.as_slice(), [] | [_]);
        if depth > DEEPEST {
            return;
        }
        for command in commands {
            let plain = |range: &std::ops::Range<usize>| text.get(range.clone()).map(|it| it.trim_matches(['"', '\'']));
            let words: Vec<&str> = command.words.iter().filter_map(plain).collect();
            let set = command.assignments.iter().filter_map(plain).any(|set| set.starts_with("UV_ENV_FILE"));
            let before = text.get(..command.range().start).unwrap_or("").trim_end();
            self.is_untold |= set || command.function.is_some() || before.ends_with("||");
            self.words(&words, depth);
        }
    }
}

fn is_name(word: &str) -> bool {
    !word.starts_with('-') && shell::assignment(&format!("{word}=")).is_some_and(|assigned| assigned.name == word)
}

/// Whether an option has none but these letters, which change nothing about variables.
fn has_only(option: &str, plain: &str) -> bool {
    let letters = option.strip_prefix(['-', '+']);
    letters.is_some_and(|letters| letters.chars().all(|letter| plain.contains(letter)))
}
