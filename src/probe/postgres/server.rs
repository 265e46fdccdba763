//! Asks a server what it is and how pgvector stands in this database, in one statement of a read-only transaction.

use sqlx::{Connection, PgConnection, Row};
use tokio::time::{Instant, timeout_at};

use crate::facts::{Server, Trouble, Vector};
use crate::project::urls::Login;

use super::session::{self, Open};
use super::trouble;

/// How many other databases are looked into for the extension.
const OTHERS: usize = 8;

/// Everything at once. `trusted` came with Postgres 13, so it is read through JSON, where it may be absent.
const FACTS: &str = "
select pg_catalog.current_setting('server_version') as version,
       pg_catalog.host(pg_catalog.inet_server_addr()) || ':' || pg_catalog.inet_server_port() as address,
       pg_catalog.to_char(pg_catalog.pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as started_at,
       coalesce((select rolsuper from pg_catalog.pg_roles where rolname = current_user), false) as superuser,
       coalesce((select pg_catalog.pg_has_role(datdba, 'USAGE') from pg_catalog.pg_database
                 where datname = pg_catalog.current_database()), false) as owns_database,
       pg_catalog.current_schemas(true)::text[] as search_path,
       -- A table or a type of the project's own may have the name too.
       exists (select from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
               where d.refclassid = 'pg_catalog.pg_extension'::regclass and e.extname = 'vector' and d.deptype = 'e'
                 and d.classid = 'pg_catalog.pg_type'::regclass and d.objid = pg_catalog.to_regtype('vector')) as usable,
       (select extversion from pg_catalog.pg_extension where extname = 'vector') as created_version,
       (select nspname::text from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        where extname = 'vector') as created_schema,
       (select default_version from pg_catalog.pg_available_extensions where name = 'vector') as available,
       coalesce((select pg_catalog.bool_or((pg_catalog.to_jsonb(v) ->> 'trusted')::boolean)
                 from pg_catalog.pg_available_extension_versions v where name = 'vector'), false) as trusted
";

/// Alembic's table, when it is a plain one: reading a view could run anything.
const VERSION_TABLE: &str = "
select pg_catalog.format('%I.%I', n.nspname, c.relname)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = pg_catalog.to_regclass('alembic_version') and c.relkind in ('r', 'p')
  and exists (select from pg_catalog.pg_attribute a
              where a.attrelid = c.oid and a.attname = 'version_num' and not a.attisdropped)
";

/// Tables of the database's own, not of the system or of an extension; a partition belongs to its table.
const TABLES: &str = "
select case when n.nspname in ('public', pg_catalog.current_schema()) then c.relname::text
            else n.nspname || '.' || c.relname end as name
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1 limit 2000
";

/// Tables that extensions made and own: without the extension nobody can drop them.
const EXTENSION_TABLES: &str = "
select case when n.nspname in ('public', pg_catalog.current_schema()) then c.relname::text
            else n.nspname || '.' || c.relname end as name, e.extname::text as extension
from pg_catalog.pg_depend d
join pg_catalog.pg_class c on c.oid = d.objid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_extension e on e.oid = d.refobjid
where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_extension'::regclass
  and d.deptype = 'e' and c.relkind in ('r', 'p') and not c.relispartition
order by 1 limit 2000
";

/// Other databases that this role may enter.
const DATABASES: &str = "
select datname::text from pg_catalog.pg_database
where datallowconn and not datistemplate and datname <> pg_catalog.current_database()
  and pg_catalog.has_database_privilege(oid, 'CONNECT')
order by datname
";

/// Asks.
///
/// # Errors
/// When the server lets us in and then does not answer.
pub(super) async fn ask(open: &mut Open, login: &Login, deadline: Instant) -> Result<Server, Trouble> {
    let secret = login.password.as_deref();
    let answer = timeout_at(deadline, facts(&mut open.connection)).await;
    let mut server = answer.map_err(|_| trouble::timed_out())?.map_err(|error| trouble::understand(&error, secret))?;
    // Without them the checks of revisions say less; the others are the same.
    server.alembic_versions =
        timeout_at(deadline, alembic_versions(&mut open.connection)).await.ok().and_then(Result::ok);
    if let Some((own, of_extensions)) =
        timeout_at(deadline, tables(&mut open.connection)).await.ok().and_then(Result::ok)
    {
        (server.tables, server.extension_tables) = (Some(own), of_extensions);
    }
    if server.vector.created.is_none() && server.vector.available.is_some() {
        // Only words for the message: without them the finding is the same.
        server.vector.elsewhere = timeout_at(deadline, elsewhere(open, deadline)).await.unwrap_or_default();
    }
    Ok(server)
}

async fn facts(connection: &mut PgConnection) -> Result<Server, sqlx::Error> {
    let mut transaction = connection.begin_with("begin read only").await?;
    let row = sqlx::query(FACTS).fetch_one(&mut *transaction).await?;
    transaction.rollback().await?;
    let version: Option<String> = row.try_get("created_version")?;
    let schema: Option<String> = row.try_get("created_schema")?;
    Ok(Server {
        version: row.try_get("version")?,
        address: row.try_get("address")?,
        started_at: row.try_get("started_at")?,
        is_the_service: None,
        superuser: row.try_get("superuser")?,
        owns_database: row.try_get("owns_database")?,
        search_path: row.try_get("search_path")?,
        vector: Vector {
            usable: row.try_get("usable")?,
            created: version.zip(schema),
            available: row.try_get("available")?,
            trusted: row.try_get("trusted")?,
            elsewhere: vec![],
        },
        alembic_versions: None,
        tables: None,
        extension_tables: vec![],
    })
}

/// The revisions that a database is at. A role may see the table and not be allowed to read it.
async fn alembic_versions(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut transaction = connection.begin_with("begin read only").await?;
    let table: Option<String> = sqlx::query_scalar(VERSION_TABLE).fetch_optional(&mut *transaction).await?;
    let versions = match table {
        // Quoted by the server itself, schema included.
        Some(table) => {
            let query = format!("select version_num::text from {table} order by 1 limit 100");
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&mut *transaction).await?
        }
        None => vec![],
    };
    transaction.rollback().await?;
    Ok(versions)
}

/// The tables of the database's own, and those of extensions.
async fn tables(connection: &mut PgConnection) -> Result<(Vec<String>, Vec<(String, String)>), sqlx::Error> {
    let mut transaction = connection.begin_with("begin read only").await?;
    let own = sqlx::query_scalar(TABLES).fetch_all(&mut *transaction).await?;
    let of_extensions = sqlx::query_as(EXTENSION_TABLES).fetch_all(&mut *transaction).await?;
    transaction.rollback().await?;
    Ok((own, of_extensions))
}

async fn elsewhere(open: &mut Open, deadline: Instant) -> Vec<String> {
    let names: Vec<String> = sqlx::query_scalar(DATABASES).fetch_all(&mut open.connection).await.unwrap_or_default();
    let mut found = vec![];
    for name in names.into_iter().take(OTHERS) {
        let Some(mut other) = session::beside(open, &name, deadline).await else {
            continue;
        };
        let query = sqlx::query_scalar("select exists (select from pg_catalog.pg_extension where extname = 'vector')");
        let there: Result<bool, sqlx::Error> = query.fetch_one(&mut other).await;
        if there.unwrap_or(false) {
            found.push(name);
        }
        // Whether the farewell arrives changes nothing.
        let _ = other.close().await;
    }
    found
}
