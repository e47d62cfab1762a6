# Starting ranks, for the scripts of this folder; sourced after lib.sh.
#
#   start RANKS FOLDER OPTION...   begins them in the background: rank i writes $scratch/rank<i>.out and .err
#   finished                       waits for them; their exit codes are in $codes, "0 0"; passes if all are 0
#   ranks RANKS FOLDER OPTION...   both
#   ended CODE...                  passes if the exit codes of the ranks are these

export LOWBIT_RANK_TIMEOUT=5
recipe=$root/recipes/fashion-mnist/small-sq-twn.toml
# Small but with everything in it: SQ ramp, augmentation, dropout, momentum, evaluation in between.
settings=(--threads 1 --set train.epochs=3 --set data.train_limit=1024 --set data.test_limit=200
  --set train.batch=32 --set train.checkpoint_every=9 --set train.log_every=4 --set train.schedule.warmup=1
  --set model.dropout=0.2 --set "quantize.sq.ramp_until=0.8")
port=$((20000 + RANDOM % 9000))
address=127.0.0.1
pids=()

# launch RANK RANKS FOLDER OPTION...: one of them; `place` (an array, empty here) is a command to start it under.
place=()
launch() {
  WORLD_SIZE=$2 RANK=$1 LOCAL_RANK=$1 MASTER_ADDR=$address MASTER_PORT=$port \
    "${place[@]}" "$lowbit" train "$recipe" --out "$scratch/$3" "${settings[@]}" "${@:4}" \
    >"$scratch/rank$1.out" 2>"$scratch/rank$1.err" </dev/null &
  pids+=($!)
}

start() {
  local i
  pids=()
  port=$((port + 1))
  for ((i = 0; i < $1; i++)); do launch "$i" "$@"; done
}

finished() {
  local pid code
  codes=
  for pid in "${pids[@]}"; do
    code=0
    wait "$pid" || code=$?
    codes="$codes $code"
  done
  codes=${codes# }
  [ -z "${codes//[0 ]/}" ] || { echo "exit codes $codes"; tail -n 3 "$scratch"/rank*.err; return 1; }
}

ranks() { start "$@" && finished; }

ended() { [ "$codes" = "$*" ] || { echo "exit codes $codes, not $*"; tail -n 3 "$scratch"/rank*.err; return 1; }; }

# Waits until FOLDER has a checkpoint that is newer than the file $scratch/mark.
checkpointed() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    [ "$scratch/$1/checkpoint.safetensors" -nt "$scratch/mark" ] && return 0
    sleep 0.1
  done
  echo "no checkpoint within a minute"
  return 1
}

# begin RANKS FOLDER OPTION...: starts them, and waits until they have trained as far as a checkpoint.
begin() {
  touch "$scratch/mark"
  start "$@" && checkpointed "$2"
}

# One sentence, so one line, on standard error of rank I besides the lines of epochs that rank 0 prints.
one_line() { [ "$(grep -cv 'epoch [0-9]*/' "$scratch/rank$1.err")" = 1 ] || { cat "$scratch/rank$1.err"; return 1; }; }
