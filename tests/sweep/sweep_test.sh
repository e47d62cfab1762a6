#!/usr/bin/env bash
# Sweeps: what is refused before anything runs; the same bits one run at a time, two at a time, and after kills; a run
# that fails; the figures at the end against the runs' own files.
source "$(dirname "$0")/../lib.sh"

cat >"$scratch/study.toml" <<'TOML'
description = "two methods, two seeds"
[data]
train_limit = 512
test_limit = 100
[augment]
flip = true
[train]
epochs = 2
batch = 32
checkpoint_every = 5
[sweep]
seed = [1, 2]
[[sweep.variant]]
name = "float"
[[sweep.variant]]
name = "sq-twn"
set = ["quantize.method=twn", "quantize.policy=sq", "quantize.sq.ramp=[0.5,1.0]"]
TOML
names=(float,seed=1 float,seed=2 sq-twn,seed=1 sq-twn,seed=2)

# One thread for each run: another number rounds in another way.
sweep() { "$lowbit" train "$scratch/study.toml" --threads 1 --out "$scratch/$1" "${@:2}"; }

# refused WHAT PART-OF-THE-MESSAGE ARGUMENT...: exits with 2, says so in one line, and leaves no folder.
refused() {
  local what=$1 text=$2
  shift 2
  check "refused: $what" fails_with 2 sweep refused "$@"
  check "  says '$text'" says "$text" "$scratch/err"
  check "  in one line" test "$(wc -l <"$scratch/err")" = 1
  check "  leaves nothing" test ! -e "$scratch/refused"
}
refused "an unknown key in [sweep]" "did you mean 'seed'" --set 'sweep.sed=[1]'
refused "an unknown option of the policy, in the last run only" "did you mean 'unit'" \
  --set 'sweep.variant=[{name="a"},{name="b",set=["quantize.method=twn","quantize.policy=sq","quantize.sq.unti=1"]}]'
refused "an unknown network, in the last run only" "vgg9" --set 'sweep.model.name=["small","vgg8"]'
refused "an empty list" "at least one value" --set 'sweep.seed=[]'
refused "a value twice" "lists 1 twice" --set 'sweep.seed=[1,1]'
refused "a setting that the sweep would ignore" "[sweep] sets 'seed' already" --set seed=3
several_ranks() {
  WORLD_SIZE=2 RANK=0 LOCAL_RANK=0 LOCAL_WORLD_SIZE=2 MASTER_ADDR=localhost MASTER_PORT=1 fails_with 2 sweep refused
}
check "refused: a sweep by several ranks" several_ranks
check "  says why" says "several ranks" "$scratch/err"
check "refused: no runs at a time" fails_with 2 sweep refused --jobs 0
check "several runs at a time of one run" fails_with 2 "$lowbit" train "$root/recipes/fashion-mnist/small-float.toml" \
  --out "$scratch/refused" --jobs 2
check "  says why" says "has no [sweep]" "$scratch/err"

same_sweep() {
  local name
  for name in "${names[@]}"; do
    same_run "$scratch/$1/$name" "$scratch/$2/$name" || return 1
    cmp "$scratch/$1/$name/model.lbm" "$scratch/$2/$name/model.lbm" || return 1
  done
}

check "one run after another" fails_with 0 sweep whole
check "  a row for each configuration" test "$(grep -cE '^(float|sq-twn) +2 ' "$scratch/out")" = 2
check "  says which accuracy" says "after the last epoch" "$scratch/out"
check "  lines say whose they are" grep -q '^sq-twn,seed=2  epoch 2/2' "$scratch/err"
check "  a page" grep -q "<html" "$scratch/whole/report.html"
check "two at a time, as JSON" fails_with 0 sweep pairs --jobs 2 --quiet --json
check "  one object" test "$(wc -l <"$scratch/out")" = 1
check "  and nothing else" test ! -s "$scratch/err"
check "  the same bits" same_sweep whole pairs
check "a run's recipe alone" "$lowbit" train "$scratch/whole/sq-twn,seed=2/recipe.toml" --out "$scratch/alone" --threads 1
check "  gives the same bits" same_run "$scratch/whole/sq-twn,seed=2" "$scratch/alone"

# accuracies METHOD: of its runs' final lines.
accuracies() { sed -n 's/.*"kind":"final".*"test_accuracy":\([0-9.e-]*\),.*/\1/p' "$scratch/whole/$1",*/metrics.jsonl; }
# By the other formula for two values: half their sum, and their distance over the square root of two.
figures_are_right() {
  local method
  for method in float sq-twn; do
    # shellcheck disable=SC2046
    set -- $(accuracies "$method")
    tr -d ' \n' <"$scratch/whole/sweep.json" | sed "s/.*\"name\":\"$method\",\"runs\":2,\"finished\":2,//" |
      awk -v a="$1" -v b="$2" '
        function near(x, y) { return x - y < 1e-9 && y - x < 1e-9 }
        { match($0, /"mean":[0-9.e-]*/); mean = substr($0, RSTART + 7, RLENGTH - 7)
          match($0, /"deviation":[0-9.e-]*/); deviation = substr($0, RSTART + 12, RLENGTH - 12)
          exit !(near(mean, (a + b) / 2) && near(deviation, (a > b ? a - b : b - a) / sqrt(2))) }' || return 1
  done
}
check "mean and deviation are those of the runs" figures_are_right
check "report" fails_with 0 "$lowbit" report "$scratch/whole" -o "$scratch/page.html" --json
check "  is what sweep.json says" cmp <(sed 's/.*"sweeps":\[//; s/\]}$//' "$scratch/out" | tr -d ' \n') \
  <(tr -d ' \n' <"$scratch/whole/sweep.json")

# children SWEEP-PID: the runs that are processes now.
children() { cat "/proc/$1/task/$1/children" 2>/dev/null; }
# Waits until the run has a checkpoint, so that a kill has something to continue from.
until_checkpoint() {
  local i
  for ((i = 0; i < 1000; ++i)); do
    [ -e "$scratch/$1/checkpoint.safetensors" ] && return 0
    sleep 0.02
  done
  return 1
}
count_finished() { find "$scratch/$1" -name model.lbm | wc -l; }
# Gone, or waiting for somebody to read its exit code.
ended() { ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null; }
begin() { "$lowbit" train "$scratch/study.toml" --threads 1 --out "$scratch/$1" --quiet --resume "${@:2}" 2>"$scratch/err" >/dev/null & }

# A sweep that is killed takes its runs with it: two processes in one folder would spoil it.
killed_sweep() {
  begin killed --jobs 2
  local pid=$! runs
  until_checkpoint killed/float,seed=1 || return 1
  runs=$(children "$pid")
  [ -n "$runs" ] || { echo "no process to kill"; return 1; }
  kill -9 "$pid"
  wait "$pid"
  local run i finished
  finished=$(count_finished killed)
  for run in $runs; do
    for ((i = 0; i < 500; ++i)); do ended "$run" && break; sleep 0.02; done
    ended "$run" || { echo "$run still runs"; return 1; }
  done
  [ "$(count_finished killed)" = "$finished" ] || { echo "a run went on to its end"; return 1; }
}
check "kill -9 of the sweep ends its runs" killed_sweep
killed_run() {
  begin killed
  local pid=$! code=0 i run
  for ((i = 0; i < 1000; ++i)); do
    # shellcheck disable=SC2046
    run=$(children "$pid") && [ -n "$run" ] && sleep 0.$((RANDOM % 9)) && kill -9 $(children "$pid") 2>/dev/null && break
    sleep 0.02
  done
  wait "$pid" || code=$?
  [ "$code" = 1 ]
}
check "kill -9 of one run fails the sweep" killed_run
check "  names it" grep -qE '1 of 4 runs failed: [a-z-]+,seed=[12] \(killed by signal 9\)' "$scratch/err"
check "  and the others are finished" test "$(grep -c '"state": "finished"' "$scratch/killed/sweep.json")" = 3
check "resumed" sweep killed --resume --quiet
check "  the same bits" same_sweep whole killed

interrupted() {
  begin interrupted --jobs 2
  local pid=$! code=0
  until_checkpoint interrupted/float,seed=1 || return 1
  kill -TERM "$pid"
  wait "$pid" || code=$?
  [ "$code" = 1 ]
}
check "SIGTERM" interrupted
check "  says how to go on" says "--resume continues there" "$scratch/err"
check "  the runs wrote checkpoints and why they ended" says "interrupted after iteration" "$scratch/interrupted/sweep.json"
check "resumed" sweep interrupted --resume --quiet
check "  the same bits" same_sweep whole interrupted

check "a sweep is not overwritten" fails_with 2 sweep whole
check "  says so" says "already holds a sweep" "$scratch/err"
check "nor is a single run put into its folder" fails_with 2 "$lowbit" train "$scratch/alone/recipe.toml" --out "$scratch/whole"
check "  says so" says "holds a sweep" "$scratch/err"
check "nor a sweep into that of a run" fails_with 2 sweep alone --resume
check "  says so" says "holds a single run" "$scratch/err"
check "a changed recipe is not resumed" fails_with 2 sweep whole --resume --set train.batch=64
check "  says so" says "differs from the recipe" "$scratch/err"
check "nor one that lists less" fails_with 2 sweep whole --resume --set 'sweep.seed=[1]'
check "  says so" says "holds the run 'float,seed=2'" "$scratch/err"

cp "$scratch/whole/float,seed=1/metrics.jsonl" "$scratch/before"
cat >>"$scratch/study.toml" <<'TOML'
[[sweep.variant]]
name = "wild"
set = ["train.learning_rate=1000", "train.weight_decay=1"]
TOML
check "added values: one kind of run fails" fails_with 1 sweep whole --resume --jobs 2 --set 'sweep.seed=[1,2,3]'
check "  names it" says "3 of 9 runs failed: wild,seed=1" "$scratch/err"
check "  says why" says "not a finite number" "$scratch/err"
check "  the others are made" test "$(grep -cE '^(float|sq-twn) +3 ' "$scratch/out")" = 2
check "  and the finished ones left alone" cmp "$scratch/before" "$scratch/whole/float,seed=1/metrics.jsonl"
check "  a page of what there is" grep -q "wild" "$scratch/whole/report.html"

# Widths that one run of a sweep learns are those of the runs behind it. The price is such that layers lose bits at once.
cat >"$scratch/widths.toml" <<'TOML'
[data]
train_limit = 512
test_limit = 100
[train]
epochs = 2
batch = 32
[quantize]
method = "srq"
[quantize.srq]
bits = 4
estimator = "full_vector"
[sweep]
seed = [3, 4]
[[sweep.variant]]
name = "learned"
set = ["quantize.srq.dropbits=true", "quantize.srq.bit_price=3", "quantize.srq.price_warmup=0", "quantize.srq.patience=1",
  "quantize.srq.mask_rate=50"]
[[sweep.variant]]
name = "fixed"
set = ["quantize.widths=../learned,seed=$seed"]
[[sweep.variant]]
name = "equal"
set = ["quantize.widths=../learned,seed=$seed", "quantize.equal_widths=true"]
TOML
widths() { "$lowbit" train "$scratch/widths.toml" --threads 1 --quiet --out "$scratch/widths" "$@"; }
# learned_bits RUN: of its layers after the last epoch. widths_of RUN: what it was told.
learned_bits() {
  grep '"kind":"layer"' "$scratch/widths/$1/metrics.jsonl" | grep '"epoch":2' |
    sed -E 's/.*"layer":"([^"]*)".*"bits":([0-9]*).*/\1 \2/' | sort
}
widths_of() { sed -n '/"widths"/,/}/p' "$scratch/widths/$1/run.json" | sed -nE 's/^ *"(.*)": ([0-9]+),?$/\1 \2/p' | sort; }
check "widths of another run of the sweep" fails_with 0 widths
check "  were learned" test "$(learned_bits learned,seed=3 | grep -c " 4")" -lt 4
check "  and followed" test "$(widths_of fixed,seed=3)" = "$(learned_bits learned,seed=3)"
check "  by each seed from its own" test "$(widths_of fixed,seed=4)" = "$(learned_bits learned,seed=4)"
check "  or their mean" test "$(widths_of equal,seed=3 | cut -d' ' -f2 | sort -u | wc -l)" = 1
check "  and such a run is evaluated" fails_with 0 "$lowbit" eval "$scratch/widths/fixed,seed=3"
check "widths of a run that is not there" fails_with 2 "$lowbit" train "$scratch/widths/fixed,seed=3/recipe.toml" \
  --out "$scratch/nowhere/run"
check "  says so" says "is not the folder of a finished run" "$scratch/err"
check "  leaves nothing" test ! -e "$scratch/nowhere"
finish
