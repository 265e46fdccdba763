//! One file per command, and what they share: gathering facts, judging them, writing the result.

mod carry_out;
mod check;
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
mod selection;
mod terminal;
mod undo;
mod verify;
mod why;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::error::Error;
use crate::fix::apply::engine;
use crate::probe;

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
    let done = judge::guarded(|| match &cli.command {
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

fn report_error(output: &mut Output, error: &Error) {
    output.talk(&format!("error: {error}\n"));
    if let Some(hint) = error.hint() {
        output.talk(&format!("help: {hint}\n"));
    }
}
