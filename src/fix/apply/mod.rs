//! The only writer: files, owners, engine, database, and the journal that takes everything back.

pub mod chown;
pub mod edit;
pub mod engine;
pub mod output;
pub mod owner;
pub mod path;
pub mod record;
pub mod sql;
