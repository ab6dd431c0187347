#!/bin/sh
# Writes .sqlx, what the checked queries were checked against: sqlx.sh [--check]
# With --check it changes nothing and fails if .sqlx is not what it would write.
#
# Works without our own programs, which cannot be built while .sqlx is wrong: a throw-away PostgreSQL gets every
# migration, and the query macros write the files themselves when they see a database.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

case ${1:-} in '' | --check) ;; *) fail "usage: sqlx.sh [--check]" ;; esac
bin=$(find_postgres)
[ -n "$bin" ] || fail "PostgreSQL is missing: run \`make postgres\`"
[ -x "$bin/psql" ] || fail "$bin has no psql: install the client programs of PostgreSQL too"

# Not TMPDIR: the path of a socket has room for about 100 bytes. PostgreSQL refuses to run as root.
work=$(mktemp -d /tmp/pharos-sqlx.XXXXXX)
chmod 755 "$work"
mkdir "$work/server" "$work/new" "$work/times"
as=
if [ "$(id -u)" = 0 ]; then
    for account in postgres _postgres nobody ''; do
        [ -z "$account" ] || ! id "$account" >/dev/null 2>&1 || break
    done
    [ -n "$account" ] || fail "there is no account to run PostgreSQL as: create one named postgres"
    chown "$account" "$work/server"
    if command -v setpriv >/dev/null 2>&1; then
        as="setpriv --reuid=$(id -u "$account") --regid=$(id -g "$account") --clear-groups"
    else
        as="sudo -u $account"
    fi
fi

server=
touched=
clean_up() {
    # whoever edited a file in the meantime keeps its new time
    for file in $touched; do
        [ "$file" -nt "$work/touched" ] || touch -r "$work/times/$(echo "$file" | tr / +)" "$file"
    done
    [ -z "$server" ] || kill -TERM "$server" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

(cd / && $as "$bin/initdb" -D "$work/server/data" --no-sync --username=postgres --encoding=UTF8 --locale=C \
    --auth-local=trust --auth-host=reject) >"$work/initdb.log" 2>&1 || fail "initdb failed: $(tail -n 1 "$work/initdb.log")"
(cd / && exec $as "$bin/postgres" -D "$work/server/data" -c listen_addresses= -c unix_socket_directories="$work/server" \
    -c fsync=off -c log_destination=stderr -c logging_collector=off) >"$work/postgres.log" 2>&1 </dev/null &
server=$!

run() {
    "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work/server" -p 5432 -U postgres -d "$database" "$@"
}
database=postgres
tries=0
until run -c 'create database pharos' >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || fail "PostgreSQL did not start: $(tail -n 1 "$work/postgres.log")"
    sleep 0.2
done
database=pharos
run -1 -f migrations/roles.sql
for folder in migrations/*/; do
    service=$(basename "$folder")
    run -c "create schema $service"
    for file in "$folder"*.sql; do
        case $(head -n 1 "$file") in
        '-- no-transaction'*) run -f "$file" ;;
        *) run -1 -f "$file" ;;
        esac
    done
done

# A macro writes its file when its crate is compiled, so each crate must look changed. Its root gets its time back at the
# end: what is built already stays good.
touched=$(find services tests -name lib.rs -o -name main.rs)
for file in $touched; do
    touch -r "$file" "$work/times/$(echo "$file" | tr / +)"
    touch "$file"
done
touch "$work/touched"
DATABASE_URL="postgres:///pharos?host=$work/server&port=5432&user=postgres" SQLX_OFFLINE=false \
    SQLX_OFFLINE_DIR="$work/new" cargo check --quiet --workspace --all-targets

if [ "${1:-}" = --check ]; then
    diff -r .sqlx "$work/new" ||
        fail ".sqlx is not what the queries and migrations say: run \`make sqlx\` and commit what it changed"
else
    rm -rf .sqlx
    mkdir .sqlx
    cp "$work/new/"* .sqlx
    echo "pharos: wrote .sqlx, $(ls .sqlx | wc -l | tr -d ' ') queries"
fi
