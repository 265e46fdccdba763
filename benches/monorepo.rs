//! How long the checks of files take in a repository with 10,000 files of Python and 2,000 revisions:
//! `cargo bench --bench monorepo`. The half of it is taken as well, to show that time grows as the files do. Beside it files
//! with very many findings or classes.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes files, starts programs, takes times and prints them"
)]

#[path = "monorepo/large.rs"]
mod large;
#[path = "monorepo/tree.rs"]
mod tree;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

const FILES: usize = 10_000;
const REVISIONS: usize = 2_000;
const RUNS: usize = 7;

/// Findings, or classes, in one file.
const LARGE: usize = 1_000;

/// What the whole may take.
const BUDGET: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let directory = tempfile::Builder::new().prefix("devdoctor-bench-").tempdir().unwrap();
    let (half, whole) = (directory.path().join("half"), directory.path().join("whole"));
    tree::make(&half, FILES / 2, REVISIONS / 2);
    tree::make(&whole, FILES, REVISIONS);
    let (mut of_half, mut of_whole) = (vec![], vec![]);
    // In turns, so that a busy moment of the machine hits both; the first round warms the cache.
    for round in 0..=RUNS {
        let (one, other) = (took(&half), took(&whole));
        if round > 0 {
            of_half.push(one);
            of_whole.push(other);
        }
    }
    // Children of this process: two sizes of the same, of which the larger counts.
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    let (half, whole) = (median(of_half), median(of_whole));
    println!("{FILES} files of Python and {REVISIONS} revisions, medians of {RUNS}, warm cache");
    println!("devdoctor check --offline    {:>6.0} ms (budget {} ms)", whole.as_secs_f64() * 1e3, BUDGET.as_millis());
    println!("of half as many              {:>6.0} ms", half.as_secs_f64() * 1e3);
    println!("twice the files take         {:>6.2} times as long", whole.as_secs_f64() / half.as_secs_f64());
    println!("most memory                  {:>6.0} MB", memory as f64 / 1024.0);
    for (number, (name, models)) in large::KINDS.iter().enumerate() {
        let times = [LARGE / 2, LARGE].map(|count| {
            let root = directory.path().join(format!("{number}-{count}"));
            large::make(&root, &models(count));
            median((0..RUNS).map(|_| took(&root)).collect()).as_secs_f64() * 1e3
        });
        println!("{LARGE} {name:<30} {:>6.0} ms, of half as many {:.0} ms", times[1], times[0]);
    }
    if whole <= BUDGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn took(root: &Path) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devdoctor"));
    command.args(["check", "--offline"]).arg(root).stdin(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let output = command.output().unwrap();
    let took = begin.elapsed();
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stdout));
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
