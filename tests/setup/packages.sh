# Installs the Debian packages that the test environment is made of, in one go.
# shellcheck shell=bash

packages=(
    git gcc libc6-dev python3-venv    # to build and to commit with
    docker.io debootstrap busybox-static # the engine, and what its images are made of
    uidmap rootlesskit slirp4netns    # rootless Docker
    podman                            # the other engine that speaks Docker's language
    bindfs fuse3                      # a mount where chown lies
    openssl                           # certificates for servers that want TLS
    postgresql-15                     # a server without pgvector
    hyperfine fd-find                 # the measure and the peer of the benchmarks
)

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [[ $state == 'install ok installed' ]] || missing+=("$package")
done

if ((${#missing[@]})); then
    say "installing ${missing[*]}"
    # Otherwise Debian's package starts a server of its own on port 5432, where the tests' projects want theirs.
    if [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
        mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    fi
    export DEBIAN_FRONTEND=noninteractive
    log=$CACHE/packages.log
    if ! { apt-get update && apt-get install -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        die "apt-get failed; all of it is in $log"
    fi
fi

# A pip that is the same everywhere, whichever Python comes first in PATH.
PIP_VENV=$CACHE/pip
if ! is_built "$PIP_VENV"; then
    start_folder "$PIP_VENV"
    /usr/bin/python3 -m venv "$PIP_VENV"
    mark_built "$PIP_VENV"
fi
