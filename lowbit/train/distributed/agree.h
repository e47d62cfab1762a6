#ifndef LOWBIT_TRAIN_DISTRIBUTED_AGREE_H_
#define LOWBIT_TRAIN_DISTRIBUTED_AGREE_H_

// What ranks say to each other besides tensors. All ranks make each call; a null group is a process alone. Errors of
// every function: a rank that is lost (group.h).

#include <functional>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/train/distributed/group.h"

namespace lowbit::train::distributed {

// The text that rank 0 brings.
Result<std::string> FromRoot(const std::string& text, Group* group);

// Runs `action` on rank 0 only, and hands its error, or that it had none, to every rank.
Status OnRoot(const std::function<Status()>& action, Group* group);

// Whether every rank brings the same text.
Result<bool> SameOnAll(const std::string& text, Group* group);

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_AGREE_H_
