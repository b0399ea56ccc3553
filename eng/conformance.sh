#!/usr/bin/env bash
# Runs the unmodified Azure SDK packages of npm against a freshly built server.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
./gatehouse --version >/dev/null
cd tests/conformance
npm ci --no-audit --no-fund --loglevel=error
exec node run.mjs "$@"
