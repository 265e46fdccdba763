//! A throw-away container that may change owners and nothing else.

use std::collections::HashMap;

use bollard::body_full;
use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountBindOptions,
    MountBindOptionsPropagationEnum, MountType, MountVolumeOptions,
};
use bollard::query_parameters::{LogsOptions, RemoveContainerOptions, UploadToContainerOptions};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{CHOWN, EngineError, LONGEST_RUN, Words, XARGS, judge, keep_words, program_of};
use crate::facts::{Docker, MountKind};
use crate::probe::docker::Engine;
use crate::text::percent_encoded;

/// Where the project lies in the helper.
pub(super) const PLACE: &str = "/devdoctor";

/// Where the helper finds the paths when they are too many for words.
const LIST_FOLDER: &str = "/devdoctor-paths";

/// The list in that folder.
const LIST: &str = "/devdoctor-paths/list";

/// What marks a helper on the engine.
const LABEL: &str = "devdoctor.helper";

/// A helper that ended this long before another one began belongs to a devdoctor that was killed.
const LEFT_BEHIND: i64 = 600;

/// How many images are looked into at most.
const MOST_IMAGES: usize = 30;

/// The one thing that a helper sees of this machine.
pub(super) struct Mounted<'step> {
    /// Bind or volume.
    pub kind: MountKind,
    /// Path on the engine's host, or name of the volume.
    pub source: &'step str,
    /// Path in the helper.
    pub target: &'step str,
    /// `host` to keep out of a remapping engine's map.
    pub userns_mode: &'step str,
}

/// An image that has chown, and how it is called there.
pub(super) struct Helper<'engine> {
    engine: &'engine Engine,
    image: String,
    chown: Words,
    /// How xargs is called there, when it is needed and there.
    xargs: Option<Words>,
    swept: bool,
}

impl<'engine> Helper<'engine> {
    /// Looks for an image that is here and has chown (and xargs when paths are to come as a list, if any has): the
    /// project's own first, since they surely run, then the others from the smallest. Nothing is started for it.
    pub async fn find(engine: &'engine Engine, docker: &Docker, list: bool) -> Result<Self, EngineError> {
        let images = images(engine, docker).await?;
        let mut without_xargs = None;
        let mut last = EngineError::NoImage(images.len());
        for image in &images {
            // An image of another platform may not even let itself be made a container of.
            let container = match create(engine, body(image, vec![], None, false)).await {
                Ok(container) => container,
                Err(error) => {
                    last = error;
                    continue;
                }
            };
            let found = programs_of(engine, &container, list).await;
            remove(engine, &container).await;
            if let (Some(chown), xargs) = found? {
                let helper = Self { engine, image: image.clone(), chown, xargs, swept: false };
                if helper.xargs.is_some() == list {
                    return Ok(helper);
                }
                without_xargs = without_xargs.or(Some(helper));
            }
        }
        without_xargs.ok_or(last)
    }

    /// Whether paths may come as a list.
    pub fn reads_lists(&self) -> bool {
        self.xargs.is_some()
    }

    /// Runs chown with these words, and with the paths of the list (each ended by NUL) when there is one.
    /// The container is gone afterwards, whatever happens.
    pub async fn run(
        &mut self,
        mounted: &Mounted<'_>,
        words: Vec<String>,
        list: Option<&[u8]>,
    ) -> Result<(), EngineError> {
        let xargs = self.xargs.filter(|_| list.is_some());
        let fed: &[&str] = if xargs.is_some() { &["-0", "-a", LIST] } else { &[] };
        let program = xargs.unwrap_or_default().iter().chain(fed).chain(self.chown);
        let program: Vec<String> = program.map(|word| (*word).to_owned()).collect();
        let body = body(&self.image, [program, words].concat(), Some(mounted), list.is_some());
        let container = create(self.engine, body).await?;
        if !self.swept {
            self.swept = true;
            sweep(self.engine, &container).await;
        }
        let done = timeout(LONGEST_RUN, run_to_end(self.engine, &container, list)).await;
        remove(self.engine, &container).await;
        done.unwrap_or(Err(EngineError::TimedOut))
    }
}

async fn programs_of(
    engine: &Engine,
    container: &str,
    list: bool,
) -> Result<(Option<Words>, Option<Words>), EngineError> {
    let chown = program_of(engine, container, &CHOWN).await?;
    let xargs = if list && chown.is_some() { program_of(engine, container, &XARGS).await? } else { None };
    Ok((chown, xargs))
}

async fn create(engine: &Engine, body: ContainerCreateBody) -> Result<String, EngineError> {
    let created = timeout(LONGEST_RUN, engine.client().create_container(None, body)).await;
    Ok(created.map_err(|_| EngineError::TimedOut)??.id)
}

async fn run_to_end(engine: &Engine, container: &str, list: Option<&[u8]>) -> Result<(), EngineError> {
    let client = engine.client();
    if let Some(list) = list {
        let options = UploadToContainerOptions { path: LIST_FOLDER.to_owned(), ..UploadToContainerOptions::default() };
        client.upload_to_container(container, Some(options), body_full(archive_of(list).into())).await?;
    }
    client.start_container(container, None).await?;
    let mut waiting = std::pin::pin!(client.wait_container(container, None));
    let status = match waiting.next().await {
        Some(Ok(ended)) => ended.status_code,
        Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
        Some(Err(error)) => return Err(error.into()),
        None => return Err(EngineError::Engine("the engine did not say how the helper ended".to_owned())),
    };
    let mut said = String::new();
    if status != 0 {
        let options = LogsOptions { stdout: true, stderr: true, ..LogsOptions::default() };
        let mut logs = std::pin::pin!(client.logs(container, Some(options)));
        while let Some(Ok(piece)) = logs.next().await {
            keep_words(&mut said, &piece);
        }
    }
    judge(status, &said)
}

async fn remove(engine: &Engine, container: &str) {
    // With it go the nameless volumes that its image made it have.
    let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
    // What is left is swept by the next run; it can do nothing any more.
    _ = timeout(LONGEST_RUN, engine.client().remove_container(container, Some(options))).await;
}

/// Removes helpers that ended long before `this` one was made: their devdoctor was killed.
async fn sweep(engine: &Engine, this: &str) {
    let filters = format!(r#"{{"label":["{LABEL}"],"status":["created","exited","dead"]}}"#);
    let path = format!("/containers/json?all=1&filters={}", percent_encoded(&filters));
    let Ok(list) = engine.get(&path, Instant::now() + LONGEST_RUN).await else { return };
    for id in left_behind(&list, this) {
        remove(engine, id).await;
    }
}

/// Of the helpers in a list those that are much older than `this`.
fn left_behind<'list>(list: &'list Value, this: &str) -> Vec<&'list str> {
    let helpers = || {
        let all = list.as_array().into_iter().flatten();
        all.filter_map(|helper| Some((helper.get("Id")?.as_str()?, helper.get("Created")?.as_i64()?)))
    };
    let Some((_, now)) = helpers().find(|(id, _)| *id == this) else { return vec![] };
    helpers().filter(|(_, created)| created.saturating_add(LEFT_BEHIND) < now).map(|(id, _)| id).collect()
}

/// Images that are here, in the order in which they are tried.
async fn images(engine: &Engine, docker: &Docker) -> Result<Vec<String>, EngineError> {
    let mut containers: Vec<_> = docker.containers.iter().collect();
    containers.sort_by_key(|container| !container.running);
    let mut images: Vec<String> = containers.iter().map(|container| container.image_id.clone()).collect();
    images.extend(docker.images.values().map(|image| image.id.clone()));
    let list = engine.get("/images/json", Instant::now() + LONGEST_RUN).await?;
    let mut others: Vec<(i64, &str)> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|image| Some((image.get("Size").and_then(Value::as_i64)?, image.get("Id")?.as_str()?)))
        .collect();
    others.sort_unstable();
    images.extend(others.into_iter().map(|(_, id)| id.to_owned()));
    let mut seen = vec![];
    images.retain(|image| !image.is_empty() && !seen.contains(image) && (seen.push(image.clone()), true).1);
    images.truncate(MOST_IMAGES);
    Ok(images)
}

/// What a helper is made of.
fn body(image: &str, command: Vec<String>, mounted: Option<&Mounted<'_>>, list: bool) -> ContainerCreateBody {
    let texts = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let logs = HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(HashMap::from([("max-size".to_owned(), "1m".to_owned())])),
    };
    ContainerCreateBody {
        image: Some(image.to_owned()),
        // An image may have an entrypoint of its own, and one that has nothing at all makes no container.
        entrypoint: command.first().map(|program| vec![program.clone()]).or_else(|| texts(&["/bin/chown"])),
        cmd: Some(command.into_iter().skip(1).collect()),
        user: Some("0:0".to_owned()),
        // Paths of the project are relative; a single file that is mounted is no place to be.
        working_dir: Some(mounted.map_or("/", |mounted| if mounted.target == PLACE { PLACE } else { "/" }).to_owned()),
        labels: Some(HashMap::from([(LABEL.to_owned(), env!("CARGO_PKG_VERSION").to_owned())])),
        network_disabled: Some(true),
        healthcheck: Some(HealthConfig { test: texts(&["NONE"]), ..HealthConfig::default() }),
        host_config: Some(HostConfig {
            mounts: Some(mounted.map(mount).into_iter().chain(list.then(list_volume)).collect()),
            userns_mode: mounted.map(|mounted| mounted.userns_mode.to_owned()).filter(|mode| !mode.is_empty()),
            network_mode: Some("none".to_owned()),
            readonly_rootfs: Some(true),
            cap_drop: texts(&["ALL"]),
            // To change owners, and to reach what lies in closed folders.
            cap_add: texts(&["CHOWN", "DAC_READ_SEARCH"]),
            // SELinux would keep the helper from files that carry no label of containers.
            security_opt: texts(&["no-new-privileges", "label=disable"]),
            log_config: Some(logs),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// A nameless volume for the list: the helper's own file system cannot be written. It goes with the helper.
fn list_volume() -> Mount {
    Mount { typ: Some(MountType::VOLUME), target: Some(LIST_FOLDER.to_owned()), ..Mount::default() }
}

/// An archive with the list as its one file. A list that came half would name other paths than were meant; an archive
/// that comes half is no archive, and the helper is not started.
fn archive_of(list: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    let size = format!("{:011o}", list.len());
    for (at, field) in [
        (0, "list"),
        (100, "0000400"),
        (108, "0000000"),
        (116, "0000000"),
        (124, &size),
        (136, "00000000000"),
        (148, "        "),
        (156, "0"),
        (257, "ustar\u{0}00"),
    ] {
        for (place, byte) in header.iter_mut().skip(at).zip(field.bytes()) {
            *place = byte;
        }
    }
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
        *place = byte;
    }
    let mut archive = [&header[..], list].concat();
    // The last block is filled up, and two empty ones end the archive.
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

fn mount(mounted: &Mounted<'_>) -> Mount {
    let bind = MountBindOptions {
        propagation: Some(MountBindOptionsPropagationEnum::PRIVATE),
        // What is mounted below is another file system, which is not entered.
        non_recursive: Some(true),
        ..MountBindOptions::default()
    };
    // An empty volume stays empty.
    let volume = MountVolumeOptions { no_copy: Some(true), ..MountVolumeOptions::default() };
    let is_bind = mounted.kind == MountKind::Bind;
    Mount {
        typ: Some(if is_bind { MountType::BIND } else { MountType::VOLUME }),
        source: Some(mounted.source.to_owned()),
        target: Some(mounted.target.to_owned()),
        bind_options: is_bind.then_some(bind),
        volume_options: (!is_bind).then_some(volume),
        ..Mount::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_helpers_of_long_ago_are_swept() {
        let list = json!([
            {"Id": "this", "Created": 10_000}, {"Id": "old", "Created": 9_000}, {"Id": "young", "Created": 9_900}, {"x": 1}
        ]);
        assert_eq!(left_behind(&list, "this"), ["old"]);
        assert_eq!(left_behind(&list, "unknown"), Vec::<&str>::new());
        assert_eq!(left_behind(&json!({}), "this"), Vec::<&str>::new());
    }

    #[test]
    fn the_list_is_an_archive_with_one_file() {
        for size in [1, 511, 512, 513, 70_000] {
            let list = vec![b'x'; size];
            let archive = archive_of(&list);
            let mut archive = tar::Archive::new(&archive[..]);
            let mut files = archive.entries().unwrap();
            let mut file = files.next().unwrap().unwrap();
            let mut content = vec![];
            std::io::Read::read_to_end(&mut file, &mut content).unwrap();
            assert_eq!((file.path().unwrap().to_str(), content.len()), (Some("list"), size));
            assert!(files.next().is_none());
        }
    }

    #[test]
    fn a_helper_sees_one_mount_and_may_change_owners() {
        let mounted = Mounted { kind: MountKind::Bind, source: "/p", target: PLACE, userns_mode: "" };
        let body =
            serde_json::to_value(body("sha256:x", vec!["chown".into(), "-h".into()], Some(&mounted), false)).unwrap();
        for (pointer, expected) in [
            ("/HostConfig/CapDrop", json!(["ALL"])),
            ("/HostConfig/CapAdd", json!(["CHOWN", "DAC_READ_SEARCH"])),
            ("/HostConfig/NetworkMode", json!("none")),
            ("/HostConfig/ReadonlyRootfs", json!(true)),
            ("/HostConfig/Mounts/0/BindOptions", json!({"Propagation": "private", "NonRecursive": true})),
            ("/HostConfig/Mounts/1", Value::Null),
            ("/HostConfig/Binds", Value::Null),
            ("/HostConfig/Privileged", Value::Null),
            ("/User", json!("0:0")),
            ("/Entrypoint", json!(["chown"])),
            ("/Cmd", json!(["-h"])),
        ] {
            assert_eq!(body.pointer(pointer).cloned().unwrap_or_default(), expected, "{pointer}");
        }
    }
}
