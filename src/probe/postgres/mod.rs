//! Looks at the databases that the project's URLs name: only here or in containers of this engine, only reading.

pub mod decide;
mod server;
pub mod session;
pub mod trouble;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::facts::{Database, Docker, Fact, Missing, Need, Postgres, Server, Trouble, TroubleKind};
use crate::project::Project;
use crate::project::urls::{DatabaseUrl, Login, UrlDefectKind, text_of};

use decide::Contact;
use session::Access;

/// With less time than this nobody is asked: that no answer comes would say nothing about the database.
const LEAST: Duration = Duration::from_millis(200);

/// What may be contacted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostgresOptions {
    /// `--allow-remote`: hosts that are neither this machine nor a container of its engine, too.
    pub allow_remote: bool,
}

/// Looks at every database that a URL in force names. URLs that lead to the same database with the same login are looked at
/// once. With `--database-url` only that one is.
pub async fn look(
    project: &Project,
    docker: Option<&Docker>,
    options: &PostgresOptions,
    deadline: Instant,
) -> Fact<Postgres> {
    let mut wanted: Vec<Wanted> = vec![];
    let disturbed = session::disturbed();
    let only_given = project.urls.iter().any(is_given);
    for (index, url) in project.urls.iter().enumerate() {
        if url.overridden_by.is_some() || !is_readable(url) || only_given && !is_given(url) {
            continue;
        }
        // A text that cannot be told again (a variable of somebody else's environment) leads nowhere.
        let Some(login) = text_of(project, url).and_then(|text| Login::of(&text)) else {
            continue;
        };
        let contact = decide::contact(project, docker, url, options.allow_remote);
        let contact = match (contact, &disturbed) {
            (Contact::Nowhere(reason), _) => Contact::Nowhere(reason),
            (_, Some(reason)) => Contact::Nowhere(reason.clone()),
            (contact, None) => contact,
        };
        match wanted.iter_mut().find(|known| known.is(&contact, &login)) {
            Some(known) => known.urls.push(index),
            None => {
                let ended = decide::ended(project, docker, url);
                wanted.push(Wanted { urls: vec![index], named: url.named(), contact, login, ended });
            }
        }
    }
    let databases = join_all(wanted.iter().map(|wanted| wanted.look(docker, deadline))).await;
    Ok(Postgres { databases })
}

/// Whether a URL was named by `--database-url`.
fn is_given(url: &DatabaseUrl) -> bool {
    url.key == "--database-url"
}

/// Whether it can be told where a URL leads.
fn is_readable(url: &DatabaseUrl) -> bool {
    let leads_nowhere = |kind: &UrlDefectKind| {
        matches!(
            kind,
            UrlDefectKind::NotAUrl
                | UrlDefectKind::Placeholder
                | UrlDefectKind::UnknownOption { .. }
                | UrlDefectKind::BadPort
        )
    };
    !url.parts.defects.iter().any(|defect| leads_nowhere(&defect.kind))
}

struct Wanted {
    urls: Vec<usize>,
    named: String,
    contact: Contact,
    login: Login,
    /// The service whose container has ended, and how.
    ended: Option<(String, Trouble)>,
}

impl Wanted {
    fn is(&self, contact: &Contact, login: &Login) -> bool {
        let mine = &self.login;
        self.contact.is_at(contact)
            && (&mine.role, &mine.password, &mine.database, &mine.ssl_mode)
                == (&login.role, &login.password, &login.database, &login.ssl_mode)
    }

    async fn look(&self, docker: Option<&Docker>, deadline: Instant) -> Database {
        let role = self.login.role.clone().unwrap_or_default();
        let name = self.login.database.clone().unwrap_or_else(|| role.clone());
        let service = self.contact.service().map(str::to_owned);
        let mut database = Database {
            urls: self.urls.clone(),
            role,
            name,
            named: self.named.clone(),
            contacted: String::new(),
            service,
            server: Err(Missing::new(Need::Postgres, "nobody was asked")),
        };
        if let Some((service, trouble)) = &self.ended {
            database.service = Some(service.clone());
            database.server = Ok(Err(trouble.clone()));
            return database;
        }
        if let Contact::Nowhere(reason) = &self.contact {
            database.server = Err(Missing::new(Need::Postgres, reason.clone()));
            return database;
        }
        if deadline.saturating_duration_since(Instant::now()) < LEAST {
            let reason = "the time limit was used up before the database was asked";
            database.server = Err(Missing::new(Need::Postgres, reason));
            return database;
        }
        database.contacted = self.contact.shown();
        let reached = session::open(&self.login, &self.contact, Access::ReadOnly, deadline).await;
        database.server = Ok(match reached {
            Ok(mut open) => {
                database.contacted.clone_from(&open.contacted);
                let seen = server::ask(&mut open, &self.login, deadline).await;
                session::close(open, deadline).await;
                seen.map(|server| self.proved(server, docker))
            }
            Err(failed) => {
                if !failed.contacted.is_empty() {
                    database.contacted.clone_from(&failed.contacted);
                }
                Err(self.behind_a_port(failed.trouble))
            }
        });
        database
    }

    /// Says whether the server is the one in the service's container: it then sees itself at the container's address.
    fn proved(&self, mut server: Server, docker: Option<&Docker>) -> Server {
        let container = self.contact.service().and_then(|service| docker?.container_of(service));
        server.is_the_service = container.and_then(|container| {
            // On a Unix socket, and in the host's own network, addresses prove nothing.
            let address = server.address.as_ref()?.rsplit_once(':')?.0;
            (!container.addresses.is_empty()).then(|| container.addresses.iter().any(|known| known == address))
        });
        server
    }

    /// The engine's proxy accepts at a published port also when nobody listens in the container, and hangs up at once.
    fn behind_a_port(&self, trouble: Trouble) -> Trouble {
        let published = matches!(self.contact, Contact::Tcp { published: true, .. });
        if published && trouble.sqlstate.is_none() && trouble.message == trouble::HUNG_UP {
            let message = "the port is published, but nothing listens behind it in the container".to_owned();
            return Trouble { kind: TroubleKind::Refused, message, ..trouble };
        }
        trouble
    }
}

/// Where `url` leads, for a fix that has to go there: the contact and the login.
///
/// # Errors
/// The reason why nobody may or can be asked.
pub fn way_to(
    project: &Project,
    docker: Option<&Docker>,
    url: &DatabaseUrl,
    options: &PostgresOptions,
) -> Result<(Contact, Login), String> {
    if let Some(reason) = session::disturbed() {
        return Err(reason);
    }
    let login = text_of(project, url).and_then(|text| Login::of(&text));
    let login = login.ok_or_else(|| "the text of the URL cannot be told".to_owned())?;
    match decide::contact(project, docker, url, options.allow_remote) {
        Contact::Nowhere(reason) => Err(reason),
        contact => Ok((contact, login)),
    }
}

/// The services whose containers are behind published ports of this machine, by port.
pub(crate) fn published(docker: &Docker) -> BTreeMap<u16, String> {
    let running = docker.containers.iter().filter(|container| container.running);
    running
        .filter_map(|container| Some((container.service.clone()?, &container.ports)))
        .flat_map(|(service, ports)| ports.iter().map(move |port| (port.host, service.clone())))
        .collect()
}
