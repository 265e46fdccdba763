//! The index as real git keeps it.

use std::time::Duration;

use super::*;

fn git(directory: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(directory).args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]);
    let output = git
        .args(arguments)
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn opened(root: &Path, given: &[(&'static str, PathBuf)], here: &Path) -> IndexFiles {
    IndexFiles::new(Arc::new(Index::open_as(root, given, here, later()).unwrap()), Arc::default())
}

fn repository() -> tempfile::TempDir {
    let top = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("compose.yaml", "services: {}\n"),
        ("api/Makefile", "staged:\n"),
        ("api/new\nline.txt", "x\n"),
        ("api/binary", "a\0b"),
        ("shared.env", "A=1\n"),
    ] {
        let path = top.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::os::unix::fs::symlink("../compose.yaml", top.path().join("api/link.yaml")).unwrap();
    git(top.path(), &["init", "-q", "."]);
    git(top.path(), &["add", "."]);
    std::fs::write(top.path().join("api/Makefile"), "work tree:\n").unwrap();
    std::fs::write(top.path().join("api/untracked.yaml"), "x\n").unwrap();
    std::fs::write(top.path().join("api/.env"), "UID=1000\n").unwrap();
    top
}

#[test]
fn staged_content_is_read_and_not_the_work_tree() {
    let top = repository();
    let files = IndexFiles::new(Arc::new(Index::open(&top.path().join("api"), later()).unwrap()), Arc::default());
    assert_eq!(files.list(), ["Makefile", "binary", "new\nline.txt"]);
    assert_eq!(files.read("Makefile").unwrap().text(), "staged:\n");
    assert_eq!(files.read("new\nline.txt").unwrap().text(), "x\n");
    assert_eq!(files.read("../compose.yaml").unwrap().text(), "services: {}\n");
    assert_eq!(files.read("link.yaml").unwrap().text(), "services: {}\n");
    assert_eq!(files.read("untracked.yaml").unwrap_err(), ReadError::NotFound);
    assert!(matches!(files.read("binary"), Err(ReadError::Encoding(_))));
    assert_eq!(files.read("Makefile").unwrap().text(), "staged:\n", "the batch goes on after an error");
}

#[test]
fn settings_that_are_kept_out_of_git_come_from_disk() {
    let top = repository();
    let files = IndexFiles::new(Arc::new(Index::open(&top.path().join("api"), later()).unwrap()), Arc::default());
    assert_eq!(files.read(".env").unwrap().text(), "UID=1000\n");
    assert!(files.is_file(".env") && files.is_file("../shared.env") && !files.is_file("untracked.yaml"));
    assert!(files.is_directory("..") && files.is_directory("") && !files.is_directory("none"));
}

#[test]
fn a_directory_without_repository_is_an_error_with_words() {
    let empty = tempfile::tempdir().unwrap();
    let error = Index::open(empty.path(), later()).unwrap_err().to_string();
    assert!(error.starts_with("git rev-parse: fatal: not a git repository"), "{error}");
}

#[test]
fn conflicts_and_submodules_are_left_out() {
    let said = ["100644 aa 0\tx", "160000 bb 0\tsub", "100644 cc 2\ty", "120000 dd 0\tlink", "garbage", ""];
    let entries = parsed(said.join("\0").as_bytes());
    assert_eq!(entries.keys().collect::<Vec<_>>(), ["link", "x"]);
    assert!(entries.get("link").unwrap().link);
}

#[test]
fn a_hook_reads_the_index_that_git_names() {
    let top = repository();
    let here = top.path();
    // As `git commit FILE` does: another index, named relative to the top.
    std::fs::copy(here.join(".git/index"), here.join(".git/next-index")).unwrap();
    git(here, &["rm", "-q", "--cached", "-f", "api/Makefile"]);
    let plain = opened(&here.join("api"), &[], Path::new("/"));
    assert_eq!(plain.list(), ["binary", "new\nline.txt"]);
    let given = [("GIT_DIR", PathBuf::from(".git")), ("GIT_INDEX_FILE", PathBuf::from(".git/next-index"))];
    let hook = opened(&here.join("api"), &given, here);
    assert_eq!(hook.list(), ["Makefile", "binary", "new\nline.txt"]);
    assert_eq!(hook.read("Makefile").unwrap().text(), "staged:\n");
    assert_eq!(hook.read("../compose.yaml").unwrap().text(), "services: {}\n");
}
