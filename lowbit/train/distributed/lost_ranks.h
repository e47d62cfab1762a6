#ifndef LOWBIT_TRAIN_DISTRIBUTED_LOST_RANKS_H_
#define LOWBIT_TRAIN_DISTRIBUTED_LOST_RANKS_H_

#include <stdexcept>

namespace lowbit::train::distributed {

// Thrown where another rank no longer answers: one sentence that says what a person does then.
class LostRanks : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace lowbit::train::distributed

#endif  // LOWBIT_TRAIN_DISTRIBUTED_LOST_RANKS_H_
