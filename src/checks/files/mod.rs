//! Checks of the family `files`.

mod crlf_in_script;
pub(crate) mod unreadable;

use super::{Check, check};

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 2] =
    [check!("files/crlf-in-script", crlf_in_script::check), check!("files/unreadable", unreadable::check)];
