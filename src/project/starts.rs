//! The files of the project that become the ones an image starts with.

use super::dockerfile::Dockerfile;
use crate::text::Source;

/// The names of the files that containers of a Dockerfile's image may start with, as they are called in the project: those of
/// its `ENTRYPOINT` and `CMD`, and what `COPY` and `ADD` put there under another name.
pub fn starting_files<'a>(read: &'a Dockerfile, source: &'a Source) -> Vec<&'a str> {
    let mut names = read.starting_names(source);
    for line in source.text().lines() {
        let mut words = line.split_whitespace();
        let is_copy =
            words.next().is_some_and(|word| ["ADD", "COPY"].iter().any(|copy| word.eq_ignore_ascii_case(copy)));
        if !is_copy || words.clone().any(|word| word.starts_with("--from")) {
            continue;
        }
        let words = words.filter(|word| !word.starts_with("--"));
        let parts = words.flat_map(|word| word.split(['"', '\'', '[', ']', ','])).filter(|word| !word.is_empty());
        let parts: Vec<&str> = parts.collect();
        // What keeps its name is known by it.
        if let [source, target] = parts.as_slice()
            && !target.ends_with('/')
            && target.rsplit('/').next().is_some_and(|name| names.contains(&name))
        {
            names.extend(source.rsplit('/').next().filter(|name| !name.is_empty()));
        }
    }
    names
}

/// The names of the scripts that a text of commands may run: its words that are paths or end as scripts do.
pub fn script_names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|one: char| one.is_whitespace() || "\"'`[](){},;&|<>=".contains(one));
    let words = words.filter(|word| word.contains('/') || word.ends_with(".sh") || word.ends_with(".bash"));
    let names = words.filter_map(|word| word.rsplit('/').next());
    names.filter(|name| name.chars().any(char::is_alphanumeric) && !name.contains('$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_its_name_in_the_project() {
        let text = "FROM x\nCOPY --chown=a --chmod=755 docker/start.sh /e.sh\nadd [\"b c.sh\", \"/run\"]\nCOPY d /usr/bin/\n\
                    COPY --from=x f /e.sh\nCOPY g h /e.sh\nCOPY / /e.sh\nENTRYPOINT [\"/e.sh\"]\nCMD /run\n";
        let source = Source::new("Dockerfile", text);
        let read = crate::project::dockerfile::read(&source).unwrap();
        assert_eq!(starting_files(&read, &source), ["e.sh", "run", "start.sh"]);
    }
}
