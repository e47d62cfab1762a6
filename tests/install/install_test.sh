#!/usr/bin/env bash
# Installs into an empty folder and builds a program against it that knows nothing of this tree, once for each component.
# usage: install_test.sh BUILD_FOLDER LOWBIT_TRAIN(ON|OFF)
source "$(dirname "$0")/../lib.sh"
build=$(cd "$1" && pwd)
train=$2
prefix=$scratch/prefix

# consumer_of COMPONENT: configures, builds and runs tests/install/consumer.
consumer_of() {
  cd "$scratch" && cmake -S "$root/tests/install/consumer" -B "$scratch/$1" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCOMPONENT="$1" &&
    cmake --build "$scratch/$1" && "$scratch/$1/consumer"
}

# The installed files alone: no path of the source tree or the build folder is left in them.
names_no_path() { ! grep -rlF -e "$root/" -e "$build/" "$prefix/lib" "$prefix/include" --include='*.cmake' --include='*.h'; }

check "installs" cmake --install "$build" --prefix "$prefix"
check "installed files name no path of the source tree" names_no_path
check "a program builds and runs with the runtime component" consumer_of runtime
if [ "$train" = ON ]; then
  check "a program builds and runs with the train component" consumer_of train
else
  check "the train component is refused where it was not built" fails_with 1 cmake -S "$root/tests/install/consumer" \
    -B "$scratch/refused" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCOMPONENT=train
fi
finish
