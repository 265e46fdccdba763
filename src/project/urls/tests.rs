//! URLs as people write them.

use std::collections::BTreeMap;

use super::*;
use crate::project::files::{Files, MemoryFiles};
use crate::project::{Project, alembic};
use crate::text::Source;

fn project(files: &MemoryFiles, given: Given<'_>) -> Project {
    let (mut sources, mut unreadable): (BTreeMap<String, Source>, _) = (BTreeMap::new(), vec![]);
    let alembic = alembic::read(files, &mut sources, &mut unreadable);
    let urls = read(files, &mut sources, &mut unreadable, None, &alembic, given);
    Project { sources, unreadable, alembic, urls, ..Project::default() }
}

fn of_env(text: &str) -> (Project, String) {
    let project = project(&MemoryFiles::new([(".env", text)]), Given::default());
    let raw = project.sources[".env"].slice(&project.urls[0].span).to_owned();
    (project, raw)
}

fn of_ini(url: &str) -> (Project, String) {
    let text = format!("[alembic]\nscript_location = m\nsqlalchemy.url = {url}\n");
    let project = project(&MemoryFiles::new([("alembic.ini", text)]), Given::default());
    let raw = project.sources["alembic.ini"].slice(&project.urls[0].span).to_owned();
    (project, raw)
}

fn under(project: &Project, defect: &UrlDefect) -> String {
    project.sources[defect.span.path.as_ref()].slice(&defect.span).to_owned()
}

#[test]
fn an_at_sign_is_underlined_and_its_reading_told_without_the_secret() {
    let (project, raw) = of_env("export DATABASE_URL=\"postgres://user:p@ss@localhost:5432/app\" # dev\r\n");
    let url = &project.urls[0];
    assert_eq!((url.host(), url.port(), url.parts.user.as_deref()), ("localhost", 5432, Some("user")));
    let defects: Vec<(String, UrlDefectKind)> =
        url.parts.defects.iter().map(|defect| (under(&project, defect), defect.kind.clone())).collect();
    assert_eq!(
        defects,
        [
            ("postgres".to_owned(), UrlDefectKind::UnknownScheme { meant: "postgresql".to_owned() }),
            (
                "@".to_owned(),
                UrlDefectKind::RawInPassword {
                    character: '@',
                    sqlalchemy_host: Some("***@localhost".to_owned()),
                    libpq_breaks: true
                }
            )
        ]
    );
    assert_eq!(repaired(url, &raw).unwrap(), "postgresql://user:p%40ss@localhost:5432/app");
    assert_eq!(text_of(&project, url).unwrap(), "postgres://user:p@ss@localhost:5432/app");
}

#[test]
fn the_final_text_is_made_at_once_and_is_final() {
    for (holder, raw, expected) in [
        (Holder::Dotenv, "postgresql://u:p@s/s?#%zz%40@h/d", "postgresql://u:p%40s%2Fs%3F%23%25zz%40@h/d"),
        (Holder::Ini, "postgresql://u:p@ss@h/d", "postgresql://u:p%%40ss@h/d"),
        (Holder::Ini, "postgresql://u:p%40ss@h/d", "postgresql://u:p%%40ss@h/d"),
        (Holder::Ini, "postgresql://u:p%ss@h/d", "postgresql://u:p%%25ss@h/d"),
        (Holder::Compose, "postgresql://u:p@$$x${P}@h/d", "postgresql://u:p%40$$x${P}@h/d"),
        (Holder::Dotenv, "postgresql://u:p é@h/d", "postgresql://u:p%20é@h/d"),
    ] {
        let (mut project, _) = of_env("A=postgresql://h/d");
        project.urls[0].holder = holder;
        let once = repaired(&project.urls[0], raw).unwrap();
        assert_eq!(once, expected, "{raw}");
        assert_eq!(repaired(&project.urls[0], &once), None, "{raw}");
    }
}

#[test]
fn what_is_right_is_left_alone() {
    for url in [
        "postgresql+psycopg://app:p%40ss@db:5432/app",
        "postgresql://app@db/app",
        "postgresql:///app?host=/var/run/postgresql",
        "postgresql://me@corp:pw@h/app",
        "postgresql://u:p#s:s!@[::1]:5432/app?application_name=a@b",
        "postgresql+asyncpg://u:p/s%s@h/app",
    ] {
        let (project, _) = of_env(&format!("DATABASE_URL='{url}'"));
        assert_eq!(project.urls[0].parts.defects, [], "{url}");
    }
}

#[test]
fn an_ini_file_has_defects_of_its_own() {
    for (url, text, kind) in [
        ("driver://user:pass@localhost/dbname", "driver://user:pass@localhost/dbname", UrlDefectKind::Placeholder),
        ("postgresql://u:p%40s@h/d", "%", UrlDefectKind::PercentInIni),
        ("%(DATABASE_URL)s", "%(DATABASE_URL)s", UrlDefectKind::NotAUrl),
        ("postgresql://u:%(PW)s@h/d", "%(PW)s", UrlDefectKind::UnknownOption { name: "pw".to_owned() }),
        ("${DATABASE_URL}", "${DATABASE_URL}", UrlDefectKind::NotAUrl),
        ("\"postgresql://u:p@h/d\"", "\"postgresql://u:p@h/d\"", UrlDefectKind::NotAUrl),
        ("postgresql://u:p@h:port/d", "port", UrlDefectKind::BadPort),
        (
            "postgresql+psycopg3://u:p@h/d",
            "postgresql+psycopg3",
            UrlDefectKind::UnknownScheme { meant: "postgresql+psycopg".to_owned() },
        ),
    ] {
        let (project, _) = of_ini(url);
        let defect = project.urls[0].parts.defects.iter().find(|defect| defect.kind == kind);
        assert_eq!(
            defect.map(|defect| under(&project, defect)).as_deref(),
            Some(text),
            "{url}: {:?}",
            project.urls[0].parts.defects
        );
    }
    let (project, _) = of_ini("postgresql://u:p%%40s@h/d");
    assert_eq!(project.urls[0].parts.defects, []);
    assert_eq!(text_of(&project, &project.urls[0]).unwrap(), "postgresql://u:p%40s@h/d");
}

#[test]
fn every_place_is_found_and_other_databases_are_not() {
    let files = MemoryFiles::new([
        (".env", "A=sqlite:///x\nDATABASE_URL=postgresql://u:p@db/app\n"),
        ("app/config.py", "class Settings(BaseSettings):\n    database_url: str = 'postgresql://u:p@localhost/app'\n"),
        (
            "app/db.py",
            "engine = create_engine('postgresql+psycopg://u:p@h/b')\nX = os.getenv('OTHER_URL', 'postgresql://u@h/c')\n",
        ),
        ("tests/conftest.py", "DATABASE_URL = 'postgresql://u:p@h/test'\n"),
        ("pyproject.toml", "[project]\ndependencies = ['sqlmodel>=0.0.24']\n"),
    ]);
    let project = project(&files, Given { environment: Some("postgresql://e@h/d"), option: None });
    let found: Vec<(&str, &str, bool)> = project
        .urls
        .iter()
        .map(|url| (url.span.path.as_ref(), url.key.as_str(), url.overridden_by.is_some()))
        .collect();
    assert_eq!(
        found,
        [
            ("(environment)", "DATABASE_URL", false),
            (".env", "DATABASE_URL", false),
            ("app/config.py", "database_url", true),
            ("app/db.py", "create_engine", false),
            ("app/db.py", "OTHER_URL", false),
        ]
    );
    assert!(project.urls.iter().all(|url| url.read_by_sqlalchemy.is_some()));
    assert!(files.list().len() > project.sources.len() - 1);
}

#[test]
fn no_secret_is_kept() {
    let (project, _) = of_env("DATABASE_URL=postgres://user:hunt@er2/x@localhost:port/app?password=hunter3\n");
    let kept = format!("{:?}{}", project.urls, serde_json::to_string(&project).unwrap());
    assert!(!kept.contains("hunt") && !kept.contains("er2"), "{kept}");
}

#[test]
fn any_text_is_taken_apart_somehow() {
    let whole = "postgres+x://ü%zz:p@s/?#%4@[::1%]:5é/d?b=1&host=/x@y&=&c";
    let mut texts: Vec<String> =
        (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)).map(|end| whole[..end].to_owned()).collect();
    texts
        .extend(["postgresql://".to_owned() + &"@:/".repeat(3_000), "postgresql://u:".to_owned() + &"%".repeat(1_000)]);
    texts.push("postgresql://u:".to_owned() + &"a".repeat(1_000_000) + "@h/d");
    let huge = "postgresql://u:".to_owned() + &"a@%/".repeat(2_500_000) + "@h/d";
    assert!(sqlalchemy::read(&huge).is_ok() && libpq::read(&huge).is_err());
    for text in texts {
        let _ = sqlalchemy::read(&text);
        let _ = libpq::read(&text);
        let files = MemoryFiles::new([
            (".env", format!("U='{text}'")),
            ("alembic.ini", format!("[alembic]\nscript_location=m\nsqlalchemy.url={text}")),
        ]);
        for url in project(&files, Given { environment: Some(&text), option: Some(&text) }).urls {
            let _ = repaired(&url, &text);
        }
    }
}

#[test]
fn a_driver_that_nobody_brings_is_none_and_psycopg_is_called_by_its_name() {
    for (url, dependencies, expected) in [
        ("postgresql+foo://u:p@h/d", "\"sqlalchemy\"", Some("postgresql")),
        ("postgresql+foo://u:p@h/d", "\"sqlalchemy\", \"sqlalchemy-foo>=1\"", None),
        ("postgres://u:p@h/d", "\"psycopg[binary]>=3\"", Some("postgresql+psycopg")),
        ("postgres://u:p@h/d", "\"psycopg\", \"psycopg2-binary\"", Some("postgresql")),
        ("postgres://u:p@h/d", "\"sqlalchemy\"", Some("postgresql")),
        ("postgresql+psycopg2cffi://u:p@h/d", "\"sqlalchemy\"", None),
    ] {
        let files = MemoryFiles::new([
            (".env", format!("DATABASE_URL={url}\n")),
            ("pyproject.toml", format!("[project]\ndependencies = [{dependencies}]\n")),
        ]);
        let project = project(&files, Given::default());
        let meant = project.urls[0].parts.defects.iter().find_map(|defect| match &defect.kind {
            UrlDefectKind::UnknownScheme { meant } => Some(meant.as_str()),
            _ => None,
        });
        assert_eq!(meant, expected, "{url} {dependencies}");
    }
}
