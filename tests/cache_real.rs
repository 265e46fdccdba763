//! `cache-not-writable` against the real uv and the real pip: in each state of a cache the check must say what the tool does,
//! and where it offers a chown, the tool must work after it.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start real tools and read their own settings, and may panic"
)]

use std::collections::BTreeMap;
use std::process::Command;

use devdoctor::checks::by_id;
use devdoctor::facts::{Container, Docker, EngineKind, Facts, FileKind, Listing, Owner, PasswdEntry, PathStat};
use devdoctor::finding::Finding;
use devdoctor::fix::{Applicability, Step};
use devdoctor::project::Project;
use devdoctor::project::compose::{Block, BlockStyle, Compose, Service};
use devdoctor::text::{Source, Spanned};

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run, which starts the real parts"))
}

/// A running container with Python and uv, without network, that goes with the test.
struct Running(String);

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
    fn start() -> Self {
        let label = format!("devdoctor.test={}", setting("DEVDOCTOR_TEST_RUN"));
        let image = setting("DEVDOCTOR_TEST_IMAGE_PYTHON");
        let arguments =
            ["run", "-d", "--init", "--network", "none", "--label", &label, &image, "sleep", "600"].map(str::to_owned);
        let output = Command::new("docker").args(arguments).output().expect("the docker CLI is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let running = Self(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        running.root(&format!("python3 -c '{}'", INDEX.replace('\'', "'\\''")));
        running.root("(python3 -m http.server 8000 -d /index --bind 127.0.0.1 >/dev/null 2>&1 &)");
        running.root("for i in 1 2 3 4 5 6 7 8 9; do python3 -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:8000\")' && exit; sleep 0.3; done; exit 1");
        running
    }

    fn exec(&self, user: &str, environment: &[(&str, &str)], script: &str) -> (bool, String) {
        let mut docker = Command::new("docker");
        docker.args(["exec", "-u", user]);
        environment.iter().for_each(|(name, value)| _ = docker.args(["-e", &format!("{name}={value}")]));
        let output = docker.args([&self.0, "sh", "-c", script]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    fn root(&self, script: &str) -> String {
        let (succeeded, said) = self.exec("0", &[], script);
        assert!(succeeded, "{script}: {said}");
        said
    }

    /// Whether uv can install what it has not cached yet.
    fn uv_works(&self, user: &str, environment: &[(&str, &str)]) -> (bool, String) {
        let target = self.root("d=$(mktemp -d); chmod 777 $d; echo $d");
        let install = "uv pip install -q --default-index http://127.0.0.1:8000/ --target";
        self.exec(user, environment, &format!("cd /; {install} {}/t beta", target.trim()))
    }

    /// Whether pip keeps its cache.
    fn pip_works(&self, user: &str, environment: &[(&str, &str)]) -> (bool, String) {
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

/// Facts about a project with one service that runs `tool` as `user`.
fn facts(running: &Running, tool: &str, user: &str, environment: &[(&str, &str)], cache: &str) -> Facts {
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
        running: true,
        image: "x".into(),
        image_id: String::new(),
        user: user.into(),
        group_add: vec![],
        environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        working_dir: "/".into(),
        command: vec![tool.into(), "x".into()],
        mounts: vec![],
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

fn check(facts: &Facts) -> Vec<Finding> {
    (by_id("cache-not-writable").unwrap().run)(facts).unwrap()
}

/// Applies a chown of named paths as the engine would, and returns whether there was one.
fn cured(running: &Running, finding: &Finding) -> bool {
    let fix = finding.fix.as_ref().unwrap();
    let Some(Step::Chown(step)) = fix.steps.first() else { return false };
    assert_eq!(fix.applicability, Applicability::Safe);
    for (path, _) in &step.paths {
        running.root(&format!("chown -h {} '{}'", step.to, path.display()));
    }
    true
}

const ME: &str = "1000:1000";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn uv_does_what_the_check_says() {
    let running = Running::start();
    let warm = "rm -rf /c; mkdir -p /c; UV_CACHE_DIR=/c/cache uv pip install -q --default-index http://127.0.0.1:8000/ --target $(mktemp -d)/t alpha";
    let mine = "chown -R 1000:1000 /c/cache";
    let mut states: Vec<(String, String)> = [
        ("used by root", ""),
        ("given away as a whole", mine),
        ("only the top given away", "chown 1000:1000 /c/cache"),
        ("the top for everybody", "chmod 777 /c/cache"),
        ("all of it for everybody", "chmod -R a+rwX /c/cache"),
        ("all of it for the group", "chgrp -R 1000 /c/cache; chmod -R g+rwX /c/cache"),
        ("empty and root's", "rm -rf /c/cache; mkdir /c/cache"),
        ("empty and for everybody", "rm -rf /c/cache; mkdir -m 1777 /c/cache"),
        ("a file", "rm -rf /c/cache; : > /c/cache"),
        ("absent below root's", "rm -rf /c/cache"),
        ("absent below mine", "rm -rf /c/cache; chown 1000:1000 /c"),
        ("behind a closed door", "chown -R 1000:1000 /c/cache; chmod 700 /c"),
        ("mine but for the lock", "chown -R 1000:1000 /c/cache; touch /c/cache/.lock; chown 0:0 /c/cache/.lock; chmod 644 /c/cache/.lock"),
        ("mine and an open lock", "chown -R 1000:1000 /c/cache; chown 0:0 /c/cache/.lock; chmod 666 /c/cache/.lock"),
        ("mine but not writable", "chown -R 1000:1000 /c/cache; chmod 555 /c/cache"),
        ("files of root in folders of mine", "find /c/cache -type d -exec chown 1000:1000 {} +; chown 1000:1000 /c/cache/sdists-*/.git; chmod 666 /c/cache/.lock"),
    ]
    .into_iter()
    .map(|(name, script)| (name.to_owned(), script.to_owned()))
    .collect();
    running.root(warm);
    let entries =
        running.root("cd /c/cache; find . -mindepth 1 -maxdepth 2 | sed 's:/\\(archive-v.*\\)/.*:/\\1/*:' | sort -u");
    states.extend(
        entries
            .lines()
            .map(|entry| (format!("all mine but {entry}"), format!("{mine}; chown -R 0:0 /c/cache/{entry}"))),
    );
    let environment = [("UV_CACHE_DIR", "/c/cache")];
    let (mut broken, mut cures) = (0, 0);
    for (name, script) in &states {
        running.root(&format!("{warm}; chmod 755 /c; {script}"));
        let findings = check(&facts(&running, "uv", ME, &environment, "/c/cache"));
        let (works, said) = running.uv_works(ME, &environment);
        assert_eq!(findings.is_empty(), works, "{name}: {said}\n{findings:#?}");
        broken += usize::from(!works);
        // The tool's own try may have changed the state, and the names in it are random: make and look at it anew.
        running.root(&format!("{warm}; chmod 755 /c; {script}"));
        let again = check(&facts(&running, "uv", ME, &environment, "/c/cache"));
        if again.first().is_some_and(|finding| cured(&running, finding)) {
            let (works, said) = running.uv_works(ME, &environment);
            assert!(works, "{name}, after the chown: {said}");
            cures += 1;
        }
    }
    println!("{} states, uv fails in {broken} of them as the check says; a chown cures {cures}", states.len());
    assert!(broken >= 10 && cures >= 6);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_number_without_login_has_its_cache_at_the_root() {
    let running = Running::start();
    running.root("rm -rf /.cache");
    let findings = check(&facts(&running, "uv", ME, &[], "/.cache/uv"));
    let (works, said) = running.uv_works(ME, &[]);
    assert!(!works && said.contains("/.cache/uv"), "{said}");
    assert_eq!(findings.len(), 1);
    assert!(findings[0].message.contains("cannot be made in `/`"), "{}", findings[0].message);
    assert_eq!(findings[0].fix.as_ref().unwrap().applicability, Applicability::Unsafe);
    // What the fix sets helps.
    assert!(running.uv_works(ME, &[("UV_CACHE_DIR", "/tmp/uv-cache")]).0);
    assert!(running.uv_works(ME, &[("UV_NO_CACHE", "1")]).0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn pip_does_what_the_check_says() {
    let running = Running::start();
    let environment = [("PIP_CACHE_DIR", "/c/pip")];
    for (name, user, script) in [
        ("root's", ME, "mkdir /c/pip"),
        ("mine", ME, "mkdir /c/pip; chown 1000:1000 /c/pip"),
        ("for everybody", ME, "mkdir -m 777 /c/pip"),
        ("absent below root's", ME, "true"),
        ("absent below mine", ME, "chown 1000:1000 /c"),
        ("root with its own", "0:0", "mkdir /c/pip"),
        ("root with somebody else's", "0:0", "mkdir /c/pip; chown 1000:1000 /c/pip"),
        ("root below somebody else's", "0:0", "chown 1000:1000 /c"),
        ("root's inside mine", ME, "mkdir -p /c/pip/http-v2; chown 1000:1000 /c/pip"),
    ] {
        running.root(&format!("rm -rf /c; mkdir /c; {script}"));
        let findings = check(&facts(&running, "pip", user, &environment, "/c/pip"));
        let (works, said) = running.pip_works(user, &environment);
        assert_eq!(findings.is_empty(), works, "{name}: {said}\n{findings:#?}");
    }
}
