//! A running `git cat-file --batch`: gives objects of a repository, in whatever way it stores them.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::project::files::{MAX_FILE_SIZE, ReadError};

/// The running program.
#[derive(Debug)]
pub(super) struct Batch {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// An object.
pub(super) struct Object {
    /// Its name, in hexadecimal digits.
    pub name: String,
    /// `blob`, `tree`, `commit` or `tag`.
    pub kind: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Drop for Batch {
    fn drop(&mut self) {
        // At the end of its input git ends by itself.
        self.input = None;
        if self.child.wait().is_err() {
            // Nothing waits for it any more, and nothing is left to be done about it.
        }
    }
}

impl Batch {
    /// Starts the command, which is a `git cat-file --batch`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self, ReadError> {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().map_err(refused)?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = output.ok_or_else(|| ReadError::Refused("git has no output".to_owned()))?;
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The object that an expression names, `None` when there is none.
    ///
    /// # Errors
    /// When it is too large, and when git ended or said what cannot be understood: what it says next cannot be told apart then.
    pub fn object(&mut self, expression: &str) -> Result<Option<Object>, ReadError> {
        let input = self.input.as_mut().ok_or(ReadError::NotFound)?;
        writeln!(input, "{expression}").and_then(|()| input.flush()).map_err(refused)?;
        let mut header = String::new();
        self.output.read_line(&mut header).map_err(refused)?;
        // `<object> <type> <size>`, or `<expression> missing`, where the expression may hold anything but hexadecimal digits alone.
        let words: Vec<&str> = header.trim_end().split(' ').collect();
        let is_name = |word: &str| word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (name, kind, size) = match words.as_slice() {
            [name, kind, size] if is_name(name) => (*name, *kind, size.parse::<u64>().ok()),
            _ if header.ends_with(" missing\n") || header.ends_with(" ambiguous\n") => return Ok(None),
            _ => ("", "", None),
        };
        let size = size.ok_or_else(|| ReadError::Refused(format!("git has no content for {expression}")))?;
        let mut limited = (&mut self.output).take(size);
        if size > MAX_FILE_SIZE {
            std::io::copy(&mut limited, &mut std::io::sink()).map_err(refused)?;
            self.output.read_exact(&mut [0]).map_err(refused)?;
            return Err(ReadError::TooLarge);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        limited.read_to_end(&mut bytes).map_err(refused)?;
        self.output.read_exact(&mut [0]).map_err(refused)?;
        Ok(Some(Object { name: name.to_owned(), kind: kind.to_owned(), bytes }))
    }
}

fn refused(error: std::io::Error) -> ReadError {
    ReadError::Refused(format!("git: {}", super::files::reason(&error)))
}
