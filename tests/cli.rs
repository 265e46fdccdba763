//! The command line as a stranger meets it: exit statuses, streams, colours, closed pipes, wrong words.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// devdoctor in a directory, with a home beside it: what it keeps there is none of the project's files.
fn devdoctor(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devdoctor"));
    let home = directory.parent().unwrap();
    command.args(arguments).current_dir(directory).env_clear().env("HOME", home).stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = devdoctor(directory, arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A project in a directory of its own; all of it belongs to one ordinary user.
struct Project {
    around: tempfile::TempDir,
}

impl Project {
    fn path(&self) -> PathBuf {
        self.around.path().join("shop")
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path().join(path), text).unwrap();
        self.belongs_to_one();
    }

    /// In root's own project nothing of root's is foreign, so under root the project is somebody else's.
    fn belongs_to_one(&self) {
        if std::fs::metadata(self.around.path()).unwrap().uid() == 0 {
            let mut open = vec![self.path()];
            while let Some(path) = open.pop() {
                chown(&path, Some(4242), Some(4242)).unwrap();
                if path.is_dir() {
                    open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                }
            }
        }
    }
}

/// A project whose Makefile runs alembic as root.
fn broken() -> Project {
    let project = Project { around: tempfile::tempdir().unwrap() };
    std::fs::create_dir(project.path()).unwrap();
    project.write(
        "compose.yaml",
        "services:\n  api:\n    image: python:3.12\n    command: sleep infinity\n    volumes:\n      - .:/app\n",
    );
    project.write("Makefile", "migrate:\n\tdocker compose exec api alembic upgrade head\n");
    project
}

#[test]
fn statuses_are_0_for_nothing_1_for_findings_2_for_trouble() {
    let empty = tempfile::tempdir().unwrap();
    let (status, out, err) = run(empty.path(), &["check", "--offline"]);
    assert_eq!(status, 2, "{out}{err}");
    assert!(err.starts_with("error: no project found here: ") && out.is_empty(), "{out}{err}");
    let project = broken();
    let (status, out, err) = run(&project.path(), &["check", "--offline"]);
    assert_eq!(status, 1, "{out}{err}");
    assert!(out.contains("exec-as-root") && err.is_empty(), "{out}{err}");
    assert_eq!(run(&project.path(), &["check", "--offline", "--strict"]).0, 2);
    for (arguments, said) in [
        (&["check", "/no/such/place"][..], "no such file or directory"),
        (&["check", "no\nsuch\u{1b}[31m/place"], r"`no\nsuch\u{1b}[31m/place` cannot be looked at"),
        (&["check", ".", "."], "unexpected argument '.'"),
        (&["check", "--output", "/"], "`/` cannot be written: is a directory"),
        (&["check", "--only", "exec-as-rot"], "did you mean `exec-as-root`?"),
        (&["explain", "sqlmodel-columnshared"], "did you mean `sqlmodel-column-shared`?"),
        (&["check", "--only", "files", "--skip", "files"], "leave no check"),
        (&["check", "--timeout", "0"], "is no number of seconds"),
        (&["check", "--facts", "Makefile"], "holds no facts"),
        (&["check", "--database-url", "notaurl"], "`--database-url` cannot be used: it is no URL"),
        (&["check", "--database-url", ""], "`--database-url` cannot be used: it is empty"),
        (
            &["check", "--database-url", "postgresql://a:hunter2@localhost:abc/x"],
            "its port is no number from 1 to 65535",
        ),
        (&["check", "--database-url", "postgresql://a:hunter2@localhost:70000/x"], "its port is no number"),
        (&["check", "--database-url", "mysql://a:hunter2@localhost/x"], "its scheme `mysql` is none of Postgres"),
        (&["fix", "--database-url", "postgres//a:hunter2@localhost/x"], "it is no URL"),
        (&["undo", "--database-url", "driver://a:hunter2@localhost/x"], "its scheme `driver` is none of Postgres"),
        (&["explain", "nothing-at-all"], "there is no check or family `nothing-at-all`"),
        (&["undo"], "no run of `fix` left"),
        (&["undo", "1"], "there is no run `1`"),
        (&["frobnicate"], "unrecognized subcommand"),
    ] {
        let (status, out, err) = run(&project.path(), arguments);
        assert_eq!(status, 2, "{arguments:?}: {out}{err}");
        assert!(err.contains(said) && !err.contains("hunter2"), "{arguments:?}: {err}");
        assert!(out.is_empty(), "{arguments:?}: {out}");
    }
}

#[test]
fn wrong_words_for_exec_are_told_apart_from_what_a_command_says() {
    let project = broken();
    for (arguments, expected) in [
        (&["exec"][..], 125),
        (&["exec", "--no-such-option", "api", "x"], 125),
        (&["--color", "never", "exec"], 125),
        (&["--color", "exec"], 2),
        (&["exec", "--help"], 0),
        (&["check", "exec", "exec"], 2),
    ] {
        let (status, out, err) = run(&project.path(), arguments);
        assert_eq!(status, expected, "{arguments:?}: {out}{err}");
        assert_eq!(out.is_empty(), expected != 0, "{arguments:?}: {out}");
    }
}

#[test]
fn a_plan_says_where_each_fix_is() {
    let project = broken();
    let (_, out, _) = run(&project.path(), &["fix", "--offline", "--dry-run"]);
    assert!(
        out.starts_with("# run `make migrate` as you: `-u $(UID):$(GID)` (exec-as-root, safe, Makefile:2)\n"),
        "{out}"
    );
    let (_, out, _) = run(&project.path(), &["fix", "--offline"]);
    assert!(out.replace("\n  ", " ").contains("can be undone (exec-as-root, Makefile:2)\n"), "{out}");
}

#[test]
fn a_configuration_that_cannot_be_used_is_named_with_its_place() {
    let project = broken();
    project.write("devdoctor.yaml", "skip:\n  exec-as-root: ''\n");
    let (status, _, err) = run(&project.path(), &["check", "--offline"]);
    assert_eq!((status, err.contains("skip.exec-as-root: the reason is empty")), (2, true), "{err}");
    project.write("devdoctor.yaml", "skip:\n  exec-as-root: our image drops by itself\n");
    let (status, out, err) = run(&project.path(), &["check", "--offline"]);
    assert_eq!(status, 0, "{out}{err}");
    // What is asked for by name runs all the same.
    assert_eq!(run(&project.path(), &["check", "--offline", "--only", "exec-as-root"]).0, 1);
}

#[test]
fn json_is_the_schema_and_the_same_bytes_each_time() {
    let project = broken();
    let report = || {
        let (_, out, _) = run(&project.path(), &["check", "--offline", "--format", "json"]);
        let mut report: serde_json::Value = serde_json::from_str(&out).unwrap();
        report["summary"]["seconds"] = 0.into();
        report
    };
    let first = report();
    assert_eq!(first["schema"], "devdoctor.report.v1");
    assert_eq!(
        first["summary"]["error"].as_u64().unwrap() + first["summary"]["warning"].as_u64().unwrap(),
        1,
        "{first:#}"
    );
    let finding = &first["findings"][0];
    assert_eq!(finding["id"], "exec-as-root");
    assert_eq!(finding["location"]["path"], "Makefile");
    assert_eq!(finding["location"]["line"], 2);
    assert_eq!(first, report());
}

#[test]
fn facts_that_point_where_nothing_is_are_refused() {
    let project = broken();
    let facts = run(&project.path(), &["facts", "--offline"]).1;
    let path = project.around.path().join("facts.json");
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    // From its end on there is nothing, and inside of a character there is no place.
    for (start, end) in [(0, 100_000), (100_000, 100_001), (50, 20)] {
        let mut facts = facts.clone();
        let mount = facts.pointer_mut("/project/compose/services/api/mounts/0/span").unwrap();
        mount["start"] = start.into();
        mount["end"] = end.into();
        std::fs::write(&path, facts.to_string()).unwrap();
        let (status, out, err) = run(&project.path(), &["check", "--facts", path.to_str().unwrap()]);
        let said = format!("holds no facts: `compose.yaml` has no text from byte {start} to {end}");
        assert!(status == 2 && out.is_empty() && err.contains(&said), "{status}: {out}{err}");
    }
}

#[test]
fn a_home_that_is_no_absolute_path_is_no_place_for_a_journal() {
    let project = broken();
    let mut command = devdoctor(&project.path(), &["fix", "--offline", "--yes"]);
    let answer = command.env("HOME", "home").output().unwrap();
    let said = "error: neither XDG_STATE_HOME nor HOME is set to an absolute path";
    assert!(answer.status.code() == Some(2) && String::from_utf8_lossy(&answer.stderr).contains(said), "{answer:?}");
    assert!(!project.path().join("home").exists());
}

#[test]
fn facts_are_judged_elsewhere_as_here() {
    let project = broken();
    let file = project.around.path().join("facts.json");
    assert_eq!(run(&project.path(), &["facts", "--offline", "--output", file.to_str().unwrap()]).0, 0);
    let elsewhere = tempfile::tempdir().unwrap();
    let (status, out, err) = run(elsewhere.path(), &["check", "--facts", file.to_str().unwrap()]);
    assert_eq!(status, 1, "{err}");
    assert!(out.contains("exec-as-root") && out.contains("Makefile:2"), "{out}");
}

#[test]
fn colours_follow_the_flag_and_the_environment() {
    let project = broken();
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = devdoctor(&project.path(), &[&["check", "--offline"], arguments].concat());
        command.envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap().contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let project = broken();
    let mut child =
        devdoctor(&project.path(), &["list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_applied() {
    let project = broken();
    let before = std::fs::read_to_string(project.path().join("Makefile")).unwrap();
    let (status, out, err) = run(&project.path(), &["fix", "--offline"]);
    assert_eq!(status, 1);
    assert!(err.contains("nothing is applied") && out.contains("+++ b/Makefile"), "{out}{err}");
    assert_eq!(std::fs::read_to_string(project.path().join("Makefile")).unwrap(), before);
}

#[test]
fn a_dry_run_is_a_patch_that_git_takes() {
    let project = broken();
    let (status, patch, _) = run(&project.path(), &["fix", "--offline", "--dry-run"]);
    assert_eq!(status, 1);
    let git = |arguments: &[&str]| {
        let mut child =
            Command::new("git").args(arguments).current_dir(project.path()).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(patch.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{patch}");
        project.belongs_to_one();
    };
    // Outside of a repository git takes it as well: one of another user's would be a finding of its own.
    git(&["apply", "-"]);
    let (status, out, err) = run(&project.path(), &["check", "--offline"]);
    assert_eq!(status, 0, "{out}{err}");
}

#[test]
fn fix_cures_and_undo_brings_every_byte_back() {
    let project = broken();
    let makefile = || std::fs::read_to_string(project.path().join("Makefile")).unwrap();
    let before = makefile();
    let (status, out, err) = run(&project.path(), &["fix", "--offline", "--yes"]);
    assert_eq!(status, 0, "{out}{err}");
    assert!(out.contains("done: edited `Makefile`") && out.contains("cured: "), "{out}");
    assert_ne!(makefile(), before);
    let (_, list, _) = run(&project.path(), &["undo", "--list"]);
    assert!(list.contains("can be taken back"), "{list}");
    assert_eq!(run(&project.path(), &["undo"]).0, 0);
    assert_eq!(makefile(), before);
    let (_, list, _) = run(&project.path(), &["undo", "--list"]);
    assert!(list.contains("taken back"), "{list}");
}

#[test]
fn undo_leaves_what_was_changed_since() {
    let project = broken();
    assert_eq!(run(&project.path(), &["fix", "--offline", "--yes"]).0, 0);
    project.write("Makefile", "mine:\n\ttrue\n");
    let (status, out, _) = run(&project.path(), &["undo"]);
    assert_eq!(status, 1);
    assert!(out.contains("has changed since; its former text is"), "{out}");
    assert_eq!(std::fs::read_to_string(project.path().join("Makefile")).unwrap(), "mine:\n\ttrue\n");
}

#[test]
fn undo_needs_no_valid_configuration_and_says_which_journal_is_damaged() {
    let project = broken();
    assert_eq!(run(&project.path(), &["fix", "--offline", "--yes"]).0, 0);
    project.write("devdoctor.yaml", "nonsense: [\n");
    let runs = project.around.path().join(".local/state/devdoctor/runs");
    let journal = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap().path().join("journal.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, whole.replacen("\"begin\"", "\"bgein\"", 1)).unwrap();
    let (status, out, err) = run(&project.path(), &["undo", "--list"]);
    assert!(status == 2 && err.contains("line 2 of the journal is damaged"), "{out}{err}");
    assert!(!out.contains("repaired nothing"), "{out}");
    assert_eq!(run(&project.path(), &["undo"]).0, 2);
    std::fs::write(&journal, whole).unwrap();
    let (status, out, err) = run(&project.path(), &["undo"]);
    assert!(status == 0 && out.contains("undone: the edit of `Makefile`"), "{out}{err}");
}

#[test]
fn explain_shows_words_and_what_is_here() {
    let project = broken();
    let (status, out, _) = run(&project.path(), &["explain", "exec-as-root", "--offline"]);
    assert_eq!(status, 0);
    for part in ["why", "how to see it by hand", "how to fix it by hand", "here", "Makefile:2"] {
        assert!(out.contains(part), "{part}: {out}");
    }
}

#[test]
fn a_project_lies_at_any_path_that_is_text() {
    for name in ["a b", "new\nline", "-leading", "\u{1b}[31mred", "日本", "'\"$(true)`"] {
        let project = broken();
        let path = project.around.path().join(name);
        std::fs::rename(project.path(), &path).unwrap();
        let (status, out, err) = run(project.around.path(), &["check", "--offline", "--", path.to_str().unwrap()]);
        assert!(status == 1 && out.contains(" --> Makefile:2:2\n"), "{name:?}: {out}{err}");
        assert!(!out.contains('\u{1b}'), "{name:?}: {out}");
    }
}

#[test]
fn a_project_may_lie_as_deep_as_the_kernel_allows() {
    let project = broken();
    let mut deep = project.around.path().to_owned();
    while deep.as_os_str().len() < 3800 {
        deep.push("d".repeat(200));
    }
    std::fs::create_dir_all(&deep).unwrap();
    deep.push("shop");
    std::fs::rename(project.path(), &deep).unwrap();
    let (status, out, err) = run(&deep, &["check", "--offline"]);
    assert!(status == 1 && out.contains(" --> Makefile:2:2\n"), "{out}{err}");
}

#[test]
fn a_path_that_is_no_text_is_refused_with_a_line() {
    let around = tempfile::tempdir().unwrap();
    let path = around.path().join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"n\xff\xfe"));
    std::fs::create_dir(&path).unwrap();
    let (status, out, err) = run(&path, &["check", "--offline"]);
    assert!(
        status == 2 && out.is_empty() && err.ends_with("cannot be looked at: its path is no UTF-8 text\n"),
        "{err}"
    );
}

#[test]
fn a_result_that_nobody_takes_ends_in_trouble_and_a_line() {
    let project = broken();
    for arguments in [&["check", "--offline"][..], &["list"], &["explain", "exec-as-root"], &["facts", "--offline"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = devdoctor(&project.path(), arguments).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert_eq!(said, "error: standard output cannot be written: no space left on device\n", "{arguments:?}");
    }
}

#[test]
fn any_width_and_any_terminal_give_a_report() {
    let project = broken();
    let shown = |variables: &[(&str, &str)]| {
        let mut command = devdoctor(&project.path(), &["check", "--offline"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{variables:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let widest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap();
    for columns in ["0", "1", "20", "80", "140", "100000", "99999999999999999999999", "-1", "wide"] {
        let text = shown(&[("COLUMNS", columns)]);
        assert!(text.contains("exec-as-root") && widest(&text) <= 140, "{columns}: {text}");
    }
    assert!(widest(&shown(&[("COLUMNS", "80")])) <= 80);
    for variables in [[("TERM", "dumb"), ("LANG", "C")], [("TERM", ""), ("LC_ALL", "de_DE.ISO-8859-1")]] {
        assert!(shown(&variables).contains("exec-as-root"));
    }
}
