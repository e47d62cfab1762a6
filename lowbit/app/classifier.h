#ifndef LOWBIT_APP_CLASSIFIER_H_
#define LOWBIT_APP_CLASSIFIER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/shape.h"
#include "lowbit/runtime/model.h"

namespace lowbit::app {

// A packed file that takes one image [channels, height, width] of raw pixels (0..255) and gives one row of logits.
class Classifier {
 public:
  // Errors: the file is damaged, or its network has not one image input and one row of logits as output.
  static Result<Classifier> Load(const std::string& path, int threads);
  // The same of any network with one image input: for who looks at the image it takes.
  static Result<Classifier> LoadAny(const std::string& path, int threads);

  const Shape& image() const { return image_; }
  // 0: a network from images to images, which only LoadAny gives out.
  int64_t classes() const { return classes_; }
  // The class's name from the file, or its number.
  std::string Label(int64_t label) const;
  // "" where the file has no such entry.
  std::string Metadata(const std::string& key) const;

  // Whether it says of each pixel which class it is (app::Segmenter).
  bool MakesMaps() const;
  // Whether it writes down speech (app::Transcriber).
  bool Transcribes() const;
  // Error: it gives no row of logits.
  Status CheckClassifies() const;
  // Error where images of this size or this many classes do not fit the network; `whose` names them.
  Status CheckFits(const Shape& image, int64_t classes, const std::string& whose) const;

  // As runtime::Model::Nodes.
  const std::vector<runtime::NodePlan>& Nodes() const { return model_.Nodes(); }

  // images [count, channels, height, width] -> logits [count, classes].
  Status Run(Span<const float> images, int64_t count, Span<float> logits) { return model_.Run(images, count, logits); }

 private:
  Classifier(runtime::Model model, std::string path) : model_(std::move(model)), path_(std::move(path)) {}

  runtime::Model model_;
  std::string path_;
  Shape image_;
  int64_t classes_ = 0;
  std::vector<std::string> labels_;
};

}  // namespace lowbit::app

#endif  // LOWBIT_APP_CLASSIFIER_H_
