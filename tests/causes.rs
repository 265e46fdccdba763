//! One cause is one finding that counts: combinations of troubles, seen by all checks at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/given.rs"]
mod given;

use devdoctor::checks::{self, Example};
use devdoctor::fix::withhold::withheld;
use devdoctor::report::{CheckResult, Report};

/// What all checks find, each as `id` or `id < the finding it follows from`, sorted.
fn told(example: &str) -> Vec<String> {
    let example: Example = serde_yaml::from_str(&format!("name: x\nreports: []\n{example}")).unwrap();
    let facts = given::facts(checks::by_id("ownership-bind-not-writable").unwrap().words(), &example);
    let results = checks::all().map(|check| {
        let checked = (check.run)(&facts).map(|findings| findings.into_iter().map(|it| withheld(it, &facts)).collect());
        CheckResult { id: check.id(), severity: check.words().severity, result: Ok(checked) }
    });
    let report = Report::new("/project", false, results.collect(), &facts.project.sources);
    let cause = |fingerprint: &str| {
        let found = report.findings.iter().find(|other| other.fingerprint == fingerprint);
        found.map_or("?", |judged| judged.id.as_str())
    };
    let mut told: Vec<String> = report
        .findings
        .iter()
        .map(|judged| match &judged.follows_from {
            Some(fingerprint) => format!("{} < {}", judged.id, cause(fingerprint)),
            None => judged.id.clone(),
        })
        .collect();
    told.sort();
    told
}

#[test]
fn one_cause_is_told_once() {
    let mut wrong = vec![];
    for (name, example, expected) in [
        (
            "a cache volume of root's, used by a tool of an ordinary user",
            r#"
files:
  compose.yaml: |
    services:
      app:
        image: x
        user: "1000:1000"
        command: uv sync
        environment: {UV_CACHE_DIR: /cache, HOME: /tmp, UV_LINK_MODE: copy}
        volumes:
          - cache:/cache
    volumes: {cache: {}}
given:
  containers:
    app: { user: "1000:1000", environment: {HOME: /tmp, UV_CACHE_DIR: /cache}, paths: { /cache: "0:0 0755", /tmp: "0:0 1777" }, listings: { /cache: ["/cache 0:0 0755"] } }
"#,
            &["cache-not-writable"][..],
        ),
        (
            "a home in a volume of root's, and the cache in it",
            r#"
files:
  compose.yaml: |
    services:
      app:
        image: x
        user: "1000:1000"
        command: uv sync
        environment: {HOME: /home/app, UV_LINK_MODE: copy}
        volumes:
          - home:/home/app
    volumes: {home: {}}
given:
  containers:
    app: { user: "1000:1000", environment: {HOME: /home/app}, paths: { /home: "0:0 0755", /home/app: "0:0 0755", /home/app/.cache: absent, /home/app/.cache/uv: absent }, listings: { /home/app: ["/home/app 0:0 0755"] } }
"#,
            &["cache-not-writable < exec-home-of-someone-else", "exec-home-of-someone-else"],
        ),
        (
            "a home that is not there",
            r#"
files:
  compose.yaml: |
    services:
      app:
        image: x
        user: "1000:1000"
        command: pip install x
given:
  containers:
    app: { user: "1000:1000", environment: {}, passwd: ["app:1000:1000:/home/app"], paths: { /home: "0:0 0755", /home/app: absent, /home/app/.cache: absent, /home/app/.cache/pip: absent } }
"#,
            &["cache-disabled < exec-home-missing", "exec-home-missing"],
        ),
        (
            "an environment in a volume of root's",
            r#"
files:
  compose.yaml: |
    services:
      app:
        image: x
        user: "1000:1000"
        working_dir: /app
        command: uv sync
        environment: {HOME: /tmp, UV_PROJECT_ENVIRONMENT: /app/.venv}
        volumes:
          - venv:/app/.venv
    volumes: {venv: {}}
given:
  containers:
    app: { user: "1000:1000", environment: {HOME: /tmp, UV_PROJECT_ENVIRONMENT: /app/.venv}, paths: { /app: "1000:1000 0755", /app/.venv: "0:0 0755", /app/.venv/bin: absent, /app/.venv/pyvenv.cfg: absent, /tmp: "0:0 1777" }, listings: { /app/.venv: ["/app/.venv 0:0 0755"] } }
"#,
            &["cache-venv-is-volume"],
        ),
        (
            "a volume of data of root's",
            r#"
files:
  compose.yaml: |
    services:
      app:
        image: x
        user: "1000:1000"
        command: python -m app
        environment: {HOME: /tmp}
        volumes:
          - data:/data
    volumes: {data: {}}
given:
  containers:
    app: { user: "1000:1000", environment: {HOME: /tmp}, paths: { /data: "0:0 0755" }, listings: { /data: ["/data 0:0 0755"] } }
"#,
            &["ownership-volume-not-writable"],
        ),
        (
            "a folder that the engine made, among the files of others",
            r#"
files:
  compose.yaml: |
    services:
      app:
        image: x
        user: "1000:1000"
        command: python -m app
        environment: {HOME: /tmp}
        volumes:
          - ./data:/data
given:
  stat: { data: "0:0 0755" }
  foreign: { data: "0:0 0755 dir" }
  containers:
    app: { user: "1000:1000", environment: {HOME: /tmp} }
"#,
            &["ownership-bind-not-writable"],
        ),
    ] {
        let told = told(example);
        if told != expected {
            wrong.push(format!("{name}: {told:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
