# Functions for scripts that need `trellis serve` in the background; to be read with `.`. They use $trellis and $scratch.

# start_server FILE [OPTION...]: returns when it listens. Sets server (its process) and url.
start_server() {
    : >"$scratch/server.err"
    "$trellis" serve "$@" >"$scratch/server.out" 2>"$scratch/server.err" &
    server=$!
    until url=$(sed -n 's/^listening on //p;q' "$scratch/server.err") && [ -n "$url" ]; do
        kill -0 "$server" 2>/dev/null || { cat "$scratch/server.err" >&2; return 1; }
        sleep 0.05
    done
}

# stop_server: lets it finish; its exit code.
stop_server() {
    [ -n "${server:-}" ] || return 0
    kill "$server" 2>/dev/null || :
    finished=0
    wait "$server" || finished=$?
    server=
    return "$finished"
}
