//! Real `configparser`, asked about the same files as our reader of ini files.

#![expect(clippy::unwrap_used, reason = "a test that cannot ask has failed")]
#![expect(clippy::disallowed_methods, reason = "this test starts the real tools")]

#[path = "support/oracle.rs"]
mod oracle;

use std::collections::BTreeMap;

use devdoctor::text::ini::{self, InterpolationError};
use oracle::{ask, numbers};
use serde_json::{Value, json};

/// Reads a JSON list of files, writes the values of each section, or the name of the error.
const ORACLE: &str = r#"
import configparser, io, json, sys
def value(parser, section, option):
    try:
        return parser.get(section, option)
    except configparser.Error as error:
        return [type(error).__name__]
def read(text):
    parser = configparser.ConfigParser({"here": "/srv"})
    try:
        parser.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    except configparser.Error as error:
        return type(error).__name__
    return {section: {option: value(parser, section, option) for option in parser.options(section)} for section in parser.sections()}
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
"#;

const TABLE: [&str; 46] = [
    "",
    "\n\n# only\n; comments\n",
    "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = postgresql://u:p%%40s@h/d\n",
    "[alembic]\nsqlalchemy.url = postgresql://u:p%40s@h/d\n",
    "[alembic]\nsqlalchemy.url = %(DATABASE_URL)s\n",
    "[alembic]\nsqlalchemy.url = %(DATABASE_URL)\n",
    "[alembic]\nsqlalchemy.url = %()s\n",
    "[alembic]\nfile_template = %%(rev)s_%%(slug)s\n",
    "[alembic]\na = x ; c\nb = x # c\n",
    "[alembic]\na : b = c\nd=e:f\n",
    "[alembic]\na =\n  one\n  two\n\n  three\n\n\nb = 1\n",
    "[alembic]\na = one\n# comment\n  two\n  ; comment\n  three\n",
    "[alembic]\na = one\n\n[b]\n",
    "[alembic]\n  a = 1\n  b = 2\n    c\n  d = 3\n",
    "[alembic]\n  a = 1\nb = 2\n",
    "[alembic]\na = 1\n [b]\n",
    "[alembic]\n a = 1\n [b]\nx = 1\n",
    "[DEFAULT]\nx = 1\n[a]\ny = %(x)s\n[DEFAULT]\nz = 2\n[b]\nx = 3\ny = %(x)s%(z)s\n",
    "[DEFAULT]\nx = 1\nx = 2\n",
    "[DEFAULT]\nx = 1\n[DEFAULT]\nx = 2\n",
    "[a]\nx = 1\n[a]\ny = 2\n",
    "[a]\nx = 1\nX = 2\n",
    "[a]\nx = 1\n[b]\nx = 2\n",
    "x = 1\n",
    "\u{feff}[a]\nx = 1\n",
    "[a]\nnothing\n",
    "[a]\nnothing\n[a]\n",
    "[a]\n= 1\n",
    "[a]\n= 1\n  2\n",
    "[a]\n: 1\n",
    "[a\nx = 1\n",
    "[]\nx = 1\n",
    "[]]\nx = 1\n",
    "[a]b]\nx = 1\n",
    "[a] trailing\nx = 1\n",
    "[ a ]\nx = 1\n",
    "[a]\r\nx = 1\r\n  2\r\ny = 3\r\n",
    "[a]\rx = 1\r  2\ry = 3\r",
    "[a]\nx = 1\n\t2\n y = 3\n",
    "[a]\n\u{a0}x\u{a0}=\u{2003}1\u{85}\n",
    "[a]\nÄ = ö\nİ = 1\n",
    "[a]\nx = %(y)s\ny = %(z)s\nz = %(x)s\n",
    "[a]\nx = %(y)s\ny = %(z)s\nz = 100%%\n",
    "[a]\nx = %\n",
    "[a]\nx = %(HERE)s\n",
    "[a]\nx = a\u{1c}b\n\u{1c}\u{1d} y = 2\n",
];

const GIVEN: [(&str, &str); 1] = [("here", "/srv")];

fn ours(text: &str) -> Value {
    let file = match ini::parse(text) {
        Ok(file) => file,
        Err(error) => {
            let name = match error.message.as_str() {
                message if message.starts_with("section `") => "DuplicateSectionError",
                message if message.starts_with("option `") => "DuplicateOptionError",
                message if message.starts_with("no section header") => "MissingSectionHeaderError",
                _ => "ParsingError",
            };
            return json!(name);
        }
    };
    let defaults = file.sections.get(ini::DEFAULT).map(|section| section.entries.clone()).unwrap_or_default();
    let mut sections = BTreeMap::new();
    for (name, section) in file.sections.iter().filter(|(name, _)| *name != ini::DEFAULT) {
        let mut options = BTreeMap::new();
        for option in section.entries.keys().chain(defaults.keys()).map(String::as_str).chain(["here"]) {
            let value = match file.get(name, option, &GIVEN).unwrap() {
                Ok(value) => json!(value),
                Err(InterpolationError::MissingOption { .. }) => json!(["InterpolationMissingOptionError"]),
                Err(InterpolationError::Syntax { .. }) => json!(["InterpolationSyntaxError"]),
                Err(InterpolationError::Depth) => json!(["InterpolationDepthError"]),
            };
            options.insert(option.to_owned(), value);
        }
        sections.insert(name.clone(), options);
    }
    json!(sections)
}

fn compare(texts: &[String]) {
    for (text, answer) in texts.iter().zip(&ask(ORACLE, texts)) {
        assert_eq!(ours(text), *answer, "{text:?}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_table_reads_as_configparser_reads_it() {
    compare(&TABLE.map(str::to_owned));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn random_files_read_as_configparser_reads_them() {
    const WORDS: [&str; 24] = [
        "[a]\n",
        "[b]\n",
        "[DEFAULT]\n",
        "x = 1\n",
        "y = 2\n",
        "  z\n",
        "\t",
        " ",
        "\n",
        "\r\n",
        "# c\n",
        "; c\n",
        "=",
        ":",
        "%",
        "%%",
        "%(x)s",
        "%(y)s",
        "[",
        "]",
        "é",
        "w",
        "\n[c]\n",
        " q = %(x)s\n",
    ];
    let mut next = numbers(0x9e37_79b9_7f4a_7c15);
    let texts: Vec<String> = (0..20_000)
        .map(|_| {
            let length = next(16);
            (0..length).fold("[s]\n".to_owned(), |text, _| text + WORDS[next(WORDS.len())])
        })
        .collect();
    compare(&texts);
}
