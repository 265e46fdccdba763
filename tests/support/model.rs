//! What the access model says of a container, and what the kernel lets it do: the same, on every kind of engine.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown as give};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use devdoctor::access::rights::{may_fill, may_write};
use devdoctor::access::{IdMaps, Layout, Process, RunsAs, Seen, Verdict, accounts_matter, paths_of_interest};
use devdoctor::facts::{Container, Docker, EngineKind, FileKind, IdRange, Identity, Owner, PathStat};
use devdoctor::probe::docker::{EngineOptions, Interest, look};
use devdoctor::project::Project;

use super::engine::{docker, image, run_label};

/// The ordinary user.
pub const ME: Owner = Owner { uid: 1001, gid: 1001 };

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Compose's label by which a container is the project's.
pub const DIRECTORY: &str = "com.docker.compose.project.working_dir";

/// What is seen of an engine and of the containers of a project.
pub async fn looked_at(url: &str, project: &Project) -> Docker {
    let options = EngineOptions { docker_host: Some(url.to_owned()), ..EngineOptions::default() };
    let person = Identity { owner: ME, groups: vec![], name: None };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let accounts = |container: &Container| accounts_matter(container, project);
    let paths = |container: &Container| paths_of_interest(container, project);
    let interest = Interest { accounts: &accounts, paths: &paths };
    look(&options, project, &person, None, interest, deadline).await.docker.unwrap()
}

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\napp:x:1000:2000::/home/app:/bin/sh\ntwin:x:1000:2001::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\napp:x:2000:\nextra:x:3000:app,twin\nmore:x:3001:root,app\n";

/// What a process tries in each folder: make a file, write the one that is there, make folders below the inner one.
const TRY: &str = r#"
for top in /bind /bind/inner /sealed /volume; do
  for c in $top/c*; do
    tag=$RUN${top//\//-}
    (: > $c/new$tag) 2>/dev/null && a=y || a=n
    (: >> $c/f) 2>/dev/null && b=y || b=n
    mkdir -p $c/s/deep$tag/er 2>/dev/null && d=y || d=n
    echo "$c new$tag $a$b$d"
  done
done
"#;

/// Numbers by chance that can be had again: of Marsaglia's xorshift.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
        let seed = std::env::var("DEVDOCTOR_TEST_SEED").map_or_else(|_| now(), |seed| seed.parse().unwrap());
        Self(seed | 1)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        all[(self.0 % all.len() as u64) as usize]
    }
}

/// Makes folders below `top` with a file and a folder in each, of owners and with modes by chance.
fn make_cases(chance: &mut Chance, top: &Path, numbers: &[u32], count: usize) {
    const MODES: [u32; 14] =
        [0o755, 0o775, 0o700, 0o777, 0o750, 0o770, 0o1777, 0o2775, 0o2770, 0o070, 0o007, 0o500, 0o720, 0o000];
    for number in 0..count {
        let folder = top.join(format!("c{number}"));
        std::fs::create_dir_all(folder.join("s")).unwrap();
        std::fs::write(folder.join("f"), "").unwrap();
        for path in [folder.join("f"), folder.join("s"), folder.clone()] {
            give(&path, Some(chance.one_of(numbers)), Some(chance.one_of(numbers))).unwrap();
            // A folder that lets everybody in shows more of what is in it.
            let mode = if path == folder && chance.one_of(&[true, false]) { 0o777 } else { chance.one_of(&MODES) };
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        }
    }
}

fn letters(verdicts: &[Verdict]) -> String {
    let letter = |verdict: &Verdict| match verdict {
        Verdict::Yes => 'y',
        Verdict::No(_) => 'n',
        Verdict::Unknown(_) => '?',
    };
    verdicts.iter().map(letter).collect()
}

/// A number of the host as the container sees it.
fn inside(ranges: &[IdRange], number: u32) -> u32 {
    let found = ranges.iter().find(|range| (range.outside..range.outside + range.count).contains(&number));
    if ranges.is_empty() { number } else { found.map_or(65_534, |range| number - range.outside + range.inside) }
}

/// Runs containers of users by chance on an engine: what they could do and whose their files are on the host must be what
/// the model says, by the numbers seen inside and by those of the host. Ends after so many seconds.
pub fn the_kernel_does_as_the_model_says(url: &str, folder: &Path, numbers: &[u32], kind: EngineKind, seconds: u64) {
    the_kernel_does_so(url, folder, numbers, kind, seconds, &|words| docker(&[&["--host", url], words].concat()));
}

/// The same with containers that something else than the docker CLI makes.
pub fn the_kernel_does_so(
    url: &str,
    folder: &Path,
    numbers: &[u32],
    kind: EngineKind,
    seconds: u64,
    create: &dyn Fn(&[&str]) -> String,
) {
    let begin = Instant::now();
    let mut chance = Chance::new();
    let seed = chance.0;
    let on_it = |words: &[&str]| docker(&[&["--host", url][..], words].concat());
    let project = Project { root: folder.join("model").display().to_string(), ..Project::default() };
    let root = PathBuf::from(&project.root);
    let (outer, inner) = (root.join("outer"), root.join("other"));
    for top in [&outer, &inner] {
        std::fs::create_dir_all(top).unwrap();
        make_cases(&mut chance, top, numbers, 24);
    }
    std::fs::create_dir(outer.join("inner")).unwrap();
    let (tag, volume) = (format!("devdoctor-test/model:{seed}"), format!("devdoctor-model-{seed}"));
    let label = run_label();
    std::fs::write(root.join("passwd"), PASSWD).unwrap();
    std::fs::write(root.join("group"), GROUP).unwrap();
    let grown = on_it(&["create", "--label", &label, &image("BUSYBOX")]);
    for name in ["passwd", "group"] {
        on_it(&["cp", "--quiet", &root.join(name).display().to_string(), &format!("{grown}:/etc/{name}")]);
    }
    // Podman's commit wants more than the docker CLI sends.
    let archive = root.join("image.tar").display().to_string();
    on_it(&["export", "--output", &archive, &grown]);
    on_it(&["import", &archive, &tag]);
    on_it(&["rm", &grown]);
    on_it(&["volume", "create", "--label", &label, &volume]);
    let at = PathBuf::from(on_it(&["volume", "inspect", "--format", "{{.Mountpoint}}", &volume]));
    make_cases(&mut chance, &at, numbers, 24);
    let directory = format!("{DIRECTORY}={}", project.root);
    let binds = [
        format!("{}:/bind", outer.display()),
        format!("{}:/bind/inner", inner.display()),
        format!("{}:/sealed:ro", outer.display()),
        format!("{volume}:/volume"),
    ];
    let (mut answers, mut round) = (0, 0);
    while begin.elapsed() < Duration::from_secs(seconds) {
        round += 1;
        let user = chance.one_of(&[
            "",
            "0",
            "0:3000",
            "1000",
            "app",
            "twin",
            "1000:1000",
            "4000",
            "4000:2000",
            "app:more",
            ":1000",
            "root",
        ]);
        let added: &[&str] = chance.one_of(&[&[][..], &["3001"], &["extra", "0"], &["1000"]]);
        let case = format!("DEVDOCTOR_TEST_SEED={seed}, round {round}, user {user:?}, groups {added:?}");
        let run_number = format!("RUN={round}");
        let mut words =
            vec!["create", "--network", "none", "--label", &label, "--label", &directory, "--env", &run_number];
        words.extend(["--user", user]);
        binds.iter().for_each(|bind| words.extend(["--volume", bind]));
        added.iter().for_each(|group| words.extend(["--group-add", group]));
        words.extend([tag.as_str(), "sh", "-c", TRY]);
        let id = create(&words);
        let facts = run(looked_at(url, &project));
        assert_eq!(facts.kind, kind, "{case}");
        let [container] = &facts.containers[..] else { panic!("{case}: {facts:?}") };
        let runs = RunsAs::of(container).unwrap();
        let maps = IdMaps::of(&facts, &container.userns_mode).unwrap();
        let layout = Layout::of_container(container);
        let (within, outside) =
            (Process::in_container(&runs.identity, &maps), Process::on_host(&runs.identity, &maps).unwrap());
        let real = |path: &str| match path.strip_prefix("/volume") {
            Some(rest) => Some(format!("{}{rest}", at.display())),
            None => layout.spot(path).host_path,
        };
        let seen_outside = |path: &str| match real(path).map(std::fs::symlink_metadata) {
            // Of the container's own root directory the model knows all it needs.
            None => Seen::NotLooked,
            Some(Err(_)) => Seen::Absent,
            Some(Ok(seen)) => Seen::There(PathStat {
                owner: Owner { uid: seen.uid(), gid: seen.gid() },
                mode: seen.mode() & 0o7777,
                kind: if seen.is_dir() { FileKind::Directory } else { FileKind::File },
                links: seen.nlink(),
            }),
        };
        let seen_inside = |path: &str| match seen_outside(path) {
            Seen::There(stat) => {
                let owner = Owner { uid: inside(&maps.uids, stat.owner.uid), gid: inside(&maps.gids, stat.owner.gid) };
                Seen::There(PathStat { owner, ..stat })
            }
            other => other,
        };
        let verdicts = |process: &Process, path: &str, look: &dyn Fn(&str) -> Seen| {
            letters(&[
                may_write(process, &format!("{path}/new"), &layout, look),
                may_write(process, &format!("{path}/f"), &layout, look),
                may_fill(process, &format!("{path}/s/deep/er"), &layout, look),
            ])
        };
        // All is asked of the model before the container runs.
        let mut modelled = BTreeMap::new();
        for top in ["/bind", "/bind/inner", "/sealed", "/volume"] {
            for number in 0..24 {
                let path = format!("{top}/c{number}");
                let new = match (seen_outside(&path), seen_inside(&path)) {
                    (Seen::There(out), Seen::There(_)) => outside.owner_of_new(&out),
                    other => panic!("{case} {path}: {other:?}"),
                };
                modelled.insert(
                    path.clone(),
                    (verdicts(&within, &path, &seen_inside), verdicts(&outside, &path, &seen_outside), new),
                );
            }
        }
        let said = on_it(&["start", "--attach", &id]);
        for line in said.lines() {
            let [path, new, kernel] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{case}: {line}") };
            let (by_inside, by_host, owner) = &modelled[path];
            let stat = seen_outside(path);
            assert_eq!((by_inside.as_str(), by_host.as_str()), (kernel, kernel), "{case} {path}: {stat:?}, {runs:?}");
            if kernel.starts_with('y') {
                let Seen::There(made) = seen_outside(&format!("{path}/{new}")) else { panic!("{case} {path}/{new}") };
                assert_eq!(made.owner, *owner, "{case} {path}");
            }
            answers += 3;
        }
        on_it(&["rm", "--volumes=false", &id]);
    }
    // A daemon of an ordinary user may not remove what others keep closed.
    let data = std::fs::symlink_metadata(&at).unwrap();
    assert!(
        std::process::Command::new("chown")
            .args(["-R", &format!("{}:{}", data.uid(), data.gid())])
            .arg(&at)
            .status()
            .unwrap()
            .success()
    );
    assert!(std::process::Command::new("chmod").args(["-R", "u+rwX"]).arg(&at).status().unwrap().success());
    on_it(&["volume", "rm", &volume]);
    on_it(&["image", "rm", &tag]);
    assert_eq!(answers, round * 4 * 24 * 3);
    assert!(round > 2, "only {round} rounds");
}
