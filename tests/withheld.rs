//! A chown that would change nothing is not planned, whichever check asks for it and wherever the path is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/given.rs"]
mod given;

use devdoctor::checks::{self, Example};
use devdoctor::facts::{Facts, Owner, SeenPath};
use devdoctor::finding::Finding;
use devdoctor::fix::withhold::withheld;
use devdoctor::fix::{Applicability, Chown, ChownPlace, Fix, PathChange, PathStep, Step};

const COMPOSE: &str = "services:\n  app:\n    image: x\n    volumes:\n      - .:/app\n      - /media/stick:/stick\n      - cache:/app/cache\nvolumes:\n  cache:\n";

/// A machine whose drive is mounted at the project with these options.
fn facts(drive: &str) -> Facts {
    let given = format!(
        "name: x\nreports: []\ngiven:\n  user: \"1000:1000\"\n  wsl: two\n  containers: {{ app: {{}} }}\n  mounts:\n    /project: '{drive}'\n    /media/stick: 'exfat /dev/sde1 rw'\n"
    );
    let mut example: Example = serde_yaml::from_str(&given).unwrap();
    example.files.insert("compose.yaml".into(), COMPOSE.into());
    given::facts(checks::by_id("cache-not-writable").unwrap().words(), &example)
}

/// What becomes of a fix that gives a path away.
fn fix(facts: &Facts, place: ChownPlace, path: &str) -> Fix {
    let owner = |id| Owner { uid: id, gid: id };
    let paths = vec![(SeenPath(path.into()), owner(0))];
    let step = Step::Chown(Chown { place, paths, to: owner(1000), direct: false });
    withheld(Finding::nowhere("x", "x").fix(Fix::safe("give it back", vec![step])), facts).fix.unwrap()
}

#[test]
fn a_chown_is_withheld_where_no_owners_are_kept_and_nowhere_else() {
    let container = || ChownPlace::Container { service: "app".into(), id: "app-id".into(), mounts: vec![] };
    let drive = facts(r"9p C:\134 rw,aname=drvfs;path=C:\;uid=1000");
    let keeping = facts(r"9p C:\134 rw,aname=drvfs;path=C:\;metadata;uid=1000");
    for (facts, place, path, reason) in [
        (&drive, ChownPlace::Project, "a", Some(r"`/project` is the Windows drive `C:\` without `metadata`")),
        (&drive, container(), "/app/a", Some(r"`/project` is the Windows drive `C:\` without `metadata`")),
        (&drive, container(), "/stick/a", Some("`/media/stick` is exfat, which keeps no owners")),
        (&drive, container(), "/app/cache/a", None),
        (&drive, container(), "/root/.cache", None),
        (&keeping, ChownPlace::Project, "a", None),
        (&keeping, container(), "/app/a", None),
    ] {
        let fix = fix(facts, place, path);
        let expected = if reason.is_some() { Applicability::Manual } else { Applicability::Safe };
        assert_eq!(fix.applicability, expected, "{path}: {fix:?}");
        assert_eq!(fix.steps.is_empty(), reason.is_some(), "{path}: {fix:?}");
        assert!(fix.title.contains(reason.unwrap_or("give it back")), "{path}: {fix:?}");
    }
}

#[test]
fn a_change_of_a_mode_is_withheld_where_no_modes_are_kept() {
    for (drive, reason) in [
        (
            r"9p C:\134 rw,aname=drvfs;path=C:\;uid=1000",
            Some(r"`/project` is the Windows drive `C:\` without `metadata`"),
        ),
        (r"9p C:\134 rw,aname=drvfs;path=C:\;metadata;uid=1000", None),
        ("vfat /dev/sdb1 rw", Some("`/project` is vfat, which keeps no modes")),
    ] {
        let step = |change| Step::Path(PathStep { path: SeenPath("start.sh".into()), change });
        let judged = |change| {
            let fix = Fix::safe("make it executable", vec![step(change)]);
            withheld(Finding::nowhere("x", "x").fix(fix), &facts(drive)).fix.unwrap()
        };
        let fix = judged(PathChange::Mode { from: 0o644, to: 0o755 });
        assert_eq!(fix.applicability == Applicability::Manual, reason.is_some(), "{drive}: {fix:?}");
        assert!(fix.title.contains(reason.unwrap_or("make it executable")), "{drive}: {fix:?}");
        // Folders can be made on any file system.
        assert!(!judged(PathChange::MakeFolder { owner: Owner { uid: 1000, gid: 1000 } }).steps.is_empty(), "{drive}");
    }
}
