//! `devdoctor list`: all checks with what they need and what they can do.

use serde::Serialize;

use super::output::Output;
use super::{Status, selection};
use crate::checks::{FixKind, Severity};
use crate::cli::{Format, ListArgs};
use crate::config::Configuration;
use crate::error::Error;
use crate::facts::Need;
use crate::report::wrapped;

#[derive(Serialize)]
struct Row<'words> {
    id: &'words str,
    title: &'words str,
    severity: Severity,
    needs: &'words [Need],
    fix: FixKind,
}

/// Runs the command.
///
/// # Errors
/// When a check is named that does not exist.
pub fn run(arguments: &ListArgs, output: &mut Output) -> Result<Status, Error> {
    let checks = selection::selected(&arguments.select, &Configuration::default())?;
    let rows: Vec<Row<'_>> = checks
        .iter()
        .map(|check| check.words())
        .map(|words| Row {
            id: &words.id,
            title: &words.title,
            severity: words.severity,
            needs: &words.needs,
            fix: words.fix,
        })
        .collect();
    let text = match arguments.format {
        Format::Json => serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n",
        Format::Human => table(&rows, output.style().width),
    };
    output.result(&text);
    Ok(Status::Clean)
}

fn table(rows: &[Row<'_>], width: usize) -> String {
    let id_width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let needs: Vec<String> = row.needs.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "{:id_width$}  {:7}  {:10}  {}\n",
            row.id,
            row.severity.to_string(),
            row.fix.shown(),
            needs.join(", ")
        ));
        text.push_str(&format!("    {}\n", wrapped(row.title, width, "    ")));
    }
    text
}
