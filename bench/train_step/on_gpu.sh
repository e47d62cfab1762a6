#!/usr/bin/env bash
# What takes a GPU to see of a build with LOWBIT_CUDA_PASSES and LOWBIT_BENCH (docs/gpu.md): that its kernels agree with the
# CPU, and what they save of a training step. Some minutes; ends with 1 where a test fails.
# usage: bench/train_step/on_gpu.sh BUILD [FOLDER]     FOLDER, by default BUILD: where gpu-kernels.json and
#                                                      gpu-tensor-operations.json go
set -euo pipefail
[ $# -ge 1 ] || { sed -n 4,5p "$0"; exit 2; }
build=$1 folder=${2:-$1}

nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
"$build/lowbit/train/lowbit_train_test" --gtest_filter='Kernels*:Devices*'
for way in kernels tensor-operations; do
  options=(--device cuda --network resnet20 --batch 128 --pairs 12 --threads 1 --json "$folder/gpu-$way.json")
  [ $way = kernels ] || options+=(--tensor-operations)
  echo "== $way"
  "$build/bench/lowbit_bench_train_step" "${options[@]}"
done
