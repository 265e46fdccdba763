//! Python as people write it, broken, and made to break.

use super::*;

const ENV_PY: &str = "import os\nfrom alembic import context\nfrom app.config import settings\nconfig = context.config\n\
url = os.environ.get('DATABASE_URL') or settings.database_url\nif url:\n    config.set_main_option(\"sqlalchemy.url\", url.replace('%', '%%'))\n\
section = config.get_section(config.config_ini_section, {})\nsection['sqlalchemy.url'] = f\"{os.environ['B']}\"\nx = {**section, \"k\": 1}\n\
class Settings(BaseSettings):\n    DATABASE_URL: str = \"postgresql://é\"\n";

#[test]
fn what_an_env_py_does_is_seen() {
    let module = parse(ENV_PY);
    assert_eq!(module.errors, []);
    let call = module.calls.iter().find(|call| call.function() == "set_main_option").unwrap();
    assert_eq!(call.callee, "config.set_main_option");
    assert_eq!(
        call.positional(0).and_then(Value::as_text).map(|text| &ENV_PY[text.range.clone()]),
        Some("sqlalchemy.url")
    );
    assert!(ENV_PY[call.context.condition.clone().unwrap()].starts_with("if url"));
    let key = module.assignments.iter().find(|assignment| assignment.key.is_some()).unwrap();
    assert_eq!((key.target.as_str(), key.key.as_deref()), ("section", Some("sqlalchemy.url")));
    assert!(
        key.value.any(&|value| matches!(value, Value::Item(name, text) if name == "os.environ" && text.value == "B"))
    );
    assert_eq!(module.entries.iter().find_map(|entry| entry.key.as_ref()).unwrap().value, "k");
    let field = module.assignments.last().unwrap();
    assert_eq!(
        (field.target.as_str(), field.context.bases.as_slice()),
        ("DATABASE_URL", &["BaseSettings".to_owned()][..])
    );
    assert!(module.names.iter().any(|(name, _)| name == "settings.database_url"));
    assert_eq!(module.reads[0].1.value, "B");
}

#[test]
fn a_broken_file_has_errors_and_what_could_be_read() {
    let module = parse("def run():\n    url =\n    config.set_main_option('sqlalchemy.url', x)\nimport (\n");
    assert!(!module.errors.is_empty());
    assert!(module.calls.iter().any(|call| call.function() == "set_main_option"), "{module:?}");
}

#[test]
fn a_file_cut_anywhere_is_read() {
    let text = ENV_PY.replace('\n', "\r\n");
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        let module = parse(&text[..end]);
        assert!(module.errors.iter().all(|error| error.offset <= end));
    }
}

#[test]
fn texts_made_to_break_a_parser_are_refused_or_read() {
    let many = 30_000;
    for text in [
        "(".repeat(many),
        "-".repeat(many),
        "not ".repeat(many),
        "lambda:".repeat(many),
        "a if b else ".repeat(many / 8),
        "1+".repeat(many) + "1",
        "1**".repeat(many) + "1",
        "a.".repeat(many) + "a",
        "a()".to_owned() + &"()".repeat(many),
        "a".to_owned() + &"[0]".repeat(many),
        "f'{".repeat(2_000),
        (0..400).map(|depth| " ".repeat(depth) + "if x:\n").collect(),
        "if x:\n pass\n".to_owned() + &"elif y:\n pass\n".repeat(many / 8),
        "x = y = ".repeat(many / 8),
        "@a\n".repeat(many),
        "await ".repeat(many),
        "x: ".repeat(many),
        "\u{feff}x = 'a".to_owned(),
        "a < ".repeat(many),
        "a and ".repeat(many),
        "a|".repeat(many),
        "match x:\n case ".to_owned() + &"a|".repeat(many),
        "type x[".repeat(1_000),
        "print ".repeat(many),
        "\\\n".repeat(many),
        "x := ".repeat(many),
        "*".repeat(many),
        "yield ".repeat(many),
        "async ".repeat(many),
        "return ".repeat(many),
        "\"\"\"".to_owned() + &"x\n".repeat(600_000),
    ] {
        parse(&text);
    }
}

#[test]
fn the_structure_of_a_module_is_seen() {
    let text = "'''Doc.'''\nfrom __future__ import annotations\nimport a.b, c as d\nif t.TYPE_CHECKING:\n    from .x import (y,  # why\n        z as w)\n\
try:\n    import e\nexcept (ValueError, ImportError):\n    pass\n@deco(1)\nclass A(B[int], sm.C, table=True):\n    f: Optional[int] = Field(1)\n    g: ClassVar[int]\n    MAX = 5\n    import q\n    def m(self) -> 'Late': ...\n__all__ = ['A']\nprint(used.x)\n";
    let (module, structure) = parse_structured(text);
    assert_eq!(module.errors, []);
    let imports: Vec<String> = structure
        .imports
        .iter()
        .map(|it| {
            let names: Vec<String> =
                it.names.iter().map(|name| format!("{}>{}", name.name, name.rename.as_deref().unwrap_or(""))).collect();
            format!("{} {} {:?}", it.from, names.join(","), [it.place.type_checking, it.place.guarded, it.place.class])
        })
        .collect();
    assert_eq!(
        imports,
        [
            "__future__ annotations> [false, false, false]",
            " a.b>,c>d [false, false, false]",
            ".x y>,z>w [true, false, false]",
            " e> [false, true, false]",
            " q> [false, false, true]",
        ]
    );
    let class = &structure.classes[0];
    let bases: Vec<(&str, &str)> =
        class.bases.iter().map(|base| (base.name.as_str(), &text[base.range.clone()])).collect();
    assert_eq!(bases, [("B", "B[int]"), ("sm.C", "sm.C")]);
    assert_eq!((class.keywords[0].0.as_str(), class.decorators[0].as_str()), ("table", "deco"));
    let body: Vec<&str> = class.body.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(body, ["f", "g", "MAX", "", "m"]);
    assert!(matches!(&class.body[0].kind, MemberKind::Annotated { optional: true, class_variable: false, .. }));
    assert!(matches!(&class.body[1].kind, MemberKind::Annotated { class_variable: true, .. }) && class.body[2].literal);
    assert!(structure.loaded.contains("used") && structure.loaded.contains("Late") && !structure.loaded.contains("A"));
    assert!(structure.exported.contains("A") && text[structure.comments[0].clone()].starts_with("# why"));
    assert_eq!(&text[..structure.prologue], "'''Doc.'''\nfrom __future__ import annotations");
}

#[test]
fn what_a_class_body_deletes_is_not_there_however_much_it_is() {
    let once = |at: usize| format!("    a{at} = {at}\n    import b{at}.c, d{at} as e{at}\n    del a{at}, b{at}\n");
    let body: String = (0..20_000).map(once).collect();
    let text = format!("class A:\n{body}    x = 1\n    y = 1\n    del x, gone\n    x = 2\n    import f\n");
    let (_, structure) = parse_structured(&text);
    let left = structure.classes[0].body.iter().filter(|it| it.kind != MemberKind::Other);
    let left: Vec<&str> = left.map(|member| text[member.range.clone()].trim()).collect();
    assert_eq!(left, ["y = 1", "x = 2", "import f"]);
}
