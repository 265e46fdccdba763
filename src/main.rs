//! The `devdoctor` program: parses the command line and runs the command.

use std::process::ExitCode;

use clap::Parser;
use devdoctor::cli::Cli;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => devdoctor::run::run(&cli),
        Err(error) => devdoctor::run::refused(&error),
    }
}
