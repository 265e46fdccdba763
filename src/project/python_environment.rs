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
    /// The Python that the `#!` line of `bin/alembic` names.
    #[serde(default)]
    pub alembic_interpreter: Option<String>,
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
        let version = value("version_info").or_else(|| value("version"));
        Some(Self { home, version, alembic_interpreter: None })
    }

    /// The interpreter that it needs, by its most particular name: `/usr/bin/python3.12`. `None` when it was made on Windows
    /// or does not say its version.
    pub fn interpreter(&self) -> Option<String> {
        let python = self.python()?;
        let home = self.home.trim_end_matches('/');
        (self.home.starts_with('/') && !home.is_empty()).then(|| format!("{home}/{python}"))
    }

    /// The folder that packages are installed in, of the environment at `path`.
    pub fn packages(&self, path: &str) -> Option<String> {
        Some(format!("{path}/lib/{}/site-packages", self.python()?))
    }

    /// `python3.12`.
    fn python(&self) -> Option<String> {
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = self.version.as_deref()?.split('.');
        let (major, minor) = (parts.next().filter(is_number)?, parts.next().filter(is_number)?);
        Some(format!("python{major}.{minor}"))
    }
}

/// The virtual environments of the project: `.venv` and `venv` at the top and beside each `pyproject.toml`.
pub fn read(files: &dyn Files) -> BTreeMap<String, VirtualEnvironment> {
    let beside = files.list().iter().filter_map(|path| path.strip_suffix("/pyproject.toml"));
    let mut found = BTreeMap::new();
    for directory in [""].into_iter().chain(beside) {
        for name in [".venv", "venv"] {
            let path = format!("{directory}/{name}").trim_start_matches('/').to_owned();
            found.extend(one(files, &path).map(|environment| (path, environment)));
        }
    }
    found
}

/// The virtual environment at a path.
pub(super) fn one(files: &dyn Files, path: &str) -> Option<VirtualEnvironment> {
    let text = |inner: &str| files.bytes(&format!("{path}/{inner}")).ok();
    let mut environment = VirtualEnvironment::parse(&String::from_utf8_lossy(&text("pyvenv.cfg")?))?;
    let script = text("bin/alembic");
    environment.alembic_interpreter = script.and_then(|bytes| script_interpreter(&String::from_utf8_lossy(&bytes)));
    Some(environment)
}

/// The version of a package that says it in its `__init__.py`.
pub(super) fn installed(files: &dyn Files, packages: &str, name: &str) -> Option<String> {
    let bytes = files.bytes(&format!("{packages}/{name}/__init__.py")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
    Some(line.trim().trim_matches(['"', '\'']).to_owned())
}

/// The absolute path of the Python that a script of an environment is run by: `#!/app/.venv/bin/python`, or, where that line
/// would be too long for the kernel, `#!/bin/sh` and `'''exec' '/app/.venv/bin/python' "$0" "$@"` below it.
fn script_interpreter(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let first = lines.next()?.strip_prefix("#!")?.trim();
    let path = if first == "/bin/sh" {
        let rest = lines.next()?.strip_prefix("'''exec' ")?.trim_start();
        match rest.chars().next()? {
            quote @ ('"' | '\'') => rest.get(1..)?.split(quote).next()?,
            _ => rest.split(' ').next()?,
        }
    } else {
        first.split(' ').next()?
    };
    let name = path.rsplit('/').next()?;
    (path.starts_with('/') && !path.contains('$') && name.starts_with("python")).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_their_python() {
        let relocatable = "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n";
        for (text, expected) in [
            ("#!/app/.venv/bin/python\nimport sys\n", Some("/app/.venv/bin/python")),
            ("#!/app/.venv/bin/python3.12 -I\r\n", Some("/app/.venv/bin/python3.12")),
            ("#!/bin/sh\n'''exec' '/a long way/bin/python3' \"$0\" \"$@\"\n' '''\n", Some("/a long way/bin/python3")),
            ("#!/bin/sh\n'''exec' /a/bin/python \"$0\" \"$@\"\n", Some("/a/bin/python")),
            (relocatable, None),
            ("#!/usr/bin/env python\n", None),
            ("#!/bin/sh\necho\n", None),
            ("#!", None),
            ("\u{7f}ELF", None),
            ("", None),
        ] {
            assert_eq!(script_interpreter(text).as_deref(), expected, "{text:?}");
        }
    }

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
