//! What the terminal can do and what the person wants of it, decided once.

use console::Term;

use crate::cli::Colour;
use crate::facts::Environment;

/// Columns where nobody says how many there are: more than any line of words has.
const UNBROKEN: usize = 10_000;

/// The terminal as far as it matters for output.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether standard output may be coloured.
    pub colour: bool,
    /// Columns of standard output.
    pub width: usize,
    /// Whether somebody can be asked: standard input and standard error are terminals.
    pub can_ask: bool,
    /// Whether standard input is a terminal.
    pub input_is_terminal: bool,
}

impl Terminal {
    /// Looks at the streams and the environment.
    pub fn new(wanted: Colour, environment: &Environment) -> Self {
        let out = Term::stdout();
        let colour = colour(wanted, environment, out.is_term());
        console::set_colors_enabled(colour);
        console::set_colors_enabled_stderr(colour && Term::stderr().is_term());
        let columns = environment.get_nonempty("COLUMNS").map(|columns| columns.parse().unwrap_or(100));
        // What goes into a pipe or a file is searched line by line, so that nothing is broken there unasked.
        let width = match out.size_checked() {
            Some((_, columns)) => usize::from(columns).clamp(40, 140),
            None => columns.map_or(UNBROKEN, |columns: usize| columns.clamp(40, 140)),
        };
        Self {
            colour,
            width,
            can_ask: console::user_attended() && console::user_attended_stderr() && stdin_is_terminal(),
            input_is_terminal: stdin_is_terminal(),
        }
    }
}

fn stdin_is_terminal() -> bool {
    use std::io::IsTerminal;
    std::io::stdin().is_terminal()
}

/// Whether to colour: the flag, then `NO_COLOR` (set and not empty, <https://no-color.org>), then `CLICOLOR_FORCE` (not 0),
/// then `CLICOLOR=0` and `TERM=dumb`, then whether it is a terminal.
fn colour(wanted: Colour, environment: &Environment, is_terminal: bool) -> bool {
    match wanted {
        Colour::Always => return true,
        Colour::Never => return false,
        Colour::Auto => {}
    }
    if environment.get_nonempty("NO_COLOR").is_some() {
        return false;
    }
    if environment.get_nonempty("CLICOLOR_FORCE").is_some_and(|force| force != "0") {
        return true;
    }
    is_terminal && environment.get("CLICOLOR") != Some("0") && environment.get("TERM") != Some("dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_has_an_opinion_decides() {
        let with = |pairs: &[(&str, &str)]| -> Environment {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        for (wanted, environment, is_terminal, expected) in [
            (Colour::Auto, with(&[]), true, true),
            (Colour::Auto, with(&[]), false, false),
            (Colour::Auto, with(&[("NO_COLOR", "1")]), true, false),
            (Colour::Auto, with(&[("NO_COLOR", "")]), true, true),
            (Colour::Auto, with(&[("CLICOLOR_FORCE", "1")]), false, true),
            (Colour::Auto, with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]), true, false),
            (Colour::Auto, with(&[("CLICOLOR", "0")]), true, false),
            (Colour::Auto, with(&[("TERM", "dumb")]), true, false),
            (Colour::Always, with(&[("NO_COLOR", "1")]), false, true),
            (Colour::Never, with(&[("CLICOLOR_FORCE", "1")]), true, false),
        ] {
            assert_eq!(colour(wanted, &environment, is_terminal), expected, "{wanted:?} {environment:?}");
        }
    }
}
