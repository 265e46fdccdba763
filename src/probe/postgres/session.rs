//! Opens sessions: every field set here, none taken from the environment, and never longer than the deadline.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::facts::{Trouble, TroubleKind};
use crate::project::urls::Login;

use super::decide::{Contact, joined};
use super::trouble;

/// How long one attempt may take: an answer from this machine comes at once or not at all.
const ATTEMPT: Duration = Duration::from_secs(3);

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `default_transaction_read_only=on`.
    ReadOnly,
    /// For fixes.
    ReadWrite,
}

/// An open session.
pub struct Open {
    /// The connection.
    pub connection: PgConnection,
    /// Where it leads.
    pub contacted: String,
    /// How it was opened, to open others beside it.
    options: PgConnectOptions,
}

/// Why no session came about.
pub struct Failed {
    /// The last place that was tried.
    pub contacted: String,
    /// What happened there.
    pub trouble: Trouble,
}

/// Opens a session at a contact.
///
/// # Errors
/// When nobody lets us in.
pub async fn open(login: &Login, contact: &Contact, access: Access, deadline: Instant) -> Result<Open, Failed> {
    let (hosts, port) = match contact {
        Contact::Tcp { addresses, port, .. } => (addresses, *port),
        Contact::Socket { directories, port } => (directories, *port),
        Contact::Nowhere(reason) => {
            let trouble = Trouble { kind: TroubleKind::Other, sqlstate: None, message: reason.clone() };
            return Err(Failed { contacted: String::new(), trouble });
        }
    };
    let mut failed: Option<Failed> = None;
    for host in hosts {
        let options = options(login, host, port, access);
        let contacted = if host.starts_with('/') { format!("{host}/.s.PGSQL.{port}") } else { joined(host, port) };
        match attempts(login, &options, host.starts_with('/'), deadline).await {
            Ok((connection, options)) => return Ok(Open { connection, contacted, options }),
            Err(trouble) => {
                let nobody = matches!(trouble.kind, TroubleKind::Refused | TroubleKind::NoSocket);
                // The first place is the one that counts, unless somebody is at another.
                if failed.is_none() || !nobody {
                    failed = Some(Failed { contacted, trouble });
                }
                if !nobody {
                    break;
                }
            }
        }
    }
    Err(failed.unwrap_or_else(|| Failed { contacted: String::new(), trouble: trouble::timed_out() }))
}

/// Every field that the environment could fill is set. Only the paths of certificates have no way to be unset.
fn options(login: &Login, host: &str, port: u16, access: Access) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass();
    let role = login.role.clone().unwrap_or_else(|| options.get_username().to_owned());
    let database = login.database.clone().unwrap_or_else(|| role.clone());
    options = options
        .host(host)
        .port(port)
        .username(&role)
        .password(login.password.as_deref().unwrap_or(""))
        .database(&database)
        .application_name("devdoctor")
        // Of one setting given twice the last counts, so that nothing in PGOPTIONS can undo these.
        .options([("statement_timeout", "5s"), ("lock_timeout", "2s"), ("idle_in_transaction_session_timeout", "10s")]);
    // What the project's programs see of the database depends on it.
    if let Some(path) = &login.search_path {
        options = options.options([("search_path", path)]);
    }
    let read_only = if access == Access::ReadOnly { "on" } else { "off" };
    options.options([("default_transaction_read_only", read_only)]).disable_statement_logging()
}

/// Why the environment would make a session see something else than the project's programs do. sqlx puts `PGOPTIONS` into every
/// session, and it cannot be taken out again.
pub fn disturbed() -> Option<String> {
    let options = PgConnectOptions::new_without_pgpass().get_options()?.to_lowercase();
    let disturbing =
        ["search_path", "role", "session_authorization"].into_iter().find(|name| options.contains(name))?;
    Some(format!(
        "`PGOPTIONS` sets `{disturbing}` for every session from here; unset it, so that the database is seen as the project sees it"
    ))
}

/// Tries with and without TLS as libpq does for the URL's `sslmode`.
async fn attempts(
    login: &Login,
    options: &PgConnectOptions,
    socket: bool,
    deadline: Instant,
) -> Result<(PgConnection, PgConnectOptions), Trouble> {
    let once = async |mode: PgSslMode| {
        let options = options.clone().ssl_mode(mode);
        let limit = deadline.min(Instant::now() + ATTEMPT);
        match timeout_at(limit, PgConnection::connect_with(&options)).await {
            Ok(Ok(connection)) => Ok((connection, options)),
            Ok(Err(error)) => {
                Err((trouble::understand(&error, login.password.as_deref()), matches!(error, sqlx::Error::Tls(_))))
            }
            Err(_) => Err((trouble::timed_out(), false)),
        }
    };
    let mode = login.ssl_mode.as_deref().unwrap_or("prefer");
    if !socket && matches!(mode, "disable" | "false" | "allow") {
        // Without TLS nothing is asked before the login, and sqlx takes the first bytes of a web server's answer for the
        // length of a message, and makes room for it.
        let limit = deadline.min(Instant::now() + ATTEMPT);
        match timeout_at(limit, speaks_postgres(options.get_host(), options.get_port())).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Err(trouble::not_postgres()),
            Ok(Err(error)) => return Err(trouble::understand(&sqlx::Error::Io(error), None)),
            Err(_) => return Err(trouble::timed_out()),
        }
    }
    if socket || mode == "disable" || mode == "false" {
        let (trouble, _) = match once(PgSslMode::Disable).await {
            Ok(open) => return Ok(open),
            Err(failed) => failed,
        };
        if socket || trouble.kind != TroubleKind::NotAllowed {
            return Err(trouble);
        }
        // Would it let us in with TLS?
        return Err(match once(PgSslMode::Require).await {
            Err((with, tls))
                if tls
                    || matches!(
                        with.kind,
                        TroubleKind::NotAllowed | TroubleKind::TlsRefused | TroubleKind::TimedOut
                    ) =>
            {
                trouble
            }
            _ => Trouble { kind: TroubleKind::TlsWanted, ..trouble },
        });
    }
    if matches!(mode, "require" | "verify-ca" | "verify-full" | "true") {
        // Whether the certificate is right for the host cannot be judged from another place than the reader's.
        return once(PgSslMode::Require).await.map_err(|(trouble, _)| trouble);
    }
    let (first, second) = if mode == "allow" {
        (PgSslMode::Disable, PgSslMode::Require)
    } else {
        (PgSslMode::Prefer, PgSslMode::Disable)
    };
    match once(first).await {
        Ok(open) => Ok(open),
        Err((trouble, tls)) if tls || trouble.kind == TroubleKind::NotAllowed => once(second).await.map_err(
            |(again, again_tls)| {
                if again_tls || again.kind == TroubleKind::NotAllowed { trouble } else { again }
            },
        ),
        Err((trouble, _)) => Err(trouble),
    }
}

/// Whether who listens answers to the question for TLS as every Postgres does, with one letter.
async fn speaks_postgres(host: &str, port: u16) -> std::io::Result<bool> {
    /// Length 8, request code 80877103.
    const QUESTION: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all(&QUESTION).await?;
    let mut answer = [0];
    stream.read_exact(&mut answer).await?;
    // `E` is the first letter of an error of a server that takes nobody now.
    Ok(matches!(answer, [b'S' | b'N' | b'E']))
}

/// Opens another database of the same server with the same login.
pub(super) async fn beside(open: &Open, database: &str, deadline: Instant) -> Option<PgConnection> {
    let options = open.options.clone().database(database);
    timeout_at(deadline.min(Instant::now() + ATTEMPT), PgConnection::connect_with(&options)).await.ok()?.ok()
}

/// Ends a session in good order, so that the server's log has no complaint about us.
pub async fn close(open: Open, deadline: Instant) {
    let limit = deadline.min(Instant::now() + Duration::from_millis(500));
    // Whether the farewell arrives changes nothing.
    let _ = timeout_at(limit, open.connection.close()).await;
}
