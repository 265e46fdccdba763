//! What helps where no engine answers.

use crate::facts::{EndpointTried, EndpointTrouble};

/// How to ask the engine that answers.
pub(super) fn switch(chosen: &EndpointTried, other: &EndpointTried) -> String {
    let context = other.named_by.strip_prefix("context \"").and_then(|name| name.strip_suffix('"'));
    let flag = chosen.named_by.split([' ', '=']).next().filter(|name| name.starts_with("--"));
    let by_variable = chosen.named_by.starts_with("DOCKER_HOST") || chosen.named_by.starts_with("DOCKER_CONTEXT=");
    let how = if let Some(flag) = flag {
        match context {
            Some(name) => format!("name it by `--context {name}`"),
            None if flag == "--docker-host" => format!("name it by `--docker-host {}`", other.url),
            None => format!("name it by `--docker-host {}` instead of `{flag}`", other.url),
        }
    } else if let Some(name) = context.filter(|_| !by_variable) {
        format!("docker context use {name}")
    } else if other.url == "unix:///var/run/docker.sock" && by_variable {
        format!("unset {}", chosen.named_by.split([' ', '=']).next().unwrap_or_default())
    } else if other.url == "unix:///var/run/docker.sock" {
        "docker context use default".to_owned()
    } else {
        format!("export DOCKER_HOST={}", other.url)
    };
    format!("use the engine that answers at `{}` ({}): {how}", other.url, other.named_by)
}

/// What helps against one trouble.
pub(super) fn cure(chosen: &EndpointTried, trouble: &EndpointTrouble) -> String {
    // What names an engine that is not there can also be left out.
    let without = match chosen.named_by.as_str() {
        flag if flag.starts_with("--docker-host") => Some("leave `--docker-host` out"),
        flag if flag.starts_with("--context") => Some("leave `--context` out"),
        variable if variable.starts_with("DOCKER_HOST") => Some("unset DOCKER_HOST"),
        _ => None,
    };
    // The command comes last, so that it stands by itself and can be copied.
    let start = match chosen.url.starts_with("unix:///run/user/") {
        true => "systemctl --user start docker",
        false => {
            "Docker Desktop (in WSL with its integration for this distribution on), or by: sudo systemctl start docker"
        }
    };
    match trouble {
        EndpointTrouble::NoSocket | EndpointTrouble::Refused if without.is_some() => {
            format!("start the engine that listens at `{}`, or {}", chosen.url, without.unwrap_or_default())
        }
        EndpointTrouble::NoSocket => format!("start the engine: {start}"),
        EndpointTrouble::Refused => format!("start the engine, whose socket is left over from an earlier run: {start}"),
        EndpointTrouble::NotASocket => "move away what lies in the socket's place, and restart the engine".into(),
        EndpointTrouble::PermissionDenied { member_after_login: true, group_name, .. } => format!(
            "log out and in again (in WSL: wsl --terminate, then open it anew): the group {} lists you, this session began before it did",
            group_name.as_deref().unwrap_or("of the socket")
        ),
        EndpointTrouble::PermissionDenied { socket_group: Some(1..), group_name: Some(group), .. } => format!(
            "join the group {group}, which is as powerful as root: sudo usermod -aG {group} \"$USER\", then log in again"
        ),
        EndpointTrouble::PermissionDenied { .. } => "restart the engine: its socket is open to no group to join".into(),
        EndpointTrouble::Silent => {
            "restart the engine, or wait: Docker Desktop is mute while it is paused or starts".into()
        }
        EndpointTrouble::BadContext(_) if chosen.named_by.starts_with("--context") => {
            "name a context that is there with `--context`, or leave it out: docker context ls".into()
        }
        EndpointTrouble::BadContext(_) => "choose a context that is there: docker context use default".into(),
        _ => format!("see what listens there and what names it ({}): docker context ls", chosen.named_by),
    }
}
