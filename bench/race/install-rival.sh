#!/usr/bin/env bash
# Installs ONNX Runtime for node into FOLDER/node_modules, unless it is there. Runs no script of the package: the library for
# Linux comes with it.
# usage: bench/race/install-rival.sh FOLDER
set -euo pipefail
[ $# = 1 ] || { sed -n '2,4p' "$0" >&2; exit 2; }

version=1.30
folder=$1
[ -d "$folder/node_modules/onnxruntime-node" ] && exit 0
command -v npm >/dev/null && command -v node >/dev/null || {
  echo "install-rival.sh: node and npm are missing (Debian: tools/install-deps.sh bench)" >&2
  exit 1
}
mkdir -p "$folder"
npm install --ignore-scripts --no-audit --no-fund --loglevel=error --prefix "$folder" "onnxruntime-node@$version"
