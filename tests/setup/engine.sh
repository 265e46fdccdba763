# Sees to it that a Docker engine answers at the default socket, and starts one when none does.
# shellcheck shell=bash

# The tests create, chown and remove things: never on an engine that somebody's variables point at.
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH
ENGINE_SOCKET=/var/run/docker.sock
ENGINE_PID=

engine_answers() {
    timeout 10 docker --host "unix://$ENGINE_SOCKET" version --format '{{.Server.Version}}' >/dev/null 2>&1
}

wait_for_engine() {
    local deadline=$((SECONDS + $1))
    until engine_answers; do
        ((SECONDS < deadline)) || return 1
        [[ -z $ENGINE_PID ]] || engine_runs || return 1
        sleep 0.2
    done
}

# Where nothing collects the dead, kill -0 takes them for living; their program is gone all the same.
engine_runs() { [[ -e /proc/$ENGINE_PID/exe ]]; }

stop_engine() {
    [[ -n $ENGINE_PID ]] || return 0
    kill "$ENGINE_PID" 2>/dev/null || return 0
    for _ in {1..150}; do
        engine_runs || return 0
        sleep 0.2
    done
    say "dockerd ($ENGINE_PID) did not end within 30 seconds"
}

if ! engine_answers; then
    if [[ -d /run/systemd/system ]]; then
        systemctl start docker >&2 || true
    fi
    if ! engine_answers; then
        say "starting dockerd"
        # A session of its own: Ctrl-C must reach the tests first, and the engine only after they are cleaned up.
        # The lock (9) must not stay with it.
        # shellcheck disable=SC2016
        setsid --fork bash -c 'echo $$ >"$0"; exec dockerd --host "unix://$1"' "$CACHE/dockerd.pid" "$ENGINE_SOCKET" \
            >"$CACHE/dockerd.log" 2>&1 </dev/null 9>&-
        until [[ -s $CACHE/dockerd.pid ]]; do sleep 0.1; done
        ENGINE_PID=$(<"$CACHE/dockerd.pid")
        rm "$CACHE/dockerd.pid"
    fi
    if ! wait_for_engine 60; then
        tail -n 30 "$CACHE/dockerd.log" >&2 || true
        die "no engine answers at $ENGINE_SOCKET after 60 seconds; its log is $CACHE/dockerd.log"
    fi
fi
