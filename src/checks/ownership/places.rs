//! What folders are for, by their names: data that a service writes, or settings that it reads.

use crate::facts::Facts;
use crate::project::compose::{Service, is_below};

/// A path for people: relative to the root with `./` in front where it lies in the project.
pub(super) fn shown(root: &str, path: &str) -> String {
    match path.strip_prefix(root) {
        Some("") => ".".to_owned(),
        Some(rest) if rest.starts_with('/') => format!(".{rest}"),
        _ => path.to_owned(),
    }
}

/// Whether a folder of this name is written by the services that mount it.
pub(super) fn holds_data(path: &str) -> bool {
    const NAMES: [&str; 32] = [
        "backup",
        "backups",
        "cache",
        "caches",
        "data",
        "db",
        "dist",
        "download",
        "downloads",
        "export",
        "exports",
        "generated",
        "log",
        "logs",
        "media",
        "out",
        "output",
        "outputs",
        "reports",
        "results",
        "sqlite",
        "state",
        "storage",
        "store",
        "temp",
        "tmp",
        "upload",
        "uploads",
        "userfiles",
        "var",
        "work",
        "workdir",
    ];
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let ends = |ending: &&&str| name.strip_suffix(**ending).is_some_and(|rest| rest.ends_with(['-', '_', '.']));
    NAMES.contains(&name.as_str()) || ["data", "cache", "logs", "uploads"].iter().any(|ending| ends(&ending))
}

/// Whether what is mounted here is read, not written: settings, certificates, scripts, pages.
pub(super) fn holds_settings(target: &str) -> bool {
    const NAMES: [&str; 20] = [
        "cert",
        "certs",
        "certificates",
        "conf",
        "conf.d",
        "config",
        "configs",
        "dashboards",
        "fixtures",
        "html",
        "plugins",
        "provisioning",
        "public",
        "scripts",
        "secrets",
        "ssl",
        "static",
        "templates",
        "themes",
        "tls",
    ];
    let name = target.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    NAMES.contains(&name)
        || ["/etc", "/docker-entrypoint-initdb.d", "/usr/share", "/usr/local/share", "/run", "/var/run"]
            .iter()
            .any(|place| is_below(target, place))
}

/// Whether a bind mount is meant to show a single file: what is mounted, and where, is named like one.
pub(super) fn is_file(source: &str, target: &str) -> bool {
    const ENDINGS: [&str; 36] = [
        "bash",
        "bashrc",
        "cfg",
        "cnf",
        "conf",
        "crt",
        "csv",
        "env",
        "html",
        "ini",
        "jar",
        "js",
        "json",
        "key",
        "lock",
        "log",
        "md",
        "pem",
        "php",
        "properties",
        "pub",
        "py",
        "rb",
        "sh",
        "sql",
        "sqlite",
        "sqlite3",
        "toml",
        "ts",
        "txt",
        "war",
        "xml",
        "yaml",
        "yml",
        "sock",
        "service",
    ];
    const NAMES: [&str; 12] = [
        ".bash_history",
        ".bashrc",
        ".dockerignore",
        ".gitconfig",
        ".netrc",
        ".npmrc",
        ".pgpass",
        ".pypirc",
        "Caddyfile",
        "Dockerfile",
        "Makefile",
        "known_hosts",
    ];
    let named = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        NAMES.contains(&name) || name.starts_with(".env") || ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
    };
    named(source) && named(target)
}

/// Whether an ordinary `docker compose up` starts a service: it has no profile, or one that is turned on.
pub(super) fn is_active(facts: &Facts, service: &Service) -> bool {
    let mut active = facts.project.compose.iter().flat_map(|compose| &compose.active_profiles);
    service.profiles.is_empty() || active.any(|profile| profile == "*" || service.profiles.contains(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_folders_are_for() {
        for path in ["./data", "/srv/pg-data", "/var/log/", "/app/Uploads", "app_cache"] {
            assert!(holds_data(path), "{path}");
        }
        for path in ["/app", "/metadata", "src", "/", ""] {
            assert!(!holds_data(path), "{path}");
        }
        assert!(holds_settings("/etc/nginx") && holds_settings("/app/config") && !holds_settings("/app"));
        assert!(is_file("./nginx.conf", "/etc/nginx/nginx.conf") && is_file("/p/.env.dev", "/app/.env"));
        assert!(!is_file("./conf.d", "/etc/conf.d") && !is_file("/p", "/app/x.py") && !is_file("./site.js", "/site"));
        assert_eq!(
            (shown("/p", "/p/a"), shown("/p", "/p"), shown("/p", "/pq")),
            ("./a".into(), ".".into(), "/pq".into())
        );
    }
}
