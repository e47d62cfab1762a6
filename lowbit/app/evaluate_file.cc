#include "lowbit/app/evaluate_file.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "lowbit/app/classifier.h"
#include "lowbit/data/batcher.h"

namespace lowbit::app {
namespace {

constexpr int64_t kBatch = 100;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// How the network's training made labelled images of pictures: what BuildNetwork noted.
Result<data::PictureOptions> PicturesOf(const Classifier& classifier, const std::string& path) {
  const std::string text = classifier.Metadata("resize");
  int64_t resize = 0;
  const std::from_chars_result read = std::from_chars(text.data(), text.data() + text.size(), resize);
  if (!text.empty() && (read.ec != std::errc() || read.ptr != text.data() + text.size())) {
    return Invalid(path + ": its 'resize' is '" + text + "'; a whole number was expected");
  }
  data::PictureOptions pictures;
  pictures.view = data::MakeView(classifier.image()[1], resize);
  std::istringstream folders(classifier.Metadata("class_folders"));
  for (std::string folder; std::getline(folders, folder);) {
    pictures.classes.names.push_back(classifier.Label(static_cast<int64_t>(pictures.classes.folders.size())));
    pictures.classes.folders.push_back(folder);
  }
  return pictures;
}

}  // namespace

Result<Evaluation> EvaluateFile(const std::string& path, const std::string& data, int threads) {
  LOWBIT_TRY(Classifier classifier, Classifier::Load(path, threads));
  const std::string chosen = data.empty() ? classifier.Metadata("dataset") : data;
  if (chosen.empty()) return Invalid(path + ": names no data set; choose one with --data NAME[:PATH]");
  LOWBIT_TRY(const data::PictureOptions pictures, PicturesOf(classifier, path));
  LOWBIT_TRY(const data::Dataset dataset, LoadNamedDataset(chosen, pictures));
  const data::ImageSet& test = dataset.test;
  LOWBIT_RETURN_IF_ERROR(classifier.CheckFits(test.image, dataset.classes, dataset.name));

  Evaluation evaluation;
  evaluation.subject = path;
  evaluation.dataset = dataset.name;
  evaluation.warnings = dataset.warnings;
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
