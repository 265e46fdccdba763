//! A package store landed in the project, and git would take it in.

use crate::access::layout::Layout;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};

pub(super) fn check(facts: &Facts) -> Checked {
    let stores = facts.project.stores.iter().filter(|(folder, _)| !is_ignored(facts, folder));
    Ok(stores
        .map(|(folder, store)| {
            let files = if store.files == 1 { "file" } else { "files" };
            let message = format!(
                "`{}` keeps its store in the project: git does not ignore the {} {files} in `{folder}`",
                store.tool, store.files
            );
            let mut finding = Finding::at_path(folder, folder, message)
                .seen("list of files", folder, format!("{} {files} that git does not ignore", store.files))
                .fix(cure(facts, folder));
            for service in facts.project.services() {
                let layout = Layout::of_service(service, None);
                for (name, value) in service.environment.iter() {
                    let on_host = value.value.as_deref().filter(|path| path.starts_with('/'));
                    let on_host = on_host.and_then(|path| layout.spot(path).host_path);
                    let here = format!("{}/{folder}", facts.project.root);
                    if on_host
                        .is_some_and(|path| here == path || (name == "HOME" && here.starts_with(&format!("{path}/"))))
                    {
                        finding = finding
                            .related(&value.span, format!("`{}` puts it there", service.name.value))
                            .service(&service.name.value);
                    }
                }
            }
            finding
        })
        .collect())
}

fn cure(facts: &Facts, folder: &str) -> Fix {
    let title = format!("let git ignore `{folder}`");
    let Some(source) = facts.source(".gitignore") else {
        return Fix::manual(format!("{title}: echo '/{folder}/' >> .gitignore"));
    };
    let (text, end) = (source.text(), source.line_end());
    let before = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    let edit = Edit { span: source.span(text.len()..text.len()), text: format!("{before}/{folder}/{end}") };
    Fix::safe(title, vec![Step::Edit(edit)])
}

/// Whether the top `.gitignore` names this very folder: the listing may be of git's index, where ignored files can be too.
fn is_ignored(facts: &Facts, folder: &str) -> bool {
    let lines = facts.source(".gitignore").into_iter().flat_map(|source| source.text().lines());
    lines.map(|line| line.trim().trim_matches('/')).any(|line| {
        line == folder || (!line.contains('/') && folder.split('/').any(|part| part == line && !line.is_empty()))
    })
}
