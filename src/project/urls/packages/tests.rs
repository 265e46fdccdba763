//! Every file that can name a package.

use super::*;
use crate::project::files::MemoryFiles;

fn packages(files: &[(&str, &str)]) -> Packages {
    read(&MemoryFiles::new(files.iter().map(|(path, text)| (*path, *text))), &mut BTreeMap::new())
}

#[test]
fn every_file_that_names_packages_is_read() {
    for (path, text) in [
        ("pyproject.toml", "[project]\ndependencies = ['Foo_bar>=1']"),
        ("pyproject.toml", "[project.optional-dependencies]\npg = ['foo.bar[x]; python_version > \"3\"']"),
        ("a/pyproject.toml", "[dependency-groups]\ndev = [{include-group = 'x'}, 'foo-bar']"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nfoo-bar = {version = '^1'}"),
        ("pyproject.toml", "[tool.poetry.group.dev.dependencies]\nfoo-bar = '*'"),
        ("pyproject.toml", "[tool.uv]\ndev-dependencies = ['foo-bar']"),
        ("uv.lock", "version = 1\n[[package]]\nname = \"foo-bar\"\nversion = \"1\"\n"),
        ("poetry.lock", "[[package]]\nname = \"Foo-Bar\"\n[package.dependencies]\nname = \"x\"\n"),
        ("requirements-dev.txt", "# x\nfoo-bar==1 # y\n--hash=sha256:abc\n"),
        ("requirements/base.in", "foo_bar @ https://packages.invalid/x.whl\r\n"),
        ("requirements.txt", "-e git+https://git.invalid/x#egg=foo-bar\n"),
        ("setup.cfg", "[options]\ninstall_requires =\n    x\n    foo-bar>1\n"),
        ("setup.cfg", "[options.extras_require]\npg = foo-bar\n"),
        ("setup.py", "setup(name='x', install_requires=[\n  'y', # it's\n  \"foo-bar\",\n])"),
        ("Pipfile", "[packages]\nfoo-bar = '*'\n"),
        ("Pipfile.lock", "{\"_meta\": {}, \"default\": {\"foo-bar\": {}}}"),
        ("environment.yml", "dependencies:\n  - python=3\n  - pip:\n    - foo-bar==1\n"),
    ] {
        let found = packages(&[(path, text)]);
        assert!(found.has("foo-bar"), "{path}: {found:?}");
        assert!(found.complete, "{path}: {text}");
        assert!(!found.may_bring("asynchronous") && found.may_bring("foobar"), "{path}");
    }
}

#[test]
fn included_lists_are_read_and_what_cannot_be_seen_is_not_taken_for_nothing() {
    let found = packages(&[
        ("requirements.txt", "-r deps/one.list\n"),
        ("deps/one.list", "-r two\n"),
        ("deps/two", "x\n-r one.list\n"),
    ]);
    assert!(found.has("x") && !found.may_bring("asynchronous"), "{found:?}");
    for (path, text) in [
        ("requirements.txt", "-r https://lists.invalid/x.txt"),
        ("requirements.txt", "-r absent.txt"),
        ("requirements.txt", "./local\nx"),
        ("requirements.txt", "git+https://git.invalid/x"),
        ("pyproject.toml", "[project]\ndynamic = ['dependencies']"),
        ("pyproject.toml", "[project\n"),
        ("setup.py", "setup(install_requires=read('requirements.txt'))"),
        ("setup.py", "setup(install_requires=['a'] + more)\nsetup(**options)"),
        ("uv.lock", "[[package]]\nname = \"sqlalchemy-other\"\n"),
        (
            "pyproject.toml",
            "[project]\nname = 'x'\n[project.entry-points.'sqlalchemy.dialects']\n'postgresql.mine' = 'a:b'",
        ),
        ("README.md", "no list at all"),
    ] {
        assert!(packages(&[(path, text)]).may_bring("asynchronous"), "{path}: {text}");
    }
}

#[test]
fn an_old_sqlalchemy_knows_the_short_word() {
    for (text, expected) in [
        ("sqlalchemy==1.3.24", true),
        ("SQLAlchemy<1.4", true),
        ("sqlalchemy>=1.2,<1.4", true),
        ("sqlalchemy~=1.3.0", true),
        ("sqlalchemy>=1.3", false),
        ("sqlalchemy==1.4.1", false),
        ("sqlalchemy", false),
    ] {
        assert_eq!(packages(&[("requirements.txt", text)]).knows_postgres, expected, "{text}");
    }
    let lock = "[[package]]\nname = \"sqlalchemy\"\nversion = \"1.3.9\"\n";
    assert!(packages(&[("uv.lock", lock)]).knows_postgres);
}

#[test]
fn any_text_is_read_or_refused() {
    for path in [
        "pyproject.toml",
        "uv.lock",
        "Pipfile",
        "Pipfile.lock",
        "setup.cfg",
        "setup.py",
        "requirements.txt",
        "environment.yml",
    ] {
        for text in [
            "",
            "\u{feff}é",
            "[",
            "[[package]]\nname",
            "{\"é\"",
            "install_requires=['é",
            "-r \n-e\n",
            "install_requires=[\"",
            "@",
            "é==1",
        ] {
            let _ = packages(&[(path, text)]);
        }
        let _ = packages(&[(path, &"install_requires=[".repeat(2_000))]);
    }
}
