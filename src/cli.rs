//! The command line: what was typed, nothing more. Parsing touches no disk and no network.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::checks::Severity;

/// Finds out why a project's files, containers, caches and database disagree, proves it, and repairs it.
#[derive(Clone, Debug, Parser)]
#[command(name = "devdoctor", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(
    after_help = "Exit status: 0 nothing found at or above --fail-on, 1 something found, 2 devdoctor could not do its work."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Use colours: always, never, or when the output is a terminal.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Colour,
    /// Show more: every check, all evidence.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Show findings only.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` or `CLICOLOR=0` say no, or `CLICOLOR_FORCE` says yes.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Diagnose the project; changes nothing.
    Check(CheckArgs),
    /// Plan repairs, show them, ask, apply, and look again.
    Fix(FixArgs),
    /// Take the last (or the named) run of `fix` back.
    Undo(UndoArgs),
    /// Run a command in a service's container as you, with a home and caches that work.
    Exec(ExecArgs),
    /// List all checks.
    List(ListArgs),
    /// Name the problems that an error text speaks of, and look whether they are so here.
    Why(WhyArgs),
    /// Explain a check, and what it sees here.
    Explain(ExplainArgs),
    /// Check staged files before a commit: files only, in milliseconds.
    Hook(HookArgs),
    /// Print the gathered facts as JSON, secrets masked.
    Facts(FactsArgs),
    /// Give paths away, in a throw-away container that devdoctor has made for it.
    #[command(hide = true)]
    Helper,
}

impl Command {
    /// The database that `--database-url` names.
    pub fn database_url(&self) -> Option<&str> {
        let outside = match self {
            Self::Check(arguments) => &arguments.project.outside,
            Self::Fix(arguments) => &arguments.project.outside,
            Self::Explain(arguments) => &arguments.project.outside,
            Self::Facts(arguments) => &arguments.project.outside,
            Self::Undo(arguments) => &arguments.outside,
            Self::Why(arguments) => &arguments.outside,
            Self::Exec(_) | Self::List(_) | Self::Hook(_) | Self::Helper => return None,
        };
        outside.database_url.as_deref()
    }
}

/// Which project, and how far devdoctor may look.
#[derive(Clone, Debug, Args)]
pub struct ProjectArgs {
    /// The project, or any path in it (default: the project around the working directory).
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// Look at files and this machine only: no engine, no database.
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub outside: OutsideArgs,
}

/// Where engine and databases are, and how long they may be looked at.
#[derive(Clone, Debug, Args)]
pub struct OutsideArgs {
    /// Time limit for looking around.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub timeout: f64,
    /// Engine to ask, such as unix:///run/user/1000/docker.sock.
    #[arg(long, value_name = "URL")]
    pub docker_host: Option<String>,
    /// Docker context to use.
    #[arg(long, value_name = "NAME", conflicts_with = "docker_host")]
    pub context: Option<String>,
    /// Database to look at besides those the project names.
    #[arg(long, value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Contact engines and databases that are neither on this machine nor in its containers.
    #[arg(long)]
    pub allow_remote: bool,
}

/// Which checks.
#[derive(Clone, Debug, Default, Args)]
pub struct SelectArgs {
    /// Run these checks or families only.
    #[arg(long, value_name = "ID|FAMILY", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Leave these checks or families out.
    #[arg(long, value_name = "ID|FAMILY", value_delimiter = ',')]
    pub skip: Vec<String>,
}

/// How the report is written and judged.
#[derive(Clone, Debug, Args)]
pub struct OutputArgs {
    /// Form of the report.
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub format: Format,
    /// Write the report to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with 1 from this severity on (default: warning).
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Exit with 2 when a check could not look.
    #[arg(long)]
    pub strict: bool,
    /// Show how long each part took.
    #[arg(long)]
    pub timings: bool,
}

/// Form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// `devdoctor.report.v1`.
    Json,
}

/// From which severity on the run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors only.
    Error,
    /// Warnings and errors.
    Warning,
    /// Everything.
    Info,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Info => Self::Info,
        }
    }
}

/// `devdoctor check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub project: ProjectArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub select: SelectArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub output: OutputArgs,
    /// Judge facts recorded by `devdoctor facts` instead of this machine.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["path", "offline", "docker_host", "context", "database_url", "allow_remote"])]
    pub facts: Option<PathBuf>,
}

/// `devdoctor fix`.
#[derive(Clone, Debug, Args)]
pub struct FixArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub project: ProjectArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub checks: SelectArgs,
    /// Print what would be done, as a patch; apply nothing.
    #[arg(long, conflicts_with_all = ["yes", "select"])]
    pub dry_run: bool,
    /// Apply all safe fixes without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Include fixes that restart things, change how others run, or can fail half-way.
    #[arg(long = "unsafe")]
    pub include_unsafe: bool,
    /// Choose fixes one by one.
    #[arg(long, conflicts_with = "yes")]
    pub select: bool,
    /// Show how long each part took.
    #[arg(long)]
    pub timings: bool,
}

/// `devdoctor undo`.
#[derive(Clone, Debug, Args)]
pub struct UndoArgs {
    /// Run to take back (default: the last one of this project).
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// List the runs of `fix` in this project.
    #[arg(long, conflicts_with = "id")]
    pub list: bool,
    /// The project, or any path in it.
    #[arg(long, value_name = "PATH")]
    pub project: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub outside: OutsideArgs,
}

/// `devdoctor exec`.
#[derive(Clone, Debug, Args)]
#[command(
    override_usage = "devdoctor exec [OPTIONS] SERVICE [--] COMMAND [ARGUMENT]...",
    after_help = "Exit status: the command's own; 125 devdoctor could not run it, 126 it is no program, 127 there is no such program, 128+N signal N ended it."
)]
pub struct ExecArgs {
    /// Service of the Compose file.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Command and its arguments.
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// Print the docker command line that does the same; run nothing.
    #[arg(long)]
    pub print: bool,
    /// Run as this user of the container instead of you.
    #[arg(short, long, value_name = "USER[:GROUP]")]
    pub user: Option<String>,
    /// Set a variable, or hand yours of that name on.
    #[arg(short, long = "env", value_name = "NAME[=VALUE]")]
    pub environment: Vec<String>,
    /// Run in this directory of the container instead of the one that shows the working directory.
    #[arg(short, long, value_name = "DIR")]
    pub workdir: Option<String>,
    /// Give the command no terminal, even where there is one.
    #[arg(short = 'T', long)]
    pub no_tty: bool,
    /// Run in this one of the service's containers (default: the first).
    #[arg(long, value_name = "N")]
    pub index: Option<u64>,
    /// Compose file to use instead of those that are found; may be given more than once, as to `docker compose`.
    #[arg(short, long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The project, or any path in it (default: the project around the working directory).
    #[arg(long, value_name = "PATH")]
    pub project: Option<PathBuf>,
    /// Engine to ask.
    #[arg(long, value_name = "URL")]
    pub docker_host: Option<String>,
    /// Docker context to use.
    #[arg(long, value_name = "NAME", conflicts_with = "docker_host")]
    pub context: Option<String>,
    /// Contact engines elsewhere.
    #[arg(long)]
    pub allow_remote: bool,
    /// Time limit for finding the container; the command takes what it takes.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub timeout: f64,
}

/// `devdoctor list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub select: SelectArgs,
    /// Form of the list.
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub format: Format,
}

/// `devdoctor explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// The check.
    #[arg(value_name = "CHECK")]
    pub id: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub project: ProjectArgs,
}

/// `devdoctor why`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Exit status: 1 a problem that the text names is found here, 0 none is, 2 devdoctor could not do its work."
)]
pub struct WhyArgs {
    /// The text, such as an error message; without one, or with `-`, standard input, such as a build's log.
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// The project, or any path in it (default: the project around the working directory).
    #[arg(long, value_name = "PATH")]
    pub project: Option<PathBuf>,
    /// Look at files and this machine only: no engine, no database.
    #[arg(long)]
    pub offline: bool,
    /// Form of the answer.
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub format: Format,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub outside: OutsideArgs,
}

/// `devdoctor hook`.
#[derive(Clone, Debug, Args)]
pub struct HookArgs {
    /// Staged files, as pre-commit names them; findings elsewhere are left to `check`.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub select: SelectArgs,
    /// Fail from this severity on (default: error).
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Time limit for reading and judging.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub timeout: f64,
}

/// `devdoctor facts`.
#[derive(Clone, Debug, Args)]
pub struct FactsArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "flattened")]
    pub project: ProjectArgs,
    /// Write the facts to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds > 0.0 && seconds <= 86_400.0 => Ok(seconds),
        _ => Err("is no number of seconds between 0 and 86400".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
