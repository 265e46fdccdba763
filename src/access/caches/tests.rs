//! Each tool's rule for its cache in a table; the real tools are asked in `tests/cache_real.rs`.

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn each_tool_keeps_its_cache_by_its_own_rule() {
    for (tool, pairs, home, expected) in [
        (Tool::Uv, &[][..], "/root", Some("/root/.cache/uv")),
        (Tool::Uv, &[], "/", Some("/.cache/uv")),
        (Tool::Uv, &[("XDG_CACHE_HOME", "/c")], "/root", Some("/c/uv")),
        (Tool::Uv, &[("XDG_CACHE_HOME", "c")], "/root", Some("/root/.cache/uv")),
        (Tool::Uv, &[("UV_CACHE_DIR", "/x/"), ("XDG_CACHE_HOME", "/c")], "/root", Some("/x")),
        (Tool::Uv, &[("UV_CACHE_DIR", "uv-cache")], "/root", Some("/app/uv-cache")),
        (Tool::Uv, &[("UV_NO_CACHE", "1"), ("UV_CACHE_DIR", "/x")], "/root", None),
        (Tool::Uv, &[("UV_NO_CACHE", "false")], "/root", Some("/root/.cache/uv")),
        (Tool::Uv, &[], "", None),
        (Tool::Pip, &[("PIP_CACHE_DIR", "/p")], "/root", Some("/p")),
        (Tool::Pip, &[("PIP_NO_CACHE_DIR", "off")], "/root", None),
        (Tool::Pip, &[], "/home/app", Some("/home/app/.cache/pip")),
        (Tool::Npm, &[], "/home/node", Some("/home/node/.npm")),
        (Tool::Npm, &[("NPM_CONFIG_CACHE", "/n")], "/home/node", Some("/n")),
        (Tool::Npm, &[("XDG_CACHE_HOME", "/c")], "/home/node", Some("/home/node/.npm")),
    ] {
        let cache = tool.cache(&environment(pairs), home, "/app").map(|cache| cache.path);
        assert_eq!(cache.as_deref(), expected, "{tool:?} {pairs:?} {home}");
    }
}

#[test]
fn only_what_a_tool_writes_has_to_be_writable() {
    use FileKind::{Directory, File};
    for (tool, entry, kind, expected) in [
        (Tool::Uv, ".lock", File, true),
        (Tool::Uv, "CACHEDIR.TAG", File, false),
        (Tool::Uv, ".gitignore", File, false),
        (Tool::Uv, "sdists-v9", Directory, true),
        (Tool::Uv, "sdists-v9/.git", File, true),
        (Tool::Uv, "sdists-v9/.gitignore", File, false),
        (Tool::Uv, "interpreter-v4", Directory, false),
        (Tool::Uv, "interpreter-v4/ab", Directory, false),
        (Tool::Uv, "archive-v0", Directory, true),
        (Tool::Uv, "archive-v0/ab/six", Directory, false),
        (Tool::Uv, "simple-v16/pypi", Directory, true),
        (Tool::Uv, "simple-v16/pypi/six.rkyv", File, false),
        (Tool::Uv, "wheels-v5/pypi/six", Directory, true),
        (Tool::Uv, "other", Directory, false),
        (Tool::Pip, "wheels", Directory, false),
        (Tool::Npm, "_cacache/index-v5/14", Directory, true),
        (Tool::Npm, "_cacache/content-v2/sha512", Directory, false),
        (Tool::Npm, "_cacache/content-v2/sha512/9a", Directory, true),
        (Tool::Npm, "_cacache/index-v5/14/ab", File, false),
        (Tool::Npm, "_logs", Directory, false),
    ] {
        assert_eq!(tool.must_write(entry, kind), expected, "{tool:?} {entry}");
    }
}
