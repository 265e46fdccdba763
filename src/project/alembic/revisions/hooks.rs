//! What post-write hooks run in, besides what is installed: functions of the project, and packages for one command.

use super::{Alembic, Revisions};
use crate::project::alembic::join;
use crate::project::alembic::mentioned::in_starters;
use crate::project::files::Files;
use crate::text::python;

/// The module of Alembic that functions are registered as hooks with. Only files with it are parsed.
const REGISTRY: &str = "write_hooks";

/// Whether a file uses that module.
fn registers(text: &str) -> bool {
    let module = python::parse(text);
    let is_part = |name: &str| name.split('.').any(|part| part == REGISTRY);
    let imports = module.imports.iter().any(|it| is_part(&it.module) || it.names.iter().any(|name| name == REGISTRY));
    imports || module.names.iter().any(|(name, _)| is_part(name))
}

/// Looks for both, where there are hooks at all.
pub(super) fn read(files: &dyn Files, environment: &Alembic, revisions: &mut Revisions) {
    let beside = environment.configuration.rsplit_once('/').map_or("", |(directory, _)| directory);
    let places =
        [Some(environment.configuration.clone()), join(beside, "pyproject.toml"), Some("pyproject.toml".into())];
    let named = |text: Vec<u8>| memchr::memmem::find(&text, HOOKS).is_some();
    if !places.iter().flatten().any(|path| files.bytes(path).is_ok_and(&named)) {
        return;
    }
    let has_word = |bytes: &[u8]| memchr::memmem::find(bytes, REGISTRY.as_bytes()).is_some();
    let registers = |path: &str| {
        files.bytes(path).is_ok_and(|bytes| has_word(&bytes))
            && files.read(path).is_ok_and(|source| registers(source.text()))
    };
    revisions.registers_hooks = files.list().iter().any(|path| path.ends_with(".py") && registers(path));
    // A command may bring packages along: `uv run --with black alembic revision`.
    if revisions.packages.formatters.is_some() && in_starters(files, &["--with "]) {
        revisions.packages.formatters = None;
    }
}

/// What files with hooks have.
const HOOKS: &[u8] = b"post_write_hooks";

#[cfg(test)]
mod tests {
    use super::registers;

    #[test]
    fn who_registers_hooks_is_told_from_who_speaks_of_them() {
        for (text, expected) in [
            (
                "from alembic.script import write_hooks\n@write_hooks.register('x')\ndef x(path, options):\n    pass\n",
                true,
            ),
            ("from alembic.script.write_hooks import register as r\n", true),
            ("import alembic.script.write_hooks\n", true),
            ("import alembic\nalembic.script.write_hooks.register('x')(f)\n", true),
            ("# write_hooks\n'write_hooks'\nx = 'write_hooks'\n", false),
            ("def my_write_hooks(write_hooks_of):\n    return write_hooks_of\n", false),
        ] {
            assert_eq!(registers(text), expected, "{text}");
        }
    }
}
