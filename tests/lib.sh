# The frame of the tests that are shell scripts. A script sources this, makes its checks, and ends with `finish`.
#
#   check "what holds" COMMAND...        passes if the command exits with 0
#   says "part of a text" FILE           for check: the file holds the text
#   same_run FOLDER FOLDER               for check: two runs ended with the same bits, times aside
#   fails_with CODE COMMAND...           for check: the command exits with CODE; its output is in $scratch/out and /err
#
# $scratch is an empty folder that is removed at the end; $lowbit is the program, $root the source tree.

set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lowbit=${LOWBIT_PROGRAM:-$root/build/bin/lowbit}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
checks_passed=0
checks_failed=0

check() {
  local what=$1
  shift
  if "$@" >"$scratch/check.log" 2>&1; then
    checks_passed=$((checks_passed + 1))
    printf 'ok      %s\n' "$what"
  else
    checks_failed=$((checks_failed + 1))
    printf 'FAILED  %s (%s)\n' "$what" "$*"
    tail -n 20 "$scratch/check.log"
    tail -n 5 "$scratch/err" 2>/dev/null
  fi
}

says() { grep -qF -- "$1" "$2"; }

fails_with() {
  local expected=$1 code=0
  shift
  "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
  [ "$code" = "$expected" ] || { echo "exit code $code, not $expected"; cat "$scratch/err"; return 1; }
}

# The tensors of a run's checkpoint: what follows the 8 bytes of length and the header.
run_tensors() {
  local file=$1/checkpoint.safetensors header
  header=$(od -An -t u8 -N 8 "$file" | tr -d ' ')
  tail -c +$((8 + header + 1)) "$file"
}
# Every measured number of a run but the times.
run_metrics() { sed -E 's/"(seconds|images_per_second)":[^,}]*//g' "$1/metrics.jsonl"; }

same_run() { cmp <(run_tensors "$1") <(run_tensors "$2") && diff <(run_metrics "$1") <(run_metrics "$2"); }

finish() {
  local total=$((checks_passed + checks_failed))
  if [ -n "${LOWBIT_TEST_RESULTS:-}" ]; then
    echo "$total $checks_failed" >"$LOWBIT_TEST_RESULTS/$(basename "$(dirname "$0")")-$(basename "$0" .sh).count"
  fi
  echo "$checks_passed passed, $checks_failed failed"
  [ "$checks_failed" = 0 ] && [ "$total" -gt 0 ]
}
