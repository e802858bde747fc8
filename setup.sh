#!/bin/sh
# Sets up shim in this checkout, then runs it. Nothing is written outside this folder and uv's cache;
# the system's Python is used, never changed.
#
#   sh setup.sh                    set up, then say what to type next
#   sh setup.sh start --head ...   set up, then run: shim start --head ...
#   sh setup.sh --dev              set up with what the tests need (used by tests/run.sh)
#   sh setup.sh --uv               print the path of the uv in use
#
# Run it as often as you like: it does what is missing. stdout belongs to shim; everything said here goes to stderr.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
venv=$here/.venv
stamp=$venv/.set-up
tools=$here/.tools
turn=$tools/setting-up

say() { printf '%s\n' "$*" >&2; }
fail() {
    printf 'Error: %s\nTry: %s\n' "$1" "$2" >&2
    exit 1
}

# What .venv was made from: the place (its scripts hold absolute paths), the packages, and plain or dev.
wanted() { printf '%s\n%s\n%s\n' "$here" "$(cksum <"$here/uv.lock")" "$(cksum <"$here/pyproject.toml")"; }

is_ready() { # is_ready plain|dev: the dev set holds all of the plain one
    [ -f "$stamp" ] && [ -x "$venv/bin/shim" ] && [ -x "$venv/bin/python" ] || return 1
    [ "$(sed 1d "$stamp")" = "$(wanted)" ] || return 1
    [ "$1" = plain ] || [ "$(sed -n 1p "$stamp")" = dev ]
}

find_python() { # any Python 3.7 that starts; it only fetches uv
    for name in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 python; do
        if "$name" -c 'import sys, ssl; sys.exit(sys.version_info < (3, 7))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    fail "uv is not installed, and there is no Python 3 to fetch it with." \
        "apt-get install -y python3 ca-certificates   (dnf, apk, brew: install python3), then run this again"
}

find_uv() { # the person's own, unless too old for dependency groups; else a pinned one inside this checkout
    case $(uv --version 2>/dev/null) in
    '' | 'uv 0.'[0-4].*) ;;
    'uv '*)
        command -v uv
        return
        ;;
    esac
    version=$(sed -n 's/^VERSION = "\(.*\)"$/\1/p' "$here/tools/fetch_uv.py")
    if ! [ -x "$tools/uv-$version" ]; then
        python=$(find_python) || return
        "$python" "$here/tools/fetch_uv.py" "$tools/uv-$version" || return
    fi
    printf '%s\n' "$tools/uv-$version"
}

choose_python() { # the system's own where it is new enough; else one inside this checkout
    if [ -d "$tools/python" ]; then export UV_PYTHON_INSTALL_DIR="$tools/python"; fi
    "$uv" python find --no-python-downloads --project "$here" >/dev/null 2>&1 && return
    say "No Python 3.11 or newer here: fetching one into this folder ..."
    export UV_PYTHON_INSTALL_DIR="$tools/python"
    "$uv" python install --no-bin 3.12 >&2 || fail \
        "There is no Python 3.11 or newer, and none could be fetched (see above)." \
        "Install one (Debian 12, Ubuntu 24.04: python3; Ubuntu 22.04: python3.11), or name a mirror: UV_PYTHON_INSTALL_MIRROR"
}

install_locked() { # exactly uv.lock, from the addresses it names
    "$uv" sync --project "$here" --frozen $quiet --extra ray $groups >&2
}

install_mirrored() { # exactly uv.lock's hashes, but from the person's own index
    "$uv" export --project "$here" --frozen --quiet --extra ray $groups --no-emit-project -o "$tools/requirements.txt" >&2 &&
        "$uv" venv --project "$here" --quiet --allow-existing "$venv" >&2 &&
        "$uv" pip install --python "$venv/bin/python" $quiet --default-index "$index" --require-hashes \
            -r "$tools/requirements.txt" >&2 &&
        "$uv" pip install --python "$venv/bin/python" --quiet --default-index "$index" --no-deps -e "$here" >&2
}

is_running() { # is_running PID: whether that setup still runs (its pid may be another program's by now)
    if [ -r "/proc/$1/cmdline" ]; then
        tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q 'setup\.sh'
    else
        kill -0 "$1" 2>/dev/null
    fi
}

take_turn() { # one setup at a time; what a killed one left is thrown away, since a package may be half there
    mkdir -p "$tools"
    waited=
    until (set -C && echo $$ >"$turn") 2>/dev/null; do
        other=$(cat "$turn" 2>/dev/null) || continue
        if is_running "${other:-0}"; then
            [ -n "$waited" ] || say "Another setup of this folder is running (pid $other): waiting for it ..."
            waited=yes
            sleep 1
        else
            say "The last setup was interrupted: starting afresh ..."
            rm -rf "$venv" "$turn"
        fi
    done
    trap 'rm -f "$turn"' EXIT # also after an error: uv changes .venv only when it has everything
    if [ -e "$venv/bin/ray" ] && ! grep -qF "$venv/bin/python" "$venv/bin/ray"; then
        say "This folder was moved: making .venv anew ..." # scripts hold absolute paths
        rm -rf "$venv"
    fi
}

give_turn() {
    rm -f "$turn"
    trap - EXIT
}

set_up() { # set_up plain|dev
    [ -w "$here" ] || fail "$here is not writable by $(id -un)." "Run this as its owner, or clone it to a place of your own."
    take_turn
    if is_ready "$1"; then # the other setup did it
        give_turn
        return
    fi
    set=$1
    if [ "$(sed -n 1p "$stamp" 2>/dev/null)" = dev ]; then set=dev; fi # never take the tests' packages away
    if [ "$set" = dev ]; then groups='--group dev'; else groups=--no-dev; fi
    if [ -t 2 ]; then quiet=; else quiet=--quiet; fi # uv's progress bars are for people
    unset VIRTUAL_ENV CONDA_PREFIX PYTHONHOME PYTHONPATH
    export UV_PROJECT_ENVIRONMENT="$venv"
    if ! [ -w "${XDG_CACHE_HOME:-${HOME:-/nonexistent}}" ] && [ -z "${UV_CACHE_DIR-}" ]; then
        export UV_CACHE_DIR="$tools/cache"
    fi
    uv=$(find_uv) || exit 1
    choose_python
    say "Installing shim, Ray and the embedded store into .venv (about 100 MB the first time) ..."
    index=${UV_DEFAULT_INDEX-${UV_INDEX_URL-${PIP_INDEX_URL-}}}
    if [ -n "$index" ]; then how=install_mirrored; else how=install_locked; fi
    rm -f "$stamp"
    $how || fail "The packages could not be installed (see above)." \
        "Check network and disk space; behind a proxy set HTTPS_PROXY, for a company CA SSL_CERT_FILE, for a mirror UV_DEFAULT_INDEX. Then run this again: it goes on where it stopped."
    { printf '%s\n' "$set" && wanted; } >"$stamp.new"
    mv "$stamp.new" "$stamp"
    give_turn
}

trap 'trap - EXIT; exit 130' INT # the turn stays taken, so the next setup starts afresh
trap 'trap - EXIT; exit 143' TERM

case ${1-} in
--uv)
    uv=$(find_uv) || exit 1
    printf '%s\n' "$uv"
    exit
    ;;
--dev)
    is_ready dev || set_up dev </dev/null
    exit
    ;;
-h | --help)
    sed -n '2,/^set -eu/{s/^# \{0,1\}//;/^set -eu/d;p;}' "$0"
    exit
    ;;
esac

fresh=
if ! is_ready plain; then
    set_up plain </dev/null
    fresh=yes
fi
if [ $# -gt 0 ]; then
    [ -z "$fresh" ] ||
        say "shim, ray and python below are those of this checkout. To type them as shown: export PATH=\"$venv/bin:\$PATH\""
    exec "$venv/bin/shim" "$@"
fi
shim=.venv/bin/shim
if [ "$(pwd -P)" != "$here" ]; then shim=\"$venv/bin/shim\"; fi
say "shim is set up. Type next:"
say "  $shim start --head        a protected Ray on this machine"
say "  $shim --help              everything else"
