//! Reads the docker CLI's configuration: `config.json` and the context store.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::facts::Environment;

/// Larger files are not read: a configuration that a person keeps is a thousandth of it.
const LARGEST: u64 = 4_000_000;

/// What the docker CLI's configuration says about where the engine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DockerConfig {
    /// `$DOCKER_CONFIG`, or `~/.docker`.
    pub directory: Option<PathBuf>,
    /// `directory` as people write it.
    pub shown_directory: String,
    /// `currentContext` of `config.json`.
    pub current_context: Option<String>,
    /// Why `config.json` says nothing, when it is there, such as `is no JSON`.
    pub trouble: Option<String>,
    /// The contexts of the store, sorted by name.
    pub contexts: Vec<StoredContext>,
    /// Why the store could not be read, when it is there.
    pub store_trouble: Option<String>,
}

impl DockerConfig {
    /// `config.json` as people write it.
    pub fn shown_path(&self) -> String {
        format!("{}/config.json", self.shown_directory)
    }
}

/// One context of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredContext {
    /// Its name.
    pub name: String,
    /// Its endpoint, or why there is none.
    pub host: Result<String, String>,
    /// Whether TLS is not to be verified.
    pub skip_tls_verify: bool,
    /// Folder of its `ca.pem`, `cert.pem` and `key.pem`, when it has one of them.
    pub certificates: Option<PathBuf>,
}

/// Reads the configuration of the person whose home this is.
pub(super) fn read(environment: &Environment, home: Option<&Path>) -> DockerConfig {
    let (directory, shown) = match (environment.get_nonempty("DOCKER_CONFIG"), home) {
        (Some(directory), _) => (PathBuf::from(directory), directory.to_owned()),
        (None, Some(home)) => (home.join(".docker"), "~/.docker".to_owned()),
        (None, None) => return DockerConfig::default(),
    };
    let (current_context, trouble) = match json(&directory.join("config.json")) {
        Ok(None) => (None, None),
        Ok(Some(config)) => (text(&config, "currentContext"), None),
        Err(trouble) => (None, Some(trouble)),
    };
    let (contexts, store_trouble) = match stored(&directory.join("contexts")) {
        Ok(contexts) => (contexts, None),
        Err(trouble) => (vec![], Some(format!("{shown}/contexts {trouble}"))),
    };
    DockerConfig {
        directory: Some(directory),
        shown_directory: shown,
        current_context,
        trouble,
        contexts,
        store_trouble,
    }
}

/// The contexts of a store. A context lies in a folder named after a hash of its name, but says its name itself.
fn stored(store: &Path) -> Result<Vec<StoredContext>, String> {
    let mut contexts = vec![];
    let folders = match fs::read_dir(store.join("meta")) {
        Ok(folders) => folders,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(contexts),
        Err(error) => return Err(cannot_be_read(&error)),
    };
    for folder in folders.filter_map(Result::ok) {
        let Ok(Some(meta)) = json(&folder.path().join("meta.json")) else { continue };
        let Some(name) = text(&meta, "Name") else { continue };
        let endpoint = meta.pointer("/Endpoints/docker");
        let host = endpoint.and_then(|endpoint| text(endpoint, "Host"));
        let certificates = store.join("tls").join(folder.file_name()).join("docker");
        contexts.push(StoredContext {
            name,
            host: host.ok_or_else(|| "it has no endpoint for docker".to_owned()),
            skip_tls_verify: endpoint.and_then(|endpoint| endpoint.get("SkipTLSVerify")) == Some(&Value::Bool(true)),
            certificates: Some(certificates)
                .filter(|folder| ["ca.pem", "cert.pem", "key.pem"].iter().any(|file| folder.join(file).is_file())),
        });
    }
    contexts.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(contexts)
}

/// A JSON file; `None` when it is not there.
pub(super) fn json(path: &Path) -> Result<Option<Value>, String> {
    // A pipe in its place would keep us waiting for ever.
    match fs::metadata(path) {
        Ok(seen) if !seen.is_file() => return Err("is not a regular file".to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot_be_read(&error)),
    }
    let mut bytes = vec![];
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    read.map_err(|error| cannot_be_read(&error))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|_| "is no JSON".to_owned())
}

fn cannot_be_read(error: &std::io::Error) -> String {
    format!("cannot be read: {}", crate::error::said(error))
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make files")]
mod tests {
    use super::*;

    fn home_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        home
    }

    #[test]
    fn contexts_are_found_by_the_name_they_say_themselves() {
        let home = home_with(&[
            (".docker/config.json", r#"{"auths": {"x": {"auth": "c2VjcmV0"}}, "currentContext": "work"}"#),
            (
                ".docker/contexts/meta/aa/meta.json",
                r#"{"Name": "work", "Endpoints": {"docker": {"Host": "unix:///w.sock"}}}"#,
            ),
            (".docker/contexts/meta/bb/meta.json", r#"{"Name": "bare", "Endpoints": {}}"#),
            (".docker/contexts/meta/cc/meta.json", "{half"),
            (".docker/contexts/tls/aa/docker/ca.pem", ""),
            (".docker/contexts/tls/bb/docker/key.pem", ""),
        ]);
        let config = read(&Environment::default(), Some(home.path()));
        assert_eq!(config.current_context.as_deref(), Some("work"));
        assert_eq!(config.contexts.len(), 2, "{:?}", config.contexts);
        assert!(config.contexts[0].host.is_err());
        assert_eq!(config.contexts[1].host.as_deref(), Ok("unix:///w.sock"));
        // What asks for TLS in any way is never asked without.
        assert!(config.contexts.iter().all(|context| context.certificates.is_some()));
    }

    #[test]
    fn broken_configuration_is_named_and_absent_one_is_fine() {
        for (content, trouble) in
            [("", Some("is no JSON")), ("{", Some("is no JSON")), ("\u{feff}{}", Some("is no JSON")), ("[]", None)]
        {
            let home = home_with(&[(".docker/config.json", content)]);
            assert_eq!(read(&Environment::default(), Some(home.path())).trouble.as_deref(), trouble, "{content:?}");
        }
        let home = home_with(&[(".docker/config.json/x", "")]);
        let config = read(&Environment::default(), Some(home.path()));
        assert_eq!(config.trouble.as_deref(), Some("is not a regular file"));
        let home = tempfile::tempdir().unwrap();
        assert_eq!(read(&Environment::default(), Some(home.path())).trouble, None);
    }
}
