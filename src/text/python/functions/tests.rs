//! What functions are known to say, and what is not told.

use super::*;
use crate::text::python::parse_functions;

/// What `f` says of a new table `hero`.
fn verdict(text: &str) -> Verdict {
    let file = parse_functions(text);
    let arguments =
        [Known::Untold, Known::Text("hero".into()), Known::Text("table".into()), Known::Flag(false), Known::None];
    file.named.get("f").map_or(Verdict::Untold, |function| file.verdict(function, &arguments))
}

#[test]
fn what_is_certain_is_told() {
    for body in [
        "return type_ != 'table'",
        "return False",
        "pass",
        "'''doc'''\n    log.info(name)\n    if type_ == 'table':\n        return False\n    return True",
        "if type_ == 'table' and name in {'hero', 'team'}:\n        return False\n    else:\n        return True",
        "if type_ == 'column':\n        return True\n    elif name.startswith(('he', 'x')):\n        return None\n    return True",
        "return name not in SKIPPED",
        "return bool(name in ALLOWED)",
        "return not name.endswith('ro') and object.info",
        "return object.info and not name == 'hero'",
        "return True if reflected else False",
        "skip = name == 'hero'\n    return not skip",
        "return name.upper() != 'HERO'",
        "if object.info:\n        return False\n    return reflected",
        "return compare_to is not None",
    ] {
        let text = format!(
            "SKIPPED = ['hero']\nALLOWED = frozenset({{'team'}})\ndef f(object, name, type_, reflected, compare_to):\n    {body}\n"
        );
        assert_eq!(verdict(&text), Verdict::No, "{body}");
    }
    for body in [
        "return not (type_ == 'table' and reflected and compare_to is None)",
        "if type_ == 'table' and name == 'spatial_ref_sys':\n        return False\n    return True",
        "if object.info.get('skip') and reflected:\n        return False\n    else:\n        return True",
        "return object.info or name == 'hero'",
    ] {
        let text = format!("def f(object, name, type_, reflected, compare_to):\n    {body}\n");
        assert_eq!(verdict(&text), Verdict::Yes, "{body}");
    }
    assert_eq!(verdict("f = lambda o, n, t, r, c: n == 'team'\n"), Verdict::No);
}

#[test]
fn what_is_filled_or_bound_otherwise_is_not_told() {
    for text in [
        "allowed = ()\ndef f(o, name, type_, r, c, *, allowed=('hero',)):\n    return name in allowed\n",
        "tables = ()\ndef run(tables):\n    def f(o, name, type_, r, c):\n        return name in tables\n",
        "def f(o, name, type_, r, c):\n    wanted = ['x']\n    wanted.extend(known)\n    return name in wanted\n",
        "def f(o, name, type_, r, c):\n    wanted = ['x']\n    fill(wanted)\n    return name in wanted\n",
        "def f(o, name, type_, r, c):\n    known = False\n    if (known := name in x):\n        pass\n    return known\n",
        "ALLOWED = []\ndef f(o, name, type_, r, c):\n    return name in ALLOWED\n",
        "ON = False\nglobals()['ON'] = True\ndef f(o, name, type_, r, c):\n    return ON\n",
    ] {
        assert_eq!(verdict(text), Verdict::Untold, "{text}");
    }
}

#[test]
fn what_is_not_certain_is_not_told() {
    for body in [
        "return object.schema == 'app'",
        "return name in SKIPPED",
        "return name in LATER",
        "return name in IMPORTED",
        "return other(name)",
        "return not object.info.get('skip')",
        "if object.info:\n        return False\n    return True",
        "for x in y:\n        return False",
        "try:\n        return False\n    except KeyError:\n        return True",
        "with lock:\n        return False",
        "skip = True\n    if object.info:\n        skip = False\n    return skip",
        "raise ValueError",
        "return name < 'a'",
        "return f'{name}' == 'hero'",
        "return name in [X, 'team']",
    ] {
        let text = format!(
            "from a import IMPORTED\nSKIPPED = ['hero']\nSKIPPED.append(x)\nLATER = []\nif x:\n    LATER = ['hero']\ndef f(object, name, type_, reflected, compare_to):\n    {body}\n"
        );
        assert_eq!(verdict(&text), Verdict::Untold, "{body}");
    }
    for text in [
        "def f(a):\n    return False\n",
        "def f(*, a):\n    return False\n",
        "def f(a, b, c, d, e):\n    return False\ndef f(a, b, c, d, e):\n    return True\n",
        "@wrapped\ndef f(a, b, c, d, e):\n    return False\n",
        "async def f(a, b, c, d, e):\n    return False\n",
        "def f(a, b, c, d, e):\n    return False\nf = other\n",
    ] {
        assert_eq!(verdict(text), Verdict::Untold, "{text}");
    }
    assert_eq!(verdict("def f(*args):\n    return False\n"), Verdict::No);
    assert_eq!(verdict("def f(a, b, c, d, e, more=1):\n    return more\n"), Verdict::Untold);
}

#[test]
fn what_calls_are_given_is_found() {
    let text = "context.configure(a=f, b=lambda: None, c=True, d=g())\n";
    let file = parse_functions(text);
    let given = &file.given[&0];
    assert_eq!(given["a"], Given::Named("f".into()));
    assert!(matches!(given["b"], Given::Here(_)) && given["c"] == Given::True && given["d"] == Given::Other);
}

/// The function `f` of a new table, with these statements.
fn body(statements: &str) -> String {
    format!("def f(object, name, type_, reflected, compare_to):\n{statements}")
}

#[test]
fn many_branches_stand_beside_each_other() {
    let many = |count: usize| -> String {
        let others = (0..count).map(|at| format!("    elif name == 't{at}':\n        return True\n"));
        body(&format!("    if name == 'x':\n        return True\n{}    return False\n", others.collect::<String>()))
    };
    assert_eq!(verdict(&many(1_000)), Verdict::No);
    for count in [4_000, 50_000] {
        assert_eq!(verdict(&many(count)), Verdict::Untold);
    }
}

#[test]
fn what_is_nested_deeply_is_not_told() {
    for depth in [40, 70, 140, 5_000] {
        let told = if depth == 40 { Verdict::No } else { Verdict::Untold };
        let ifs: String = (1..depth).map(|at| format!("{}if type_:\n", " ".repeat(at))).collect();
        let tests = [
            body(&format!("{ifs}{}return False\n", " ".repeat(depth))),
            body(&format!(" return {}True\n", "not ".repeat(depth + 1 - depth % 2))),
            body(&format!(" return {}False{}\n", "(x or ".repeat(depth).replace('x', "''"), ")".repeat(depth))),
        ];
        for text in tests {
            let found = verdict(&text);
            assert!(found == told || (depth > 40 && found == Verdict::Untold), "{found:?} {depth}");
        }
    }
}

#[test]
fn lists_within_lists_do_not_grow() {
    let doubled =
        |count: usize| body(&format!("    a = [name]\n{}    return a == []\n", "    a = [a, a]\n".repeat(count)));
    for count in [22, 60, 3_000, 50_000] {
        assert_eq!(verdict(&doubled(count)), Verdict::Untold);
    }
    assert_eq!(verdict(&body("    a = [[name], name]\n    return name not in a\n")), Verdict::No);
}

#[test]
fn many_names_and_branches_are_asked_for_many_tables() {
    let names: String = (0..2_000).map(|at| format!("    a{at} = name\n")).collect();
    let branches: String = (0..2_000).map(|at| format!("    if object.x{at}:\n        a{at} = None\n")).collect();
    let text = body(&format!("{names}{branches}    return False\n"));
    let file = parse_functions(&text);
    let arguments = vec![Known::Untold; 5];
    // For each of them the map of names would be copied 2,000 times.
    for _ in 0..200 {
        assert_eq!(file.verdict(&file.named["f"], &arguments), Verdict::Untold);
    }
}

#[test]
fn what_branches_bind_is_only_known_where_it_is_certain() {
    for (statements, expected) in [
        ("    if object.x:\n        return False\n    else:\n        skip = True\n    return not skip", Verdict::No),
        (
            "    skip = True\n    if object.x:\n        skip = False\n        return skip\n    return not skip",
            Verdict::No,
        ),
        ("    if object.x:\n        skip = 1\n    elif name:\n        skip = 0\n    return skip", Verdict::Untold),
        ("    a = 0\n    if object.x:\n        if name:\n            a = 1\n    return a", Verdict::Untold),
        ("    a = 0\n    if not name:\n        a = 1\n    return a", Verdict::No),
        ("    a = 1\n    if object.x:\n        a = 0\n    if object.y:\n        a = 0\n    return a", Verdict::Untold),
    ] {
        assert_eq!(verdict(&body(&format!("{statements}\n"))), expected, "{statements}");
    }
}

#[test]
fn lists_count_only_while_nobody_else_has_got_hold_of_them() {
    let with = |constant: &str, other: &str, test: &str| {
        verdict(&format!("{constant}\n{other}\n{}", body(&format!("    return {test}\n"))))
    };
    for other in [
        "clean(SKIP)",
        "ALIAS = SKIP\nALIAS.remove('hero')",
        "app.skip = SKIP",
        "other(skip=SKIP)",
        "def g():\n    return SKIP",
        "OTHERS = [SKIP]",
        "change = SKIP.remove",
        "(SKIP or x).clear()",
        "chosen = SKIP if x else []",
        "del SKIP[0]",
        "SKIP[0] = 'x'",
        "def sorted(x):\n    x.clear()\nsorted(SKIP)",
        "SKIP |= x",
        "with x(SKIP):\n    pass",
        "x.get('a', SKIP).clear()",
    ] {
        for (constant, test) in [("SKIP = ['hero']", "name not in SKIP"), ("SKIP = {'hero': 1}", "name not in SKIP")] {
            assert_eq!(with(constant, other, test), Verdict::Untold, "{other}");
        }
    }
    for other in [
        "",
        "print(sorted(SKIP), len(SKIP))",
        "for one in SKIP:\n    log(one)",
        "ALL = SKIP + ['x']",
        "ALL = [*SKIP]",
        "if SKIP and 'x' not in SKIP:\n    pass",
        "x = ', '.join(SKIP)",
        "x = any(one.startswith('x') for one in SKIP)",
        "x = SKIP[0]",
    ] {
        assert_eq!(
            with("SKIP = ['hero']", other, "not name.startswith('h') and name not in SKIP"),
            Verdict::No,
            "{other}"
        );
        assert_eq!(with("SKIP = ['hero']", other, "name not in SKIP"), Verdict::No, "{other}");
    }
    // Nobody changes these.
    for constant in ["SKIP = ('hero',)", "SKIP = frozenset({'hero'})", "SKIP = 'hero'"] {
        assert_eq!(with(constant, "clean(SKIP)\nALIAS = SKIP", "name not in SKIP"), Verdict::No, "{constant}");
    }
    for statements in [
        "    skip = ['x']\n    other = skip\n    other.append('hero')\n    return name in skip\n",
        "    skip = ['x']\n    if fill(skip):\n        pass\n    return name in skip\n",
    ] {
        assert_eq!(verdict(&body(statements)), Verdict::Untold, "{statements}");
    }
}
