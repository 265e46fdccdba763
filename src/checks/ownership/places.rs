//! What folders are for, by their names: data that a service writes, or settings that it reads.

use crate::project::compose::is_below;

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
        assert_eq!(
            (shown("/p", "/p/a"), shown("/p", "/p"), shown("/p", "/pq")),
            ("./a".into(), ".".into(), "/pq".into())
        );
    }
}
