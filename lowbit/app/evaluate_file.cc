#include "lowbit/app/evaluate_file.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "lowbit/app/classifier.h"
#include "lowbit/app/file_data.h"
#include "lowbit/app/kernel_plan.h"
#include "lowbit/data/batcher.h"

namespace lowbit::app {
namespace {

constexpr int64_t kBatch = 100;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

}  // namespace

Result<Evaluation> EvaluateFile(const std::string& path, const std::string& data, int threads) {
  LOWBIT_TRY(Classifier classifier, Classifier::Load(path, threads));
  LOWBIT_TRY(const data::Dataset dataset, LoadFileData(classifier, path, data));
  const data::ImageSet& test = dataset.test;

  Evaluation evaluation;
  evaluation.subject = path;
  evaluation.dataset = dataset.name;
  evaluation.warnings = FallbackWarnings(classifier.Nodes());
  evaluation.warnings.insert(evaluation.warnings.end(), dataset.warnings.begin(), dataset.warnings.end());
  double seconds = 0;
  std::vector<float> logits;
  data::BatchOptions options;
  options.batch_size = kBatch;
  options.shuffle = false;
  options.threads = 0;  // Nothing runs beside the network, whose time is taken.
  data::Batcher batcher(test, options);
  batcher.StartEpoch(0);
  data::Batch batch;
  while (batcher.Next(&batch)) {
    LOWBIT_RETURN_IF_ERROR(batch.status);
    logits.resize(static_cast<size_t>(batch.count * classifier.classes()));
    const auto start = std::chrono::steady_clock::now();
    LOWBIT_RETURN_IF_ERROR(classifier.Run(batch.images, batch.count, logits));
    seconds += Seconds(start);
    Accumulate(logits, classifier.classes(),
               Span<const int32_t>(test.labels.data() + batch.indices.front(), static_cast<size_t>(batch.count)),
               &evaluation);
  }
  Finish(&evaluation);
  if (!test.Damage().empty()) evaluation.warnings.push_back(test.Damage());
  evaluation.milliseconds_per_image = 1000 * seconds / static_cast<double>(std::max<int64_t>(1, test.count()));
  return evaluation;
}

}  // namespace lowbit::app
