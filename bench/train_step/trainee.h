#ifndef LOWBIT_BENCH_TRAIN_STEP_TRAINEE_H_
#define LOWBIT_BENCH_TRAIN_STEP_TRAINEE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lowbit::bench {

// How a network is trained.
struct Way {
  std::string name;                   // "sq-twn"
  std::vector<std::string> settings;  // Of a recipe, as `lowbit train --set` takes them.
  // What `lowbit train` does besides: each step takes a batch of augmented images from the data loader, and reads the
  // loss and the number of right answers.
  bool loaded = false;
};

// Float weights first: what the others are compared with.
const std::vector<Way>& Ways();

struct Setting {
  std::string network;  // "vgg9", "resnet20"
  int64_t batch = 128;
  std::string device = "cpu";
  bool channels_last = false;
  // Measure the processor's time in all threads, which other programs disturb less than the clock.
  bool cpu_time = false;
};

// A network in training on one batch of noise in the shape of CIFAR-10.
class Trainee {
 public:
  Trainee(const Setting& setting, const Way& way);
  ~Trainee();
  // How many are trained: weights, biases, batch norm's scales and shifts.
  int64_t Values() const;
  // Forward, loss, backward and update by SGD with Nesterov's momentum and weight decay, with half of the units
  // quantized under a policy, in the middle of the run. Seconds.
  double Step();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbit::bench

#endif  // LOWBIT_BENCH_TRAIN_STEP_TRAINEE_H_
