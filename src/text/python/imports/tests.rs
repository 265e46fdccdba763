//! Imports put into files in isort's order, and into those that are in none.

use std::cmp::Reverse;

use super::*;

fn with(text: &str, lines: &[&str]) -> Option<String> {
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let own = Arc::new(BTreeSet::from(["app".to_owned()]));
    let orders = [false, true].map(|mixed| ImportOrder { own: own.clone(), mixed, ..ImportOrder::default() });
    let source = Source::new("a.py", text);
    let mut insertions = Group::of(&source, orders)?.place(&source, &lines)?;
    insertions.sort_by_key(|insertion| Reverse(insertion.at));
    let mut text = text.to_owned();
    insertions.iter().for_each(|it| text.replace_range(it.at..it.end, &it.text));
    Some(text)
}

#[test]
fn a_line_that_would_be_too_long_is_wrapped() {
    let names = |count: usize| (10..10 + count).map(|at| format!("name_{at}")).collect::<Vec<_>>();
    let text = format!("from app.a import {}\n\nx = 1\n", names(7).join(", "));
    // 79 bytes with the eighth name, and 90 with the ninth.
    for (new, wrapped) in
        [(vec!["name_08"], false), (vec!["name_08", "name_30"], true), (vec!["name_12_and_more"], true)]
    {
        let lines: Vec<String> = new.iter().map(|name| format!("from app.a import {name}")).collect();
        let mut all = names(7);
        all.extend(new.iter().map(|name| (*name).to_owned()));
        all.sort();
        let expected = if wrapped {
            format!("from app.a import (\n    {},\n)\n\nx = 1\n", all.join(",\n    "))
        } else {
            format!("from app.a import {}\n\nx = 1\n", all.join(", "))
        };
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(with(&text, &lines).as_deref(), Some(expected.as_str()), "{new:?}");
    }
}

#[test]
fn a_new_import_stands_where_isort_puts_it() {
    let table: [(&str, &[&str], Option<&str>); 25] = [
        ("import a\nimport c\n\nx = 1\n", &["import b"], Some("import a\nimport b\nimport c\n\nx = 1\n")),
        ("from a import b\n", &["import c"], Some("import c\nfrom a import b\n")),
        ("import a\nfrom a import b\n", &["import c"], Some("import a\nimport c\nfrom a import b\n")),
        ("import sqlalchemy\n", &["import os"], Some("import os\n\nimport sqlalchemy\n")),
        ("import os\n\nimport app.a\n", &["import pgvector"], Some("import os\n\nimport pgvector\n\nimport app.a\n")),
        ("import os\n", &["import app.x  # noqa: F401"], Some("import os\n\nimport app.x  # noqa: F401\n")),
        (
            "import os\n\nimport z\n",
            &["import app.x", "import app.b", "import a", "import sys"],
            Some("import os\nimport sys\n\nimport a\nimport z\n\nimport app.b\nimport app.x\n"),
        ),
        ("from . import a\n", &["from .. import b"], Some("from .. import b\nfrom . import a\n")),
        ("import z\n# about z\n\n# about b\nimport b\n", &["import c"], None),
        ("import a\n\n# about z\nimport z\n", &["import b"], Some("import a\nimport b\n\n# about z\nimport z\n")),
        ("import os\n\n# about z\nimport z\n", &["import b"], Some("import os\n\nimport b\n\n# about z\nimport z\n")),
        // A line of the same module takes the name.
        ("from a import B, c\n", &["from a import A"], Some("from a import A, B, c\n")),
        ("from a import B, c\n", &["from a import d"], Some("from a import B, c, d\n")),
        ("from a import (\n    B,\n)\n", &["from a import A"], Some("from a import (\n    A,\n    B,\n)\n")),
        (
            "from a import (\n    B,\n    C,\n)\n",
            &["from a import D"],
            Some("from a import (\n    B,\n    C,\n    D,\n)\n"),
        ),
        (
            "from a import B\nfrom c import d\n",
            &["from b import e", "from a import C"],
            Some("from a import B, C\nfrom b import e\nfrom c import d\n"),
        ),
        // With `import` and `from` mixed.
        (
            "import a\nfrom b import c\nimport d\n",
            &["import c"],
            Some("import a\nfrom b import c\nimport c\nimport d\n"),
        ),
        // Several names at once: those that are new, in their order.
        ("from a import B, d\n", &["from a import d, c, A"], Some("from a import A, B, c, d\n")),
        ("import a\n", &["from b import (\n    c,\n    A,\n)"], Some("import a\nfrom b import A, c\n")),
        ("from a import x2, x10\n", &["from a import x10, x2", "from a import x2"], Some("from a import x2, x10\n")),
        ("import a\n", &["from b import (\n    c,  # why\n)"], Some("import a\nfrom b import (\n    c,  # why\n)\n")),
        // Not in order, or no imports at all: somebody else decides.
        ("import b\nimport a\n", &["import c"], None),
        ("import a, b\n", &["import c"], None),
        ("x = 1\n", &["import c"], None),
        ("import a; import b\n", &["import c"], None),
    ];
    for (text, lines, expected) in table {
        assert_eq!(with(text, lines).as_deref(), expected, "{lines:?} into {text}");
    }
}

#[test]
fn the_last_group_takes_it_and_its_surroundings_stay() {
    let text = "\u{feff}\"\"\"Words.\"\"\"\nimport z\n\nx = 1\nimport a  # why\nimport c\ny = 2\n";
    assert_eq!(with(text, &["import b"]), Some(text.replace("# why\n", "# why\nimport b\n")));
    assert_eq!(with("import a", &["import b"]).as_deref(), Some("import a\nimport b"));
    assert_eq!(with("import a\n", &["x = 1"]), None);
    assert_eq!(with("import a\n", &["import b; import c"]), None);
}

#[test]
fn another_name_for_a_thing_has_a_statement_of_its_own_unless_they_are_combined() {
    let text = "from datetime import date, time\n";
    let renamed = ["from datetime import date as day"];
    assert_eq!(with(text, &renamed), Some(format!("{text}from datetime import date as day\n")));
    let text = "from datetime import datetime as dt\nfrom datetime import timedelta\n";
    assert_eq!(with(text, &["from datetime import timezone"]), Some(text.replace("timedelta", "timedelta, timezone")));
    assert_eq!(with("import a\n", &["import a as b"]).as_deref(), Some("import a\nimport a as b\n"));
    let source = Source::new("a.py", "from datetime import date, time\n");
    let group = Group::of(&source, [ImportOrder { combined: true, ..ImportOrder::default() }]).unwrap();
    let placed = group.place(&source, &renamed.map(str::to_owned)).unwrap();
    assert_eq!(placed, [Insertion { at: 27, end: 27, text: "date as day, ".to_owned() }]);
}
