#!/usr/bin/env bash
# From nothing to a ternary network: installs what is needed, builds, trains three networks on Fashion-MNIST with equal
# budgets (float weights; ternary weights; ternary weights by stochastic quantization), packs them into small files, runs
# the files without a training framework, and ends with one table and one page. About 12 minutes on 2 cores.
# usage: ./demo.sh [--quick]       --quick: the same path with a tiny budget (about a minute); its accuracy means nothing
set -euo pipefail
cd "$(dirname "$0")"

out=out/demo
budget=()
# test.sh has built the tests too, in the same folder.
preset=${LOWBIT_PRESET:-program}
case ${1:-} in
  "") ;;
  --quick)
    out=out/demo-quick
    budget=(--set train.epochs=1 --set train.schedule.warmup=0.3 --set data.train_limit=2560 --set data.test_limit=1000)
    ;;
  *) sed -n 2,5p "$0"; exit 2 ;;
esac
lowbit=build/bin/lowbit
names=(float twn sq-twn)

stage() { printf '\n== %s (after %d:%02d)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }

title() {
  case $1 in
    float) echo "float" ;;
    twn) echo "ternary" ;;
    sq-twn) echo "ternary, SQ" ;;
  esac
}

# number KEY FILE: the number that stands behind "KEY": in a JSON file.
number() { sed -n "s/.*\"$1\": *\([-0-9.e+]*\).*/\1/p" "$2"; }

install_packages() { stage "Packages"; tools/install-deps.sh build; }

build_program() { stage "Build"; tools/build.sh "$preset"; }

train() {
  stage "Train: $(title "$1")"
  "$lowbit" train "recipes/fashion-mnist/small-$1.toml" --out "$out/$1" ${budget[@]+"${budget[@]}"}
}

# The trained network by libtorch, and the packed file by the runtime, on the same test images.
evaluate() {
  "$lowbit" eval "$out/$1" --json --predictions "$out/$1/trained.txt" >"$out/$1/trained.json"
  "$lowbit" pack "$out/$1" -o "$out/$1.lbm"
  "$lowbit" inspect "$out/$1.lbm" --json >"$out/$1/inspect.json"
  "$lowbit" eval "$out/$1.lbm" --json --predictions "$out/$1/packed.txt" >"$out/$1/packed.json"
}

# row NAME: one line of the table.
row() {
  local folder=$out/$1 same images
  images=$(wc -l <"$folder/trained.txt")
  same=$(paste "$folder/trained.txt" "$folder/packed.txt" | awk '$1 == $2' | wc -l)
  printf '%s|%s|%s|%s|%s|%s|%s of %s\n' "$(title "$1")" "$(number accuracy "$folder/trained.json")" \
    "$(number accuracy "$folder/packed.json")" "$(number file_bytes "$folder/inspect.json")" \
    "$(number bits_per_lowbit_weight "$folder/inspect.json")" "$(number milliseconds_per_image "$folder/packed.json")" \
    "$same" "$images"
}

print_table() {
  stage "Result"
  for name in "${names[@]}"; do row "$name"; done | awk -F'|' '
    BEGIN { format = "%-12s  %9s  %9s  %10s  %11s  %8s  %s\n"
      printf format, "weights", "trained", "packed", "file", "bits/weight", "ms/image", "same answer" }
    { bits = $5 > 0 ? sprintf("%.2f", $5) : "32"
      printf format, $1, sprintf("%.2f %%", 100 * $2), sprintf("%.2f %%", 100 * $3), $4 " B", bits,
        sprintf("%.3f", $6), $7 }'
  [ ${#budget[@]} -eq 0 ] || printf '\n--quick: 20 training steps each, tested on 1,000 images while training, on all here: the accuracies mean nothing.\n'
}

# The packed network must give the trained one's answers, whatever its accuracy.
check_agreement() {
  local name
  for name in "${names[@]}"; do
    cmp -s "$out/$name/trained.txt" "$out/$name/packed.txt" && continue
    echo "demo: the packed network '$name' differs from the trained one on some test image" >&2
    exit 1
  done
}

write_report() {
  "$lowbit" report "${names[@]/#/$out/}" -o "$out/report.html" >/dev/null
  printf '\nreport: %s\npacked network: %s\n' "$out/report.html" "$out/sq-twn.lbm"
  printf 'next: %s inspect %s; the README has the other commands\n' "$lowbit" "$out/sq-twn.lbm"
}

install_packages
build_program
rm -rf "$out"
mkdir -p "$out"
for name in "${names[@]}"; do train "$name"; done
stage "Evaluate and pack"
for name in "${names[@]}"; do evaluate "$name"; done
print_table
write_report
check_agreement
printf 'done after %d:%02d\n' $((SECONDS / 60)) $((SECONDS % 60))
