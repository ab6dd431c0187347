#!/bin/sh
# Makes services/edge/static/live.js, the script of the status pages, from services/edge/live: live.sh [--check]
# With --check it runs the script's tests too, changes nothing that is committed, and fails if live.js is not what it
# would make.
#
# The file is committed, so that who builds Pharos needs no Node.js.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

case ${1:-} in '' | --check) ;; *) fail "usage: live.sh [--check]" ;; esac
buf=.tools/buf/node_modules/.bin/buf
packages=.tools/live/node_modules
live=services/edge/live
committed=services/edge/static/live.js
if [ ! -x "$buf" ] || [ ! -d "$packages" ]; then
    fail "buf or the packages are missing: run \`make buf live-node\`"
fi
# Where editors, tsc and esbuild look for packages.
ln -sfn "../../../$packages" "$live/node_modules"

work=$(mktemp -d "${TMPDIR:-/tmp}/pharos-live.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

"$buf" generate --template "$live/buf.gen.yaml" --clean
node "$packages/typescript/bin/tsc" --project "$live"
node "$live/build.mjs" live "$work/live.js"

if [ "${1:-}" = --check ]; then
    node "$live/build.mjs" tests "$work/tests"
    node --test "$work/tests" >"$work/tests.log" 2>&1 || {
        cat "$work/tests.log"
        fail "the tests of the pages' script fail"
    }
    cmp "$committed" "$work/live.js" ||
        fail "$committed is not what its source says: run \`make live\` and commit what it changed"
else
    cp "$work/live.js" "$committed"
    echo "pharos: wrote $committed, $(wc -c <"$committed" | tr -d ' ') bytes, $(gzip -9 -c "$committed" | wc -c | tr -d ' ') of them with gzip"
fi
