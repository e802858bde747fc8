#!/bin/sh
# Runs all tests, on a fresh clone too: installs what they need, then lint, unit, e2e, releases. Every part runs, also
# after a failure; a table of timings and pytest's last lines end it.
#
#   sh tests/run.sh                       everything
#   sh tests/run.sh unit                  one part (or several): lint unit e2e releases
#   sh tests/run.sh unit -k secret        with arguments for pytest, or a path: unit tests/shim/store
#
# As root (or with sudo without a password) real parts come from apt; otherwise tests that need a missing part
# are skipped and say so, or fail with SHIM_REQUIRE_REAL=1 (as in CI). Logs: build/test-logs/.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$here" || exit 1
bin=$here/.venv/bin
logs=$here/build/test-logs
mkdir -p "$logs"
: >"$logs/table"
if [ "${CI-}" = true ]; then export SHIM_REQUIRE_REAL="${SHIM_REQUIRE_REAL-1}"; fi
export SHIM_REQUIRE_REAL="${SHIM_REQUIRE_REAL-}" PYTHONUNBUFFERED=1 RAY_USAGE_STATS_ENABLED=0
export PATH="$PATH:/usr/sbin:/sbin"

# The one list of what tests want from the system: program, Debian package, what for.
real_parts() {
    cat <<'PARTS'
ip            iproute2        hosts as network namespaces
nft           nftables        firewall rules
redis-server  redis-server    Debian's Redis as a control store
ps            procps          what a local user sees
zsh           zsh             shim shellenv, completion
fish          fish            the same
debootstrap   debootstrap     Debian 11, for Ray 1.4 to 1.13
/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring its signatures
PARTS
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

missing_packages() { real_parts | while read -r program package _; do [ -e "$program" ] || command -v "$program" >/dev/null || echo "$package"; done; }

# Debian starts a service as soon as it is installed; policy-rc.d is its way to say no (101: action forbidden).
install_quietly() {
    policy=/usr/sbin/policy-rc.d
    made=
    if ! [ -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made=yes
    fi
    apt="apt-get -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends"
    as_root env DEBIAN_FRONTEND=noninteractive $apt install "$@" ||
        { as_root apt-get -qq update && as_root env DEBIAN_FRONTEND=noninteractive $apt install "$@"; }
    code=$?
    [ -z "$made" ] || as_root rm -f "$policy"
    return $code
}

system() {
    packages=$(missing_packages)
    [ -n "$packages" ] || return 0
    echo "Not installed here:" $packages
    if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
        install_quietly $packages >"$logs/apt.log" 2>&1 && [ -z "$(missing_packages)" ] && return 0
        tail -n 20 "$logs/apt.log"
    fi
    echo "Install by hand: apt-get install -y" $packages
    [ -z "$SHIM_REQUIRE_REAL" ] # locally the tests that need them are skipped, and say so
}

environment() { sh setup.sh --dev && "$bin/python" --version && "$bin/ray" --version; }

lint() {
    code=0
    "$bin/ruff" check || code=1
    "$bin/ruff" format --check || code=1
    "$bin/mypy" || code=1
    return $code
}

pytest() { # nothing collected is fine only where the person chose what to run
    "$bin/pytest" --durations 10 "$@"
    code=$?
    [ $code = 5 ] && [ -n "$chosen" ] && return 0
    return $code
}

names_a_path() { # among arguments for pytest
    for word in "$@"; do [ ! -e "${word%%::*}" ] || return 0; done
    return 1
}

unit() { if names_a_path "$@"; then pytest "$@"; else pytest tests --ignore tests/e2e --ignore tests/releases "$@"; fi; }

e2e() { if names_a_path "$@"; then pytest "$@"; else pytest tests/e2e "$@"; fi; }

releases() { if names_a_path "$@"; then pytest "$@"; else pytest tests/releases "$@"; fi; }

# timed NAME COMMAND...: run it, show and keep what it says, note result and seconds.
timed() {
    name=$1
    shift
    printf '\n=== %s\n' "$name"
    began=$(date +%s)
    { "$@" 2>&1 && echo 0 >"$logs/$name.code" || echo $? >"$logs/$name.code"; } | tee "$logs/$name.log"
    code=$(cat "$logs/$name.code")
    took=$(($(date +%s) - began))
    summary=$(sed -n '/^=* *\([0-9]* \(passed\|failed\|skipped\|error\|deselected\)\|no tests ran\).* in [0-9.]*s/{s/=//g;s/^ *//;s/ *$//;p;}' "$logs/$name.log" | tail -n 1)
    result=passed
    if [ "$code" != 0 ]; then result="FAILED ($code)" failed="$failed $name"; fi
    printf '%-12s %-12s %3dm %02ds  %s\n' "$name" "$result" $((took / 60)) $((took % 60)) "$summary" >>"$logs/table"
    return "$code"
}

parts=
while [ $# -gt 0 ]; do
    case $1 in
    lint | unit | e2e | releases) parts="$parts $1" ;;
    -h | --help)
        sed -n '2,/^set -u/{s/^# \{0,1\}//;/^set -u/d;p;}' "$0"
        exit
        ;;
    *) break ;;
    esac
    shift
done

chosen=${1-}
failed=
began_all=$(date +%s)
timed system system
timed environment environment || parts=none
for part in ${parts:-lint unit e2e releases}; do
    case $part in
    lint) timed lint lint ;;
    unit) timed unit unit "$@" ;;
    e2e) timed e2e e2e "$@" ;;
    releases) timed releases releases "$@" ;;
    esac
done

total=$(($(date +%s) - began_all))
printf '\n=== timings\n'
cat "$logs/table"
printf 'total %dm %02ds; logs in %s\n' $((total / 60)) $((total % 60)) "$logs"
sum_up() { # the parts' last lines as one, in pytest's words
    cat "$logs"/table | tr ',' '\n' | awk '
        { for (i = 1; i < NF; i++) if ($i ~ /^[0-9]+$/ && $(i + 1) ~ /^(passed|failed|skipped|error|errors|xfailed)$/) n[$(i + 1)] += $i }
        END { split("failed error errors passed skipped xfailed", words, " ")
              for (i = 1; i <= 6; i++) if (n[words[i]]) { printf "%s%d %s", comma, n[words[i]], words[i]; comma = ", " } }'
}
printf '=== %s in %ds ===\n' "$(sum_up)" "$total"
if [ -n "$failed" ]; then
    printf 'FAILED:%s\n' "$failed"
    exit 1
fi
