#!/usr/bin/env bash
# Training with several processes on one machine, over the loopback: as torchrun and Slurm start them; kill -9, a rank
# that hangs, and resuming with another number of ranks; and what a person reads when the variables are wrong.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/ranks.sh"

# The epochs that metrics.jsonl of FOLDER tells of: each once, in order.
epochs() { sed -n 's/^{"kind":"epoch","epoch":\([0-9]*\),.*/\1/p' "$scratch/$1/metrics.jsonl" | tr '\n' ' '; }
has_all_epochs() { [ "$(epochs "$1")" = "1 2 3 " ] || { epochs "$1"; return 1; }; }
last_loss() { sed -n 's/^{"kind":"epoch".*"train_loss":\([0-9.]*\),.*/\1/p' "$scratch/$1/metrics.jsonl" | tail -n 1; }

check "two ranks train" ranks 2 two
check "rank 0 tells the result" says "% on the test set after 96 iterations" "$scratch/rank0.out"
check "rank 1 prints nothing" test ! -s "$scratch/rank1.out" -a ! -s "$scratch/rank1.err"
check "each epoch once" has_all_epochs two
check "the run is packed" "$lowbit" inspect "$scratch/two/model.lbm"
check "the run says how many ranks it had" says '"ranks": 2' "$scratch/two/run.json"
check "two ranks train again" ranks 2 again
check "same metrics" diff <(run_metrics "$scratch/two") <(run_metrics "$scratch/again")
check "same tensors" cmp <(run_tensors "$scratch/two") <(run_tensors "$scratch/again")
check "four ranks train" ranks 4 four --set train.sync_batch_norm=true
check "each epoch once" has_all_epochs four
check "one process trains" ranks 1 one
# Chance is 2.3; the four runs learn the same thing from the same batches.
check "they have all learned" awk -v losses="$(last_loss one) $(last_loss two) $(last_loss four)" \
  'BEGIN { n = split(losses, loss, " "); for (i = 1; i <= n; i++) if (loss[i] > 1.2) exit 1; exit n != 3 }'

# As srun starts them.
slurm_ranks() {
  port=$((port + 1))
  local i
  pids=()
  for i in 0 1; do
    env -u WORLD_SIZE SLURM_PROCID=$i SLURM_NTASKS=2 SLURM_LOCALID=$i SLURM_JOB_NODELIST=localhost MASTER_PORT=$port \
      "$lowbit" train "$recipe" --out "$scratch/slurm" "${settings[@]}" --set train.epochs=1 --set train.schedule.warmup=0 \
      >"$scratch/rank$i.out" 2>"$scratch/rank$i.err" &
    pids+=($!)
  done
  finished
}
check "two ranks under Slurm's variables" slurm_ranks

# One rank dies; the other ends by itself, and the run goes on with another number of ranks.
death_of() {
  begin 2 "$2" --set train.checkpoint_every=3 || return 1
  kill -9 "${pids[$1]}"
  finished
  echo "exit codes $codes"
}
check "rank 1 of a run is killed" death_of 1 killed
check "rank 0 ends with 1" ended 1 137
check "and one sentence" one_line 0
check "that says what happened" says "rank 0 of 2 lost contact with another rank" "$scratch/rank0.err"
check "and what to do" says "--resume continues from it with any number of ranks" "$scratch/rank0.err"
check "four ranks resume it" ranks 4 killed --set train.checkpoint_every=3 --resume
check "each epoch once" has_all_epochs killed
check "rank 0 of a run is killed" death_of 0 root
check "rank 1 ends with 1" ended 137 1
check "and one sentence" one_line 1
check "one process resumes it" ranks 1 root --set train.checkpoint_every=3 --resume
check "each epoch once" has_all_epochs root

hanging() {
  begin 2 hung --set train.checkpoint_every=3 || return 1
  kill -STOP "${pids[1]}"
  local code=0
  wait "${pids[0]}" || code=$?
  kill -9 "${pids[1]}"
  wait "${pids[1]}"
  [ $code = 1 ]
}
check "a rank that hangs ends the run after the timeout" hanging
check "with one sentence" one_line 0
check "that says what happened" says "lost contact with another rank" "$scratch/rank0.err"

interrupted() {
  begin 2 stopped --set train.checkpoint_every=3 || return 1
  kill -TERM "${pids[1]}"
  finished
  ended 1 1
}
check "SIGTERM to one rank stops both" interrupted
check "with a checkpoint" says "--resume continues there" "$scratch/rank0.err"
check "after the same step" cmp "$scratch/rank1.err" <(grep interrupted "$scratch/rank0.err")
check "two ranks resume it" ranks 2 stopped --set train.checkpoint_every=3 --resume
check "and end like an undisturbed run" diff <(run_metrics "$scratch/two") <(run_metrics "$scratch/stopped")

# What is wrong with the variables.
refused() { # CODE VARIABLE=VALUE...
  local code=$1
  shift
  fails_with "$code" env "$@" "$lowbit" train "$recipe" --out "$scratch/none" "${settings[@]}"
}
check "WORLD_SIZE alone is refused" refused 2 WORLD_SIZE=2 RANK=0
check "and says what is missing" says "WORLD_SIZE is 2, but MASTER_ADDR is not set" "$scratch/err"
here="MASTER_ADDR=127.0.0.1 MASTER_PORT=$((port + 1))"
check "a rank beyond the last is refused" refused 2 WORLD_SIZE=2 RANK=2 $here
check "and says so" says "RANK is 2, but WORLD_SIZE is only 2" "$scratch/err"
check "a batch that three ranks cannot share is refused" refused 2 WORLD_SIZE=3 RANK=0 $here
check "and says so" says "'train.batch' of 32 cannot be shared out equally among 3 ranks" "$scratch/err"
check "a host that is not known is refused" refused 2 WORLD_SIZE=2 RANK=1 MASTER_ADDR=no.such.host.invalid MASTER_PORT=1
check "and says so" says "'no.such.host.invalid', is not known here" "$scratch/err"
export LOWBIT_RANK_TIMEOUT=2
check "rank 0 does not wait for ever" refused 1 WORLD_SIZE=2 RANK=0 $here
check "and says for whom" says "not all 2 ranks came within 2 s" "$scratch/err"
check "rank 1 does not wait for ever" refused 1 WORLD_SIZE=2 RANK=1 $here
check "and says for whom" says "did not answer within 2 s: Connection refused" "$scratch/err"
check "no run folder was begun" test ! -e "$scratch/none"
export LOWBIT_RANK_TIMEOUT=5
# A rank 0 that waits for its rank 1 holds the port.
hold_port() {
  local tries
  pids=()
  port=$((port + 1))
  LOWBIT_RANK_TIMEOUT=600 launch 0 2 taken
  for ((tries = 0; tries < 600; tries++)); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return 0
    sleep 0.1
  done
  return 1
}
check "a rank 0 waits at its port" hold_port
check "a port in use is refused" refused 1 WORLD_SIZE=2 RANK=0 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port
check "and says so" says "rank 0 cannot listen on port $port (MASTER_PORT): Address already in use" "$scratch/err"
kill -9 "${pids[0]}"
wait "${pids[0]}" 2>/dev/null

unlike() {
  pids=()
  port=$((port + 1))
  launch 0 2 unlike
  launch 1 2 unlike --set seed=2
  finished
  ended 2 2
}
check "ranks with different recipes are refused" unlike
check "and say so" says "the ranks were not started alike" "$scratch/rank1.err"
again() { ranks 2 two; ended 2 2; }
check "a folder that holds a run is refused by all ranks" again
check "and says why" says "already holds a run" "$scratch/rank1.err"
finish
