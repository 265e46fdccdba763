//! The checks of caches against the real tools: in each state of a cache the check must say what the tool does, and where it
//! offers a chown, the tool must work after it.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests start real tools and read their own settings, and may panic"
)]

#[path = "cache_real/builds.rs"]
mod builds;
#[path = "cache_real/environments.rs"]
mod environments;
#[path = "cache_real/lines.rs"]
mod lines;
#[path = "cache_real/managers.rs"]
mod managers;
#[path = "cache_real/mounts.rs"]
mod mounts;
#[path = "cache_real/poetry.rs"]
mod poetry;
#[path = "cache_real/projects.rs"]
mod projects;
#[path = "cache_real/running.rs"]
mod running;
#[path = "cache_real/stores.rs"]
mod stores;
mod support;
#[path = "cache_real/tools.rs"]
mod tools;
#[path = "cache_real/versions.rs"]
mod versions;

use devdoctor::fix::Applicability;

use running::{Running, check, cured, facts};

const ME: &str = "1000:1000";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn uv_does_what_the_check_says() {
    let running = Running::start(&[]);
    let warm = "rm -rf /c; mkdir -p /c; UV_CACHE_DIR=/c/cache uv pip install -q --default-index http://127.0.0.1:8000/ --target $(mktemp -d)/t alpha";
    let mine = "chown -R 1000:1000 /c/cache";
    let mut states: Vec<(String, String)> = [
        ("used by root", ""),
        ("given away as a whole", mine),
        ("only the top given away", "chown 1000:1000 /c/cache"),
        ("the top for everybody", "chmod 777 /c/cache"),
        ("all of it for everybody", "chmod -R a+rwX /c/cache"),
        ("all of it for the group", "chgrp -R 1000 /c/cache; chmod -R g+rwX /c/cache"),
        ("empty and root's", "rm -rf /c/cache; mkdir /c/cache"),
        ("empty and for everybody", "rm -rf /c/cache; mkdir -m 1777 /c/cache"),
        ("a file", "rm -rf /c/cache; : > /c/cache"),
        ("absent below root's", "rm -rf /c/cache"),
        ("absent below mine", "rm -rf /c/cache; chown 1000:1000 /c"),
        ("behind a closed door", "chown -R 1000:1000 /c/cache; chmod 700 /c"),
        ("mine but for the lock", "chown -R 1000:1000 /c/cache; touch /c/cache/.lock; chown 0:0 /c/cache/.lock; chmod 644 /c/cache/.lock"),
        ("mine and an open lock", "chown -R 1000:1000 /c/cache; chown 0:0 /c/cache/.lock; chmod 666 /c/cache/.lock"),
        ("mine but not writable", "chown -R 1000:1000 /c/cache; chmod 555 /c/cache"),
        ("files of root in folders of mine", "find /c/cache -type d -exec chown 1000:1000 {} +; chown 1000:1000 /c/cache/sdists-*/.git; chmod 666 /c/cache/.lock"),
    ]
    .into_iter()
    .map(|(name, script)| (name.to_owned(), script.to_owned()))
    .collect();
    running.root(warm);
    let entries =
        running.root("cd /c/cache; find . -mindepth 1 -maxdepth 2 | sed 's:/\\(archive-v.*\\)/.*:/\\1/*:' | sort -u");
    states.extend(
        entries
            .lines()
            .map(|entry| (format!("all mine but {entry}"), format!("{mine}; chown -R 0:0 /c/cache/{entry}"))),
    );
    let environment = [("UV_CACHE_DIR", "/c/cache")];
    let (mut broken, mut cures) = (0, 0);
    for (name, script) in &states {
        running.root(&format!("{warm}; chmod 755 /c; {script}"));
        let findings = check(&facts(&running, &["uv", "x"], ME, &environment, "/c/cache", "/"));
        let (works, said) = running.uv_works(ME, &environment);
        assert_eq!(findings.is_empty(), works, "{name}: {said}\n{findings:#?}");
        broken += usize::from(!works);
        // The tool's own try may have changed the state, and the names in it are random: make and look at it anew.
        running.root(&format!("{warm}; chmod 755 /c; {script}"));
        let again = check(&facts(&running, &["uv", "x"], ME, &environment, "/c/cache", "/"));
        if again.first().is_some_and(|finding| cured(&running, finding)) {
            let (works, said) = running.uv_works(ME, &environment);
            assert!(works, "{name}, after the chown: {said}");
            cures += 1;
        }
    }
    println!("{} states, uv fails in {broken} of them as the check says; a chown cures {cures}", states.len());
    assert!(broken >= 10 && cures >= 6);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_number_without_login_has_its_cache_at_the_root() {
    let running = Running::start(&[]);
    running.root("rm -rf /.cache");
    let findings = check(&facts(&running, &["uv", "x"], ME, &[], "/.cache/uv", "/"));
    let (works, said) = running.uv_works(ME, &[]);
    assert!(!works && said.contains("/.cache/uv"), "{said}");
    assert_eq!(findings.len(), 1);
    assert!(findings[0].message.contains("cannot be made in `/`"), "{}", findings[0].message);
    assert_eq!(findings[0].fix.as_ref().unwrap().applicability, Applicability::Unsafe);
    // What the fix sets helps.
    assert!(running.uv_works(ME, &[("UV_CACHE_DIR", "/tmp/uv-cache")]).0);
    assert!(running.uv_works(ME, &[("UV_NO_CACHE", "1")]).0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn pip_does_what_the_check_says() {
    let running = Running::start(&[]);
    let environment = [("PIP_CACHE_DIR", "/c/pip")];
    for (name, user, script) in [
        ("root's", ME, "mkdir /c/pip"),
        ("mine", ME, "mkdir /c/pip; chown 1000:1000 /c/pip"),
        ("for everybody", ME, "mkdir -m 777 /c/pip"),
        ("absent below root's", ME, "true"),
        ("absent below mine", ME, "chown 1000:1000 /c"),
        ("root with its own", "0:0", "mkdir /c/pip"),
        ("root with somebody else's", "0:0", "mkdir /c/pip; chown 1000:1000 /c/pip"),
        ("root below somebody else's", "0:0", "chown 1000:1000 /c"),
        ("root's inside mine", ME, "mkdir -p /c/pip/http-v2; chown 1000:1000 /c/pip"),
    ] {
        running.root(&format!("rm -rf /c; mkdir /c; {script}"));
        let findings = check(&facts(&running, &["pip", "x"], user, &environment, "/c/pip", "/"));
        let (works, said) = running.pip_works(user, &environment);
        assert_eq!(findings.is_empty(), works, "{name}: {said}\n{findings:#?}");
    }
}
