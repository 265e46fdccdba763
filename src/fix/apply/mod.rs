//! The only writer: files, owners, engine, database, and the journal that takes everything back.

pub mod edit;
pub mod record;
