//! The person's terminal while a command uses it.

use std::io::{IsTerminal, stdin, stdout};
use std::os::fd::AsFd;

use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

use crate::probe::docker::AskError;

/// Whether a command can be given a terminal: both standard input and standard output are one.
pub fn are_terminals() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// Rows and columns of the terminal.
pub(super) fn size() -> Option<(u16, u16)> {
    console::Term::stdout().size_checked().filter(|(rows, columns)| *rows > 0 && *columns > 0)
}

/// A terminal that hands every key on as it is, until this is dropped.
pub(super) struct RawTerminal {
    before: Termios,
}

impl RawTerminal {
    /// Sets it.
    ///
    /// # Errors
    /// When it is no terminal any more.
    pub(super) fn set() -> Result<Self, AskError> {
        let refused =
            |error: nix::errno::Errno| AskError::Broken(format!("the terminal cannot be used: {}", error.desc()));
        let before = tcgetattr(stdin().as_fd()).map_err(refused)?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(stdin().as_fd(), SetArg::TCSANOW, &raw).map_err(refused)?;
        Ok(Self { before })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        _ = tcsetattr(stdin().as_fd(), SetArg::TCSADRAIN, &self.before);
    }
}
