//! What a stage does in order, as far as owners and modes hang on it: what it copies, what it runs, and as whom.

use parse_dockerfile::{Command, Flag, Instruction, Source as Copies, UnescapedString};
use serde::{Deserialize, Serialize};

use super::Reader;
use crate::text::{Span, Spanned};

/// One step of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildStep {
    /// `COPY` or `ADD`.
    Copy(Copied),
    /// `RUN`: its place only, since its text may hold secrets.
    Run(Span),
    /// `USER`.
    User(String),
    /// `WORKDIR`, absolute as far as it is known.
    Directory(Spanned<String>),
}

/// A `COPY` or an `ADD`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Copied {
    /// What is copied, as written; relative to the context, or to the stage of `--from`.
    pub sources: Vec<String>,
    /// Where it goes, seen from the `WORKDIR` before; a slash at the end stays.
    pub destination: String,
    /// `--chown`.
    pub owner: Option<String>,
    /// `--chmod`.
    pub mode: Option<String>,
    /// `--from`.
    pub from: Option<String>,
    /// The destination, as the place of the instruction.
    pub span: Span,
}

impl Reader<'_> {
    /// Notes what an instruction does in the last stage.
    pub(super) fn note(&mut self, instruction: &Instruction<'_>) {
        let step = match instruction {
            Instruction::Copy(copy) => self.copied(&copy.src, &copy.dest, &copy.options),
            Instruction::Add(add) => self.copied(&add.src, &add.dest, &add.options),
            Instruction::Run(run) => {
                let span = match &run.arguments {
                    Command::Exec(words) => words.span.clone(),
                    Command::Shell(text) => text.span.clone(),
                    _ => return,
                };
                Some(BuildStep::Run(self.source.span(self.mark + span.start..self.mark + span.end)))
            }
            Instruction::Entrypoint(entrypoint) => {
                let program = self.program(&entrypoint.arguments);
                self.stages.last_mut().into_iter().for_each(|stage| stage.entrypoint = program.clone());
                None
            }
            Instruction::Cmd(command) => {
                let program = self.program(&command.arguments);
                self.stages.last_mut().into_iter().for_each(|stage| stage.command = program.clone());
                None
            }
            Instruction::User(_) => {
                let user = self.stages.last().and_then(|stage| stage.user.as_ref());
                user.map(|user| BuildStep::User(user.value.clone()))
            }
            Instruction::Workdir(_) => {
                let directory = self.stages.last().and_then(|stage| stage.working_dir.clone());
                directory.map(BuildStep::Directory)
            }
            _ => None,
        };
        if let (Some(step), Some(stage)) = (step, self.stages.last_mut()) {
            stage.steps.push(step);
        }
    }

    fn copied(
        &self,
        sources: &[Copies<'_>],
        destination: &UnescapedString<'_>,
        options: &[Flag<'_>],
    ) -> Option<BuildStep> {
        let value = |text: &UnescapedString<'_>| self.in_stage(&text.value).unwrap_or_else(|| text.value.to_string());
        let option = |name: &str| {
            let flag = options.iter().find(|flag| flag.name.value == name)?;
            flag.value.as_ref().map(value)
        };
        let paths = sources.iter().filter_map(|source| match source {
            Copies::Path(path) => Some(value(path)),
            _ => None,
        });
        let former = self.stages.last().and_then(|stage| stage.working_dir.as_ref());
        let written = value(destination);
        let folder = written.ends_with('/') || written == "." || written.ends_with("/.");
        let mut whole = super::below(former.map(|former| former.value.as_str()), written);
        if folder && !whole.ends_with('/') {
            whole.push('/');
        }
        let span = destination.span.clone();
        Some(BuildStep::Copy(Copied {
            sources: paths.collect(),
            destination: whole,
            owner: option("chown"),
            mode: option("chmod"),
            from: option("from"),
            span: self.source.span(self.mark + span.start..self.mark + span.end),
        }))
    }

    /// The program that a command starts; a shell in the form without brackets.
    fn program(&self, command: &Command<'_>) -> Option<Spanned<String>> {
        match command {
            Command::Exec(words) => {
                let first = words.value.first()?;
                let span = self.source.span(self.mark + first.span.start..self.mark + first.span.end);
                Some(Spanned::new(first.value.to_string(), span))
            }
            Command::Shell(text) => {
                let span = self.source.span(self.mark + text.span.start..self.mark + text.span.end);
                Some(Spanned::new("/bin/sh".to_owned(), span))
            }
            _ => None,
        }
    }
}
