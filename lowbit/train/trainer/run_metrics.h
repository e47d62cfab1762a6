#ifndef LOWBIT_TRAIN_TRAINER_RUN_METRICS_H_
#define LOWBIT_TRAIN_TRAINER_RUN_METRICS_H_

// The lines of metrics.jsonl (docs/run-folder.md), one function for each kind.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/measure.h"
#include "lowbit/train/averages.h"
#include "lowbit/train/network.h"
#include "lowbit/train/trainer/diagnostics.h"
#include "lowbit/train/trainer/metrics_log.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {

struct StepMetrics {
  const TestMeasure* measure = nullptr;
  int64_t iteration = 0;  // Steps done, over all stages.
  double epoch = 0;
  int64_t stage = 0;
  Averages average;  // Of the epoch so far.
  double learning_rate = 0;
  double ratio = 0;
  double images_per_second = 0;
};

struct EpochMetrics {
  const TestMeasure* measure = nullptr;
  int64_t epoch = 0;  // Epochs done, over all stages.
  int64_t iteration = 0;
  int64_t stage = 0;
  double ratio = 0;  // Of its last step.
  Averages train;
  std::optional<Averages> test;
  double seconds = 0;
};

Status WriteStep(const StepMetrics& metrics, MetricsLog* log);
Status WriteEpoch(const EpochMetrics& metrics, MetricsLog* log);
Status WriteLayers(int64_t epoch, int64_t iteration, const std::vector<LayerStatistics>& layers, MetricsLog* log);
Status WriteActivations(int64_t epoch, int64_t iteration, const std::vector<ActivationStatistics>& quantizers,
                        MetricsLog* log);
// `when` is "start" or "end". 61 equal bins over the range of the values.
Status WriteHistogram(const std::string& when, const std::string& layer, const std::vector<float>& values,
                      MetricsLog* log);
Status WriteFinal(const TrainOutcome& outcome, MetricsLog* log);

// "loss 0.312  acc 89.1 %"; of pictures "loss 0.000412"; without labels "loss 0.312".
std::string ProgressText(const TestMeasure& measure, const Averages& average);
// "loss 0.312  acc 89.1 %  test 88.4 %  quantized 75 %  1:05"; of pictures "loss 0.000412  test 33.75 dB  1:05"; without labels
// "loss 0.312  test: teacher's class 88.4 %, divergence 0.2145  1:05".
std::string EpochText(const EpochMetrics& metrics);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_RUN_METRICS_H_
