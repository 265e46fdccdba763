//! With which files an image's containers start, as its Dockerfile says.

/// The names of the files in the `ENTRYPOINT` and `CMD` lines of a Dockerfile, without their folders.
pub fn starting_names(text: &str) -> Vec<&str> {
    let is_start = |line: &&str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        word.eq_ignore_ascii_case("ENTRYPOINT") || word.eq_ignore_ascii_case("CMD")
    };
    let words =
        text.lines().filter(is_start).flat_map(|line| line.split([' ', '\t', '"', '\'', '[', ']', ',']).skip(1));
    let names = words.filter_map(|word| word.rsplit('/').next());
    names.filter(|name| name.chars().any(char::is_alphanumeric) && !name.starts_with('-')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_containers_start_with_is_named() {
        let text = "FROM x\nCOPY a.sh /b.sh\nEntrypoint [\"/usr/bin/tini\", \"--\", \"/docker/entry.sh\"]\r\nCMD ./run -x\n# CMD no\nCMD\n";
        assert_eq!(starting_names(text), ["tini", "entry.sh", "run"]);
    }
}
