#!/usr/bin/env bash
# Install the programs that tests need and pip cannot bring; nothing to do when they are there.
#
# strace: tests read from system calls that a webhook is on disk before it is answered.
# chromium: tests use the console as a person would.
# promtool: alerts are tried on invented series. Its package brings Prometheus as well, which no test starts.
# postgres: every test of the store runs on a real server as well, which refuses to be root: setpriv gives that up.
# pgbouncer: and so do some behind a real pooler.
# kubectl: the manifests are put together as a cluster would get them.
# wrk: benchmarks need load that costs little itself.
# faketime: a running relay's clock is set by hours, and nobody else's.
# valgrind: it counts instructions where times say little.
# curl: the commands that the documents show are run as they stand there.
# libatomic: what drives the browser is linked to it.
#
#   --packages   print the Debian packages, and install nothing
set -euo pipefail

# Each program or library, and the package that brings it.
readonly NEEDED=(strace chromium promtool kubectl postgres setpriv pgbouncer wrk faketime valgrind curl libatomic.so.1)
readonly PACKAGES=(strace chromium prometheus kubernetes-client postgresql util-linux pgbouncer wrk faketime valgrind curl libatomic1)

fail() { printf 'install-test-tools: %s\n' "$*" >&2; exit 1; }

if [[ "${1:-}" == --packages ]]; then
    printf '%s\n' "${PACKAGES[@]}"
    exit 0
fi

# Debian keeps the server's own programs out of the way, by version, and some daemons where only root looks.
PATH="$PATH:/usr/sbin:$(printf '%s:' /usr/lib/postgresql/*/bin)"

is_there() {
    case "$1" in
        *.so.*) ldconfig -p | grep -qF "$1" ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

missing=()
for at in "${!NEEDED[@]}"; do
    is_there "${NEEDED[at]}" || missing+=("${PACKAGES[at]}")
done
((${#missing[@]} > 0)) || exit 0

command -v apt-get >/dev/null \
    || fail "the tests need ${missing[*]}, and there is no apt-get here; install it with this system's package manager"
as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null \
        || fail "the tests need ${missing[*]}; as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
fi

echo "Installing ${missing[*]}, which the tests need"
install_missing() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
}
# The package lists may be absent, as in images, or older than the mirror.
install_missing 2>/dev/null || { "${as_root[@]}" apt-get update -qq && install_missing; } \
    || fail "apt-get could not install ${missing[*]}; as root, run: apt-get update && apt-get install ${missing[*]}"
