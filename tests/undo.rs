//! `devdoctor undo` when the journal, the files or the disk are not what they were: nothing is lost, and nothing is guessed.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "undo/repaired.rs"]
mod repaired;
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use repaired::*;
use support::answer::Answer;
use support::person::Person;
use support::project::{Project, answer};

/// A project that was repaired twice, its runs named `20200101T000000-1` and `20200102T000000-1`.
fn fixed_twice() -> (Project, PathBuf, PathBuf) {
    let project = broken(Person::Tester);
    let mut renamed = vec![];
    for (file, id) in [("compose.yaml", "20200101T000000-1"), (".env", "20200102T000000-1")] {
        let held = if file == ".env" { None } else { Some(project.read(".env")) };
        if held.is_some() {
            std::fs::remove_file(project.root.join(".env")).unwrap();
        }
        project.devdoctor(&["fix", "--offline", "--yes"]).ends_with(0);
        if let Some(text) = held {
            project.write(".env", text);
        }
        let run = runs(&project).into_iter().find(|run| !renamed.contains(run)).unwrap();
        let (to, journal) = (run.with_file_name(id), run.join("journal.jsonl"));
        let text = std::fs::read_to_string(&journal).unwrap().replacen(name(&run), id, 1);
        std::fs::write(&journal, text).unwrap();
        std::fs::rename(&run, &to).unwrap();
        renamed.push(to);
    }
    let [older, newer] = renamed.try_into().unwrap();
    (project, older, newer)
}

#[test]
fn an_edit_is_taken_back_once() {
    let project = fixed(Person::Tester);
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert_as_before(&project);
    assert!(undo.out.contains("undone: the edit of `.env`"), "{undo}");
    let again = project.devdoctor(&["undo"]).ends_with(2);
    assert!(again.err.contains("there is no run of `fix` left to take back in this project"), "{again}");
    let run = runs(&project).remove(0);
    let named = project.devdoctor(&["undo", name(&run)]).ends_with(0);
    assert!(named.out.contains(&format!("nothing of the run `{}` is left to take back", name(&run))), "{named}");
    assert_as_before(&project);
    // There is no undo of an undo; the fix is made again.
    project.devdoctor(&["fix", "--offline", "--yes"]).ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_as_before(&project);
}

#[test]
fn a_file_that_changed_since_is_left_and_the_others_are_taken_back() {
    let project = fixed(Person::Tester);
    let mine = project.read("compose.yaml") + "# mine\n";
    project.write("compose.yaml", &mine);
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(undo.out.contains("left: the edit of `compose.yaml`: it has changed since"), "{undo}");
    assert!(undo.out.contains("undone: the edit of `.env`"), "{undo}");
    assert_eq!((project.read(".env").as_str(), project.read("compose.yaml")), (SETTINGS, mine.clone()));
    // The former text is where the message says.
    let words: String = undo.out.split_whitespace().collect();
    let run = runs(&project).remove(0);
    let kept = ["before-0", "before-1"].map(|name| run.join(name));
    let kept = kept.iter().find(|path| words.contains(path.to_str().unwrap())).unwrap();
    assert_eq!(std::fs::read_to_string(kept).unwrap(), COMPOSE);
    // As soon as the file is what the fix made of it, the rest is taken back.
    project.write("compose.yaml", mine.replace("# mine\n", ""));
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(!undo.out.contains(".env"), "{undo}");
    assert_as_before(&project);
}

#[test]
fn a_file_that_is_gone_is_left() {
    let project = fixed(Person::Tester);
    std::fs::remove_file(project.root.join("compose.yaml")).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(undo.out.contains("is not there any more") && undo.out.contains("undone: the edit of `.env`"), "{undo}");
    assert!(!project.root.join("compose.yaml").exists());
}

#[test]
fn former_bytes_that_were_damaged_are_not_written() {
    let project = fixed(Person::Tester);
    std::fs::write(runs(&project)[0].join("before-0"), "DATABASE_URL=\n").unwrap();
    let before = project.read(".env");
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(undo.out.contains("left: the edit of `.env`: its former text was changed in the journal"), "{undo}");
    assert_eq!(project.read(".env"), before);
    assert_eq!(project.read("compose.yaml"), COMPOSE);
    std::fs::remove_file(runs(&project)[0].join("before-0")).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(undo.out.contains("no such file or directory") && !undo.out.contains("os error"), "{undo}");
}

#[test]
fn a_journal_leads_to_no_file_outside_of_it() {
    let project = fixed(Person::Tester);
    let journal = runs(&project)[0].join("journal.jsonl");
    let outside = project.home.join("outside");
    std::fs::write(&outside, SETTINGS).unwrap();
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replacen("\"before-0\"", &format!("{outside:?}"), 1)).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(undo.out.contains("left: the edit of `.env`"), "{undo}");
    std::fs::write(&journal, text).unwrap();
    std::fs::remove_file(journal.with_file_name("before-0")).unwrap();
    std::os::unix::fs::symlink(&outside, journal.with_file_name("before-0")).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(undo.out.contains("left: the edit of `.env`"), "{undo}");
}

#[test]
fn an_edit_that_was_begun_is_decided_by_looking() {
    let journal = |project: &Project| runs(project)[0].join("journal.jsonl");
    // Killed right after the file was written.
    let project = fixed(Person::Tester);
    let text = std::fs::read_to_string(journal(&project)).unwrap();
    let begun = text.lines().take(4).map(|line| format!("{line}\n")).collect::<String>();
    std::fs::write(journal(&project), &begun).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.contains("undone: the edit of `compose.yaml`"), "{undo}");
    assert_as_before(&project);
    // Killed right before.
    let project = fixed(Person::Tester);
    let text = std::fs::read_to_string(journal(&project)).unwrap();
    let begun = text.lines().take(4).map(|line| format!("{line}\n")).collect::<String>();
    std::fs::write(journal(&project), &begun).unwrap();
    project.write("compose.yaml", COMPOSE);
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.contains("nothing to take back: the edit of `compose.yaml`"), "{undo}");
    assert_as_before(&project);
}

#[test]
fn what_a_run_that_was_ended_left_beside_a_file_is_removed_by_undo_and_by_the_next_fix() {
    for command in [&["undo"][..], &["fix", "--offline", "--yes"]] {
        let project = fixed(Person::Tester);
        let run = runs(&project).remove(0);
        let journal = run.join("journal.jsonl");
        let text = std::fs::read_to_string(&journal).unwrap();
        let begun = text.lines().take_while(|line| !line.contains("\"done\"")).collect::<Vec<_>>().join("\n") + "\n";
        std::fs::write(&journal, begun).unwrap();
        // As it is between the writing and the renaming of the new file.
        let process = name(&run).rsplit('-').next().unwrap();
        for file in [".env", "compose.yaml"] {
            project.write(format!(".{file}.devdoctor-{process}"), "half");
        }
        project.write(".env", SETTINGS);
        project.write(".env.devdoctor-mine", "");
        project.devdoctor(command);
        let mut left: Vec<String> = std::fs::read_dir(&project.root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("devdoctor"))
            .collect();
        left.sort();
        // Nothing was begun with the second file.
        let first = text.lines().find(|line| line.contains("\"begin\"")).unwrap();
        let untouched = if first.contains("compose.yaml") { "..env" } else { ".compose.yaml" };
        let mut expected = [".env.devdoctor-mine".to_owned(), format!("{untouched}.devdoctor-{process}")];
        expected.sort();
        assert_eq!(left, expected, "{command:?}");
    }
}

#[test]
fn a_damaged_newest_journal_is_not_passed_over() {
    let (project, older, newer) = fixed_twice();
    let journal = newer.join("journal.jsonl");
    let whole = std::fs::read(&journal).unwrap();
    let newer_schema = String::from_utf8(whole.clone()).unwrap().replacen("\"schema\":2", "\"schema\":3", 1);
    assert_ne!(newer_schema.as_bytes(), whole);
    let unknown = String::from_utf8(whole.clone()).unwrap().replacen("\"edit\"", "\"rename\"", 1);
    let (env, compose) = (project.read(".env"), project.read("compose.yaml"));
    for (bytes, said) in [
        (vec![], "has no head"),
        (b"\n\n".to_vec(), "has no head"),
        (vec![0xff, 0, b'\n', 0xfe], "has no head"),
        (newer_schema.into_bytes(), "was written by a newer devdoctor"),
        (unknown.into_bytes(), "line 2 of the journal is damaged"),
    ] {
        std::fs::write(&journal, &bytes).unwrap();
        let undo = project.devdoctor(&["undo"]).ends_with(2);
        assert!(undo.err.contains("20200102T000000-1") && undo.err.matches(said).count() == 1, "{undo}");
        let named = project.devdoctor(&["undo", "20200102T000000-1"]).ends_with(2);
        assert!(named.err.contains(said) && !named.err.contains("there is no run"), "{named}");
        let list = project.devdoctor(&["undo", "--list"]).ends_with(2);
        assert!(list.out.contains("20200101T000000-1  can be taken back") && list.err.contains(said), "{list}");
        assert_eq!((project.read(".env"), project.read("compose.yaml")), (env.clone(), compose.clone()));
    }
    let undo = project.devdoctor(&["undo", name(&older)]).ends_with(0);
    assert!(undo.out.contains("undone: the edit of `compose.yaml`"), "{undo}");
    assert_eq!((project.read(".env"), project.read("compose.yaml").as_str()), (env, COMPOSE));
}

#[test]
fn a_newest_journal_that_was_cut_off_anywhere_is_not_passed_over() {
    let (project, _, newer) = fixed_twice();
    let journal = newer.join("journal.jsonl");
    let whole = std::fs::read(&journal).unwrap();
    let (env, compose) = (project.read(".env"), project.read("compose.yaml"));
    // Every byte around what matters, the rest by sevens: each costs a start.
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    let near = |cut: usize| ends.iter().any(|end| cut.abs_diff(*end) < 4);
    for cut in (0..=whole.len()).filter(|cut| cut % 7 == 0 || near(*cut)) {
        std::fs::write(&journal, &whole[..cut]).unwrap();
        let undo = project.devdoctor(&["undo"]);
        assert_eq!(project.read("compose.yaml"), compose, "{cut}: {undo}");
        if cut > ends[1] {
            assert!(undo.status == 0 && project.read(".env") == SETTINGS, "{cut}: {undo}");
            project.write(".env", &env);
        } else {
            assert!(undo.status == 2 && project.read(".env") == env, "{cut}: {undo}");
            assert!(undo.err.contains("20200102T000000-1"), "{cut}: {undo}");
        }
    }
}

#[test]
fn a_damaged_journal_of_another_project_is_in_nobodys_way() {
    let (project, _, newer) = fixed_twice();
    let journal = newer.join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let root = project.root.display().to_string();
    std::fs::write(&journal, text.replace(&root, "/elsewhere").replacen("\"begin\"", "\"bgein\"", 1)).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.contains("undone: the edit of `compose.yaml`") && undo.err.is_empty(), "{undo}");
}

#[test]
fn a_folder_without_a_journal_is_no_run() {
    let (project, _, newer) = fixed_twice();
    // What is left when devdoctor is ended before the head is whole.
    let begun = newer.with_file_name("20200103T000000-1");
    std::fs::create_dir(&begun).unwrap();
    project.devdoctor(&["undo"]).ends_with(0);
    assert_eq!(project.read(".env"), SETTINGS);
    // Former bytes without a journal say that there was one.
    std::fs::write(begun.join("before-0"), "x").unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(2);
    assert!(undo.err.contains("20200103T000000-1"), "{undo}");
}

#[test]
fn runs_of_one_second_are_told_apart() {
    let (project, older, newer) = fixed_twice();
    for (run, id) in [(older, "20200101T000000-999"), (newer, "20200101T000000-1000")] {
        let journal = run.join("journal.jsonl");
        let text = std::fs::read_to_string(&journal).unwrap().replacen(name(&run), id, 1);
        std::fs::write(&journal, text).unwrap();
        std::fs::rename(&run, run.with_file_name(id)).unwrap();
    }
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.contains("undone: the edit of `.env`"), "{undo}");
}

#[test]
fn a_project_that_was_moved_is_named() {
    let project = fixed(Person::Tester);
    let run = name(&runs(&project)[0]).to_owned();
    let moved = project.root.with_file_name("moved");
    std::fs::rename(&project.root, &moved).unwrap();
    let place = moved.to_str().unwrap();
    let mut command = project.command(Path::new(env!("CARGO_BIN_EXE_devdoctor")));
    command.current_dir(&project.home).args(["undo", &run, "--project", place]);
    let undo = answer("undo of a moved project", &mut command).ends_with(2);
    let was = format!("`{}`, which is not there any more", project.root.display());
    assert!(undo.err.contains(&run) && undo.err.contains(&was), "{undo}");
    let mut command = project.command(Path::new(env!("CARGO_BIN_EXE_devdoctor")));
    let gone = project.root.to_str().unwrap();
    command.current_dir(&project.home).args(["undo", "--project", gone]);
    let undo = answer("undo of a project that is gone", &mut command).ends_with(2);
    assert!(undo.err.contains("no such file or directory") && !undo.err.contains("os error"), "{undo}");
    std::fs::rename(&moved, &project.root).unwrap();
    project.devdoctor(&["undo", &run]).ends_with(0);
    assert_as_before(&project);
}

#[test]
fn without_a_journal_nothing_is_changed() {
    let project = broken(Person::Tester);
    let file = project.home.join("file");
    std::fs::write(&file, "").unwrap();
    for at in ["/proc/devdoctor", file.to_str().unwrap(), "/dev/full"] {
        let fix = with_state(&project, at, &["fix", "--offline", "--yes"]).ends_with(2);
        assert!(fix.err.contains("cannot be written: ") && !fix.err.contains("os error"), "{fix}");
        assert_as_before(&project);
    }
}

/// Runs devdoctor where no file can grow beyond so many KiB, as on a full disk.
fn where_files_end_at(kibibytes: u32, project: &Project, arguments: &str) -> Answer {
    let mut command = project.command("/bin/bash");
    let program = env!("CARGO_BIN_EXE_devdoctor");
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {kibibytes}; exec {program} {arguments}"));
    answer(arguments, &mut command)
}

#[test]
fn on_a_full_disk_nothing_is_changed() {
    let project = broken(Person::Tester);
    let fix = where_files_end_at(0, &project, "fix --offline --yes").ends_with(2);
    assert!(fix.err.contains("cannot be written: file too large"), "{fix}");
    assert_as_before(&project);
    // What could not be begun is in nobody's way.
    let undo = project.devdoctor(&["undo"]).ends_with(2);
    assert!(undo.err.contains("there is no run of `fix` left"), "{undo}");
    project.devdoctor(&["fix", "--offline", "--yes"]).ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_as_before(&project);
}

#[test]
fn a_file_that_does_not_fit_on_the_disk_keeps_its_bytes() {
    let project = Project::empty(Person::Tester);
    let long = format!("{}{SETTINGS}", "# a\n".repeat(260));
    // Two bytes more than a KiB after the fix, one less before: `@` becomes `%40`.
    let long = long[long.len() - 1023..].to_owned();
    project.write(".env", &long);
    std::fs::hard_link(project.root.join(".env"), project.home.join("other name")).unwrap();
    let fix = where_files_end_at(1, &project, "fix --offline --yes");
    assert!(fix.out.contains("failed: edit of `.env`") || fix.status == 2, "{fix}");
    assert_eq!(project.read(".env"), long);
    project.devdoctor(&["undo"]);
    assert_eq!(project.read(".env"), long);
}

#[test]
fn a_second_devdoctor_says_so_and_ends() {
    let project = fixed(Person::Tester);
    // A lock that a dead process left is no obstacle: the kernel let it go.
    assert!(state(&project).join("lock").exists());
    let mut holder = Command::new("flock");
    holder.arg("--exclusive").arg(state(&project).join("lock")).args(["sh", "-c", "echo held; cat"]);
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut [0; 5]).unwrap();
    for arguments in [&["undo"][..], &["undo", "1"]] {
        let busy = project.devdoctor(arguments).ends_with(2);
        assert!(busy.err.contains("another `devdoctor fix` or `undo` is running"), "{busy}");
    }
    project.devdoctor(&["undo", "--list"]).ends_with(0);
    project.write(".env", SETTINGS);
    let busy = project.devdoctor(&["fix", "--offline", "--yes"]).ends_with(2);
    assert!(busy.err.contains("another `devdoctor fix` or `undo` is running"), "{busy}");
    assert_eq!(project.read(".env"), SETTINGS);
    holder.kill().unwrap();
    holder.wait().unwrap();
    // Its child may hold the lock a moment longer, until its input ends.
    drop(holder);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while project.devdoctor(&["undo"]).status == 2 {
        assert!(std::time::Instant::now() < end, "the lock of a dead process is in the way");
    }
    assert_as_before(&project);
}
