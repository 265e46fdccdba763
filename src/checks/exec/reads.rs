//! Commands that write nothing into the project, or that are meant for root: running them as root hurts nobody.

use crate::project::commands::DockerCall;

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

/// Whether a call writes nothing into the project, by the program it runs. What is unknown may write.
pub(super) fn only_reads(call: &DockerCall) -> bool {
    let words: Vec<&str> =
        call.entrypoint.as_deref().into_iter().chain(call.command.iter().map(|word| word.value.as_str())).collect();
    match words.as_slice() {
        [shell, flag, script, ..] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
            let commands = script.split(['&', '|', ';', '\n']).filter(|command| !command.trim().is_empty());
            !script.contains('>')
                && commands.clone().all(|command| reads(&command.split_whitespace().collect::<Vec<_>>()))
        }
        words => reads(words),
    }
}

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "zsh" | "ash" | "dash"))
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
