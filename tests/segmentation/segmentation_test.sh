#!/usr/bin/env bash
# A network that tells the classes of pixels: trained on pictures with masks, packed, evaluated, run.
# usage: segmentation_test.sh MAKE_FILES_PROGRAM [ranks]
source "$(dirname "$0")/../lib.sh"
"$1" "$scratch/files" || exit 1
discs=$scratch/files/discs

cat >"$scratch/discs.toml" <<END
[data]
name = "segmentation"
path = "$discs"
test_last = 1
crop = 32

[augment]
flip = true
rotate = true

[model]
name = "fcn"
width = 0.0625
depth = 2
convs = 1

[train]
iterations = 40
batch = 4
test_batch = 1
optimizer = "adam"
learning_rate = 0.01

[quantize]
method = "twn"
skip = ["classifier"]
END

train() { "$lowbit" train "$scratch/discs.toml" --threads 1 --quiet --out "$scratch/$1" "${@:2}"; }
number() { grep -o "\"$1\":[0-9.e+-]*" "$2" | head -n 1 | cut -d: -f2; }
masks=segmentation:$discs

# The test picture is 48 x 64 here, so that training and packed file see the same.
rm "$discs"/train-*/5.png
mkdir "$scratch/data"
ln -s "$discs" "$scratch/data/segmentation"
check "train" fails_with 0 train run
check "  tells the score" says "a mean IoU of " "$scratch/out"
check "eval the packed file" fails_with 0 "$lowbit" eval "$scratch/run/model.lbm" --data "$masks" --json
trained=$(number test_iou <(grep '"kind":"final"' "$scratch/run/metrics.jsonl"))
# The runtime sums in another order, so that a pixel between two classes may fall to the other side.
check "  has the score of the training" awk "BEGIN { d = $trained - $(number iou "$scratch/out"); exit !($trained > 0.5 && d * d < 1e-4) }"
check "eval it on the set that it was trained on" fails_with 0 env LOWBIT_DATA="$scratch/data" "$lowbit" eval "$scratch/run"
check "  by class" says "200" "$scratch/out"
check "report it" "$lowbit" report "$scratch/run" -o "$scratch/run.html"
check "a sweep of it" fails_with 0 train sweep --set train.iterations=2 --set 'sweep.seed=[1,2]'

check "run it on a picture" fails_with 0 "$lowbit" run "$scratch/run/model.lbm" "$discs/train-image/4.png" -o "$scratch/mask.png"
check "  tells shares" says " %  50" "$scratch/out"
# Its own masks in place of the set's: nothing is wrong then, whatever the size.
"$1" "$scratch/again"
mkdir -p "$scratch/own/test-image" "$scratch/own/test-label"
cp "$scratch/again/discs/train-image/5.png" "$scratch/own/test-image"
check "run it on a picture of an odd size" fails_with 0 "$lowbit" run "$scratch/run" "$scratch/own/test-image/5.png" \
  -o "$scratch/own/test-label/5.png"
check "eval it on its own masks" fails_with 0 "$lowbit" eval "$scratch/run/model.lbm" --data "segmentation:$scratch/own" --json
check "  is right" test "$(number iou "$scratch/out")" = 1.0 -a "$(number pixels "$scratch/out")" = 2250

refused() {
  check "$1" fails_with 2 "${@:3}"
  check "  says so" says "$2" "$scratch/err"
}
refused "a mask of two pictures" "2 are given" "$lowbit" run "$scratch/run" "$discs"/train-image/[01].png -o "$scratch/no.png"
refused "a mask of a classifier" "tells classes of pixels" \
  "$lowbit" run "$scratch/files/model.lbm" "$discs/train-image/0.png" -o "$scratch/no.png"
refused "a mask that is no PNG" "ends in .png" "$lowbit" run "$scratch/run" "$discs/train-image/0.png" -o "$scratch/no.jpg"
refused "a classifier on masks" "tells no classes of pixels" "$lowbit" eval "$scratch/files/model.lbm" --data "$masks"
refused "a folder that is not there" "nowhere" "$lowbit" eval "$scratch/run" --data "segmentation:$scratch/nowhere"
refused "predictions of pixels" "--predictions" "$lowbit" eval "$scratch/run" --data "$masks" --predictions "$scratch/no.txt"
refused "no test pictures" "has no test pictures" train no --set data.test_last=0
refused "all pictures for tests" "leaves none" train no --set data.test_last=5
refused "a square that is too large" "smaller than the network's image" train no --set data.crop=64
refused "a square that cannot be halved" "multiples of 4" train no --set data.crop=30
refused "a class that no mask has" "grey value 50 is no class" train no --set 'data.mask_values=[0,200]'
refused "a loss of pictures" "'train.loss' must be" train no --set train.loss=l2
refused "changes of other images" "'augment.contrast' must be left out" train no --set augment.contrast=0.5
cp "$scratch/own/test-image/5.png" "$discs/train-label/0.png"
refused "a mask of another size" "train-label/0.png: is 45x50; its picture is 48x64" train no
rm "$discs/train-label/0.png"
refused "a picture without a mask" "train-image/0.png: has no mask" train no
check "  and nothing is written" test ! -e "$scratch/no" -a ! -e "$scratch/no.png" -a ! -e "$scratch/no.jpg"

if [ "${2:-}" = ranks ]; then
  source "$root/tests/distributed/ranks.sh"
  recipe=$scratch/discs.toml
  settings=(--threads 1 --set data.path="$scratch/again/discs" --set data.test_last=2 --set train.iterations=6)
  check "two ranks train" ranks 2 two
  check "  again" ranks 2 again2
  check "  end the same" same_run "$scratch/two" "$scratch/again2"
fi
finish
