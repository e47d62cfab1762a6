#ifndef LOWBIT_TRAIN_TRAINER_INTERRUPT_H_
#define LOWBIT_TRAIN_TRAINER_INTERRUPT_H_

#include <csignal>

namespace lowbit::train {

// While it lives, the first SIGINT or SIGTERM only sets a flag, so that the loop can write a checkpoint and end; the
// second one ends the process as usual. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  bool interrupted() const;

 private:
  struct sigaction old_interrupt_, old_terminate_;
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_INTERRUPT_H_
