//! The people as whom devdoctor and the real tools are run.

use std::path::Path;
use std::process::Command;

use super::variable;

/// As whom a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// Whoever runs the tests: for what needs no real part.
    Tester,
    /// The ordinary user of `tests/run`, in the engine's group, without sudo.
    User,
    /// The same user without the engine's group.
    Outsider,
    /// Root, with a project of their own.
    Root,
    /// Root by sudo, called by the ordinary user.
    Sudo,
}

impl Person {
    /// To whom the person's files belong; `None` for whoever runs the tests.
    pub fn owner(self) -> Option<(u32, u32)> {
        let number = |name: &str| variable(name).parse().unwrap();
        match self {
            Self::Tester => None,
            Self::User | Self::Outsider | Self::Sudo => {
                Some((number("DEVDOCTOR_TEST_UID"), number("DEVDOCTOR_TEST_GID")))
            }
            Self::Root => Some((0, 0)),
        }
    }

    /// A command that the person starts: nothing in its environment but what such a person has.
    pub fn command(self, program: &Path, home: &Path) -> Command {
        let user = |groups: &str| {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={}", variable("DEVDOCTOR_TEST_UID")));
            command.arg(format!("--regid={}", variable("DEVDOCTOR_TEST_GID")));
            command.args([groups, "--"]).arg(program);
            command
        };
        let mut command = match self {
            Self::User => user("--init-groups"),
            Self::Outsider => user("--clear-groups"),
            Self::Tester | Self::Root | Self::Sudo => Command::new(program),
        };
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", home);
        command.env("LANG", "C.UTF-8").stdin(std::process::Stdio::null());
        if self == Self::Sudo {
            // What sudo sets; HOME is root's under most of its configurations.
            command.env("SUDO_UID", variable("DEVDOCTOR_TEST_UID")).env("SUDO_GID", variable("DEVDOCTOR_TEST_GID"));
            command.env("SUDO_USER", variable("DEVDOCTOR_TEST_USER")).env("SUDO_COMMAND", program);
        }
        command
    }
}
