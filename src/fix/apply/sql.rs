//! Runs a statement in the database that a URL of the project leads to.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use tokio::time::{Instant, timeout_at};

use crate::facts::{Docker, Trouble};
use crate::fix::Sql;
use crate::fix::journal::DatabaseIdentity;
use crate::probe::postgres::session::{self, Access, Open};
use crate::probe::postgres::{PostgresOptions, trouble, way_to};
use crate::project::Project;

/// How long a statement may take: a lock that somebody holds is told, not waited out.
const LIMIT: Duration = Duration::from_secs(10);

/// Why a statement was not run. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The URL is no longer there.
    #[error("the URL that leads to {0} is no longer there")]
    NoUrl(String),
    /// Nobody may or can be asked.
    #[error("{database} cannot be reached: {reason}")]
    Nowhere {
        /// The database, for people.
        database: String,
        /// Why.
        reason: String,
    },
    /// No session came about.
    #[error("{database} does not let us in: {}", trouble.message)]
    NoSession {
        /// The database, for people.
        database: String,
        /// Why.
        trouble: Trouble,
    },
    /// The server does not tell an ordinary role which one it is, so nothing that is run there could be taken back for sure.
    #[error("{database} does not say which server it is: {}", trouble.message)]
    Unidentified {
        /// The database, for people.
        database: String,
        /// Why.
        trouble: Trouble,
    },
    /// The server refused the statement.
    #[error("{database} refuses `{statement}`: {}", trouble.message)]
    Refused {
        /// The database, for people.
        database: String,
        /// The statement.
        statement: String,
        /// Why.
        trouble: Trouble,
    },
    /// The URL leads to another database by now.
    #[error("the URL leads to another database or server than {0} was at the time of the fix")]
    Elsewhere(String),
    /// The server did not answer in time; whether the statement was run is not known.
    #[error("{database} did not answer to `{statement}` in time, so it is not known whether it was run")]
    NoAnswer {
        /// The database, for people.
        database: String,
        /// The statement.
        statement: String,
    },
}

/// Which database, of which server. By number, because a name can be given again.
const IDENTITY: &str = "
select (select system_identifier::text from pg_catalog.pg_control_system()) as system,
       pg_catalog.current_database()::text as database,
       (select oid::text from pg_catalog.pg_database where datname = pg_catalog.current_database()) as number
";

/// Asks which database the URL of a step leads to.
///
/// # Errors
/// When it cannot be reached or does not say.
pub async fn identity(
    project: &Project,
    docker: Option<&Docker>,
    step: &Sql,
    options: &PostgresOptions,
) -> Result<DatabaseIdentity, SqlError> {
    let deadline = Instant::now() + LIMIT;
    let (mut open, secret) = opened(project, docker, step, options, Access::ReadOnly, deadline).await?;
    let identity = identified(&mut open.connection, step, secret.as_deref(), deadline).await;
    session::close(open, Instant::now() + Duration::from_secs(1)).await;
    identity
}

/// Runs the statement of a step, if the URL still leads to `expected`.
///
/// # Errors
/// When it was not run, or when it is not known whether it was.
pub async fn run(
    project: &Project,
    docker: Option<&Docker>,
    step: &Sql,
    expected: &DatabaseIdentity,
    options: &PostgresOptions,
) -> Result<(), SqlError> {
    let deadline = Instant::now() + LIMIT;
    let (mut open, secret) = opened(project, docker, step, options, Access::ReadWrite, deadline).await?;
    let ran = match identified(&mut open.connection, step, secret.as_deref(), deadline).await {
        Ok(found) if found == *expected => statement(&mut open.connection, step, secret.as_deref(), deadline).await,
        Ok(_) => Err(SqlError::Elsewhere(step.database.clone())),
        Err(error) => Err(error),
    };
    session::close(open, Instant::now() + Duration::from_secs(1)).await;
    ran
}

async fn opened(
    project: &Project,
    docker: Option<&Docker>,
    step: &Sql,
    options: &PostgresOptions,
    access: Access,
    deadline: Instant,
) -> Result<(Open, Option<String>), SqlError> {
    let database = step.database.clone();
    let url = project.urls.get(step.url).ok_or_else(|| SqlError::NoUrl(database.clone()))?;
    let (contact, login) = way_to(project, docker, url, options)
        .map_err(|reason| SqlError::Nowhere { database: database.clone(), reason })?;
    let open = session::open(&login, &contact, access, deadline)
        .await
        .map_err(|failed| SqlError::NoSession { database, trouble: failed.trouble })?;
    Ok((open, login.password.clone()))
}

async fn identified(
    connection: &mut PgConnection,
    step: &Sql,
    secret: Option<&str>,
    deadline: Instant,
) -> Result<DatabaseIdentity, SqlError> {
    let no_session = |trouble| SqlError::NoSession { database: step.database.clone(), trouble };
    let row = timeout_at(deadline, sqlx::query(IDENTITY).fetch_one(connection)).await;
    let row = row.map_err(|_| no_session(trouble::timed_out()))?;
    if let Err(error @ sqlx::Error::Database(_)) = &row {
        let trouble = trouble::understand(error, secret);
        return Err(SqlError::Unidentified { database: step.database.clone(), trouble });
    }
    row.and_then(|row| {
        Ok(DatabaseIdentity {
            system: row.try_get("system")?,
            database: row.try_get("database")?,
            number: row.try_get("number")?,
        })
    })
    .map_err(|error| no_session(trouble::understand(&error, secret)))
}

/// One statement is a transaction of its own. It is one of devdoctor's own, never a text from the project.
async fn statement(
    connection: &mut PgConnection,
    step: &Sql,
    secret: Option<&str>,
    deadline: Instant,
) -> Result<(), SqlError> {
    let (database, statement) = (step.database.clone(), step.statement.clone());
    match timeout_at(deadline, connection.execute(AssertSqlSafe(statement.as_str()))).await {
        Ok(Ok(_)) => Ok(()),
        // Only the server's own word says that it was not run; a broken connection says nothing.
        Ok(Err(error @ sqlx::Error::Database(_))) => {
            Err(SqlError::Refused { database, statement, trouble: trouble::understand(&error, secret) })
        }
        Ok(Err(_)) | Err(_) => Err(SqlError::NoAnswer { database, statement }),
    }
}
