#!/usr/bin/env bash
# Builds the fuzz targets and runs each for some seconds, one after the other. What is found first (an input that brings
# the reader down) is left in build-fuzz/findings/ and ends the run with 1.
# usage: tools/fuzz.sh SECONDS [TARGET...]        (targets: fuzz_idx ...; all of them by default)
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?"usage: tools/fuzz.sh SECONDS [TARGET...]"}
shift
cmake --preset fuzz >/dev/null
mapfile -t targets < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else
  find lowbit -name 'fuzz_*.cc' -exec basename {} .cc \; | sort; fi)
cmake --build build-fuzz --target "${targets[@]}"
mkdir -p build-fuzz/findings
for target in "${targets[@]}"; do
  program=$(find build-fuzz -type f -name "$target" -perm -u+x | head -n 1)
  corpus=build-fuzz/corpus/$target
  mkdir -p "$corpus"
  echo "== $target, $seconds s"
  "$program" "$corpus" tests/fuzz/corpus/"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix=build-fuzz/findings/"$target"- -print_final_stats=1 2>&1 | tee "build-fuzz/$target.log" |
    grep -E '^(==|SUMMARY|ERROR|#[0-9]+.*(DONE|pulse)|stat::|Done|artifact)' || true
  if [ "${PIPESTATUS[0]}" -ne 0 ]; then
    echo "$target: found something; the input is in build-fuzz/findings/, the trace in build-fuzz/$target.log" >&2
    exit 1
  fi
done
