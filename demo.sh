#!/usr/bin/env bash
# From nothing to a ternary network: installs, builds, trains three networks on Fashion-MNIST (float weights, ternary
# weights, ternary weights by stochastic quantization), packs the last into a small file, runs that file without a
# training framework, and ends with one table and one page. About 12 minutes on 2 cores.
# usage: ./demo.sh [--quick]       --quick: the same path with a tiny budget (about a minute); its accuracy means nothing
set -euo pipefail
cd "$(dirname "$0")"

quick=
case ${1:-} in
  "") ;;
  --quick) quick=1 ;;
  *) sed -n 2,5p "$0"; exit 2 ;;
esac

recipes=recipes/fashion-mnist
out=out/demo
options=()
if [ -n "$quick" ]; then
  out=out/demo-quick
  options=(--set train.epochs=1 --set train.limit=2000)
fi
lowbit=build/bin/lowbit

stage() { printf '\n== %s (%d:%02d)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }

install_packages() {
  stage "Packages"
  tools/install-deps.sh build
}

build_lowbit() {
  stage "Build"
  tools/build.sh release
}

# train_one NAME: the recipe small-NAME.toml into $out/NAME.
train_one() {
  stage "Train $1"
  "$lowbit" train "$recipes/small-$1.toml" --out "$out/$1" "${options[@]}"
}

evaluate_runs() {
  stage "Evaluate"
  local name
  for name in float twn sq-twn; do
    "$lowbit" eval "$out/$name" --json >"$out/$name.json"
  done
}

pack_ternary() {
  stage "Pack"
  "$lowbit" pack "$out/sq-twn" -o "$out/sq-twn.lbm"
  "$lowbit" inspect "$out/sq-twn.lbm"
}

run_packed() {
  stage "Run the packed file"
  "$lowbit" eval "$out/sq-twn.lbm" --json >"$out/packed.json"
}

print_table() {
  stage "Result"
}

write_report() {
  "$lowbit" report "$out/float" "$out/twn" "$out/sq-twn" -o "$out/report.html"
  echo "report: $out/report.html"
}

install_packages
build_lowbit
rm -rf "$out"
mkdir -p "$out"
for name in float twn sq-twn; do train_one "$name"; done
evaluate_runs
pack_ternary
run_packed
print_table
write_report
