//! What is wrong with a database, in words.

use crate::facts::{Database, Trouble, TroubleKind};

pub(super) fn message(database: &Database, trouble: &Trouble) -> String {
    let (at, role, name) = (&database.contacted, &database.role, &database.name);
    match trouble.kind {
        TroubleKind::Refused => format!("nobody listens at `{at}`"),
        TroubleKind::NoSocket => format!("there is no socket `{at}`"),
        TroubleKind::TimedOut => format!("`{at}` does not answer"),
        TroubleKind::Unresolved => format!("the host of `{}` cannot be found", database.named),
        TroubleKind::WrongPassword => {
            format!("the server at `{at}` refuses the password of the role `{role}`, or has no such role")
        }
        TroubleKind::NoSuchRole => format!("the server at `{at}` has no role `{role}`"),
        TroubleKind::NotAllowed => format!("`pg_hba.conf` of the server at `{at}` does not let `{role}` into `{name}`"),
        TroubleKind::NoSuchDatabase => format!("the server at `{at}` has no database `{name}`"),
        TroubleKind::TooManyClients => format!("the server at `{at}` takes no more connections"),
        TroubleKind::StartingUp => format!("the server at `{at}` takes no connections yet, or no longer"),
        TroubleKind::TlsRefused => format!("the server at `{at}` has no TLS, which the URL wants"),
        TroubleKind::TlsWanted => format!("the server at `{at}` wants TLS, which the URL forbids"),
        TroubleKind::NotPostgres => format!("what answers at `{at}` is no Postgres"),
        TroubleKind::Ended => trouble.message.clone(),
        TroubleKind::Other => format!("`{at}` gives no session: {}", trouble.message),
    }
}
