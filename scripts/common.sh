# What the other scripts share; they read it from the top folder of the tree.

# Says why it ends, in one line.
fail() {
    echo "pharos: $1" >&2
    exit 1
}

# Installs Debian packages if that is this system's way and we may; fails otherwise.
# Usage: apt_install "<what is missing>" package…
apt_install() {
    missing=$1
    shift
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" = 0 ] || return 1
    echo "pharos: $missing is missing; installing $* with apt-get"
    mkdir -p .tools
    {
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" ||
            { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; }
    } </dev/null >.tools/apt.log 2>&1 || fail "apt-get could not install $*; its words are in .tools/apt.log"
}

# Where `pharos up` looks for the programs that `make postgres` fetched.
fetched_postgres() {
    if [ "$(id -u)" = 0 ]; then
        echo /var/cache/pharos/postgres
    else
        echo "${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/pharos/postgres"
    fi
}

# The version of the server programs in a folder; empty if they are not there or do not run.
major_in() {
    [ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 0
    "$1/postgres" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9][0-9]*\).*/\1/p'
}

# The folder with the programs of PostgreSQL 15 or newer, in the order in which `pharos up` looks; empty if there is none.
find_postgres() {
    if [ -n "${PG_BIN_DIR:-}" ]; then
        echo "$PG_BIN_DIR"
        return
    fi
    {
        for folder in /usr/lib/postgresql/*/bin /usr/lib/postgresql[0-9]*/bin /usr/libexec/postgresql[0-9]* \
            /usr/pgsql-[0-9]*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
            /Applications/Postgres.app/Contents/Versions/[0-9]*/bin; do
            echo "$(major_in "$folder") $folder"
        done | sort -rn
        echo "$PATH" | tr ':' '\n' | grep '^/' | while read -r folder; do
            echo "$(major_in "$folder") $folder"
        done
        folder=$(fetched_postgres)/bin
        echo "$(major_in "$folder") $folder"
    } | awk '$1 >= 15 && $1 ~ /^[0-9]+$/ { sub(/^[0-9]+ /, ""); print; exit }'
}
