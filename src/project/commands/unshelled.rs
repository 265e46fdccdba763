//! Commands that are started word by word, without a shell.

use super::docker::{self, Found, Word};
use super::scripts::shell_lines;
use super::user::Lookup;
use super::{CommandLine, Language, Meant, Numbers, Occasion};
use crate::text::{Mapped, Span, shell};

/// A command that no shell runs.
pub struct Unshelled<'a> {
    /// Its words.
    pub words: &'a [Word],
    /// The whole of it.
    pub span: Span,
    /// What holds it.
    pub holder: Option<String>,
    /// The directory it is started in, where it is known.
    pub directory: Option<&'a str>,
}

/// The words of a text that is split as a shell would, and run without one.
pub fn words(text: &Mapped) -> Option<Vec<Word>> {
    let command = shell::commands(text.text()).into_iter().next_back()?;
    Some(command.words.iter().filter_map(|word| Word::of(text, word.clone())).collect())
}

/// A word of a list: an option cannot be put in as text.
pub fn listed(value: Mapped, place: Span) -> Word {
    Word { place, value, after: None, literal: false }
}

impl Unshelled<'_> {
    /// The call of docker, in `language`; or those of the script that a shell is started with, which is written in `script`.
    pub fn lines(self, language: Language, script: Language) -> Vec<CommandLine> {
        match docker::find(self.words, false, &|_, _| Lookup::Unknown) {
            Some(Found::Script { text, shell, .. }) => {
                let mut lines = shell_lines(&text, script, self.holder, &shell, self.directory);
                lines.iter_mut().for_each(|line| line.nested = true);
                lines
            }
            Some(Found::Call(call)) => vec![CommandLine {
                holder: self.holder,
                language,
                span: self.span,
                call: *call,
                nested: false,
                numbers: Numbers::default(),
                compose_file: self.directory.map(str::to_owned),
                meant: Meant::Own,
                strayed: false,
                occasion: Occasion::Called,
            }],
            None => vec![],
        }
    }
}
