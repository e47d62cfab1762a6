#!/usr/bin/env bash
# Installs into an empty folder and builds programs against it that know nothing of this tree: with the runtime component in
# C++ and in C, and with the training component where there is one; and runs the Python package where there is a Python with NumPy.
# usage: install_test.sh BUILD_FOLDER LOWBIT_TRAIN(ON|OFF) NET.lbm PYTHON PYTHON_FOLDER
source "$(dirname "$0")/../lib.sh"
build=$(cd "$1" && pwd)
train=$2
net=$3
python=$4
packages=$5
prefix=$scratch/prefix

configure() {
  cmake -S "$root/tests/install/consumer" -B "$scratch/$1" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DPROGRAM="$1"
}

# program_runs PROGRAM: configures, builds and runs tests/install/consumer.
program_runs() { configure "$1" && cmake --build "$scratch/$1" && (cd "$scratch" && "./$1/consumer"); }

# What is installed stands alone: no path of the source tree or the build folder is left in it.
names_no_path() { ! grep -rlF -e "$root/" -e "$build/" "$prefix" --include='*.cmake' --include='*.h' --include='*.py'; }

# python_runs PREFIX: the example prints three numbers, by the package and the library of that installation.
python_runs() {
  (cd "$scratch" && env -u LOWBIT_LIBRARY -u LD_LIBRARY_PATH PYTHONPATH="$1/$packages" PYTHONDONTWRITEBYTECODE=1 \
    "$python" "$root/examples/run_model.py" "$net" >"$scratch/out") && [ "$(wc -l <"$scratch/out")" = 3 ]
}
moves_and_runs() { mv "$prefix" "$scratch/moved" && python_runs "$scratch/moved"; }

check "installs" cmake --install "$build" --prefix "$prefix"
check "installed files name no path of the source tree" names_no_path
check "a C++ program builds and runs with the runtime component" program_runs runtime
check "a C program builds and runs with the runtime component" program_runs c
if [ "$train" = ON ]; then
  check "a program builds and runs with the training component" program_runs train
else
  check "the training component is refused where it was not built" fails_with 1 configure train
fi
if [ -x "$python" ]; then
  check "Python runs a network with what is installed" python_runs "$prefix"
  check "and where the installation was moved to another place" moves_and_runs
fi
finish
