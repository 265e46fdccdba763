//! Asks the real SQLModel what it makes of a module, and the real Ruff what it leaves of a file.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use devdoctor::checks;
use devdoctor::facts::Facts;
use devdoctor::finding::{Finding, Place};
use devdoctor::fix::plan::file_changes;
use devdoctor::fix::{Applicability, Step};
use devdoctor::project::files::MemoryFiles;
use devdoctor::project::read;

/// Runs each module by itself and writes its error, or the tables that it made.
const PROGRAM: &str = r#"
import json, os, sys, warnings
warnings.simplefilter("ignore")
import sqlmodel, pydantic, sqlalchemy, sqlalchemy.orm, sqlalchemy.ext.hybrid
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
def ddl(thing):
    return "".join(str(thing.compile(dialect=it.dialect())) for it in (postgresql, sqlite))
def described(table):
    columns = [(c.name, c.comment, c.onupdate and str(c.onupdate.arg), c.default and str(c.default.arg), c.autoincrement) for c in table.columns]
    return ddl(CreateTable(table)) + "".join(sorted(ddl(CreateIndex(i)) for i in table.indexes)) + repr(columns)
def run(text):
    out, into = os.pipe()
    if os.fork() == 0:
        try:
            import types
            module = types.ModuleType("models"); sys.modules["models"] = module
            exec(compile(text, "models.py", "exec"), module.__dict__)
            sqlalchemy.orm.configure_mappers()
            answer = ["", "\x1e".join(sorted(map(described, sqlmodel.SQLModel.metadata.sorted_tables)))]
        except BaseException as error:
            answer = [f"{type(error).__name__}: {error}", ""]
        os.write(into, json.dumps(answer).encode()); os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe: answer = json.loads(pipe.read())
    os.wait()
    return answer
json.dump([run(text) for text in json.load(sys.stdin)], sys.stdout)
"#;

/// Both sets of tools.
pub const SETS: [&str; 2] = ["DEVDOCTOR_TEST_VENV", "DEVDOCTOR_TEST_VENV_2025"];

/// A program of a set.
pub fn program(set: &str, name: &str) -> PathBuf {
    let venv = std::env::var(set).unwrap_or_else(|_| panic!("{set} names no venv: run tests/run"));
    PathBuf::from(venv).join("bin").join(name)
}

/// What a set of tools makes of modules: an error or nothing, and the tables.
pub fn python(set: &str, modules: &[String]) -> Vec<(String, String)> {
    let mut child = Command::new(program(set, "python"))
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(serde_json::to_string(modules).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A project of these files.
pub fn facts(files: &[(String, String)]) -> Facts {
    let files = MemoryFiles::new(files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())));
    Facts { project: read::project(&files, &Default::default(), None), ..Facts::default() }
}

/// What a check finds.
pub fn found(facts: &Facts, id: &str) -> Vec<Finding> {
    (checks::by_id(id).unwrap().run)(facts).unwrap()
}

/// Where a finding is: `line:column`.
pub fn place(facts: &Facts, finding: &Finding) -> String {
    let Some(Place::Span(span)) = &finding.place else { return String::new() };
    let at = facts.source(&span.path).unwrap().position(span.start);
    format!("{}:{}", at.line, at.column)
}

/// How many findings have a safe fix, one that is not safe, and none.
pub fn grades<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> [usize; 3] {
    let mut count = [0; 3];
    for finding in findings {
        let place = match finding.fix.as_ref().filter(|fix| !fix.steps.is_empty()).map(|fix| fix.applicability) {
            Some(Applicability::Safe) => 0,
            Some(Applicability::Unsafe) => 1,
            _ => 2,
        };
        count[place] += 1;
    }
    count
}

/// A module with the fixes of a check carried out; how many there were.
pub fn repaired(facts: &Facts, findings: &[Finding], path: &str) -> (String, usize) {
    let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
    // One without steps is for a person.
    let fixes: Vec<_> = fixes.filter(|fix| !fix.steps.is_empty()).collect();
    let edits = fixes.iter().flat_map(|fix| &fix.steps).filter_map(|step| match step {
        Step::Edit(edit) => Some(edit),
        _ => None,
    });
    let changes = file_changes(edits, &facts.project.sources).unwrap();
    let after = changes.into_iter().find(|change| change.path == path).map(|change| change.after);
    (after.unwrap_or_default(), fixes.len())
}
