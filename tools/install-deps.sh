#!/usr/bin/env bash
# Installs the Debian packages that lowbit needs. Does nothing, and asks no network, when all are there.
# usage: tools/install-deps.sh [GROUP...]
#   build    compiler, libraries and the demo's data set (the default)
#   runtime  compiler and libraries of a build without libtorch
#   test     build, and what the tests need: GoogleTest, a browser without a window, ccache, Verilator, NumPy
#   aarch64  cross compiler and libraries of a build for 64-bit ARM without libtorch, and qemu
#   microcontroller  cross compiler for Arm's Cortex-M, and qemu
#   lint     clang, clang-format, clang-tidy, libFuzzer
#   bench    what the benchmarks against other software need besides: node, npm, NumPy, PyTorch for Python
#   interop  what the tests against other tools need besides: node, npm, ONNX's checker
#   --list   prints the packages of the groups that follow, and installs nothing
set -euo pipefail

runtime="cmake ninja-build g++ libhwy-dev libflatbuffers-dev flatbuffers-compiler libtomlplusplus-dev libcli11-dev
  libfmt-dev nlohmann-json3-dev libprotobuf-dev protobuf-compiler libpng-dev libjpeg-dev zlib1g-dev libsndfile1-dev libxxhash-dev libstb-dev"
build="$runtime libtorch-dev libgloo-dev dataset-fashion-mnist"
test="$build libonnx-testdata libgtest-dev libgmock-dev ccache chromium-headless-shell fonts-dejavu-core verilator python3
  python3-numpy"
aarch64="$runtime g++-aarch64-linux-gnu qemu-user-static libhwy-dev:arm64 libflatbuffers-dev:arm64
  libtomlplusplus-dev:arm64 libfmt-dev:arm64 libprotobuf-dev:arm64 libpng-dev:arm64 libjpeg-dev:arm64 zlib1g-dev:arm64 libsndfile1-dev:arm64
  libxxhash-dev:arm64
  libgtest-dev:arm64 libgmock-dev:arm64"
microcontroller="$runtime gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"
lint="clang clang-format clang-tidy git libclang-rt-dev"
bench="nodejs npm python3-numpy python3-torch"
interop="nodejs npm python3-onnx"

say() { printf 'install-deps: %s\n' "$*"; }
fail() { printf 'install-deps: %s\n' "$*" >&2; exit 1; }

packages_of() {
  local group
  for group in "$@"; do
    case $group in
      build | runtime | test | aarch64 | microcontroller | lint | bench | interop) printf '%s\n' ${!group} ;;
      *) sed -n '2,12p' "$0" >&2; exit 2 ;;
    esac
  done | sort -u
}

missing_of() {
  local present
  # With its architecture too: that is how packages of another one are asked for.
  present=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n${db:Status-Status} ${Package}:${Architecture}\n' "$@" \
    2>/dev/null | sed -n 's/^installed //p' | sort -u)
  # A node that came with npm from somewhere else does as well, and Debian's npm cannot be installed beside it.
  command -v npm >/dev/null && present=$(printf '%s\n' "$present" nodejs npm | sort -u)
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$present")
}

# Runs a command of apt; waits while another one holds its locks; shows the end of what it said if it fails.
apt_quietly() {
  local log tries
  log=$(mktemp)
  for tries in 1 2 3 4 5 6 7 8 9 10 11 12; do
    if "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
      -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" >"$log" 2>&1 </dev/null; then
      rm -f "$log"
      return 0
    fi
    grep -q 'Could not get lock' "$log" || break
    [ "$tries" = 1 ] && say "another program is using apt; waiting for it"
    sleep 10
  done
  tail -n 20 "$log" >&2
  rm -f "$log"
  return 1
}

[ "${1:-}" = --list ] && { shift; packages_of "${@:-build}"; exit 0; }
groups=("${@:-build}")
wanted=$(packages_of "${groups[@]}")

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "no apt here: lowbit expects the equivalents of these Debian 12 packages: $(echo $wanted)"
  exit 0
fi
missing=$(missing_of $wanted)
[ -z "$missing" ] && exit 0

root=()
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    root=(sudo)
  else
    fail "these Debian packages are missing and only root may install them (apt-get install" $missing")"
  fi
fi

say "$(echo "$missing" | wc -l) packages are missing, and what they need:" $missing
start=$SECONDS
case $missing in *:arm64*) "${root[@]}" dpkg --add-architecture arm64 ;; esac
apt_quietly update || say "apt-get update failed; going on with the lists that are there"
apt_quietly install -y --no-install-recommends $missing || fail "apt-get could not install the packages (its words are above)"
say "done after $((SECONDS - start)) s"
