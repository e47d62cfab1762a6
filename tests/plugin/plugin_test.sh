#!/usr/bin/env bash
# What a new quantization method costs: two folders. Copies the tree, adds lowbit/quant/methods/toy and
# lowbit/train/methods/toy, edits nothing else, builds the program, and trains, packs and runs a network with it.
# The objects that did not change come out of ccache where that is installed.
source "$(dirname "$0")/../lib.sh"
tree=$scratch/tree
toy=$root/tests/plugin/toy
lowbit=$tree/build/bin/lowbit

copy_tree() {
  mkdir "$tree" && tar -C "$root" --exclude='./build*' --exclude=./.git --exclude=./out --exclude=./runs -cf - . |
    tar -C "$tree" -xf -
}

add_toy() {
  mkdir "$tree"/lowbit/{quant,train}/methods/toy && cp "$toy"/quant/* "$tree/lowbit/quant/methods/toy/" &&
    cp "$toy"/train/* "$tree/lowbit/train/methods/toy/"
}

build_program() {
  cd "$tree" && tools/build.sh program
}

train_tiny() {
  cd "$scratch" && "$lowbit" train "$tree/recipes/fashion-mnist/small-twn.toml" --out "$scratch/run" \
    --set quantize.method="$1" --set train.epochs=1 --set train.schedule.warmup=0.3 --set data.train_limit=512 --set data.test_limit=256
}

# A grey 28 x 28 picture.
draw() {
  { printf 'P5 28 28 255\n'; head -c 784 /dev/zero | tr '\0' '\200'; } >"$scratch/grey.pgm"
}

check "the tree is copied" copy_tree
check "the toy's two folders are added" add_toy
check "the copy builds" build_program
check "an unknown method is refused by name, and the toy is among those listed" fails_with 2 train_tiny tou
check "the message names the toy" says toy "$scratch/err"
check "a network is trained with the toy" train_tiny toy
check "it is packed" "$lowbit" pack "$scratch/run" -o "$scratch/toy.lbm"
check "the packed file is evaluated" "$lowbit" eval "$scratch/toy.lbm" --json
check "the packed file holds ternary weights" bash -c "'$lowbit' inspect '$scratch/toy.lbm' | grep -q ternary"
draw
check "the packed file classifies a picture" "$lowbit" run "$scratch/toy.lbm" "$scratch/grey.pgm"
finish
