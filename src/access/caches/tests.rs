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
        (Tool::Poetry, &[], "/home/app", Some("/home/app/.cache/pypoetry")),
        (Tool::Poetry, &[("POETRY_CACHE_DIR", "~/p")], "/home/app", Some("/home/app/p")),
        (Tool::Pnpm, &[("PNPM_CONFIG_STORE_DIR", "/s")], "/home/node", Some("/s")),
        (Tool::Yarn, &[("XDG_CACHE_HOME", "/c")], "/home/node", Some("/c/yarn")),
        (Tool::Yarn, &[("YARN_CACHE_FOLDER", "/y")], "/home/node", Some("/y")),
        (Tool::YarnBerry, &[("YARN_GLOBAL_FOLDER", "/y")], "/home/node", Some("/y/cache")),
        (Tool::YarnBerry, &[("YARN_CACHE_FOLDER", "/y")], "/", Some("/.yarn/berry/cache")),
        (Tool::Cargo, &[("CARGO_HOME", "/usr/local/cargo")], "/root", Some("/usr/local/cargo")),
        (Tool::Cargo, &[("CARGO_NET_OFFLINE", "true")], "/root", None),
        (Tool::GoBuild, &[], "/", Some("/.cache/go-build")),
        (Tool::GoBuild, &[("XDG_CACHE_HOME", "/c")], "/", Some("/c/go-build")),
        (Tool::GoModules, &[("GOPATH", "/go:/other")], "/root", Some("/go/pkg/mod")),
        (Tool::GoModules, &[("GOMODCACHE", "/m"), ("GOPATH", "/go")], "/root", Some("/m")),
        (Tool::GoModules, &[], "/home/app", Some("/home/app/go/pkg/mod")),
        (Tool::HuggingFace, &[("HF_HOME", "/hf")], "/root", Some("/hf/hub")),
        (Tool::HuggingFace, &[("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/hub")], "/root", Some("/hub")),
        (Tool::HuggingFace, &[("TRANSFORMERS_CACHE", "/t")], "/root", Some("/t")),
        (Tool::HuggingFace, &[("HF_HUB_OFFLINE", "1")], "/root", None),
        (Tool::HuggingFace, &[("HF_HUB_OFFLINE", "0")], "/", Some("/.cache/huggingface/hub")),
        (Tool::Playwright, &[("PLAYWRIGHT_BROWSERS_PATH", "0")], "/root", None),
        (Tool::Playwright, &[("PLAYWRIGHT_BROWSERS_PATH", "/pw")], "/root", Some("/pw")),
        (Tool::Matplotlib, &[], "/home/app", Some("/home/app/.config/matplotlib")),
        (Tool::Matplotlib, &[("XDG_CACHE_HOME", "/c"), ("XDG_CONFIG_HOME", "/f")], "/h", Some("/f/matplotlib")),
        (Tool::Ruff, &[("XDG_CACHE_HOME", "/c")], "", Some("/app/.ruff_cache")),
        (Tool::Ruff, &[("RUFF_CACHE_DIR", "x")], "/root", Some("/app/x")),
        (Tool::Ruff, &[("RUFF_NO_CACHE", "true")], "/root", None),
        (Tool::Mypy, &[("MYPY_CACHE_DIR", "/dev/null")], "/root", None),
        (Tool::Mypy, &[], "/root", Some("/app/.mypy_cache")),
        (Tool::Pytest, &[], "/root", Some("/app/.pytest_cache")),
        (Tool::Pytest, &[("PYTEST_ADDOPTS", "-o cache_dir=/tmp/p")], "/root", None),
        (Tool::PreCommit, &[("PRE_COMMIT_HOME", "/pc")], "/root", Some("/pc")),
        (Tool::PreCommit, &[("PRE_COMMIT_HOME", "")], "/home/me", Some("/home/me/.cache/pre-commit")),
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

#[test]
fn what_is_lost_depends_on_who_chose_the_place() {
    for (tool, pairs, expected) in [
        (Tool::Uv, &[][..], Loss::Fails),
        (Tool::Pip, &[("PIP_CACHE_DIR", "/p")], Loss::Without),
        (Tool::Pnpm, &[], Loss::Nothing),
        (Tool::Pnpm, &[("NPM_CONFIG_STORE_DIR", "/s")], Loss::Fails),
        (Tool::Yarn, &[], Loss::Without),
        (Tool::Yarn, &[("YARN_CACHE_FOLDER", "/y")], Loss::Fails),
        (Tool::Ruff, &[], Loss::Fails),
        (Tool::Pytest, &[], Loss::Without),
    ] {
        let cache = tool.cache(&environment(pairs), "/root", "/app").unwrap();
        assert_eq!(tool.loss(&cache), expected, "{tool:?} {pairs:?}");
    }
}

#[test]
fn every_row_of_the_table_is_whole() {
    for tool in Tool::ALL {
        let rule = tool.rule();
        assert!(!rule.name.is_empty() && (rule.home.is_some() || rule.project.is_some()), "{tool:?}");
        assert!(!rule.programs.is_empty() || !rule.variables.is_empty(), "{tool:?}");
        let paths = [rule.home, rule.project, rule.xdg.map(|(_, path)| path)];
        let paths = paths.into_iter().flatten().chain(rule.mounts.iter().copied());
        assert!(paths.into_iter().all(|path| path.starts_with('/') && !path.ends_with('/')), "{tool:?}");
        assert!(rule.fill.iter().all(|path| path.is_empty() || path.starts_with('/')), "{tool:?}");
    }
}
