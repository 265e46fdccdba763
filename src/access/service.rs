//! Who a service's processes are, and which line decides it: Compose's `user:`, the image, or nothing at all.

use crate::facts::{Container, Docker, Image, Missing, Need};
use crate::project::Project;
use crate::project::compose::Service;
use crate::project::starts::starting_files;
use crate::text::Span;
use crate::text::shell::is_shell;

use super::user::{RunsAs, Unresolved, resolve};

/// What decides a service's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decides {
    /// `user:` of the Compose file.
    Compose(Span),
    /// What the engine says of the service's container.
    Container {
        /// Whether its image said so, or nothing did, and not an option that it was made with (`user:` of then, `--user`).
        /// `None`: its image is not here any more to tell.
        by_image: Option<bool>,
    },
    /// What the engine says of the image of this name.
    Image(String),
    /// `USER` of a Dockerfile.
    Dockerfile(Span),
    /// Nothing in the files; this base image is known to run as root.
    Base(String),
}

/// Who a service's processes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUser {
    /// The user as written, empty where nothing says one.
    pub written: String,
    /// What decides it.
    pub decides: Decides,
    /// The numbers, as far as they can be known.
    pub runs: Result<RunsAs, Unresolved>,
}

impl ServiceUser {
    /// The user that a service's next container will run as; `None` when nothing that could be seen decides.
    ///
    /// In Compose's order: `user:`, else the image. What the engine says of container or image goes before what a
    /// Dockerfile says, since that may have changed since.
    pub fn of(service: &Service, project: &Project, docker: Option<&Docker>) -> Option<Self> {
        let container = docker.and_then(|docker| docker.container_of(&service.name));
        let (written, decides) = if let Some(user) = &service.user {
            (user.value.clone(), Decides::Compose(user.span.clone()))
        } else if let Some(container) = container {
            let image = docker.and_then(|docker| docker.images.values().find(|image| image.id == container.image_id));
            let by_image = image.map(|image| image.user == container.user);
            (container.user.clone(), Decides::Container { by_image })
        } else if let Some((name, image)) = image_of(service, project, docker) {
            (image.user.clone(), Decides::Image(name))
        } else {
            base_of(service, project)?.user()?
        };
        Some(Self { runs: numbers(&written, container), written, decides })
    }

    /// The user that a container of an image runs as when nothing else is said; `None` when that cannot be known.
    pub fn of_image(image: &str, docker: Option<&Docker>) -> Option<Self> {
        let known = docker.and_then(|docker| docker.images.get(image));
        let (written, decides) = match known {
            Some(known) => (known.user.clone(), Decides::Image(image.to_owned())),
            None => Base { image: image.to_owned(), user: None }.user()?,
        };
        Some(Self { runs: numbers(&written, None), written, decides })
    }

    /// Whether it is root in the container.
    pub fn is_root(&self) -> bool {
        match &self.runs {
            Ok(runs) => runs.identity.owner.uid == 0,
            Err(_) => says_root(&self.written),
        }
    }
}

fn numbers(written: &str, container: Option<&Container>) -> Result<RunsAs, Unresolved> {
    let Some(container) = container else {
        let missing = Missing::new(Need::Docker, "there is no container whose users could be looked up");
        return resolve(written, &[], &Err(missing.clone()), &Err(missing), &crate::facts::Environment::default());
    };
    resolve(written, &container.group_add, &container.passwd, &container.groups, &container.environment)
}

/// Why a check cannot tell as whom a service runs.
pub fn unknown_user(service: &str) -> Missing {
    Missing::new(
        Need::Docker,
        format!("the files do not say as whom `{service}` runs, and its image could not be looked at"),
    )
}

/// Whether a `user:`, `-u` or `USER` means root, by its text alone.
pub fn says_root(written: &str) -> bool {
    let user = written.split_once(':').map_or(written, |(user, _)| user);
    user == "root" || user.is_empty() || user.parse::<i64>() == Ok(0)
}

/// The image a service uses, when the engine has it.
pub fn image_of<'a>(service: &Service, project: &Project, docker: Option<&'a Docker>) -> Option<(String, &'a Image)> {
    let docker = docker?;
    let name = match &service.image {
        Some(image) => image.value.clone(),
        // Compose names what it builds `<project>-<service>`.
        None => format!("{}-{}", project.compose.as_ref()?.name, service.name.value),
    };
    Some((name.clone(), docker.images.get(&name)?))
}

/// What a service's image starts from, as far as the files say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The image of another maker at the bottom.
    pub image: String,
    /// The `USER` that holds, from the Dockerfile, if one is said.
    pub user: Option<(String, Span)>,
}

impl Base {
    fn user(self) -> Option<(String, Decides)> {
        match self.user {
            Some((user, span)) => Some((user, Decides::Dockerfile(span))),
            None if runs_as_root(&self.image) => Some((String::new(), Decides::Base(self.image))),
            None => None,
        }
    }
}

/// The image at the bottom of a service: its `image:`, or what the Dockerfile's stages lead to.
pub fn base_of(service: &Service, project: &Project) -> Option<Base> {
    let Some(build) = &service.build else {
        return Some(Base { image: service.image.as_ref()?.value.clone(), user: None });
    };
    let dockerfile = project.dockerfile_of(service)?;
    let target = build.target.as_deref();
    let user = dockerfile.user_of(target).map(|user| (user.value.clone(), user.span.clone()));
    Some(Base { image: dockerfile.base_image_of(target)?.value.clone(), user })
}

/// The last part of an image's name without tag and digest, and what stands before it.
fn repository(image: &str) -> (&str, &str) {
    let image = image.split('@').next().unwrap_or(image);
    let (space, name) = image.rsplit_once('/').unwrap_or(("", image));
    (space, name.split(':').next().unwrap_or(name))
}

/// Official images whose `USER` is not set, so that what starts from them runs as root.
fn runs_as_root(image: &str) -> bool {
    const BASES: [&str; 25] = [
        "almalinux",
        "alpine",
        "amazonlinux",
        "archlinux",
        "buildpack-deps",
        "busybox",
        "centos",
        "composer",
        "debian",
        "eclipse-temurin",
        "elixir",
        "erlang",
        "fedora",
        "golang",
        "gradle",
        "maven",
        "node",
        "openjdk",
        "perl",
        "php",
        "pypy",
        "python",
        "rockylinux",
        "ruby",
        "rust",
    ];
    let (space, name) = repository(image);
    match space {
        "" | "library" | "docker.io/library" => BASES.contains(&name) || name == "ubuntu",
        "ghcr.io/astral-sh" => name == "uv",
        _ => false,
    }
}

/// Whether an image brings no folders of a project along, so that its Dockerfile tells who makes them.
pub fn has_no_folders_of_others(image: &str) -> bool {
    !["composer", "eclipse-temurin", "gradle", "maven"].contains(&repository(image).1) && runs_as_root(image)
}

/// Images that must start as root and change to a user of their own, or that keep data of their own: databases, brokers, web
/// servers, and those that take the user by `PUID`.
pub fn changes_user_itself(image: &str) -> bool {
    const NAMES: [&str; 43] = [
        "adminer",
        "caddy",
        "cassandra",
        "clickhouse-server",
        "consul",
        "couchbase",
        "couchdb",
        "elasticsearch",
        "etcd",
        "grafana",
        "haproxy",
        "httpd",
        "influxdb",
        "kafka",
        "keycloak",
        "kibana",
        "localstack",
        "logstash",
        "mailhog",
        "mailpit",
        "mariadb",
        "meilisearch",
        "memcached",
        "minio",
        "mongo",
        "mysql",
        "nats",
        "neo4j",
        "nginx",
        "nginx-unprivileged",
        "opensearch",
        "percona",
        "pgadmin4",
        "pgvector",
        "prometheus",
        "qdrant",
        "rabbitmq",
        "redis",
        "redis-stack",
        "solr",
        "traefik",
        "vault",
        "zookeeper",
    ];
    let (space, name) = repository(image);
    NAMES.contains(&name)
        || ["postgres", "postgis", "timescaledb", "redis", "valkey", "mongo", "mysql", "weaviate"]
            .iter()
            .any(|start| name.starts_with(start))
        || space.ends_with("linuxserver")
}

/// Whether a service changes to a user of its own: by its image, by a base it is built from, or by `PUID`.
pub fn service_changes_user(service: &Service, project: &Project, container: Option<&Container>) -> bool {
    service.image.as_ref().is_some_and(|image| changes_user_itself(image))
        || base_of(service, project).is_some_and(|base| changes_user_itself(&base.image))
        || container.is_some_and(|container| {
            changes_user_itself(&container.image) || container.environment.get_nonempty("PUID").is_some()
        })
        || service.environment.contains_key("PUID")
}

/// Whether a service runs an application of another maker as it comes: what lies in its folders of data is its own affair.
///
/// Not so where the project says what runs in it, builds it, or takes an image that is there for running one's own code.
pub fn is_application(service: &Service, project: &Project) -> bool {
    let Some(image) = &service.image else { return false };
    let built_here = || {
        project
            .services()
            .any(|other| other.build.is_some() && other.image.as_ref().is_some_and(|its| **its == **image))
    };
    service.build.is_none()
        && service.command.is_none()
        && !image.is_empty()
        && !image.contains('$')
        && !runs_as_root(image)
        && !built_here()
}

/// Whether an image that the project builds leaves root by itself: its Dockerfile, or a script of the project that it starts
/// with, names a program that does so.
pub fn leaves_root(service: &Service, project: &Project) -> bool {
    let Some(build) = &service.build else { return false };
    let Some(text) = project.dockerfile_text(build) else { return false };
    let source = project.sources.get(&build.dockerfile);
    let read = project.dockerfiles.get(&build.dockerfile);
    let names_one = |text: &str| {
        text.lines().filter(|line| !line.trim_start().starts_with('#')).any(|line| {
            line.split(|character: char| character.is_whitespace() || "\"'[],;&|()=:/".contains(character))
                .any(|word| LEAVE_ROOT.contains(&word))
        })
    };
    let starts = read.zip(source).map(|(read, source)| starting_files(read, source)).unwrap_or_default();
    let is_started = |path: &str| path.rsplit('/').next().is_some_and(|name| starts.contains(&name));
    names_one(text) || project.sources.iter().any(|(path, source)| is_started(path) && names_one(source.text()))
}

/// Programs by which the start of a container becomes another user.
const LEAVE_ROOT: [&str; 8] = ["chpst", "fixuid", "gosu", "runuser", "s6-setuidgid", "setpriv", "setuidgid", "su-exec"];

/// Whether a command does nothing but keep a container alive, so that only what is exec'd in it writes.
pub fn idles(command: &[String]) -> bool {
    let words: Vec<&str> = command.iter().flat_map(|word| word.split_whitespace()).collect();
    let words = match words.as_slice() {
        [shell, flag, rest @ ..] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => rest,
        all => all,
    };
    let words = words.strip_prefix(&["exec"]).unwrap_or(words);
    let words = match words {
        [init, "--", rest @ ..] if init.ends_with("tini") || init.ends_with("dumb-init") => rest,
        all => all,
    };
    match words {
        ["cat"] | ["sleep", _] => true,
        ["tail", options @ .., "/dev/null"] => options.iter().all(|option| option.starts_with('-')),
        [shell, options @ ..] => {
            (is_shell(shell) || *shell == "fish") && options.iter().all(|option| option.starts_with('-'))
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_that_mean_root_are_told_by_their_text() {
        for written in ["", ":", "0", "root", "0:1000", ":1000", "root:app", "00"] {
            assert!(says_root(written), "{written}");
        }
        for written in ["1000", "app", "1000:0", "$UID"] {
            assert!(!says_root(written), "{written}");
        }
    }

    #[test]
    fn images_are_known_by_their_repository() {
        for image in
            ["python:3.12-slim", "docker.io/library/node:22", "ubuntu@sha256:00", "ghcr.io/astral-sh/uv:python3.12"]
        {
            assert!(runs_as_root(image), "{image}");
        }
        for image in ["acme/python", "localhost:5000/python:3", "bitnami/node"] {
            assert!(!runs_as_root(image), "{image}");
        }
        for image in [
            "postgres:16",
            "pgvector/pgvector:pg16",
            "lscr.io/linuxserver/code-server",
            "timescale/timescaledb-ha:pg16",
        ] {
            assert!(changes_user_itself(image), "{image}");
        }
        assert!(!changes_user_itself("acme/api"));
    }

    #[test]
    fn commands_that_only_wait_are_idle() {
        let words = |command: &str| shell_words(command);
        for command in [
            "sleep infinity",
            "tail -f /dev/null",
            "cat",
            "/bin/bash",
            "sh -c 'sleep infinity'",
            "bash -l",
            "tini -- sleep 9",
        ] {
            assert!(idles(&words(command)), "{command}");
        }
        for command in
            ["uvicorn app:app", "sh -c 'alembic upgrade head'", "tail -f log.txt", "cat x", "bash start.sh", ""]
        {
            assert!(!idles(&words(command)), "{command}");
        }
    }

    fn shell_words(command: &str) -> Vec<String> {
        match command.split_once('\'') {
            Some((start, quoted)) => {
                start.split_whitespace().map(str::to_owned).chain([quoted.trim_end_matches('\'').to_owned()]).collect()
            }
            None => command.split_whitespace().map(str::to_owned).collect(),
        }
    }
}
