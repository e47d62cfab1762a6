#ifndef LOWBIT_APP_CLASSIFY_IMAGES_H_
#define LOWBIT_APP_CLASSIFY_IMAGES_H_

#include <string>
#include <vector>

#include "lowbit/app/classifier.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

struct ClassScore {
  std::string label;
  int64_t index = 0;
  double probability = 0;  // Softmax of the logits.
};

struct ImageAnswer {
  std::string path;
  std::vector<ClassScore> top;  // Best first.
};

// Classifies image files (PNG, JPEG, PGM, PPM), or sound files (WAV, FLAC) where the network was trained on sounds; each image is
// converted to the network's channels and size. All or nothing: an unreadable image is an error, and nothing is returned. Errors: the network is no classifier.
Result<std::vector<ImageAnswer>> ClassifyImages(Classifier classifier, const std::vector<std::string>& images,
                                                int64_t top);

std::string ToText(const std::vector<ImageAnswer>& answers);
std::string ToJson(const std::vector<ImageAnswer>& answers);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_CLASSIFY_IMAGES_H_
