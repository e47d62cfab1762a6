#!/usr/bin/env bash
# A network trained on a folder of pictures, which are decoded when they are used: listed, trained, packed, evaluated.
# usage: image_folder_test.sh MAKE_FILES_PROGRAM
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
# Every measured number but the times.
metrics() { sed -E 's/"(seconds|images_per_second)":[^,}]*//g' "$scratch/$1/metrics.jsonl"; }
predictions() { "$lowbit" eval "${@:2}" --predictions "$scratch/$1.txt"; }

ln -s "$pictures" "$scratch/image-folder"
check "data describes it" fails_with 0 env LOWBIT_DATA="$scratch" "$lowbit" data image-folder
check "  and lists it" says "listed, not read: 120 training and 45 test images [3, 224, 224], 3 classes" "$scratch/out"

check "train" train run
check "  warns of the damaged picture" says "1 damaged picture was replaced by others of the same class" "$scratch/err"
check "  names it" says "train/green/7.png" "$scratch/err"
check "train with three loader threads" train threads --set data.threads=3
check "  measures the same" diff <(metrics run) <(metrics threads)
check "  something" test -s "$scratch/threads/metrics.jsonl"
check "eval RUN" predictions trained "$scratch/run"
check "eval FILE" predictions packed "$scratch/run/model.lbm" --data "image-folder:$pictures"
check "  45 predictions" test "$(wc -l <"$scratch/packed.txt")" = 45
check "  the same ones" cmp "$scratch/trained.txt" "$scratch/packed.txt"
check "  of more than one class" test "$(sort -u "$scratch/packed.txt" | wc -l)" -gt 1

check "a picture of the test set is damaged" cp "$pictures/train/green/7.png" "$pictures/val/red/3.png"
check "eval warns" fails_with 0 "$lowbit" eval "$scratch/run" --json
check "  in its JSON" says "val: 1 damaged picture was replaced" "$scratch/out"
rm -r "$pictures/val/red"
check "classes differ" fails_with 2 "$lowbit" eval "$scratch/run"
check "  says which" says "val: lacks the class folder 'red'" "$scratch/err"
check "  in one line" test "$(wc -l <"$scratch/err")" = 1
finish
