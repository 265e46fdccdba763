//! What `devcontainer.json` says of the user in a development container.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::files::{Files, source};
use crate::text::json::{self, Value};
use crate::text::{Source, Span, Spanned};

/// One `devcontainer.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevContainer {
    /// Its path.
    pub path: String,
    /// `updateRemoteUserUID`: whether the user's number becomes the person's; on where it is not said.
    pub updates: Option<Spanned<bool>>,
    /// `remoteUser`, else `containerUser`.
    pub user: Option<Spanned<String>>,
    /// `image`.
    pub image: Option<Spanned<String>>,
    /// `service`, of a Compose file.
    pub service: Option<String>,
    /// `workspaceFolder`.
    pub folder: Option<String>,
    /// `workspaceMount`: what is mounted there, instead of the folder that was opened.
    #[serde(default)]
    pub mount: Option<String>,
}

impl DevContainer {
    /// Whether files of the person are mounted as the workspace. A volume, which is also what a mount without a type is, is the
    /// container's own, and an empty setting mounts nothing; a Compose file says what is mounted by itself.
    pub fn shows_files(&self) -> bool {
        let is_bind = |mount: &str| mount.split(',').any(|part| part.trim() == "type=bind");
        self.service.is_some() || self.mount.as_deref().is_none_or(is_bind)
    }
}

/// Reads all development containers of the project. What is no JSON is told by who reads its commands.
pub fn read(files: &dyn Files, sources: &mut BTreeMap<String, Source>) -> Vec<DevContainer> {
    let is_one = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or("");
        name == ".devcontainer.json"
            || name == "devcontainer.json" && path.split('/').any(|part| part == ".devcontainer")
    };
    let paths: Vec<String> = files.list().iter().filter(is_one).cloned().collect();
    let mut found = vec![];
    for path in paths {
        let Ok(read) = source(files, sources, &path) else { continue };
        let Ok(tree) = json::commented(&read) else { continue };
        found.push(understood(&path, &tree));
    }
    found
}

fn understood(path: &str, tree: &Value) -> DevContainer {
    let spanned = |name: &str| {
        let text = tree.get(name).and_then(Value::string)?;
        let span: Span = text.place(0..text.text().len())?;
        Some(Spanned::new(text.text().to_owned(), span))
    };
    let plain = |name: &str| tree.get(name).and_then(Value::string).map(|text| text.text().to_owned());
    let updates = tree.get("updateRemoteUserUID").and_then(|value| match value {
        Value::Truth(truth, span) => Some(Spanned::new(*truth, span.clone())),
        _ => None,
    });
    DevContainer {
        path: path.to_owned(),
        updates,
        user: spanned("remoteUser").or_else(|| spanned("containerUser")),
        image: spanned("image"),
        service: plain("service"),
        folder: plain("workspaceFolder"),
        mount: plain("workspaceMount"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn users_and_whether_they_get_the_persons_number_are_read() {
        let text =
            "{ // dev\n  \"image\": \"x\",\n  \"remoteUser\": \"vscode\",\n  \"updateRemoteUserUID\": false,\n}\n";
        let given = [
            (".devcontainer/devcontainer.json", text),
            (".devcontainer/b/devcontainer.json", "[]"),
            ("devcontainer.json", "{"),
        ];
        let files = MemoryFiles::at("/p", given.map(|(path, text)| (path.to_owned(), text.to_owned())));
        let mut sources = BTreeMap::new();
        let all = read(&files, &mut sources);
        assert_eq!(all.len(), 2);
        let one = all.iter().find(|one| one.image.is_some()).unwrap();
        let source = &sources[&one.path];
        assert_eq!(one.user.as_ref().map(|user| user.value.as_str()), Some("vscode"));
        let updates = one.updates.as_ref().unwrap();
        assert_eq!((updates.value, source.slice(&updates.span)), (false, "false"));
    }

    #[test]
    fn a_workspace_in_a_volume_shows_no_files_of_the_person() {
        for (mount, expected) in [
            (None, true),
            (Some("source=${localWorkspaceFolder},target=/workspace,type=bind"), true),
            (Some("type=volume,source=code,target=/workspace"), false),
            (Some("source=code,target=/workspace"), false),
            (Some(""), false),
        ] {
            let mount = mount.map(str::to_owned);
            let one = DevContainer {
                path: "x".to_owned(),
                updates: None,
                user: None,
                image: None,
                service: None,
                folder: None,
                mount: mount.clone(),
            };
            assert_eq!(one.shows_files(), expected, "{mount:?}");
        }
    }
}
