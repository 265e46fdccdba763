//! Commands that write nothing into the project, or that are meant for root: running them as root hurts nobody.

use crate::project::commands::DockerCall;
use crate::project::compose::{Mount, is_below};
use crate::text::shell::is_shell;

/// The mount of the project that a call can write into: not one that its own `-v` hides, and not one beside the directory
/// that `--workdir` names, unless its words name the mount.
pub(super) fn reached<'a>(mounts: &[&'a Mount], call: &DockerCall) -> Option<&'a Mount> {
    let is_hidden = |mount: &Mount| call.volumes.iter().any(|volume| hides(volume, &mount.target));
    let named = |mount: &Mount| call.command.iter().any(|word| word.value.contains(&mount.target));
    let directory = call.working_dir.as_deref().filter(|directory| directory.starts_with('/'));
    let beside = |mount: &Mount| {
        directory.is_some_and(|directory| !directory.contains('$') && !is_below(directory, &mount.target))
            && !named(mount)
    };
    mounts.iter().find(|mount| !is_hidden(mount) && !beside(mount)).copied()
}

/// Whether `-v VOLUME` puts something else than the writable project over `target`.
fn hides(volume: &str, target: &str) -> bool {
    let (source, rest) = volume.split_once(':').unwrap_or(("", volume));
    let (over, mode) = rest.split_once(':').unwrap_or((rest, ""));
    let project = source.starts_with(['.', '$', '`', '{']);
    over.starts_with('/') && is_below(target, over) && (!project || mode.split(',').any(|option| option == "ro"))
}

/// Programs that only look, or that speak to a server.
const LOOKS: [&str; 37] = [
    "cat",
    "curl",
    "date",
    "df",
    "du",
    "echo",
    "getent",
    "grep",
    "groups",
    "head",
    "hostname",
    "id",
    "kill",
    "ls",
    "mongosh",
    "mysql",
    "mysqladmin",
    "nc",
    "nginx",
    "pg_isready",
    "pgrep",
    "ping",
    "pkill",
    "printenv",
    "ps",
    "psql",
    "pwd",
    "rabbitmqctl",
    "redis-cli",
    "sleep",
    "stat",
    "supervisorctl",
    "tail",
    "test",
    "top",
    "true",
    "whoami",
];

/// Programs that only root may run with success.
const FOR_ROOT: [&str; 12] = [
    "addgroup",
    "adduser",
    "apk",
    "apt",
    "apt-get",
    "chown",
    "dnf",
    "dpkg",
    "groupadd",
    "update-ca-certificates",
    "useradd",
    "usermod",
];

/// Programs that change to another user before they run the rest, or that only take files away.
const HARMLESS: [&str; 8] = ["chroot", "gosu", "rm", "rmdir", "runuser", "setpriv", "su", "su-exec"];

/// What is asked of a program that otherwise writes.
const QUESTIONS: [&str; 5] = ["--help", "--version", "-V", "-h", "version"];

/// Questions that Alembic answers from the revisions, which it imports.
const ALEMBIC_READS: [&str; 6] = ["branches", "check", "current", "heads", "history", "show"];

/// Whether a call writes nothing into the project, by the program it runs. What is unknown may write. `compiles`: Python
/// leaves `__pycache__` beside what it imports.
pub(super) fn only_reads(call: &DockerCall, compiles: bool) -> bool {
    let words: Vec<&str> =
        call.entrypoint.as_deref().into_iter().chain(call.command.iter().map(|word| word.value.as_str())).collect();
    match words.as_slice() {
        [shell, flag, script, ..] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
            let commands = script.split(['&', '|', ';', '\n']).filter(|command| !command.trim().is_empty());
            !script.contains('>')
                && commands.clone().all(|command| reads(&command.split_whitespace().collect::<Vec<_>>()))
        }
        words => reads(words) || (!compiles && asks_alembic(words)),
    }
}

fn asks_alembic(words: &[&str]) -> bool {
    let mut rest = match words {
        [program, rest @ ..] if program.rsplit('/').next() == Some("alembic") => rest.iter(),
        [python, "-m", "alembic", rest @ ..] if python.contains("python") => rest.iter(),
        _ => return false,
    };
    while let Some(word) = rest.next() {
        match *word {
            "-c" | "--config" | "-n" | "--name" | "-x" => drop(rest.next()),
            option if option.starts_with('-') => {}
            command => return ALEMBIC_READS.contains(&command),
        }
    }
    false
}

fn reads(words: &[&str]) -> bool {
    let Some((program, rest)) = words.split_first() else { return false };
    let program = program.rsplit('/').next().unwrap_or(program);
    if matches!(program, "env" | "exec" | "nice" | "time") {
        // What follows the variables and options is what runs.
        let at = rest.iter().position(|word| !word.starts_with('-') && !word.contains('='));
        return at.map_or(program == "env", |at| reads(rest.get(at..).unwrap_or_default()));
    }
    LOOKS.contains(&program)
        || FOR_ROOT.contains(&program)
        || HARMLESS.contains(&program)
        || matches!(rest, [question] if QUESTIONS.contains(question))
        // `pg_dump` writes its file where it is told to; without that it goes to the caller.
        || (matches!(program, "pg_dump" | "pg_dumpall" | "mysqldump") && !rest.iter().any(|word| word.starts_with("-f") || word.starts_with("--file")))
        || matches!((program, rest.first()), ("pip" | "pip3", Some(&("list" | "show" | "freeze"))))
}
