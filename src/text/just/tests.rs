//! Tests of the justfile reader.

use super::*;

fn scripts(text: &str) -> Vec<(String, String)> {
    let source = Source::new("justfile", text);
    let file = parse(text);
    let values = Values::of(&source, &file);
    let mut found = vec![];
    for recipe in &file.recipes {
        let values = values.with(&source, recipe);
        for script in &recipe.scripts {
            let written = Mapped::literal(&text[script.clone()], source.span(script.clone()));
            found.push((recipe.name.clone(), values.expand(&written).text().to_owned()));
        }
    }
    found
}

#[test]
fn recipes_are_read_as_the_shell_gets_them() {
    for (text, expected) in [
        ("a b='c' *d: e\n  @-docker {{b}} {{ d }}\n\n  x\n", vec![("a", "docker c {{d}}"), ("a", "x")]),
        ("uid := `id -u`\ngid := `id -g`\na:\n    x -u {{uid}}:{{gid}}\n", vec![("a", "x -u $(id -u):$(id -g)")]),
        ("c := 'docker' + \" compose\" # c\nd := c + ' exec'\n@a:\n\t{{d}}\n", vec![("a", "docker compose exec")]),
        ("e := env('X')\na:\n  {{e}} {{ if a == b { 'x' } else { 'y' } }}\n", vec![("a", "{{e}} {{ifabxelsey}}")]),
        (
            "a:\n  #!/usr/bin/env bash\n  set -e\n  x\n\nb: a\n  y \\\n    z\n",
            vec![("a", "\n  set -e\n  x"), ("b", "y \\\n    z")],
        ),
        ("a:\r\n  x\r\n  y\r\n", vec![("a", "x"), ("a", "y")]),
        ("# c\n[private]\nset shell := ['bash', '-c']\nalias q := a\na:\n  x\n", vec![("a", "x")]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        assert_eq!(scripts(text), expected, "{text}");
    }
}

const TRICKY: &str = "# é\nset shell := ['é']\nx := `id` + 'é' + y\na $b='c d' +e: f\n  @{{x}} {{b}} \\\n  g\r\n  {{{{ }} {{\nh:\n\t#!é\n\té";

#[test]
fn a_justfile_cut_anywhere_is_read_without_a_panic() {
    for (at, _) in TRICKY.char_indices() {
        let _ = (scripts(&TRICKY[..at]), scripts(&TRICKY[at..]));
    }
}

#[test]
fn huge_justfiles_are_read_in_time() {
    let unit = "a1 b='c': b\n  @docker compose exec app {{x}} {{\n";
    for text in [
        unit.repeat(1_000_000 / unit.len()),
        "{{".repeat(100_000),
        format!("a:\n  {}", "{{".repeat(100_000)),
        format!("x := 'yyyyyyyyyy'\n{}", "x := x + x\n".repeat(200)),
        "\\\n".repeat(100_000),
    ] {
        let _ = scripts(&text);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "([abé]|:=|\\{\\{|\\}\\}|\\n|\\r\\n|  |set shell|[:=`'\"+#@\\\\-]){0,80}") {
        let _ = scripts(&text);
    }
}
