//! Branches as git really keeps them: packed, in work trees, of remotes, gone.

use super::*;

/// Runs lines of shell in a directory, with nobody's configuration.
fn shell(directory: &Path, lines: &str) {
    let mut shell = Command::new("sh");
    shell.current_dir(directory).env("GIT_CONFIG_GLOBAL", "/dev/null").args(["-ec", lines]);
    for (name, value) in [("NAME", "Ada"), ("EMAIL", "ada@shop.invalid")] {
        shell.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{lines}: {output:?}");
}

const REPOSITORY: &str = "git init -q -b main\n\
    mkdir -p 'a b/versions/deep'\n\
    echo \"revision = 'aaa1'\" > 'a b/versions/a.py'\n\
    git add --all && git commit -qm one\n\
    git switch -qc feature/x\n\
    printf 'revision: str = \"bbb2\"\\ndown_revision = \"aaa1\"\\n' > 'a b/versions/b.py'\n\
    echo \"revision = 'ccc3'\" > 'a b/versions/deep/c.py'\n\
    git add --all && git commit -qm two\n\
    git switch -q main\n";

fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    shell(directory.path(), REPOSITORY);
    directory
}

fn asked(root: &Path, id: &str) -> Branches {
    let lost = Lost { id: id.to_owned(), directories: vec!["a b/versions".to_owned()], recursive: false };
    look(root, &[lost], Instant::now() + Duration::from_secs(60))
}

/// The file, the names of its branches with their kinds, and the revisions before it.
fn found(branches: &Branches) -> Vec<String> {
    let branch = |one: &Branch| format!("{:?} {}", one.kind, one.name);
    let line = |one: &RevisionOnBranch| {
        let branches: Vec<String> = one.branches.iter().map(branch).collect();
        format!("{} ({}) after {}", one.path, branches.join(", "), one.parents.join(" "))
    };
    branches.revisions.iter().map(line).collect()
}

#[test]
fn a_branch_is_found_loose_and_packed() {
    let repository = repository();
    for packing in ["true", "git gc -q && rm -rf .git/logs && test ! -e .git/refs/heads/main"] {
        shell(repository.path(), packing);
        let branches = asked(repository.path(), "bbb2");
        assert_eq!((branches.looked_at, branches.trouble.as_deref()), (1, None), "{packing}");
        assert_eq!(found(&branches), ["a b/versions/b.py (Local feature/x) after aaa1"], "{packing}");
        let nothing = asked(repository.path(), "bbb");
        assert_eq!((found(&nothing), nothing.trouble), (vec![], None), "a part of a name is none");
    }
}

#[test]
fn deeper_folders_are_looked_at_where_alembic_does() {
    let repository = repository();
    let mut lost = Lost { id: "ccc3".into(), directories: vec!["versions".into()], recursive: false };
    for (recursive, expected) in [(false, vec![]), (true, vec!["versions/deep/c.py (Local feature/x) after "])] {
        lost.recursive = recursive;
        // A project below the top of its repository.
        let root = repository.path().join("a b");
        let branches = look(&root, std::slice::from_ref(&lost), Instant::now() + Duration::from_secs(60));
        assert_eq!(found(&branches), expected, "{branches:?}");
    }
}

#[test]
fn what_is_checked_out_here_or_in_another_work_tree_is_told_apart() {
    let repository = repository();
    shell(repository.path(), "git worktree add -q ../$(basename \"$PWD\")-side feature/x");
    let side =
        repository.path().with_file_name(format!("{}-side", repository.path().file_name().unwrap().to_str().unwrap()));
    let branches = asked(repository.path(), "bbb2");
    let worktree = branches.revisions[0].branches[0].worktree.clone().unwrap();
    assert_eq!(std::fs::canonicalize(worktree).unwrap(), std::fs::canonicalize(&side).unwrap());
    // A file that is there is another one by now, or it would not be asked for; nothing may be said that takes it away.
    assert_eq!(found(&asked(&side, "bbb2")), ["a b/versions/b.py (Changed HEAD) after aaa1"]);
    std::fs::remove_file(side.join("a b/versions/b.py")).unwrap();
    assert_eq!(found(&asked(&side, "bbb2")), ["a b/versions/b.py (Here HEAD) after aaa1"]);
    std::fs::remove_dir_all(side).unwrap();
}

#[test]
fn branches_that_are_too_many_are_named_as_not_looked_at() {
    let repository = repository();
    let newest = "git update-ref --stdin <<END\n$(for number in $(seq 1001); do echo create refs/heads/b$number HEAD; done)\nEND";
    shell(repository.path(), newest);
    let branches = asked(repository.path(), "bbb");
    assert_eq!(branches.trouble.as_deref(), Some("only the 1000 newest branches were looked at"));
}

#[test]
fn branches_of_remotes_count_and_deleted_ones_do_not() {
    let repository = repository();
    let clone = tempfile::tempdir().unwrap();
    let from = format!("git clone -q 'file://{}' .", repository.path().display());
    shell(clone.path(), &from);
    assert_eq!(found(&asked(clone.path(), "bbb2")), ["a b/versions/b.py (Remote origin/feature/x) after aaa1"]);
    shell(clone.path(), "git branch -q --no-track feature/x main");
    assert_eq!(found(&asked(clone.path(), "bbb2")), ["a b/versions/b.py (RemoteOfLocal origin/feature/x) after aaa1"]);
    let shallow = tempfile::tempdir().unwrap();
    shell(shallow.path(), &from.replace("-q", "-q --depth 1"));
    let branches = asked(shallow.path(), "bbb2");
    assert_eq!((branches.looked_at, branches.revisions.len(), branches.trouble), (1, 0, None));
    shell(repository.path(), "git branch -qD feature/x");
    let branches = asked(repository.path(), "bbb2");
    assert_eq!((branches.looked_at, branches.revisions.len(), branches.trouble), (0, 0, None));
}

#[test]
fn a_partial_clone_fetches_nothing() {
    let repository = repository();
    shell(repository.path(), "git config uploadpack.allowFilter true");
    let clone = tempfile::tempdir().unwrap();
    shell(clone.path(), &format!("git clone -q --filter=blob:none 'file://{}' .", repository.path().display()));
    let objects = "find .git/objects -type f | sort > ../$(basename \"$PWD\").now";
    let listed = || {
        shell(clone.path(), objects);
        let name = clone.path().with_extension("now");
        let text = std::fs::read_to_string(&name).unwrap();
        std::fs::remove_file(name).unwrap();
        text
    };
    let before = listed();
    let branches = asked(clone.path(), "bbb2");
    assert_eq!(branches.revisions, []);
    let trouble = branches.trouble.unwrap();
    assert!(trouble.starts_with("git lacks files") || trouble.starts_with("git has no content"), "{trouble}");
    assert_eq!(listed(), before);
}

#[test]
fn a_repository_starts_nothing_of_its_own() {
    let repository = repository();
    let trap = repository.path().join("sprung");
    let program = repository.path().join(".git/trap");
    std::fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", trap.display())).unwrap();
    shell(
        repository.path(),
        "chmod +x .git/trap\n\
         for hook in post-index-change reference-transaction post-checkout; do cp .git/trap .git/hooks/$hook; done\n\
         for key in core.fsmonitor core.pager core.sshCommand core.editor diff.py.textconv filter.py.smudge \
         gpg.program core.askPass credential.helper core.gitProxy; do git config $key \"$PWD/.git/trap\"; done\n\
         git config alias.for-each-ref '!.git/trap'; git config alias.cat-file '!.git/trap'\n\
         git config filter.py.required true; git config pager.for-each-ref true\n\
         echo '*.py diff=py filter=py' > .git/info/attributes\n\
         rm -f sprung",
    );
    assert_eq!(found(&asked(repository.path(), "bbb2")).len(), 1);
    assert!(!trap.exists(), "{}", std::fs::read_to_string(trap).unwrap());
}

#[test]
fn what_keeps_git_from_answering_is_said() {
    let nowhere = tempfile::tempdir().unwrap();
    let trouble = asked(nowhere.path(), "bbb2").trouble.unwrap();
    assert!(trouble.starts_with("git refuses: not a git repository"), "{trouble}");
    let repository = repository();
    let lost = Lost { id: "bbb2".into(), directories: vec!["a b/versions".into()], recursive: false };
    let late = look(repository.path(), &[lost], Instant::now());
    assert_eq!(late.trouble.as_deref(), Some("git gave no answer in time"));
}

#[test]
fn a_process_that_hangs_is_ended_with_all_that_it_started() {
    let mut hanging = Command::new("sh");
    hanging.args(["-c", "sleep 600 & sleep 600"]).stdout(Stdio::piped()).process_group(0);
    let mut child = hanging.spawn().unwrap();
    let mut output = child.stdout.take();
    let (_, in_time) = within(child.id(), Instant::now() + Duration::from_millis(50), || all(&mut output));
    assert!(!in_time);
    assert!(!child.wait().unwrap().success());
}
