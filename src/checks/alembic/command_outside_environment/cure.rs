//! Words put before or in place of a run of alembic, in the form of the text that holds it.

use super::super::bare_commands::{Bare, How};
use crate::facts::Facts;
use crate::fix::{Edit, Fix, Step};
use crate::text::Span;

/// The text around a word.
struct Around<'a> {
    /// The line before the word.
    before: &'a str,
    quote: Option<char>,
    form: Form,
}

#[derive(PartialEq)]
enum Form {
    /// A text, whose words blanks part.
    Text,
    /// An item between brackets.
    Flow,
    /// An item behind a dash, on a line of its own.
    Block,
}

/// A run by the manager, where the words can be put in.
pub(super) fn by_manager(facts: &Facts, bare: &Bare, manager: &str, shadowed: bool) -> Option<Vec<Step>> {
    let text = facts.source(&bare.span.path)?.text();
    let first = match bare.how {
        How::Script => bare.span.clone(),
        _ => first_word(text, &bare.whole)?,
    };
    let around = Around::of(text, &first)?;
    let (span, words) = match (bare.how, shadowed) {
        (How::Script, true) => (first, vec![manager, "run", "alembic"]),
        (How::Script, false) => (first, vec![manager, "run", "python", "-m", "alembic"]),
        (_, false) => (first.clone(), vec![manager, "run", text.get(first.start..first.end)?]),
        (_, true) => {
            is_plain(text, &bare.whole).then_some(())?;
            (bare.whole.clone(), vec![manager, "run", "alembic"])
        }
    };
    Some(vec![Step::Edit(Edit { text: around.joined(&words)?, span })])
}

/// A run of the script in place of the module.
pub(super) fn as_script(facts: &Facts, bare: &Bare) -> Option<Fix> {
    let text = facts.source(&bare.span.path)?.text();
    let whole = text.get(bare.whole.start..bare.whole.end).filter(|_| is_plain(text, &bare.whole))?;
    let python = whole.split_whitespace().next()?;
    let script = match python.rsplit_once('/') {
        // Scripts lie beside the Python of an environment, and not beside that of the system.
        Some((folder, _)) => format!("{}/alembic", Some(folder).filter(|folder| folder.contains("venv"))?),
        None => "alembic".to_owned(),
    };
    let steps = vec![Step::Edit(Edit { span: bare.whole.clone(), text: script.clone() })];
    Some(Fix::safe(format!("run the script: {script}"), steps))
}

/// Whether a text is words with one blank between each two, and nothing of a list.
fn is_plain(text: &str, whole: &Span) -> bool {
    let inner = text.get(whole.start..whole.end).unwrap_or("");
    inner.split(' ').all(|word| !word.is_empty() && !word.contains(['"', '\'', ',', '\n', '\\', '\t']))
        && Around::of(text, whole).is_some_and(|around| around.form == Form::Text)
}

fn first_word(text: &str, whole: &Span) -> Option<Span> {
    let inner = text.get(whole.start..whole.end)?;
    let end = inner.find(|one: char| one.is_whitespace() || matches!(one, '"' | '\'' | ',' | '\\'))?;
    Some(Span { end: whole.start + end, ..whole.clone() })
}

impl<'a> Around<'a> {
    fn of(text: &'a str, word: &Span) -> Option<Self> {
        let (before, behind) = (text.get(..word.start)?, text.get(word.end..)?);
        let quote = before.chars().next_back().filter(|one| matches!(one, '"' | '\'') && behind.starts_with(*one));
        let before = before.get(..before.len() - usize::from(quote.is_some()))?;
        let behind = behind.get(usize::from(quote.is_some())..)?;
        let line = before.rsplit('\n').next()?;
        let rest = behind.lines().next().unwrap_or("").trim();
        let form = if line.trim() == "-" && (rest.is_empty() || rest.starts_with('#')) {
            Form::Block
        } else if before.trim_end().ends_with(['[', ',']) && behind.trim_start().starts_with([',', ']']) {
            Form::Flow
        } else {
            Form::Text
        };
        Some(Self { before: line, quote, form })
    }

    /// The words as they are to be written in place of the one that these surround, whose quotes stay.
    fn joined(&self, words: &[&str]) -> Option<String> {
        let quote = self.quote.map(String::from).unwrap_or_default();
        match self.form {
            // In quotes of its own it stays one word, whatever it holds.
            Form::Text => self.quote.is_none().then(|| words.join(" ")),
            Form::Flow => Some(words.join(&format!("{quote}, {quote}"))),
            Form::Block => Some(words.join(&format!("{quote}\n{}{quote}", self.before))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    #[test]
    fn words_are_put_in_as_the_text_is_written() {
        for (text, expected) in [
            ("sh -c 'alembic heads'", Some("sh -c 'uv run alembic heads'")),
            ("x \"alembic\" heads", None),
            ("[alembic, heads]", Some("[uv, run, alembic, heads]")),
            ("[\"alembic\", \"heads\"]", Some("[\"uv\", \"run\", \"alembic\", \"heads\"]")),
            ("['x',\n  'alembic'\n]", Some("['x',\n  'uv', 'run', 'alembic'\n]")),
            ("  - alembic # x\n  - heads", Some("  - uv\n  - run\n  - alembic # x\n  - heads")),
            ("- \"alembic\"\r\n- heads", Some("- \"uv\"\n- \"run\"\n- \"alembic\"\r\n- heads")),
            ("- alembic heads", Some("- uv run alembic heads")),
        ] {
            let source = Source::new("a", text);
            let at = text.find("alembic").unwrap();
            let span = source.span(at..at + 7);
            let joined = Around::of(text, &span).unwrap().joined(&["uv", "run", "alembic"]);
            let got = joined.map(|new| format!("{}{new}{}", &text[..at], &text[at + 7..]));
            assert_eq!(got.as_deref(), expected, "{text}");
        }
    }
}
