#!/usr/bin/env bash
# Two ranks in two network namespaces, which stand for two hosts: they reach each other through a virtual cable only,
# train, and notice when it is cut. Needs root (`make namespaces`), so it is no part of the ordinary tests.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/ranks.sh"

left=lowbit-left-$$
right=lowbit-right-$$
address=10.77.0.1

set_up() {
  ip netns add "$left" && ip netns add "$right" &&
    ip link add left netns "$left" type veth peer name right netns "$right" &&
    ip -n "$left" address add 10.77.0.1/24 dev left && ip -n "$right" address add 10.77.0.2/24 dev right &&
    ip -n "$left" link set left up && ip -n "$right" link set right up && ip -n "$left" link set lo up &&
    ip -n "$right" link set lo up
}
trap 'ip netns del "$left"; ip netns del "$right"; rm -rf "$scratch"' EXIT

# start of ranks.sh, with a namespace for each rank.
start() {
  pids=()
  port=$((port + 1))
  place=(ip netns exec "$left")
  launch 0 "$@"
  place=(ip netns exec "$right")
  launch 1 "$@"
}

check "two namespaces and a cable" set_up
check "two ranks train across it" ranks 2 across
check "rank 0 tells the result" says "% on the test set after 96 iterations" "$scratch/rank0.out"

cut() {
  begin 2 cut --set train.checkpoint_every=3 || return 1
  ip -n "$left" link set left down
  finished
  ip -n "$left" link set left up
  ended 1 1
}
check "a cut cable ends both" cut
check "with one sentence here" one_line 0
check "and one there" one_line 1
check "that says what happened" says "lost contact with another rank" "$scratch/rank1.err"
check "mended, they resume" ranks 2 cut --set train.checkpoint_every=3 --resume
finish
