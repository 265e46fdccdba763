# Makes the folder with the real task runners and hook managers, whose repaired files the tests run.
# shellcheck shell=bash

runners=tests/setup/runners.txt
DEVDOCTOR_TEST_RUNNERS=$CACHE/runners-$(sha256sum "$runners" | cut -c1-12)

if ! is_built "$DEVDOCTOR_TEST_RUNNERS"; then
    say "fetching the task runners"
    start_folder "$DEVDOCTOR_TEST_RUNNERS"
    /usr/bin/python3 -m venv "$DEVDOCTOR_TEST_RUNNERS"
    "$DEVDOCTOR_TEST_RUNNERS/bin/pip" install --quiet --no-deps --requirement "$runners" >&2
    mark_built "$DEVDOCTOR_TEST_RUNNERS"
fi
