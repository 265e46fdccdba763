//! What is read of recipes, scripts and pipelines that run alembic.

use super::*;
use crate::project::files::MemoryFiles;

/// `path:line, the words, where, whose`.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let files = MemoryFiles::new(files.iter().copied());
    let mut sources = BTreeMap::new();
    let runs = read(&files, &mut sources);
    let line = |run: &HostRun| {
        let source = &sources[&*run.word.path];
        let line = source.text()[..run.word.start].matches('\n').count() + 1;
        let (whole, directory) = (source.slice(&run.whole), run.directory.as_deref().unwrap_or("?"));
        format!("{line} {whole} [{directory}] {}", run.only_in.as_deref().unwrap_or("-"))
    };
    runs.iter().map(line).collect()
}

#[test]
fn recipes_and_scripts_tell_where_they_run_it() {
    for (path, text, expected) in [
        ("Makefile", "m:\n\tcd backend && uv run python -m alembic heads\n", "2 python -m alembic [backend] -"),
        ("api/Makefile", "P = uv run python\nm:\n\t$(P) -m alembic heads\n", ""),
        ("api/Makefile", "m:\n\tuv run --directory .. python -m alembic heads\n", "2 python -m alembic [] -"),
        ("justfile", "m:\n    (cd a); alembic heads\n", "2 alembic [] -"),
        ("run.sh", "cd \"$X\"\npython -m alembic heads\n", "2 python -m alembic [?] -"),
        ("Makefile", "m:\n\tdocker compose exec app alembic heads\n", ""),
        ("node_modules/x/Makefile", "m:\n\talembic heads\n", ""),
    ] {
        assert_eq!(told(&[(path, text)]).join("; "), expected, "{text}");
    }
}

#[test]
fn jobs_find_it_where_a_step_before_put_it_into_the_path() {
    const HEAD: &str =
        "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n";
    const SYNC: &str = "      - uses: astral-sh/setup-uv@v5\n      - run: uv sync\n";
    const RUN: &str = "      - run: alembic heads\n";
    let path = ".github/workflows/t.yml";
    let is_outside = |text: &str| told(&[(path, text)]).iter().any(|line| line.ends_with(" uv"));
    for outside in [
        format!("{HEAD}{SYNC}{RUN}"),
        format!("{HEAD}      - run: pip install --upgrade pip uv\n{SYNC}{RUN}"),
        format!("{HEAD}{SYNC}      - run: |\n          source .venv/bin/activate\n          pytest\n{RUN}"),
        format!("{HEAD}{SYNC}      - run: python -m alembic heads\n"),
        format!("{HEAD}      - run: |\n          uv sync --frozen\n          alembic upgrade head\n"),
    ] {
        assert!(is_outside(&outside), "{outside}");
    }
    for fine in [
        format!("{HEAD}{RUN}"),
        format!("{HEAD}{SYNC}      - run: uv run alembic heads\n"),
        format!("{HEAD}{SYNC}      - run: echo .venv/bin >> $GITHUB_PATH\n{RUN}"),
        format!("{HEAD}{SYNC}      - run: echo \"PATH=$PWD/.venv/bin:$PATH\" >> \"$GITHUB_ENV\"\n{RUN}"),
        format!("{HEAD}{SYNC}      - run: |\n          . .venv/bin/activate\n          alembic heads\n"),
        format!("{HEAD}{SYNC}      - run: uv pip install --system -r requirements.txt\n{RUN}"),
        format!("{HEAD}{SYNC}      - run: pip install alembic\n{RUN}"),
        format!("{HEAD}{SYNC}      - uses: ./.github/actions/setup\n{RUN}"),
        format!("{HEAD}{SYNC}{RUN}        env:\n          PATH: x\n"),
        format!("{HEAD}{SYNC}{RUN}        shell: uv run bash {{0}}\n"),
        format!("{HEAD}{SYNC}{RUN}")
            .replace("setup-uv@v5\n", "setup-uv@v5\n        with: {activate-environment: true}\n"),
        format!("{HEAD}{SYNC}{RUN}").replace("runs-on: ubuntu-latest", "runs-on: [self-hosted]"),
        format!("{HEAD}{SYNC}{RUN}").replace("    steps:\n", "    container: shop:latest\n    steps:\n"),
    ] {
        assert!(!is_outside(&fine), "{fine}");
    }
}

#[test]
fn jobs_with_a_step_that_is_not_understood_say_nothing() {
    const STEPS: &str = "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n";
    const SYNC: &str = "      - run: uv sync\n";
    const RUN: &str = "      - run: alembic heads\n";
    let setup = |version: &str, inputs: &str| format!("      - uses: astral-sh/setup-uv@{version}\n{inputs}");
    const PYTHON: &str = "        with: { python-version: '3.12' }\n";
    let path = ".github/workflows/t.yml";
    let whose = |text: &str, more: &[(&str, &str)]| {
        let files: Vec<(&str, &str)> = [(path, text)].iter().chain(more).copied().collect();
        told(&files).iter().filter_map(|line| line.rsplit(' ').next().map(str::to_owned)).find(|it| it != "-")
    };
    for fine in [
        format!("{STEPS}{}{SYNC}{RUN}", setup("v5", PYTHON)),
        format!("{STEPS}{}{SYNC}{RUN}", setup("v3.1", PYTHON)),
        format!("{STEPS}{}{SYNC}{RUN}", setup("0123456789abcdef", PYTHON)),
        format!("{STEPS}{SYNC}        env:\n          UV_PROJECT_ENVIRONMENT: ${{{{ env.pythonLocation }}}}\n{RUN}"),
        format!("{STEPS}      - run: UV_PROJECT_ENVIRONMENT=$pythonLocation uv sync\n{RUN}"),
        format!(
            "{STEPS}      - run: |\n          export UV_PROJECT_ENVIRONMENT=$pythonLocation\n          uv sync\n{RUN}"
        ),
        format!("{STEPS}      - run: pip3 install -r requirements.txt\n      - run: uv run ruff check\n{RUN}"),
        format!("{STEPS}      - run: make install\n      - run: uv run ruff check\n{RUN}"),
        format!("{STEPS}      - run: ./scripts/path.sh\n      - run: uv run ruff check\n{RUN}"),
        format!("{STEPS}      - run: bash scripts/path.sh\n{SYNC}{RUN}"),
        format!("{STEPS}      - run: uv run make install\n{RUN}"),
        format!("{STEPS}      - uses: actions/github-script@v7\n{SYNC}{RUN}"),
        format!("{STEPS}      - uses: actions/setup-python@v6\n        with: {{ pip-install: alembic }}\n{SYNC}{RUN}"),
        format!(
            "{STEPS}      - run: poetry config --local virtualenvs.create \"false\"\n      - run: poetry install\n{RUN}"
        ),
        format!("{STEPS}      - run: pipx run poetry install\n      - run: poetry install\n{RUN}"),
        format!("{STEPS}      - run: echo '[virtualenvs]' > poetry.toml\n      - run: poetry install\n{RUN}"),
        format!("{STEPS}{SYNC}{RUN}").replace("on: push\n", "on: push\nenv: ${{ fromJSON(vars.ALL) }}\n"),
        format!("{STEPS}{SYNC}{RUN}").replace("uv sync\n", "uv sync\n        shell: pwsh\n"),
    ] {
        assert_eq!(whose(&fine, &[]), None, "{fine}");
    }
    for outside in [
        format!("{STEPS}{}{SYNC}{RUN}", setup("v6", PYTHON)),
        format!("{STEPS}{}{SYNC}{RUN}", setup("v5", "")),
        format!("{STEPS}      - run: sudo apt-get update && sudo apt-get install -y libpq-dev\n{SYNC}{RUN}"),
        format!(
            "{STEPS}{SYNC}        env: {{ UV_CACHE_DIR: /tmp/x }}\n      - run: uv run ruff check && uv run pytest\n{RUN}"
        ),
    ] {
        assert_eq!(whose(&outside, &[]).as_deref(), Some("uv"), "{outside}");
    }
    let poetry = format!("{STEPS}      - run: pipx install poetry\n      - run: poetry install\n{RUN}");
    assert_eq!(whose(&poetry, &[]).as_deref(), Some("poetry"));
    assert_eq!(whose(&poetry, &[("poetry.toml", "[virtualenvs]\ncreate = false\n")]), None);
    assert_eq!(whose(&poetry, &[("poetry.toml", "[virtualenvs]\nin-project = true\n")]).as_deref(), Some("poetry"));
}

#[test]
fn jobs_of_gitlab_share_a_shell_and_run_in_an_image() {
    let path = ".gitlab-ci.yml";
    for (text, expected) in [
        (
            "t:\n  image: python:3.12\n  before_script:\n    - pip install uv\n  script:\n    - uv sync\n    - alembic heads\n",
            "7 alembic [] uv",
        ),
        (
            "image: ghcr.io/astral-sh/uv:0.9\nt:\n  script:\n    - uv sync\n    - cd api\n    - alembic heads\n",
            "6 alembic [api] uv",
        ),
        (
            "t:\n  image: python:3.12\n  script:\n    - uv sync\n    - source .venv/bin/activate\n    - alembic heads\n",
            "6 alembic [] -",
        ),
        ("t:\n  image: registry/shop\n  script: [uv sync, alembic heads]\n", "3 alembic [] -"),
        (
            ".s:\n  before_script: [uv sync]\nt:\n  image: python:3\n  before_script:\n    - !reference [.s, before_script]\n  script:\n    - uv run ruff check\n    - alembic heads\n",
            "9 alembic [] -",
        ),
        (
            ".s: &s [uv sync, make path]\nt:\n  image: python:3\n  before_script: *s\n  script: [alembic heads]\n",
            "5 alembic [] -",
        ),
        (
            ".s: &s [uv sync]\nt:\n  image: python:3\n  before_script: *s\n  script: [alembic heads]\n",
            "5 alembic [] uv",
        ),
        ("include: a.yml\nt:\n  image: python:3\n  script: [uv sync, alembic heads]\n", "4 alembic [] -"),
        (".t:\n  image: python:3\n  script: [uv sync, alembic heads]\n", "3 alembic [] -"),
        ("t:\n  image: shop/python:3\n  script: [uv sync, alembic heads]\n", "3 alembic [] -"),
        ("t:\n  image: python:3\n  script: [uv sync, ./path.sh, alembic heads]\n", "3 alembic [] -"),
        ("t:\n  extends: .base\n  image: python:3\n  script: [uv sync, alembic heads]\n", "4 alembic [] -"),
    ] {
        assert_eq!(told(&[(path, text)]).join("; "), expected, "{text}");
    }
}
