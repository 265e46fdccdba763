# Makes the ordinary user as whom the tests run what a developer would run.
# shellcheck shell=bash

DEVDOCTOR_TEST_USER=devdoctor

if ! id "$DEVDOCTOR_TEST_USER" >/dev/null 2>&1; then
    # The usual number of the first person on a machine; images have it as `app` too.
    uid=1000
    while getent passwd "$uid" >/dev/null || getent group "$uid" >/dev/null; do uid=$((uid + 1)); done
    say "making the user $DEVDOCTOR_TEST_USER ($uid)"
    groupadd --gid "$uid" "$DEVDOCTOR_TEST_USER"
    useradd --uid "$uid" --gid "$uid" --create-home --shell /bin/bash "$DEVDOCTOR_TEST_USER"
fi

DEVDOCTOR_TEST_UID=$(id -u "$DEVDOCTOR_TEST_USER")
DEVDOCTOR_TEST_GID=$(id -g "$DEVDOCTOR_TEST_USER")
DEVDOCTOR_TEST_HOME=$(getent passwd "$DEVDOCTOR_TEST_USER" | cut -d: -f6)

# Rootless Docker maps the numbers in its containers to these.
for kind in uid gid; do
    if ! grep -qs "^$DEVDOCTOR_TEST_USER:" "/etc/sub$kind"; then
        start=$(awk -F: '{ end = $2 + $3; if (end > max) max = end } END { print max > 100000 ? max : 100000 }' \
            "/etc/sub$kind" 2>/dev/null || echo 100000)
        usermod "--add-sub${kind}s" "$start-$((start + 65535))" "$DEVDOCTOR_TEST_USER"
    fi
done

engine_group=$(stat -L -c %G "$ENGINE_SOCKET")
[[ $engine_group != root ]] ||
    die "$ENGINE_SOCKET belongs to the group root; give it to a group of its own, as Debian's package does"
if ! id -nG "$DEVDOCTOR_TEST_USER" | tr ' ' '\n' | grep -qx "$engine_group"; then
    usermod --append --groups "$engine_group" "$DEVDOCTOR_TEST_USER"
fi

if [[ ! -e $DEVDOCTOR_TEST_HOME/.gitconfig ]]; then
    cat >"$DEVDOCTOR_TEST_HOME/.gitconfig" <<'GIT'
[user]
	name = Devdoctor Test
	email = test@devdoctor.invalid
[init]
	defaultBranch = main
[commit]
	gpgSign = false
GIT
    chown "$DEVDOCTOR_TEST_UID:$DEVDOCTOR_TEST_GID" "$DEVDOCTOR_TEST_HOME/.gitconfig"
fi

# Rootless Docker and FUSE need these; udev opens them to everybody, a machine without udev keeps them closed.
for device in /dev/net/tun /dev/fuse; do
    [[ ! -c $device ]] || chmod 666 "$device"
done
