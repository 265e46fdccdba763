//! Command lines of editors: VS Code's tasks, and the commands of development containers.

use super::hooks::mentioning_docker;
use super::scripts::shell_lines;
use super::unshelled::{self, Unshelled};
use super::{CommandLine, Language, Reading, directory};
use crate::project::Format;
use crate::text::json::{self, Value};
use crate::text::{Mapped, Span};

/// The commands of a development container, in the order they are run.
const MOMENTS: [&str; 6] = [
    "initializeCommand",
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
    "postAttachCommand",
];

/// Reads all `.vscode/tasks.json` and `devcontainer.json` of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    let tasks = |path: &str| path == ".vscode/tasks.json" || path.ends_with("/.vscode/tasks.json");
    let container = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or("");
        name == ".devcontainer.json"
            || (name == "devcontainer.json" && path.split('/').any(|part| part == ".devcontainer"))
    };
    for path in reading.whole_paths(|path| tasks(path) || container(path)) {
        let Some(source) = mentioning_docker(reading, &path, Format::Json) else { continue };
        let tree = match json::commented(&source) {
            Ok(tree) => tree,
            Err(error) => {
                reading.refuse(&source, Format::Json, error);
                continue;
            }
        };
        // Both run in the folder that the settings folder lies in.
        let folder = path.split("/.vscode/").next().filter(|folder| *folder != path);
        let folder = folder.or(path.split("/.devcontainer/").next().filter(|folder| *folder != path));
        let top = path.starts_with(".vscode/") || path.starts_with(".devcontainer/");
        let folder = if top { "" } else { folder.unwrap_or(directory::of(&path)) };
        let found = if tasks(&path) { editor_tasks(&tree, folder) } else { moments(&tree, folder) };
        if !found.is_empty() {
            reading.keep(&source);
        }
        lines.extend(found);
    }
    lines
}

fn moments(tree: &Value, folder: &str) -> Vec<CommandLine> {
    let mut lines = vec![];
    for name in MOMENTS {
        let Some(value) = tree.get(name) else { continue };
        // An object holds several that run at once.
        let several = value.entries().iter().map(|(_, value)| value);
        for command in several.chain([value]) {
            let holder = Some(name.to_owned());
            match command {
                Value::String(text) => {
                    lines.extend(shell_lines(text, Language::JsonShell, holder, "sh", Some(folder)));
                }
                Value::Array(items) => {
                    lines.extend(started(items.iter().filter_map(Value::string), holder, Some(folder)))
                }
                _ => {}
            }
        }
    }
    lines
}

fn editor_tasks(tree: &Value, folder: &str) -> Vec<CommandLine> {
    let mut lines = vec![];
    let own = tree.get("tasks").map(Value::items).unwrap_or_default();
    for (whole, task) in
        own.iter().flat_map(|task| [Some((task, task)), task.get("linux").map(|linux| (task, linux))]).flatten()
    {
        let set = |key: &str| task.get(key).or(whole.get(key));
        let holder = set("label").or(set("taskName")).and_then(Value::string);
        let holder = holder.map(|name| name.text().to_owned());
        let Some(written) = task.get("command") else { continue };
        // With `quoting` it is one word, whatever it holds.
        let (quoted, written) = written.get("value").map_or((false, written), |value| (true, value));
        let Some(command) = written.string() else { continue };
        let within = set("options").and_then(|options| options.get("cwd")).and_then(Value::string);
        let within = match within.map(Mapped::text) {
            None | Some("${workspaceFolder}") => Some(folder.to_owned()),
            Some(inner) => {
                let inner = inner.strip_prefix("${workspaceFolder}/").unwrap_or(inner);
                directory::entered(Some(folder), inner, Language::JsonShell)
            }
        };
        let arguments = set("args").map(Value::items).unwrap_or_default();
        let process = set("type").and_then(Value::string).is_some_and(|kind| kind.text() == "process");
        if process || quoted || !arguments.is_empty() {
            // A shell gets the arguments in quotes, so that nothing can be put into them.
            let texts = arguments.iter().map(|one| one.get("value").unwrap_or(one)).filter_map(Value::string);
            let first = if process || quoted { vec![] } else { unshelled::words(command).unwrap_or_default() };
            let words = first.into_iter().map(|word| word.value).collect::<Vec<_>>();
            let words: Vec<&Mapped> = if words.is_empty() { vec![command] } else { words.iter().collect() };
            lines.extend(started(words.into_iter().chain(texts), holder, within.as_deref()));
        } else {
            // It is the person's own shell, whatever that sets.
            lines.extend(shell_lines(command, Language::JsonShell, holder, "zsh", within.as_deref()));
        }
    }
    lines
}

/// A list of words that is started as it is.
fn started<'a>(
    words: impl Iterator<Item = &'a Mapped>,
    holder: Option<String>,
    folder: Option<&str>,
) -> Vec<CommandLine> {
    let places = words.filter_map(|text| Some((text.clone(), text.place(0..text.text().len())?)));
    let words: Vec<_> = places.map(|(text, place)| unshelled::listed(text, place)).collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return vec![] };
    let span: Span = super::docker::joined(&first.place, &last.place);
    Unshelled { words: &words, span, holder, directory: folder }.lines(Language::JsonWords, Language::JsonShell)
}
