#!/usr/bin/env bash
# Runs the tests of a build folder and counts them: a test case of GoogleTest and a check of a script are one each.
# usage: tools/run-tests.sh [BUILD_FOLDER [CTEST_OPTION...]]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build}
[ $# -gt 0 ] && shift
results=$PWD/$folder/test-results
rm -rf "$results"
mkdir -p "$results"

code=0
GTEST_OUTPUT=xml:$results/ LOWBIT_TEST_RESULTS=$results ctest --test-dir "$folder" --output-on-failure \
  --no-tests=error -j "$(nproc)" --output-junit "$results/ctest.junit" "$@" || code=$?

# One line for each program that counted for itself: cases, failures.
counts() {
  local file
  for file in "$results"/*.xml; do
    [ -e "$file" ] && sed -n 's/^<testsuites tests="\([0-9]*\)" failures="\([0-9]*\)".*/\1 \2/p' "$file"
  done
  cat "$results"/*.count 2>/dev/null || true
}
programs=$(grep -c '<testcase ' "$results/ctest.junit")
broken=$(grep -c '<testcase .*status="fail"' "$results/ctest.junit" || true)
# A program that died before it could count is one failed test; one that does not count is one test.
counts | awk -v programs="$programs" -v broken="$broken" '
  { cases += $1; failures += $2; ++counted; if ($2 > 0) ++counted_broken }
  END {
    passed = cases - failures + (programs - counted) - (broken - counted_broken)
    printf "%d passed, %d failed\n", passed, failures + broken - counted_broken
  }' >"$results/summary"
cat "$results/summary"
exit $code
