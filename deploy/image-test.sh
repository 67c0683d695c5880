#!/usr/bin/env bash
# Build the image and run it, on a Debian without a container engine: `make image-test`.
#
# buildah builds with chroot isolation and plain folders for layers. The base that the Dockerfile names is stood in for by
# a minimal Debian with Python under the same name, so no image registry is asked for anything; pip gets this host's
# settings. The relay then runs as the image says (user, environment, command, health check), with a read-only root, a
# volume at /data, and no network but loopback. Needs root; takes some minutes, and leaves nothing.
#
#   IMAGE_SUITE, IMAGE_MIRROR   Debian suite and mirror, when the host's apt does not tell them
#   IMAGE_BASE=FOLDER           keep the stand-in there, and use it again
set -euo pipefail

readonly READY_SECONDS=60 STOP_SECONDS=40
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
WORK="" # a folder of our own, with the stores of buildah in it

say() { printf '== %s\n' "$*"; }
fail() { printf 'image-test: %s\n' "$*" >&2; exit 1; }

mounted_below() { awk -v top="$1/" 'index($5, top) == 1 {print $5}' /proc/self/mountinfo; }

clear_away() {
    [[ -n "$WORK" ]] || return 0
    mounted_below "$WORK" | sort -r | while read -r mount; do umount "$mount"; done
    # Deleting through a bind mount would delete the host's files.
    [[ -z "$(mounted_below "$WORK")" ]] || fail "something is still mounted in $WORK; unmount it, and remove the folder"
    rm -rf --one-file-system "$WORK"
}

builder() { buildah --root "$WORK/storage" --runroot "$WORK/run" --storage-driver vfs "$@"; }

require_root_and_tools() {
    ((EUID == 0)) || fail "needs root: sudo make image-test"
    local missing=() tool
    for tool in buildah debootstrap; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    ((${#missing[@]} > 0)) || return 0
    say "Installing ${missing[*]}"
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 \
        || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } \
        || fail "apt-get could not install ${missing[*]}"
}

# ---- the stand-in for the base -----------------------------------------------------------------

bootstrap() {
    local base="$1" suite mirror
    suite="${IMAGE_SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-}")}"
    mirror="${IMAGE_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Label: Debian' "Codename: $suite" | head -n 1)}"
    [[ -n "$mirror" ]] || fail "apt knows no Debian mirror for '$suite'; set IMAGE_SUITE and IMAGE_MIRROR"
    say "Building a Debian $suite with Python"
    debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates \
        "$suite" "$base" "$mirror" >"$WORK/bootstrap.log" 2>&1 \
        || { tail -n 20 "$WORK/bootstrap.log" >&2; fail "debootstrap failed"; }
    # As in the official image: `python` is there, and pip may install beside it.
    ln -s python3 "$base/usr/bin/python"
    rm -f "$base"/usr/lib/python3*/EXTERNALLY-MANAGED
    rm -rf "$base"/var/cache/apt/* "$base"/var/lib/apt/lists/*
}

# The host's pip settings, as options of buildah: the environment, and what it points at on this disk.
borrow_pip_settings() {
    local name value word
    ENVIRONMENT=()
    VOLUMES=()
    # `section.name='value'` and `:env:.name='value'` are PIP_NAME=value alike; the later wins.
    while IFS='=' read -r name value; do
        [[ -n "$name" ]] || continue
        name="PIP_$(tr 'a-z-' 'A-Z_' <<<"${name##*.}")"
        value="${value#\'}"
        value="${value%\'}"
        ENVIRONMENT+=("$name=${value//\\n/ }")
    done < <(cd / && python3 -m pip config list 2>/dev/null)
    for name in {http,https,no,all}_proxy {HTTP,HTTPS,NO,ALL}_PROXY SSL_CERT_FILE REQUESTS_CA_BUNDLE; do
        [[ -z "${!name:-}" ]] || ENVIRONMENT+=("$name=${!name}")
    done
    while read -r word; do
        # An index refers to files beside it, so its parent comes along.
        case "$word" in file:///*/*) word="$(dirname "${word#file://}")" ;; esac
        if [[ "$word" == /* && "$word" != / && -e "$word" ]]; then
            VOLUMES+=(--volume "$word:$word:ro")
        fi
    done < <(printf '%s\n' "${ENVIRONMENT[@]#*=}" | tr ' ' '\n' | sort -u)
}

make_base() {
    local named="$1" base="${IMAGE_BASE:-$WORK/base}" container setting
    [[ -x "$base/usr/bin/python" ]] || bootstrap "$base"
    container="$(builder from scratch)"
    builder add --quiet "$container" "$base" / >/dev/null
    builder config --cmd python3 "$container"
    for setting in "${ENVIRONMENT[@]}"; do builder config --env "$setting" "$container"; done
    builder commit --quiet --rm "$container" "$named" >/dev/null
}

build() {
    local named
    named="$(sed -n 's/^ARG PYTHON=//p' "$ROOT/Dockerfile")"
    [[ -n "$named" && "$named" != *@* ]] || fail "the Dockerfile's base must be a tag to be stood in for, not '$named'"
    borrow_pip_settings
    make_base "$named"
    say "Building the image on a stand-in for $named"
    builder build --isolation chroot --format docker --pull-never --quiet "${VOLUMES[@]}" \
        --tag carrier-relay:test "$ROOT" >"$WORK/build.log" 2>&1 \
        || { tail -n 40 "$WORK/build.log" >&2; fail "the build failed"; }
    ROOTFS="$(builder mount "$(builder from --pull-never carrier-relay:test)")"
    builder inspect --type image carrier-relay:test >"$WORK/image.json"
}

# ---- the proof ---------------------------------------------------------------------------------

# One item per line from the image's configuration.
told() { python3 -c 'import json, sys
found = json.load(open(sys.argv[1]))["Docker"]["config"]
for name in sys.argv[2].split("."): found = found.get(name) or []
print("\n".join([found] if isinstance(found, str) else found))' "$WORK/image.json" "$1"; }

within() {
    local seconds="$1"
    shift
    for ((; seconds > 0; seconds--)); do
        "$@" && return 0
        sleep 1
    done
    return 1
}

lay_out() {
    MACHINE="$WORK/machine"
    mkdir "$MACHINE"
    mount --bind "$ROOTFS" "$MACHINE"
    mount -o remount,bind,ro "$MACHINE"
    # A new volume gets what the image has there, owner and mode included.
    cp -a "$ROOTFS/data" "$WORK/volume"
    mount --bind "$WORK/volume" "$MACHINE/data"
    mount -t proc proc "$MACHINE/proc"
    mount -t tmpfs -o mode=755 tmpfs "$MACHINE/dev"
    local device
    for device in null urandom; do
        touch "$MACHINE/dev/$device"
        mount --bind "/dev/$device" "$MACHINE/dev/$device"
    done
    mapfile -t VARIABLES < <(told Env | grep -v '^PIP_')
    mapfile -t COMMAND < <(told Entrypoint; told Cmd)
    mapfile -t HEALTH < <(told Healthcheck.Test | tail -n +2)
    USERSPEC="$(told User)"
}

# Runs inside namespaces of its own for mounts and network.
in_image() {
    chroot --userspec="$USERSPEC" "$MACHINE" /usr/bin/env -i --chdir="$(told WorkingDir)" "${VARIABLES[@]}" \
        RELAY_ACCOUNTS__MYSTORE__APP_KEY=an-invented-key RELAY_ACCOUNTS__MYSTORE__APP_TOKEN=an-invented-token \
        RELAY_ACCOUNTS__MYSTORE__MODE=observe RELAY_ACCOUNTS__MYSTORE__BASE_URL=http://127.0.0.1:9 \
        RELAY_ACCOUNTS__MYSTORE__CARRIERS__EASYPOST__SECRETS='["an-invented-secret"]' "$@"
}

answers() {
    in_image python -c 'import sys
from urllib.request import urlopen
assert urlopen("http://127.0.0.1:8080" + sys.argv[1], timeout=5).status == 200' "$1" 2>/dev/null
}

fail_with_log() {
    tail -n 40 "$WORK/relay.log" >&2
    fail "$1"
}

prove() {
    local status=0 relay
    ip link set lo up
    lay_out
    [[ "$USERSPEC" =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail "the image's user must be numbers, and not root: '$USERSPEC'"
    ! in_image python -c 'open("/opt/relay/written", "w")' 2>/dev/null || fail "the root is not read-only"

    in_image "${COMMAND[@]}" >"$WORK/relay.log" 2>&1 &
    relay=$!
    ready_or_gone() { answers /readyz || ! kill -0 "$relay" 2>/dev/null; }
    within "$READY_SECONDS" ready_or_gone || fail_with_log "the relay was not ready in time"
    answers /readyz || fail_with_log "the relay ended before it was ready"
    answers /livez || fail_with_log "/livez did not answer 200"
    in_image "${HEALTH[@]}" || fail_with_log "the health check fails on a healthy relay"
    in_image carrier-relay send easypost delivered || fail_with_log "a signed webhook was not accepted"

    # The background shell waits for chroot, which has become the relay.
    kill -TERM "$(pgrep --parent "$relay" || echo "$relay")"
    gone() { ! kill -0 "$relay" 2>/dev/null; }
    within "$STOP_SECONDS" gone || fail_with_log "the relay did not stop on SIGTERM"
    wait "$relay" || status=$?
    ((status == 0)) || fail_with_log "the relay ended with $status on SIGTERM"
    ! in_image "${HEALTH[@]}" 2>/dev/null || fail_with_log "the health check succeeds without a relay"
    [[ -s "$WORK/volume/relay.db" ]] || fail_with_log "the volume holds no database"
}

if [[ "${1:-}" == --prove ]]; then
    WORK="$2" ROOTFS="$3"
    prove
else
    require_root_and_tools
    WORK="$(mktemp -d "${TMPDIR:-/tmp}/carrier-relay-image.XXXXXX")"
    chmod 755 "$WORK"
    trap clear_away EXIT
    build
    say "Running it as $(told User) on a read-only root"
    unshare --net --mount bash "${BASH_SOURCE[0]}" --prove "$WORK" "$ROOTFS" || fail "the image does not do its work"
    say "The image builds and runs"
fi
