//! Tests of the shell reader.

use super::*;
use crate::text::{Mapped, Source};

fn found(text: &str) -> Vec<String> {
    let source = Source::new("a.sh", text);
    let mapped = Mapped::literal(text, source.span(0..text.len()));
    commands(text)
        .iter()
        .map(|command| {
            let words: Vec<String> =
                command.words.iter().map(|word| unquoted(&mapped, word.clone()).text().to_owned()).collect();
            words.join("|")
        })
        .collect()
}

#[test]
fn commands_are_found_wherever_they_stand() {
    for (text, expected) in [
        ("docker exec a b", vec!["docker|exec|a|b"]),
        ("a; b && c || d | e & f", vec!["a", "b", "c", "d", "e", "f"]),
        ("a 'b c' \"d $X\" e\\ f", vec!["a|b c|d $X|e f"]),
        ("docker \\\n  exec \\\r\n a", vec!["docker|exec|a"]),
        ("# docker exec\na # b\nc", vec!["a", "c"]),
        ("X=1 Y='2 3' run", vec!["run"]),
        ("if [ -t 0 ]; then a; else b; fi", vec!["[|-t|0|]", "a", "b"]),
        ("for x in 1 2; do a $x; done", vec!["a|$x"]),
        ("while read l\ndo\n a\ndone < f", vec!["read|l", "a"]),
        ("f() {\n a b\n}\nfunction g {\n c\n}", vec!["a|b", "c"]),
        ("case $1 in\n up) a ;;\n *) b;;\nesac", vec!["a", "b"]),
        ("(cd x && a)", vec!["cd|x", "a"]),
        ("id=$(docker exec a \"b c\")", vec!["docker|exec|a|b c", ""]),
        ("echo \"x $(a \"b\") y\"", vec!["a|b", "echo|x $(a \"b\") y"]),
        ("echo `a b` c", vec!["a|b", "echo|`a b`|c"]),
        ("cat <<EOF > out\ndocker exec a\nEOF\nb", vec!["cat", "b"]),
        ("cat <<-'E'\n\tx\n\tE\nb", vec!["cat", "b"]),
        ("a 2>&1 >/dev/null <in b", vec!["a|b"]),
        ("a &>log b", vec!["a|b"]),
        ("DC=(docker compose)\na", vec!["a"]),
        ("a $((1 + 2)) b", vec!["a|$((1 + 2))|b"]),
        ("a ${X:-$(b)} c", vec!["b", "a|${X:-$(b)}|c"]),
        ("a 'unclosed", vec!["a|unclosed"]),
        ("a $(unclosed", vec!["unclosed", "a|$(unclosed"]),
        ("a \"x\\\"y\" 'it'\\''s'", vec!["a|x\"y|it's"]),
        (") a", vec!["a"]),
        ("", vec![]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn spans_of_words_are_their_bytes() {
    let text = "é \"ü $(ö)\" ä";
    let words = &commands(text)[1].words;
    let slices: Vec<_> = words.iter().map(|word| &text[word.clone()]).collect();
    assert_eq!(slices, ["é", "\"ü $(ö)\"", "ä"]);
}

#[test]
fn assignments_have_names() {
    assert_eq!(assignment("A_1=x").map(|assigned| (assigned.name, assigned.value_at)), Some(("A_1", 4)));
    assert_eq!(assignment("A+=x").map(|assigned| assigned.appends), Some(true));
    assert_eq!([assignment("1A=x"), assignment("=x"), assignment("a-b=c"), assignment("x")], [None, None, None, None]);
}

const TRICKY: &str = "# é\nif a \"$(b `c 'd'`)\" <<E; then\n x ${y:-'z'} \\\r\n q $((1+2)) $'a\\'b'\nE\n(f) | g(){ h; }; arr=(a b) case x in y) z;; esac é\\";

#[test]
fn a_text_cut_anywhere_is_read_without_a_panic() {
    for (at, _) in TRICKY.char_indices() {
        for part in [&TRICKY[..at], &TRICKY[at..]] {
            for command in commands(part) {
                for word in command.words {
                    assert!(part.get(word).is_some());
                }
            }
        }
    }
}

#[test]
fn huge_and_deep_texts_are_read_in_time() {
    let unit = "docker exec \"$(a `b`)\" '${c}' # d\n";
    for text in [
        unit.repeat(1_000_000 / unit.len()),
        "$(".repeat(100_000),
        "\"$(".repeat(100_000),
        "((".repeat(100_000),
        "`".repeat(100_001),
        "$((".repeat(100_000),
        "${".repeat(100_000),
        "<<a ".repeat(50_000),
    ] {
        let _ = commands(&text);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_and_every_word_is_a_slice(text in "(docker|exec|[a-zé \\\\\\n\\r\\t'\"`$(){}<>&|;#=]){0,60}") {
        let mapped = Mapped::literal(&text, Source::new("a", &text).span(0..text.len()));
        for command in commands(&text) {
            proptest::prop_assert!(text.get(command.range()).is_some());
            for word in command.words.iter().chain(&command.assignments) {
                proptest::prop_assert!(text.get(word.clone()).is_some());
                let _ = unquoted(&mapped, word.clone());
            }
        }
    }
}
