//! How long the commands take, in one run with what a person would type instead. `cargo bench --bench commands`
//!
//! Figures are medians. Those that need an engine and a database are made in the project that `DEVDOCTOR_BENCH_PROJECT` names,
//! whose containers are up; without it they are left out, and that is said.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark starts programs, takes times and prints them"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

const DEVDOCTOR: &str = env!("CARGO_BIN_EXE_devdoctor");

fn main() {
    let project = tempfile::tempdir().unwrap();
    let healthy = project.path().join("healthy");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/healthy"), &healthy);
    for arguments in [&["init", "--quiet"][..], &["add", "--all"]] {
        assert!(Command::new("git").args(arguments).current_dir(&healthy).status().unwrap().success());
    }
    println!("{:<44} {:>9}  {:>9}", "", "median", "against");
    let nothing = median(200, || run("true", &[], &healthy));
    let version = median(200, || run(DEVDOCTOR, &["--version"], &healthy));
    row("devdoctor --version", version, Some(("true", nothing)));
    let hook = median(100, || run(DEVDOCTOR, &["hook"], &healthy));
    row("devdoctor hook", hook, None);
    let offline = median(100, || run(DEVDOCTOR, &["check", "--offline"], &healthy));
    // Children of this process so far: devdoctor, git and true; git is smaller.
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    row("devdoctor check --offline", offline, None);
    println!("{:<44} {:>6.1} MB", "most memory of these", memory as f64 / 1024.0);
    let Some(live) = std::env::var_os("DEVDOCTOR_BENCH_PROJECT") else {
        println!("with engine and database: not measured, DEVDOCTOR_BENCH_PROJECT names no project");
        return;
    };
    let live = Path::new(&live);
    let check = median(30, || run(DEVDOCTOR, &["check"], live));
    let by_hand = median(10, || {
        run("docker", &["compose", "config", "--quiet"], live);
        run("docker", &["compose", "ps"], live);
        run("docker", &["compose", "exec", "-T", "db", "psql", "-U", "shop", "-c", "select 1"], live);
    });
    row("devdoctor check, engine and database up", check, Some(("compose config, ps, psql by hand", by_hand)));
    let list = ["compose", "ps", "--format", "{{.Name}}", "api"];
    let Some(container) = first_line(Command::new("docker").args(list).current_dir(live)) else {
        println!("devdoctor exec: not measured, `api` of the project does not run");
        return;
    };
    let exec = median(30, || run(DEVDOCTOR, &["exec", "api", "true"], live));
    let by_docker = median(30, || run("docker", &["exec", &container, "true"], live));
    row("devdoctor exec api true", exec, Some(("docker exec", by_docker)));
    let over = exec.saturating_sub(by_docker).as_secs_f64() * 1000.0;
    println!("{:<44} {over:>6.1} ms  (300 ms at most)", "what devdoctor exec takes beyond it");
}

/// Runs a command to its end. What it finds is not the question here, so its status is not looked at.
fn run(program: &str, arguments: &[&str], directory: &Path) {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap_or_else(|error| panic!("{program}: {error}"));
}

fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_owned)
}

fn median(runs: usize, work: impl Fn()) -> Duration {
    work(); // warm caches: a person runs it again and again
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed()
        })
        .collect();
    times.sort();
    times[runs / 2]
}

fn row(name: &str, time: Duration, peer: Option<(&str, Duration)>) {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let peer = peer.map_or(String::new(), |(peer, other)| {
        format!("{:>8.2}x {peer} ({:.1} ms)", milliseconds(time) / milliseconds(other), milliseconds(other))
    });
    println!("{name:<44} {:>6.1} ms  {peer}", milliseconds(time));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { std::fs::copy(&from, &to).map(|_| ()).unwrap() }
    }
}
