#!/usr/bin/env bash
# Runs the unmodified Azure SDK packages of npm against a freshly built server.
#   eng/conformance.sh --packages     only has the packages ready: ./test does it while it builds
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

# npm writes its own lock file last; one that is newer than ours says that all of it is there.
packages() {
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error
}

cd tests/conformance
if [ "${1:-}" = --packages ]; then
    packages
    exit
fi
../../gatehouse --version >/dev/null
packages
exec node run.mjs "$@"
