//! Which development servers wait for the kernel to announce changes of files, and the variable that makes them look themselves.

use crate::facts::Facts;
use crate::project::compose::Service;
use crate::project::dev_servers::{folders, inside, polls};
use crate::text::json;

/// A development server that reloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watcher {
    /// What it is called.
    pub(super) name: &'static str,
    /// The variable that makes it poll.
    pub(super) variable: &'static str,
    /// Whether it polls on WSL's kernel unless the variable forbids it, as watchfiles does since 0.17.
    pub(super) polls_on_wsl: bool,
}

const fn watcher(name: &'static str, variable: &'static str) -> Watcher {
    Watcher { name, variable, polls_on_wsl: false }
}

const VITE: Watcher = watcher("vite", "CHOKIDAR_USEPOLLING");
const NODEMON: Watcher = watcher("nodemon", "CHOKIDAR_USEPOLLING");
const WEBPACK: Watcher = watcher("webpack", "WATCHPACK_POLLING");
const NEXT: Watcher = watcher("next", "WATCHPACK_POLLING");
const WATCHFILES: Watcher = Watcher { name: "watchfiles", variable: "WATCHFILES_FORCE_POLLING", polls_on_wsl: true };

/// How a package's script is called by the tools that run it.
const RUNNERS: [&str; 4] = ["bun", "npm", "pnpm", "yarn"];

/// The watcher that a command starts, also by a script of a `package.json`.
pub(super) fn started(facts: &Facts, service: &Service, command: &[String]) -> Option<Watcher> {
    let words: Vec<&str> = command.iter().flat_map(|word| word.split_whitespace()).collect();
    if let Some(found) = in_words(&words) {
        return Some(found);
    }
    let script = script_name(&words)?;
    folders(&facts.project, service).into_iter().filter(|folder| !polls(&facts.project, folder)).find_map(|folder| {
        let source = facts.source(&inside(&folder, "package.json"))?;
        let scripts = json::strings_of(source, "scripts").ok()?;
        let line = scripts.into_iter().find(|(name, _)| name == script)?.1;
        in_words(&line.text().split_whitespace().collect::<Vec<_>>())
    })
}

/// The script that `npm run dev`, `yarn dev` and the like name.
fn script_name<'words>(words: &[&'words str]) -> Option<&'words str> {
    let at = words.iter().position(|word| RUNNERS.contains(word))?;
    let mut rest = words.iter().skip(at + 1).filter(|word| !word.starts_with('-'));
    match rest.next() {
        Some(&("run" | "run-script")) => rest.next().copied(),
        other => other.copied(),
    }
}

fn in_words(words: &[&str]) -> Option<Watcher> {
    let program = |word: &&str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let has = |wanted: &str| words.contains(&wanted);
    let (at, watcher) = words.iter().enumerate().find_map(|(at, word)| {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let found = match program(word).as_str() {
            "vite" if !["build", "preview", "optimize"].contains(&next) => VITE,
            "nodemon" if !has("-L") && !has("--legacy-watch") => NODEMON,
            "webpack-dev-server" => WEBPACK,
            "webpack" if ["serve", "watch"].contains(&next) || has("--watch") || has("-w") => WEBPACK,
            "react-scripts" if next == "start" => WEBPACK,
            "vue-cli-service" if next == "serve" => WEBPACK,
            "next" if next == "dev" && !has("--turbo") && !has("--turbopack") => NEXT,
            "watchfiles" => WATCHFILES,
            "uvicorn" | "granian" if has("--reload") => WATCHFILES,
            "fastapi" if next == "dev" && !has("--no-reload") => WATCHFILES,
            _ => return None,
        };
        Some((at, found))
    })?;
    // `CHOKIDAR_USEPOLLING=1 vite` says it in the command itself.
    let set = |word: &&str| word.split_once('=').is_some_and(|(name, value)| name == watcher.variable && is_on(value));
    (!words.get(..at).unwrap_or_default().iter().any(set)).then_some(watcher)
}

/// Whether a value turns polling on.
pub(super) fn is_on(value: &str) -> bool {
    !["", "0", "disable", "disabled", "false"].contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchers_are_known_by_their_words_alone() {
        for (line, expected) in [
            ("vite --host", Some("vite")),
            ("npx vite build", None),
            ("node_modules/.bin/nodemon src/index.js", Some("nodemon")),
            ("nodemon -L src/index.js", None),
            ("CHOKIDAR_USEPOLLING=true vite", None),
            ("CHOKIDAR_USEPOLLING=0 vite", Some("vite")),
            ("webpack --mode production", None),
            ("webpack serve", Some("webpack")),
            ("next dev --turbopack", None),
            ("next start", None),
            ("uvicorn app:app --reload", Some("watchfiles")),
            ("uvicorn app:app", None),
            ("fastapi dev app.py", Some("watchfiles")),
            ("", None),
        ] {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(in_words(&words).map(|watcher| watcher.name), expected, "{line}");
        }
    }

    #[test]
    fn scripts_are_named_as_each_runner_does() {
        for (line, expected) in [
            ("npm run dev", Some("dev")),
            ("npm --prefix run dev", Some("dev")),
            ("yarn dev --host", Some("dev")),
            ("npm start", Some("start")),
            ("sh -c npm", None),
            ("python app.py", None),
        ] {
            assert_eq!(script_name(&line.split_whitespace().collect::<Vec<_>>()), expected, "{line}");
        }
    }
}
