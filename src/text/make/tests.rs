//! Tests of the Makefile reader.

use super::*;
use crate::text::{Mapped, Source};

/// Each recipe line, as target and expanded text.
fn recipes(text: &str) -> Vec<(String, String)> {
    let source = Source::new("Makefile", text);
    let makefile = parse(text);
    let mut scope = Scope::default();
    scope.learn(&source, &makefile);
    let expanded = |range: &Range<usize>| {
        scope.expand(&Mapped::literal(&text[range.clone()], source.span(range.clone()))).text().to_owned()
    };
    makefile.recipes.iter().map(|recipe| (text[recipe.targets.clone()].to_owned(), expanded(&recipe.text))).collect()
}

#[test]
fn recipe_lines_are_read_as_the_shell_gets_them() {
    for (text, expected) in [
        ("a b: c\n\t@-docker x # y\n", vec![("a b", "docker x # y")]),
        ("a: ; @echo $$HOME\n", vec![("a", "echo $HOME")]),
        ("a:\n\tone \\\n\t  two\n\n# c\n\t# d\n\n\tthree\n", vec![("a", "one \\\n\t  two"), ("a", "three")]),
        ("a:\r\n\tone \\\r\n\ttwo\r\n\tthree\r\n", vec![("a", "one \\\r\n\ttwo"), ("a", "three")]),
        (
            "C = docker\nD := $(C) compose\na:\n\t$(D) exec ${C} $X $(Y)\n",
            vec![("a", "docker compose exec docker  $(Y)")],
        ),
        ("A ?= 1\nA ?= 2\nA += 3\na:\n\t$(A)\n", vec![("a", "1 3")]),
        ("A := 1\nA = 2 # two\na: A := 3\n\t$(A)\n", vec![("a", "2")]),
        ("override UID ::= 3\nexport B := 4\na:\n\t$(UID)$(B)\n", vec![("a", "34")]),
        ("UID != id -u\na:\n\t$(UID)\n", vec![("a", "$(shell id -u)")]),
        (
            "define RUN\ndocker compose exec \\\n app $(1)\nendef\na:\n\t$(call RUN,x y)\n",
            vec![("a", "docker compose exec \\\n app x y")],
        ),
        ("ifeq ($(CI),1)\nT := -T\nelse\nT :=\nendif\na:\nifdef X\n\tx $(T)y\nendif\n", vec![("a", "x y")]),
        (".RECIPEPREFIX = >\na:\n> echo\n", vec![("a", "echo")]),
        ("a: $(wildcard b:c=d)\n\tx\n", vec![("a", "x")]),
        ("A = $(A)\nB = $(C)$(C)\nC = $(B)$(B)\na:\n\tx\n", vec![("a", "x")]),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(target, text)| (target.to_owned(), text.to_owned())).collect();
        assert_eq!(recipes(text), expected, "{text}");
    }
}

#[test]
fn bytes_of_a_variable_stand_where_it_is_set() {
    let text = "DC = docker compose\nEXEC = $(DC) exec\na:\n\t$(EXEC) app\n";
    let source = Source::new("Makefile", text);
    let makefile = parse(text);
    let mut scope = Scope::default();
    scope.learn(&source, &makefile);
    let range = makefile.recipes[0].text.clone();
    let line = scope.expand(&Mapped::literal(&text[range.clone()], source.span(range)));
    assert_eq!(line.text(), "docker compose exec app");
    let after_exec = line.after(19).unwrap();
    assert_eq!((after_exec.place.start, after_exec.direct), (text.rfind(" app").unwrap(), true));
    let after_docker = line.after(6).unwrap();
    assert_eq!((after_docker.place.start, after_docker.direct), (11, false));
    assert_eq!(line.place(7..14).map(|place| source.slice(&place).to_owned()).as_deref(), Some("$(EXEC)"));
}

#[test]
fn exports_and_includes_are_told() {
    let text = "-include .env common.mk\nexport\nexport UID GID\nexport A = 1\ninclude $(B)\n";
    let makefile = parse(text);
    let includes: Vec<_> = makefile.includes.iter().map(|range| &text[range.clone()]).collect();
    assert_eq!(includes, [".env", "common.mk", "$(B)"]);
    assert_eq!(makefile.exported, ["UID", "GID", "A"]);
}

#[test]
fn new_assignments_go_below_the_opening_comments() {
    for (text, rest) in [
        ("a:\n\tx\n", "a:"),
        ("# All of it.\n\n# Runs a.\na:\n\tx\n", "# Runs a."),
        ("# Runs a.\na:\n\tx\n", "# Runs a."),
        ("#!/usr/bin/make -f\na:\n\tx\n", "a:"),
        ("# c\n.PHONY: a\na:\n\tx\n", ".PHONY"),
        ("# c\nA := 1\n", "A := 1"),
        ("\u{feff}a:\r\n", "a:"),
        ("# only\n", ""),
    ] {
        assert!(text[parse(text).top..].starts_with(rest), "{text}");
    }
}

const TRICKY: &str = "# é\r\nA ?= $(shell id -u) # c\ndefine B\nx $(1)\nendef\nexport A\na b:: c ; x\n\t@-$(call B,$(A),${A}) $$x \\\n\ty\ninclude é.mk\nB += \\#é\\\n";

#[test]
fn a_makefile_cut_anywhere_is_read_without_a_panic() {
    for (at, _) in TRICKY.char_indices() {
        let _ = (recipes(&TRICKY[..at]), recipes(&TRICKY[at..]));
    }
}

#[test]
fn huge_and_tangled_makefiles_are_read_in_time() {
    let unit = "a1: b\n\t@docker compose exec app uv run x \\\n\t  foo $$HOME $(A)\nX := $(shell id)\n";
    for text in [
        unit.repeat(10_000_000 / unit.len()),
        format!("a:\n\t{}\n", "$(".repeat(1_000_000)),
        format!("a:\n{}", "\t$(x $(\n".repeat(200_000)),
        "ifdef A\n".repeat(500_000),
        "\\\n".repeat(1_000_000),
        "define A\n".repeat(300_000),
        format!("{}a:\n\t$(A0)\n", (0..40).map(|n| format!("A{n} = $(A{m})$(A{m})\n", m = n + 1)).collect::<String>()),
        format!(
            "A0 = xxxxxxxxxx\n{}a:\n\t$(A9)\n",
            (1..10).map(|n| format!("A{n} = {}\n", format!("$(A{})", n - 1).repeat(10))).collect::<String>()
        ),
    ] {
        let _ = recipes(&text);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "([abé]|A|\\t|\\n|\\r\\n|define |endef|include |export |[:=?+!#@$(){}, \\\\-]){0,80}") {
        let _ = recipes(&text);
        proptest::prop_assert!(text.is_char_boundary(parse(&text).top));
    }
}
