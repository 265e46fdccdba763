//! The only reader of disk, engine, database and environment.

pub mod attention;
pub mod branches;
pub mod docker;
pub mod files;
pub mod filesystems;
pub mod git;
pub mod home;
pub mod host;
pub mod index;
mod listing;
mod objects;
pub mod patience;
pub mod postgres;
pub mod walk;
pub mod wsl;

/// The machine that drives what is asked of engine and database: one thread is enough, since all of it is waiting.
///
/// # Errors
/// When the kernel gives no descriptors for it.
pub fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("nothing can be asked: {}", crate::error::said(&error)))
}
