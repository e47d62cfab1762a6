#include "lowbit/app/classify_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "lowbit/data/image_file.h"
#include "lowbit/data/sound/sound_pixels.h"

namespace lowbit::app {
namespace {

std::vector<double> Softmax(const std::vector<float>& logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::vector<double> result;
  result.reserve(logits.size());
  for (const float logit : logits) result.push_back(std::exp(logit - top));
  const double sum = std::accumulate(result.begin(), result.end(), 0.0);
  for (double& value : result) value /= sum;
  return result;
}

std::vector<ClassScore> Best(const Classifier& classifier, const std::vector<float>& logits, int64_t top) {
  const std::vector<double> probabilities = Softmax(logits);
  std::vector<int64_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
  });
  order.resize(static_cast<size_t>(std::min<int64_t>(top, static_cast<int64_t>(order.size()))));
  std::vector<ClassScore> scores;
  scores.reserve(order.size());
  for (const int64_t i : order) scores.push_back({classifier.Label(i), i, probabilities[static_cast<size_t>(i)]});
  return scores;
}

// What the network takes of the file, a picture or, if it was trained on sounds, a sound.
Result<std::vector<uint8_t>> ReadPixels(const Classifier& classifier, const std::string& path) {
  const Shape& shape = classifier.image();
  if (const std::string rate = classifier.Metadata("sound_rate"); !rate.empty()) {
    LOWBIT_TRY(const data::Sound sound, data::ReadSound(path));
    return data::SoundPixels(sound, std::atoll(rate.c_str()), shape, path);
  }
  LOWBIT_TRY(const data::Image8 image, data::ReadImage(path));
  LOWBIT_TRY(data::Image8 fitted, data::FitTo(image, shape[0], shape[1], shape[2]));
  return std::move(fitted.pixels);
}

}  // namespace

Result<std::vector<ImageAnswer>> ClassifyImages(Classifier classifier, const std::vector<std::string>& images,
                                                int64_t top) {
  LOWBIT_RETURN_IF_ERROR(classifier.CheckClassifies());
  std::vector<ImageAnswer> answers;
  std::vector<float> logits(static_cast<size_t>(classifier.classes()));
  for (const std::string& path : images) {
    LOWBIT_TRY(const std::vector<uint8_t> pixels, ReadPixels(classifier, path));
    LOWBIT_RETURN_IF_ERROR(classifier.Run(std::vector<float>(pixels.begin(), pixels.end()), 1, logits));
    answers.push_back({path, Best(classifier, logits, top)});
  }
  return answers;
}

std::string ToText(const std::vector<ImageAnswer>& answers) {
  std::string text;
  for (const ImageAnswer& answer : answers) {
    text += answer.path + "\n";
    for (const ClassScore& score : answer.top) {
      text += fmt::format("  {:5.1f} %  {}\n", 100 * score.probability, score.label);
    }
  }
  return text;
}

std::string ToJson(const std::vector<ImageAnswer>& answers) {
  nlohmann::ordered_json images = nlohmann::ordered_json::array();
  for (const ImageAnswer& answer : answers) {
    nlohmann::ordered_json top = nlohmann::ordered_json::array();
    for (const ClassScore& score : answer.top) {
      top.push_back({{"label", score.label}, {"index", score.index}, {"probability", score.probability}});
    }
    images.push_back({{"image", answer.path}, {"top", top}});
  }
  return nlohmann::ordered_json{{"images", images}}.dump(-1, ' ', false,
                                                         nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
