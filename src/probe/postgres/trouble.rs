//! Pure: what kind of trouble an error of sqlx is, told by SQLSTATE and errno.

use std::io;

use sqlx::postgres::PgDatabaseError;

use crate::facts::{Trouble, TroubleKind};

/// What is said when the other side closed the connection before it said anything.
pub const HUNG_UP: &str = "closed the connection without an answer";

/// Understands an error. `secret` is taken out of whatever somebody else says.
pub fn understand(error: &sqlx::Error, secret: Option<&str>) -> Trouble {
    let (kind, sqlstate, message) = match error {
        sqlx::Error::Database(error) => {
            let message = match error.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => match error.hint().or(error.detail()) {
                    Some(more) => format!("{} ({more})", error.message()),
                    None => error.message().to_owned(),
                },
                None => error.message().to_owned(),
            };
            let routine =
                error.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::routine).map(str::to_owned);
            let code = error.code().map(|code| code.into_owned());
            (of_sqlstate(code.as_deref().unwrap_or(""), routine.as_deref(), &message), code, message)
        }
        sqlx::Error::Io(error) => of_io(error),
        sqlx::Error::Tls(error) => {
            let message = error.to_string();
            let kind =
                if message.contains("does not support TLS") { TroubleKind::TlsRefused } else { TroubleKind::Other };
            (kind, None, message)
        }
        // An authentication that sqlx does not speak is still one of Postgres.
        sqlx::Error::Protocol(message) if message.contains("authentication") => {
            (TroubleKind::Other, None, message.clone())
        }
        sqlx::Error::Protocol(_) => return not_postgres(),
        error => (TroubleKind::Other, None, error.to_string()),
    };
    let mut message = message.lines().collect::<Vec<_>>().join(" ");
    if let Some(secret) = secret.filter(|secret| secret.len() > 2) {
        message = message.replace(secret, crate::text::MASK);
    }
    Trouble { kind, sqlstate, message: crate::text::mask_url(&message) }
}

/// The trouble of a time limit that ran out.
pub fn timed_out() -> Trouble {
    Trouble { kind: TroubleKind::TimedOut, sqlstate: None, message: "no answer within the time limit".to_owned() }
}

/// The trouble of an answer that no Postgres gives.
pub fn not_postgres() -> Trouble {
    let message = "what answers there is no Postgres".to_owned();
    Trouble { kind: TroubleKind::NotPostgres, sqlstate: None, message }
}

fn of_sqlstate(code: &str, routine: Option<&str>, message: &str) -> TroubleKind {
    match code {
        "28P01" => TroubleKind::WrongPassword,
        // The routine that looks the role up; the text is in the server's language.
        "28000" if routine == Some("InitializeSessionUserId") && !message.contains("not permitted") => {
            TroubleKind::NoSuchRole
        }
        "28000" => TroubleKind::NotAllowed,
        "3D000" => TroubleKind::NoSuchDatabase,
        "53300" => TroubleKind::TooManyClients,
        "57P03" => TroubleKind::StartingUp,
        "57014" => TroubleKind::TimedOut,
        _ => TroubleKind::Other,
    }
}

fn of_io(error: &io::Error) -> (TroubleKind, Option<String>, String) {
    let (kind, message) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (TroubleKind::Refused, "connection refused".to_owned()),
        io::ErrorKind::NotFound if error.raw_os_error().is_some() => {
            (TroubleKind::NoSocket, "there is no socket".to_owned())
        }
        io::ErrorKind::TimedOut => (TroubleKind::TimedOut, "no answer within the time limit of the network".to_owned()),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            (TroubleKind::Other, HUNG_UP.to_owned())
        }
        io::ErrorKind::PermissionDenied => (TroubleKind::Other, "permission denied by the kernel".to_owned()),
        // `getaddrinfo` gives no errno and a kind that cannot be named.
        _ if error.raw_os_error().is_none() && error.to_string().contains("lookup") => {
            (TroubleKind::Unresolved, error.to_string())
        }
        _ => (TroubleKind::Other, crate::error::said(error)),
    };
    (kind, None, message)
}
