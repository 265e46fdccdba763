//! Which terminal a call of docker asks for, and what the line around it does with its input and output.

use crate::project::commands::options;
use crate::project::commands::{CommandLine, DockerVerb};
use crate::text::{Source, Span};

/// What a call and the line around it say about a terminal.
#[derive(Default)]
pub struct Terminal {
    /// The word with `t` in it, when it is asked for: its place and text.
    pub asked: Option<(Span, String)>,
    /// Whether `-i` is given.
    pub interactive: bool,
    /// Whether it is refused, or nothing is to be read.
    pub refused: bool,
    /// Whether what it prints goes into a pipe, a file or a variable, so that Compose asks for no terminal by itself.
    pub printed_elsewhere: bool,
    /// Whether it reads from the terminal all the same.
    pub reads_terminal: bool,
}

/// Where a call stands, as far as its input and output matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A hook of git: nothing to read, and a terminal to print to.
    Hook,
    /// A runner of a CI service: no terminal at all.
    Runner,
    /// A hook that lefthook starts with git's input: nothing to read, and lefthook itself to print to, which is no terminal.
    Handed,
}

impl Terminal {
    /// Reads the options as they stand between the verb and the service. Those with quoted blanks end it.
    pub fn of(source: &Source, line: &CommandLine) -> Option<Self> {
        let head = &line.call.head;
        let table = options::of(line.call.verb);
        let rest = source.text().get(head.end..)?;
        let mut found = Self::around(source, line);
        let mut at = head.end;
        let mut skip = false;
        for word in rest.split_inclusive([' ', '\t', '\n']) {
            let (start, text) = (at, word.trim_end());
            at += word.len();
            if text.is_empty() || std::mem::take(&mut skip) {
                continue;
            }
            let mut take = |letter: char| match letter {
                't' => found.asked = Some((source.span(start..start + text.len()), text.to_owned())),
                'i' => found.interactive = true,
                'T' => found.refused = true,
                _ => {}
            };
            match text.strip_prefix("--") {
                Some("tty") => take('t'),
                Some("interactive") => take('i'),
                Some("no-TTY" | "no-tty" | "tty=false" | "interactive=false") => take('T'),
                Some(long) => skip = !long.contains('=') && table.long_takes_value(long),
                None => match text.strip_prefix('-') {
                    Some(letters) if !letters.is_empty() => {
                        for (index, letter) in letters.char_indices() {
                            if table.short_takes_value(letter) {
                                skip = index + letter.len_utf8() == letters.len();
                                break;
                            }
                            take(letter);
                        }
                    }
                    _ => break,
                },
            }
        }
        Some(found)
    }

    /// What pipes, redirections and substitutions on the same line do, by text alone.
    fn around(source: &Source, line: &CommandLine) -> Self {
        let text = source.text();
        let before = text.get(..line.span.start).unwrap_or("");
        let of_line = before.rsplit('\n').next().unwrap_or("");
        let open = |opening: &str| of_line.rfind(opening).is_some_and(|at| !of_line[at..].contains(')'));
        let substituted = open("$(") || open("<(") || of_line.matches('`').count() % 2 == 1;
        let mut after = text.get(line.span.end..).unwrap_or("").split('\n').next().unwrap_or("");
        if let Some(end) = [";", "&&", "||", ")"].iter().filter_map(|end| after.find(end)).min() {
            after = after.get(..end).unwrap_or("");
        }
        let redirected = |(at, _): (usize, &str)| {
            let (left, right) = (after.get(..at).unwrap_or(""), after.get(at + 1..).unwrap_or("").trim_start());
            // The errors, and what is sent to them, are still shown.
            !left.ends_with(['2', '>']) && !right.starts_with('&') && !right.starts_with("/dev/tty")
        };
        let printed = after.contains('|') || after.match_indices('>').any(redirected);
        let from_terminal = |text: &str| text.contains("/dev/tty");
        let whole = before.lines().any(|line| line.trim_start().starts_with("exec ") && from_terminal(line));
        Self {
            printed_elsewhere: substituted || printed,
            reads_terminal: whole || from_terminal(after),
            ..Self::default()
        }
    }

    /// Whether the call ends with "the input device is not a TTY" there.
    ///
    /// Seen with Compose 2.40.3 and engine 20.10. In a hook, whose output is a terminal and whose input is none, `compose exec`
    /// fails unless `-T` or what becomes of its output keeps it from asking, and `compose run` does with `-i`. Where `-t` is
    /// given, `compose run` fails everywhere, and `docker exec` and `docker run` do with `-i` as well. All others go on, as they
    /// do where lefthook (2.2) hands git's input on.
    pub fn fails(&self, verb: DockerVerb, place: Place) -> bool {
        let in_hook = place == Place::Hook && !self.printed_elsewhere;
        let asked = self.asked.is_some();
        !self.reads_terminal
            && match verb {
                DockerVerb::ComposeExec => in_hook && !self.refused,
                DockerVerb::ComposeRun => !self.refused && (asked || (in_hook && self.interactive)),
                DockerVerb::Exec | DockerVerb::Run => asked && self.interactive && !self.refused,
                DockerVerb::ComposeOther => false,
            }
    }
}
