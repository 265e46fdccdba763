//! Secrets that are longer than a word: settings whose value is the rest of a line, or goes on over lines.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::named::{SECRET_NAME, is_place};
use super::{Format, Names, REFERENCE, pattern};

/// A line that starts with a secret's name.
pub(super) static SETTING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?m)^(?P<indent>[ \t]*(?:-[ \t]+)*)(?:(?:export|override|set)[ \t]+)?["']?(?P<key>{})["']?[ \t]*(?P<sign>[?:+!]{{0,3}}=|:)(?P<rest>[^\n]*)"#,
        *SECRET_NAME
    ))
});

/// A secret's name anywhere, whose value starts with a quote, a bracket or a command.
pub(super) static OPENED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?-u:\b)(?P<key>{})["']?\]?[ \t]*(?:[?:+!]{{0,3}}=|:)\s*(?P<open>"""|'''|["'\[{{]|\$\()"#,
        *SECRET_NAME
    ))
});

/// A secret's name in a flow, whose value is several plain words.
pub(super) static FLOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?m)[{{,][ \t]*(?:\r?\n[ \t]*)?["']?(?:{})["']?[ \t]*:[ \t]+((?:\$\{{[^}}\n]*\}}|[^\s"'\[{{,}}\]])(?:\$\{{[^}}\n]*\}}|[^,}}\]\n])*(?:\n[^,}}\]\n:]*[,}}])?)"#,
        *SECRET_NAME
    ))
});

/// `KEY: *alias`.
pub(super) static ALIAS: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r#"(?m)(?:{})["']?[ \t]*:[ \t]*\*(?P<name>[A-Za-z0-9_.-]+)"#, *SECRET_NAME)));

/// `&anchor value`.
static ANCHOR: LazyLock<Regex> = LazyLock::new(|| pattern(r"&(?P<name>[A-Za-z0-9_.-]+)[ \t]+(?P<rest>[^\n]+)"));

/// `? KEY`, and its value on the next line.
pub(super) static COMPLEX: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r#"(?m)^[ \t]*\?[ \t]+["']?(?:{})["']?[ \t]*\r?\n[ \t]*:[ \t]+([^\n]+)"#, *SECRET_NAME))
});

/// `define KEY` of make.
static DEFINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"(?ms)^[ \t]*define[ \t]+(?:{})[^\n]*\n(.*?)(?:^[ \t]*endef|\z)", *SECRET_NAME))
});

/// A line that begins another setting, or nothing: where a quote that has no end is given up.
static NEXT_SETTING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(?:$|#|\[|(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[:=])"));

/// The secrets of a text.
pub(super) fn secrets(text: &str, names: &Names<'_>, format: Format) -> Vec<Range<usize>> {
    let mut found = vec![];
    // In the head of a definition anything may stand behind a name.
    if format == Format::Make && text.contains("define") {
        found.extend(DEFINE.captures_iter(text).filter_map(|captures| Some(captures.get(1)?.range())));
    }
    if names.is_empty() {
        return found;
    }
    let of_settings = matches!(format, Format::Yaml | Format::Settings | Format::Make | Format::Ini);
    if of_settings && names.is_given_a_value() {
        for captures in SETTING.captures_iter(text) {
            let (Some(indent), Some(rest)) = (captures.name("indent"), captures.name("rest")) else { continue };
            // A line of a recipe is a command.
            if format == Format::Make && indent.as_str().starts_with('\t') {
                continue;
            }
            let setting = Setting { text, format, key: &captures["key"], indent: indent.as_str(), rest: rest.range() };
            found.extend(setting.value());
        }
    }
    if format == Format::Yaml && text.contains('&') {
        let aliased: Vec<&str> =
            ALIAS.captures_iter(text).filter_map(|found| Some(found.name("name")?.as_str())).collect();
        let says = pattern_of_name();
        for captures in ANCHOR.captures_iter(text) {
            let (Some(name), Some(rest)) = (captures.name("name"), captures.name("rest")) else { continue };
            if aliased.contains(&name.as_str()) || says.is_match(name.as_str()) {
                found.push(without_comment(text, rest.range(), format));
            }
        }
    }
    if format == Format::Yaml && names.is_in_flow() {
        for captures in FLOW.captures_iter(text) {
            let Some(value) = captures.get(1) else { continue };
            let reference = REFERENCE.is_match(value.as_str().trim_end_matches([',', '}']).trim());
            let only = REFERENCE.is_match(value.as_str().trim());
            if !reference && !only {
                found.push(value.range());
            }
        }
    }
    if format == Format::Yaml && text.contains("? ") {
        found.extend(COMPLEX.captures_iter(text).filter_map(|captures| Some(captures.get(1)?.range())));
    }
    if !names.is_opened() {
        return kept(found, text);
    }
    for captures in OPENED.captures_iter(text) {
        let (Some(key), Some(open)) = (captures.name("key"), captures.name("open")) else { continue };
        // YAML's own quotes over lines are seen by their indent; `secrets:` names secrets and holds none.
        let quote = matches!(open.as_str(), "\"" | "'");
        if format == Format::Yaml && quote || !quote && key.as_str().eq_ignore_ascii_case("secrets") {
            continue;
        }
        found.extend(opened(text, open.as_str(), open.end(), open.end() - open.start()));
    }
    kept(found, text)
}

/// Without the URLs: those are masked by their passwords alone.
fn kept(mut found: Vec<Range<usize>>, text: &str) -> Vec<Range<usize>> {
    found.retain(|range| !text[range.clone()].contains("://") || text[range.clone()].contains('\n'));
    found
}

fn pattern_of_name() -> &'static Regex {
    static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("^(?:{})$", *SECRET_NAME)));
    &NAME
}

/// What is opened at the end of a match, where it goes on over lines or holds several values.
fn opened(text: &str, open: &str, start: usize, length: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let line = rest.find('\n').unwrap_or(rest.len());
    let close = match open {
        "[" => "]",
        "{" => "}",
        "$(" => ")",
        quote => quote,
    };
    let end = closing(rest, close);
    match open {
        "\"" | "'" => match end {
            Some(end) if end <= line => None,
            Some(end) => Some(start..start + end),
            None => Some(start..start + given_up(rest)),
        },
        "[" | "{" => {
            let end = end?;
            // In `{X: ${A}}` of a flow the brace belongs to the reference.
            (length == 1).then_some(start..start + end)
        }
        "$(" => end.filter(|end| *end > line).map(|end| start..start + end),
        _ => Some(start..start + end.unwrap_or(rest.len())),
    }
}

/// Where something that was opened before `text` is closed.
fn closing(text: &str, close: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let ends = !escaped && text[at..].starts_with(close);
        escaped = character == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// How far a value in quotes that are never closed is hidden: to the next line that is a setting of its own.
fn given_up(text: &str) -> usize {
    let first = text.find('\n').unwrap_or(text.len());
    let mut end = first;
    for line in text[first..].split_inclusive('\n').skip(1) {
        if NEXT_SETTING.is_match(line.trim_end_matches(['\n', '\r'])) {
            break;
        }
        end += line.len();
    }
    end
}

/// One setting, whose value is the rest of its line, and what follows.
struct Setting<'a> {
    text: &'a str,
    format: Format,
    key: &'a str,
    indent: &'a str,
    rest: Range<usize>,
}

impl Setting<'_> {
    fn value(&self) -> Vec<Range<usize>> {
        let rest = &self.text[self.rest.clone()];
        let written = rest.trim();
        let start = self.rest.start + (rest.len() - rest.trim_start().len());
        if is_place(self.key, written) {
            return vec![];
        }
        match self.format {
            Format::Yaml => self.of_yaml(written, start),
            _ if written.starts_with(['"', '\'']) && self.format != Format::Ini => vec![],
            _ => vec![self.kept(start, self.following(start))],
        }
    }

    /// The value, without the reference that it may consist of.
    fn kept(&self, start: usize, end: usize) -> Range<usize> {
        let range = without_comment(self.text, start.min(end)..end, self.format);
        let value = &self.text[range.clone()];
        if REFERENCE.is_match(value) { range.start..range.start } else { range }
    }

    /// The end of the value: behind lines that go on.
    fn following(&self, start: usize) -> usize {
        let mut end = self.rest.end;
        for line in self.text[end..].split_inclusive('\n').skip(1) {
            let former = self.text[start.min(end)..end].trim_end_matches(['\n', '\r']);
            let indented = self.format == Format::Ini && line.starts_with([' ', '\t']) && !line.trim().is_empty();
            if !former.ends_with('\\') && !indented {
                break;
            }
            end = (end + 1).min(self.text.len());
            end += line.trim_end_matches('\n').len();
        }
        end
    }

    fn of_yaml(&self, written: &str, start: usize) -> Vec<Range<usize>> {
        // Anchors and tags stand before the value.
        let mut value = written;
        while let Some(after) = value.strip_prefix(['&', '!']) {
            value = after.split_once([' ', '\t']).map_or("", |(_, value)| value.trim_start());
        }
        let start = start + (written.len() - value.len());
        let is_list = self.text[..self.rest.start].ends_with('=');
        let column = self.indent.len() - if is_list { self.indent.trim_start().len() } else { 0 };
        let block = self.below(column);
        if value.is_empty() || value.starts_with('#') {
            return self.items(block);
        }
        if value.starts_with(['|', '>']) && !is_list {
            return vec![block];
        }
        if value.starts_with(['[', '{']) || value.starts_with('*') && !is_list {
            return vec![];
        }
        if let Some(quote) = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
            let inside = &self.text[start + 1..];
            let line = inside.find('\n').unwrap_or(inside.len());
            let end = if quote == '"' { closing(inside, "\"") } else { closing_single(inside) };
            let limit = block.end.max(self.rest.end);
            let end = match end {
                // What ends on its line is seen as a named value.
                Some(end) if end <= line => return vec![],
                Some(end) => (start + 1 + end).min(limit),
                None => limit,
            };
            let inside = start + 1..end.max(start + 1);
            return vec![inside];
        }
        let first = self.kept(start, self.rest.end);
        // In `- {A: 1}` and the like a flow ends the value; it is followed elsewhere.
        vec![first, block]
    }

    /// The lines below that are indented deeper than the key.
    fn below(&self, column: usize) -> Range<usize> {
        let start = (self.rest.end + 1).min(self.text.len());
        let mut end = start;
        let mut at = start;
        for line in self.text[start..].split_inclusive('\n') {
            at += line.len();
            let written = line.trim();
            let indent = line.len() - line.trim_start_matches(' ').len();
            if written.is_empty() {
                continue;
            }
            if indent <= column {
                break;
            }
            end = at;
        }
        start..end
    }

    /// What is secret below a key without a value: a scalar, or the items of a list.
    fn items(&self, block: Range<usize>) -> Vec<Range<usize>> {
        let lines = &self.text[block.clone()];
        let first = lines.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
        let is_key = |line: &str| line.ends_with(':') || line.contains(": ");
        if first.starts_with("- ") {
            return if self.key.eq_ignore_ascii_case("secrets") || is_key(first) { vec![] } else { vec![block] };
        }
        let quoted = first.starts_with(['"', '\'']);
        if is_key(first) && !quoted || first.starts_with('#') { vec![] } else { vec![block] }
    }
}

/// Where a text in YAML's single quotes ends: a doubled quote is one in the text.
fn closing_single(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.find('\'')?;
        if !text[at + 1..].starts_with('\'') {
            return Some(at);
        }
        at += 2;
    }
}

/// A value without the comment behind it, and without blanks at its end.
fn without_comment(text: &str, range: Range<usize>, format: Format) -> Range<usize> {
    let value = &text[range.clone()];
    let line = value.find('\n').unwrap_or(value.len());
    let comment = value[..line].find(" #").filter(|_| format != Format::Ini && line == value.len());
    range.start..range.start + value[..comment.unwrap_or(value.len())].trim_end().len()
}
