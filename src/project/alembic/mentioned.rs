//! Whether some file of the project says a word: what runs Alembic in another way than by its command is found by that.

use crate::project::files::Files;
use crate::project::urls::is_own;

/// Kinds of files that say how programs are started, by the ends of their names.
const STARTERS: [&str; 14] = [
    ".sh", ".bash", ".zsh", ".fish", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".mk", ".json", ".ps1", ".bat", ".just",
];

/// The same for files without an ending, by what their names hold.
const NAMES: [&str; 9] =
    ["dockerfile", "containerfile", "makefile", "justfile", "procfile", "taskfile", ".env", "brewfile", "vagrantfile"];

/// Larger files are written by programs, such as lock files.
const LARGEST: usize = 400_000;

/// Whether a file may say how programs are started.
fn starts_programs(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    STARTERS.iter().any(|end| name.ends_with(end)) || NAMES.iter().any(|part| name.contains(part))
}

fn any(files: &dyn Files, wanted: impl Fn(&str) -> bool, holds: impl Fn(&[u8]) -> bool) -> bool {
    let mut own = files.list().iter().filter(|path| wanted(path) && is_own(path));
    own.any(|path| match files.bytes(path) {
        Ok(bytes) => bytes.len() <= LARGEST && holds(&bytes),
        // Nobody knows what it says.
        Err(_) => files.exists(path),
    })
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Whether a Python file says one of these words.
pub(in crate::project) fn in_python(files: &dyn Files, words: &[&str]) -> bool {
    any(files, |path| path.ends_with(".py"), |bytes| words.iter().any(|word| holds(bytes, word)))
}

/// Whether a file that says how programs are started says one of these words.
pub(in crate::project) fn in_starters(files: &dyn Files, words: &[&str]) -> bool {
    any(files, starts_programs, |bytes| words.iter().any(|word| holds(bytes, word)))
}

/// Whether a file makes images or mounts folders.
fn makes_images(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    ["dockerfile", "containerfile", "compose", "devcontainer"].iter().any(|part| name.contains(part))
}

/// Whether what makes images or mounts folders says a word.
pub(super) fn in_images(files: &dyn Files, word: &str) -> bool {
    any(files, makes_images, |bytes| holds(bytes, word))
}

/// Whether an image or a mount gives a folder of the project another name than it has here.
pub(in crate::project) fn is_moved(files: &dyn Files, folder: &str) -> bool {
    let plain = |path: &str| path.trim_start_matches("./").trim_end_matches(['/', '.']).to_owned();
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let moves = |from: &str, to: &str| {
        let (from, to) = (plain(from), plain(to));
        let is_it = !from.is_empty() && (from == folder || folder.ends_with(&format!("/{from}")));
        is_it && last(&to) != last(folder)
    };
    any(files, makes_images, |bytes| {
        String::from_utf8_lossy(bytes).lines().any(|line| {
            let words: Vec<&str> = line
                .split(|at: char| at.is_whitespace() || "\"',[]".contains(at))
                .filter(|word| !word.is_empty())
                .collect();
            let mounts = words
                .iter()
                .filter_map(|word| word.split_once(':'))
                .any(|(from, to)| moves(from, to.split(':').next().unwrap_or(to)));
            let copies = match words.as_slice() {
                [copy, from @ .., to] if copy.eq_ignore_ascii_case("copy") || copy.eq_ignore_ascii_case("add") => {
                    from.iter().any(|from| moves(from, to))
                }
                _ => false,
            };
            mounts || copies
        })
    })
}

/// How the recipes of the project run Alembic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::project) struct Runs {
    /// By its command.
    pub by_command: bool,
    /// By `python -m alembic`.
    pub as_module: bool,
}

/// Looks at every recipe.
pub(in crate::project) fn runs(files: &dyn Files) -> Runs {
    let mut found = Runs::default();
    for path in files.list().iter().filter(|path| starts_programs(path) && is_own(path)) {
        let Ok(bytes) = files.bytes(path) else { continue };
        if bytes.len() > LARGEST {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        let words: Vec<&str> = text.split(|at: char| at.is_whitespace() || "\"',[]".contains(at)).collect();
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).copied().unwrap_or_default();
            let is_verb = ["upgrade", "revision", "check", "current", "downgrade", "stamp", "heads", "history", "-c"];
            if *word == "alembic" && is_verb.contains(&next) {
                match at.checked_sub(1).and_then(|before| words.get(before)) {
                    Some(&"-m") => found.as_module = true,
                    _ => found.by_command = true,
                }
            } else if word.ends_with("/alembic") && is_verb.contains(&next) {
                found.by_command = true;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn recipes_tell_how_alembic_is_run() {
        for (path, text, expected) in [
            ("Makefile", "m:\n\talembic upgrade head\n", (true, false)),
            ("Makefile", "m:\n\tuv run python -m alembic upgrade head\n", (false, true)),
            ("compose.yaml", "command: [\"python\", \"-m\", \"alembic\", \"upgrade\", \"head\"]\n", (false, true)),
            ("Dockerfile", "CMD .venv/bin/alembic upgrade head && python -m alembic current\n", (true, true)),
            ("pyproject.toml", "[tool.alembic]\nscript_location = \"alembic\"\n", (false, false)),
            ("app.py", "alembic upgrade head", (false, false)),
        ] {
            let found = runs(&MemoryFiles::new([(path, text)]));
            assert_eq!((found.by_command, found.as_module), expected, "{path}: {text}");
        }
    }

    #[test]
    fn folders_that_are_called_otherwise_in_an_image_are_moved() {
        for (path, text, expected) in [
            ("Dockerfile", "COPY src /app\n", true),
            ("Dockerfile", "COPY --chown=1000 ./src/ ./\n", true),
            ("Dockerfile", "COPY src/ ./src/\nCOPY tests /app\n", false),
            ("Dockerfile", "COPY . .\n", false),
            ("compose.yaml", "      - ./src:/app\n", true),
            ("compose.yaml", "      - \"./src:/app/src:ro\"\n", false),
            ("notes.txt", "COPY src /app\n", false),
        ] {
            assert_eq!(is_moved(&MemoryFiles::new([(path, text)]), "src"), expected, "{text}");
        }
    }

    #[test]
    fn words_are_found_where_they_matter() {
        let files =
            MemoryFiles::new([(".env", "PYTHONPATH=.\n"), ("app.py", "script_location\n"), ("a.csv", "PYTHONHOME")]);
        assert!(in_starters(&files, &["PYTHONPATH"]) && !in_starters(&files, &["script_location", "PYTHONHOME"]));
        assert!(in_python(&files, &["x", "script_location"]) && !in_python(&files, &["PYTHONPATH"]));
    }
}
