#!/usr/bin/env bash
# Counts what the hardware takes of a Xilinx UltraScale+ device, by yosys: LUTs, carry cells and flip-flops before place and route.
# usage: hardware/synthesis/run.sh [OUTPUT_FOLDER]   prints the tables of docs/results/accelerator.md; keeps the logs
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$(mktemp -d)}
mkdir -p "$out"
command -v yosys >/dev/null || { echo "yosys is missing; on Debian: apt-get install yosys" >&2; exit 1; }

# count NAME TOP PARAMETER=VALUE...: "LUTs carry-cells flip-flops memories' LUTs block-RAMs". Wide multiplexers (MUXF7, MUXF8) are not
# used: they would save time in exchange for up to four LUTs each.
count() {
  local name=$1 top=$2 settings="" pair
  shift 2
  for pair in "$@"; do settings+=" -set ${pair%=*} ${pair#*=}"; done
  yosys -q -p "read_verilog $here/rtl/*.v $here/synthesis/*.v; chparam$settings $top;
    synth_xilinx -family xcup -nodsp -noiopad -nowidelut -nosrl -flatten -top $top; tee -o $out/$name.stat stat" \
    >"$out/$name.log" 2>&1 || { tail -n 5 "$out/$name.log" >&2; exit 1; }
  awk '$1 ~ /^(LUT[1-6]|INV)$/ { lut += $2 } $1 ~ /^CARRY[48]$/ { carry += $2 } $1 ~ /^FD[RSCP]E$/ { ff += $2 }
       $1 ~ /^RAM(32|64|128|256)/ { ram += $2 } $1 ~ /^RAMB/ { block += $2 }
       END { printf "%d %d %d %d %d", lut, carry, ff, ram, block }' "$out/$name.stat"
}

mac() {
  local bits=$1 k=$2 e=$(($1 - 1 - $2)) sum=$3 one array
  one=$(count "product-$bits-$k" multiply_codes EXPONENT=$e FRACTION=$k)
  array=$(count "array-$bits-$k" product_array LANES=8 WEIGHT_EXPONENT=$e WEIGHT_FRACTION=$k ACTIVATION_EXPONENT=$e \
    ACTIVATION_FRACTION=$k ACTIVATION_SIGNED=1 SUM_BITS=$sum)
  echo "$bits $k $sum $one $array" | awk '{ per = $9 / 64
    printf "| %d,%d | %d | %d | %d | %d | %d | %.1f | %.1f | %.1f | %.0f |\n",
      $1, $2, $3, $4, $9, $10, $11, per, 2 * 200 / per, 2 * 300 / per, 10.95 * per / 2 }'
}

echo "yosys: $(yosys -V)"
echo "| b,k | sum bits | LUT, one product | LUT, 64 MACs | CARRY4 | FF | LUT per MAC | GOPS per kLUT at 200 MHz | at 300 MHz | MHz for 10.95 |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for coding in "2 0" "3 0" "3 1" "4 0" "4 1" "4 2" "5 1" "5 2" "5 3" "6 2" "6 3" "6 4" "8 5" "8 6"; do
  # The same accumulator for all but the codings whose products leave no room in it for a layer.
  case $coding in "4 0" | "5 1" | "6 2" | "8 5") mac $coding 32 ;; *) mac $coding 24 ;; esac
done
echo
echo "| whole accelerator, 8 lanes | LUT | CARRY4 | FF | RAM in LUTs | block RAM |"
echo "|---|---|---|---|---|---|"
whole() {
  local name=$1 title=$2
  shift 2
  echo "$(count "$name" lowbit_accelerator LANES=8 LAYER_BITS=5 "$@")" |
    awk -v title="$title" '{ printf "| %s | %d | %d | %d | %d | %d |\n", title, $1, $2, $3, $4, $5 }'
}
whole whole-41 "weights (4,1), activations unsigned e = 2, k = 1" ACTIVATION_EXPONENT=2 
whole whole-20 "weights (2,0), activations unsigned e = 2, k = 1" ACTIVATION_EXPONENT=2 WEIGHT_EXPONENT=1 WEIGHT_FRACTION=0
