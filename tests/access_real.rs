//! The access model against the real engine and the real kernel: random users, groups, owners and modes on bind mounts and in
//! volumes; what the model says must be what a process in a container could do.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start real tools, make files and read their own settings, and may panic"
)]

use std::fmt::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use devdoctor::access::rights::{may_fill, may_write};
use devdoctor::access::{IdMaps, Layout, Process, RunsAs, Seen, Verdict};
use devdoctor::facts::{Container, ContainerMount, FileKind, Group, MountKind, Owner, PasswdEntry, PathStat};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const CASES: usize = 60;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run, which starts the real parts"))
}

fn label() -> String {
    format!("devdoctor.test={}", setting("DEVDOCTOR_TEST_RUN"))
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("the docker CLI is there");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = arguments.first().copied().unwrap_or_default();
    assert!(output.status.success(), "docker {first}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A volume or an image that goes with the test.
struct Made(&'static [&'static str], String);

impl Drop for Made {
    fn drop(&mut self) {
        let removed = Command::new("docker").args(self.0).arg(&self.1).output();
        assert!(std::thread::panicking() || removed.is_ok_and(|output| output.status.success()), "{} stays", self.1);
    }
}

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:2000::/home/app:/bin/sh\n\
                      twin:x:1000:2001::/home/twin:/bin/sh\nother:x:1500:1500::/srv:/bin/sh\n";
const GROUP: &str = "root:x:0:\napp:x:2000:\nextra:x:3000:app,twin\nmore:x:3001:root,app\nalone:x:3002:\n";

fn image() -> Made {
    // A tag for each process: tests run beside each other, and each removes its own.
    let tag = format!("devdoctor-test/access:{}-{}", setting("DEVDOCTOR_TEST_RUN"), std::process::id());
    let context = tempfile::tempdir().unwrap();
    std::fs::write(context.path().join("passwd"), PASSWD).unwrap();
    std::fs::write(context.path().join("group"), GROUP).unwrap();
    let busybox = setting("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    std::fs::write(context.path().join("Dockerfile"), format!("FROM {busybox}\nCOPY passwd group /etc/\n")).unwrap();
    docker(&["build", "-q", "--label", &label(), "-t", &tag, context.path().to_str().unwrap()]);
    Made(&["image", "rm"], tag)
}

fn passwd() -> Vec<PasswdEntry> {
    let entry = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        PasswdEntry {
            name: fields[0].to_owned(),
            uid: fields[2].parse().unwrap(),
            gid: fields[3].parse().unwrap(),
            home: fields[5].to_owned(),
        }
    };
    PASSWD.lines().map(entry).collect()
}

fn groups() -> Vec<Group> {
    let group = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let members = fields[3].split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
        Group { name: fields[0].to_owned(), gid: fields[2].parse().unwrap(), members }
    };
    GROUP.lines().map(group).collect()
}

fn container(user: &str, group_add: &[&str], mounts: Vec<ContainerMount>, read_only: bool) -> Container {
    Container {
        running: true,
        user: user.into(),
        group_add: group_add.iter().map(|group| (*group).to_owned()).collect(),
        mounts,
        read_only,
        passwd: Ok(passwd()),
        groups: Ok(groups()),
        ..Container::new("real")
    }
}

fn mount(kind: MountKind, source: &str, target: &str, writable: bool) -> ContainerMount {
    ContainerMount { kind, source: source.into(), volume: None, target: target.into(), writable }
}

/// Owner and mode of one random case: a directory, a file in it, and a directory in it.
#[derive(Clone, Debug)]
struct Case([(u32, u32, u32); 3]);

fn cases() -> Vec<Case> {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let owner = || prop_oneof![Just(0u32), Just(1000), Just(1500), Just(2000), Just(3000), Just(3001), Just(4000)];
    let mode = || {
        // Modes as they are met, and any at all.
        prop_oneof![
            prop::sample::select(vec![0o755u32, 0o775, 0o700, 0o777, 0o750, 0o770, 0o1777, 0o2775]),
            (0..0o1000u32).prop_map(|mode| mode & 0o777),
        ]
    };
    let one = || (owner(), owner(), mode());
    let strategy = prop::collection::vec((one(), one(), one()).prop_map(|(a, b, c)| Case([a, b, c])), CASES);
    strategy.new_tree(&mut runner).unwrap().current()
}

/// Makes the cases below `top` by a shell that is root.
fn script(top: &str, cases: &[Case]) -> String {
    let mut script = format!("cd {top}\nchmod 755 .\nchown 0:0 .\n");
    for (number, Case([directory, file, inner])) in cases.iter().enumerate() {
        let path = format!("c{number}");
        writeln!(script, "mkdir -p {path}/s; : > {path}/f").unwrap();
        for (path, (uid, gid, mode)) in
            [(format!("{path}/f"), file), (format!("{path}/s"), inner), (path.clone(), directory)]
        {
            writeln!(script, "chown {uid}:{gid} {path}; chmod {mode:o} {path}").unwrap();
        }
    }
    script
}

/// What a process tries in each case: make a file in the directory, write the file, make directories below the inner one.
const TRY: &str = r#"
id=$(id -u):$(id -g)
groups=$(sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status)
echo "identity $id $groups|$HOME"
for top in "$@"; do
  cd $top
  # The same folder is seen through two mounts, and by one container after another.
  tag=$RUN.${top#/}
  for c in c*; do
    (: > $c/new.$tag) 2>/dev/null && a=y || a=n
    (: >> $c/f) 2>/dev/null && b=y || b=n
    mkdir -p $c/s/deep.$tag/er 2>/dev/null && d=y || d=n
    echo "$top $c $a$b$d $(stat -c %u:%g $c/new.$tag 2>/dev/null)"
  done
done
"#;

fn look(cases: &[Case], tops: &[&str], path: &str) -> Seen {
    let stat = |(uid, gid, mode): (u32, u32, u32), kind| {
        Seen::There(PathStat { owner: Owner { uid, gid }, mode, kind, links: 1 })
    };
    if path == "/" || tops.contains(&path) {
        return stat((0, 0, 0o755), FileKind::Directory);
    }
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let Some(Case([directory, file, inner])) =
        parts.first().and_then(|part| cases.get(part.strip_prefix('c')?.parse::<usize>().ok()?))
    else {
        return Seen::Absent;
    };
    match parts.get(1..) {
        Some([]) => stat(*directory, FileKind::Directory),
        Some(["f"]) => stat(*file, FileKind::File),
        Some(["s"]) => stat(*inner, FileKind::Directory),
        _ => Seen::Absent,
    }
}

fn letter(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Yes => 'y',
        Verdict::No(_) => 'n',
        Verdict::Unknown(_) => '?',
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_model_answers_as_the_kernel_does() {
    let image = image();
    let cases = cases();
    let host = tempfile::tempdir().unwrap();
    let here = host.path().to_str().unwrap();
    let volume = Made(&["volume", "rm"], format!("devdoctor-access-{}", setting("DEVDOCTOR_TEST_RUN")));
    docker(&["volume", "create", "--label", &label(), &volume.1]);
    let binds = [format!("{here}:/bind"), format!("{}:/volume", volume.1), format!("{here}:/sealed:ro")];
    let setup = format!("{}\n{}", script("/bind", &cases), script("/volume", &cases));
    docker(&[
        "run",
        "--rm",
        "--network",
        "none",
        "--label",
        &label(),
        "-v",
        &binds[0],
        "-v",
        &binds[1],
        &image.1,
        "sh",
        "-c",
        &setup,
    ]);
    let tops = ["/bind", "/volume", "/sealed"];
    let mut asked = 0;
    let users = [
        ("", &[][..]),
        ("0:3000", &[]),
        ("app", &[]),
        ("1000", &["4000"]),
        ("1000:1000", &[]),
        ("1000:1000", &["extra", "4000"]),
        ("twin", &[]),
        ("other", &["alone", "0"]),
        ("1500:more", &[]),
        ("4000", &[]),
        ("4000:2000", &["3001"]),
        (":1500", &[]),
    ];
    for (number, (user, group_add)) in users.into_iter().enumerate() {
        let mounts = vec![
            mount(MountKind::Bind, here, "/bind", true),
            mount(MountKind::Volume, "", "/volume", true),
            mount(MountKind::Bind, here, "/sealed", false),
        ];
        let container = container(user, group_add, mounts, false);
        let runs = RunsAs::of(&container).unwrap();
        let (label, run) = (label(), format!("RUN={number}"));
        let mut arguments = vec!["run", "--rm", "--network", "none", "--label", &label, "-e", &run, "--user", user];
        binds.iter().for_each(|bind| arguments.extend(["-v", bind]));
        group_add.iter().for_each(|group| arguments.extend(["--group-add", group]));
        arguments.extend([image.1.as_str(), "sh", "-c", TRY, "try"]);
        arguments.extend(tops);
        let said = docker(&arguments);
        let mut lines = said.lines();
        let (first, home) = lines.next().unwrap().split_once('|').unwrap();
        let numbers: Vec<&str> = first.split_whitespace().skip(1).collect();
        assert_eq!(numbers[0], runs.identity.owner.to_string(), "{user}");
        assert_eq!(Some(home), runs.home.as_deref(), "{user}");
        let mut known: Vec<u32> = runs.identity.groups.iter().copied().chain([runs.identity.owner.gid]).collect();
        known.sort_unstable();
        known.dedup();
        let mut seen: Vec<u32> = numbers[1..].iter().map(|group| group.parse().unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, known, "{user} {group_add:?}");
        let process = Process::in_container(&runs.identity, &IdMaps::default());
        let layout = Layout::of_container(&container);
        let ask = |path: &str| look(&cases, &tops, path);
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            let path = format!("{}/{}", words[0], words[1]);
            let expected: String = [
                may_write(&process, &format!("{path}/new"), &layout, &ask),
                may_write(&process, &format!("{path}/f"), &layout, &ask),
                may_fill(&process, &format!("{path}/s/deep/er"), &layout, &ask),
            ]
            .iter()
            .map(letter)
            .collect();
            assert_eq!(
                words[2],
                expected,
                "{user} {group_add:?} {path}: {:?}",
                cases[words[1][1..].parse::<usize>().unwrap()]
            );
            if let (Some(owner), Seen::There(directory)) = (words.get(3), ask(&path)) {
                assert_eq!(*owner, process.owner_of_new(&directory).to_string(), "{user} {path}");
            }
            asked += 3;
        }
    }
    println!("{asked} answers of the kernel, all as the model says");
    assert_eq!(asked, 12 * tops.len() * CASES * 3);
    assert_eq!(std::fs::metadata(host.path().join("c0")).unwrap().uid(), cases[0].0[0].0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn read_only_roots_and_memory_are_as_the_model_says() {
    let image = image();
    let host = tempfile::tempdir().unwrap();
    std::fs::set_permissions(host.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    chown(host.path(), Some(1000), Some(1000)).unwrap();
    let here = host.path().to_str().unwrap();
    let mounts = vec![
        mount(MountKind::Bind, here, "/a", true),
        mount(MountKind::Bind, here, "/a/b", false),
        mount(MountKind::Tmpfs, "", "/memory", true),
    ];
    std::fs::create_dir(Path::new(here).join("b")).unwrap();
    chown(Path::new(here).join("b"), Some(1000), Some(1000)).unwrap();
    let binds = [format!("{here}:/a"), format!("{here}:/a/b:ro")];
    for (user, expected) in [("0", "ynyn"), ("1000", "ynyn"), ("1500", "nnyn")] {
        let container = container(user, &[], mounts.clone(), true);
        let process = Process::in_container(&RunsAs::of(&container).unwrap().identity, &IdMaps::default());
        let layout = Layout::of_container(&container);
        let stat = |uid, mode| {
            Seen::There(PathStat { owner: Owner { uid, gid: uid }, mode, kind: FileKind::Directory, links: 2 })
        };
        let look = |path: &str| match path {
            "/" => stat(0, 0o755),
            "/a" | "/a/b" => stat(1000, 0o755),
            "/memory" => stat(0, 0o1777),
            _ => Seen::Absent,
        };
        let modelled: String = ["/a/x", "/a/b/x", "/memory/x", "/x"]
            .iter()
            .map(|path| letter(&may_write(&process, path, &layout, &look)))
            .collect();
        let script =
            "for f in /a/x /a/b/x /memory/x /x; do (: > $f.$(id -u)) 2>/dev/null && printf y || printf n; done";
        let label = label();
        let said = docker(&[
            "run",
            "--rm",
            "--network",
            "none",
            "--read-only",
            "--label",
            &label,
            "--user",
            user,
            "-v",
            &binds[0],
            "-v",
            &binds[1],
            "--tmpfs",
            "/memory",
            &image.1,
            "sh",
            "-c",
            script,
        ]);
        assert_eq!((said.as_str(), modelled.as_str()), (expected, expected), "{user}");
    }
}
