//! Projects with migrations, installed by the real uv into an environment of the image.

use std::collections::BTreeSet;
use std::process::Command;

use super::support::answer::Report;
use super::support::person::Person;
use super::support::project::Project;
use super::support::tree::Compared;
use super::support::variable;

/// The images with the newest uv and Alembic, and with those of the middle of 2025.
pub const SETS: [&str; 2] = ["DEVDOCTOR_TEST_IMAGE_UV", "DEVDOCTOR_TEST_IMAGE_UV_2025"];

pub const ID: &str = "alembic-command-outside-environment";

/// What Alembic answers when it is run.
pub const HEAD: &str = "aaa1 (head)";

const PYPROJECT: &str = "[project]
name = \"shop\"
version = \"1\"
requires-python = \">=3.11\"
dependencies = [\"alembic\", \"sqlalchemy\"]

[tool.uv]
package = false
no-index = true
find-links = [\"/wheels\"]
";

/// What the environment is made from, and not what calls it.
pub const DOCKERFILE: &str = "FROM IMAGE
COPY pyproject.toml uv.lock alembic.ini ./
COPY migrations migrations
RUN uv sync
";

const COMPOSE: &str = "services:
  app:
    build: .
    network_mode: none
    init: true
    stop_grace_period: 0s
    command: sleep infinity
  plain:
    build: .
    network_mode: none
    stop_grace_period: 0s
    command: sleep infinity
";

/// A project whose images go with it.
pub struct Shop {
    pub project: Project,
    image: String,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.project.down();
        let label = format!("label=com.docker.compose.project={}", self.name());
        let images = Command::new("docker").args(["image", "ls", "--quiet", "--filter", &label]).output().unwrap();
        let images = String::from_utf8_lossy(&images.stdout).into_owned();
        _ = Command::new("docker").args(["image", "rm", "--force"]).args(images.split_whitespace()).output();
    }
}

impl Shop {
    /// A project for one of the sets; `path` is what the person's PATH begins with.
    pub fn new(set: &str, path: &str) -> Self {
        let path = format!("{path}/usr/local/bin:/usr/bin:/bin");
        let shop = Self { project: Project::empty(Person::User).with("PATH", &path), image: variable(set) };
        shop.write("pyproject.toml", PYPROJECT);
        shop.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite://\n");
        shop.write("migrations/env.py", "");
        let revision = "revision = \"aaa1\"\ndown_revision = None\n\n\ndef upgrade():\n    pass\n";
        shop.write("migrations/versions/a.py", revision);
        shop.write("Dockerfile", DOCKERFILE);
        shop.write("compose.yaml", COMPOSE);
        shop.project.containers_are_wanted();
        shop
    }

    /// The same with uv's lock file.
    pub fn locked(set: &str, path: &str) -> Self {
        let shop = Self::new(set, path);
        shop.lock("uv lock");
        shop
    }

    /// Lets the manager write its lock file.
    pub fn lock(&self, command: &str) {
        let folder = self.project.root.display();
        let numbers = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
        let line = format!(
            "docker run --rm --network none -u {numbers} -e HOME=/tmp -v {folder}:/app {} {command}",
            self.image
        );
        self.project.shell(&line).ends_with(0);
    }

    /// Compose's name of the project.
    pub fn name(&self) -> &str {
        self.project.root.file_name().unwrap().to_str().unwrap()
    }

    /// Writes a file in which `IMAGE` and `NAME` are put in.
    pub fn write(&self, path: &str, text: &str) {
        self.project.write(path, text.replace("IMAGE", &self.image).replace("NAME", self.name()));
    }

    pub fn build(&self) {
        self.project.shell("docker compose --profile '*' build --quiet").ends_with(0);
    }

    pub fn report(&self) -> Report {
        self.project.devdoctor(&["check", "--only", ID, "--format", "json"]).report()
    }

    /// Each line fails with its text, which names the problem; it is seen at these places and nowhere else; after `fix` each
    /// line gets Alembic's answer, and after `undo` all is as before.
    #[track_caller]
    pub fn is_cured(&self, lines: &[(String, &str)], places: &[&str]) {
        let mut said = BTreeSet::new();
        for (line, text) in lines {
            let broken = self.project.shell(line);
            assert!(broken.status != 0 && broken.all().contains(text), "{text}: {broken}");
            if said.insert(text) {
                let named = self.project.devdoctor(&["why", "--offline", "--format", "json", &broken.all()]);
                assert!(named.out.contains(ID), "{line}: {named}");
            }
        }
        let mut places = places.to_vec();
        places.sort_unstable();
        self.report().assert_places(ID, &places);
        let tree = || self.project.tree().without(".git");
        let before = tree();
        self.project.devdoctor(&["fix", "--yes", "--only", ID]).ends_with(0);
        let mut wrong = vec![];
        for (line, _) in lines {
            let answer = self.project.shell(line);
            if answer.status != 0 || !answer.all().contains(HEAD) {
                wrong.push(format!("{answer}"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{}\n{}",
            wrong.join("\n"),
            self.project.shell("git diff; cat compose.yaml Makefile")
        );
        self.report().assert_places(ID, &[]);
        self.project.devdoctor(&["undo"]).ends_with(0);
        before.assert_same(&tree(), Compared::Content);
        if let Some((line, text)) = lines.first() {
            assert!(self.project.shell(line).all().contains(text), "{line}");
        }
    }
}
