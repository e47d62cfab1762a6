#ifndef LOWBIT_APP_COMPARE_FILES_H_
#define LOWBIT_APP_COMPARE_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit::app {

// How far a classifier's answers are from those of another one, the reference, on the same images; no labels are needed.
struct Agreement {
  std::string subject, reference;  // The files.
  std::string dataset;
  std::vector<std::string> warnings;  // The subject's (kernel_plan.h: FallbackWarnings), then the data set's.
  int64_t images = 0;
  int64_t top1 = 0;                   // Images for which both have the same best class.
  int64_t top5 = 0;                   // Images whose best class of the reference is among the subject's best five.
  double error = 0;                   // sqrt(sum (subject - reference)^2 / sum reference^2) of all logits.
  double divergence = 0;              // Mean sum p log(p / q), in nats; p the reference's softmax, q the subject's.
  double milliseconds_per_image = 0;  // Wall-clock time of the subject alone.
  double reference_milliseconds_per_image = 0;
};

// Sums over images; Finish turns them into what Agreement says. Of equal logits the lower class is the better one.
class AgreementSums {
 public:
  explicit AgreementSums(int64_t classes) : classes_(static_cast<size_t>(classes)) {}

  // Logits of the next images, [count, classes] each. REQUIRES: as many of both.
  void Add(Span<const float> subject, Span<const float> reference);
  // REQUIRES: Add was called with an image. Of a reference that is 0 everywhere the error is that of 1 in its place.
  void Finish(Agreement* agreement) const;

 private:
  void AddImage(Span<const float> subject, Span<const float> reference);

  size_t classes_;
  int64_t images_ = 0, top1_ = 0, top5_ = 0;
  double squares_ = 0, differences_ = 0, divergence_ = 0;
};

// Runs both packed classifiers on the set `data`, "NAME[:PATH]": its test images, or all images of a set without labels. "" takes the
// set that the first file names. `threads` 0: all cores. Errors: as Classifier::Load and LoadFileImages; the reference takes images
// of another size or tells another number of classes apart; a set without images.
Result<Agreement> CompareFiles(const std::string& path, const std::string& reference, const std::string& data,
                               int threads);

std::string ToText(const Agreement& agreement);
std::string ToJson(const Agreement& agreement);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_COMPARE_FILES_H_
