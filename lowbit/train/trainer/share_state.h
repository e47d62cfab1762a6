#ifndef LOWBIT_TRAIN_TRAINER_SHARE_STATE_H_
#define LOWBIT_TRAIN_TRAINER_SHARE_STATE_H_

#include "lowbit/base/result.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/trainer/run_state.h"

namespace lowbit::train {

// Every rank goes on from what rank 0 holds: parameters, buffers, optimizer state and counters, which are returned. So
// only rank 0 reads a checkpoint. Nothing for one rank. Errors: a rank that is lost.
Result<RunState> ShareState(const RunState& state, Network* network, Optimizer* optimizer, distributed::Group* group);

// The network's buffers (batch-norm statistics, which differ where they are not synchronized) become those of rank 0.
void ShareBuffers(Network* network, distributed::Group* group);

// Errors: the parameters are not the same bits on every rank, as they are after equal arithmetic.
Status CheckSameParameters(const Network& network, distributed::Group* group);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_SHARE_STATE_H_
