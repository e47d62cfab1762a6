#include "lowbit/app/compare_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lowbit/app/classifier.h"
#include "lowbit/app/evaluation.h"
#include "lowbit/app/file_data.h"
#include "lowbit/app/kernel_plan.h"
#include "lowbit/data/batcher.h"

namespace lowbit::app {
namespace {

// Images of 224x224 pixels and more are no rarity here.
constexpr int64_t kBatch = 16;
constexpr int64_t kBest = 5;

size_t BestOf(Span<const float> logits) {
  return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// How many classes are better than `label`.
int64_t Rank(Span<const float> logits, size_t label) {
  int64_t better = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    better += logits[i] > logits[label] || (logits[i] == logits[label] && i < label) ? 1 : 0;
  }
  return better;
}

double Divergence(Span<const float> subject, Span<const float> reference) {
  const double subject_sum = LogSumExp(subject), reference_sum = LogSumExp(reference);
  double divergence = 0;
  for (size_t i = 0; i < reference.size(); ++i) {
    const double log_p = reference[i] - reference_sum, log_q = subject[i] - subject_sum;
    divergence += std::exp(log_p) * (log_p - log_q);
  }
  return divergence;
}

// Fills `logits`; the time it took.
Result<double> Time(const data::Batch& batch, Classifier* classifier, std::vector<float>* logits) {
  logits->resize(static_cast<size_t>(batch.count * classifier->classes()));
  const auto start = std::chrono::steady_clock::now();
  LOWBIT_RETURN_IF_ERROR(classifier->Run(batch.images, batch.count, *logits));
  return 1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

void AgreementSums::AddImage(Span<const float> subject, Span<const float> reference) {
  const int64_t rank = Rank(subject, BestOf(reference));
  top1_ += rank == 0 ? 1 : 0;
  top5_ += rank < kBest ? 1 : 0;
  for (size_t i = 0; i < classes_; ++i) {
    const double difference = static_cast<double>(subject[i]) - reference[i];
    differences_ += difference * difference;
    squares_ += static_cast<double>(reference[i]) * reference[i];
  }
  divergence_ += Divergence(subject, reference);
  ++images_;
}

void AgreementSums::Add(Span<const float> subject, Span<const float> reference) {
  for (size_t from = 0; from < reference.size(); from += classes_) {
    AddImage(subject.subspan(from, classes_), reference.subspan(from, classes_));
  }
}

void AgreementSums::Finish(Agreement* agreement) const {
  agreement->images = images_;
  agreement->top1 = top1_;
  agreement->top5 = top5_;
  agreement->error = std::sqrt(differences_ / (squares_ > 0 ? squares_ : 1));
  agreement->divergence = divergence_ / static_cast<double>(images_);
}

Result<Agreement> CompareFiles(const std::string& path, const std::string& reference, const std::string& data,
                               int threads) {
  LOWBIT_TRY(Classifier subject, Classifier::Load(path, threads));
  LOWBIT_TRY(Classifier other, Classifier::Load(reference, threads));
  LOWBIT_RETURN_IF_ERROR(other.CheckFits(subject.image(), subject.classes(), path));
  LOWBIT_TRY(const data::Dataset dataset, LoadFileImages(subject, path, data));
  const data::ImageSet& images = dataset.classes > 0 ? dataset.test : dataset.train;
  if (images.count() == 0) return Invalid("data set '" + dataset.name + "' has no images to compare on");

  data::BatchOptions options;
  options.batch_size = kBatch;
  options.shuffle = false;
  options.threads = 0;  // Nothing runs beside the networks, whose time is taken.
  data::Batcher batcher(images, options);
  batcher.StartEpoch(0);
  AgreementSums sums(subject.classes());
  Agreement agreement;
  std::vector<float> logits, reference_logits;
  for (data::Batch batch; batcher.Next(&batch);) {
    LOWBIT_RETURN_IF_ERROR(batch.status);
    LOWBIT_TRY(const double milliseconds, Time(batch, &subject, &logits));
    LOWBIT_TRY(const double reference_milliseconds, Time(batch, &other, &reference_logits));
    agreement.milliseconds_per_image += milliseconds;
    agreement.reference_milliseconds_per_image += reference_milliseconds;
    sums.Add(logits, reference_logits);
  }
  sums.Finish(&agreement);
  agreement.milliseconds_per_image /= static_cast<double>(agreement.images);
  agreement.reference_milliseconds_per_image /= static_cast<double>(agreement.images);
  agreement.subject = path;
  agreement.reference = reference;
  agreement.dataset = dataset.name;
  agreement.warnings = FallbackWarnings(subject.Nodes());
  agreement.warnings.insert(agreement.warnings.end(), dataset.warnings.begin(), dataset.warnings.end());
  if (!images.Damage().empty()) agreement.warnings.push_back(images.Damage());
  return agreement;
}

std::string ToText(const Agreement& agreement) {
  std::string text;
  for (const std::string& warning : agreement.warnings) text += "warning: " + warning + "\n";
  const auto percent = [&](int64_t count) {
    return 100 * static_cast<double>(count) / static_cast<double>(agreement.images);
  };
  return text + fmt::format(
                    "{}: the class of {} for {:.2f} % of {} images of {}, among its first five for {:.2f} %; logits "
                    "{:.2f} % off, "
                    "divergence {:.4f}; {:.3f} ms per image, the other {:.3f}\n",
                    agreement.subject, agreement.reference, percent(agreement.top1), agreement.images,
                    agreement.dataset, percent(agreement.top5), 100 * agreement.error, agreement.divergence,
                    agreement.milliseconds_per_image, agreement.reference_milliseconds_per_image);
}

std::string ToJson(const Agreement& agreement) {
  const double images = static_cast<double>(agreement.images);
  const nlohmann::ordered_json json = {
      {"subject", agreement.subject},
      {"reference", agreement.reference},
      {"dataset", agreement.dataset},
      {"warnings", agreement.warnings},
      {"images", agreement.images},
      {"top1_agreement", static_cast<double>(agreement.top1) / images},
      {"top5_agreement", static_cast<double>(agreement.top5) / images},
      {"error", agreement.error},
      {"divergence", agreement.divergence},
      {"milliseconds_per_image", agreement.milliseconds_per_image},
      {"reference_milliseconds_per_image", agreement.reference_milliseconds_per_image}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
