#!/usr/bin/env bash
# Refreshes the code blocks of a markdown file that quote a file of the tree: those below a line <!-- file: PATH -->.
# usage: tools/quote.sh FILE...
set -euo pipefail
cd "$(dirname "$0")/.."
for file in "$@"; do
  awk '
    /^<!-- file: / { path = $3; print; pending = 1; next }
    pending && /^```/ { print; while ((getline line < path) > 0) print line; close(path); pending = 0; inside = 1; next }
    inside && /^```/ { inside = 0 }
    !inside { print }' "$file" >"$file.part"
  mv "$file.part" "$file"
done
