//! Finds foreign files in a tree of 300,000: ours against `find ! -user` and `fd --owner`, in one run: `cargo bench --bench walk`.
//!
//! Run as root, 3,000 of the files are given away; as anybody else none can be, and all three look for a user who owns none.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark talks to the person who runs it")]
#![expect(clippy::disallowed_methods, reason = "a benchmark starts its peers and looks at the clock")]

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use devdoctor::probe::walk::walk;

const DIRECTORIES: usize = 12_000;
const FILES_EACH: usize = 25;
const ROUNDS: usize = 9;

/// What may be used of a peer's time.
const OF_FIND: f64 = 0.5;
const OF_FD: f64 = 0.75;

fn main() -> ExitCode {
    match bench() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("the benchmark could not be run: {error}");
            ExitCode::from(2)
        }
    }
}

fn bench() -> std::io::Result<ExitCode> {
    let root = tempfile::Builder::new().prefix("devdoctor-bench-").tempdir()?;
    let owner = nix::unistd::geteuid();
    let foreign = make(root.path(), owner.is_root())?;
    let fd = ["fdfind", "fd"].into_iter().find(|name| run(name, &["--version"], root.path()).is_ok());
    let (me, not_me) = (owner.to_string(), format!("!{owner}"));
    let mut entries = 0;
    let mut ours = vec![];
    let mut find = vec![];
    let mut theirs = vec![];
    // The first round warms the cache; then they take turns, so that another load on the machine meets all three.
    for round in 0..=ROUNDS {
        let (time, count) = timed(|| {
            let found = walk(root.path(), owner.as_raw(), Instant::now() + Duration::from_secs(600))?;
            Ok((found.foreign_count, found.seen))
        })?;
        let (count, seen) = count;
        entries = seen;
        assert_eq!(count, foreign, "devdoctor finds what was given away");
        let by_find = timed(|| run("find", &[".", "!", "-user", &me], root.path()))?;
        assert_eq!(by_find.1, foreign, "find finds as many");
        let by_fd = match fd {
            Some(fd) => Some(timed(|| run(fd, &["--unrestricted", "--owner", &not_me], root.path()))?),
            None => None,
        };
        if round > 0 {
            ours.push(time);
            find.push(by_find.0);
            theirs.extend(by_fd.inspect(|by_fd| assert_eq!(by_fd.1, foreign, "fd finds as many")).map(|by_fd| by_fd.0));
        }
    }
    println!("{entries} entries, {foreign} foreign, median of {ROUNDS} rounds, warm cache");
    let ours = median(ours);
    println!("devdoctor      {:>6.0} ms", ours * 1000.0);
    let mut within = true;
    let mut compare = |name: &str, times: Vec<Duration>, budget: f64| {
        let peer = median(times);
        let ratio = ours / peer;
        within &= ratio <= budget;
        println!("{name:<14} {:>6.0} ms   devdoctor takes {ratio:.2} of it (budget {budget})", peer * 1000.0);
    };
    compare("find ! -user", find, OF_FIND);
    if theirs.is_empty() {
        println!("fd             is not installed");
    } else {
        compare("fd --owner", theirs, OF_FD);
    }
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes the tree, three directories deep, and gives every hundredth file away where that is possible.
fn make(root: &Path, give: bool) -> std::io::Result<u64> {
    let mut foreign = 0;
    for directory in 0..DIRECTORIES {
        let path = root.join(format!("{}/{}/{directory}", directory % 20, directory % 400));
        std::fs::create_dir_all(&path)?;
        for file in 0..FILES_EACH {
            let path = path.join(format!("file_{file}.py"));
            std::fs::File::create(&path)?;
            if give && (directory * FILES_EACH + file).is_multiple_of(100) {
                std::os::unix::fs::lchown(&path, Some(54_321), None)?;
                foreign += 1;
            }
        }
    }
    Ok(foreign)
}

/// Runs a peer and counts the lines it prints.
fn run(program: &str, arguments: &[&str], directory: &Path) -> std::io::Result<u64> {
    let output = Command::new(program).args(arguments).current_dir(directory).stderr(Stdio::null()).output()?;
    Ok(output.stdout.iter().filter(|byte| **byte == b'\n').count() as u64)
}

fn timed<T>(work: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<(Duration, T)> {
    let start = Instant::now();
    let result = work()?;
    Ok((start.elapsed(), result))
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
}
