#!/usr/bin/env bash
# Installs what is needed, builds, runs every test and the demo cut to a minute. From a fresh clone on a bare Debian 12
# this is the only command.
set -euo pipefail
cd "$(dirname "$0")"

tools/install-deps.sh test
tools/build.sh release
code=0
tools/run-tests.sh build || code=$?
read -r passed _ failed _ <build/test-results/summary
echo "demo: its own path, cut to about a minute"
if LOWBIT_PRESET=release ./demo.sh --quick; then passed=$((passed + 1)); else failed=$((failed + 1)) code=1; fi
echo "$passed passed, $failed failed"
exit $code
