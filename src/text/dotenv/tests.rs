//! Compose's rules for `.env` files.

use super::*;

fn environment(name: &str) -> Option<String> {
    match name {
        "A" => Some("a".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn read(text: &str) -> Dotenv {
    parse(&Source::new(".env", text), &environment)
}

/// What counts in the end, as JSON; `error` when the file is refused.
fn summary(text: &str) -> String {
    let read = read(text);
    if read.error.is_some() {
        return "error".to_owned();
    }
    let mut values = BTreeMap::new();
    for variable in read.variables {
        match (&variable.value, environment(&variable.key.value)) {
            (Some(value), _) => values.insert(variable.key.value.clone(), value.value.clone()),
            (None, Some(value)) => values.insert(variable.key.value.clone(), value),
            (None, None) => None,
        };
    }
    serde_json::to_string(&values).unwrap()
}

/// Each pair is also what Compose makes of it: see `tests/compose_oracle.rs`.
#[test]
fn files_are_read_as_compose_does() {
    let table = include_str!("../../../tests/compose/dotenv.txt");
    let cases: Vec<_> = table.lines().filter(|line| !line.starts_with("# ")).collect();
    assert!(cases.len() > 80);
    for line in cases {
        let (text, expected) = line.split_once(" => ").expect(line);
        assert_eq!(summary(&serde_json::from_str::<String>(text).unwrap()), expected, "{line}");
    }
}

#[test]
fn spans_are_the_text_between_the_quotes() {
    let text = "\u{feff}export A = x y # c\r\nB=\"q\\n${A}\"\r\nC='s\r\nt'\nD\n\nE=";
    let source = Source::new(".env", text);
    let read = parse(&source, &environment);
    let slices: Vec<_> = read
        .variables
        .iter()
        .map(|variable| {
            (source.slice(&variable.key.span), variable.value.as_ref().map(|value| source.slice(&value.span)))
        })
        .collect();
    let expected = [("A", Some("x y")), ("B", Some("q\\n${A}")), ("C", Some("s\r\nt")), ("D", None), ("E", Some(""))];
    assert_eq!(slices, expected);
    assert_eq!(read.get("B").unwrap().value.as_ref().unwrap().value, "q\na");
}

#[test]
fn errors_point_and_what_was_read_before_is_kept() {
    for (text, offset, message) in [
        ("A=1\nB C=2", 4, "a key cannot contain a space"),
        ("A=1\nB+C=2", 5, "unexpected character `+` in a variable name"),
        ("A=1\nB=\"x", 6, "unterminated quoted value"),
        ("A=1\nB=x${", 7, "invalid interpolation format"),
    ] {
        let read = read(text);
        assert_eq!(read.error, Some(SyntaxError::new(offset, message)), "{text}");
        assert_eq!(read.variables.len(), 1);
    }
}

const TRICKY: &str =
    "\u{feff}# c\r\nexport K = \"a\\\"b\\0101 ${A:-${B}} é\" # x\r\nL='1\n2'\nM: v\nN\n\u{a0}O=${X:?no}";

#[test]
fn a_text_cut_at_any_byte_never_panics() {
    for end in (0..=TRICKY.len()).filter(|end| TRICKY.is_char_boundary(*end)) {
        read(&TRICKY[..end]);
    }
    read("\0\u{1}\u{7f}=\u{fffd}");
    assert_eq!(read(&"# c\n".repeat(500_000)).variables.len(), 0);
    assert_eq!(read(&"K=v\n".repeat(500_000)).variables.len(), 500_000);
    assert!(read(&format!("K=\"{}", "\\".repeat(5_000_000))).error.is_some());
}

proptest::proptest! {
    #[test]
    fn mutated_texts_never_panic(at in 0..TRICKY.len(), insert in "[-=:\\[\\]'\"# \t\n\r$\\{\\}\\\\a0é]{0,6}") {
        let at = (0..=at).rev().find(|at| TRICKY.is_char_boundary(*at)).unwrap();
        let source = Source::new(".env", &format!("{}{insert}{}", &TRICKY[..at], &TRICKY[at..]));
        for variable in parse(&source, &environment).variables {
            assert!(source.text().get(variable.key.span.range()).is_some());
        }
    }
}
