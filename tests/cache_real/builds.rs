//! Cache mounts of image builds with the real BuildKit, by Compose.

use std::process::Command;

use super::projects::{OPEN, fixed, project, report, up};
use super::support::project::{Project, answer};
use super::support::tree::Compared;
use super::support::variable;

/// The image that Compose builds for `app`; it goes with the test.
pub struct Image(String);

impl Image {
    pub fn of(project: &Project) -> Self {
        Self(format!("{}-app", project.root.file_name().unwrap().to_str().unwrap()))
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        _ = Command::new("docker").args(["image", "rm", "--force", &self.0]).output();
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_cache_mount_is_given_to_the_user_of_the_step() {
    let project = project("services:\n  app:\n    build: .\n");
    let image = Image::of(&project);
    let dockerfile = "FROM IMAGE
RUN useradd --uid 1000 --create-home app
USER app
WORKDIR /home/app/src
COPY --chown=app:app . .
ENV RUN=NAME
RUN --mount=type=cache,target=/home/app/.cache/uv \\
    uv sync
";
    // Another text in each run: what once worked would be taken from the engine's cache.
    project.write(
        "Dockerfile",
        dockerfile.replace("IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_PYTHON")).replace("NAME", &image.0),
    );
    let build = || project.shell("docker compose --progress plain build");
    let refused = build();
    assert_ne!(refused.status, 0, "{refused}");
    for text in [
        "Permission denied (os error 13) at path \"/home/app/.cache/uv/",
        "executor failed running [/bin/sh -c uv sync",
    ] {
        assert!(refused.all().contains(text), "{text}: {refused}");
    }
    // The very log leads to the check.
    std::fs::write(project.home.join("build.log"), refused.all()).unwrap();
    let mut why = project.doctor(project.person, &["why"]);
    let why = answer("why", why.stdin(std::fs::File::open(project.home.join("build.log")).unwrap()));
    assert!(why.out.contains("cache-mount-owned-by-root"), "{why}");
    report(&project, "cache").assert_places("cache-mount-owned-by-root", &["Dockerfile:7:13"]);
    let before = project.tree();
    fixed(&project, "cache-mount-owned-by-root");
    let built = build().ends_with(0);
    assert!(built.all().contains("+ alpha==1.0"), "{built}");
    assert_eq!(report(&project, "cache").found(), [""; 0]);
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), Compared::Content);
    project.replace("Dockerfile", "ENV RUN=", "ENV RUN=again-");
    assert_ne!(build().status, 0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_folder_that_a_cache_mount_leaves_in_an_image_is_not_used() {
    let project = project("services:\n  app:\n    build: .\n    network_mode: none\n    command: uv run SHOP\n");
    let _image = Image::of(&project);
    let dockerfile = "FROM IMAGE
RUN useradd --uid 1000 --create-home app
USER app
WORKDIR /home/app/src
COPY --chown=app:app . .
RUN --mount=type=cache,target=/home/app/.cache/uv,uid=1000,gid=1000 uv lock
";
    project.write("Dockerfile", dockerfile.replace("IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_PYTHON")));
    project.shell("docker compose build").ends_with(0);
    let refused = up(&project, "").ends_with(2);
    assert!(refused.all().contains("Permission denied (os error 13) at path \"/home/app/.cache/uv/"), "{refused}");
    report(&project, "cache").assert_places("cache-not-writable", &["compose.yaml:2:3"]);
    let before = project.tree();
    fixed(&project, "cache-not-writable");
    assert!(up(&project, "").ends_with(0).all().contains(OPEN));
    assert_eq!(report(&project, "cache").found(), [""; 0]);
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), Compared::Content);
    up(&project, "").ends_with(2);
}
