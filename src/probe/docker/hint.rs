//! What the person's settings and the socket's owner tell about an engine that is not asked.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::EngineOptions;
use super::endpoints::{Target, chosen};
use super::{contexts, endpoints};
use crate::facts::{EngineHint, EngineKind};

/// Tells the kind of engine that the docker CLI would use, as far as that shows without asking it.
pub fn hint(options: &EngineOptions, uid: u32, home: Option<&Path>) -> EngineHint {
    let config = contexts::read(&options.environment, home);
    let candidate = chosen(options, &config);
    let Ok(Target::Unix(path)) = &candidate.target else {
        let at = if candidate.url.is_empty() { candidate.named_by } else { candidate.url };
        return EngineHint::Unknown(at);
    };
    if let Some(kind) = kind_of(path) {
        return EngineHint::Kind(kind);
    }
    // Nobody named it and it is not there: then the only other that is there is meant, if any.
    if candidate.named_by == "default" {
        let others = endpoints::elsewhere(options, &config, uid, home, &candidate);
        let others = others.iter().filter_map(|other| match &other.target {
            Ok(Target::Unix(path)) => socket_owner(path).map(|_| kind_of(path)),
            _ => None,
        });
        let kinds: Vec<Option<EngineKind>> = others.collect();
        if let [Some(kind)] = kinds.as_slice() {
            return EngineHint::Kind(*kind);
        }
    }
    EngineHint::Unknown(candidate.url)
}

/// The kind by the path, and by whom the socket belongs to: an engine makes it as the user it runs as.
fn kind_of(path: &Path) -> Option<EngineKind> {
    // `/var/run/docker.sock` may be a link to the socket of Docker Desktop.
    let path: PathBuf = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let text = path.to_string_lossy();
    let desktop = ["/.docker/desktop/", "/.docker/run/", "/.colima/", "/.rd/"];
    if desktop.iter().any(|part| text.contains(part)) {
        return Some(EngineKind::Desktop);
    }
    if text.ends_with("podman.sock") {
        // Whom the numbers of root's Podman belong to does not show: a container may have a user namespace of its own.
        let users = text.starts_with("/run/user/") || socket_owner(&path).is_some_and(|owner| owner != 0);
        return users.then_some(EngineKind::Podman);
    }
    match socket_owner(&path) {
        Some(0) if remaps(Path::new("/etc/docker/daemon.json")) => Some(EngineKind::UsernsRemap),
        Some(0) => Some(EngineKind::Rootful),
        Some(_) => Some(EngineKind::Rootless),
        None if text.starts_with("/run/user/") => Some(EngineKind::Rootless),
        None => None,
    }
}

/// Whether the configuration of an engine of root gives its containers other numbers. Its socket does not tell.
fn remaps(configuration: &Path) -> bool {
    let read = super::contexts::json(configuration).ok().flatten();
    let remapped = read.as_ref().and_then(|json| json.get("userns-remap")?.as_str());
    remapped.is_some_and(|user| !user.is_empty())
}

/// Whom a path belongs to, when there is something.
fn socket_owner(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.uid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Environment;

    fn told(home: &Path, variables: &[(&str, &str)]) -> EngineHint {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = Environment(variables.collect());
        let options = EngineOptions { docker_host: None, context: None, allow_remote: false, environment };
        hint(&options, 4242, Some(home))
    }

    #[test]
    fn a_socket_tells_by_its_path_and_its_owner_whose_engine_it_is() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("own.sock");
        std::os::unix::net::UnixListener::bind(&own).unwrap();
        let whose = if nix::unistd::geteuid().is_root() { EngineKind::Rootful } else { EngineKind::Rootless };
        let at = |path: &Path| told(home.path(), &[("DOCKER_HOST", &format!("unix://{}", path.display()))]);
        assert_eq!(at(&own), EngineHint::Kind(whose));
        assert_eq!(at(Path::new("/run/user/4242/docker.sock")), EngineHint::Kind(EngineKind::Rootless));
        assert_eq!(at(&home.path().join(".docker/desktop/docker.sock")), EngineHint::Kind(EngineKind::Desktop));
        let gone = home.path().join("gone.sock");
        assert_eq!(at(&gone), EngineHint::Unknown(format!("unix://{}", gone.display())));
        let remote = [("DOCKER_HOST", "tcp://192.0.2.1:2375")];
        assert_eq!(told(home.path(), &remote), EngineHint::Unknown("tcp://192.0.2.1:2375".to_owned()));
    }

    #[test]
    fn podman_is_not_taken_for_docker() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("podman.sock");
        std::os::unix::net::UnixListener::bind(&own).unwrap();
        let link = home.path().join("docker.sock");
        std::os::unix::fs::symlink(&own, &link).unwrap();
        for path in [&own, &link] {
            let url = format!("unix://{}", path.display());
            let root = nix::unistd::geteuid().is_root();
            let whose = if root { EngineHint::Unknown(url.clone()) } else { EngineHint::Kind(EngineKind::Podman) };
            assert_eq!(told(home.path(), &[("DOCKER_HOST", &url)]), whose);
        }
        let users = [("DOCKER_HOST", "unix:///run/user/4242/podman/podman.sock")];
        assert_eq!(told(home.path(), &users), EngineHint::Kind(EngineKind::Podman));
        let roots = [("DOCKER_HOST", "unix:///run/podman/podman.sock")];
        assert_eq!(told(home.path(), &roots), EngineHint::Unknown("unix:///run/podman/podman.sock".to_owned()));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test makes the files that it reads")]
    fn an_engine_that_gives_other_numbers_says_so_in_its_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("daemon.json");
        assert!(!remaps(&file));
        for (text, expected) in
            [("{\"userns-remap\": \"default\"}", true), ("{\"userns-remap\": \"\"}", false), ("{", false)]
        {
            std::fs::write(&file, text).unwrap();
            assert_eq!(remaps(&file), expected, "{text}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test makes the files that it reads")]
    fn the_current_context_counts() {
        let home = tempfile::tempdir().unwrap();
        let (name, host) = ("rootless", "unix:///run/user/4242/docker.sock");
        // The folder is the SHA-256 of the name; devdoctor goes by what the file says.
        let folder = home.path().join(".docker/contexts/meta/0");
        std::fs::create_dir_all(&folder).unwrap();
        let meta = format!("{{\"Name\": \"{name}\", \"Endpoints\": {{\"docker\": {{\"Host\": \"{host}\"}}}}}}");
        std::fs::write(folder.join("meta.json"), meta).unwrap();
        std::fs::write(home.path().join(".docker/config.json"), format!("{{\"currentContext\": \"{name}\"}}")).unwrap();
        assert_eq!(told(home.path(), &[]), EngineHint::Kind(EngineKind::Rootless));
    }
}
