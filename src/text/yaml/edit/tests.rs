//! Edits of YAML that change what they mean to and nothing else.

use super::*;

fn apply(text: &str, change: Option<Change>) -> String {
    match change {
        Some((range, new)) => format!("{}{new}{}", &text[..range.start], &text[range.end..]),
        None => "refused".to_owned(),
    }
}

fn set_in(text: &str, path: &[&str], value: impl Into<New>) -> String {
    apply(text, set(&Source::new("compose.yaml", text), path, &value.into()))
}

const FILE: &str =
    "services:\n  app:\n    image: x # note\n    ports:\n      - 80:80 # web\n# end\n\n  db:\n    image: y";

#[test]
fn a_missing_key_is_added_behind_its_neighbours() {
    let expected = FILE.replace("# web\n", "# web\n    user: \"1000:1000\"\n");
    assert_eq!(set_in(FILE, &["services", "app", "user"], "1000:1000"), expected);
    assert_eq!(set_in(FILE, &["services", "db", "user"], "app"), format!("{FILE}\n    user: app"));
}

#[test]
fn line_ends_and_a_byte_order_mark_are_kept() {
    let text = "\u{feff}services:\r\n  app:\r\n    image: x\r\n";
    let expected = "\u{feff}services:\r\n  app:\r\n    image: x\r\n    user: app\r\n";
    assert_eq!(set_in(text, &["services", "app", "user"], "app"), expected);
    assert_eq!(set_in("\u{feff}a: 1\r\n", &["b"], "c"), "\u{feff}a: 1\r\nb: c\r\n");
}

#[test]
fn a_scalar_that_is_there_is_replaced_in_its_style() {
    for (before, new, after) in [
        ("user: root # why", "1000", "user: \"1000\" # why"),
        ("user: 0", "1000", "user: 1000"),
        ("user: '0'", "it's", "user: 'it''s'"),
        ("user: \"0\"", "a\"b", "user: \"a\\\"b\""),
        ("user: root", "a: b #c", "user: \"a: b #c\""),
        ("user: &mine root", "app", "user: &mine app"),
        ("user: !!str 0", "1000", "user: !!str 1000"),
        ("user: &mine \"0\"", "1000", "user: &mine \"1000\""),
        ("user: |\n  root\n", "app", "user: \"app\"\n"),
        ("user:", "app", "user: app"),
        ("user: # nobody", "app", "user: app # nobody"),
        ("user: ''", "x\ny", "user: \"x\\ny\""),
        ("{user: root, b: c}", "a,b", "{user: \"a,b\", b: c}"),
    ] {
        assert_eq!(set_in(before, &["user"], new), after, "{before}");
    }
}

#[test]
fn flow_collections_stay_in_flow_style() {
    assert_eq!(set_in("a: {image: x, }", &["a", "user"], "1:1"), "a: {image: x, user: \"1:1\", }");
    assert_eq!(set_in("a: {}", &["a", "user"], "app"), "a: {user: app}");
    assert_eq!(set_in("a: { }", &["a", "user"], "app"), "a: {user: app}");
    let source = Source::new("a", "v: [a, 'b']\nw: []");
    assert_eq!(apply(source.text(), push(&source, &["v"], &"c:d".into())), "v: [a, 'b', c:d]\nw: []");
    assert_eq!(apply(source.text(), push(&source, &["w"], &"c".into())), "v: [a, 'b']\nw: [c]");
}

#[test]
fn nothing_is_offered_where_others_would_change_too() {
    let text = "x: &base\n  image: x\nservices:\n  a: *base\n  b:\n    <<: *base\n  c: &own\n    image: z\n";
    assert_eq!(set_in(text, &["x", "user"], "app"), "refused");
    assert_eq!(set_in(text, &["services", "a", "user"], "app"), "refused");
    assert_eq!(
        set_in(text, &["services", "b", "user"], "app"),
        text.replace("<<: *base\n", "<<: *base\n    user: app\n")
    );
    assert_eq!(
        set_in(text, &["services", "b", "image"], "q"),
        text.replace("<<: *base\n", "<<: *base\n    image: q\n")
    );
    assert_eq!(set_in(text, &["services", "c", "user"], "app"), format!("{text}    user: app\n"));
    assert_eq!(set_in(text, &["services", "d", "user"], "app"), "refused");
    assert_eq!(set_in("a: [b]", &["a"], "c"), "refused");
    assert_eq!(set_in("a: [b", &["a"], "c"), "refused");
}

#[test]
fn a_kept_block_scalar_at_the_end_gets_the_key_in_front() {
    let text = "a:\n  b: |+\n    text\n\n";
    assert_eq!(set_in(text, &["a", "user"], "app"), "a:\n  user: app\n  b: |+\n    text\n\n");
}

#[test]
fn variables_are_set_in_every_form_of_environment() {
    for (before, after) in [
        ("e:\n  A: b\n", "e:\n  A: b\n  HOME: /tmp\n"),
        ("e:\n- A=b\n", "e:\n- A=b\n- HOME=/tmp\n"),
        ("e:\n  - HOME=/root # x\n  - B", "e:\n  - HOME=/tmp # x\n  - B"),
        ("e:\n  HOME: '/'\n", "e:\n  HOME: '/tmp'\n"),
        ("e:\n  HOME:\n", "e:\n  HOME: /tmp\n"),
        ("e: # none\nf: 1", "e: # none\n  HOME: /tmp\nf: 1"),
        ("f: 1", "f: 1\ne:\n  HOME: /tmp"),
        ("e: [A=b]", "e: [A=b, HOME=/tmp]"),
        ("e: {A: b}", "e: {A: b, HOME: /tmp}"),
    ] {
        let source = Source::new("a", before);
        assert_eq!(apply(before, set_variable(&source, &["e"], "HOME", "/tmp")), after, "{before}");
    }
}

#[test]
fn a_part_of_a_scalar_is_replaced_within_its_quotes() {
    for (before, part, new, after) in [
        ("u: postgres://a:p@b@h/d", "p@b", "p%40b", "u: postgres://a:p%40b@h/d"),
        ("- \"U=x:1\"", "x", "y", "- \"U=y:1\""),
        ("- U=x", "x", "y: z", "- \"U=y: z\""),
        ("- \"a\\tb c\"", "c", "d", "refused"),
    ] {
        let source = Source::new("a", before);
        let start = before.rfind(part).unwrap();
        assert_eq!(apply(before, replace(&source, start..start + part.len(), new)), after, "{before}");
    }
}

#[test]
fn whole_mappings_and_lists_are_written_at_the_indent_of_the_file() {
    let value = New::Mapping(vec![
        ("context".to_owned(), ".".into()),
        ("args".to_owned(), New::Sequence(vec!["UID=1000".into(), New::Mapping(vec![("a".to_owned(), "yes".into())])])),
        ("none".to_owned(), New::Sequence(vec![])),
    ]);
    let text = "services:\n    app:\n        image: x\n";
    let expected = "services:\n    app:\n        image: x\n        build:\n            context: .\n            args:\n                - UID=1000\n                - a: \"yes\"\n            none: []\n";
    assert_eq!(set_in(text, &["services", "app", "build"], value), expected);
}
