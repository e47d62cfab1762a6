#ifndef LOWBIT_APP_EVALUATION_H_
#define LOWBIT_APP_EVALUATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/data/dataset.h"

namespace lowbit::app {

// How a classifier did on labelled images.
struct Evaluation {
  std::string subject;  // The file or run.
  std::string dataset;
  std::vector<std::string> warnings;  // The network's (kernel_plan.h: FallbackWarnings), then the data set's.
  int64_t images = 0;
  int64_t correct = 0;
  double loss = 0;                    // Mean cross-entropy, in nats.
  double milliseconds_per_image = 0;  // Wall-clock time of the network alone.
  std::vector<int32_t> predictions;   // Top-1 class of each image, in order.

  double accuracy() const { return images > 0 ? static_cast<double>(correct) / static_cast<double>(images) : 0; }
};

// log sum exp(x), without overflow. REQUIRES: at least one
double LogSumExp(Span<const float> logits);

// Adds logits [labels.size(), classes] of the next images. Ties go to the lower class.
void Accumulate(Span<const float> logits, int64_t classes, Span<const int32_t> labels, Evaluation* evaluation);
// Turns the accumulated loss into a mean. Call once, at the end.
void Finish(Evaluation* evaluation);

// "NAME" or "NAME:PATH".
Result<data::Dataset> LoadNamedDataset(const std::string& name_and_path, const data::PictureOptions& pictures);

// Error: the set has no labels to compare with.
Status CheckLabelled(const data::Dataset& dataset);

std::string ToText(const Evaluation& evaluation);
// One JSON object; predictions are left out.
std::string ToJson(const Evaluation& evaluation);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_EVALUATION_H_
