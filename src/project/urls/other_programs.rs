//! URLs of other programs than Postgres, told by their scheme: who serves them, and where these listen.

use crate::project::Project;
use crate::project::compose::Service;

use super::collect::{LONGEST, is_postgres};
use super::mapped::Mapped;
use super::parts::parts;
use super::{DatabaseUrl, Holder, Reader};

/// A kind of server that services go to by a URL.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name for people.
    pub name: &'static str,
    /// The port that it listens at when nobody says otherwise.
    pub port: u16,
    schemes: &'static [&'static str],
    images: &'static [&'static str],
}

/// The programs. Web servers are none of them: a URL of `http` is often meant for a browser on the host.
static PROGRAMS: [Program; 5] = [
    Program {
        name: "Redis",
        port: 6379,
        schemes: &["redis", "rediss", "valkey"],
        images: &["redis", "valkey", "keydb", "dragonfly"],
    },
    Program { name: "MySQL", port: 3306, schemes: &["mysql", "mariadb"], images: &["mysql", "mariadb", "percona"] },
    Program { name: "MongoDB", port: 27017, schemes: &["mongodb"], images: &["mongo"] },
    Program { name: "RabbitMQ", port: 5672, schemes: &["amqp", "amqps", "pyamqp"], images: &["rabbitmq"] },
    Program { name: "NATS", port: 4222, schemes: &["nats"], images: &["nats"] },
];

/// Words in the name of an image that only watches such a server, or talks to it.
const OTHERS: [&str; 8] = ["exporter", "express", "commander", "insight", "admin", "backup", "client", "proxy"];

impl Program {
    fn of(text: &str) -> Option<&'static Self> {
        let scheme = text.split_once("://").filter(|_| text.len() <= LONGEST && !is_postgres(text))?.0.to_lowercase();
        let scheme = scheme.split('+').next()?;
        PROGRAMS.iter().find(|program| program.schemes.contains(&scheme))
    }

    /// Whether a service is such a server, told by its image, or by the port of its container.
    pub fn is_served_by(&self, service: &Service) -> bool {
        let image = service.image.as_ref().map_or(String::new(), |image| image.to_lowercase());
        let name = image.rsplit('/').next().unwrap_or("");
        if OTHERS.iter().any(|word| name.contains(word)) {
            return false;
        }
        self.images.iter().any(|word| name.contains(word))
            || service.ports.iter().any(|port| port.container == self.port)
    }
}

/// The URLs of other programs that services get, each with its program, by service and variable.
pub fn of_other_programs(project: &Project) -> Vec<(DatabaseUrl, &'static Program)> {
    let mut found: Vec<(DatabaseUrl, &'static Program)> = vec![];
    for service in project.services() {
        for (key, value) in service.environment.iter() {
            let Some((text, program)) = value.value.as_deref().and_then(|text| Some((text, Program::of(text)?))) else {
                continue;
            };
            let reader = Reader::Service(service.name.value.clone());
            let mut span = value.span.clone();
            let Some(source) = project.sources.get(span.path.as_ref()) else { continue };
            let in_compose =
                project.compose.as_ref().is_some_and(|compose| compose.files.iter().any(|file| **file == *span.path));
            if in_compose && source.slice(&span).strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('=')) {
                span.start += key.len() + 1;
            }
            if let Some((url, _)) = found.iter_mut().find(|(url, _)| url.span == span && url.key == *key) {
                url.readers.push(reader);
                continue;
            }
            let holder = if in_compose { Holder::Compose } else { Holder::Dotenv };
            let mapped = Mapped::interpolated(source.slice(&span), text);
            let parts = parts(&mapped, source, span.start, holder);
            found.push((DatabaseUrl::found(key, parts, span, holder, reader), program));
        }
    }
    found
}
