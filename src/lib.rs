//! devdoctor: finds out why a project's files, containers, caches and database disagree, proves it, and repairs it.
//!
//! The way through, once and straight:
//! **discover → read and parse → probe → check → report**, and for fixes **→ plan → show → apply → verify**.
//!
//! Which room may use which (`main → run → {probe, checks, fix, report} → {facts, project, access, finding} → text`):
//!
//! | room | what it is | may use |
//! |---|---|---|
//! | [`text`] | file formats with spans | nothing |
//! | [`project`] | what the files say | `text` |
//! | [`facts`] | what was gathered: plain data | `project`, `text` |
//! | [`access`] | pure: who can write where, and what the host will see as the owner | `facts` |
//! | [`finding`] | what a check returns | `facts`, `fix` (its data), `text` |
//! | [`checks`] | one plain function a check, its words in `checks/**/*.yaml` | `facts`, `access`, `finding` |
//! | [`probe`] | the only reader of disk, engine, database and environment | `facts`, `project` |
//! | [`fix`] | fixes as data, plan, diff, journal; `fix/apply` is the only writer | `facts`, `probe` |
//! | [`exec`] | a command in a container: pure plan, and `exec/session`, the only one who talks with the running command | `access`, `facts`, `probe` |
//! | [`report`] | one report, all renderers | `finding`, `text` |
//! | [`run`] | one file per command | all |
//!
//! Nothing but [`run`] and those who act, `fix/apply` and `exec/session`, knows [`probe`]; `tests/walls.rs` sees to it.

pub mod access;
pub mod checks;
pub mod cli;
pub mod config;
pub mod error;
pub mod exec;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod probe;
pub mod project;
pub mod report;
pub mod run;
pub mod text;
