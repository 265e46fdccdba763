//! Command lines of CI pipelines: GitHub's workflows and GitLab's `.gitlab-ci.yml`.

use super::hooks::mentioning_docker;
use super::scripts::shell_lines;
use super::tasks::with_templates_as_words;
use super::{CommandLine, Language, Occasion, Reading, directory};
use crate::project::Format;
use crate::text::yaml::{self, Node, mapped};
use crate::text::{Mapped, Source};

/// Reads all pipelines of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    for path in reading.whole_paths(is_pipeline) {
        let Some(source) = mentioning_docker(reading, &path, Format::Yaml) else { continue };
        let tree = match yaml::parse(&source) {
            Ok(tree) => tree,
            Err(error) => {
                reading.refuse(&source, Format::Yaml, error);
                continue;
            }
        };
        let scripts = if is_workflow(&path) { workflow(&source, &tree) } else { pipeline(&source, &tree) };
        let mut found = vec![];
        for Script { job, text, shell, within } in scripts {
            let text = with_templates_as_words(&text);
            let start =
                within.map_or(Some(String::new()), |inner| directory::entered(Some(""), inner, Language::YamlShell));
            found.extend(shell_lines(&text, Language::YamlShell, Some(job.to_owned()), shell, start.as_deref()));
        }
        found.iter_mut().for_each(|line| line.occasion = Occasion::Runner);
        // What several jobs do before.
        found.sort_by(|one, other| one.span.cmp(&other.span));
        found.dedup_by(|one, other| one.span == other.span);
        if !found.is_empty() {
            reading.keep(&source);
        }
        lines.extend(found);
    }
    lines
}

/// Whether a file is one of GitHub's workflows.
pub fn is_workflow(path: &str) -> bool {
    path.starts_with(".github/workflows/") && (path.ends_with(".yml") || path.ends_with(".yaml"))
}

/// Whether a file is a pipeline.
pub fn is_pipeline(path: &str) -> bool {
    is_workflow(path) || matches!(path, ".gitlab-ci.yml" | ".gitlab-ci.yaml")
}

/// What one shell runs.
struct Script<'a> {
    job: &'a str,
    text: Mapped,
    shell: &'a str,
    within: Option<&'a str>,
}

/// `run:` of every step of every job. GitHub runs it by bash unless `shell:` says otherwise.
fn workflow<'a>(source: &Source, tree: &'a Node) -> Vec<Script<'a>> {
    let mut scripts = vec![];
    for job in tree.get("jobs").map(Node::entries).unwrap_or_default() {
        let Some(name) = job.key.as_str() else { continue };
        let set = |step: &'a Node, key: &str| {
            let defaults = || [&job.value, tree].into_iter().find_map(|node| node.at(&["defaults", "run", key]));
            step.get(key).or_else(defaults).and_then(Node::as_str)
        };
        for step in job.value.get("steps").map(Node::items).unwrap_or_default() {
            let Some(text) = step.get("run").and_then(|run| mapped(source, run)) else { continue };
            let shell = set(step, "shell").unwrap_or("bash").split(' ').next().unwrap_or("");
            if text.text().contains("docker") && matches!(shell, "bash" | "sh") {
                scripts.push(Script { job: name, text, shell, within: set(step, "working-directory") });
            }
        }
    }
    scripts
}

/// `before_script:` with `script:`, which share a shell, and `after_script:` of every job. What all jobs do before is read with
/// each of them, since it decides where they are.
fn pipeline<'a>(source: &Source, tree: &'a Node) -> Vec<Script<'a>> {
    let mut scripts = vec![];
    let default = tree.at(&["default", "before_script"]).or_else(|| tree.get("before_script"));
    for job in tree.entries() {
        let Some(name) = job.key.as_str() else { continue };
        let part = |key: &str| job.value.get(key);
        let before = part("before_script").or_else(|| part("script").and(default));
        for parts in [vec![before, part("script")], vec![part("after_script")]] {
            let mut text = Mapped::default();
            parts.into_iter().flatten().for_each(|part| join(source, part, &mut text, 0));
            if text.text().contains("docker") {
                scripts.push(Script { job: name, text, shell: "bash", within: None });
            }
        }
    }
    scripts
}

/// Adds the lines of a script to a text. Lists of lists stand for one list.
pub fn join(source: &Source, script: &Node, text: &mut Mapped, depth: usize) {
    if let Some(line) = mapped(source, script) {
        text.push_part(&line, 0..line.text().len(), None);
        text.push_decoded("\n", source.span(script.span.end..script.span.end));
    } else if depth < 10 {
        script.items().iter().for_each(|item| join(source, item, text, depth + 1));
    }
}
