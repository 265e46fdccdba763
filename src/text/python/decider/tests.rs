//! What is told of functions that decide, and what is not.

use super::*;
use crate::text::python::parse_deciders;

/// What `f` says of a new table `hero`.
fn verdict(text: &str) -> Verdict {
    let file = parse_deciders(text);
    let arguments =
        [Known::Untold, Known::Text("hero".into()), Known::Text("table".into()), Known::Flag(false), Known::None];
    file.functions.get("f").map_or(Verdict::Untold, |decider| file.verdict(decider, &arguments))
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
    let file = parse_deciders(text);
    let given = &file.given[&0];
    assert_eq!(given["a"], Given::Named("f".into()));
    assert!(matches!(given["b"], Given::Here(_)) && given["c"] == Given::True && given["d"] == Given::Other);
}
