//! YAML as a tree: spans, styles, aliases, and what is refused.

use super::*;

fn tree(text: &str) -> Node {
    parse(&Source::new("a.yaml", text)).unwrap()
}

fn error(text: &str) -> (usize, String) {
    let error = parse(&Source::new("a.yaml", text)).unwrap_err();
    (error.offset, error.message)
}

/// All nodes, those behind aliases left out, as `text under the span`.
fn spans(source: &Source, node: &Node, out: &mut Vec<String>) {
    out.push(source.slice(&node.span).to_owned());
    assert!(source.text().get(node.whole.clone()).is_some());
    let entries = node.entries().iter().filter(|entry| !entry.merged);
    let children = entries.flat_map(|entry| [&entry.key, &entry.value]).chain(node.items());
    children.filter(|child| !child.aliased).for_each(|child| spans(source, child, out));
}

const TRICKY: &str = "\u{feff}# comment\r\nservices:\r\n  é: &base\r\n    image: \"x:1\" # c\r\n    volumes:\r\n    - 'a:b'\r\n    -\r\n    - {k: v, l: [1, 2]}\r\n    - - n\r\n      - m\r\n    cmd: |\r\n      one\r\n      two\r\n\r\n    # later\r\n    env: !reset null\r\n  b: {<<: *base, image: y}\r\nlast: >-\r\n  folded\r\n";

#[test]
fn every_span_is_the_text_of_its_value() {
    let source = Source::new("a.yaml", TRICKY);
    let root = parse(&source).unwrap();
    let base = root.at(&["services", "é"]).unwrap();
    let mut found = vec![];
    spans(&source, base, &mut found);
    found.remove(0);
    assert_eq!(
        found,
        [
            "image",
            "x:1",
            "volumes",
            "- 'a:b'\r\n    -\r\n    - {k: v, l: [1, 2]}\r\n    - - n\r\n      - m",
            "a:b",
            "",
            "{k: v, l: [1, 2]}",
            "k",
            "v",
            "l",
            "[1, 2]",
            "1",
            "2",
            "- n\r\n      - m",
            "n",
            "m",
            "cmd",
            "one\r\n      two",
            "env",
            "null",
        ]
    );
    assert!(source.slice(&base.span).starts_with("image:") && source.slice(&base.span).ends_with("!reset null"));
    assert_eq!(&source.text()[base.whole.start..][..5], "&base");
    assert_eq!(&source.text()[base.get("cmd").unwrap().whole.clone()], "|\r\n      one\r\n      two");
    assert_eq!(base.get("env").unwrap().tag(), Some("!reset"));
    assert_eq!(root.get("last").unwrap().as_str(), Some("folded"));
}

#[test]
fn merge_keys_bring_what_is_not_written() {
    let root = tree(TRICKY);
    let b = root.at(&["services", "b"]).unwrap();
    assert_eq!(b.get("image").unwrap().as_str(), Some("y"));
    assert!(b.entry("volumes").unwrap().merged && !b.entry("image").unwrap().merged);
    assert!(b.is_editable() && !root.at(&["services", "é"]).unwrap().is_editable());
    assert!(!root.at(&["services", "é", "image"]).unwrap().is_editable());
    let two = tree("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], z: 3}\n");
    let values: Vec<_> = two.get("c").unwrap().entries().iter().filter_map(|entry| entry.value.as_str()).collect();
    assert_eq!(values, ["3", "1", "1"]);
}

#[test]
fn types_follow_the_style() {
    let root = tree("a: ~\nb: '~'\nc: !!str ~\nd: true\ne: 'true'\nf:\ng: 017\nh: {}\ni: 1.5\n");
    let kinds: Vec<_> = root.entries().iter().map(|entry| entry.value.kind()).collect();
    assert_eq!(
        kinds,
        ["null", "a string", "a string", "a boolean", "a string", "null", "a number", "a mapping", "a number"]
    );
    assert_eq!(root.get("g").unwrap().as_str(), Some("017"));
    assert_eq!((root.get("a").unwrap().as_str(), root.get("d").unwrap().as_bool()), (None, Some(true)));
}

#[test]
fn several_documents_are_kept_apart() {
    let documents = parse_all(&Source::new("a", "---\na: &x 1\n---\nb: &x 2\n...\n")).unwrap();
    assert_eq!(documents.len(), 2);
    assert!(parse_all(&Source::new("a", "---\na: &x 1\n---\nb: *x\n")).is_err());
    assert!(tree("").is_null() && tree("# only\n").is_null() && tree("\u{feff}").is_null());
}

#[test]
fn errors_point_and_speak() {
    assert_eq!(error("a: 1\nb: 2\na: 3\n"), (10, "mapping key `a` is already defined at line 1".into()));
    assert_eq!(error("a: *b\n"), (3, "unknown anchor `b` is referenced".into()));
    assert_eq!(error("a: &b [*b]\n"), (7, "an anchored value contains itself".into()));
    assert_eq!(error("<<: 1\n"), (4, "a merge key (`<<`) needs a mapping or a sequence of mappings".into()));
    assert_eq!(error("a: [1, 2\n").0, 3);
    assert_eq!(error("a:\n\t- b\n").0, 4);
}

#[test]
fn hostile_texts_end_in_an_error_and_not_in_memory() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(error(&bomb).1.contains("excessive aliasing"));
    assert_eq!(error(&"[".repeat(20_000)).1, "is nested too deep");
    assert_eq!(error(&"- ".repeat(20_000)).1, "is nested too deep");
    let many = Source::new("a", &"- x\n".repeat(1_001));
    assert!(parse_all(&many).is_ok());
    let error = super::build::documents_within(&many, 1_000).unwrap_err();
    assert_eq!((error.offset, error.message.as_str()), (4_002, "has more than 1000 values"));
}

#[test]
fn a_text_cut_at_any_byte_gives_a_tree_or_an_error() {
    for end in (0..TRICKY.len()).filter(|end| TRICKY.is_char_boundary(*end)) {
        let source = Source::new("a", &TRICKY[..end]);
        if let Ok(documents) = parse_all(&source) {
            documents.iter().for_each(|document| spans(&source, document, &mut vec![]));
        }
    }
}

proptest::proptest! {
    #[test]
    fn mutated_texts_never_panic(at in 0..TRICKY.len(), cut in 0..9usize, insert in "[-:\\[{}\\]&*!|>'\"# \t\na%@,?~]{0,4}") {
        let start = (0..=at).rev().find(|at| TRICKY.is_char_boundary(*at)).unwrap();
        let end = (start + cut..=TRICKY.len()).find(|at| TRICKY.is_char_boundary(*at)).unwrap_or(TRICKY.len());
        let text = format!("{}{insert}{}", &TRICKY[..start], &TRICKY[end..]);
        let source = Source::new("a", &text);
        if let Ok(documents) = parse_all(&source) {
            documents.iter().for_each(|document| spans(&source, document, &mut vec![]));
            edit::set(&source, &["services", "b", "user"], &"x".into());
        }
    }
}
