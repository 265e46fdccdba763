//! The access model against the kernel under random maps of numbers: user namespaces with one to three ranges, random users in
//! them, and files of owners that they know and do not know.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make the files that they look at")]

use std::fmt::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use devdoctor::access::IdMaps;
use devdoctor::access::rights::{Process, Want};
use devdoctor::facts::{FileKind, IdRange, Identity, Owner, PathStat};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// How many maps are tried.
const MAPS: usize = 24;

/// How many folders with a file are tried under each.
const FOLDERS: usize = 16;

/// What a process tries in each folder: to make a file, and to write the one that is there; and whose it sees them to be.
const TRY: &str = r#"
for c in c*; do
  (: > $c/new) 2>/dev/null && a=y || a=n
  (: >> $c/f) 2>/dev/null && b=y || b=n
  echo "$c $a$b $(stat -c %u:%g $c)"
done"#;

/// A user namespace, which a process holds open.
struct Namespace(Child);

impl Namespace {
    fn with(maps: &IdMaps) -> Self {
        let sleeping = Command::new("unshare").args(["--user", "sleep", "600"]).stdin(Stdio::null()).spawn().unwrap();
        let this = Self(sleeping);
        let here = std::fs::read_link("/proc/self/ns/user").unwrap();
        let begun = Instant::now();
        while std::fs::read_link(this.path("ns/user")).unwrap() == here {
            assert!(begun.elapsed() < Duration::from_secs(20), "the namespace is made");
            std::thread::sleep(Duration::from_millis(5));
        }
        for (file, ranges) in [("uid_map", &maps.uids), ("gid_map", &maps.gids)] {
            let mut lines = String::new();
            ranges.iter().for_each(|one| writeln!(lines, "{} {} {}", one.inside, one.outside, one.count).unwrap());
            std::fs::write(this.path(file), lines).unwrap();
        }
        this
    }

    fn path(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.0.id())
    }

    /// What the shell of this user says in `directory`.
    fn tries(&self, identity: &Identity, directory: &Path) -> String {
        let groups: Vec<String> = identity.groups.iter().map(u32::to_string).collect();
        let groups = if groups.is_empty() {
            vec!["--clear-groups".to_owned()]
        } else {
            vec![format!("--groups={}", groups.join(","))]
        };
        let mut command = Command::new("nsenter");
        command
            .current_dir(directory)
            .arg(format!("--user={}", self.path("ns/user")))
            .args(["-S", "0", "-G", "0", "setpriv"]);
        let Owner { uid, gid } = identity.owner;
        command.args([format!("--reuid={uid}"), format!("--regid={gid}")]).args(groups).args(["sh", "-c", TRY]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{identity:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Up to three ranges, the first from 0 on, that overlap on neither side.
fn ranges() -> impl Strategy<Value = Vec<IdRange>> {
    let one = |inside: u32, outside: u32| {
        (0..400u32, 0..400u32, 1..300u32).prop_map(move |(more, further, count)| IdRange {
            inside: if inside == 0 { 0 } else { inside + more },
            outside: outside + further,
            count,
        })
    };
    (one(0, 100_000), one(1000, 1000), one(3000, 200_000), 1..4usize).prop_map(|(a, b, c, length)| {
        let mut all = vec![a, b, c];
        all.truncate(length);
        all
    })
}

/// A number of one of the ranges, inside and outside.
fn known(ranges: &[IdRange], pick: u32) -> (u32, u32) {
    let range = &ranges[pick as usize % ranges.len()];
    let offset = pick / 7 % range.count;
    (range.inside + offset, range.outside + offset)
}

/// Numbers of owners here: known ones of the ranges, root, and one that no range has.
fn owner(ranges: &[IdRange], pick: u32) -> u32 {
    match pick % 5 {
        0 => 0,
        1 => 70_000,
        _ => known(ranges, pick / 5).1,
    }
}

fn stat(path: &Path, kind: FileKind) -> PathStat {
    let seen = std::fs::metadata(path).unwrap();
    PathStat { owner: Owner { uid: seen.uid(), gid: seen.gid() }, mode: seen.mode() & 0o7777, kind, links: 1 }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn under_any_map_the_model_answers_as_the_kernel_does() {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mode = || prop_oneof![prop::sample::select(vec![0o755u32, 0o775, 0o700, 0o2775, 0o770]), 0..0o1000u32];
    let folder = (any::<[u32; 4]>(), mode(), mode());
    let one = (ranges(), ranges(), any::<[[u32; 4]; 3]>(), prop::collection::vec(folder, FOLDERS));
    let (mut answers, mut granted) = (0, 0);
    for _ in 0..MAPS {
        let (uids, gids, users, folders) = one.new_tree(&mut runner).unwrap().current();
        let maps = IdMaps { uids: uids.clone(), gids: gids.clone() };
        let namespace = Namespace::with(&maps);
        // Root of the namespace, and three of its users.
        let known_users = users.iter().map(|[uid, gid, group, many]| Identity {
            name: None,
            owner: Owner { uid: known(&uids, *uid).0, gid: known(&gids, *gid).0 },
            groups: if many % 3 == 0 { vec![] } else { vec![known(&gids, *group).0] },
        });
        let root = Identity { name: None, owner: Owner { uid: 0, gid: 0 }, groups: vec![] };
        for identity in known_users.chain([root]) {
            let directory = tempfile::tempdir().unwrap();
            std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
            for (number, ([a, b, c, d], of_folder, of_file)) in folders.iter().enumerate() {
                let folder = directory.path().join(format!("c{number}"));
                let file = folder.join("f");
                std::fs::create_dir(&folder).unwrap();
                std::fs::write(&file, "").unwrap();
                for (path, uid, gid, mode) in [(&file, c, d, of_file), (&folder, a, b, of_folder)] {
                    chown(path, Some(owner(&uids, *uid)), Some(owner(&gids, *gid))).unwrap();
                    std::fs::set_permissions(path, PermissionsExt::from_mode(*mode)).unwrap();
                }
            }
            let here = Process::on_host(&identity, &maps).unwrap();
            let there = Process::in_container(&identity, &maps);
            for line in namespace.tries(&identity, directory.path()).lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                let folder = directory.path().join(words[0]);
                let stats = [stat(&folder, FileKind::Directory), stat(&folder.join("f"), FileKind::File)];
                let inside = stats.map(|stat| {
                    let owner = Owner {
                        uid: maps.uid_in_container(stat.owner.uid).unwrap_or(65_534),
                        gid: maps.gid_in_container(stat.owner.gid).unwrap_or(65_534),
                    };
                    PathStat { owner, ..stat }
                });
                let told = format!("{maps:?} {identity:?} {line} {stats:?}");
                assert_eq!(words[2], inside[0].owner.to_string(), "{told}");
                for (process, [folder, file]) in [(&here, &stats), (&there, &inside)] {
                    let enters = process.may(Want::Search, folder);
                    let makes = enters && process.may(Want::Write, folder);
                    let writes = enters && process.may(Want::Write, file);
                    let letters: String = [makes, writes].map(|may| if may { 'y' } else { 'n' }).iter().collect();
                    assert_eq!(words[1], letters, "{told}");
                }
                answers += 2;
                granted += words[1].matches('y').count();
                if words[1].starts_with('y') {
                    let new = stat(&folder.join("new"), FileKind::File).owner;
                    assert_eq!(new, here.owner_of_new(&stats[0]), "{told}");
                }
            }
        }
    }
    println!("{answers} answers of the kernel, {granted} times yes, all as the model says");
    assert_eq!(answers, MAPS * 4 * FOLDERS * 2);
    assert!(granted > answers / 10 && granted < answers * 9 / 10, "{granted} of {answers}");
}
