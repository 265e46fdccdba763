//! Which Windows subsystem this machine is, and what its `/etc/wsl.conf` asks of Windows drives.

use serde::{Deserialize, Serialize};

/// Where devdoctor runs, as far as WSL decides about files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WslKind {
    /// No WSL: an ordinary Linux.
    #[default]
    None,
    /// WSL 1: no Linux kernel, Windows drives are `drvfs`.
    One,
    /// WSL 2: a virtual machine, Windows drives are shares of the other side.
    Two,
    /// A container on the kernel of WSL 2, which is no distribution of WSL.
    Container,
}

impl WslKind {
    /// What it is called; nothing for an ordinary Linux.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::One => Some("WSL 1"),
            Self::Two => Some("WSL 2"),
            Self::Container => Some("a container on WSL"),
        }
    }
}

/// What is known about WSL here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wsl {
    /// Which.
    pub kind: WslKind,
    /// `[automount]` of `/etc/wsl.conf`; `None` where there is none that can be read.
    pub automount: Option<Automount>,
}

/// How WSL mounts the Windows drives by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automount {
    /// The directory below which the drives appear.
    pub root: String,
    /// `options=`, word by word.
    pub options: Vec<String>,
}

impl Default for Automount {
    fn default() -> Self {
        Self { root: "/mnt".to_owned(), options: vec![] }
    }
}

impl Automount {
    /// Whether drives are mounted with `metadata`.
    pub fn asks_for_metadata(&self) -> bool {
        self.options.iter().any(|option| option == "metadata")
    }
}

impl Wsl {
    /// Where WSL mounts the drives by itself, and with which options: the defaults where `/etc/wsl.conf` says nothing.
    pub fn automount(&self) -> Automount {
        self.automount.clone().unwrap_or_default()
    }
}
