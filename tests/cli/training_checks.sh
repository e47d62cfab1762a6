# Part of cli_test.sh: what needs the training component.
recipe=$root/recipes/fashion-mnist/small-sq-twn.toml
tiny=(--quiet --set train.epochs=1 --set data.train_limit=512 --set data.test_limit=100 --set train.batch=64
  --set train.schedule.warmup=0.2)

# refused WHAT PART-OF-THE-MESSAGE ARGUMENT...: `train` exits with 2, says so in one line, and leaves no folder.
refused() {
  local what=$1 text=$2
  shift 2
  check "refused: $what" fails_with 2 "$lowbit" train "$recipe" --out "$scratch/refused" "${tiny[@]}" "$@"
  check "  says '$text'" says "$text" "$scratch/err"
  check "  in one line" test "$(wc -l <"$scratch/err")" = 1
  check "  leaves nothing" test ! -e "$scratch/refused"
}
refused "an unknown key" "did you mean 'epochs'" --set train.epoch=3
refused "a negative batch" "train.batch" --set train.batch=-1
refused "a batch larger than the data" "larger than the training set" --set train.batch=4096
refused "a mean without a deviation" "as many values" --set 'data.mean=[0.5]'
refused "a mean for other channels" "each of the 1 channels" --set 'data.mean=[0.5,0.5]' --set 'data.std=[0.5,0.5]'
refused "an unknown network" "small" --set model.name=smal
refused "an unknown method" "twn" --set quantize.method=tnw
refused "an unknown option of a method" "delta_scope" --set quantize.twn.delta_scop=row
refused "a layer that is not there" "conv99" --set 'quantize.skip=["conv99"]'
refused "a data set that is not there" "data_batch_1.bin" --set data.name=cifar10 --set "data.path=$scratch"
refused "a ratio that does not end at 1" "ramp" --set 'quantize.sq.ramp=[0.5]'
printf 'name = "x"\n[train\n' >"$scratch/broken.toml"
check "a recipe that is not TOML" fails_with 2 "$lowbit" train "$scratch/broken.toml" --out "$scratch/refused"
check "names the line" says "broken.toml:2" "$scratch/err"
check "a recipe that is not there" fails_with 2 "$lowbit" train "$scratch/none.toml"
refused "a device that does not exist" "cude" --device cude
refused "a device that this machine lacks" "cuda" --device cuda:7

check "a loss that is not finite" fails_with 1 "$lowbit" train "$recipe" --out "$scratch/nan" "${tiny[@]}" \
  --set train.learning_rate=1000 --set train.weight_decay=1 --set train.schedule.kind=constant --set train.schedule.warmup=0 \
  --set train.nesterov=false --set train.epochs=50
check "  says so" says "not a finite number" "$scratch/err"

check "train" "$lowbit" train "$recipe" --out "$scratch/run" "${tiny[@]}"
check "eval RUN --json" prints_json "$lowbit" eval "$scratch/run" --data fashion-mnist --json
# A run that starts from another and learns nothing answers as that one did.
still=(--set train.learning_rate=1e-30 --set train.batch_norm_momentum=1e-30)
check "train from a run" "$lowbit" train "$recipe" --out "$scratch/again" "${tiny[@]}" "${still[@]}" \
  --set "model.weights=$scratch/run"
check "predictions of the first" "$lowbit" eval "$scratch/run" --predictions "$scratch/first.txt"
check "predictions of the second" "$lowbit" eval "$scratch/again" --predictions "$scratch/second.txt"
check "are the same" cmp "$scratch/first.txt" "$scratch/second.txt"
refused "weights of another network" "has shape" --set "model.weights=$scratch/run" --set model.width=2
refused "weights that are not there" "$scratch/none" --set "model.weights=$scratch/none"
check "another head" "$lowbit" train "$recipe" --out "$scratch/head" "${tiny[@]}" --set "model.weights=$scratch/run" \
  --set 'model.weights_skip=["fc"]'

# Learning from a run, and from its checkpoint.
check "train with a run as the teacher" "$lowbit" train "$recipe" --out "$scratch/taught" "${tiny[@]}" \
  --set "distill.teacher=$scratch/run"
check "train with a file as the teacher" "$lowbit" train "$recipe" --out "$scratch/file-taught" "${tiny[@]}" \
  --set "distill.teacher=$scratch/run/checkpoint.safetensors"
refused "a teacher that is not there" "$scratch/none" --set "distill.teacher=$scratch/none"
refused "a teacher's weights of another network" "has shape" --set "distill.teacher=$scratch/run/checkpoint.safetensors" \
  --set distill.model.name=small --set distill.model.width=2
refused "another network for a run" "'distill.model' must be left out" --set "distill.teacher=$scratch/run" \
  --set distill.model.name=small

check "pack" "$lowbit" pack "$scratch/run" -o "$scratch/net.lbm"
check "pack into a folder that is not there" fails_with 2 "$lowbit" pack "$scratch/run" -o "$scratch/none/net.lbm"
check "inspect" fails_with 0 "$lowbit" inspect "$scratch/net.lbm"
check "  shows ternary layers" says "ternary" "$scratch/out"
check "inspect --json" prints_json "$lowbit" inspect "$scratch/net.lbm" --json
check "inspect a run" fails_with 0 "$lowbit" inspect "$scratch/run"
check "  shows its file" says "$scratch/run/model.lbm" "$scratch/out"
check "calibrate a run" "$lowbit" calibrate "$scratch/run" -o "$scratch/calibrated.lbm" --samples 64
mkdir "$scratch/unended"
check "inspect a run that has not ended" fails_with 2 "$lowbit" inspect "$scratch/unended"
check "  says so" says "holds no model.lbm" "$scratch/err"
cp -r "$scratch/run" "$scratch/early"
rm "$scratch/early/model.lbm"
check "eval of a run that has not ended" fails_with 0 "$lowbit" eval "$scratch/early"
check "  says so" grep -q "warning: the run has not ended" "$scratch/out" "$scratch/err"
check "pack of a run that has not ended" fails_with 0 "$lowbit" pack "$scratch/early" -o "$scratch/early.lbm"
check "  says so" grep -q "the run has not ended" "$scratch/out"
check "eval FILE --json" prints_json "$lowbit" eval "$scratch/net.lbm" --json
check "eval on data that does not fit" fails_with 2 "$lowbit" eval "$scratch/net.lbm" --data "mnist:$scratch"

# Trained and packed network agree on every test image.
check "predictions of the run" "$lowbit" eval "$scratch/run" --data fashion-mnist --predictions "$scratch/trained.txt"
check "predictions of the file" "$lowbit" eval "$scratch/net.lbm" --predictions "$scratch/packed.txt"
check "10,000 of them" test "$(wc -l <"$scratch/packed.txt")" = 10000
check "the same on all 10,000 images" cmp "$scratch/trained.txt" "$scratch/packed.txt"

# The packed network in integers.
check "calibrate" "$lowbit" calibrate "$scratch/net.lbm" -o "$scratch/integers.lbm" --samples 64
check "eval of its result" "$lowbit" eval "$scratch/integers.lbm" --predictions "$scratch/integers.txt"
check "  like the network on most images" test "$(cmp -l "$scratch/packed.txt" "$scratch/integers.txt" | wc -l)" -lt 1000
check "inspect --kernels" fails_with 0 "$lowbit" inspect "$scratch/integers.lbm" --kernels --strict
check "  names a kernel of integers" says "conv_u8_ternary" "$scratch/out"
check "inspect --kernels --json" prints_json "$lowbit" inspect "$scratch/integers.lbm" --kernels --json
check "calibrate --json" prints_json "$lowbit" calibrate "$scratch/net.lbm" -o "$scratch/integers.lbm" --samples 64 --json
check "calibrate twice" fails_with 2 "$lowbit" calibrate "$scratch/integers.lbm" -o "$scratch/twice.lbm"
check "  says so" says "has quantized activations already" "$scratch/err"
check "  leaves no file" test ! -e "$scratch/twice.lbm"
check "calibrate on data that does not fit" fails_with 2 "$lowbit" calibrate "$scratch/net.lbm" -o "$scratch/twice.lbm" \
  --data "mnist:$scratch"

# The accelerator: its plain model gives the network's integers.
check "calibrate to 4 bits" "$lowbit" calibrate "$scratch/net.lbm" -o "$scratch/four.lbm" --samples 64 --bits 4 --edge-bits 4
check "accelerate --check" fails_with 0 "$lowbit" accelerate "$scratch/four.lbm" --check 2
check "  every number is the network's" says "20 of 20 numbers" "$scratch/out"
check "accelerate --json" prints_json "$lowbit" accelerate "$scratch/four.lbm" --lanes 4 --clock 100 --json
check "accelerate -o" fails_with 0 "$lowbit" accelerate "$scratch/four.lbm" -o "$scratch/four-hardware"
for file in parameters.vh descriptors.hex weights.hex thresholds.hex; do
  check "  writes $file" test -s "$scratch/four-hardware/$file"
done
# As C, which the compiler takes without a warning, and which gives the classes of 10,000 images.
check "eval of 4 bits" "$lowbit" eval "$scratch/four.lbm" --data fashion-mnist --predictions "$scratch/four.txt"
mkdir "$scratch/c"
check "compile" fails_with 0 "$lowbit" compile "$scratch/four.lbm" -o "$scratch/c/net.c" --input uint8
check "  tells sizes" says "bytes of workspace" "$scratch/out"
check "  the C compiles" cc -std=c99 -O2 -Wall -Wextra -Wpedantic -Werror -I "$scratch/c" -o "$scratch/c/classify" \
  "$root/examples/compiled_network.c" "$scratch/c/net.c" -lm
test_images=$(dpkg-query -L dataset-fashion-mnist | grep t10k-images)
zcat "$test_images" | tail -c +17 | "$scratch/c/classify" >"$scratch/c/classes.txt"
check "  and predicts 10,000 classes" test "$(wc -l <"$scratch/c/classes.txt")" = 10000
check "  which are the packed network's" cmp "$scratch/c/classes.txt" "$scratch/four.txt"
check "compile --json" prints_json "$lowbit" compile "$scratch/four.lbm" -o "$scratch/four_bits.c" --json
not_compiled() {
  local what=$1 words=$2
  shift 2
  check "not compiled: $what" fails_with 2 "$lowbit" compile "$@"
  check "  says so" says "$words" "$scratch/err"
}
not_compiled "no name in C" "is no C identifier" "$scratch/four.lbm" -o "$scratch/4 bits.c"
not_compiled "another ending" "does not end in .c" "$scratch/four.lbm" -o "$scratch/four_bits.cpp"
not_compiled "another type of pixels" "did you mean 'uint8'" "$scratch/four.lbm" -o "$scratch/two.c" --input int8
not_compiled "a folder that is not there" "nowhere" "$scratch/four.lbm" -o "$scratch/nowhere/four_bits.c"
not_compiled "a file that is none" "signature of an .lbm file" "$scratch/four_bits.h" -o "$scratch/two.c"
check "what is not compiled leaves nothing" test ! -e "$scratch/two.c"

not_accelerated() {
  local what=$1 message=$2
  shift 2
  check "not accelerated: $what" fails_with 2 "$lowbit" accelerate "$@"
  check "  says so" says "$message" "$scratch/err"
  check "  in one line" test "$(wc -l <"$scratch/err")" = 1
}
not_accelerated "float activations" "quantizes no activations" "$scratch/net.lbm"
not_accelerated "8 bits of both" "no coding of at most 7 bits" "$scratch/integers.lbm"
not_accelerated "from a node that is none" "'relu9' is no quantizer" "$scratch/four.lbm" --from relu9
not_accelerated "too many lanes" "1 to 64" "$scratch/four.lbm" --lanes 65
not_accelerated "into a file's place" "net.lbm" "$scratch/four.lbm" -o "$scratch/net.lbm"
not_accelerated "a clock that stands" "megahertz above 0" "$scratch/four.lbm" --clock 0

# ONNX out, and in again: the same answers, from the file and from the run.
check "export to QONNX" "$lowbit" export "$scratch/integers.lbm" -o "$scratch/net.onnx" --flavor qonnx
check "  and import" "$lowbit" import "$scratch/net.onnx" -o "$scratch/back.lbm"
check "eval of that" "$lowbit" eval "$scratch/back.lbm" --predictions "$scratch/back.txt"
check "  the same answers" cmp "$scratch/integers.txt" "$scratch/back.txt"
check "  by the same kernels" "$lowbit" inspect "$scratch/back.lbm" --kernels --strict
check "export of a run" "$lowbit" export "$scratch/run" -o "$scratch/run.onnx" --flavor int2
check "export of its file" "$lowbit" export "$scratch/net.lbm" -o "$scratch/file.onnx" --flavor int2
check "  are the same" cmp "$scratch/run.onnx" "$scratch/file.onnx"

# Quantized activations: the run's own evaluation computes the integers of the packed file.
refused "a product that is not there" "unknown product 'conv99'" --set 'quantize.activations.skip=["conv99"]'
refused "activations of nine bits" "quantize.activations.bits" --set quantize.activations.bits=9
check "train with 4-bit activations" "$lowbit" train "$recipe" --out "$scratch/integers" "${tiny[@]}" \
  --set model.width=0.25 --set quantize.activations.bits=4
check "predictions of that run" "$lowbit" eval "$scratch/integers" --data fashion-mnist \
  --predictions "$scratch/trained.txt"
check "predictions of its file" "$lowbit" eval "$scratch/integers/model.lbm" --predictions "$scratch/packed.txt"
check "the same integers on all 10,000 images" cmp "$scratch/trained.txt" "$scratch/packed.txt"
check "train with a layer that stays float among the integers" "$lowbit" train "$recipe" --out "$scratch/mixed" \
  "${tiny[@]}" --set model.width=0.25 --set quantize.activations.bits=4 --set 'quantize.skip=["conv2"]'
for subject in mixed mixed/model.lbm; do
  check "eval $subject --json" prints_json "$lowbit" eval "$scratch/$subject" --data fashion-mnist --json
  check "  warns of it" says "node 'conv2' (Conv) runs by conv_f32_float" "$scratch/out"
done

# The weights of a float run, imported, are the file that the run packed.
settings=("${tiny[@]:1}")  # Without --quiet.
check "train floats" "$lowbit" train "$float_recipe" --out "$scratch/float" "${tiny[@]}"
check "compress a run" fails_with 0 "$lowbit" compress "$scratch/float" --dry-run
check "import" fails_with 0 "$lowbit" import "$float_recipe" -o "$scratch/imported.lbm" "${settings[@]}" \
  --set "model.weights=$scratch/float/checkpoint.safetensors"
check "  says what it wrote" says "32.00 bits per weight" "$scratch/out"
check "  the same file as pack" cmp "$scratch/float/model.lbm" "$scratch/imported.lbm"
check "calibrate weights alone, without data" fails_with 0 "$lowbit" calibrate "$scratch/imported.lbm" -o "$scratch/rounded.lbm" \
  --bits 0 --weight-bits 4
check "  says so" says "weights rounded, activations float" "$scratch/out"
check "  names what loses less" says "--rounding compensated loses less" "$scratch/out"
check "  that it runs in kernels" fails_with 0 "$lowbit" inspect "$scratch/rounded.lbm" --kernels --strict
check "  by those for floats" says "conv_f32_affine4" "$scratch/out"
check "calibrate weights alone, and choose among activations" fails_with 2 "$lowbit" calibrate "$scratch/imported.lbm" \
  -o "$scratch/twice.lbm" --bits 0 --keep-float 1
check "  says why" says "with --bits 0 all of them stay float" "$scratch/err"
check "calibrate weights alone, twice" fails_with 2 "$lowbit" calibrate "$scratch/rounded.lbm" -o "$scratch/twice.lbm" --bits 0
check "  says why" says "has no Conv, Gemm or recurrent layer with float weights" "$scratch/err"
check "calibrate nothing" fails_with 2 "$lowbit" calibrate "$scratch/imported.lbm" -o "$scratch/twice.lbm" --bits 0 --weight-bits 0
check "calibrate weights alone, scaled before and corrected after" fails_with 0 "$lowbit" calibrate "$scratch/imported.lbm" \
  -o "$scratch/corrected.lbm" --bits 0 --weight-bits 4 --equalize both --correct-bias --samples 64
check "  changes the file" test "$(cmp "$scratch/rounded.lbm" "$scratch/corrected.lbm" >/dev/null; echo $?)" = 1
check "calibrate, scaled by weights alone, without data" fails_with 0 "$lowbit" calibrate "$scratch/imported.lbm" \
  -o "$scratch/corrected.lbm" --bits 0 --equalize weights --data "mnist:$scratch"
check "calibrate all that" prints_json "$lowbit" calibrate "$scratch/imported.lbm" -o "$scratch/corrected.lbm" --samples 64 \
  --equalize activations --correct-bias --keep-float 1 --json
check "  tells what each activation does to the outputs" says "output_error" "$scratch/out"
check "calibrate, scaled in a way that is none" fails_with 2 "$lowbit" calibrate "$scratch/imported.lbm" \
  -o "$scratch/twice.lbm" --equalize biases
check "calibrate, but keep float weights" "$lowbit" calibrate "$scratch/imported.lbm" -o "$scratch/mixed.lbm" \
  --samples 64 --weight-bits 0
check "inspect --strict of it" fails_with 2 "$lowbit" inspect "$scratch/mixed.lbm" --kernels --strict
check "  says why" says "its weights are no integers" "$scratch/err"
check "calibrate weights by images" fails_with 0 "$lowbit" calibrate "$scratch/imported.lbm" -o "$scratch/compensated.lbm" \
  --bits 0 --weight-bits 3 --rounding compensated --edge-weight-bits 5 --samples 64
check "  tells the layers' errors" says "output error" "$scratch/out"
check "  and on what" says "64 training images" "$scratch/out"
check "  in JSON too" prints_json "$lowbit" calibrate "$scratch/imported.lbm" -o "$scratch/compensated.lbm" --bits 0 \
  --weight-bits 3 --rounding compensated --edge-weight-bits 5 --weight-range max --samples 64 --json
check "inspect its result" fails_with 0 "$lowbit" inspect "$scratch/compensated.lbm"
check "  has the middle's bits" says "affine3" "$scratch/out"
check "  and the edges'" says "affine5" "$scratch/out"
check "calibrate by images that do not fit" fails_with 2 "$lowbit" calibrate "$scratch/imported.lbm" -o "$scratch/twice.lbm" --bits 0 \
  --rounding compensated --data "mnist:$scratch"

# Product quantization of it, and fine-tuning of that.
pq=("$lowbit" compress "$scratch/imported.lbm" --set samples=32 --set iterations=5 --no-accuracy --quiet)
check "compress --dry-run" fails_with 0 "${pq[@]}" --dry-run
check "  counts bits" says "of codebooks in float16" "$scratch/out"
check "  fewer for codebooks in bytes" fails_with 0 "${pq[@]}" --dry-run --set codebook=int8
check "  and says so" says "of codebooks in int8" "$scratch/out"
check "compress" fails_with 0 "${pq[@]}" -o "$scratch/pq.lbm"
check "  leaves no partial file" test ! -e "$scratch/pq.lbm.partial"
check "  a smaller file" test "$(stat -c %s "$scratch/pq.lbm")" -lt "$(($(stat -c %s "$scratch/imported.lbm") / 2))"
check "compress --json" prints_json "${pq[@]}" -o "$scratch/pq2.lbm" --json
check "  the same file" cmp "$scratch/pq.lbm" "$scratch/pq2.lbm"
check "compress --data none" fails_with 0 "${pq[@]}" -o "$scratch/pq2.lbm" --data none --set codebook=int8
check "  says so" says "fitted to the weights alone" "$scratch/out"
printf '[data]\ntrain_limit = 512\ntest_limit = 100\n[train]\niterations = 99\nbatch = 64\n' >"$scratch/tune.toml"
check "compress, training each layer and then all" fails_with 0 "${pq[@]}" -o "$scratch/pq4.lbm" --set layer_steps=2 \
  --set layer_batch=16 --finetune "$scratch/tune.toml" --epochs 1
check "  says the layers' errors after it" says "after fine-tuning" "$scratch/out"
check "  leaves another file" fails_with 1 cmp "$scratch/pq.lbm" "$scratch/pq4.lbm"
check "  of the same size" test "$(stat -c %s "$scratch/pq4.lbm")" -lt "$(($(stat -c %s "$scratch/imported.lbm") / 2))"
check "  and the run" test -e "$scratch/pq4.lbm.run/model.lbm"
check "once more" fails_with 2 "${pq[@]}" -o "$scratch/pq4.lbm" --epochs 1
check "  says that there is a run" says "already holds a run" "$scratch/err"
# Interrupted while it trains all together, it goes on there: the layers, which take the longest, are not fitted again.
long=("${pq[@]}" --finetune "$scratch/tune.toml" --epochs 3 --threads 1)
killed_in_training() {
  "${long[@]}" -o "$scratch/pq6.lbm" &
  local compressing=$!
  until [ -e "$scratch/pq6.lbm.run/checkpoint.safetensors" ] || ! kill -0 $compressing; do sleep 0.02; done
  kill -KILL $compressing
  wait $compressing
  test $? = 137
}
check "compress and train for longer" fails_with 0 "${long[@]}" -o "$scratch/pq5.lbm"
printf 'checkpoint_every = 1\n' >>"$scratch/tune.toml"
check "the same, killed while it trains" killed_in_training
check "  leaves its layers" test -e "$scratch/pq6.lbm.partial"
check "resume it" fails_with 0 "${long[@]}" -o "$scratch/pq6.lbm" --resume --json
check "  fits no layer again" fails_with 1 grep -q weight_error "$scratch/out"
check "  ends as the other" cmp "$scratch/pq5.lbm" "$scratch/pq6.lbm"
check "  leaves no partial file" test ! -e "$scratch/pq6.lbm.partial"
check "train without data" fails_with 2 "${pq[@]}" -o "$scratch/pq3.lbm" --data none --epochs 1
check "  says so" says "needs labelled images" "$scratch/err"
check "tune layers without data" fails_with 2 "${pq[@]}" -o "$scratch/pq3.lbm" --data none --set layer_steps=2
check "  says so" says "layer_steps needs images" "$scratch/err"
check "compress to a folder" fails_with 2 "${pq[@]}" -o "$scratch"
check "  says so" says "is a folder; the name of a file was expected" "$scratch/err"
check "compress to a folder that is not there" fails_with 2 "$lowbit" compress "$scratch/imported.lbm" --set samples=8 \
  -o "$scratch/nowhere/pq.lbm"
check "  before any layer is done" test "$(wc -l <"$scratch/err")" = 1
check "compress to nothing" fails_with 2 "${pq[@]}" -o "$scratch/pq3.lbm" --budget 10
check "  says the smallest size" says "the smallest possible size is" "$scratch/err"
check "compress a layer that is not there" fails_with 2 "${pq[@]}" -o "$scratch/pq3.lbm" --set 'skip=["conv99"]'
check "  says which there are" says "known: " "$scratch/err"
check "compress what is compressed" fails_with 2 "$lowbit" compress "$scratch/pq.lbm" -o "$scratch/pq3.lbm"
check "  says so" says "no float weight to quantize" "$scratch/err"
check "  leaves no file" test ! -e "$scratch/pq3.lbm"
check "train from a compressed file" "$lowbit" train "$float_recipe" --out "$scratch/tuned" "${tiny[@]}" \
  --set quantize.method=pq --set 'quantize.skip=["conv1"]' --set "model.weights=$scratch/pq.lbm"
check "inspect its file" fails_with 0 "$lowbit" inspect "$scratch/tuned/model.lbm"
check "  has codebooks of halves" says "float16" "$scratch/out"
check "start from a packed file that does not fit" fails_with 2 "$lowbit" train "$float_recipe" --out "$scratch/wide" \
  "${tiny[@]}" --set "model.weights=$scratch/pq.lbm" --set model.width=2
check "  says so" says "has shape" "$scratch/err"

rm -f "$scratch/imported.lbm"
not_imported "weights of another network" "has shape" --set "model.weights=$scratch/float" --set model.width=2

# Fine-tuning of a network from an ONNX file: here a run's own, so that learning nothing keeps its answers.
file_recipe=$scratch/file.toml
network=$scratch/from-onnx.lbm
printf '[data]\nnormalize = "none"\n[model]\nfile = "%s"\n[train]\nepochs = 1\n' "$network" >"$file_recipe"
file_run() { "$lowbit" train "$file_recipe" --out "$scratch/$1" "${tiny[@]}" --set train.schedule.warmup=0 "${@:2}"; }
ternary=(--set quantize.method=twn --set quantize.activations.bits=8)
check "export floats" "$lowbit" export "$scratch/float" -o "$scratch/float.onnx"
check "import them" "$lowbit" import "$scratch/float.onnx" -o "$network"
check "train from that file, learning nothing" file_run file-still "${still[@]}"
check "eval of the floats" "$lowbit" eval "$scratch/float/model.lbm" --predictions "$scratch/first.txt"
check "eval of what was trained from the file" "$lowbit" eval "$scratch/file-still/model.lbm" \
  --predictions "$scratch/second.txt"
check "are the same" cmp "$scratch/first.txt" "$scratch/second.txt"
check "fine-tune it to ternary weights with 8-bit activations" file_run file-ternary "${ternary[@]}"
rm "$network"
check "resume without the file" file_run file-ternary "${ternary[@]}" --resume
check "pack without the file" "$lowbit" pack "$scratch/file-ternary" -o "$scratch/again.lbm"
check "the same as before" cmp "$scratch/file-ternary/model.lbm" "$scratch/again.lbm"
check "which runs in integers" "$lowbit" inspect "$scratch/again.lbm" --kernels --strict
refused_file() { check "refused: $1" fails_with 2 file_run refused "${@:3}" && check "  says '$2'" says "$2" "$scratch/err"; }
refused_file "a file that is not there" "$network"
cp "$scratch/float/model.lbm" "$network"
refused_file "a second normalization" 'data.normalize = "none"' --set data.normalize=channel
refused_file "another name beside the file" "'model.name' must be left out" --set model.name=small

# An image file: 28x28 grey, a light square on black.
{ printf 'P5\n28 28\n255\n'; head -c 784 /dev/zero | tr '\0' '\200'; } >"$scratch/image.pgm"
check "run" fails_with 0 "$lowbit" run "$scratch/net.lbm" "$scratch/image.pgm" --top 3
check "  prints three classes" test "$(grep -c '%' "$scratch/out")" = 3
check "run --json" prints_json "$lowbit" run "$scratch/net.lbm" "$scratch/image.pgm" --json
check "run with a broken image" fails_with 2 "$lowbit" run "$scratch/net.lbm" "$scratch/image.pgm" "$scratch/junk"
check "  prints no answer" test ! -s "$scratch/out"

# One damaged byte anywhere in a packed file is found.
size=$(stat -c %s "$scratch/net.lbm")
damaged_everywhere() {
  local at
  for at in 0 9 17 33 $((size / 3)) $((size / 2)) $((size - 1)); do
    cp "$scratch/net.lbm" "$scratch/damaged.lbm"
    local byte
    byte=$(od -An -t u1 -j "$at" -N 1 "$scratch/net.lbm" | tr -d ' ')
    printf "\\x$(printf %02x $((byte ^ 16)))" | dd of="$scratch/damaged.lbm" bs=1 seek="$at" conv=notrunc status=none
    fails_with 2 "$lowbit" inspect "$scratch/damaged.lbm" || return 1
  done
}
check "a damaged byte is found" damaged_everywhere
check "report" "$lowbit" report "$scratch/run" -o "$scratch/page.html"
check "report writes a page" grep -q "<html" "$scratch/page.html"

# How long the commands that need no training take to start; printed, not judged.
for command in "inspect $scratch/net.lbm" "data" "run $scratch/net.lbm $scratch/image.pgm"; do
  begin=$(date +%s%N)
  "$lowbit" $command >/dev/null
  echo "        ${command%% *}: $((($(date +%s%N) - begin) / 1000000)) ms from start to end"
done
