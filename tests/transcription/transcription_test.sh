#!/usr/bin/env bash
# A network that writes down what is said: trained on recordings with texts, packed, evaluated, run.
# usage: transcription_test.sh MAKE_FILES_PROGRAM [ranks]
source "$(dirname "$0")/../lib.sh"
"$1" "$scratch/files" || exit 1
songs=$scratch/files/songs

cat >"$scratch/songs.toml" <<END
[data]
name = "transcribed-speech"
path = "$songs"
normalize = "channel"

[model]
name = "speech_rnn"
hidden = 16
stack = 4
output = "frames"

[train]
iterations = 120
batch = 4
test_batch = 2
optimizer = "adam"
learning_rate = 0.02
clip_gradients = 5

[quantize]
method = "twn"
skip = ["fc"]
END

train() { "$lowbit" train "$scratch/songs.toml" --threads 1 --quiet --out "$scratch/$1" "${@:2}"; }
number() { grep -o "\"$1\":[0-9.e+-]*" "$2" | head -n 1 | cut -d: -f2; }
set=transcribed-speech:$songs

mkdir "$scratch/data"
ln -s "$songs" "$scratch/data/transcribed-speech"
check "data" fails_with 0 env LOWBIT_DATA="$scratch/data" "$lowbit" data transcribed-speech
check "  finds the folder" says "found      $scratch/data/transcribed-speech" "$scratch/out"
check "train" fails_with 0 train run
check "  tells the score" says "a character accuracy of " "$scratch/out"
check "eval the packed file" fails_with 0 "$lowbit" eval "$scratch/run/model.lbm" --data "$set" --json
trained=$(number test_character_accuracy <(grep '"kind":"final"' "$scratch/run/metrics.jsonl"))
# The first rate is that of the characters. Sums in another order may turn a step between two letters: one character of 11 at most.
check "  has the score of the training" awk "BEGIN { d = 1 - $(number rate "$scratch/out") - $trained; exit !($trained > 0.5 && d * d < 0.01) }"
check "eval the run on the set that it was trained on" fails_with 0 env LOWBIT_DATA="$scratch/data" "$lowbit" eval "$scratch/run"
check "  tells characters and words" says "word error rate " "$scratch/out"
check "run it on a recording" fails_with 0 "$lowbit" run "$scratch/run" "$songs/wav/train2.wav"
check "  tells the text" says "  AB" "$scratch/out"
check "report it" "$lowbit" report "$scratch/run" -o "$scratch/run.html"

refused() {
  check "$1" fails_with 2 "${@:3}"
  check "  says so" says "$2" "$scratch/err"
}
refused "a picture" "is no sound file" "$lowbit" run "$scratch/run" "$scratch/files/discs/train-image/0.png"
refused "a classifier on recordings" "writes down no speech" "$lowbit" eval "$scratch/files/model.lbm" --data "$set"
refused "a folder that is not there" "nowhere" "$lowbit" eval "$scratch/run" --data "transcribed-speech:$scratch/nowhere"
refused "predictions of text" "--predictions" "$lowbit" eval "$scratch/run" --data "$set" --predictions "$scratch/no.txt"
refused "a loss of pictures" "'train.loss' must be" train no --set train.loss=l2
refused "mirrored recordings" "'augment.flip' must be left out" train no --set augment.flip=true
refused "one answer for a recording" "needs [1, 64, 4]" train no --set model.output=utterance
refused "too few steps" "fewer rows in a step" train no --set model.stack=32
mv "$songs/wav/test1.wav" "$scratch/test1.wav"
refused "a recording that is not there" "test1.wav" train no
mv "$scratch/test1.wav" "$songs/wav/test1.wav"
check "  and nothing is written" test ! -e "$scratch/no" -a ! -e "$scratch/no.txt"

if [ "${2:-}" = ranks ]; then
  source "$root/tests/distributed/ranks.sh"
  recipe=$scratch/songs.toml
  settings=(--threads 1 --set train.iterations=6)
  check "two ranks train" ranks 2 two
  check "  again" ranks 2 again2
  check "  end the same" same_run "$scratch/two" "$scratch/again2"
fi
finish
