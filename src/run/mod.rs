//! One file per command, and what they share: gathering facts, judging them, writing the result.

mod carry_out;
mod check;
mod consent;
mod exec;
mod explain;
mod facts;
mod fix;
mod gather;
mod hook;
mod judge;
mod list;
mod nowhere;
mod output;
mod reading;
mod selection;
mod terminal;
mod undo;
mod verify;
mod why;

use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::error::Error;
use crate::fix::apply::engine;
use crate::probe;
use crate::project::urls;

use output::Output;
use terminal::Terminal;

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing at or above the threshold.
    Clean,
    /// Something is found, or left.
    Found,
    /// devdoctor could not do its work.
    Failed,
    /// A command in a container ended like this.
    Ended(u8),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Clean => Self::from(0),
            Status::Found => Self::from(1),
            Status::Failed => Self::from(2),
            Status::Ended(status) => Self::from(status),
        }
    }
}

/// Runs one command. The only place that prints an error.
pub fn run(cli: &Cli) -> ExitCode {
    let environment = probe::host::environment();
    let terminal = Terminal::new(cli.color, &environment);
    let mut output = Output::new(terminal, cli.verbose, cli.quiet);
    let refusal = cli.command.database_url().and_then(urls::refusal);
    let done = judge::guarded(|| match &cli.command {
        _ if refusal.is_some() => Err(Error::DatabaseUrl(refusal.clone().unwrap_or_default())),
        Command::Check(arguments) => check::run(arguments, &environment, &mut output),
        Command::Fix(arguments) => fix::run(arguments, &environment, &mut output),
        Command::Undo(arguments) => undo::run(arguments, &environment, &mut output),
        Command::Exec(arguments) => exec::run(arguments, &environment, &mut output),
        Command::List(arguments) => list::run(arguments, &mut output),
        Command::Why(arguments) => why::run(arguments, &environment, &mut output),
        Command::Explain(arguments) => explain::run(arguments, &environment, &mut output),
        Command::Hook(arguments) => hook::run(arguments, &environment, &mut output),
        Command::Facts(arguments) => facts::run(arguments, &environment, &mut output),
        Command::Helper => {
            output.result(&engine::serve().map_err(Error::NoHelper)?);
            Ok(Status::Clean)
        }
    });
    let failed = match cli.command {
        // 1 and 2 would be taken for the command's own.
        Command::Exec(_) => Status::Ended(exec::FAILED),
        _ => Status::Failed,
    };
    match done.map(|done| done.and_then(|status| output.delivered().map(|()| status))) {
        Ok(Ok(status)) => status.into(),
        Ok(Err(error)) => {
            report_error(&mut output, &error);
            failed.into()
        }
        Err(panic) => {
            output.talk(&format!("error: devdoctor crashed: {panic}\nhelp: report it, with what you did\n"));
            failed.into()
        }
    }
}

/// Tells what is wrong with the words of a command line, or gives the help that was asked for. Under `exec` the status is not
/// one that a command of the container could have ended with.
pub fn refused(error: &clap::Error) -> ExitCode {
    // Whoever reads no more is told no more.
    let _ = error.print();
    let words = Cli::command().ignore_errors(true).try_get_matches();
    let is_exec = words.is_ok_and(|words| words.subcommand_name() == Some("exec"));
    match u8::try_from(error.exit_code()) {
        Ok(0) => Status::Clean.into(),
        _ if is_exec => Status::Ended(exec::FAILED).into(),
        _ => Status::Failed.into(),
    }
}

fn report_error(output: &mut Output, error: &Error) {
    output.talk(&format!("error: {error}\n"));
    if let Some(hint) = error.hint() {
        output.talk(&format!("help: {hint}\n"));
    }
}
