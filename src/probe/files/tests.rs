//! Tests of the files of this machine: real trees with what trees hold.
#![expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]

use super::*;
use crate::text::Encoding;

fn project() -> (tempfile::TempDir, DiskFiles) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in [
        (".gitignore", "ignored/\n*.log\n"),
        (".env", "A=1\n"),
        ("a b/new\nline.txt", "x"),
        ("ignored/x.py", ""),
        ("app.log", ""),
        ("node_modules/x/package.json", "{}"),
        ("src/__pycache__/x.py", ""),
        ("src/main.py", "print()\n"),
        (".git/config", ""),
        ("binary", "a\0b"),
    ] {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::os::unix::fs::symlink("src", root.path().join("linked")).unwrap();
    std::os::unix::fs::symlink(".env", root.path().join("env-link")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.path().join("dangling")).unwrap();
    nix::unistd::mkfifo(&root.path().join("pipe"), nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    let files = DiskFiles::new(root.path());
    (root, files)
}

#[test]
fn what_git_ignores_and_what_no_person_writes_is_not_listed() {
    let (_root, files) = project();
    assert_eq!(files.list(), [".env", ".gitignore", "a b/new\nline.txt", "binary", "env-link", "pipe", "src/main.py"]);
}

#[test]
fn what_git_ignores_is_present_all_the_same() {
    let (_root, files) = project();
    assert_eq!(files.present("ignored", false), ["ignored/x.py"]);
    assert_eq!(files.present("src", true), ["src/main.py"]);
    assert_eq!(files.present("nowhere", true), Vec::<String>::new());
    assert!(files.present("", true).contains(&"ignored/x.py".to_owned()));
}

#[test]
fn only_regular_files_of_text_are_read() {
    let (_root, files) = project();
    assert_eq!(files.read("env-link").unwrap().text(), "A=1\n");
    assert_eq!(files.read("ignored/x.py").unwrap().text(), "");
    for (path, error) in [
        ("pipe", ReadError::NotAFile),
        ("src", ReadError::NotAFile),
        ("none", ReadError::NotFound),
        ("dangling", ReadError::Refused(DANGLING.to_owned())),
        (".env/x", ReadError::NotFound),
        ("binary", ReadError::Encoding(Encoding::Binary)),
    ] {
        assert_eq!(files.read(path).unwrap_err(), error, "{path}");
    }
    assert!(files.is_file("ignored/x.py") && files.is_directory("src") && !files.is_file("src"));
}

#[test]
fn ignore_files_above_the_repository_or_outside_of_any_do_not_count() {
    let around = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = around.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(".gitignore", "*\n");
    write("top/.gitignore", "*.log\n");
    write("top/app/Makefile", "");
    write("top/app/a.log", "");
    let listed = |path: &str| DiskFiles::new(around.path().join(path)).list().to_vec();
    assert_eq!(listed("top/app"), ["Makefile", "a.log"]);
    assert_eq!(listed("top"), [".gitignore", "app/Makefile"]);
    write("top/.git/HEAD", "ref: refs/heads/main\n");
    assert_eq!(listed("top/app"), ["Makefile"]);
    assert_eq!(listed("top"), [".gitignore", "app/Makefile"]);
}

#[test]
fn after_the_deadline_nothing_is_listed_or_read_and_that_is_said() {
    let (root, _) = project();
    let late = DiskFiles::until(root.path(), Instant::now());
    assert_eq!(late.read("none").unwrap_err(), ReadError::NotFound);
    assert_eq!(late.cut_short(), None);
    assert_eq!(late.read(".env").unwrap_err(), ReadError::Refused(TIME_IS_UP.to_owned()));
    assert_eq!(late.cut_short().as_deref(), Some("the time limit was used up after 0 files"));
    assert_eq!(late.list(), [""; 0]);
    assert_eq!(
        late.cut_short().as_deref(),
        Some("the time limit was used up while listing `.`, after 0 files listed and 0 files read")
    );
    let early = DiskFiles::until(root.path(), Instant::now() + std::time::Duration::from_secs(600));
    assert!(early.list().len() == 7 && early.read(".env").is_ok());
    assert_eq!(early.cut_short(), None);
}

#[test]
fn a_file_that_no_person_wrote_is_too_large_to_read() {
    let (root, files) = project();
    std::fs::File::create(root.path().join("huge")).unwrap().set_len(MAX_FILE_SIZE + 1).unwrap();
    assert_eq!(files.read("huge").unwrap_err(), ReadError::TooLarge);
}

#[test]
fn what_is_passed_over_counts_as_there_so_that_it_is_missed() {
    use crate::project::files::{NO_ANSWER, TAKES_TOO_LONG};
    let root = tempfile::tempdir().unwrap();
    let stack = "services:\n  app:\n    image: shop\n    env_file: [{path: app.env, required: false}]\n";
    std::fs::write(root.path().join("compose.yaml"), stack).unwrap();
    let read = |path: &str, reason: &'static str| {
        let attention = Attention::without(vec![(path.to_owned(), reason)]);
        let files = DiskFiles::new(root.path()).noting(Arc::new(attention));
        assert!(files.exists(path) && files.is_file(path) && !files.is_directory(path), "{path}");
        assert_eq!(files.read(path).unwrap_err(), ReadError::Refused(reason.to_owned()), "{path}");
        let project = crate::project::read::project(&files, &crate::facts::Environment::default(), None);
        assert!(project.unreadable.iter().any(crate::project::Unreadable::is_late), "{path}: {:?}", project.unreadable);
        project
    };
    // Whatever decides about services is not known then.
    for path in ["compose.yaml", "compose.override.yaml", ".env"] {
        for reason in [NO_ANSWER, TAKES_TOO_LONG] {
            assert!(read(path, reason).compose.is_none(), "{path}");
        }
    }
    assert!(read("app.env", NO_ANSWER).compose.is_some());
    assert!(read("Makefile", NO_ANSWER).compose.is_some());
}
