//! Breaks lines for a page: words between blanks, and commands so that they can still be copied.

/// Programs that the commands begin with that are shown for copying.
const PROGRAMS: [&str; 16] = [
    "alembic",
    "chmod",
    "chown",
    "devdoctor",
    "docker",
    "docker-compose",
    "export",
    "git",
    "newgrp",
    "npm",
    "pip",
    "psql",
    "sh",
    "sudo",
    "systemctl",
    "uv",
];

/// The words of a line; what stands in backticks is one word where it fits into a line.
fn words(line: &str, room: usize) -> Vec<&str> {
    let mut found = vec![];
    let mut rest = line;
    loop {
        let in_backticks = |end: &usize| rest.get(..*end).is_some_and(|word| word.matches('`').count() % 2 == 1);
        let mut ends = rest.match_indices(' ').map(|(end, _)| end).chain([rest.len()]);
        let Some(first) = ends.next() else { return found };
        let whole = Some(first).filter(|end| !in_backticks(end)).or_else(|| ends.find(|end| !in_backticks(end)));
        let fits = |end: &usize| rest.get(..*end).is_some_and(|word| console::measure_text_width(word) <= room);
        let end = whole.filter(fits).unwrap_or(first);
        found.push(rest.get(..end).unwrap_or(rest));
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => return found,
        }
    }
}

/// Words on lines of so much room, with `joint` at the end of each line but the last.
fn lines_of(words: &[&str], room: usize, joint: &str) -> Vec<String> {
    lines_behind(0, words, room, joint)
}

/// The same, where `taken` columns of the first line hold something else.
fn lines_behind(taken: usize, words: &[&str], room: usize, joint: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    let (mut line, mut length) = (String::new(), 0);
    for word in words {
        let word_length = console::measure_text_width(word);
        let room = if lines.is_empty() { room.saturating_sub(taken) } else { room };
        if length > 0 && length + 1 + word_length > room {
            lines.push(std::mem::take(&mut line) + joint);
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
    }
    lines.push(line);
    lines
}

/// Where the command starts that a line ends with, behind `: `.
fn command_at(line: &str) -> Option<usize> {
    let is_command = |at: &usize| {
        let mut words = line.get(*at..).unwrap_or_default().split(' ');
        let assigns = |word: &&str| {
            word.split_once('=')
                .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        };
        words.find(|word| !assigns(word)).is_some_and(|word| PROGRAMS.contains(&word))
    };
    line.match_indices(": ").map(|(at, _)| at + 2).find(is_command)
}

/// The words of a command between which it may go on in the next line: not those in quotes.
fn command_words(command: &str) -> Vec<&str> {
    let (mut found, mut start, mut quote, mut escaped) = (vec![], 0, None, false);
    for (at, character) in command.char_indices() {
        match (character, quote) {
            _ if escaped => escaped = false,
            ('\\', None | Some('"')) => escaped = true,
            ('\'' | '"', None) => quote = Some(character),
            (close, Some(open)) if close == open => quote = None,
            (' ', None) => {
                found.push(command.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(command.get(start..).unwrap_or_default());
    found
}

/// `text` broken at blanks so that no line is wider than `width`, where words allow; following lines begin with `indent`.
/// Words in backticks are kept together where they fit. A command at the end that does not fit gets lines of its own, each but
/// the last with a `\` at its end, so that it can be copied.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let room = width.saturating_sub(indent.chars().count()).max(20);
    let mut lines = vec![];
    for paragraph in text.split('\n') {
        let command = command_at(paragraph).filter(|_| console::measure_text_width(paragraph) > room);
        let Some(at) = command else {
            lines.extend(lines_of(&words(paragraph, room), room, ""));
            continue;
        };
        let (prose, command) = paragraph.split_at(at);
        lines.extend(lines_of(&words(prose.trim_end(), room), room, ""));
        if console::measure_text_width(command) <= room {
            lines.push(command.to_owned());
        } else {
            lines.extend(lines_of(&command_words(command), room.saturating_sub(2), " \\"));
        }
    }
    // annotate-snippets indents the following lines of a message itself, so `indent` only narrows the room there.
    if indent.trim().is_empty() && indent.len() > 4 { lines.join("\n") } else { lines.join(&format!("\n{indent}")) }
}

/// The lines of a message whose first line begins behind `taken` columns, and whose others are indented by `indent`.
pub(super) fn hanging(message: &str, width: usize, taken: usize, indent: usize) -> Vec<String> {
    let room = width.saturating_sub(indent).max(20);
    lines_behind(taken.saturating_sub(indent), &words(message, room), room, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_hangs_under_its_head() {
        let message = "`sqlmodel` is not defined in `backend/app/alembic/versions/2025_01_01.py`, which uses it";
        assert_eq!(
            hanging(message, 60, 30, 4),
            ["`sqlmodel` is not defined in", "`backend/app/alembic/versions/2025_01_01.py`, which uses", "it"]
        );
        assert_eq!(hanging("short", 60, 30, 4), ["short"]);
    }

    #[test]
    fn a_command_that_does_not_fit_stays_one_that_can_be_copied() {
        let fitting = "recreate `api`: docker compose up -d api";
        assert_eq!(wrapped(fitting, 60, ""), fitting);
        assert_eq!(
            wrapped("then recreate `api`, `worker`: docker compose up -d api worker", 40, ""),
            "then recreate `api`, `worker`:\ndocker compose up -d api worker"
        );
        let long =
            "give it `/app/data` first: docker compose run --rm -u 0 api sh -c 'chown -R 1 /app/data' --and-more";
        let broken = wrapped(long, 40, "");
        assert_eq!(
            broken,
            "give it `/app/data` first:\ndocker compose run --rm -u 0 api sh -c \\\n'chown -R 1 /app/data' --and-more"
        );
        let copied = broken.split_once('\n').unwrap().1.replace("\\\n", "");
        assert_eq!(copied, long.split_once(": ").unwrap().1);
        assert_eq!(
            wrapped("several; name one: COMPOSE_FILE=a/very/long/path.yaml devdoctor check", 50, ""),
            "several; name one:\nCOMPOSE_FILE=a/very/long/path.yaml devdoctor check"
        );
    }

    #[test]
    fn other_words_break_between_blanks() {
        assert_eq!(wrapped("one: two three `four five` six", 20, ""), "one: two three\n`four five` six");
    }
}
