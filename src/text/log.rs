//! Text as it came out of a terminal, a container or a build: without colours and without what tools put before each line.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

/// Sequences that colour, move and title: CSI (ECMA-48 5.4), OSC, and the short ones.
static CONTROL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-Z\\^-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
    )
});

/// What stands before a line: Compose's `api-1  | `, BuildKit's `#12 3.456 `, times of log drivers and CI runners.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:[\w.-]+-\d+\s+\| |[\w.-]+_\d+\s+\| |[\w.-]+ {2,}\| |#\d+ (?:\d+\.\d+ )?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)? |> )",
    )
});

/// How many prefixes may stand before a line: a time, then a container, then a step.
const PREFIXES: usize = 3;

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// What it says.
    pub text: String,
}

/// The lines of a log as a person reads them. Of a line that was written over (`\r`) each writing is one, with the same number.
pub fn lines(text: &str) -> Vec<Line> {
    let clean = CONTROL.replace_all(text, "");
    let writings = |(index, line): (usize, &str)| {
        let line = line.trim_end();
        line.split('\r').map(|text| Line { number: index + 1, text: bare(text).to_owned() }).collect::<Vec<_>>()
    };
    clean.split('\n').enumerate().flat_map(writings).collect()
}

fn bare(line: &str) -> &str {
    let mut rest = line;
    for _ in 0..PREFIXES {
        match PREFIX.find(rest) {
            Some(found) => rest = rest.get(found.end()..).unwrap_or_default(),
            None => break,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &str) -> Vec<String> {
        lines(log).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn colours_and_prefixes_are_left_out_and_the_words_stay() {
        for (written, read) in [
            ("\x1b[1m\x1b[31merror\x1b[39m\x1b[0m: no", "error: no"),
            ("\x1b]0;title\x07make: ***", "make: ***"),
            ("api-1  | Permission denied", "Permission denied"),
            ("shop_api_1  | x", "x"),
            ("api  | 2026-01-02T03:04:05.678Z E  x", "E  x"),
            ("#12 3.456 error: Failed", "error: Failed"),
            ("2026-01-02 03:04:05,678 x | y", "x | y"),
            ("plain | not a container", "plain | not a container"),
            ("    indented", "    indented"),
            ("", ""),
        ] {
            assert_eq!(texts(written), [read], "{written:?}");
        }
        assert_eq!(texts("10%\r20%\r\ndone"), ["10%", "20%", "done"]);
        assert_eq!(lines("10%\r20%\r\ndone").last().map(|line| line.number), Some(2));
    }

    #[test]
    fn hostile_bytes_are_no_trouble() {
        for text in ["\x1b", "\x1b[", "\x1b]", "\x1b[999999999999m", "\0\0", "#", "| | | |", "\u{feff}x"] {
            let _ = lines(text);
        }
        let long = "\x1b[31m".repeat(200_000);
        assert_eq!(texts(&long), [""]);
    }
}
