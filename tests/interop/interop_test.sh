#!/usr/bin/env bash
# Networks that `lowbit export` writes, in other tools: ONNX Runtime gives the same classes of 1,000 Fashion-MNIST images, and
# the checker of the ONNX project (Debian's python3-onnx, which knows opset 17) accepts what is of its time.
# usage: interop_test.sh MODULES [MODEL.lbm]   MODULES: node_modules with onnxruntime-node; MODEL: instead of a small one that
#                                              is trained here
source "$(dirname "$0")/../lib.sh"
modules=$(cd "$1" && pwd)
model=${2:-}
images=/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
count=1000
/usr/bin/python3 -c 'import onnx' 2>/dev/null || {
  echo "interop_test.sh: ONNX's checker is missing (Debian: tools/install-deps.sh interop)" >&2
  exit 1
}

if [ -z "$model" ]; then
  model=$scratch/run/model.lbm
  check "train a small network" "$lowbit" train "$root/recipes/fashion-mnist/small-sq-twn.toml" --out "$scratch/run" \
    --quiet --set train.epochs=1 --set data.train_limit=5120 --set train.schedule.warmup=0.2
fi
check "calibrate it" "$lowbit" calibrate "$model" -o "$scratch/integers.lbm"
check "calibrate it to 4 bits" "$lowbit" calibrate "$model" -o "$scratch/nibbles.lbm" --bits 4

accepted() { /usr/bin/python3 -c 'import sys, onnx; onnx.checker.check_model(sys.argv[1], full_check=True)' "$1"; }
answers() { node "$root/tests/interop/classify.js" "$modules" "$1" "$images" "$count" >"$2"; }

# agrees LEAST FILE FILE: so many of the answers are the same.
agrees() {
  local same
  same=$(paste "$2" "$3" | awk '$1 == $2' | wc -l)
  echo "        $same of $(wc -l <"$3") the same" >&3
  [ "$(wc -l <"$3")" = "$count" ] && [ "$same" -ge "$1" ]
}
exec 3>&1

# flavor NAME LEAST MODEL [OPTION]: how many of the answers are those of the runtime.
flavor() {
  local file=$scratch/$1${4:-}.onnx
  check "export $(basename "$3") as $1 ${4:-}" "$lowbit" export "$3" -o "$file" --flavor "$1" ${4:-}
  check "  ONNX Runtime runs it" answers "$file" "$scratch/theirs.txt"
  check "  and answers the same" agrees "$2" "$scratch/ours.txt" "$scratch/theirs.txt"
  case $1 in float | qdq) check "  the checker accepts it" accepted "$file" ;; esac
}

for network in "$model" "$scratch/integers.lbm" "$scratch/nibbles.lbm"; do
  "$lowbit" eval "$network" --data fashion-mnist --predictions "$scratch/all.txt" >"$scratch/eval.log" || exit 1
  head -n "$count" "$scratch/all.txt" >"$scratch/ours.txt"
  for name in float qdq; do flavor "$name" "$count" "$network"; done
  for name in float qdq; do flavor "$name" "$count" "$network" --external-data; done
  for name in int4 int2 matmulnbits; do flavor "$name" $((count * 99 / 100)) "$network"; done
  check "export as qonnx" "$lowbit" export "$network" -o "$scratch/q.onnx" --flavor qonnx
  check "  the checker accepts it" accepted "$scratch/q.onnx"
done
finish
