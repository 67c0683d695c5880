#!/usr/bin/env bash
# Prove that a clean clone works on a bare machine: `make test`, then `make run`.
#
# The machine is a minimal Debian in a folder of its own, with Python, venv, make, git, certificates
# and what deploy/install-test-tools.sh would install, used by an ordinary user. It gets this host's
# package mirror and pip settings at run time, so nothing about the network is written down here.
# `make run` gets no network at all but loopback. Needs root (chroot, mounts, a network namespace);
# takes several minutes.
#
#   FRESH_SUITE, FRESH_MIRROR   Debian suite and mirror, when the host's apt does not tell them
#   FRESH_TEST_TARGET           make target to run first (default: test)
#   FRESH_KEEP=1                leave the machine's folder for inspection
set -euo pipefail

readonly TEST_SECONDS=2700 READY_SECONDS=180 STOP_SECONDS=60
readonly HOME_FOLDER=/srv/developer
readonly CHECKOUT=$HOME_FOLDER/carrier-relay
readonly MOVE_IN='mount --rbind "$1" "$1" && cd "$1" && mkdir -p .host && pivot_root . .host || exit
    shift
    umount --lazy /.host && exec chroot --userspec=developer:developer / "$@"'
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
MACHINE=""         # the folder that is the machine
PIP_ENVIRONMENT=() # NAME=value, from the host

say() { printf '== %s\n' "$*"; }
fail() { printf 'fresh-test: %s\n' "$*" >&2; exit 1; }

# ---- the machine -------------------------------------------------------------------------------

mounted_below() { awk -v top="$1/" 'index($5, top) == 1 {print $5}' /proc/self/mountinfo; }

dismantle() {
    [[ -n "$MACHINE" ]] || return 0
    mounted_below "$MACHINE" | sort -r | while read -r mount; do umount "$mount"; done
    # Deleting through a bind mount would delete the host's files.
    if [[ -n "$(mounted_below "$MACHINE")" ]]; then
        fail "something is still mounted in $MACHINE; unmount it and remove the folder by hand"
    elif [[ "${FRESH_KEEP:-}" == 1 ]]; then
        say "Left at $MACHINE"
    else
        rm -rf --one-file-system "$MACHINE"
    fi
}

require_root_and_tools() {
    ((EUID == 0)) || fail "needs root: sudo make fresh-test"
    if ! command -v debootstrap >/dev/null; then
        say "Installing debootstrap"
        apt-get update -qq
        apt-get install -y -qq debootstrap >/dev/null
    fi
}

bootstrap() {
    local suite mirror
    suite="${FRESH_SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-}")}"
    mirror="${FRESH_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Label: Debian' "Codename: $suite" | head -n 1)}"
    [[ -n "$mirror" ]] || fail "apt knows no Debian mirror for '$suite'; set FRESH_SUITE and FRESH_MIRROR"

    say "Building a bare Debian $suite"
    MACHINE="$(mktemp -d "${TMPDIR:-/tmp}/carrier-relay-fresh.XXXXXX")"
    chmod 755 "$MACHINE"
    debootstrap --variant=minbase --include=python3,python3-venv,make,git,ca-certificates \
        "$suite" "$MACHINE" "$mirror" >"$MACHINE/bootstrap.log" 2>&1 \
        || { tail -n 20 "$MACHINE/bootstrap.log" >&2; fail "debootstrap failed"; }
    cp /etc/resolv.conf "$MACHINE/etc/resolv.conf"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$MACHINE/etc/hosts"
    install_tools
    mount -t proc proc "$MACHINE/proc"
    mount -t sysfs -o ro sysfs "$MACHINE/sys"
    mount -t tmpfs -o mode=1777 tmpfs "$MACHINE/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$MACHINE/dev/pts"
    chroot "$MACHINE" useradd --create-home --home-dir "$HOME_FOLDER" --shell /bin/bash developer
}

# The ordinary user may not install the programs that tests need, so they are there from the start. By apt, because
# debootstrap cannot choose between packages that provide the same; nothing that they bring is started.
install_tools() {
    local tools
    mapfile -t tools < <(bash "$ROOT/deploy/install-test-tools.sh" --packages)
    say "Installing ${tools[*]}"
    printf '#!/bin/sh\nexit 101\n' >"$MACHINE/usr/sbin/policy-rc.d"
    chmod 755 "$MACHINE/usr/sbin/policy-rc.d"
    chroot "$MACHINE" env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh "${tools[@]}" \
        >"$MACHINE/tools.log" 2>&1 || { tail -n 20 "$MACHINE/tools.log" >&2; fail "apt-get could not install ${tools[*]}"; }
    rm "$MACHINE/usr/sbin/policy-rc.d"
}

# ---- the host's pip settings, as the machine's environment -------------------------------------

show_read_only() {
    local path="$1"
    [[ -e "$path" && "$path" != / ]] || return 0
    if [[ -d "$path" ]]; then
        mkdir -p "$MACHINE$path"
    else
        mkdir -p "$MACHINE$(dirname "$path")"
        touch "$MACHINE$path"
    fi
    mount --bind "$path" "$MACHINE$path"
    mount -o remount,bind,ro "$MACHINE$path"
}

borrow_pip_settings() {
    local name value word
    # `section.name='value'` and `:env:.name='value'` are PIP_NAME=value alike; the later wins.
    while IFS='=' read -r name value; do
        name="PIP_$(tr 'a-z-' 'A-Z_' <<<"${name##*.}")"
        value="${value#\'}"
        value="${value%\'}"
        PIP_ENVIRONMENT+=("$name=${value//\\n/ }")
    done < <(cd / && python3 -m pip config list 2>/dev/null)
    for name in {http,https,no,all}_proxy {HTTP,HTTPS,NO,ALL}_PROXY SSL_CERT_FILE REQUESTS_CA_BUNDLE; do
        [[ -z "${!name:-}" ]] || PIP_ENVIRONMENT+=("$name=${!name}")
    done

    # What those settings point at on this disk has to be there too. An index refers to files
    # beside it, so its parent comes along.
    while read -r word; do
        case "$word" in
            file:///*/*) show_read_only "$(dirname "${word#file://}")" ;;
            /*) show_read_only "$word" ;;
        esac
    done < <(printf '%s\n' "${PIP_ENVIRONMENT[@]#*=}" | tr ' ' '\n' | sort -u)
}

# The command that starts another one on the machine, in the clone, as its ordinary user. The machine's folder becomes
# the root of a mount namespace: who is only in a chroot may make no namespaces, and tests mount disks of their own.
on_machine() {
    ON_MACHINE=(unshare --mount bash -c "$MOVE_IN" bash "$MACHINE" /usr/bin/env -i --chdir="$CHECKOUT"
        HOME="$HOME_FOLDER" PATH=/usr/bin:/bin LANG=C.UTF-8 "${PIP_ENVIRONMENT[@]}")
}

# ---- the proof ---------------------------------------------------------------------------------

clone() {
    [[ -z "$(git -C "$ROOT" status --porcelain)" ]] || say "NOTE: changes that are not committed are not tested"
    say "Cloning $(git -C "$ROOT" rev-parse --short HEAD)"
    git clone --quiet --no-hardlinks "$ROOT" "$MACHINE$CHECKOUT"
    chroot "$MACHINE" chown -R developer:developer "$CHECKOUT"
}

prove_tests() {
    local target="${FRESH_TEST_TARGET:-test}"
    say "make $target"
    "${ON_MACHINE[@]}" timeout "$TEST_SECONDS" make "$target" || fail "make $target failed"
}

# Wait until the command succeeds, at most so many seconds.
within() {
    local seconds="$1"
    shift
    for ((; seconds > 0; seconds--)); do
        "$@" && return 0
        sleep 1
    done
    return 1
}

show_run_log_and_fail() {
    tail -n 40 "$1" >&2
    fail "$2"
}

# Runs inside a network namespace of its own: port 8080 is free, and nothing outside can be reached.
prove_run() {
    local log="$MACHINE/run.log" relay_pid status=0
    ip link set lo up
    "${ON_MACHINE[@]}" make run >"$log" 2>&1 &
    make_pid=$! # not local: the trap outlives this function
    # Also when a check below fails, nothing stays behind.
    trap 'kill -KILL $(ps -o pid= --ppid "$make_pid") "$make_pid" 2>/dev/null || true' EXIT

    ready_or_gone() { grep -q '^Ready\.' "$log" || ! kill -0 "$make_pid" 2>/dev/null; }
    within "$READY_SECONDS" ready_or_gone || show_run_log_and_fail "$log" "make run was not ready in time"
    grep -q '^Ready\.' "$log" || show_run_log_and_fail "$log" "make run ended before it was ready"
    # urlopen raises on anything but success.
    "${ON_MACHINE[@]}" python3 -c \
        'from urllib.request import urlopen as o; assert o("http://127.0.0.1:8080/readyz", timeout=10).status == 200' \
        || show_run_log_and_fail "$log" "/readyz did not answer 200"

    # make itself would report the signal; the relay is its child.
    relay_pid="$(ps -o pid= --ppid "$make_pid" | tr -d ' ')"
    kill -TERM "$relay_pid"
    gone() { ! kill -0 "$make_pid" 2>/dev/null; }
    within "$STOP_SECONDS" gone || show_run_log_and_fail "$log" "make run did not stop on SIGTERM"
    wait "$make_pid" || status=$?
    ((status == 0)) || show_run_log_and_fail "$log" "make run ended with $status on SIGTERM"
    trap - EXIT
    cat "$log"
}

main() {
    require_root_and_tools
    trap dismantle EXIT
    bootstrap
    borrow_pip_settings
    clone
    on_machine
    prove_tests
    say "make run"
    unshare --net bash "${BASH_SOURCE[0]}" --prove-run "$MACHINE" || fail "make run failed"
    say "A fresh machine tests and runs carrier-relay"
}

if [[ "${1:-}" == --prove-run ]]; then
    MACHINE="$2"
    on_machine
    prove_run
else
    main
fi
