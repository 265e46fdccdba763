//! Runs a statement in the database that a URL of the project leads to.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor};
use tokio::time::{Instant, timeout_at};

use crate::facts::{Docker, Trouble};
use crate::fix::Sql;
use crate::probe::postgres::session::{self, Access};
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
    /// The server did not answer in time; whether the statement was run is not known.
    #[error("{database} did not answer to `{statement}` in time, so it is not known whether it was run")]
    NoAnswer {
        /// The database, for people.
        database: String,
        /// The statement.
        statement: String,
    },
}

/// Runs the statement of a step.
///
/// # Errors
/// When it was not run, or when it is not known whether it was.
pub async fn run(
    project: &Project,
    docker: Option<&Docker>,
    step: &Sql,
    options: &PostgresOptions,
) -> Result<(), SqlError> {
    statement(project, docker, step, &step.statement, options).await
}

/// Runs the statement that takes a step back, if there is one.
///
/// # Errors
/// As [`run`].
pub async fn take_back(
    project: &Project,
    docker: Option<&Docker>,
    step: &Sql,
    options: &PostgresOptions,
) -> Result<(), SqlError> {
    match &step.reverse {
        Some(reverse) => statement(project, docker, step, reverse, options).await,
        None => Ok(()),
    }
}

async fn statement(
    project: &Project,
    docker: Option<&Docker>,
    step: &Sql,
    statement: &str,
    options: &PostgresOptions,
) -> Result<(), SqlError> {
    let database = step.database.clone();
    let url = project.urls.get(step.url).ok_or_else(|| SqlError::NoUrl(database.clone()))?;
    let (contact, login) = way_to(project, docker, url, options)
        .map_err(|reason| SqlError::Nowhere { database: database.clone(), reason })?;
    let deadline = Instant::now() + LIMIT;
    let mut open = session::open(&login, &contact, Access::ReadWrite, deadline)
        .await
        .map_err(|failed| SqlError::NoSession { database: database.clone(), trouble: failed.trouble })?;
    // One statement is a transaction of its own. It is one of devdoctor's own, never a text from the project.
    let ran = timeout_at(deadline, open.connection.execute(AssertSqlSafe(statement))).await;
    session::close(open, Instant::now() + Duration::from_secs(1)).await;
    let statement = statement.to_owned();
    match ran {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            let trouble = trouble::understand(&error, login.password.as_deref());
            Err(SqlError::Refused { database, statement, trouble })
        }
        Err(_) => Err(SqlError::NoAnswer { database, statement }),
    }
}
