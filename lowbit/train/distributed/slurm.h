#ifndef LOWBIT_TRAIN_DISTRIBUTED_SLURM_H_
#define LOWBIT_TRAIN_DISTRIBUTED_SLURM_H_

#include <cstdint>
#include <string>

namespace lowbit::train::distributed {

// The first host of one of Slurm's lists: "node[03-05,7],other" -> "node03". The empty list has none: "".
std::string FirstHost(const std::string& nodes);

// A port for rank 0 that two jobs on one machine hardly share: 20000..29999, below those that systems give to clients.
int JobPort(int64_t job, int64_t step);

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_SLURM_H_
