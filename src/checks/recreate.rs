//! What is to be done after an edit of a Compose file, so that containers get what it says.

use crate::facts::Facts;

/// Recreates services and those that extend them, which take over what stands in them.
pub(super) fn recreate(facts: &Facts, services: &[&str]) -> String {
    recreate_with(facts, services, "")
}

/// The same with an option of `docker compose up`.
pub(super) fn recreate_with(facts: &Facts, services: &[&str], option: &str) -> String {
    let mut names: Vec<&str> = vec![];
    for service in services {
        let with =
            facts.project.compose.as_ref().map_or_else(|| vec![*service], |compose| compose.with_extending(service));
        for name in with {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let option = if option.is_empty() { String::new() } else { format!("{option} ") };
    format!("recreate `{}`: docker compose up -d {option}{}", names.join("`, `"), names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Environment;
    use crate::project::files::MemoryFiles;
    use crate::project::read;

    #[test]
    fn services_that_extend_the_edited_one_are_recreated_too() {
        const FILE: &str = "services:\n  api: {image: x}\n  worker: {extends: api}\n  beat: {extends: {service: worker}}\n  \
             other: {extends: {file: common.yaml, service: api}}\n  again: {extends: {file: ./compose.yaml, service: api}}\n";
        let files = [("compose.yaml", FILE), ("common.yaml", "services:\n  api: {image: y}\n")];
        let project = read::project(&MemoryFiles::new(files), &Environment::default(), None);
        assert_eq!(project.unreadable, []);
        let facts = Facts { project, ..Facts::default() };
        let said = "recreate `api`, `again`, `beat`, `worker`: docker compose up -d api again beat worker";
        assert_eq!(recreate(&facts, &["api"]), said);
        assert_eq!(recreate(&facts, &["other"]), "recreate `other`: docker compose up -d other");
        assert_eq!(
            recreate(&facts, &["worker", "beat"]),
            "recreate `worker`, `beat`: docker compose up -d worker beat"
        );
    }
}
