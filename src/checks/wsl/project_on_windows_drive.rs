//! The project lies on a Windows drive, which is another machine to WSL 2.

use crate::facts::{Facts, Host, WslKind};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

use super::{mounted, named};

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let drive = host.filesystem.as_ref().filter(|filesystem| filesystem.is_windows_drive());
    // WSL 1 has no border to cross: there a Windows drive is no slower than the rest, and tells changes.
    let (Some(drive), WslKind::Two | WslKind::Container) = (drive, host.wsl.kind) else { return Ok(vec![]) };
    let message = format!("the project lies on the {}, which is slow and announces no change of a file", named(drive));
    Ok(vec![mounted(Finding::at_path(".", ".", message), drive).fix(Fix::manual(elsewhere(facts, host)))])
}

/// Where the project is better off.
fn elsewhere(facts: &Facts, host: &Host) -> String {
    let name = facts.project.root.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("project");
    let name = name.escape_debug();
    if host.wsl.kind == WslKind::Container {
        return format!("clone it in the file system of WSL, such as `~/{name}`, and start the container from there");
    }
    let windows = match (host.environment.get_nonempty("WSL_DISTRO_NAME"), &host.home) {
        (Some(distribution), Some(home)) => {
            let home = home.display().replace('/', "\\");
            format!(r"; Windows sees it as `\\wsl.localhost\{distribution}{home}\{name}`")
        }
        _ => String::new(),
    };
    format!("clone it anew in the Linux file system, such as `~/{name}`, and work there{windows}")
}
