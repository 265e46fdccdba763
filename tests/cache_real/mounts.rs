//! What a cache is mounted from decides who may write it: volumes and memory, with the folder in the image and without, and
//! folders of the host.

use super::projects::{fixed, project, report, up};
use super::support::project::Project;
use super::support::variable;

const COMPOSE: &str = "services:
  app:
    BUILT
    user: \"ME\"
    network_mode: none
    command: uv pip list
    environment:
      UV_CACHE_DIR: /cache
    MOUNT
volumes:
  cache:
  other:
";

/// Whether the check can look at the place: what lies in memory ends with the container.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Inside,
    Nowhere,
}

/// What it is, whether the image has the folder as the person's, the mount, what is done to it before, whether uv works, and
/// who then owns the folder.
type Row = (&'static str, bool, &'static str, &'static str, bool, &'static str, Looks);

const ROWS: [Row; 14] = [
    ("a new volume", false, "volumes: [\"cache:/cache\"]", "", false, "0:0 755", Looks::Inside),
    ("a volume over a folder of the image", true, "volumes: [\"cache:/cache\"]", "", true, "ME 755", Looks::Inside),
    ("an empty volume of root's over one", true, "volumes: [\"cache:/cache\"]", "true", true, "ME 755", Looks::Inside),
    (
        "a used volume of root's over one",
        true,
        "volumes: [\"cache:/cache\"]",
        "touch /cache/x",
        false,
        "0:0 755",
        Looks::Inside,
    ),
    ("a volume without a name", false, "volumes: [/cache]", "", false, "0:0 755", Looks::Inside),
    ("one over a folder of the image", true, "volumes: [/cache]", "", true, "ME 755", Looks::Inside),
    ("memory", false, "tmpfs: [/cache]", "", true, "0:0 1777", Looks::Nowhere),
    ("memory over a folder of the image", true, "tmpfs: [/cache]", "", false, "0:0 755", Looks::Nowhere),
    ("memory of the person", true, "tmpfs: [\"/cache:uid=UID,gid=GID,mode=755\"]", "", true, "ME 755", Looks::Nowhere),
    (
        "memory by the long form",
        false,
        "volumes: [{type: tmpfs, target: /cache}]",
        "",
        true,
        "0:0 1777",
        Looks::Nowhere,
    ),
    (
        "memory that is closed",
        false,
        "volumes: [{type: tmpfs, target: /cache, tmpfs: {mode: 0o700}}]",
        "",
        false,
        "0:0 700",
        Looks::Nowhere,
    ),
    ("a folder that the engine makes", false, "volumes: [\"./made:/cache\"]", "", false, "0:0 755", Looks::Inside),
    ("a folder of the person", false, "volumes: [\"./mine:/cache\"]", "mine", true, "ME 755", Looks::Inside),
    ("a folder of the image", true, "labels: []", "", true, "ME 755", Looks::Inside),
];

fn shown(project: &Project) -> String {
    let line = "docker compose run --rm -T --entrypoint stat app -c '%u:%g %a' /cache";
    project.shell(line).ends_with(0).out.trim().to_owned()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_a_cache_is_mounted_from_decides() {
    let (uid, gid) = (variable("DEVDOCTOR_TEST_UID"), variable("DEVDOCTOR_TEST_GID"));
    let me = format!("{uid}:{gid}");
    let mut wrong = vec![];
    for (name, in_image, mount, before, works, owner, looks) in ROWS {
        let project = project("services: {}\n");
        let image = super::builds::Image::of(&project);
        let base = variable("DEVDOCTOR_TEST_IMAGE_PYTHON");
        project.write("Dockerfile", format!("FROM {base}\nRUN install -d -o {uid} -g {gid} /cache\n"));
        let compose = |built: &str| {
            let mount = mount.replace("UID", &uid).replace("GID", &gid);
            let text = COMPOSE.replace("BUILT", built).replace("ME", &me).replace("MOUNT", &mount);
            project.write("compose.yaml", text);
        };
        // What was there before came from an image without the folder.
        compose(&format!("image: {base}"));
        match before {
            "" => {}
            "mine" => project.write("mine/x", ""),
            script => drop(
                project
                    .shell(&format!("docker compose run --rm -T -u 0 --entrypoint sh app -c '{script}'"))
                    .ends_with(0),
            ),
        }
        if in_image {
            compose("build: .");
            project.shell("docker compose build --quiet").ends_with(0);
        }
        let answer = up(&project, "");
        if (answer.status == 0) != works || (!works && !answer.all().contains("Permission denied (os error 13)")) {
            wrong.push(format!("{name}: {answer}"));
        }
        let found = report(&project, "cache,ownership-bind-not-writable");
        // A folder of the host is told as such.
        let told =
            ["cache-not-writable", "ownership-bind-not-writable"].into_iter().find(|id| !found.of(id).is_empty());
        match looks {
            Looks::Inside if told.is_some() == works => wrong.push(format!("{name}: told {told:?}, {answer}")),
            Looks::Nowhere if works && told.is_some() => wrong.push(format!("{name}: a false alarm: {:#}", found.0)),
            Looks::Nowhere if !works && told.is_none() && found.outcome("cache-not-writable") == "clean" => {
                wrong.push(format!("{name}: called clean, {answer}"));
            }
            _ => {}
        }
        let shown = shown(&project);
        if shown != owner.replace("ME", &me) {
            wrong.push(format!("{name}: {shown}"));
        }
        if let Some(id) = told {
            let fix = fixed(&project, id);
            let cured = up(&project, "");
            if cured.status != 0 {
                wrong.push(format!("{name}, after the fix: {cured}{fix}"));
            }
        }
        project.down();
        drop(image);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

const ENVIRONMENT: &str = "services:
  app:
    image: IMAGE
    user: \"ME\"
    network_mode: none
    command: uv run SHOP
    environment:
      UV_CACHE_DIR: /tmp/uv
      PLACE: /venv2
    volumes:
      - .:/app
";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_environment_that_cannot_be_made_is_seen_and_made_in_the_image() {
    let old = format!("      - {}/bin/uv:/opt/venv/bin/uv:ro\n", variable("DEVDOCTOR_TEST_VENV_2025"));
    for compose in [ENVIRONMENT.to_owned(), format!("{ENVIRONMENT}{old}")] {
        const ID: &str = "cache-venv-not-writable";
        let project = project(&compose);
        project.replace("compose.yaml", "PLACE:", "UV_PROJECT_ENVIRONMENT:");
        let refused = up(&project, "").ends_with(2);
        let text = "error: failed to create directory `/venv2`: Permission denied (os error 13)";
        assert!(refused.all().contains(text), "{refused}");
        let found = report(&project, "cache");
        found.assert_places(ID, &["compose.yaml:4:12"]);
        assert_eq!(found.found(), [ID], "{:#}", found.0);
        let named = project.devdoctor(&["why", "--format", "json", &refused.all()]);
        assert!(named.out.contains(ID), "{named}");
        // The line that is told, in an image of its own.
        let title = found.of(ID)[0]["fix"]["title"].as_str().unwrap().to_owned();
        let (_, line) = title.split_once(": ").unwrap();
        let image = super::builds::Image::of(&project);
        let base = variable("DEVDOCTOR_TEST_IMAGE_PYTHON");
        project.write("Dockerfile", format!("FROM {base}\n{line}\n"));
        project.replace("compose.yaml", &format!("image: {base}"), "build: .");
        project.shell("docker compose build --quiet").ends_with(0);
        let works = up(&project, "").ends_with(0);
        assert!(works.all().contains(super::projects::OPEN), "{works}");
        assert_eq!(report(&project, "cache").of(ID).len(), 0);
        project.down();
        drop(image);
    }
}
