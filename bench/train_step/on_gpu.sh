#!/usr/bin/env bash
# What takes a GPU to see of a build for one with LOWBIT_BENCH (docs/gpu.md): that its kernels agree with the CPU, and what they save
# of a training step. A minute or two; ends with 1 where a test fails.
# usage: bench/train_step/on_gpu.sh BUILD [FOLDER]     FOLDER, by default BUILD: where gpu-kernels-NETWORK.json and
#                                                      gpu-tensor-operations-NETWORK.json go
set -euo pipefail
[ $# -ge 1 ] || { sed -n 4,5p "$0"; exit 2; }
build=$1 folder=${2:-$1}

command -v nvidia-smi >/dev/null || { echo "on_gpu.sh: there is no nvidia-smi here; this wants a machine with an NVIDIA GPU" >&2; exit 2; }
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
"$build/lowbit/train/lowbit_train_test" --gtest_brief=1
for way in kernels tensor-operations; do
  for network in resnet20 vgg9; do
    options=(--device cuda --network $network --batch 128 --pairs 12 --threads 1 --json "$folder/gpu-$way-$network.json")
    [ $way = kernels ] || options+=(--tensor-operations)
    # VGG-9, where operations are large and few, is measured with some ways only.
    [ $network = resnet20 ] || options+=(--way float --way twn --way sq-twn --way w4a4-lsq-lsq --way slb-1)
    echo "== $way"
    "$build/bench/lowbit_bench_train_step" "${options[@]}"
  done
done
