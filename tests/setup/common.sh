# Words and small tools that the parts of the test environment share; sourced by tests/run.
# shellcheck shell=bash

# Not under $HOME: root's home is closed to the ordinary user who runs half of the tests.
# shellcheck disable=SC2034
CACHE=${DEVDOCTOR_TEST_CACHE:-/var/cache/devdoctor-tests}

# Standard output belongs to the result, so talk goes to standard error.
say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'tests/run: %s\n' "$*" >&2
    exit 1
}

# A built folder is good once it carries this mark; half a build from a killed run does not.
is_built() { [[ -e $1/.complete ]]; }
mark_built() { touch "$1/.complete"; }

start_folder() {
    rm -rf "$1"
    mkdir -p "$1"
}
