# Makes the Python environment with the real tools (alembic, ruff, uv, ...) that the tests hold devdoctor against.
# shellcheck shell=bash

requirements=tests/setup/requirements.txt
requirements_hash=$(sha256sum "$requirements" | cut -c1-12)
DEVDOCTOR_TEST_VENV=$CACHE/venv-$requirements_hash
WHEELS=$CACHE/wheels-$requirements_hash

# The image with Python installs from this folder without network, so both have the very same packages.
if ! is_built "$WHEELS"; then
    say "fetching the Python packages"
    start_folder "$WHEELS"
    "$PIP_VENV/bin/pip" wheel --quiet --no-deps --wheel-dir "$WHEELS" --requirement "$requirements" >&2
    mark_built "$WHEELS"
fi

if ! is_built "$DEVDOCTOR_TEST_VENV"; then
    start_folder "$DEVDOCTOR_TEST_VENV"
    /usr/bin/python3 -m venv "$DEVDOCTOR_TEST_VENV"
    "$DEVDOCTOR_TEST_VENV/bin/pip" install --quiet --no-index --find-links "$WHEELS" --requirement "$requirements" >&2
    mark_built "$DEVDOCTOR_TEST_VENV"
fi

# The same tools of the middle of 2025: what they say and refuse is not what the newest do.
requirements_2025=tests/setup/requirements-2025.txt
DEVDOCTOR_TEST_VENV_2025=$CACHE/venv-2025-$(sha256sum "$requirements_2025" | cut -c1-12)
if ! is_built "$DEVDOCTOR_TEST_VENV_2025"; then
    say "installing the Python tools of 2025"
    start_folder "$DEVDOCTOR_TEST_VENV_2025"
    /usr/bin/python3 -m venv "$DEVDOCTOR_TEST_VENV_2025"
    "$DEVDOCTOR_TEST_VENV_2025/bin/pip" install --quiet --no-deps --requirement "$requirements_2025" >&2
    mark_built "$DEVDOCTOR_TEST_VENV_2025"
fi
