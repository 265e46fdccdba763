//! Scripts that came from Windows: the real shell, the real kernel and the real engine stumble over them, and not any more
//! after the fix.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::os::unix::fs::PermissionsExt;

use support::person::Person;
use support::project::Project;
use support::tree::Compared;
use support::variable;

/// A project with scripts that were checked out in Windows.
fn from_windows(person: Person) -> Project {
    let project = Project::empty(person);
    let script = |path: &str, text: &str| {
        project.write(path, text.replace('\n', "\r\n"));
        std::fs::set_permissions(project.root.join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("scripts/env.sh", "#!/usr/bin/env bash\nif true; then\n    echo started\nfi\n");
    script("entrypoint.sh", "#!/bin/sh\nset -e\necho started\n");
    script("start.bat", "@echo off\n");
    project.write("scripts/load.sh", "#!/bin/sh\n. ./.env\nprintf '[%s]' \"$DB_PASSWORD\"\n");
    project.write(".env", "# settings\r\nDB_PASSWORD=s3cret-of-ada\r\n");
    project
}

#[test]
fn the_fix_ends_lines_as_unix_does_and_undo_brings_them_back() {
    let project = from_windows(Person::Tester);
    let before = project.tree();
    let failed = project.shell("./scripts/env.sh");
    assert!(failed.err.contains("bash\\r"), "{failed}");
    let failed = project.shell("./entrypoint.sh");
    assert_ne!(failed.status, 0, "{failed}");
    assert!(project.shell("sh scripts/load.sh").out.contains('\r'));

    let told = project.devdoctor(&["check", "--offline", "--only", "files"]);
    for words in [r"`bash\r` is looked for to run it", r"`/bin/sh\r` is looked for", "at the end of each value"] {
        assert!(told.out.contains(words), "no {words} in {told}");
    }
    assert!(!told.out.contains("start.bat") && !told.out.contains("s3cret"), "{told}");
    let fixed = project.devdoctor(&["fix", "--offline", "--yes", "--only", "files"]);
    assert!(!fixed.out.contains("s3cret") && !fixed.err.contains("s3cret"), "{fixed}");
    fixed.ends_with(0);

    assert_eq!(
        project.shell("./scripts/env.sh && ./entrypoint.sh && sh scripts/load.sh").out,
        "started\nstarted\n[s3cret-of-ada]"
    );
    assert!(project.read("start.bat").contains("\r\n"), "Windows runs it");
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), Compared::Content);
}

#[test]
fn attributes_that_let_git_write_scripts_so_get_a_line_when_that_is_wanted() {
    let project = from_windows(Person::Tester);
    project.write(".gitattributes", "*.png binary");
    project.devdoctor(&["fix", "--offline", "--yes", "--unsafe", "--only", "files"]).ends_with(0);
    assert_eq!(project.read(".gitattributes"), "*.png binary\n*.sh text eol=lf\n");
    project.stage_everything();
    let attribute = project.shell("git check-attr eol entrypoint.sh start.bat").out;
    assert_eq!(attribute, "entrypoint.sh: eol: lf\nstart.bat: eol: unspecified\n");
}

#[test]
fn the_hook_stops_a_script_that_is_staged_with_the_line_ends_of_windows() {
    let project = from_windows(Person::Tester);
    project.stage_everything();
    let told = project.devdoctor(&["hook", "entrypoint.sh"]);
    assert!(told.out.contains("files-crlf-in-script") && told.out.contains("entrypoint.sh:1"), "{told}");
    told.ends_with(1);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_entrypoint_that_the_engine_does_not_find_is_found_after_the_fix() {
    let project = from_windows(Person::User);
    let image = variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    let run = format!(
        "docker run --rm --label devdoctor.test={} -v \"$PWD:/w:ro\" {image} /w/entrypoint.sh",
        variable("DEVDOCTOR_TEST_RUN")
    );
    let failed = project.shell(&run);
    assert!(format!("{}{}", failed.out, failed.err).contains("no such file or directory"), "{failed}");
    project.devdoctor(&["fix", "--offline", "--yes", "--only", "files"]).ends_with(0);
    assert_eq!(project.shell(&run).out, "started\n");
}
