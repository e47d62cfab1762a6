#!/usr/bin/env bash
# Configures and builds one preset. On a terminal ninja shows its own progress; elsewhere there is a line for each tenth.
# usage: tools/build.sh PRESET [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?"usage: tools/build.sh PRESET [TARGET...]"}
shift
folder=build
case $preset in release | program) ;; *) folder=build-$preset ;; esac

# A file with libtorch's headers takes up to 2.5 GB to compile.
jobs() {
  local cores by_memory
  cores=$(nproc)
  by_memory=$(awk '/^MemAvailable:/ { print int($2 / 2500000) }' /proc/meminfo)
  [ "${by_memory:-1}" -ge 1 ] || by_memory=1
  [ "$cores" -le "$by_memory" ] && echo "$cores" || echo "$by_memory"
}

tenths() {
  awk -v start="$(date +%s)" '
    match($0, /^\[[0-9]+\/[0-9]+\]/) {
      split(substr($0, 2, RLENGTH - 2), part, "/")
      # What the build files themselves need is built, and counted, before the rest.
      if (part[1] + 0 < before) last = 0
      before = part[1] + 0
      tenth = int(10 * part[1] / part[2])
      if (tenth > last && part[2] >= 30) { "date +%s" | getline now; close("date +%s")
        printf "build: %3d %%, %d s\n", 10 * tenth, now - start; fflush(); last = tenth }
      next
    }
    /^ninja: (Entering|no work)/ { next }
    { print; fflush() }'
}

start=$SECONDS
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
if [ -t 1 ]; then
  cmake --build "$folder" -j "$(jobs)" ${1:+--target "$@"}
else
  cmake --build "$folder" -j "$(jobs)" ${1:+--target "$@"} 2>&1 | tenths
fi
echo "build: $folder is up to date after $((SECONDS - start)) s"
