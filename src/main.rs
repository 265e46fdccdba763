//! The `devdoctor` program: parses the command line and runs the command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    devdoctor::run::run(&devdoctor::cli::Cli::parse())
}
