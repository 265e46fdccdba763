//! Looks at a variant and repairs it as its owner would, with the program itself: `check`, `fix`, and `undo`; no password is
//! said on the way.

use devdoctor::fix::Applicability;

use super::Variant;
use super::support::person::Person;
use super::support::project::Project;
use super::support::tree::Compared;

/// The files after `fix`, when something is to be repaired; what is wrong on the way is added to `wrong`.
pub fn repaired(
    variant: &Variant,
    files: &[(String, String)],
    wrong: &mut Vec<String>,
) -> Option<Vec<(String, String)>> {
    let project = Project::empty(Person::User);
    for (path, text) in files {
        project.write(path, text);
    }
    let mut say = |text: String| wrong.push(format!("{}, by the program: {text}", variant.name));
    let Some(first) = variant.found.first() else {
        let seen = project.devdoctor(&["check", "--only", "alembic,sqlmodel,url", "--format", "json"]);
        if seen.report().findings().iter().any(|finding| finding["severity"] != "info") {
            say(format!("not silent: {seen}"));
        }
        return None;
    };
    let id = first.split(' ').next().unwrap();
    let check = || project.devdoctor(&["check", "--only", id, "--format", "json"]);
    let places: Vec<String> = variant.found.iter().filter_map(|found| found.strip_prefix(id)).map(place).collect();
    let before = project.tree();
    let seen = check();
    if seen.report().places(id) != places {
        say(format!("not at {places:?}: {seen}"));
    }
    let shown = project.devdoctor(&["check", "--only", id]);
    let mut arguments = vec!["fix", "--yes", "--only", id];
    if variant.grade == Some(Applicability::Unsafe) {
        // Nobody said that it may be so daring.
        project.devdoctor(&arguments);
        before.assert_same(&project.tree(), Compared::Content);
        arguments.push("--unsafe");
    }
    let fixed = project.devdoctor(&arguments);
    for said in [&seen, &fixed, &shown].map(|answer| answer.all()).into_iter().filter(|said| said.contains("secret")) {
        say(format!("a password is said: {said}"));
    }
    if variant.grade.is_none() {
        // What only makes folders leaves the files, whose cure is asked for here, as they were.
        if fixed.all().contains("take it back with") {
            project.devdoctor(&["undo"]).ends_with(0);
        }
        before.assert_same(&project.tree(), Compared::Content);
        return None;
    }
    if fixed.status != 0 {
        say(fixed.to_string());
    }
    let left = check();
    if left.report().findings().iter().any(|finding| finding["severity"] != "info") {
        say(format!("after the fix: {left}"));
    }
    let after = files.iter().map(|(path, _)| (path.clone(), project.read(path))).collect();
    let undone = project.devdoctor(&["undo"]);
    if undone.status != 0 {
        say(undone.to_string());
    }
    before.assert_same(&project.tree(), Compared::Content);
    Some(after)
}

/// ` path:line:column` or ` path:line:column info`, without the rest.
fn place(found: &str) -> String {
    found.trim().trim_end_matches(" info").to_owned()
}
