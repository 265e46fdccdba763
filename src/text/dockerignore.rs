//! `.dockerignore`: which paths of a build context are left out, by the rules of Docker's own matcher.
//!
//! They are not git's: every pattern starts at the context, the last one that fits decides, and `!` takes back.

use regex::Regex;

/// The patterns of a `.dockerignore`, in order.
#[derive(Clone, Debug, Default)]
pub struct Ignored {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    expression: Regex,
    text: String,
    takes_back: bool,
}

impl Ignored {
    /// Reads the patterns; what Docker would refuse fits nothing.
    pub fn read(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // A comment begins in the first column.
        let lines = text.lines().filter(|line| !line.starts_with('#')).map(str::trim);
        let patterns = lines.filter(|line| !line.is_empty()).filter_map(|line| {
            let (takes_back, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let text = clean(pattern)?;
            Some(Pattern { expression: expression(&text)?, text, takes_back })
        });
        Self { patterns: patterns.collect() }
    }

    /// Whether a path, relative to the context, is left out.
    pub fn leaves_out(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let above: Vec<&str> = ends.filter_map(|end| path.get(..end)).collect();
        self.patterns.iter().fold(false, |left_out, pattern| {
            if above.iter().any(|path| pattern.expression.is_match(path)) { !pattern.takes_back } else { left_out }
        })
    }

    /// Whether a folder is left out and not even looked into: a pattern that takes something in it back makes Docker look.
    pub fn skips(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        let looks = |pattern: &Pattern| match pattern.text.split_once(['*', '?', '[', '\\']) {
            _ if !pattern.takes_back => false,
            None => format!("{}/", pattern.text).starts_with(&inside),
            Some((plain, _)) => inside.starts_with(plain) || plain.starts_with(&inside),
        };
        self.leaves_out(folder) && !self.patterns.iter().any(looks)
    }
}

/// The pattern without needless parts; `None` for one that says nothing.
fn clean(pattern: &str) -> Option<String> {
    let mut kept: Vec<&str> = vec![];
    for part in pattern.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match kept.last() {
            Some(last) if part == ".." && *last != ".." => drop(kept.pop()),
            None if part == ".." && pattern.starts_with('/') => {}
            _ => kept.push(part),
        }
    }
    (!kept.is_empty()).then(|| kept.join("/"))
}

/// The regular expression that Docker makes of a pattern; `None` where it makes none.
fn expression(pattern: &str) -> Option<Regex> {
    let mut text = "(?s)^".to_owned();
    let mut rest = pattern.chars().peekable();
    if let Some(ending) = pattern.strip_prefix("**").filter(|ending| !ending.starts_with('/'))
        && !ending.contains(['*', '?', '[', ']', '\\'])
    {
        // Docker compares the end of the path then, and not of its last part.
        return Regex::new(&format!("(?s)^.*{}$", regex::escape(ending))).ok();
    }
    while let Some(character) = rest.next() {
        match character {
            '*' if rest.next_if_eq(&'*').is_some() => {
                _ = rest.next_if_eq(&'/');
                text.push_str(if rest.peek().is_none() { ".*" } else { "(.*/)?" });
            }
            '*' => text.push_str("[^/]*"),
            '?' => text.push_str("[^/]"),
            '\\' => text.push_str(&regex::escape(rest.next()?.encode_utf8(&mut [0; 4]))),
            '[' => {
                text.push('[');
                let mut is_empty = true;
                loop {
                    match rest.next()? {
                        ']' if !is_empty => break,
                        '^' if is_empty && text.ends_with('[') => {
                            text.push('^');
                            continue;
                        }
                        '-' => text.push('-'),
                        '\\' => text.push_str(&regex::escape(rest.next()?.encode_utf8(&mut [0; 4]))),
                        character => text.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
                    }
                    is_empty = false;
                }
                text.push(']');
            }
            character => text.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
        }
    }
    text.push('$');
    Regex::new(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_dockers() {
        for (patterns, path, left_out) in [
            ("pgdata", "pgdata", true),
            ("pgdata", "pgdata/base/1", true),
            ("pgdata", "db/pgdata", false),
            ("/pgdata/", "pgdata", true),
            ("**/pgdata", "db/x/pgdata", true),
            ("**/pgdata", "pgdata", true),
            ("**/pgdata", "mypgdata", false),
            ("**data", "db/mydata/x", true),
            ("**da[t]a", "mydata", false),
            ("*/pgdata", "db/pgdata", true),
            ("*/pgdata", "pgdata", false),
            ("db/**", "db/x", true),
            ("db/**", "db", false),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true),
            ("a/**/z", "a/b/xz", false),
            ("*\n!keep", "keep", false),
            ("*\n!keep", "lose", true),
            ("data?", "data1", true),
            ("data?", "data", false),
            ("data[0-3]", "data2", true),
            ("data[^0-3]", "data2", false),
            ("# pgdata", "pgdata", false),
            ("  pgdata  \r\n", "pgdata", true),
            ("!\n[\n\\", "x", false),
            ("./a/../pgdata", "pgdata", true),
        ] {
            assert_eq!(Ignored::read(patterns).leaves_out(path), left_out, "{patterns:?} {path}");
        }
    }

    #[test]
    fn a_folder_of_which_something_is_taken_back_is_looked_into() {
        assert!(Ignored::read("data").skips("data"));
        assert!(!Ignored::read("data\n!data/keep").skips("data"));
        assert!(Ignored::read("data\n!database").skips("data"));
        assert!(!Ignored::read("data\n!**/keep").skips("data"));
        assert!(Ignored::read("data\n!docs/*.md").skips("data"));
    }
}
