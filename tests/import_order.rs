//! Imports that fixes put into files which Ruff finds in order leave them so: the real Ruff is asked before and after.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "styles/cases.rs"]
#[allow(dead_code, reason = "each test program uses its own share of this")]
mod cases;
#[path = "models_real/oracle.rs"]
#[allow(dead_code, reason = "each test program uses its own share of this")]
mod oracle;
#[path = "support/random.rs"]
#[allow(dead_code, reason = "each test program uses its own share of this")]
mod random;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use devdoctor::text::Source;
use devdoctor::text::python::imports::{Group, ImportOrder};

use cases::CASES;
use oracle::{facts, found, repaired};
use random::Random;

/// Imports as they are found in models, environments and revisions.
const POOL: &[&str] = &[
    "import os",
    "import asyncio",
    "import datetime as dt",
    "import collections.abc",
    "from collections.abc import Sequence",
    "from datetime import date, datetime",
    "from logging.config import fileConfig",
    "from typing import Optional",
    "from typing import TYPE_CHECKING, Annotated, Any",
    "from __future__ import annotations",
    "import sqlalchemy as sa",
    "import sqlmodel",
    "import pgvector.sqlalchemy",
    "import Levenshtein",
    "from alembic import context",
    "from alembic import op",
    "from sqlalchemy import Column, engine_from_config, pool",
    "from sqlalchemy.dialects import postgresql",
    "from sqlalchemy.dialects.postgresql import JSONB, UUID",
    "from sqlmodel import Field, SQLModel",
    "from pydantic import EmailStr",
    "import psycopg2",
    "import psycopg",
    "from psycopg10 import x10, x2",
    "import app.models",
    "import app.models.hero  # noqa: F401",
    "from app.core.config import settings",
    "from app.models import Hero, Item2, Item10",
    "from app import CONSTANT, Name, models",
    "import application",
    "from _private import thing",
    "from . import db",
    "from .base import Base",
    "from .. import top",
    "from ..other import (\n    One,\n    Two,\n)",
    "# about it\nimport zope",
    "# about this\nfrom yaml import safe_load  # behind",
];

/// Rules of imports besides their order: none is made twice or on the line of another, nor unused where it is renamed. What
/// other cures make superfluous stays.
fn other_rules(check: &str) -> &'static str {
    if check == "sqlmodel-field-named-like-its-type" { "E401,F401,F811" } else { "E401,F811" }
}

fn ruff(set: &str, directory: &Path, fix: bool) -> String {
    ruled(set, directory, "I", fix)
}

fn ruled(set: &str, directory: &Path, rules: &str, fix: bool) -> String {
    let mut command = Command::new(oracle::program(set, "ruff"));
    command.args(["check", "--select", rules, "--no-cache", "--output-format", "concise"]);
    if fix {
        command.arg("--fix");
    }
    let output = command.arg(".").current_dir(directory).output().unwrap();
    assert!(output.stderr.is_empty() || fix, "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a file holds below its imports.
const BELOW: [&str; 4] = ["\nx = 1\n", "\n\nclass A:\n    pass\n", "\n\n@a\ndef f():\n    pass\n", ""];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_is_put_in_anywhere_is_in_order_for_ruff() {
    let own = Arc::new(BTreeSet::from(["app".to_owned(), "tests".to_owned()]));
    for set in oracle::SETS {
        let mixed = "[lint.isort]\nforce-sort-within-sections = true\n";
        for (settings, width) in [("", 88), (mixed, 88), ("line-length = 50\n", 50)] {
            let directory = tempfile::tempdir().unwrap();
            let path = |number: usize| directory.path().join(format!("tests/f{number}.py"));
            std::fs::create_dir(directory.path().join("tests")).unwrap();
            for package in ["app", "app/core", "app/models"] {
                std::fs::create_dir(directory.path().join(package)).unwrap();
                std::fs::write(directory.path().join(package).join("__init__.py"), "").unwrap();
            }
            for module in ["app/core/config.py", "app/models/hero.py"] {
                std::fs::write(directory.path().join(module), "").unwrap();
            }
            std::fs::write(directory.path().join("ruff.toml"), settings).unwrap();
            let mut random = Random(1);
            let count = 400;
            for number in 0..count {
                let mut text = ["", "\"\"\"Words.\"\"\"\n\n", "# Copyright\n\n"][random.below(3)].to_owned();
                for _ in 0..=random.below(9) {
                    writeln!(text, "{}", POOL[random.below(POOL.len())]).unwrap();
                }
                text.push_str(BELOW[random.below(BELOW.len())]);
                std::fs::write(path(number), text).unwrap();
            }
            ruff(set, directory.path(), true);
            assert_eq!(ruff(set, directory.path(), false), "All checks passed!\n");
            let mut placed = 0;
            let mut texts = vec![];
            for number in 0..count {
                let text = std::fs::read_to_string(path(number)).unwrap();
                let mut lines: Vec<String> = vec![];
                for _ in 0..=random.below(3) {
                    let line = POOL[random.below(POOL.len())];
                    let known = |line: &str| text.contains(line.lines().last().unwrap().split("  #").next().unwrap());
                    // Nobody's fix brings imports of several lines, with comments above, or from the future.
                    let plain = !line.contains(['\n', '(']) && !line.contains("__future__");
                    let module = line.split_whitespace().nth(1).unwrap();
                    if plain && !known(line) && !lines.iter().any(|it| it.contains(module)) {
                        lines.push(line.to_owned());
                    }
                }
                let source = Source::new("tests/a.py", &text);
                let order = ImportOrder { own: own.clone(), mixed: settings == mixed, width, ..ImportOrder::default() };
                let group = Group::of(&source, [order]);
                let Some(mut insertions) = group.and_then(|group| group.place(&source, &lines)) else {
                    texts.push((number, text, vec![]));
                    continue;
                };
                placed += 1;
                insertions.sort_by_key(|insertion| Reverse(insertion.at));
                let mut after = text.clone();
                insertions.iter().for_each(|it| after.replace_range(it.at..it.end, &it.text));
                std::fs::write(path(number), &after).unwrap();
                texts.push((number, after, lines));
            }
            let said = ruff(set, directory.path(), false);
            let wrong: Vec<_> = texts.iter().filter(|it| said.contains(&format!("tests/f{}.py:", it.0))).collect();
            assert!(
                wrong.is_empty(),
                "{set}, {settings:?}: {} of {placed}\n{:#?}",
                wrong.len(),
                &wrong[..wrong.len().min(5)]
            );
            assert!(
                placed * 10 > count * 8,
                "only {placed} of {count} were understood: {:#?}",
                texts.iter().filter(|it| it.2.is_empty()).take(8).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn every_fix_of_a_file_in_order_leaves_it_in_order() {
    for set in oracle::SETS {
        let mut wrong = vec![];
        for (number, case) in CASES.iter().enumerate() {
            let directory = tempfile::tempdir().unwrap();
            let write = |path: &str, text: &str| {
                let path = directory.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            };
            case.files.iter().for_each(|(path, text)| write(path, text));
            ruff(set, directory.path(), true);
            let read = |path: &str| std::fs::read_to_string(directory.path().join(path)).unwrap();
            let files: Vec<(String, String)> =
                case.files.iter().map(|(path, _)| ((*path).to_owned(), read(path))).collect();
            let before = ruled(set, directory.path(), other_rules(case.check), false);
            let seen = facts(&files);
            let (after, fixes) = repaired(&seen, &found(&seen, case.check), case.files[0].0);
            assert!(fixes > 0, "{} ({number}) has no fix", case.check);
            write(case.files[0].0, &after);
            let said = ruff(set, directory.path(), false);
            if said != "All checks passed!\n" {
                wrong.push(format!("{}\n{said}{after}", case.check));
            }
            let said = ruled(set, directory.path(), other_rules(case.check), false);
            if said.lines().count() > before.lines().count() {
                wrong.push(format!("{}\n{said}{after}", case.check));
            }
        }
        assert!(wrong.is_empty(), "{set}: {}\n{}", wrong.len(), wrong.join("----\n"));
    }
}
