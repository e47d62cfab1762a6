#!/usr/bin/env bash
# The command line as a person meets it: help, exit codes, JSON, and bad input of every kind.
# usage: cli_test.sh [train]      train: the training component is there
source "$(dirname "$0")/../lib.sh"
training=${1:-}

one_json_object() { [ "$(wc -l <"$1")" = 1 ] && grep -q '^{.*}$' "$1"; }
prints_json() { "$@" >"$scratch/out" 2>"$scratch/err" && one_json_object "$scratch/out"; }

check "--version" fails_with 0 "$lowbit" --version
check "names the program" says "lowbit 0" "$scratch/out"
check "--help" fails_with 0 "$lowbit" --help
commands="train eval pack import export calibrate compress accelerate compile run inspect data report"
for command in $commands; do check "$command is in the help" says "$command" "$scratch/out"; done
for command in $commands; do
  check "$command --help" fails_with 0 "$lowbit" "$command" --help
done
check "no command" fails_with 2 "$lowbit"
check "unknown command" fails_with 2 "$lowbit" trian
check "unknown option" fails_with 2 "$lowbit" data --jsno
check "missing argument" fails_with 2 "$lowbit" inspect
check "data" fails_with 0 "$lowbit" data
check "data tells how to get what is missing" says "cifar10" "$scratch/out"
check "data --json" prints_json "$lowbit" data --json
check "data NAME" fails_with 0 "$lowbit" data fashion-mnist
check "reads it whole" says "60000 training and 10000 test images" "$scratch/out"
check "unknown data set" fails_with 2 "$lowbit" data fashon-mnist
check "names the nearest" says "fashion-mnist" "$scratch/err"

# Files that are not what they should be.
printf 'not a network' >"$scratch/junk"
: >"$scratch/empty"
for file in junk empty missing; do
  for command in inspect eval; do
    check "$command of a file that is $file" fails_with 2 "$lowbit" "$command" "$scratch/$file"
    check "names the file" says "$scratch/$file" "$scratch/err"
    check "in one line" test "$(wc -l <"$scratch/err")" = 1
  done
done
for file in junk missing; do
  check "calibrate a file that is $file" fails_with 2 "$lowbit" calibrate "$scratch/$file" -o "$scratch/q.lbm"
  check "names the file" says "$scratch/$file" "$scratch/err"
done
check "calibrate by a rule that is none" fails_with 2 "$lowbit" calibrate "$scratch/junk" -o "$scratch/q.lbm" --rule best
check "calibrate to 9 bits" fails_with 2 "$lowbit" calibrate "$scratch/junk" -o "$scratch/q.lbm" --bits 9
check "calibrate by a rounding that is none" fails_with 2 "$lowbit" calibrate "$scratch/junk" -o "$scratch/q.lbm" --rounding best
check "calibrate by a range that is none" fails_with 2 "$lowbit" calibrate "$scratch/junk" -o "$scratch/q.lbm" --weight-range best
# not_evaluated WHAT PART-OF-THE-MESSAGE ARGUMENT...
not_evaluated() {
  check "not evaluated: $1" fails_with 2 "$lowbit" eval "$scratch/junk" "${@:3}"
  check "  says '$2'" says "$2" "$scratch/err"
}
not_evaluated "a scale without pictures to sharpen" "--scale is for" --scale 2
not_evaluated "pictures to sharpen without a scale" "--scale is missing" --data "super-resolution:$scratch"
not_evaluated "pictures to sharpen of nowhere" "super-resolution:FOLDER" --data super-resolution --scale 2
not_evaluated "pictures to sharpen by junk" "$scratch/junk" --data "super-resolution:$scratch" --scale 2
not_evaluated "classes of pictures to sharpen" "predicts no classes" --data "super-resolution:$scratch" --predictions p
for file in junk missing; do
  check "compress a file that is $file" fails_with 2 "$lowbit" compress "$scratch/$file" -o "$scratch/q.lbm"
  check "names the file" says "$scratch/$file" "$scratch/err"
done
# not_compressed WHAT PART-OF-THE-MESSAGE ARGUMENT...: `compress` exits with 2 and says so, before it reads the file.
not_compressed() {
  check "not compressed: $1" fails_with 2 "$lowbit" compress "$scratch/junk" -o "$scratch/q.lbm" "${@:3}"
  check "  says '$2'" says "$2" "$scratch/err"
}
not_compressed "by a method that is none" "--method" --method best
not_compressed "to a budget that is none" "'12 apples' is no size" --budget "12 apples"
not_compressed "to a negative budget" "is no size" --budget=-5
not_compressed "with an unknown setting" "unknown key 'kernls'; did you mean 'kernels'" --set kernls=2
not_compressed "with a setting out of range" "iterations" --set iterations=0
not_compressed "with a layer's setting that is none" "layers.fc" --set 'layers={fc={blok=2}}'
check "compress without -o" fails_with 2 "$lowbit" compress "$scratch/junk"
check "leaves no file" test ! -e "$scratch/q.lbm"
check "run with a missing image" fails_with 2 "$lowbit" run "$scratch/junk" "$scratch/missing.png"
check "report of nothing" fails_with 2 "$lowbit" report "$scratch/missing" -o "$scratch/page.html"
check "leaves no page" test ! -e "$scratch/page.html"

# Import without trained weights, which needs no training component.
float_recipe=$root/recipes/fashion-mnist/small-float.toml
source=$float_recipe
# not_imported WHAT PART-OF-THE-MESSAGE ARGUMENT...: `import` of $source exits with 2, says so in one line, and writes no file.
not_imported() {
  local what=$1 text=$2
  shift 2
  check "not imported: $what" fails_with 2 "$lowbit" import "$source" -o "$scratch/imported.lbm" "$@"
  check "  says '$text'" says "$text" "$scratch/err"
  check "  in one line" test "$(wc -l <"$scratch/err")" = 1
  check "  leaves nothing" test ! -e "$scratch/imported.lbm"
}
not_imported "no weights" "'model.weights' must name"
not_imported "weights that are not there" "$scratch/none" --set "model.weights=$scratch/none"
not_imported "weights that are none" "$scratch/junk" --set "model.weights=$scratch/junk"
not_imported "a layer left at random" "weights_skip" --set "model.weights=$scratch/junk" --set 'model.weights_skip=["fc"]'
not_imported "a mean for other channels" "each of the 1 channels" --set "model.weights=$scratch/junk" \
  --set 'data.mean=[0.5,0.5]' --set 'data.std=[0.5,0.5]'

# ONNX files, which need none either.
cp "$root/tests/fuzz/corpus/fuzz_onnx/image_net" "$scratch/net.onnx"
cp "$scratch/junk" "$scratch/junk.onnx"
check "import of an ONNX file" fails_with 0 "$lowbit" import "$scratch/net.onnx" -o "$scratch/net.lbm"
check "  which can be inspected" "$lowbit" inspect "$scratch/net.lbm" --json
cp "$scratch/net.onnx" "$scratch/net.model"
check "  under another name" fails_with 0 "$lowbit" import "$scratch/net.model" -o "$scratch/net.lbm"
check "  with another shape" fails_with 0 "$lowbit" import "$scratch/net.onnx" -o "$scratch/net.lbm" --shape x=2,1,4,4
check "export" fails_with 0 "$lowbit" export "$scratch/net.lbm" -o "$scratch/out.onnx"
check "  says what it wrote" says "out.onnx: ONNX, flavor float, " "$scratch/out"
check "  which can be imported" "$lowbit" import "$scratch/out.onnx" -o "$scratch/again.lbm"
check "import with batch norm folded" "$lowbit" import "$scratch/out.onnx" -o "$scratch/again.lbm" --fold-batch-norm
check "export with batch norm folded" "$lowbit" export "$scratch/net.lbm" -o "$scratch/out.onnx" --fold-batch-norm
check "export --json" prints_json "$lowbit" export "$scratch/net.lbm" -o "$scratch/out.onnx" --flavor float --json
# not_exported WHAT PART-OF-THE-MESSAGE MODEL ARGUMENT...: `export` exits with 2, says so in one line, and writes no file.
not_exported() {
  local what=$1 text=$2 model=$3
  shift 3
  check "not exported: $what" fails_with 2 "$lowbit" export "$model" -o "$scratch/refused.onnx" "$@"
  check "  says '$text'" says "$text" "$scratch/err"
  check "  in one line" test "$(wc -l <"$scratch/err")" = 1
  check "  leaves nothing" test ! -e "$scratch/refused.onnx"
}
not_exported "what is no network" "$scratch/junk" "$scratch/junk"
not_exported "what is not there" "$scratch/missing" "$scratch/missing"
not_exported "a flavor that is none" "did you mean 'int4'" "$scratch/net.lbm" --flavor int5
check "not exported: under a packed file's name" fails_with 2 "$lowbit" export "$scratch/net.lbm" -o "$scratch/refused.lbm"
check "  says what was expected" says "one that ends in .onnx was expected" "$scratch/err"
check "  leaves nothing" test ! -e "$scratch/refused.lbm"
not_exported "float weights as integers" "has no low-bit weights" "$scratch/net.lbm" --flavor int2
not_imported "a recipe with a mean of pixels" "--mean is for ONNX files" --mean 0.5
source=$scratch/net.onnx
not_imported "a shape that is none" "expected INPUT=EXTENT" --shape x=1,b
not_imported "a shape that does not fit" "node 'n_" --shape x=any,1,9,9
not_imported "a shape of another input" "unknown input 'z'; did you mean 'x'?" --shape z=1
not_imported "a value that is none" "expected INPUT=NUMBER" --value x=1,b
not_imported "a value of another input" "unknown input 'z'; did you mean 'x'?" --value z=1
not_imported "an ONNX file with a recipe's settings" "--set is for recipes" --set model.width=2
not_imported "a mean for other channels" "the input's mean has 2 values" --mean 1,2
not_imported "a deviation of zero" "must be above 0" --std 0
not_imported "names of no classes" "cannot open" --classes "$scratch/none"
check "import of a network of pictures" fails_with 0 "$lowbit" import "$scratch/net.onnx" -o "$scratch/pixels.lbm"
check "  says what pixels are" says "takes pixels 0..255 as they are" "$scratch/out"
check "import with pixels normalized" "$lowbit" import "$scratch/net.onnx" -o "$scratch/pixels.lbm" --mean 0.5 --std 0.25
check "  which can be inspected" fails_with 0 "$lowbit" inspect "$scratch/pixels.lbm"
check "  says so" says '0..1, mean 0.5, std 0.25' "$scratch/out"
# kept FILE PART-OF-THE-MESSAGE COMMAND...: exits with 2, says so in one line, and FILE is what it was.
kept() {
  local file=$1 text=$2
  shift 2
  cp "$file" "$scratch/before"
  check "$2 keeps ${file##*/}" fails_with 2 "$@"
  check "  says '$text'" says "$text" "$scratch/err"
  check "  in one line" test "$(wc -l <"$scratch/err")" = 1
  check "  the file is the same" cmp "$file" "$scratch/before"
}
lost="is read here and would be lost"
ln -s net.lbm "$scratch/link.lbm"
kept "$scratch/net.lbm" "$lost" "$lowbit" calibrate "$scratch/net.lbm" -o "$scratch/net.lbm"
kept "$scratch/net.lbm" "$lost" "$lowbit" calibrate "$scratch/net.lbm" -o "$scratch/link.lbm"
kept "$scratch/net.lbm" "$lost" "$lowbit" compress "$scratch/net.lbm" -o "$scratch/net.lbm"
kept "$scratch/net.lbm" "$lost" "$lowbit" export "$scratch/net.lbm" -o "$scratch/net.lbm"
kept "$scratch/net.lbm" "$lost" "$lowbit" eval "$scratch/net.lbm" --predictions "$scratch/net.lbm"
kept "$scratch/net.onnx" "$lost" "$lowbit" import "$scratch/net.onnx" -o "$scratch/net.onnx"
kept "$scratch/net.lbm" "$lost" "$lowbit" import "$float_recipe" -o "$scratch/net.lbm" --set "model.weights=$scratch/net.lbm"
for output in "" "$scratch" "$scratch/nowhere/out"; do
  case $output in "") text="-o: is empty" ;; "$scratch") text="is a folder" ;; *) text="there is no folder" ;; esac
  kept "$scratch/net.lbm" "$text" "$lowbit" calibrate "$scratch/net.lbm" -o "$output"
  kept "$scratch/net.lbm" "$text" "$lowbit" export "$scratch/net.lbm" -o "$output"
  kept "$scratch/net.onnx" "$text" "$lowbit" import "$scratch/net.onnx" -o "$output"
  [ -z "$output" ] || kept "$scratch/net.lbm" "$text" "$lowbit" compress "$scratch/net.lbm" -o "$output"
done
source=$scratch/net.lbm
not_imported "a packed file" "net.lbm: is neither an ONNX file nor a recipe"
source=$scratch/empty
not_imported "an empty file" "empty: 'train.epochs' must be given"
source=$scratch/junk.onnx
not_imported "what is no ONNX file" "junk.onnx: is no ONNX file, or damaged"
source=$float_recipe

if [ "$training" = train ]; then
  source "$(dirname "$0")/training_checks.sh"
else
  check "train says what is missing" fails_with 2 "$lowbit" train x.toml
  check "the training component" says "training component" "$scratch/err"
fi
finish
