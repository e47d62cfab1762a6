#!/usr/bin/env bash
# A run that is killed again and again (kill -9, at random moments) and resumed ends exactly like an undisturbed one:
# the same weights, optimizer state and metrics, to the last bit. Also: a full disk and an unwritable folder are clear
# errors, and the last good checkpoint survives.
source "$(dirname "$0")/../lib.sh"

seed=${LOWBIT_KILL_SEED:-$RANDOM}
echo "random kills from seed $seed (LOWBIT_KILL_SEED)"
RANDOM=$seed

# Small but with everything in it: SQ ramp, augmentation, dropout, momentum, evaluation in between.
settings=(--threads 2 --set train.epochs=4 --set data.train_limit=1024 --set data.test_limit=200
  --set train.batch=32 --set train.checkpoint_every=9 --set train.log_every=4 --set train.schedule.warmup=1
  --set model.dropout=0.2 --set "quantize.sq.ramp_until=0.8")
recipe=$root/recipes/fashion-mnist/small-sq-twn.toml

train() { "$lowbit" train "$recipe" --out "$scratch/$1" "${settings[@]}" "${@:2}"; }

killed_run() {
  local kills=0 delay
  while :; do
    # Never 0.00, which `timeout` takes for no end at all.
    delay=0.$((RANDOM % 9))$((1 + RANDOM % 9))
    [ $((RANDOM % 3)) = 0 ] && delay=1$(echo "$delay" | tail -c +2)
    timeout -s KILL "$delay" "$lowbit" train "$recipe" --out "$scratch/killed" "${settings[@]}" --resume && break
    kills=$((kills + 1))
    # Late enough to get anywhere: after many kills let it go on for longer.
    [ $kills -gt 25 ] && { train killed --resume || return 1; break; }
  done
  echo "killed $kills times"
  echo "$kills" >"$scratch/kills"
}

check "an undisturbed run" train whole
check "a run killed at random moments" killed_run
check "it was killed at least twice" test "$(cat "$scratch/kills")" -ge 2
echo "        ($(cat "$scratch/kills") kills)"
check "same parameters, statistics and optimizer state" cmp <(run_tensors "$scratch/whole") <(run_tensors "$scratch/killed")
check "same metrics" diff <(run_metrics "$scratch/whole") <(run_metrics "$scratch/killed")
check "a second undisturbed run is the same too" train again
check "same tensors" cmp <(run_tensors "$scratch/whole") <(run_tensors "$scratch/again")

# Another recipe in the same folder is not resumed.
check "another recipe is refused" fails_with 2 "$lowbit" train "$recipe" --out "$scratch/whole" --resume
check "and says why" says "differs from the recipe" "$scratch/err"
check "without --resume a run is not overwritten" fails_with 2 train whole
check "and says why" says "already holds a run" "$scratch/err"

# A file size limit stands for a full disk: the next checkpoint cannot be written, the one before survives.
full_disk() {
  cp -r "$scratch/whole" "$scratch/full"
  cp "$scratch/whole/checkpoint.safetensors" "$scratch/before"
  (
    trap '' XFSZ
    ulimit -f 20
    fails_with 1 "$lowbit" train "$recipe" --out "$scratch/disk" "${settings[@]}"
  )
}
check "a full disk is an error" full_disk
check "and names the file" says "checkpoint.safetensors" "$scratch/err"
check "no half-written file is left" test ! -e "$scratch/disk/checkpoint.safetensors"
check "nor a temporary one" test -z "$(find "$scratch/disk" -name '*.part*')"
finish
