#!/usr/bin/env bash
# The style of the sources, checked by machines.
# usage: tools/lint.sh format         fail on a line that clang-format would change
#        tools/lint.sh fix            let clang-format change it
#        tools/lint.sh tidy [FILE...] clang-tidy over the files given, or all
set -euo pipefail
cd "$(dirname "$0")/.."

need() {
  command -v "$1" >/dev/null || { echo "$1 is missing; on Debian: tools/install-deps.sh lint" >&2; exit 1; }
}

sources() { git ls-files --cached --others --exclude-standard '*.h' '*.cc' '*.cpp' '*.c' '*.cu'; }

# clang-tidy reads build-tidy/compile_commands.json, and headers that the build generates.
tidy() {
  need clang-tidy
  need clang++
  cmake --preset tidy >/dev/null
  cmake --build build-tidy --target lowbit_generated >/dev/null
  local files=("$@")
  [ ${#files[@]} -gt 0 ] || mapfile -t files < <(sources | grep '\.cc$' | grep -v -e '^tests/install/' -e '^tests/plugin/toy/')
  printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy -p build-tidy --quiet --warnings-as-errors='*' \
    2> >(grep -v 'warnings generated\|Suppressed\|Use -header-filter\|Use -system' >&2)
  echo "clang-tidy: ${#files[@]} files, nothing to say"
}

case ${1:-} in
  format) need clang-format; sources | xargs clang-format --dry-run -Werror && echo "clang-format: nothing to change" ;;
  fix) need clang-format; sources | xargs clang-format -i ;;
  tidy) shift; tidy "$@" ;;
  *) sed -n 2,5p "$0"; exit 2 ;;
esac
