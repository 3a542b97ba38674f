# Functions for the examples' checks; to be read with `.`.

# ask CURL_ARGUMENT...: the answer's body, whatever its status.
ask() {
    curl --silent --show-error --noproxy '*' --max-time 100 "$@"
}

# status CURL_ARGUMENT...: the answer's status alone.
status() {
    ask --output /dev/null --write-out '%{http_code}' "$@"
}

# same WHAT EXPECTED ACTUAL
same() {
    [ "$2" = "$3" ] && return
    printf '%s:\nexpected %s\ngot      %s\n' "$1" "$2" "$3" >&2
    exit 1
}
