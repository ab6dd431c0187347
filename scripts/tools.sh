#!/bin/sh
# Makes sure that a tool is there: tools.sh compiler | postgres | python | buf | cargo-deny | cargo-machete
#
# What is missing is fetched into .tools or a cache folder, or, on Debian and as root, installed with apt-get; both are
# said first. Where neither is possible, one line names what is missing. Whatever is there already is left alone.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

buf_folder=.tools/buf
venv=.tools/python

compiler() {
    command -v cargo >/dev/null 2>&1 || fail "cargo is missing: install Rust with rustup"
    command -v cc >/dev/null 2>&1 || apt_install "a C compiler" gcc libc6-dev ||
        fail "a C compiler is missing: install one (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)"
}

# A Python of our own in .tools, with pip.
virtual_environment() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return
    has_python || apt_install "Python with its venv module" python3 python3-venv && has_python ||
        fail "Python 3.9 or newer with its venv module is missing: install it (Debian: apt-get install python3 python3-venv; macOS: brew install python)"
    rm -rf "$venv"
    mkdir -p .tools
    python3 -m venv "$venv" >/dev/null || fail "python3 -m venv could not make $venv"
}

has_python() {
    python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1
}

python() {
    virtual_environment
    cmp -s tests/python/requirements.txt "$venv/requirements.txt" && return
    echo "pharos: installing the tests' Python packages into $venv"
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-input \
        --requirement tests/python/requirements.txt >"$venv.log" 2>&1 ||
        fail "pip could not install them; its words are in $venv.log"
    cp tests/python/requirements.txt "$venv/requirements.txt"
}

postgres() {
    [ -z "$(find_postgres)" ] || return 0
    target=$(fetched_postgres)
    echo "pharos: PostgreSQL 15 or newer is not installed; fetching its programs into $target"
    virtual_environment
    PATH="$PWD/$venv/bin:$PATH" sh deploy/postgres/fetch.sh "$target"
    [ -n "$(find_postgres)" ] || fail "the programs in $target cannot be used; install PostgreSQL 15 or newer"
}

buf() {
    if cmp -s tests/contracts/package-lock.json "$buf_folder/package-lock.json" && [ -x "$buf_folder/node_modules/.bin/buf" ]; then
        return
    fi
    command -v npm >/dev/null 2>&1 || apt_install "Node.js with npm" nodejs npm ||
        fail "Node.js with npm is missing: install it (Debian: apt-get install nodejs npm; macOS: brew install node)"
    echo "pharos: installing buf, the linter of the contracts, into $buf_folder"
    rm -rf "$buf_folder.new"
    mkdir -p "$buf_folder.new"
    cp tests/contracts/package.json tests/contracts/package-lock.json "$buf_folder.new"
    # Not `npm ci`: it wants the packages of all systems in the lock file, and not every registry has them all.
    # Their install script would only check again what the lock file has pinned.
    (cd "$buf_folder.new" && npm install --ignore-scripts --no-audit --no-fund --no-update-notifier) \
        </dev/null >"$buf_folder.log" 2>&1 || fail "npm could not install buf; its words are in $buf_folder.log"
    cp tests/contracts/package-lock.json "$buf_folder.new"
    rm -rf "$buf_folder"
    mv "$buf_folder.new" "$buf_folder"
}

# Usage: cargo_tool <name> <version>
cargo_tool() {
    if command -v "$1" >/dev/null 2>&1 || [ -x ".tools/bin/$1" ]; then
        return
    fi
    echo "pharos: building $1 $2 into .tools/bin; it takes a minute, once"
    # it runs for a second: time spent on optimizing it would never come back
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root .tools "$1@$2" </dev/null
}

case ${1:-} in
compiler | postgres | python | buf) "$1" ;;
cargo-deny) cargo_tool cargo-deny 0.20.2 ;;
cargo-machete) cargo_tool cargo-machete 0.9.2 ;;
*) fail "usage: tools.sh compiler | postgres | python | buf | cargo-deny | cargo-machete" ;;
esac
