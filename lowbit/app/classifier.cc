#include "lowbit/app/classifier.h"

#include "lowbit/app/text.h"

namespace lowbit::app {

Result<Classifier> Classifier::Load(const std::string& path, int threads) {
  LOWBIT_TRY(Classifier classifier, LoadAny(path, threads));
  LOWBIT_RETURN_IF_ERROR(classifier.CheckClassifies());
  return classifier;
}

Status Classifier::CheckClassifies() const {
  if (classes_ > 0) return Ok();
  return Invalid(path_ + ": is not an image classifier: expected one input [batch, channels, height, width] and one " +
                 "output [batch, classes]");
}

bool Classifier::MakesMaps() const {
  const auto& outputs = model_.Outputs();
  return outputs.size() == 1 && outputs[0].shape.size() == 4 && outputs[0].shape[1] > 1;
}

bool Classifier::Transcribes() const {
  const auto& outputs = model_.Outputs();
  return outputs.size() == 1 && outputs[0].shape.size() == 3 && !Metadata("sound_rate").empty();
}

Result<Classifier> Classifier::LoadAny(const std::string& path, int threads) {
  runtime::Options options;
  options.threads = threads;
  LOWBIT_TRY(runtime::Model model, runtime::Model::Load(path, options));
  Classifier classifier(std::move(model), path);
  const auto& inputs = classifier.model_.Inputs();
  const auto& outputs = classifier.model_.Outputs();
  if (inputs.size() != 1 || inputs[0].shape.size() != 4) {
    return Invalid(path + ": takes no images: expected one input [batch, channels, height, width]");
  }
  classifier.image_.assign(inputs[0].shape.begin() + 1, inputs[0].shape.end());
  if (outputs.size() == 1 && outputs[0].shape.size() == 2) classifier.classes_ = outputs[0].shape[1];
  classifier.labels_ = SplitLines(classifier.Metadata("labels"));
  return classifier;
}

std::string Classifier::Label(int64_t label) const {
  const size_t index = static_cast<size_t>(label);
  return index < labels_.size() ? labels_[index] : std::to_string(label);
}

std::string Classifier::Metadata(const std::string& key) const {
  const auto found = model_.Metadata().find(key);
  return found == model_.Metadata().end() ? "" : found->second;
}

Status Classifier::CheckFits(const Shape& image, int64_t classes, const std::string& whose) const {
  if (image != image_) {
    return Invalid(path_ + ": takes images " + ToString(image_) + "; those of " + whose + " are " + ToString(image));
  }
  if (classes != classes_) {
    return Invalid(path_ + ": tells " + std::to_string(classes_) + " classes apart; " + whose + " has " +
                   std::to_string(classes));
  }
  return Ok();
}

}  // namespace lowbit::app
