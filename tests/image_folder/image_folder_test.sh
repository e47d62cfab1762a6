#!/usr/bin/env bash
# A network trained on a folder of pictures, which are decoded when they are used: listed, trained, packed, evaluated.
# usage: image_folder_test.sh MAKE_FILES_PROGRAM [ranks]
source "$(dirname "$0")/../lib.sh"
"$1" "$scratch/files" || exit 1
pictures=$scratch/files/pictures

cat >"$scratch/tints.toml" <<END
[data]
name = "image-folder"
path = "$pictures"
crop = 16
resize = 17

[augment]
flip = true

[model]
name = "small"

[train]
epochs = 2
batch = 8
log_every = 1

[quantize]
method = "twn"
END

train() { "$lowbit" train "$scratch/tints.toml" --threads 1 --out "$scratch/$1" "${@:2}" 2>"$scratch/err"; }
predictions() { "$lowbit" eval "${@:2}" --predictions "$scratch/$1.txt"; }

ln -s "$pictures" "$scratch/image-folder"
check "data describes it" fails_with 0 env LOWBIT_DATA="$scratch" "$lowbit" data image-folder
check "  and lists it" says "listed, not read: 120 training and 45 test images [3, 224, 224], 3 classes" "$scratch/out"

check "train" train run
check "  warns of the damaged picture" says "1 damaged picture was replaced by others of the same class" "$scratch/err"
check "  names it" says "train/green/7.png" "$scratch/err"
check "train with three loader threads" train threads --set data.threads=3
check "  ends the same" same_run "$scratch/run" "$scratch/threads"
check "  measured something" test -s "$scratch/threads/metrics.jsonl"
check "eval RUN" predictions trained "$scratch/run"
check "eval FILE" predictions packed "$scratch/run/model.lbm" --data "image-folder:$pictures"
check "  45 predictions" test "$(wc -l <"$scratch/packed.txt")" = 45
check "  the same ones" cmp "$scratch/trained.txt" "$scratch/packed.txt"
check "  of more than one class" test "$(sort -u "$scratch/packed.txt" | wc -l)" -gt 1

check "a picture of the test set is damaged" cp "$pictures/train/green/7.png" "$pictures/val/red/3.png"
check "eval warns" fails_with 0 "$lowbit" eval "$scratch/run" --json
check "  in its JSON" says "val: 1 damaged picture was replaced" "$scratch/out"
check "the folder of a class is gone" mv "$pictures/val/red" "$scratch/red"
check "eval warns" fails_with 0 "$lowbit" eval "$scratch/run" --json
check "  of the class" says "val: has no picture of 1 of the 3 classes" "$scratch/out"
check "train is refused" fails_with 2 "$lowbit" train "$scratch/tints.toml" --out "$scratch/refused"
check "  says which" says "val: lacks the class folder 'red'" "$scratch/err"
check "  in one line" test "$(wc -l <"$scratch/err")" = 1
mkdir "$pictures/val/pink"
check "the folder of no class is there" cp "$pictures/val/blue/1.png" "$pictures/val/pink"
check "eval is refused" fails_with 2 "$lowbit" eval "$scratch/run/model.lbm" --data "image-folder:$pictures"
check "  says which" says "val/pink: is none of the 3 classes" "$scratch/err"
rm -r "$pictures/val/pink"
mv "$scratch/red" "$pictures/val/red"

# The labels of a list of classes.
printf 'red a red one\ngreen\nblue\nnone\n' >"$scratch/classes.txt"
check "train with a list of classes" train listed --set data.classes="$scratch/classes.txt"
check "  warns of the one that is not there" says "train: has no picture of 1 of the 4 classes" "$scratch/err"
check "  the file has their names" says "a red one" "$scratch/listed/model.lbm"
rm "$scratch/classes.txt"
check "  eval RUN without the list" predictions listed "$scratch/listed"
check "  eval FILE without the list" predictions listed_file "$scratch/listed/model.lbm" --data "image-folder:$pictures"
check "  the same predictions" cmp "$scratch/listed.txt" "$scratch/listed_file.txt"
check "  most are right" \
  awk '$1 == (NR - 1) % 3 { right++ } END { exit !(NR == 45 && right > 30) }' "$scratch/listed.txt"

# Pictures without labels.
plain=pictures:$pictures/train/blue
check "calibrate with pictures without labels" fails_with 0 "$lowbit" calibrate "$scratch/run/model.lbm" --data "$plain" \
  -o "$scratch/integers.lbm"
check "  of which there are so many" says "40 training images of pictures" "$scratch/out"
check "train floats" train floats --set quantize.method=none
check "compress with them" fails_with 0 "$lowbit" compress "$scratch/floats/model.lbm" --data "$plain" -o "$scratch/codes.lbm"
check "  on those" says "fitted on 40 training images of pictures" "$scratch/out"
check "eval with them" fails_with 2 "$lowbit" eval "$scratch/run/model.lbm" --data "$plain"
check "  says why not" says "data set 'pictures' has no labels" "$scratch/err"
check "eval against another network" fails_with 0 "$lowbit" eval "$scratch/codes.lbm" --against "$scratch/floats/model.lbm" \
  --data "$plain" --json
check "  on all of them" says '"images":40,' "$scratch/out"
check "eval against itself, a run" fails_with 0 "$lowbit" eval "$scratch/floats" --against "$scratch/floats/model.lbm" --data "$plain"
check "  says that all is the same" says "model.lbm for 100.00 % of 40 images of pictures, among its first five for 100.00 %; logits 0.00 % off" \
  "$scratch/out"
check "eval against another network on labelled pictures" fails_with 0 "$lowbit" eval "$scratch/codes.lbm" \
  --against "$scratch/floats/model.lbm" --data "image-folder:$pictures"
check "  takes those of the test" says "of 45 images of image-folder" "$scratch/out"
check "eval against a network of more classes" fails_with 2 "$lowbit" eval "$scratch/floats/model.lbm" \
  --against "$scratch/listed/model.lbm" --data "$plain"
check "  says how many" says "listed/model.lbm: tells 4 classes apart; $scratch/floats/model.lbm has 3" "$scratch/err"
mkdir "$scratch/nothing"
check "eval without any picture" fails_with 2 "$lowbit" eval "$scratch/codes.lbm" --against "$scratch/floats/model.lbm" \
  --data "pictures:$scratch/nothing"
check "  says what was looked for" says "nothing: holds no .jpg, .jpeg or .png file" "$scratch/err"
check "train with them" fails_with 2 "$lowbit" train "$scratch/tints.toml" --set data.name=pictures \
  --set data.path="$pictures/train/blue" --out "$scratch/refused"
check "  says why not" says "data.name: 'pictures' has no labels to learn from" "$scratch/err"
check "  and what would do" says "it needs a teacher, 'distill.teacher', and 'distill.weight' = 1" "$scratch/err"

# A teacher is enough: what its student's tests tell is what `eval --against` tells of its file. $answered: the share of the tests.
mkdir "$scratch/mixed"
for class in red green blue; do
  for picture in "$pictures/val/$class"/*.png; do cp "$picture" "$scratch/mixed/$class-${picture##*/}"; done
done
pixels=(--set 'data.mean=[0.5,0.5,0.5]' --set 'data.std=[0.2,0.2,0.2]')
check "train a teacher" train teacher --set quantize.method=none "${pixels[@]}"
unlabelled=(--set data.name=pictures --set data.path="$pictures/train/blue" --set distill.temperature=1 "${pixels[@]}")
learn() { "$lowbit" train "$scratch/tints.toml" --threads 1 --out "$scratch/$1" "${unlabelled[@]}" "${@:2}"; }
answered() { sed -nE 's/.*"(test|top1)_agreement":([0-9.]+),.*/\2/p' "$scratch/out"; }
# Both bring their own network and normalization, whatever the student's are.
for teacher in teacher teacher/model.lbm; do
  student=of_${teacher##*/}
  check "train with $teacher for a teacher" fails_with 0 learn "$student" --set distill.teacher="$scratch/$teacher" \
    --set 'data.std=[0.1,0.3,0.2]' --set model.width=2 --set distill.weight=1 --set data.test_path="$scratch/mixed" --set train.learning_rate=1e-5 --json
  check "  tells no accuracy" test -z "$(grep accuracy "$scratch/out" "$scratch/err" "$scratch/$student/metrics.jsonl")"
  check "  but the divergence" says '"test_loss":' "$scratch/out"
  check "  in its log, too" says "test: teacher's class " "$scratch/err"
  share=$(answered)
  check "  eval its file" fails_with 0 "$lowbit" eval "$scratch/$student/model.lbm" --against "$scratch/teacher/model.lbm" \
    --data "pictures:$scratch/mixed" --json
  check "  the same share" test -n "$share" -a "$share" = "$(answered)"
  check "  which is neither none nor all" test "$share" != 0.0 -a "$share" != 1.0
  check "  on the test pictures" says '"images":45,' "$scratch/out"
  check "  eval the run" fails_with 2 "$lowbit" eval "$scratch/$student"
  check "  says why not" says "has no labels to compare with; --against" "$scratch/err"
done
check "train without pictures for tests" fails_with 0 learn alone --set distill.teacher="$scratch/teacher" --set distill.weight=1 \
  --set data.test_limit=9
check "  says so" says "tests are made on the training pictures" "$scratch/err"
check "  says how close it is" says "the teacher's class for" "$scratch/out"
check "report it" "$lowbit" report "$scratch/alone" "$scratch/run" -o "$scratch/alone.html"
check "a sweep of it" fails_with 0 learn alones --quiet --set distill.teacher="$scratch/teacher" --set distill.weight=1 --set 'sweep.seed=[1,2]'
check "  has agreements" says '"test_agreement": {' "$scratch/alones/sweep.json"
not_taught() {
  check "not trained: $1" fails_with 2 learn refused "${@:3}"
  check "  says '$2'" says "$2" "$scratch/err"
  check "  and nothing is written" test ! -e "$scratch/refused"
}
not_taught "half from labels" "'distill.weight' = 1" --set distill.teacher="$scratch/teacher" --set distill.weight=0.5
not_taught "a teacher that does not say its classes" "'data.classes' must list the classes" --set distill.weight=1 \
  --set distill.teacher="$scratch/teacher/checkpoint.safetensors"
not_taught "a teacher that is not there" "$scratch/none.lbm: " --set distill.weight=1 --set distill.teacher="$scratch/none.lbm"
not_taught "a packed teacher and a network for it" "is a packed file that says itself" --set distill.weight=1 \
  --set distill.teacher="$scratch/teacher/model.lbm" --set distill.model.name=small
not_taught "no test pictures" "nothing: holds no" --set distill.teacher="$scratch/teacher" --set distill.weight=1 \
  --set data.test_path="$scratch/nothing"

# A network that learns to sharpen them; what a run and its packed file make of the tests, and whom a report tells of it.
cat >"$scratch/sharpen.toml" <<END
[data]
name = "super-resolution"
path = "$pictures/train/blue"
test_path = "$pictures/val/green"
normalize = "none"
scale = 0.004
crop = 12
factors = [2, 3]
test_limit = 3

[augment]
rotate = true

[model]
name = "vdsr"
depth = 3
width = 4

[train]
iterations = 6
batch = 8
learning_rate = 0.01

[quantize]
method = "twn"

[quantize.activations]
bits = 8
END
sharpen() { "$lowbit" train "$scratch/sharpen.toml" --threads 1 --quiet --out "$scratch/$1" "${@:2}"; }
tests=super-resolution:$pictures/val/green
psnr() { sed -n 's/.*"psnr":\([0-9.e+-]*\),"pictures".*/\1/p' "$scratch/$1"; }
check "train on pictures to sharpen" fails_with 0 sharpen sharp
check "  tells decibels" says "dB on the test pictures after 6 iterations (last epoch)" "$scratch/out"
check "eval the run on its own pictures" fails_with 0 "$lowbit" eval "$scratch/sharp" --scale 2 --json
cp "$scratch/out" "$scratch/run.json"
check "eval its packed file" fails_with 0 "$lowbit" eval "$scratch/sharp/model.lbm" --data "$tests" --scale 2 --json
cp "$scratch/out" "$scratch/file.json"
check "  the same decibels" test -n "$(psnr run.json)" -a "$(psnr run.json)" = "$(psnr file.json)"
check "eval the run without a scale" fails_with 2 "$lowbit" eval "$scratch/sharp"
check "  says so" says "--scale says how many times smaller" "$scratch/err"
check "eval a classifier's pictures" fails_with 2 "$lowbit" eval "$scratch/run" --scale 2
check "  says so" says "sharpens no pictures" "$scratch/err"
check "report it" "$lowbit" report "$scratch/sharp" -o "$scratch/sharp.html"
check "a sweep of it" fails_with 0 sharpen sharps --set 'sweep.seed=[1,2]'
check "  in decibels" says " dB  " "$scratch/out"
not_sharpened() {
  check "$1" fails_with 2 sharpen refused "${@:3}"
  check "  says so" says "$2" "$scratch/err"
}
not_sharpened "no test pictures" "'data.test_path' must name the folder" --set data.test_path=
not_sharpened "a loss of labels" "'train.loss' must be \"l2\" or \"l1\"" --set train.loss=cross_entropy
not_sharpened "changes of other images" "'augment.contrast' must be left out" --set augment.contrast=0.5
not_sharpened "a factor that is too large" "is smaller than three times the scale, 9" --set 'data.factors=[9]'
not_sharpened "a classifier" "the number of classes must be at least 1" --set model.name=small
check "  and nothing is written" test ! -e "$scratch/refused"

# Every random change at once, killed at random moments.
changes=(--set data.threads=2 --set train.epochs=12 --set train.checkpoint_every=3 --set augment.resized_crop=true
  --set augment.brightness=0.4 --set augment.contrast=0.4 --set augment.saturation=0.4)
first_step() { run_metrics "$scratch/$1" | grep -m 1 '"kind":"step"'; }
killed_run() {
  local kills=0
  while [ $kills -lt 6 ]; do
    timeout -s KILL "0.$((4 + RANDOM % 6))" "$lowbit" train "$scratch/tints.toml" --threads 1 --out "$scratch/killed" \
      "${changes[@]}" --resume && break
    kills=$((kills + 1))
  done
  echo "$kills" >"$scratch/kills"
  train killed "${changes[@]}" --resume
}
check "an undisturbed run with resized crops and colours" train whole "${changes[@]}"
check "  begins differently" test "$(first_step whole)" != "$(first_step run)"
check "the same, killed and resumed" killed_run
check "  was killed" test "$(cat "$scratch/kills")" -ge 1
check "  ends with the same bits" same_run "$scratch/whole" "$scratch/killed"

if [ "${2:-}" = ranks ]; then
  source "$root/tests/distributed/ranks.sh"
  recipe=$scratch/tints.toml
  settings=(--threads 1 "${changes[@]}" --set train.epochs=2)
  check "two ranks train" ranks 2 two
  check "  one of them tells of the damaged picture" says "train/green/7.png" <(cat "$scratch"/rank?.err)
  check "  again, with other threads" ranks 2 again --set data.threads=1
  check "  end the same" same_run "$scratch/two" "$scratch/again"
fi
finish
