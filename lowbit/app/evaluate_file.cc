#include "lowbit/app/evaluate_file.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "lowbit/app/classifier.h"

namespace lowbit::app {
namespace {

constexpr int64_t kBatch = 100;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

}  // namespace

Result<Evaluation> EvaluateFile(const std::string& path, const std::string& data, int threads) {
  LOWBIT_TRY(Classifier classifier, Classifier::Load(path, threads));
  const std::string chosen = data.empty() ? classifier.Metadata("dataset") : data;
  if (chosen.empty()) return Invalid(path + ": names no data set; choose one with --data NAME[:PATH]");
  LOWBIT_TRY(const data::Dataset dataset, LoadNamedDataset(chosen));
  const data::ImageSet& test = dataset.test;
  LOWBIT_RETURN_IF_ERROR(classifier.CheckFits(test.image, dataset.classes, dataset.name));

  Evaluation evaluation;
  evaluation.subject = path;
  evaluation.dataset = dataset.name;
  evaluation.warnings = dataset.warnings;
  const int64_t pixels = Elements(test.image);
  double seconds = 0;
  std::vector<float> images, logits;
  for (int64_t first = 0; first < test.count(); first += kBatch) {
    const int64_t count = std::min(kBatch, test.count() - first);
    const uint8_t* source = test.pixels.data() + first * pixels;
    images.assign(source, source + count * pixels);
    logits.resize(static_cast<size_t>(count * classifier.classes()));
    const auto start = std::chrono::steady_clock::now();
    LOWBIT_RETURN_IF_ERROR(classifier.Run(images, count, logits));
    seconds += Seconds(start);
    Accumulate(logits, classifier.classes(),
               Span<const int32_t>(test.labels.data() + first, static_cast<size_t>(count)), &evaluation);
  }
  Finish(&evaluation);
  evaluation.milliseconds_per_image = 1000 * seconds / static_cast<double>(std::max<int64_t>(1, test.count()));
  return evaluation;
}

}  // namespace lowbit::app
