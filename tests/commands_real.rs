//! Command lines that run alembic where uv or Poetry keeps it, in real containers: what they say, what the check says, and that
//! the very same line works after `fix` and breaks again after `undo`.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "commands_real/fine.rs"]
mod fine;
#[path = "commands_real/lines.rs"]
mod lines;
#[path = "commands_real/poetry.rs"]
mod poetry;
#[path = "commands_real/projects.rs"]
mod projects;
#[path = "commands_real/scripts.rs"]
mod scripts;
#[path = "commands_real/starts.rs"]
mod starts;
mod support;
#[path = "commands_real/traps.rs"]
mod traps;
#[path = "commands_real/variables.rs"]
mod variables;
