//! A command in the running container of a service: as whom, with which home and where is decided here as data; only
//! [`session`] talks with the engine and the terminal.

pub mod directory;
pub mod frames;
pub mod home;
pub mod plan;
pub mod print;
pub mod session;
pub mod user;

pub use plan::{Asked, ExecPlan, Variable};
pub use user::{Place, Refusal, Who, WhyOwn};
