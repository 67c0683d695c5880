#!/usr/bin/env bash
# Print the path of a Python new enough for the relay, or say on stderr what is missing.
#
# A name on PATH may be a version manager's shim that refuses to run, so each candidate
# has to run and report its version before it is chosen. PYTHON=/path/to/python decides by hand.
set -euo pipefail

candidates=(python3 python3.13 python3.12 python3.11)
if [[ -n "${PYTHON:-}" ]]; then
    candidates=("$PYTHON")
fi

tried=()
for candidate in "${candidates[@]}"; do
    version="$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" || continue
    if ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        tried+=("$candidate is Python $version")
        continue
    fi
    if ! "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        tried+=("$candidate is Python $version but has no venv (on Debian: apt-get install python3-venv)")
        continue
    fi
    command -v "$candidate"
    exit 0
done

{
    echo "carrier-relay needs Python 3.11 or newer with venv; none was found."
    ((${#tried[@]} == 0)) || printf '  %s\n' "${tried[@]}"
    echo "Install one, or name it: make install PYTHON=/path/to/python3.12"
} >&2
exit 1
