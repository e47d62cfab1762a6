#ifndef LOWBIT_TRAIN_TRAINER_PROGRESS_H_
#define LOWBIT_TRAIN_TRAINER_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace lowbit::train {

// What a person sees while a run trains, on standard error: on a terminal one line that redraws itself (bar, loss,
// accuracy, speed, time left); otherwise nothing until somebody calls Line.
class Progress {
 public:
  // `total_steps` counts the whole run; `done_steps` were done before (a resumed run). `quiet` prints nothing at all.
  Progress(std::string name, int64_t total_steps, int64_t done_steps, bool quiet);

  // Redraws at most ten times a second. `state`: "loss 0.312  acc 89.1 %".
  void Step(int64_t steps_done, const std::string& phase, const std::string& state, double images_per_second);
  // A line that stays (an epoch's result, a warning).
  void Line(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  double Seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void Erase();

  std::string name_;
  int64_t total_, first_;
  bool terminal_, quiet_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  double next_draw_ = 0;
};

// "1:05" or "2:03:04".
std::string ClockText(double seconds);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_PROGRESS_H_
