//! Runs the real Alembic of a set of tools over many small projects, each in a process of its own.

use std::io::Write;
use std::process::{Command, Stdio};

/// A project: its files, variables of its environment, and the commands that are run one after the other until one fails.
#[derive(Clone)]
pub struct Asked {
    pub files: Vec<(String, String)>,
    pub environment: Vec<(String, String)>,
    pub commands: Vec<Vec<&'static str>>,
}

/// Runs each command line in a fork, so that Alembic is only loaded once; writes what was printed, and the revisions that were made.
const PROGRAM: &str = r#"
import glob, json, os, sys, tempfile, traceback, warnings
import alembic.config, alembic.command, alembic.autogenerate, sqlalchemy, sqlalchemy.dialects.sqlite, sqlmodel
def run(asked):
    out, into = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        if os.fork() == 0:
            os.dup2(into, 1); os.dup2(into, 2); os.close(out); os.close(into)
            os.chdir(folder)
            sys.dont_write_bytecode = True
            sys.path[:] = [path for path in sys.path if path]
            for path, text in asked["files"]:
                os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
                with open(path, "w", newline="") as file: file.write(text)
            os.environ["PATH"] = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
            os.environ.update(asked["environment"])
            before = set(glob.glob("migrations/versions/*.py"))
            try:
                for command in asked["commands"]:
                    alembic.config.main(argv=command, prog="alembic")
                print("\nENDS WELL")
            except SystemExit as error:
                print("\nENDS WITH", error.code)
            except BaseException:
                traceback.print_exc()
            for path in sorted(set(glob.glob("migrations/versions/*.py")) - before):
                print(open(path).read())
            sys.stdout.flush(); sys.stderr.flush()
            os._exit(0)
        os.close(into)
        with os.fdopen(out, errors="replace") as pipe: answer = pipe.read()
        os.wait()
    return answer
json.dump([run(asked) for asked in json.load(sys.stdin)], sys.stdout)
"#;

/// What Alembic says of each.
pub fn alembic(set: &str, asked: impl Iterator<Item = Asked>) -> Vec<String> {
    let asked: Vec<_> = asked
        .map(|one| {
            let environment: serde_json::Map<_, _> =
                one.environment.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
            serde_json::json!({"files": one.files, "environment": environment, "commands": one.commands})
        })
        .collect();
    let mut child = Command::new(crate::oracle::program(set, "python"))
        .args(["-W", "default::UserWarning", "-c", PROGRAM])
        .env_remove("DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(serde_json::to_string(&asked).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}
