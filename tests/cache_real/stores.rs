//! Stores of packages that land in the project, by the real package managers in a container.

use super::projects::{report, up};
use super::support::person::Person;
use super::support::project::Project;
use super::support::variable;

const COMPOSE: &str = "services:
  app:
    image: IMAGE
    user: \"ME\"
    network_mode: none
    command: COMMAND
    environment:
      PATH: /tools/bin:/tools/pnpm/node_modules/.bin:/usr/bin:/bin
      HOME: HERE
    tmpfs: [\"/home/me:uid=UID\"]
    working_dir: /app
    volumes:
      - .:/app
      - TOOLS:/tools:ro
";

/// A package in an archive, so that nothing is fetched.
const PACKAGE: &str = "mkdir -p made/package && echo '{\"name\":\"alpha\",\"version\":\"1.0.0\"}' > made/package/package.json && \
tar -C made -czf alpha.tgz package && rm -r made && git init -q && git add -A && git commit -qm all";

fn project(command: &str, home: &str) -> Project {
    let project = Project::empty(Person::User);
    let me = format!("{}:{}", variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    let compose = COMPOSE.replace("COMMAND", command).replace("HERE", home).replace("ME\"", &format!("{me}\""));
    let compose = compose.replace("IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_PYTHON"));
    let compose = compose.replace("UID", &variable("DEVDOCTOR_TEST_UID"));
    project.write("compose.yaml", compose.replace("TOOLS", &variable("DEVDOCTOR_TEST_TOOLS")));
    project
        .write("package.json", "{\"name\":\"web\",\"private\":true,\"dependencies\":{\"alpha\":\"file:alpha.tgz\"}}\n");
    project.write(".gitignore", "node_modules/");
    project.shell(PACKAGE).ends_with(0);
    project.containers_are_wanted();
    project
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn stores_that_land_in_the_project_are_ignored_by_git_after_the_fix() {
    // pnpm cannot link from the home, which is another file system than the project; npm is told that the project is the home.
    for (command, home, folder) in
        [("pnpm install --offline", "/home/me", ".pnpm-store"), ("npm install", "/app", ".npm")]
    {
        let project = project(command, home);
        let taken_in = || {
            let status = project.shell("git status --short --untracked-files=all").ends_with(0).out;
            status.lines().filter(|line| line.starts_with(&format!("?? {folder}/"))).count()
        };
        assert_eq!(report(&project, "cache").found(), [""; 0]);
        up(&project, "").ends_with(0);
        assert!(taken_in() > 2, "{folder}");
        let found = report(&project, "cache");
        found.assert_places("cache-store-in-repository", &[&format!("{folder}:1:1")]);
        super::projects::fixed(&project, "cache-store-in-repository");
        assert_eq!(taken_in(), 0, "{folder}");
        up(&project, "").ends_with(0);
        assert_eq!((taken_in(), report(&project, "cache").found()), (0, vec![]), "{folder}");
        project.devdoctor(&["undo"]).ends_with(0);
        assert_eq!(project.read(".gitignore"), "node_modules/");
        assert!(taken_in() > 2, "{folder}");
    }
}
