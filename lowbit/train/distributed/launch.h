#ifndef LOWBIT_TRAIN_DISTRIBUTED_LAUNCH_H_
#define LOWBIT_TRAIN_DISTRIBUTED_LAUNCH_H_

#include <functional>
#include <string>

#include "lowbit/base/result.h"

namespace lowbit::train::distributed {

// Where this process stands among those that train one network together, as its launcher says in the environment
// (docs/distributed.md). The default is a process that trains alone.
struct Launch {
  int rank = 0;         // 0 <= rank < ranks
  int ranks = 1;        // Processes of the run.
  int local_rank = 0;   // Among the processes on this machine: its GPU.
  int local_ranks = 1;  // How many those are: they share the cores.
  std::string address;  // Host name or address of the machine of rank 0; empty if ranks is 1.
  int port = 0;         // On which rank 0 listens; 1..65535.
  // torchrun's own process listens there in place of rank 0; `attempt` counts its restarts.
  bool agent_listens = false;
  int attempt = 0;
  double timeout_seconds = 60;  // The longest that ranks wait for each other. [1, 86400]
};

// The value of an environment variable; null where it is not set.
using Environment = std::function<const char*(const char* name)>;

// Reads the variables of torchrun (WORLD_SIZE, RANK, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT) or, where
// WORLD_SIZE is not set, those of Slurm's srun; LOWBIT_RANK_TIMEOUT in seconds. Errors: one is missing, not a number or
// out of its range.
Result<Launch> ReadLaunch(const Environment& environment);
// Of this process.
Result<Launch> ReadLaunch();

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_LAUNCH_H_
