//! What `pyvenv.cfg` says of a virtual environment: which Python it was made for, and where that lies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::files::Files;

/// A virtual environment, as its `pyvenv.cfg` describes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VirtualEnvironment {
    /// The folder of the Python it was made from.
    pub home: String,
    /// That Python's version, at least major and minor.
    pub version: Option<String>,
}

impl VirtualEnvironment {
    /// Reads a `pyvenv.cfg`; `None` when it does not say where Python is.
    ///
    /// `venv` writes `version`, virtualenv and uv write `version_info`; keys are read in any case (`site.py`).
    pub fn parse(text: &str) -> Option<Self> {
        let value = |wanted: &str| {
            text.lines().filter_map(|line| line.split_once('=')).find_map(|(key, value)| {
                key.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
            })
        };
        let home = value("home").filter(|home| !home.is_empty())?;
        Some(Self { home, version: value("version_info").or_else(|| value("version")) })
    }

    /// The interpreter that it needs, by its most particular name: `/usr/bin/python3.12`. `None` when it was made on Windows
    /// or does not say its version.
    pub fn interpreter(&self) -> Option<String> {
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = self.version.as_deref()?.split('.');
        let (major, minor) = (parts.next().filter(is_number)?, parts.next().filter(is_number)?);
        let home = self.home.trim_end_matches('/');
        (self.home.starts_with('/') && !home.is_empty()).then(|| format!("{home}/python{major}.{minor}"))
    }
}

/// The virtual environments of the project: `.venv` and `venv` at the top and beside each `pyproject.toml`.
pub fn read(files: &dyn Files) -> BTreeMap<String, VirtualEnvironment> {
    let beside = files.list().iter().filter_map(|path| path.strip_suffix("/pyproject.toml"));
    let mut found = BTreeMap::new();
    for directory in [""].into_iter().chain(beside) {
        for name in [".venv", "venv"] {
            let path = format!("{directory}/{name}").trim_start_matches('/').to_owned();
            let text = files.bytes(&format!("{path}/pyvenv.cfg"));
            let read = text.ok().and_then(|bytes| VirtualEnvironment::parse(&String::from_utf8_lossy(&bytes)));
            found.extend(read.map(|environment| (path, environment)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_maker_of_environments_is_understood() {
        for (text, expected) in [
            ("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n", Some("/usr/bin/python3.11")),
            (
                "home = /usr/local/bin\r\nimplementation = CPython\r\nuv = 0.8\r\nversion_info = 3.12.4\r\n",
                Some("/usr/local/bin/python3.12"),
            ),
            ("home = /opt/p/bin/\nversion_info = 3.9.1.final.0\n", Some("/opt/p/bin/python3.9")),
            ("\u{feff}HOME=/usr/bin\nversion=3.13", Some("/usr/bin/python3.13")),
            ("home = C:\\Python312\nversion = 3.12.1\n", None),
            ("home = /usr/bin\n", None),
            ("home = /usr/bin\nversion = three\n", None),
            ("home =\nversion = 3.1\n", None),
            ("\0\u{fffd}", None),
            ("", None),
        ] {
            let found = VirtualEnvironment::parse(text).and_then(|environment| environment.interpreter());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }
}
