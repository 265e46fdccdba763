//! What databases answer in an example.

use devdoctor::facts::{Database, Missing, Need, Server, Trouble, TroubleKind, Vector};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GivenDatabase {
    urls: Vec<usize>,
    role: String,
    name: String,
    named: String,
    #[serde(default)]
    contacted: String,
    service: Option<String>,
    server: Option<GivenServer>,
    trouble: Option<GivenTrouble>,
    missing: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct GivenServer {
    version: String,
    superuser: bool,
    owns_database: bool,
    is_the_service: Option<bool>,
    search_path: Vec<String>,
    vector: GivenVector,
    /// What `alembic_version` holds; absent: it could not be read.
    alembic: Option<Vec<String>>,
    /// Its tables; absent: they could not be read.
    tables: Option<Vec<String>>,
    /// The tables of its extensions, each with the extension.
    extension_tables: Vec<(String, String)>,
}

impl Default for GivenServer {
    fn default() -> Self {
        Self {
            version: "16.4".into(),
            superuser: true,
            owns_database: true,
            is_the_service: Some(true),
            search_path: vec!["pg_catalog".into(), "public".into()],
            vector: GivenVector::default(),
            alembic: None,
            tables: None,
            extension_tables: vec![],
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct GivenVector {
    usable: bool,
    created: Option<(String, String)>,
    available: Option<String>,
    trusted: bool,
    elsewhere: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GivenTrouble {
    kind: TroubleKind,
    sqlstate: Option<String>,
    message: String,
}

/// The answers of a database that URLs name.
pub(super) fn database(given: &GivenDatabase) -> Database {
    let server = match (&given.missing, &given.trouble, &given.server) {
        (Some(reason), _, _) => Err(Missing::new(Need::Postgres, reason.clone())),
        (None, Some(trouble), _) => Ok(Err(Trouble {
            kind: trouble.kind,
            sqlstate: trouble.sqlstate.clone(),
            message: trouble.message.clone(),
        })),
        (None, None, server) => Ok(Ok(self::server(server.as_ref().unwrap_or(&GivenServer::default())))),
    };
    Database {
        urls: given.urls.clone(),
        role: given.role.clone(),
        name: given.name.clone(),
        named: given.named.clone(),
        contacted: given.contacted.clone(),
        service: given.service.clone(),
        server,
    }
}

fn server(given: &GivenServer) -> Server {
    Server {
        version: given.version.clone(),
        address: None,
        started_at: "2026-01-01T00:00:00Z".into(),
        is_the_service: given.is_the_service,
        superuser: given.superuser,
        owns_database: given.owns_database,
        search_path: given.search_path.clone(),
        vector: Vector {
            usable: given.vector.usable,
            created: given.vector.created.clone(),
            available: given.vector.available.clone(),
            trusted: given.vector.trusted,
            elsewhere: given.vector.elsewhere.clone(),
        },
        alembic_versions: given.alembic.clone(),
        tables: given.tables.clone(),
        extension_tables: given.extension_tables.clone(),
    }
}
