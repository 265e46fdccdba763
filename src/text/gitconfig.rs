//! Git's configuration files (`git-config(1)`, "Syntax"): sections, values with quotes and escapes, comments, continued lines.

/// The values in order: section and key in lower case (a subsection after a dot, as written), and the text. A key alone
/// has no value and means `true`. What is no configuration is passed over.
pub fn values(text: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut section = String::new();
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim_start();
        if let Some((name, rest)) = line.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            section = section_of(name);
            line = rest.trim_start();
        }
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let (key, written) = line.split_once('=').unwrap_or((line, "true"));
        let mut written = written.to_owned();
        // A backslash at the end takes the next line in.
        while written.ends_with('\\') && !written.ends_with("\\\\") {
            written.pop();
            written.push_str(lines.next().unwrap_or_default());
        }
        found.push((format!("{section}.{}", key.trim().to_lowercase()), value(&written)));
    }
    found
}

fn section_of(name: &str) -> String {
    match name.split_once(char::is_whitespace) {
        Some((name, sub)) => format!("{}.{}", name.to_lowercase(), sub.trim().trim_matches('"')),
        None => name.to_lowercase(),
    }
}

fn value(written: &str) -> String {
    let mut text = String::new();
    // Blanks at the end, or in front of a comment, are no part of it unless they are quoted.
    let mut kept = 0;
    let mut quoted = false;
    let mut characters = written.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '#' | ';' if !quoted => break,
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
        if quoted || !character.is_whitespace() {
            kept = text.len();
        }
    }
    text.truncate(kept);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_git_reads_them() {
        let text = "[Safe] directory = /a\n\tdirectory=\"/b #c\" ; why\n# no\n[includeIf \"gitdir:~/w/\"]\n path = x\n\
                    [safe]\n\tdirectory =\n\tbare\n\tdirectory = /long\\\n/er # c\n[broken\n=\n";
        let found = values(text);
        let shown: Vec<String> = found.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            shown,
            [
                "safe.directory=/a",
                "safe.directory=/b #c",
                "includeif.gitdir:~/w/.path=x",
                "safe.directory=",
                "safe.bare=true",
                "safe.directory=/long/er",
                "safe.[broken=true",
                "safe.="
            ]
        );
    }
}
