//! A running container with real tools, and the facts that the engine's probe would find in it.

use std::collections::BTreeMap;
use std::process::Command;

use devdoctor::access::{Tool, normal};
use devdoctor::checks::by_id;
use devdoctor::facts::{
    Container, ContainerMount, Docker, EngineKind, Facts, FileKind, Listing, MountKind, Owner, PasswdEntry, PathStat,
};
use devdoctor::finding::Finding;
use devdoctor::fix::{Applicability, Step};
use devdoctor::project::Project;
use devdoctor::project::compose::{Block, BlockStyle, Compose, Service};
use devdoctor::text::{Source, Spanned};

pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run, which starts the real parts"))
}

/// A running container with Python and uv, without network, that goes with the test.
pub struct Running(String);

impl Drop for Running {
    fn drop(&mut self) {
        let removed = Command::new("docker").args(["rm", "-f", &self.0]).output();
        assert!(std::thread::panicking() || removed.is_ok_and(|output| output.status.success()), "{} stays", self.0);
    }
}

/// Makes a package index that the container serves to itself, so that uv uses all of its cache without any network.
const INDEX: &str = r#"
import os, zipfile
for name in ["alpha", "beta"]:
    os.makedirs(f"/index/{name}")
    wheel = f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"/index/{name}/{wheel}", "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    with open(f"/index/{name}/index.html", "w") as page:
        page.write(f'<a href="{wheel}">{wheel}</a>')
"#;

impl Running {
    pub fn start(options: &[&str]) -> Self {
        let label = format!("devdoctor.test={}", setting("DEVDOCTOR_TEST_RUN"));
        let image = setting("DEVDOCTOR_TEST_IMAGE_PYTHON");
        let mut docker = Command::new("docker");
        docker.args(["run", "-d", "--init", "--network", "none", "--label", &label]).args(options);
        let output = docker.args([&image, "sleep", "600"]).output().expect("the docker CLI is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let running = Self(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        running.root(&format!("python3 -c '{}'", INDEX.replace('\'', "'\\''")));
        running.root("(python3 -m http.server 8000 -d /index --bind 127.0.0.1 >/dev/null 2>&1 &)");
        running.root("for i in 1 2 3 4 5 6 7 8 9; do python3 -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:8000\")' && exit; sleep 0.3; done; exit 1");
        running
    }

    /// Adds a server of the tests' own, which must answer before the tools ask it.
    pub fn serve(&self, program: &str, port: u16) {
        self.root(&format!(
            "cat > /server-{port}.py <<'END'\n{program}\nEND\n(python3 /server-{port}.py >/dev/null 2>&1 &)"
        ));
        self.root(&format!("for i in 1 2 3 4 5 6 7 8 9; do python3 -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:{port}\")' && exit; sleep 0.3; done; exit 1"));
    }

    pub fn exec(&self, user: &str, environment: &[(&str, &str)], script: &str) -> (bool, String) {
        let mut docker = Command::new("docker");
        docker.args(["exec", "-u", user]);
        environment.iter().for_each(|(name, value)| _ = docker.args(["-e", &format!("{name}={value}")]));
        let output = docker.args([&self.0, "sh", "-c", script]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    pub fn root(&self, script: &str) -> String {
        let (succeeded, said) = self.exec("0", &[], script);
        assert!(succeeded, "{script}: {said}");
        said
    }

    /// Whether uv can install what it has not cached yet.
    pub fn uv_works(&self, user: &str, environment: &[(&str, &str)]) -> (bool, String) {
        let target = self.root("d=$(mktemp -d); chmod 777 $d; echo $d");
        let install = "uv pip install -q --default-index http://127.0.0.1:8000/ --target";
        self.exec(user, environment, &format!("cd /; {install} {}/t beta", target.trim()))
    }

    /// Whether pip keeps its cache.
    pub fn pip_works(&self, user: &str, environment: &[(&str, &str)]) -> (bool, String) {
        let target = self.root("d=$(mktemp -d); chmod 777 $d; echo $d");
        let install = "pip install -q --index-url http://127.0.0.1:8000/ --target";
        let (succeeded, said) = self.exec(user, environment, &format!("{install} {}/t beta", target.trim()));
        assert!(succeeded, "pip goes on without its cache: {said}");
        (!said.contains("The cache has been disabled"), said)
    }

    /// The stats that the engine's probe would find, by `find` and `stat`.
    fn look(&self, path: &str) -> (BTreeMap<String, PathStat>, Vec<(String, PathStat)>) {
        let parents: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at.max(1)]).collect();
        let format = "%p\\t%U\\t%G\\t%m\\t%y\\t%n\\n";
        let above =
            self.root(&format!("find {} -maxdepth 0 -printf '{format}' 2>/dev/null || true", parents.join(" ")));
        let all = self.root(&format!("find {path} -printf '{format}' 2>/dev/null || true"));
        let mut listing: Vec<_> = all.lines().map(parsed).collect();
        listing.sort_by(|a, b| a.0.cmp(&b.0));
        (above.lines().map(parsed).collect(), listing)
    }
}

fn parsed(line: &str) -> (String, PathStat) {
    let fields: Vec<&str> = line.split('\t').collect();
    let kind = match fields[4] {
        "d" => FileKind::Directory,
        "l" => FileKind::Symlink,
        "f" => FileKind::File,
        _ => FileKind::Other,
    };
    let owner = Owner { uid: fields[1].parse().unwrap(), gid: fields[2].parse().unwrap() };
    let mode = u32::from_str_radix(fields[3], 8).unwrap();
    (fields[0].to_owned(), PathStat { owner, mode, kind, links: fields[5].parse().unwrap() })
}

/// Facts about a project with one service that runs `command` as `user`.
pub fn facts(
    running: &Running,
    command: &[&str],
    user: &str,
    environment: &[(&str, &str)],
    cache: &str,
    working_dir: &str,
) -> Facts {
    let source = Source::new("compose.yaml", "services:\n  app:\n    image: x\n");
    let span = source.span(12..15);
    let block = Block { span: source.span(21..29), indent: 4, style: BlockStyle::BlockMapping, editable: true };
    let service = Service::new(Spanned::new("app".into(), span), block);
    let (above, listing) = running.look(cache);
    let mut paths: BTreeMap<_, _> = above.into_iter().map(|(path, stat)| (path, Ok(Some(stat)))).collect();
    let own = listing.first().map(|(_, stat)| *stat);
    for (at, _) in cache.match_indices('/').skip(1) {
        paths.entry(cache[..at].to_owned()).or_insert(Ok(None));
    }
    paths.insert(cache.to_owned(), Ok(own));
    for beside in Tool::ALL.iter().flat_map(|tool| tool.rule().fill).filter(|place| place.starts_with("/..")) {
        let path = normal(&format!("{cache}{beside}"));
        let stat = running.look(&path).1.first().map(|(_, stat)| *stat);
        paths.insert(path, Ok(stat));
    }
    let listed = own.is_some_and(|own| own.kind == FileKind::Directory);
    let listings = if listed {
        BTreeMap::from([(cache.to_owned(), Ok(Listing { entries: listing, cut_short: false }))])
    } else {
        BTreeMap::new()
    };
    let container = Container {
        id: running.0.clone(),
        name: "app-1".into(),
        service: Some("app".into()),
        one_off: false,
        ended: None,
        restarting: false,
        running: true,
        image: "x".into(),
        image_id: String::new(),
        user: user.into(),
        group_add: vec![],
        environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        working_dir: working_dir.into(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        // Somebody keeps the cache: the sign of a tool that has no program of its own.
        mounts: vec![ContainerMount {
            kind: MountKind::Volume,
            source: "cache".into(),
            volume: Some("cache".into()),
            target: cache.into(),
            writable: true,
        }],
        read_only: false,
        userns_mode: String::new(),
        network_mode: String::new(),
        addresses: vec![],
        ports: vec![],
        started_at: None,
        passwd: Ok(vec![PasswdEntry { name: "root".into(), uid: 0, gid: 0, home: "/root".into() }]),
        groups: Ok(vec![]),
        paths,
        listings,
        environments: BTreeMap::new(),
    };
    Facts {
        project: Project {
            root: "/project".into(),
            sources: BTreeMap::from([("compose.yaml".to_owned(), source)]),
            compose: Some(Compose {
                name: "shop".into(),
                services: BTreeMap::from([("app".to_owned(), service)]),
                ..Compose::default()
            }),
            ..Project::default()
        },
        docker: Ok(Docker {
            endpoint: String::new(),
            version: String::new(),
            api_version: String::new(),
            operating_system: String::new(),
            kind: EngineKind::Rootful,
            uid_map: Ok(vec![]),
            gid_map: Ok(vec![]),
            local: true,
            containers: vec![container],
            images: BTreeMap::new(),
        }),
        ..Facts::default()
    }
}

pub fn check(facts: &Facts) -> Vec<Finding> {
    let run = |id: &str| (by_id(id).unwrap().run)(facts).unwrap();
    [run("cache-not-writable"), run("cache-disabled")].concat()
}

/// Applies a chown of named paths as the engine would, and returns whether there was one.
pub fn cured(running: &Running, finding: &Finding) -> bool {
    let fix = finding.fix.as_ref().unwrap();
    let Some(Step::Chown(step)) = fix.steps.first() else { return false };
    assert_eq!(fix.applicability, Applicability::Safe);
    for (path, _) in &step.paths {
        running.root(&format!("chown -h {} '{}'", step.to, path.display()));
    }
    true
}
