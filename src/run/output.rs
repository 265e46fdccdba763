//! The only mouth: results to standard output or a file, talk to standard error, and no secret through either.

use std::io::{self, Write};
use std::path::Path;

use super::terminal::Terminal;
use crate::error::{Error, said};
use crate::report::HumanStyle;
use crate::text::Redactor;

/// Where devdoctor speaks.
pub struct Output {
    /// The terminal.
    pub terminal: Terminal,
    /// Known secrets; they are taken out of everything that is said.
    pub redactor: Redactor,
    /// Why a result did not reach its reader.
    failure: Option<io::Error>,
    verbose: bool,
    quiet: bool,
}

impl Output {
    /// An output that knows no secret yet.
    pub fn new(terminal: Terminal, verbose: bool, quiet: bool) -> Self {
        Self { terminal, redactor: Redactor::default(), failure: None, verbose, quiet }
    }

    /// How a report for people is dressed here.
    pub fn style(&self) -> HumanStyle {
        HumanStyle {
            colour: self.terminal.colour,
            width: self.terminal.width,
            verbose: self.verbose,
            quiet: self.quiet,
        }
    }

    /// Says the result. A reader that has closed the pipe (`| head`) has seen what it wanted.
    pub fn result(&mut self, text: &str) {
        let clean = self.redactor.redact(text);
        let mut stream = io::stdout().lock();
        if let Err(error) = stream.write_all(clean.as_bytes()).and_then(|()| stream.flush())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.failure = Some(error);
        }
    }

    /// Whether everything that was said as a result could be written.
    ///
    /// # Errors
    /// When standard output took less than all.
    pub fn delivered(&mut self) -> Result<(), Error> {
        match self.failure.take() {
            Some(error) => Err(Error::StandardOutput(said(&error))),
            None => Ok(()),
        }
    }

    /// Writes the result to a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn result_to(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let clean = self.redactor.redact(text);
        crate::fix::apply::output::write(path, clean.as_bytes())
            .map_err(|error| Error::Output { path: path.to_owned(), reason: said(&error) })
    }

    /// Says something beside the result.
    pub fn talk(&mut self, text: &str) {
        let clean = self.redactor.redact(text);
        let _ = io::stderr().lock().write_all(clean.as_bytes());
    }

    /// Says something beside the result when the person asked for more.
    pub fn explain(&mut self, text: &str) {
        if self.verbose {
            self.talk(text);
        }
    }

    /// Says something beside the result unless the person asked for quiet.
    pub fn chat(&mut self, text: &str) {
        if !self.quiet {
            self.talk(text);
        }
    }
}
