//! Environments as people write them.

use super::*;
use crate::project::files::MemoryFiles;

fn environment(env_py: &str) -> Alembic {
    let files = MemoryFiles::new([
        (
            "backend/alembic.ini",
            "[alembic]\nscript_location = %(here)s/alembic\nsqlalchemy.url = driver://user:pass@localhost/dbname\n",
        ),
        ("backend/alembic/env.py", env_py),
        ("backend/alembic/versions/a.py", ""),
    ]);
    let (mut sources, mut unreadable) = (BTreeMap::new(), vec![]);
    let mut found = read(&files, &mut sources, &mut unreadable);
    assert_eq!(unreadable, []);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// The template of `alembic init`, which reads the ini file.
const TEMPLATE: &str = "url = config.get_main_option(\"sqlalchemy.url\")\ncontext.configure(url=url)\n\
connectable = engine_from_config(config.get_section(config.config_ini_section, {}), prefix='sqlalchemy.')\n\
with connectable.connect() as connection:\n    context.configure(connection=connection)\n";

#[test]
fn an_environment_below_the_root_is_found() {
    let alembic = environment(TEMPLATE);
    assert_eq!(alembic.script_location.unwrap().value, "backend/alembic");
    assert_eq!(alembic.env_py.unwrap(), "backend/alembic/env.py");
    assert_eq!(alembic.version_directories, ["backend/alembic/versions"]);
    assert_eq!(alembic.url_override, None);
}

#[test]
fn every_way_to_put_a_url_in_force_is_seen() {
    for line in [
        "config.set_main_option('sqlalchemy.url', os.environ['DATABASE_URL'].replace('%', '%%'))",
        "config.set_section_option('alembic', 'sqlalchemy.url', x)",
        "section = config.get_section('alembic')\nsection['sqlalchemy.url'] = x",
        "connectable = engine_from_config({'sqlalchemy.url': x}, prefix='sqlalchemy.')",
        "connectable = create_engine(settings.database_url)",
        "connectable = engine_from_config(config.get_section('alembic'), url=x)",
        "connectable = create_async_engine(url=get_url())",
    ] {
        let alembic = environment(&format!("{TEMPLATE}{line}\n"));
        assert!(alembic.url_override.is_some() && alembic.override_condition.is_none(), "{line}");
    }
}

#[test]
fn a_condition_is_told() {
    for line in [
        "if url:\n    config.set_main_option('sqlalchemy.url', url)",
        "config = context.config\nconfigure(config)",
        "settings.apply(alembic_config=context.config)",
        "config.set_main_option('sqlalchemy.url', os.getenv('X') or config.get_main_option('sqlalchemy.url'))",
        "u = os.getenv('X') or config.get_main_option('sqlalchemy.url')\nconnectable = create_engine(u)",
    ] {
        let alembic = environment(&format!("{TEMPLATE}{line}\n"));
        assert!(alembic.url_override.is_some() && alembic.override_condition.is_some(), "{line}");
    }
}

#[test]
fn an_engine_of_the_configuration_is_no_override() {
    for line in [
        "connectable = create_engine(config.get_main_option('sqlalchemy.url'))",
        "u = config.get_main_option('sqlalchemy.url')\nconnectable = create_engine(u)",
        "config.set_main_option('other', 'x')",
        "config = context.config\nprint(config)",
        "config = context.config\nfileConfig(config.config_file_name)",
        "head = ScriptDirectory.from_config(context.config).get_current_head()",
        "config = context.config\nlogging.getLogger('alembic').info('%s', config)",
    ] {
        let alembic = environment(&format!("{TEMPLATE}{line}\n"));
        assert_eq!(alembic.url_override, None, "{line}");
    }
}

#[test]
fn an_engine_from_another_module_is_one() {
    let alembic =
        environment("from app.db import engine\nwith engine.connect() as c:\n    context.configure(connection=c)\n");
    assert!(alembic.url_override.is_some());
}

#[test]
fn variables_are_read_by_name() {
    let alembic = environment(
        "a = os.environ['A']\nb = os.getenv('B', '')\nc = os.environ.get('C')\nd = settings.database_url\n",
    );
    let names: Vec<&str> = alembic.variables_read.iter().map(|name| name.value.as_str()).collect();
    assert_eq!(names, ["A", "B", "C", "DATABASE_URL"]);
}

#[test]
fn a_project_file_configures_with_the_ini_beside_it() {
    let files = MemoryFiles::new([
        ("pyproject.toml", "[tool.alembic]\nscript_location = \"%(here)s/migrations\"\n"),
        ("alembic.ini", "[alembic]\nsqlalchemy.url = x\n"),
        ("migrations/env.py", TEMPLATE),
    ]);
    let found = read(&files, &mut BTreeMap::new(), &mut vec![]);
    assert_eq!((found[0].configuration.as_str(), found[0].ini.as_deref()), ("pyproject.toml", Some("alembic.ini")));
}

#[test]
fn broken_files_are_named_and_the_rest_is_read() {
    let files = MemoryFiles::new([
        ("alembic.ini", "script_location = x\n"),
        ("a/pyproject.toml", "[tool.alembic\n"),
        ("b/alembic.ini", "[alembic]\nscript_location = m\n"),
        ("b/m/env.py", "import (\n"),
    ]);
    let mut unreadable = vec![];
    let found = read(&files, &mut BTreeMap::new(), &mut unreadable);
    let paths: Vec<&str> = unreadable.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!((found.len(), paths), (1, vec!["alembic.ini", "a/pyproject.toml", "b/m/env.py"]));
}

#[test]
fn values_that_configparser_gets_are_told() {
    let undoubled = |line: &str| {
        let text = format!("from alembic import context\nconfig = context.config\n{line}\n");
        let alembic = environment(&text);
        assert_eq!(
            alembic.configuration_taken.map(|span| text[span.range()].to_owned()).as_deref(),
            Some("config = context.config")
        );
        assert!(alembic.import_os_before.is_some_and(|span| span.start == 0));
        alembic.undoubled.map(|value| (text[value.span.range()].to_owned(), value.needs_brackets))
    };
    assert_eq!(undoubled("config.set_main_option('sqlalchemy.url', a.b)"), Some(("a.b".into(), false)));
    assert_eq!(undoubled("config.set_main_option('sqlalchemy.url', a or b)"), Some(("a or b".into(), true)));
    assert_eq!(undoubled("config.set_main_option('sqlalchemy.url', a.replace('%', '%%'))"), None);
    assert_eq!(undoubled("config.set_main_option('other', a)"), None);
}
