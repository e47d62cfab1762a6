#!/usr/bin/env bash
# Networks written as C, cross-compiled for Arm's Cortex-M processors and run by an emulator, give the runtime's outputs bit for bit.
# usage: microcontroller_test.sh NETWORK_PROGRAM [FILE.lbm...]
#   NETWORK_PROGRAM  lowbit_microcontroller_network
#   FILE.lbm         networks to run too, whose sizes and instructions are printed
# Needs gcc-arm-none-eabi, libnewlib-arm-none-eabi and qemu-system-arm (tools/install-deps.sh microcontroller).

source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
program=$1
shift
here=$root/tests/microcontroller
for tool in arm-none-eabi-gcc arm-none-eabi-size qemu-system-arm; do
  command -v $tool >/dev/null || { echo "$tool is missing: tools/install-deps.sh microcontroller"; exit 2; }
done

# name: board and processor of the emulator, and the compiler's options
declare -A boards=([m0]=mps2-an385 [m3]=mps2-an385 [m4]=mps2-an386 [m7]=mps2-an500)
declare -A options=(
  [m0]="-mcpu=cortex-m0 -mfloat-abi=soft"
  [m3]="-mcpu=cortex-m3 -mfloat-abi=soft"
  [m4]="-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard"
  [m7]="-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard"
)

build() { # FOLDER PROCESSOR
  arm-none-eabi-gcc -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -mthumb ${options[$2]} -ffunction-sections -nostartfiles \
    -T "$here/board.ld" -Wl,--gc-sections -I "$1" -I "$root" -o "$1/$2.elf" "$1/net.c" "$here/main.c" -x c -std=gnu99 \
    "$here/startup.c" -lm
}

run() { # FOLDER PROCESSOR; one instruction takes one nanosecond there
  timeout 300 qemu-system-arm -machine "${boards[$2]}" -icount shift=0 -semihosting-config enable=on,target=native \
    -display none -monitor none -serial none -kernel "$1/$2.elf" >"$1/$2.out" 2>&1
}

agrees() { # FOLDER PROCESSOR
  build "$1" "$2" && run "$1" "$2" && grep -qx 'different 0' "$1/$2.out" || { cat "$1/$2.out"; return 1; }
}

for seed in 1 2 3 4 5 6; do
  check "random network $seed is written" "$program" random $seed "$scratch/$seed"
  for processor in m0 m3 m4 m7; do
    check "random network $seed on a Cortex-$processor" agrees "$scratch/$seed" $processor
  done
done

for file in "$@"; do
  folder=$scratch/$(basename "$(dirname "$file")")-$(basename "$file")
  check "$file is written" "$program" file "$file" "$folder"
  for processor in m0 m3 m4 m7; do
    check "$file on a Cortex-$processor" agrees "$folder" $processor
    arm-none-eabi-size "$folder/$processor.elf" | tail -1
    cat "$folder/$processor.out"
  done
done
finish
