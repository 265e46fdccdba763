//! A Windows drive is mounted without `metadata`, so that owners and modes on it cannot change.

use crate::facts::{Facts, Filesystem, Host};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::compose::{Mount, Service};

use super::{mounted, named};

/// Where databases and brokers keep data whose owner and mode they insist on.
const DATA: [&str; 8] = [
    "/bitnami",
    "/data/db",
    "/usr/share/elasticsearch/data",
    "/var/lib/mysql",
    "/var/lib/pgsql",
    "/var/lib/postgresql",
    "/var/lib/rabbitmq",
    "/var/opt/mssql",
];

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let lacks = |filesystem: &&Filesystem| filesystem.is_windows_drive() && filesystem.keeps_no_owners();
    let mut findings = vec![];
    if let Some(drive) = host.filesystem.as_ref().filter(lacks) {
        let message =
            format!("the {} is mounted without `metadata`: chown and chmod change nothing there", named(drive));
        findings.push(mounted(Finding::at_path(".", ".", message), drive).fix(Fix::manual(remedy(host, drive))));
    }
    for (service, mount, source) in facts.project.services().flat_map(data) {
        let Some(drive) = host.filesystems.get(source).filter(lacks) else { continue };
        let name = &service.name.value;
        let message = format!("`{name}` keeps its data on the {}, which is mounted without `metadata`", named(drive));
        let finding = mounted(Finding::at(&mount.span, format!("{name}: {}", mount.target), message), drive);
        let fix =
            Fix::manual(format!("keep the data of `{name}` in a named volume, which lies in the Linux file system"));
        findings.push(finding.help(remedy(host, drive)).fix(fix).service(name));
    }
    Ok(findings)
}

/// The binds of a service in which it keeps data that must be its own.
fn data(service: &Service) -> impl Iterator<Item = (&Service, &Mount, &str)> {
    let holds = |mount: &Mount| {
        let target = mount.target.as_str();
        DATA.iter().any(|directory| {
            target.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    service
        .binds()
        .filter(move |(mount, _)| mount.writable && holds(mount))
        .map(move |(mount, source)| (service, mount, source))
}

/// How the drive gets `metadata`.
fn remedy(host: &Host, drive: &Filesystem) -> String {
    let automount = host.wsl.automount();
    let by_wsl = drive.point.rsplit_once('/').is_some_and(|(directory, _)| directory == automount.root);
    let point = &drive.point;
    if !by_wsl {
        return format!(
            "mount `{point}` with the option `metadata`, where it is mounted: `/etc/fstab`, or a `mount -t drvfs`"
        );
    }
    if automount.asks_for_metadata() {
        return "run `wsl --shutdown` in Windows: `/etc/wsl.conf` asks for `metadata`, and the drive was mounted before"
            .to_owned();
    }
    let mut options = vec!["metadata"];
    options.extend(automount.options.iter().map(String::as_str));
    if automount.options.is_empty() {
        options.extend(["umask=22", "fmask=11"]);
    }
    format!(
        "write `options = \"{}\"` under `[automount]` in `/etc/wsl.conf`, then run `wsl --shutdown` in Windows",
        options.join(",")
    )
}
