#!/usr/bin/env bash
# Bad input of every kind ends in one sentence on standard error, nothing on standard output, the right exit code and no
# partial file; never in a crash.
# usage: bad_input_test.sh MAKE_FILES_PROGRAM LOWBIT_TRAIN(ON|OFF)
source "$(dirname "$0")/../lib.sh"
make_files=$1
train=$2
files=$scratch/files
"$make_files" "$files" || exit 1
model=$files/model.lbm
bad=$scratch/bad
mkdir "$bad"

# sentence CODE TEXT COMMAND...: exit code, and one line on standard error that holds TEXT.
sentence() {
  local code=$1 text=$2
  shift 2
  fails_with "$code" "$@" || return 1
  [ ! -s "$scratch/out" ] || { echo "standard output is not empty"; return 1; }
  [ "$(wc -l <"$scratch/err")" = 1 ] || { echo "standard error is not one line"; return 1; }
  says "$text" "$scratch/err" || { echo "the line does not say: $text"; return 1; }
}

# usage COMMAND...: wrong usage; one line, and one that points at --help.
usage() {
  fails_with 2 "$@" && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/err")" = 2 ] && says "--help" "$scratch/err"
}

# change FILE OFFSET TO: a copy of FILE with the byte at OFFSET replaced.
change() {
  cp "$1" "$3"
  local old
  old=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf "\\$(printf '%03o' $(((old + 1) % 256)))" | dd of="$3" bs=1 seek="$2" conv=notrunc status=none
}

damaged_models() {
  local size offset
  size=$(stat -c %s "$model")
  : >"$bad/empty.lbm"
  head -c 100 /dev/zero >"$bad/zeros.lbm"
  cp "$model" "$bad/longer.lbm" && printf x >>"$bad/longer.lbm"
  for offset in 1 7 8 40 $((size / 2)) $((size - 1)); do head -c "$offset" "$model" >"$bad/cut-$offset.lbm"; done
  for offset in 0 4 8 16 100 $((size / 2)) $((size - 1)); do change "$model" "$offset" "$bad/changed-$offset.lbm"; done
  printf 'a text that is no model' >"$bad/text.lbm"
}

damaged_models
printf 'P5 20 16 255\n%320s' x >"$scratch/picture.pgm"
check "the undamaged model runs" "$lowbit" run "$model" "$scratch/picture.pgm"
for file in "$bad"/*.lbm; do
  name=$(basename "$file")
  check "inspect refuses $name" sentence 2 "$name" "$lowbit" inspect "$file"
  check "run refuses $name" sentence 2 "$name" "$lowbit" run "$file" "$scratch/picture.pgm"
done
check "a model that is not there" sentence 2 "nowhere.lbm" "$lowbit" inspect "$bad/nowhere.lbm"
check "a folder in place of a model" sentence 2 "$bad" "$lowbit" inspect "$bad"
check "eval of a damaged model" sentence 2 "text.lbm" "$lowbit" eval "$bad/text.lbm" --data "idx:$files/stripes"
check "with --json, too, standard output stays empty" sentence 2 "text.lbm" "$lowbit" inspect "$bad/text.lbm" --json

: >"$bad/empty.png"
printf '\211PNG\r\n\032\nrubbish' >"$bad/cut.png"
printf '\377\330\377\340rubbish' >"$bad/cut.jpg"
printf 'P5 20 16 255\nshort' >"$bad/short.pgm"
printf 'P5 99999999 99999999 255\n' >"$bad/huge.pgm"
printf 'no picture at all' >"$bad/text.pgm"
for file in "$bad"/*.{png,jpg,pgm}; do
  check "run refuses the picture $(basename "$file")" sentence 2 "$(basename "$file")" "$lowbit" run "$model" "$file"
done

# damage_set FROM NAME FILE COMMAND...: a copy of a data set whose FILE was treated by COMMAND.
damage_set() {
  local from=$1 to=$bad/$2 file=$3
  shift 3
  cp -r "$from" "$to" && "$@" "$to/$file"
}
empty() { : >"$1"; }
halve() { truncate -s "$(($(stat -c %s "$1") / 2 + 1))" "$1"; }
lengthen() { printf x >>"$1"; }
first_byte() { printf '\377' | dd of="$1" bs=1 conv=notrunc status=none; }

stripes=$files/stripes
for how in empty halve lengthen first_byte rm; do
  damage_set "$stripes" "images-$how" t10k-images-idx3-ubyte.gz $how
  damage_set "$stripes" "labels-$how" t10k-labels-idx1-ubyte $how
  check "test images: $how" sentence 2 t10k-images "$lowbit" eval "$model" --data "idx:$bad/images-$how"
  check "test labels: $how" sentence 2 t10k-labels "$lowbit" eval "$model" --data "idx:$bad/labels-$how"
done
for how in empty halve lengthen rm; do
  damage_set "$files/colours" "tints-$how" test_batch.bin $how
  check "CIFAR file: $how" sentence 2 test_batch.bin "$lowbit" eval "$model" --data "cifar:$bad/tints-$how"
done
check "images that do not fit the model" sentence 2 "[3, 32, 32]" "$lowbit" eval "$model" --data "cifar:$files/colours"
against=(--against "$model" --data "idx:$files/stripes")
check "comparison of a damaged model" sentence 2 "text.lbm" "$lowbit" eval "$bad/text.lbm" "${against[@]}"
check "comparison with a damaged model" sentence 2 "text.lbm" "$lowbit" eval "$model" --against "$bad/text.lbm"
check "comparison with a model that is not there" sentence 2 "nowhere.lbm" "$lowbit" eval "$model" --against "$bad/nowhere.lbm"
check "comparison on images that do not fit" sentence 2 "[3, 32, 32]" "$lowbit" eval "$model" --against "$model" --data "cifar:$files/colours"
"$lowbit" import "$root/tests/fuzz/corpus/fuzz_onnx/image_net" -o "$scratch/other.lbm" >/dev/null
check "comparison with a network of other images" sentence 2 "other.lbm: takes images" "$lowbit" eval "$model" --against "$scratch/other.lbm"
check "comparison and predictions" sentence 2 "exclude each other" "$lowbit" eval "$model" "${against[@]}" --predictions p
check "comparison and a scale" sentence 2 "exclude each other" "$lowbit" eval "$model" "${against[@]}" --scale 2
check "a data set of an unknown name" sentence 2 "fashion-mnist" "$lowbit" eval "$model" --data "fashion-mnits"

# written_not TEXT ARGUMENT...: exit code 2, one line that holds TEXT, and no file is written.
written_not() {
  local text=$1
  shift
  rm -f "$scratch/not.file"
  sentence 2 "$text" "$lowbit" "$@" -o "$scratch/not.file" && [ ! -e "$scratch/not.file" ]
}
calibrated=(calibrate "$model" --data "idx:$stripes")
check "calibrate nothing, and correct biases" written_not "both have 0 bits" "${calibrated[@]}" --bits 0 --weight-bits 0 --correct-bias
check "calibrate, scaling what is low-bit" written_not "no channels to equalize" "${calibrated[@]}" --equalize both
check "a rounding of weights that stay float" written_not "--rounding says" "${calibrated[@]}" --weight-bits 0 --rounding compensated
check "steps of weights that stay float" written_not "--weight-range says" "${calibrated[@]}" --weight-bits 0 \
  --edge-weight-bits 0 --weight-range mse
check "a percentile of another rule" written_not "is for --rule percentile" "${calibrated[@]}" --percentile 99
check "a percentile that is none" written_not "it is nan" "${calibrated[@]}" --rule percentile --percentile nan
check "calibrate by images of another size" written_not "those of cifar are" calibrate "$model" --data "cifar:$files/colours"
check "less than no activations stay float" usage "$lowbit" "${calibrated[@]}" -o "$scratch/not.file" --keep-float=-1
check "1 bit for the edges" usage "$lowbit" "${calibrated[@]}" -o "$scratch/not.file" --edge-weight-bits 1
check "bits given twice" usage "$lowbit" "${calibrated[@]}" -o "$scratch/not.file" --bits 8 --bits 4
check "a budget that is not finite" written_not "is no size" compress "$model" --budget nan
check "a setting without a value" written_not "expected key.path=value" compress "$model" --set kernels
check "a setting of the wrong type" written_not "'skip' must be a list of strings" compress "$model" --set 'skip="conv1"'
network=$root/tests/fuzz/corpus/fuzz_onnx/image_net
check "an input's shape given twice" written_not "the input is given twice" import "$network" --shape x=1,1,4,4 --shape x=2,1,4,4
check "an input's value given twice" written_not "the input is given twice" import "$network" --value x=1 --value x=1
check "an extent of 0" written_not "extents of at least 1" import "$network" --shape x=0,1,4,4
check "an extent too large for a number" written_not "extents of at least 1" import "$network" --shape x=1,1,99999999999999999999,4
check "extents that no memory holds" written_not "more than 2^40 elements" import "$network" --shape x=any,1,4611686018427387904,4
check "a value that is no number" written_not "expected INPUT=NUMBER" import "$network" --value x=nan
check "a value of another size than the shape" written_not "given are 1 numbers" import "$network" --value x=1 --shape x=1,1,4,4
for option in "--pixel-range 0" "--resize 0" "--mean"; do
  # shellcheck disable=SC2086
  check "import with $option" usage "$lowbit" import "$network" -o "$scratch/not.file" $option
done
check "a mean of two channels for one" written_not "one for each of the 1 channels" import "$network" --mean 1,2
check "a deviation of pixels that is 0" written_not "must be above 0" import "$network" --std 0
check "a mean that is not finite" written_not "must be finite" import "$network" --mean nan
check "pictures smaller than the network's" written_not "expected 4, the network's" import "$network" --resize 2
check "names of classes from nowhere" written_not "$bad/nowhere" import "$network" --classes "$bad/nowhere"
check "pixels of a recipe's network" written_not "is for ONNX files" import "$root/recipes/fashion-mnist/small-float.toml" --bgr
check "export of an ONNX file" written_not "signature" export "$network"
check "an empty flavor" written_not "unknown flavor ''" export "$model" --flavor ""
check "a device for a packed file" sentence 2 "--device is for" "$lowbit" eval "$model" --device cuda --data "idx:$stripes"
check "a folder without a model" sentence 2 "holds no model.lbm" "$lowbit" run "$stripes" "$scratch/picture.pgm"
check "pictures without classes" sentence 2 "lacks train" "$lowbit" eval "$model" --data "image-folder:$stripes"

check "an unknown command" usage "$lowbit" trian
check "the message names the nearest" says "train" "$scratch/err"
check "an unknown option" usage "$lowbit" inspect "$model" --jsno
check "no model named" usage "$lowbit" run
check "a number out of range" usage "$lowbit" run "$model" "$scratch/picture.pgm" --top 0

# recipe TEXT...: the lines as a recipe file.
recipe() { printf '%s\n' "$@" >"$scratch/recipe.toml"; }
# refused TEXT ARGUMENT...: training ends at once with 2, and leaves no folder.
refused() {
  local text=$1
  shift
  rm -rf "$scratch/run"
  sentence 2 "$text" "$lowbit" train "$scratch/recipe.toml" --out "$scratch/run" "$@" && [ ! -e "$scratch/run" ]
}
good=('name = "stripes"' '[data]' 'name = "idx"' "path = \"$stripes\"" '[train]' 'epochs = 1' 'learning_rate = 0.05'
  '[quantize]' 'method = "twn"')

if [ "$train" = ON ]; then
  recipe "${good[@]}"
  check "the good recipe trains" "$lowbit" train "$scratch/recipe.toml" --out "$scratch/good"
  check "an unknown key names the nearest" refused "learning_rate" --set train.learning_rat=1
  check "a number out of range" refused "batch" --set train.batch=0
  check "a wrong type" refused "epochs" --set 'train.epochs="many"'
  check "an unknown network lists the known" refused "resnet_cifar" --set model.name=resent
  check "an unknown method lists the known" refused "twn" --set quantize.method=tnw
  check "missing data" refused "nowhere" --set "data.path=$bad/nowhere"
  check "damaged training images" refused "t10k-images" --set "data.path=$bad/images-halve"
  check "an epoch and a half" refused "must be an integer in" --set train.epochs=1.5
  check "more epochs than a number holds" refused "must be an integer in" --set train.epochs=99999999999999999999
  check "an infinite learning rate" refused "must be a number in" --set train.learning_rate=inf
  check "a deviation of 0" refused "greater than 0" --set 'data.mean=[0.5]' --set 'data.std=[0.0]'
  check "a key with another letter" refused "did you mean 'epochs'" --set 'train.épochs=1'
  check "a number in place of a table" refused "'quantize' must be a table" --set quantize=3
  check "a key of endless depth to set" refused "has more than 32 parts" --set "$(printf 'a.%.0s' {1..9000})a=1"
  check "a name that leaves the folder of runs" refused "must be the name of a folder" --set 'name="../x"'
  check "a name of two lines" refused "must be the name of a folder" --set 'name="a\nb"'
  into() { sentence 2 "$1" "$lowbit" train "$scratch/recipe.toml" --out "$2"; }
  check "a run's folder without a name" into "--out: is empty" ""
  check "a file in place of a run's folder" into "cannot create the folder" "$model"
  check "a run's folder below a file" into "cannot create the folder" "$model/run"
  check "a folder of another run" into "already holds a run" "$scratch/good"
  check "an image too small for the network" refused "" --set model.name=resnet_cifar --set model.depth=7
  recipe "${good[@]}" 'unfinished = ['
  check "no TOML" refused "recipe.toml"
  recipe "${good[@]}" '[tran]'
  check "an unknown table names the nearest" refused "train"
  : >"$scratch/recipe.toml"
  check "an empty recipe" refused "train.epochs"
  { printf 'a'; printf '.a%.0s' {1..100000}; printf ' = 1\n'; } >"$scratch/recipe.toml"
  check "a key of endless depth" refused "recipe.toml:1: a key has more than 32 parts"
  printf '\377\376' >"$scratch/recipe.toml"
  check "a recipe in another encoding" refused "not TOML"
  rm "$scratch/recipe.toml"
  check "a recipe that is not there" refused "recipe.toml"

  recipe "${good[@]}"
  diverges() {
    sentence 1 "not a finite number" "$lowbit" train "$scratch/recipe.toml" --out "$scratch/diverged" --quiet \
      --set train.learning_rate=1000 --set train.weight_decay=1 --set train.epochs=6
  }
  check "a loss that is not finite ends the run with 1" diverges
  check "pack of a folder that is no run" sentence 2 "$bad" "$lowbit" pack "$bad" -o "$scratch/out.lbm"
  check "nothing is left of it" [ ! -e "$scratch/out.lbm" ]
  check "pack of a file" sentence 2 "is a file; the folder of a run" "$lowbit" pack "$model" -o "$scratch/out.lbm"
  check "pack of nothing" sentence 2 "nowhere: is not there; the folder of a run" "$lowbit" pack "$bad/nowhere" -o "$scratch/out.lbm"
  for file in checkpoint.safetensors recipe.toml run.json; do
    check "pack over a run's $file" sentence 2 "would be lost" "$lowbit" pack "$scratch/good" -o "$scratch/good/$file"
  done
  check "pack into a folder that is not there" sentence 2 "nowhere" "$lowbit" pack "$scratch/good" -o "$bad/nowhere/m.lbm"
  check "report of a folder that is no run" sentence 2 "$bad" "$lowbit" report "$bad" -o "$scratch/report.html"
  check "no page is left of it" [ ! -e "$scratch/report.html" ]
  damage_run() { damage_set "$scratch/good" "run-$2-$1" "$2" "$1"; }
  unfinished() { printf 'name = "stripes"\n' >"$1"; }
  for file in recipe.toml run.json checkpoint.safetensors; do
    for how in empty halve rm; do
      damage_run $how $file
      folder=$bad/run-$file-$how
      check "pack of a run: $file, $how" written_not "$folder" pack "$folder"
    done
  done
  damage_run unfinished recipe.toml
  check "pack of a run whose recipe lacks a key" written_not "run-recipe.toml-unfinished/recipe.toml" pack "$bad/run-recipe.toml-unfinished"
  damage_run first_byte metrics.jsonl
  check "report of a damaged run" written_not "metrics.jsonl" report "$bad/run-metrics.jsonl-first_byte"
  for file in "$scratch"/good/*.safetensors; do
    halve "$file"
  done
  check "eval of a run with a damaged checkpoint" sentence 2 "safetensors" "$lowbit" eval "$scratch/good"
else
  recipe "${good[@]}"
  check "without the training component, train says so" sentence 2 "training component" "$lowbit" train "$scratch/recipe.toml"
fi
finish
