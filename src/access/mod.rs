//! Pure: who can write where, and which owner the host will see.
//!
//! One model answers all questions about ownership and caches: [`user`] says who a process is, [`ids`] (and [`podman`]) how its
//! numbers look from the host, [`commands`] what runs, [`layout`] which mount a path lies in, [`rights`] what the kernel allows there,
//! [`caches`] where tools keep their caches, [`writers`] what they write where they run, [`environments`] where virtual
//! environments are, [`mod@run_scripts`] which scripts of the project a container runs, [`homes`] whose home a process has,
//! [`user_variables`] which variables say the user, [`image_folders`] which folders of an image are root's, [`image_writes`] what
//! is written there, and [`interest`] and [`tops`] which paths have to be looked at to answer.

pub mod caches;
pub mod commands;
pub mod environments;
pub mod homes;
pub mod ids;
pub mod image_folders;
pub mod image_writes;
pub mod interest;
pub mod layout;
pub mod podman;
pub mod project_mounts;
pub mod rights;
pub mod run_scripts;
pub mod scripts;
pub mod service;
pub mod tops;
pub mod user;
pub mod user_variables;
pub mod writers;

pub use caches::{Cache, Tool};
pub use ids::{DESKTOP, IdMaps, root_without_engine, untold_owners};
pub use interest::{accounts_matter, paths_of_interest};
pub use layout::{Layout, Spot, ancestors, normal};
pub use project_mounts::shows_project;
pub use rights::{Obstacle, Process, Seen, Verdict, Why};
pub use run_scripts::{RunScript, behind_starters, hands_over, run_scripts};
pub use scripts::{Script, scripts};
pub use service::{Decides, ServiceUser, image_of};
pub use user::{RunsAs, Unresolved, resolve};
pub use writers::{Written, working_directory, written_by};
