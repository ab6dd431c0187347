#!/bin/sh
# Shows Pharos at work: demo.sh <the program pharos>
# `pharos up` in a folder that is thrown away at the end, two timelines replayed, then it stays up until Ctrl-C.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
pharos=$1

# As root, the server's own account must get into the folder.
work=$(mktemp -d /tmp/pharos-demo.XXXXXX)
chmod 755 "$work"
up=
interrupted=
clean_up() {
    trap '' HUP INT TERM
    if [ -n "$up" ]; then
        # Ctrl-C has reached `pharos up` too, and a second signal would end it before its database is stopped
        [ -n "$interrupted" ] || kill -TERM "$up" 2>/dev/null || true
        wait "$up" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'interrupted=yes; exit 0' INT
trap 'exit 0' HUP TERM

"$pharos" up --data "$work/data" >"$work/up.log" &
up=$!
until url=$(sed -n 's/.*replay .* --to //p' "$work/up.log") && [ -n "$url" ]; do
    kill -0 "$up" 2>/dev/null || fail "pharos up ended before it was ready"
    sleep 0.2
done
cat "$work/up.log"
for timeline in blip kiwify; do
    echo
    "$pharos" replay "timelines/$timeline.yaml" --to "$url"
done
echo
for timeline in blip kiwify; do
    echo "pharos: look at $url/p/$(sed -n 's/^  slug: *//p' "timelines/$timeline.yaml")"
done
echo "pharos: the mails are at $url/inbox; Ctrl-C ends the demo"
wait "$up"
