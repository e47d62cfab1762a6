#!/usr/bin/env bash
# Every header below the trainer's part of the tree compiles alone, as C++17 (files that include libtorch are compiled
# as C++17 by clang, and include these). Needs a compiler only: no header of these libraries shows a third-party one.
# usage: headers_test.sh COMPILER
source "$(dirname "$0")/../lib.sh"
compiler=${1:-c++}
cd "$root" || exit 1

compile_alone() {
  echo "#include \"$1\"" | "$compiler" -std=c++17 -Wall -Wextra -Werror -fsyntax-only -I. -x c++ - >"$2" 2>&1
}
export -f compile_alone
export compiler

# Headers of tests that show a generated one need its folder.
mapfile -t headers < <(find lowbit/{base,core,recipe,quant,data,models,format} -name "*.h" -exec grep -L "\.pb\.h\"" {} + | sort)
printf '%s\n' "${headers[@]}" | xargs -P "$(nproc)" -I{} bash -c \
  'log=$0/$(echo {} | tr / _); compile_alone {} "$log" && rm -f "$log"' "$scratch"
for header in "${headers[@]}"; do
  log=$scratch/${header//\//_}
  check "$header compiles alone as C++17" bash -c "[ ! -e '$log' ] || { cat '$log'; exit 1; }"
done
check "the list of headers is not empty" [ ${#headers[@]} -gt 20 ]
finish
