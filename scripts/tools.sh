#!/bin/sh
# Makes sure that a tool is there:
# tools.sh compiler | postgres | python | mail-servers | web-servers | node | chromium | bench-node | live-node | buf | cargo-deny | cargo-machete
#
# What is missing is fetched into .tools or a cache folder, or, on Debian and as root, installed with apt-get; both are
# said first. Where neither is possible, one line names what is missing. Whatever is there already is left alone.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

buf_folder=.tools/buf
mail_folder=.tools/mail
web_folder=.tools/web
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

# Other people's mail servers and web servers, unpacked and not installed: nothing of theirs runs unless a test starts
# it, and mail servers can be side by side though each wants to be the system's only one.
mail_servers() {
    unpacked "$mail_folder" "postfix, opensmtpd and libfaketime" "postfix opensmtpd libfaketime" \
        usr/sbin/smtp-sink usr/sbin/smtp-source
}

web_servers() {
    unpacked "$web_folder" "nginx and wrk" "nginx wrk" usr/sbin/nginx usr/bin/wrk
}

# Usage: unpacked <folder> <what it is> "<Debian package> …" <program that needs no set-up of its own>…
#
# Those programs go into bin/, and env tells where the libraries are. On other systems than Debian nothing else must wait
# for them, so that is only said.
unpacked() {
    folder=$1 what=$2 wanted=$3
    shift 3
    [ -x "$folder/bin/${1##*/}" ] && return
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg >/dev/null 2>&1; then
        echo "pharos: apt-get is missing, and with it Debian's $what: what needs them will fail" >&2
        return
    fi
    echo "pharos: unpacking Debian's $what into $folder"
    rm -rf "$folder.new"
    mkdir -p "$folder.new/bin" "$folder.new/packages"
    {
        download_packages || { [ "$(id -u)" = 0 ] && apt-get update -q && download_packages; }
    } </dev/null >"$folder.log" 2>&1 || fail "apt-get could not fetch $what; its words are in $folder.log"
    # In the order of their names: both mail servers have a sendmail, and postfix's stays.
    for package in "$folder.new"/packages/*.deb; do
        dpkg -x "$package" "$folder.new"
    done
    rm -r "$folder.new/packages"
    libraries=$(cd "$folder.new" && find usr lib -name '*.so*' -exec dirname {} + 2>/dev/null | sort -u |
        sed 's|^|$unpacked/|' | paste -s -d : -)
    echo "export LD_LIBRARY_PATH=\"$libraries\"" >"$folder.new/env"
    for program in "$@"; do
        cat >"$folder.new/bin/${program##*/}" <<'END'
#!/bin/sh
unpacked=$(cd "$(dirname "$0")/.." && pwd)
. "$unpacked/env"
END
        echo "exec \"\$unpacked/$program\" \"\$@\"" >>"$folder.new/bin/${program##*/}"
        chmod +x "$folder.new/bin/${program##*/}"
    done
    rm -rf "$folder"
    mv "$folder.new" "$folder"
}

# Asks one by one what each would bring with it, for mail servers refuse to be installed together.
download_packages() {
    packages=$(for package in $wanted; do
        echo "$package"
        apt-get -s -o APT::Get::Show-User-Simulation-Note=false install --no-install-recommends "$package" |
            awk '$1 == "Inst" { print $2 }'
    done | sort -u)
    # shellcheck disable=SC2086 # a word a package
    (cd "$folder.new/packages" && apt-get download $packages)
}

# Usage: node_packages <folder with package.json and package-lock.json> <folder to install into> <what it is>
#
# Not `npm ci`: it wants the packages of all systems in the lock file, and not every registry has them all.
# Install scripts would only check again what the lock file has pinned.
node_packages() {
    cmp -s "$1/package-lock.json" "$2/package-lock.json" && return
    has_node || apt_install "Node.js with npm" nodejs npm && has_node ||
        fail "Node.js 18 or newer with npm is missing: install it (Debian: apt-get install nodejs npm; macOS: brew install node)"
    echo "pharos: installing $3 into $2"
    rm -rf "$2.new"
    mkdir -p "$2.new"
    cp "$1/package.json" "$1/package-lock.json" "$2.new"
    (cd "$2.new" && npm install --ignore-scripts --no-audit --no-fund --no-update-notifier) \
        </dev/null >"$2.log" 2>&1 || fail "npm could not install $3; its words are in $2.log"
    cp "$1/package-lock.json" "$2.new"
    rm -rf "$2"
    mv "$2.new" "$2"
}

has_node() {
    command -v npm >/dev/null 2>&1 && node -e 'process.exit(Number.parseInt(process.versions.node) < 18 ? 1 : 0)' >/dev/null 2>&1
}

# The names under which tests/node/chromium.cjs looks for it too.
browser() {
    has_chromium || apt_install "Chromium" chromium && has_chromium ||
        fail "Chromium is missing: install it (Debian: apt-get install chromium; macOS: put a chromium or google-chrome into the PATH)"
}

has_chromium() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return
    done
    return 1
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
compiler | postgres | python) "$1" ;;
chromium) browser ;;
mail-servers) mail_servers ;;
web-servers) web_servers ;;
node) node_packages tests/node .tools/node "npm's readers of status pages and what drives a browser" ;;
bench-node) node_packages tests/bench/peers .tools/bench-node "the job queue and the mailer that the benchmarks compare with" ;;
live-node) node_packages services/edge/live .tools/live "what makes the script of the status pages" ;;
buf) node_packages tests/contracts "$buf_folder" "buf, the linter of the contracts" ;;
cargo-deny) cargo_tool cargo-deny 0.20.2 ;;
cargo-machete) cargo_tool cargo-machete 0.9.2 ;;
*) fail "usage: tools.sh compiler | postgres | python | mail-servers | web-servers | node | chromium | bench-node | live-node | buf | cargo-deny | cargo-machete" ;;
esac
