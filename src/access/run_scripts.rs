//! Scripts of the project that commands in a service's container run, and the scripts that those run.

use std::collections::BTreeMap;

use crate::project::Project;
use crate::project::alembic::words::put_into_path;
use crate::project::commands::interpreter;
use crate::project::compose::{Service, is_below};
use crate::text::shell::{Command, is_shell};
use crate::text::{Source, shell};

use super::layout::{Layout, absolute, normal};
use super::scripts::lies_at;
use super::writers::working_directory;

/// A script that is run.
#[derive(Clone, Copy, Debug)]
pub struct RunScript<'a> {
    /// The script.
    pub source: &'a Source,
    /// Whether it puts programs where commands find them, so that what comes after it is another matter.
    pub sets_path: bool,
}

impl RunScript<'_> {
    /// Whether a word names it.
    pub fn is_named(&self, word: &str) -> bool {
        word.rsplit('/').next() == self.source.path().rsplit('/').next()
    }
}

/// How deep scripts that run scripts are followed.
const DEEPEST: usize = 6;

/// The scripts that a command of a service runs by a shell, in order; `directory` is where it runs, when that is not where the
/// service does. What a manager runs in its environment (`uv run`) is left out.
pub fn run_scripts<'a>(
    project: &'a Project,
    service: &'a Service,
    words: &[&str],
    directory: Option<&str>,
) -> Vec<RunScript<'a>> {
    let of_service = || working_directory(service, None, project);
    let directory = directory.map(str::to_owned).or_else(of_service).filter(|directory| directory.starts_with('/'));
    let layout = Layout::of_service(service, None);
    let mut following = Following { project, service, layout, found: vec![], known: BTreeMap::new() };
    following.words(words, directory.as_deref(), 0);
    following.found
}

/// The word behind what only starts the rest of its words, such as `tini --`, and all that follow.
pub fn behind_starters<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let starts = |word: &str| matches!(word.rsplit('/').next(), Some("tini" | "dumb-init" | "catatonit"));
    let mut words = words;
    while let [first, rest @ ..] = words {
        let is_started = starts(first);
        if !is_started && !matches!(*first, "exec" | "time" | "nohup" | "command") {
            break;
        }
        let options = rest.iter().take_while(|word| is_started && word.starts_with('-')).count();
        words = rest.get(options..).unwrap_or_default();
    }
    words
}

/// Whether a script ends as the very command that it is given, in the environment that it was started in itself.
pub fn hands_over(script: RunScript<'_>) -> bool {
    let text = script.source.text();
    let mut given = script
        .source
        .shell_commands()
        .iter()
        .filter_map(|command| text.get(command.range()))
        .filter(|it| it.contains("$@"));
    given.next() == Some("exec \"$@\"") && given.next().is_none() && !script.sets_path
}

struct Following<'a> {
    project: &'a Project,
    service: &'a Service,
    layout: Layout,
    found: Vec<RunScript<'a>>,
    /// The files that were looked for: a script may run the same program a thousand times.
    known: BTreeMap<Named, Option<&'a Source>>,
}

/// A path as it is written, the directory that it is seen from, and whether a shell is given it.
type Named = (String, Option<String>, bool);

impl<'a> Following<'a> {
    /// Follows one command; whether what comes after it in the same shell is still the same matter.
    fn words(&mut self, words: &[&str], directory: Option<&str>, depth: usize) -> bool {
        match behind_starters(words) {
            [word, rest @ ..] if is_shell(word) => {
                let options = rest.iter().take_while(|word| word.starts_with(['-', '+'])).count();
                let is_text = rest.iter().take(options).any(|word| !word.starts_with("--") && word.ends_with('c'));
                match rest.get(options) {
                    Some(text) if is_text => self.text(text, &shell::commands(text), directory, depth),
                    Some(path) => self.script(path, directory, depth, true),
                    None => true,
                };
                true
            }
            ["." | "source", path, ..] => self.script(path, directory, depth, true),
            [program, ..] => {
                self.script(program, directory, depth, false);
                true
            }
            [] => true,
        }
    }

    /// Follows a shell text; whether what comes after it is still the same matter.
    fn text(&mut self, text: &str, commands: &[Command], directory: Option<&str>, depth: usize) -> bool {
        if depth >= DEEPEST || put_into_path(text, commands) {
            return false;
        }
        let mut directory = directory.map(str::to_owned);
        for command in commands {
            let plain = |range: &std::ops::Range<usize>| Some(text.get(range.clone())?.trim_matches(['"', '\'']));
            let words: Vec<&str> = command.words.iter().filter_map(plain).collect();
            if let ["cd", to, ..] = words.as_slice() {
                let known = directory.take().or_else(|| to.starts_with('/').then(String::new));
                let is_plain = !to.contains(['$', '`', '~']) && *to != "-" && command.subshells.is_empty();
                directory = known.filter(|_| is_plain).map(|from| absolute(to, &from));
            } else if !self.words(&words, directory.as_deref(), depth + 1) {
                return false;
            }
        }
        true
    }

    fn script(&mut self, path: &str, directory: Option<&str>, depth: usize, by_shell: bool) -> bool {
        let named = (path.to_owned(), directory.map(str::to_owned), by_shell);
        let known = self.known.get(&named).copied();
        let source = known.unwrap_or_else(|| self.source(path, directory, by_shell));
        self.known.insert(named, source);
        let Some(source) = source else { return false };
        if self.found.iter().any(|known| known.source.path() == source.path()) {
            return true;
        }
        if !by_shell && (interpreter(source.text()).is_none() || first_line(source.text()).contains("uv")) {
            return false;
        }
        let at = self.found.len();
        self.found.push(RunScript { source, sets_path: false });
        let is_same = self.text(source.text(), source.shell_commands(), directory, depth + 1);
        if let Some(script) = self.found.get_mut(at) {
            script.sets_path = !is_same;
        }
        is_same
    }

    /// The file of the project that a path in the container is. A name without a slash is looked for in the PATH, or by a shell
    /// in the directory.
    fn source(&self, path: &str, directory: Option<&str>, by_shell: bool) -> Option<&'a Source> {
        let inside = match directory {
            _ if path.contains(['$', '`', '*', '~']) => return None,
            _ if path.starts_with('/') => vec![normal(path)],
            _ if !path.contains('/') && !by_shell => {
                ["/usr/local/bin", "/usr/bin", "/bin"].map(|bin| absolute(path, bin)).into()
            }
            directory => vec![absolute(path, directory?)],
        };
        inside.iter().find_map(|inside| {
            let (path, ..) = lies_at(self.project, self.service, &self.layout, inside)?;
            let root = self.project.root.trim_end_matches('/');
            let file = Some(path.as_str()).filter(|path| is_below(path, root))?.get(root.len() + 1..)?;
            self.project.sources.get(file)
        })
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}
