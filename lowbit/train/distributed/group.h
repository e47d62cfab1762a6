#ifndef LOWBIT_TRAIN_DISTRIBUTED_GROUP_H_
#define LOWBIT_TRAIN_DISTRIBUTED_GROUP_H_

#include <memory>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/train/distributed/launch.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train::distributed {

// The processes that train one network together: one call of it is made by all of them, each in the same order. A null
// Group* stands for a process that trains alone, everywhere.
//
// The calls throw LostRanks (lost_ranks.h) when another rank has ended, or has not come to the same call within the
// launch's timeout. Used by one thread at a time.
class Group {
 public:
  virtual ~Group() = default;
  virtual int rank() const = 0;
  virtual int ranks() const = 0;
  // Replaces the elements of `tensor` (floats or integers, any device, same shape on every rank) by their sums over all
  // ranks: the same bits on each of them, as every sum is made on one rank and copied.
  virtual void Sum(const at::Tensor& tensor) = 0;
  // Replaces them by those of rank 0.
  virtual void Broadcast(const at::Tensor& tensor) = 0;

  bool is_root() const { return rank() == 0; }
};

// Whether this process writes and prints: the only one, or rank 0.
inline bool IsRoot(const Group* group) { return group == nullptr || group->is_root(); }

// Waits until all ranks have come. `device`, "cpu" or "cuda...": of the tensors; for CUDA the ranks talk through NCCL
// where libtorch has it, else through Gloo. Null if launch.ranks is 1. Errors: rank 0 cannot listen on its port or is
// not reached, ranks that do not come in time, a build without Gloo.
Result<std::unique_ptr<Group>> Join(const Launch& launch, const std::string& device);

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_GROUP_H_
