//! Which services are Postgres servers, and where they listen in their network.

use crate::project::Project;
use crate::project::compose::Service;

/// Words in the name of an image that is a Postgres server.
const IMAGES: [&str; 5] = ["postgres", "pgvector", "postgis", "timescale", "paradedb"];

/// Words in the name of an image that has `postgres` in it and is none.
const OTHERS: [&str; 8] = ["exporter", "postgrest", "pgadmin", "backup", "pgbouncer", "meta", "adminer", "client"];

/// The services that are Postgres servers, sorted by name.
pub fn postgres_services(project: &Project) -> Vec<&Service> {
    project.services().filter(|service| is_postgres_service(project, service)).collect()
}

/// Whether a service is a Postgres server, told by its image or by what its image is built from.
pub fn is_postgres_service(project: &Project, service: &Service) -> bool {
    let is_image = |image: &str| {
        let name = image.rsplit('/').next().unwrap_or(image).to_lowercase();
        let whole = image.to_lowercase();
        IMAGES.iter().any(|word| whole.contains(word)) && !OTHERS.iter().any(|word| name.contains(word))
    };
    let built = service.build.as_ref().and_then(|build| {
        let dockerfile = project.dockerfile_of(service)?;
        Some(is_image(dockerfile.base_image_of(build.target.as_deref())?))
    });
    // A service that is built names its result with `image:`, which says nothing of what it is.
    built.unwrap_or_else(|| service.image.as_ref().is_some_and(|image| is_image(image)))
}

/// The port that a Postgres service listens on in its network.
pub fn container_port(service: &Service) -> u16 {
    let variable = service.environment.get("PGPORT").and_then(|value| value.value.as_deref()?.parse().ok());
    let published = service.ports.first().filter(|_| service.ports.len() == 1).map(|port| port.container);
    variable.or(published).unwrap_or(5432)
}
