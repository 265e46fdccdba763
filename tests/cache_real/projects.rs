//! Projects for the real uv: a wheel that lies in them is all they need, so that nothing is fetched.

use super::support::answer::{Answer, Report};
use super::support::person::Person;
use super::support::project::Project;
use super::support::variable;

const PYPROJECT: &str = "[project]
name = \"shop\"
version = \"1\"
requires-python = \">=3.9\"
dependencies = [\"alpha\"]

[tool.uv]
package = false
no-index = true
find-links = [\"wheels\"]
";

const WHEEL: &str = r#"
import os, zipfile
os.mkdir("wheels")
with zipfile.ZipFile("wheels/alpha-1.0-py3-none-any.whl", "w") as archive:
    archive.writestr("alpha.py", "")
    archive.writestr("alpha-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n")
    archive.writestr("alpha-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    archive.writestr("alpha-1.0.dist-info/RECORD", "")
"#;

/// What the service of each project does: it needs the wheel.
pub const SHOP: &str = "python -c \"import alpha; print('the shop is open')\"";

/// What it says when all is well.
pub const OPEN: &str = "the shop is open";

/// A project of the ordinary user with the wheel, and a Compose file in which `IMAGE`, `SHOP` and `ME` are put in.
pub fn project(compose: &str) -> Project {
    let project = Project::empty(Person::User).with("UV_PYTHON_DOWNLOADS", "never");
    project.write("pyproject.toml", PYPROJECT);
    project.write("wheel.py", WHEEL);
    project.shell("python3 wheel.py && rm wheel.py").ends_with(0);
    project.write(".dockerignore", ".venv\n");
    let me = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    let compose = compose.replace("IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_PYTHON")).replace("SHOP", SHOP);
    project.write("compose.yaml", compose.replace("ME", &me));
    project.containers_are_wanted();
    project
}

/// Starts the service `app` and waits for its end, whose status is the answer's.
pub fn up(project: &Project, options: &str) -> Answer {
    project.up_to_its_end("app", options)
}

/// The report of a family of checks.
pub fn report(project: &Project, family: &str) -> Report {
    project.devdoctor(&["check", "--only", family, "--format", "json"]).report()
}

/// Lets `fix` apply everything that it offers for a check, and fails unless it says that this cured it.
#[track_caller]
pub fn fixed(project: &Project, id: &str) -> Answer {
    let answer = project.devdoctor(&["fix", "--yes", "--unsafe", "--only", id]);
    let said = answer.all();
    // Of an edit nothing is seen in the container before it is made anew.
    assert!(said.contains("\ncured: ") || said.contains("\ncannot be seen any more: "), "{answer}");
    answer
}
