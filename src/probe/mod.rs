//! The only reader of disk, engine, database and environment.
