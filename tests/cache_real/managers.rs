//! Package managers in each state of their caches, fed by registries that the container serves to itself.

use super::running::{Running, setting};
use super::tools::{Trial, try_all};

const REGISTRIES: &str = include_str!("registries.py");

const HUB: &str = include_str!("hub.py");

const NPM: &str = "http://127.0.0.1:8000/npm/";
const HOME: (&str, &str) = ("HOME", "/h");

const TRIALS: [Trial; 12] = [
    Trial {
        words: &["npm", "install"],
        script: "cp -r /w/node /tmp/p$$ && cd /tmp/p$$ && npm install",
        environment: &[
            ("PATH", "/tools/bin:/usr/bin:/bin"),
            HOME,
            ("npm_config_cache", "/c/cache"),
            ("npm_config_registry", NPM),
        ],
        cache: "/c/cache",
        working_dir: "/w/node",
        warning: None,
        errors: &["npm error code EACCES"],
        inner: Some("_cacache/tmp"),
    },
    Trial {
        words: &["pnpm", "install"],
        script: "cp -r /w/node /tmp/p$$ && cd /tmp/p$$ && pnpm install",
        environment: &[
            ("PATH", "/tools/pnpm/node_modules/.bin:/tools/bin:/usr/bin:/bin"),
            HOME,
            ("npm_config_store_dir", "/c/cache"),
            ("npm_config_registry", NPM),
            ("npm_config_cache", "/h/npm"),
        ],
        cache: "/c/cache",
        working_dir: "/w/node",
        warning: None,
        errors: &["EACCES: permission denied, "],
        inner: Some("v10"),
    },
    Trial {
        words: &["yarn", "install"],
        script: "cp -r /w/node /tmp/p$$ && cd /tmp/p$$ && yarn install",
        environment: &[
            ("PATH", "/tools/yarn/node_modules/.bin:/tools/bin:/usr/bin:/bin"),
            HOME,
            ("YARN_CACHE_FOLDER", "/c/cache"),
            ("npm_config_registry", NPM),
        ],
        cache: "/c/cache",
        working_dir: "/w/node",
        warning: None,
        errors: &["EACCES: permission denied, "],
        inner: Some("v6"),
    },
    // The place that Yarn 1 chooses by itself.
    Trial {
        words: &["yarn", "install"],
        script: "cp -r /w/node /tmp/p$$ && cd /tmp/p$$ && yarn install",
        environment: &[
            ("PATH", "/tools/yarn/node_modules/.bin:/tools/bin:/usr/bin:/bin"),
            HOME,
            ("XDG_CACHE_HOME", "/c"),
            ("npm_config_registry", NPM),
        ],
        cache: "/c/yarn",
        working_dir: "/w/node",
        warning: Some("Skipping preferred cache folder"),
        errors: &[],
        inner: None,
    },
    Trial {
        words: &["cargo", "fetch"],
        script: "cp -r /w/rust /tmp/p$$ && cd /tmp/p$$ && cargo fetch",
        environment: &[("PATH", "/rust/bin:/usr/bin:/bin"), HOME, ("CARGO_HOME", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w/rust",
        warning: None,
        errors: &["failed to create directory `/c", "ermission denied (os error 13)"],
        inner: Some("registry/cache"),
    },
    Trial {
        words: &["go", "mod", "download"],
        script: "cp -r /w/go /tmp/p$$ && cd /tmp/p$$ && go mod download",
        environment: &[
            ("PATH", "/tools/bin:/usr/bin:/bin"),
            HOME,
            ("GOMODCACHE", "/c/cache"),
            ("GOPROXY", "file:///index/go"),
            ("GOSUMDB", "off"),
            ("GOFLAGS", "-mod=mod"),
        ],
        cache: "/c/cache",
        working_dir: "/w/go",
        warning: None,
        errors: &["permission denied"],
        inner: Some("cache"),
    },
    Trial {
        words: &["go", "build", "-mod=vendor", "."],
        script: "cd /w/build && go build -mod=vendor .",
        environment: &[("PATH", "/tools/bin:/usr/bin:/bin"), HOME, ("GOCACHE", "/c/cache"), ("GOPROXY", "off")],
        cache: "/c/cache",
        working_dir: "/w/build",
        warning: None,
        errors: &["failed to initialize build cache at /c/cache: mkdir", "permission denied"],
        inner: None,
    },
    Trial {
        words: &["poetry", "install"],
        script: "cp -r /w/poetry /tmp/p$$ && cd /tmp/p$$ && env -u VIRTUAL_ENV python3 -m poetry install",
        environment: &[("PYTHONPATH", "/tools/python"), HOME, ("POETRY_CACHE_DIR", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w/poetry",
        warning: None,
        errors: &["is not write-able at /c", "Permission denied: '/c"],
        inner: Some("virtualenvs"),
    },
    // Without a cache it still makes its environments there.
    Trial {
        words: &["poetry", "install", "--no-cache"],
        script: "cp -r /w/poetry /tmp/p$$ && cd /tmp/p$$ && env -u VIRTUAL_ENV python3 -m poetry install --no-cache",
        environment: &[("PYTHONPATH", "/tools/python"), HOME, ("POETRY_CACHE_DIR", "/c/cache")],
        cache: "/c/cache",
        working_dir: "/w/poetry",
        warning: None,
        errors: &["is not write-able at /c", "Permission denied: '/c"],
        inner: None,
    },
    Trial {
        words: &["yarn", "install"],
        script: "cp -r /w/berry /tmp/p$$ && cd /tmp/p$$ && yarn install",
        environment: &[
            ("PATH", "/tools/berry/node_modules/.bin:/tools/bin:/usr/bin:/bin"),
            HOME,
            ("YARN_GLOBAL_FOLDER", "/c"),
            ("YARN_NPM_REGISTRY_SERVER", "http://127.0.0.1:8000/npm"),
            ("YARN_UNSAFE_HTTP_WHITELIST", "127.0.0.1"),
            // What was published just now is refused, and what has no date.
            ("YARN_NPM_MINIMAL_AGE_GATE", "0"),
            ("YARN_ENABLE_TELEMETRY", "0"),
        ],
        cache: "/c/cache",
        working_dir: "/w/berry",
        warning: None,
        errors: &["EACCES: permission denied, "],
        inner: None,
    },
    Trial {
        words: &["hf", "download", "org/model"],
        script: "python3 -m huggingface_hub.cli.hf download org/model config.json",
        environment: &[
            ("PYTHONPATH", "/tools/python"),
            HOME,
            ("HF_HUB_CACHE", "/c/cache"),
            ("HF_ENDPOINT", "http://127.0.0.1:8001"),
        ],
        cache: "/c/cache",
        working_dir: "/w",
        warning: None,
        errors: &["PermissionError: [Errno 13] Permission denied: '/c"],
        inner: Some(".locks"),
    },
    Trial {
        words: &["playwright", "install"],
        script: "node /tools/playwright/node_modules/playwright-core/cli.js install ffmpeg",
        environment: &[
            ("PATH", "/tools/bin:/usr/bin:/bin"),
            HOME,
            ("PLAYWRIGHT_BROWSERS_PATH", "/c/cache"),
            ("PLAYWRIGHT_DOWNLOAD_HOST", "http://127.0.0.1:8001"),
        ],
        cache: "/c/cache",
        working_dir: "/w",
        warning: None,
        errors: &["EACCES: permission denied, "],
        inner: Some(".links"),
    },
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn package_managers_do_what_the_checks_say() {
    let rust = std::process::Command::new("rustc").args(["--print", "sysroot"]).output().unwrap();
    let rust = String::from_utf8(rust.stdout).unwrap();
    let tools = format!("{}:/tools:ro", setting("DEVDOCTOR_TEST_TOOLS"));
    let running = Running::start(&["-v", &tools, "-v", &format!("{}:/rust:ro", rust.trim())]);
    running.root(&format!("cat > /registries.py <<'END'\n{REGISTRIES}\nEND\npython3 /registries.py; mkdir -m 777 /h; chown -R 1000:1000 /w"));
    running.serve(HUB, 8001);
    let (broken, cures) = try_all(&running, &TRIALS);
    assert!(broken >= 20 && cures >= 5, "{broken} {cures}");
}
