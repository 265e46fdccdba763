//! Removes helpers whose devdoctor was killed before it could: those that the engine could not remove by itself.
#![expect(clippy::disallowed_methods, reason = "which processes live is read where helpers are swept")]

use serde_json::Value;
use tokio::time::Instant;

use super::LONGEST_RUN;
use super::helper::{LABEL, remove};
use crate::probe::docker::Engine;
use crate::text::percent_encoded;

/// A helper that was made so many seconds before another one, and does not run, belongs to no living devdoctor, wherever that
/// was: none waits so long.
const LEFT_BEHIND: i64 = 600;

/// This devdoctor, so that others can see whether it lives: its process number, when it began, and in which world of
/// processes that number counts.
pub(super) fn maker() -> String {
    let process = std::process::id();
    format!("{process} {} {}", begun(process).unwrap_or_default(), world())
}

fn world() -> String {
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("{} {}", namespace.display(), boot.trim())
}

/// When a process began, in ticks since the machine did: the word 22 of its `stat`. Its name, in brackets, may hold anything.
fn begun(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// Whether it is certain that the devdoctor which a label names has ended.
fn has_ended(label: &str) -> bool {
    let mut words = label.splitn(3, ' ');
    let process = words.next().and_then(|word| word.parse().ok());
    let (Some(process), Some(began), Some(its_world)) = (process, words.next(), words.next()) else { return false };
    its_world == world() && begun(process).unwrap_or_default().to_string() != began
}

/// Removes helpers that do not run and whose devdoctor is gone.
pub(super) async fn sweep(engine: &Engine, this: &str) {
    let filters = format!(r#"{{"label":["{LABEL}"],"status":["created","exited","dead"]}}"#);
    let path = format!("/containers/json?all=1&filters={}", percent_encoded(&filters));
    let Ok(list) = engine.get(&path, Instant::now() + LONGEST_RUN).await else { return };
    for id in left_behind(&list, this, has_ended) {
        remove(engine, id).await;
    }
}

/// Of the helpers in a list those that nobody will remove.
fn left_behind<'list>(list: &'list Value, this: &str, has_ended: impl Fn(&str) -> bool) -> Vec<&'list str> {
    let helpers = || {
        list.as_array().into_iter().flatten().filter_map(|helper| {
            let label = helper.get("Labels").and_then(|labels| labels.get(LABEL)?.as_str()).unwrap_or_default();
            Some((helper.get("Id")?.as_str()?, helper.get("Created")?.as_i64()?, label))
        })
    };
    let now = helpers().find(|(id, ..)| *id == this).map(|(_, created, _)| created);
    let is_old = |created: i64| now.is_some_and(|now| created.saturating_add(LEFT_BEHIND) < now);
    let others = helpers().filter(|(id, ..)| *id != this);
    others.filter(|(_, created, label)| is_old(*created) || has_ended(label)).map(|(id, ..)| id).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn helpers_of_the_dead_and_of_long_ago_are_swept() {
        let labels = |maker: &str| json!({LABEL: maker});
        let list = json!([
            {"Id": "this", "Created": 10_000, "Labels": labels("dead")},
            {"Id": "old", "Created": 9_000, "Labels": labels("alive")},
            {"Id": "young", "Created": 9_900, "Labels": labels("alive")},
            {"Id": "orphan", "Created": 9_990, "Labels": labels("dead")},
            {"x": 1},
        ]);
        let dead = |label: &str| label == "dead";
        assert_eq!(left_behind(&list, "this", dead), ["old", "orphan"]);
        assert_eq!(left_behind(&list, "unknown", |_| false), Vec::<&str>::new());
        assert_eq!(left_behind(&json!({}), "this", dead), Vec::<&str>::new());
    }

    #[test]
    fn this_devdoctor_lives_and_one_of_another_time_does_not() {
        let me = maker();
        assert!(!has_ended(&me), "{me}");
        let (process, world) = (std::process::id(), world());
        assert!(has_ended(&format!("{process} 1 {world}")), "the number was given away again");
        assert!(has_ended(&format!("4194305 1 {world}")), "no number is so great");
        assert!(!has_ended(&format!("4194305 1 {world}x")), "who knows");
        assert!(!has_ended("0.1.0"), "a helper of an older devdoctor");
    }
}
