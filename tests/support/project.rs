//! A project in a folder of its own, belonging to a person, with its containers while they are wanted.

use std::cell::Cell;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::answer::Answer;
use super::person::Person;
use super::tree::Tree;
use super::{fixtures, free_port, variable};

/// A project, its owner's home, and the program under test, all where every person may look.
pub struct Project {
    /// Who owns it and runs things in it.
    pub person: Person,
    /// The project's folder.
    pub root: PathBuf,
    /// The person's home.
    pub home: PathBuf,
    root_home: PathBuf,
    /// What the person has in the environment besides.
    pub environment: Vec<(String, String)>,
    program: PathBuf,
    is_up: Cell<bool>,
    // The last field: removed after the containers are.
    directory: tempfile::TempDir,
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Project {
    /// An empty project.
    pub fn empty(person: Person) -> Self {
        let directory = tempfile::Builder::new().prefix("devdoctor-").tempdir().unwrap();
        let at = directory.path().canonicalize().unwrap();
        std::fs::set_permissions(&at, std::fs::Permissions::from_mode(0o755)).unwrap();
        // Compose names containers after the folder, so no two tests may share a name.
        let root = at.join(format!("shop-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let (home, root_home, program) = (at.join("home"), at.join("root-home"), at.join("devdoctor"));
        for (folder, mode) in [(&root, 0o755), (&home, 0o755), (&root_home, 0o700)] {
            std::fs::create_dir(folder).unwrap();
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let built = Path::new(env!("CARGO_BIN_EXE_devdoctor"));
        // The folder of the build may be closed to others; the file itself is not.
        if std::fs::hard_link(built, &program).is_err() {
            std::fs::copy(built, &program).unwrap();
        }
        let git = "[user]\n\tname = Ada\n\temail = ada@shop.invalid\n[init]\n\tdefaultBranch = main\n[commit]\n\tgpgSign = false\n";
        std::fs::write(home.join(".gitconfig"), git).unwrap();
        let project =
            Self { person, root, home, root_home, environment: vec![], program, is_up: Cell::new(false), directory };
        project.give_all_to_the_person();
        project
    }

    /// A copy of a fixture, such as `stories/day`.
    pub fn from_fixture(fixture: &str, person: Person) -> Self {
        let project = Self::empty(person);
        copy(&fixtures().join(fixture), &project.root);
        project.give_all_to_the_person();
        project
    }

    /// Lets the compose files of the fixtures take the images of the tests, and a free port for the database.
    #[must_use]
    pub fn with_images(self, postgres: &str) -> Self {
        let port = self.variable("DB_PORT").map_or_else(|| free_port().to_string(), str::to_owned);
        self.with("API_IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_PYTHON"))
            .with("DB_IMAGE", &variable(postgres))
            .with("DB_PORT", &port)
    }

    /// A variable of the person's environment.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Sets a variable of the person's environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Writes a file as the person would.
    pub fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        let folders: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        if let Some((uid, gid)) = self.person.owner() {
            for made in folders.into_iter().chain([path.as_path()]) {
                chown(made, Some(uid), Some(gid)).unwrap();
            }
        }
    }

    /// A file's text.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Replaces a text that is there exactly once, as the person would in an editor.
    #[track_caller]
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {path}: {text}");
        self.write(path, text.replace(from, to));
    }

    /// What the project's folder looks like.
    pub fn tree(&self) -> Tree {
        Tree::of(&self.root)
    }

    /// A command that the project's owner starts in it.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        self.command_of(self.person, program)
    }

    fn command_of(&self, person: Person, program: impl AsRef<Path>) -> Command {
        let mut command = person.command(program.as_ref(), self.home_of(person));
        command.current_dir(&self.root);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Where a person's own files are. Root has another home than the owner of the project, also by sudo.
    pub fn home_of(&self, person: Person) -> &Path {
        match person {
            Person::Root | Person::Sudo if self.person != person => &self.root_home,
            _ => &self.home,
        }
    }

    /// The command of a run of devdoctor in the project.
    pub fn doctor(&self, person: Person, arguments: &[&str]) -> Command {
        let mut command = self.command_of(person, &self.program);
        command.args(arguments);
        command
    }

    /// Runs devdoctor in the project as its owner.
    pub fn devdoctor(&self, arguments: &[&str]) -> Answer {
        self.devdoctor_by(self.person, arguments)
    }

    /// Runs devdoctor in the project as somebody.
    pub fn devdoctor_by(&self, person: Person, arguments: &[&str]) -> Answer {
        let name = format!("devdoctor {} by {person:?}", arguments.join(" "));
        answer(&name, &mut self.doctor(person, arguments))
    }

    /// Runs a line of shell in the project as the person.
    pub fn shell(&self, line: &str) -> Answer {
        answer(line, self.command("/bin/sh").args(["-c", line]))
    }

    /// Makes the project a git repository with everything staged.
    pub fn stage_everything(&self) {
        self.shell("git init -q && git add --all --force").ends_with(0);
    }

    /// Has containers removed at the end that the test makes by other means than `up`.
    pub fn containers_are_wanted(&self) {
        self.is_up.set(true);
    }

    /// Creates and starts the project's containers, and waits for those with a health check.
    pub fn up(&self) {
        self.containers_are_wanted();
        self.shell("docker compose up --detach --no-build --wait --quiet-pull").ends_with(0);
    }

    /// Starts a service and waits for its end, whose status is the answer's.
    ///
    /// What it wrote is asked for once more: Compose loses lines of a container that ends before it is attached to.
    pub fn up_to_its_end(&self, service: &str, options: &str) -> Answer {
        self.containers_are_wanted();
        self.shell(&format!(
            "since=$(date +%s.%N); docker compose up --no-log-prefix --exit-code-from {service} {options}; status=$?; \
             docker compose logs --no-log-prefix --since $since {service}; exit $status"
        ))
    }

    /// Removes the project's containers and volumes.
    pub fn down(&self) {
        if self.is_up.replace(false) {
            let mut command = self.command_of(Person::Root, "docker");
            // A test may have left the compose file unreadable; the containers are found by the project's name all the same.
            command.current_dir(self.directory.path()).arg("compose").arg("--project-name");
            command.arg(self.root.file_name().unwrap());
            command.args(["down", "--volumes", "--remove-orphans", "--timeout", "0"]);
            let output = command.output().unwrap();
            assert!(output.status.success() || std::thread::panicking(), "{output:?}");
        }
    }

    fn give_all_to_the_person(&self) {
        let Some((uid, gid)) = self.person.owner() else { return };
        let mut waiting = vec![self.root.clone(), self.home.clone()];
        while let Some(path) = waiting.pop() {
            lchown(&path, Some(uid), Some(gid)).unwrap();
            if path.is_dir() && !path.is_symlink() {
                waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.down();
    }
}

/// Runs a command and takes its answer.
pub fn answer(name: &str, command: &mut Command) -> Answer {
    let output = command.output().unwrap_or_else(|error| panic!("{name} did not start: {error}"));
    Answer::new(name.to_owned(), &output)
}

/// Copies a folder's files, keeping modes.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(entry.path()).unwrap(), &target).unwrap();
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Bytes as a name of a file.
pub fn name(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}
