//! A throw-away container that may change owners and nothing else, in which devdoctor itself does the work.

use std::collections::HashMap;
use std::time::Duration;

use bollard::body_full;
use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountBindOptions,
    MountBindOptionsPropagationEnum, MountType, MountVolumeOptions,
};
use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, RemoveContainerOptions, UploadToContainerOptions,
};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::order::Answer;
use super::parcel::{self, Parcel};
use super::{EngineError, LONGEST_RUN, keep_words, sweep};
use crate::facts::MountKind;
use crate::probe::docker::{AskError, Engine, one_line, told};
use crate::text::percent_encoded;

/// Where the one thing that a helper sees of this machine lies in it.
pub(super) const PLACE: &str = "/devdoctor";

/// What marks a helper on the engine; the value names the devdoctor that made it.
pub(super) const LABEL: &str = "devdoctor.helper";

/// How many images are tried at most.
const MOST_IMAGES: usize = 30;

/// How long a helper that has ended may take to go.
const LONGEST_FAREWELL: Duration = Duration::from_secs(10);

/// The one thing that a helper sees of this machine.
pub(super) struct Mounted<'step> {
    /// Bind or volume.
    pub kind: MountKind,
    /// Path on the engine's host, or name of the volume.
    pub source: &'step str,
    /// `host` to keep out of a remapping engine's map, and out of what Podman's settings give every container.
    pub userns_mode: &'step str,
}

/// Lets a helper do what its parcel says. The container is gone afterwards, whatever happens: when this devdoctor does not
/// live to remove it, it ends by itself and the engine removes it then.
pub(super) async fn run(engine: &Engine, mounted: &Mounted<'_>, parcel: Parcel) -> Result<Answer, EngineError> {
    if mounted.kind == MountKind::Volume {
        // A volume that is gone would be made anew.
        let asked = engine.get(&format!("/volumes/{}", percent_encoded(mounted.source)), deadline()).await;
        asked.map_err(|error| match error {
            AskError::NotFound(_) => EngineError::NoVolume(mounted.source.to_owned()),
            error => error.into(),
        })?;
    }
    let Parcel { archive, command } = parcel;
    let container = made(engine, mounted, &command).await?;
    let (done, ()) =
        tokio::join!(timeout(LONGEST_RUN, run_to_end(engine, &container, archive)), sweep::sweep(engine, &container));
    remove(engine, &container).await;
    done.unwrap_or(Err(EngineError::TimedOut))
}

fn deadline() -> Instant {
    Instant::now() + LONGEST_RUN
}

/// A container of any image that is here: nothing of the image is used. One of another platform may not even let itself be
/// made a container of.
async fn made(engine: &Engine, mounted: &Mounted<'_>, command: &[String]) -> Result<String, EngineError> {
    let mut last = EngineError::NoImage;
    for image in images(engine).await? {
        let options: Option<CreateContainerOptions> = None;
        let created = engine.client().create_container(options, body(&image, command, mounted));
        match timeout(LONGEST_RUN, created).await {
            Ok(Ok(container)) => return Ok(container.id),
            Ok(Err(error)) => last = error.into(),
            Err(_) => return Err(EngineError::TimedOut),
        }
    }
    Err(last)
}

async fn run_to_end(engine: &Engine, container: &str, archive: Vec<u8>) -> Result<Answer, EngineError> {
    let client = engine.client();
    let options = UploadToContainerOptions { path: parcel::FOLDER.to_owned(), ..UploadToContainerOptions::default() };
    client.upload_to_container(container, Some(options), body_full(archive.into())).await?;
    // Before it starts, so that nothing it says is lost.
    let options =
        AttachContainerOptions { stream: true, stdout: true, stderr: true, ..AttachContainerOptions::default() };
    let mut output = client.attach_container(container, Some(options)).await?.output;
    client.start_container(container, None).await.map_err(|error| EngineError::NoStart(told(&error).to_string()))?;
    let (mut answer, mut complaints) = (vec![], String::new());
    while let Some(piece) = output.next().await {
        match piece? {
            bollard::container::LogOutput::StdOut { message } => answer.extend_from_slice(&message),
            other => keep_words(&mut complaints, &other),
        }
    }
    serde_json::from_slice(&answer).map_err(|_| {
        EngineError::NoStart(match complaints.trim() {
            "" => "it ended without a word".to_owned(),
            words => one_line(words),
        })
    })
}

/// Removes a container and waits until it is gone. What is left nevertheless is swept by a later run.
pub(super) async fn remove(engine: &Engine, container: &str) {
    let end = Instant::now() + LONGEST_FAREWELL;
    while Instant::now() < end {
        // With it go the nameless volumes: the parcel's, and those that its image made it have.
        let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
        match timeout(LONGEST_FAREWELL, engine.client().remove_container(container, Some(options))).await {
            // The engine is at it already, since the container has ended.
            Ok(Err(error)) if matches!(told(&error), AskError::Refused { status: 409, .. }) => {
                sleep(Duration::from_millis(10)).await;
            }
            _ => return,
        }
    }
}

/// Images that are here, the smallest first: some engines copy an image for each container.
async fn images(engine: &Engine) -> Result<Vec<String>, EngineError> {
    let list = engine.get("/images/json", deadline()).await?;
    let mut images: Vec<(i64, &str)> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|image| Some((image.get("Size").and_then(Value::as_i64)?, image.get("Id")?.as_str()?)))
        .collect();
    images.sort_unstable();
    images.truncate(MOST_IMAGES);
    Ok(images.into_iter().map(|(_, id)| id.to_owned()).collect())
}

/// What a helper is made of.
fn body(image: &str, command: &[String], mounted: &Mounted<'_>) -> ContainerCreateBody {
    let texts = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    ContainerCreateBody {
        image: Some(image.to_owned()),
        // An image may have an entrypoint of its own.
        entrypoint: Some(command.iter().take(1).cloned().collect()),
        cmd: Some(command.iter().skip(1).cloned().collect()),
        // And variables that would have other libraries loaded.
        env: texts(&["LD_PRELOAD=", "LD_LIBRARY_PATH=", "LD_AUDIT=", "GLIBC_TUNABLES="]),
        user: Some("0:0".to_owned()),
        working_dir: Some("/".to_owned()),
        labels: Some(HashMap::from([(LABEL.to_owned(), sweep::maker())])),
        network_disabled: Some(true),
        healthcheck: Some(HealthConfig { test: texts(&["NONE"]), ..HealthConfig::default() }),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: Some(HostConfig {
            mounts: Some(vec![mount(mounted), parcel_volume()]),
            userns_mode: Some(mounted.userns_mode.to_owned()).filter(|mode| !mode.is_empty()),
            network_mode: Some("none".to_owned()),
            readonly_rootfs: Some(true),
            auto_remove: Some(true),
            cap_drop: texts(&["ALL"]),
            // To change owners, and to reach what lies in closed folders.
            cap_add: texts(&["CHOWN", "DAC_READ_SEARCH"]),
            // SELinux would keep the helper from files that carry no label of containers.
            security_opt: texts(&["no-new-privileges", "label=disable"]),
            log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// A nameless volume, which goes with the helper.
fn parcel_volume() -> Mount {
    Mount { typ: Some(MountType::VOLUME), target: Some(parcel::FOLDER.to_owned()), ..Mount::default() }
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
        target: Some(PLACE.to_owned()),
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
    fn a_helper_sees_one_mount_and_may_change_owners() {
        let mounted = Mounted { kind: MountKind::Bind, source: "/p", userns_mode: "" };
        let command = ["/devdoctor-parcel/ld.so".into(), "/devdoctor-parcel/devdoctor".into()];
        let body = serde_json::to_value(body("sha256:x", &command, &mounted)).unwrap();
        for (pointer, expected) in [
            ("/HostConfig/CapDrop", json!(["ALL"])),
            ("/HostConfig/CapAdd", json!(["CHOWN", "DAC_READ_SEARCH"])),
            ("/HostConfig/NetworkMode", json!("none")),
            ("/HostConfig/ReadonlyRootfs", json!(true)),
            ("/HostConfig/AutoRemove", json!(true)),
            ("/HostConfig/SecurityOpt", json!(["no-new-privileges", "label=disable"])),
            ("/HostConfig/Mounts/0/BindOptions", json!({"Propagation": "private", "NonRecursive": true})),
            ("/HostConfig/Mounts/0/Source", json!("/p")),
            ("/HostConfig/Mounts/1/Source", Value::Null),
            ("/HostConfig/Mounts/2", Value::Null),
            ("/HostConfig/Binds", Value::Null),
            ("/HostConfig/Privileged", Value::Null),
            ("/User", json!("0:0")),
            ("/Entrypoint", json!(["/devdoctor-parcel/ld.so"])),
            ("/Cmd", json!(["/devdoctor-parcel/devdoctor"])),
        ] {
            assert_eq!(body.pointer(pointer).cloned().unwrap_or_default(), expected, "{pointer}");
        }
    }
}
