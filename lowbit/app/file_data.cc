#include "lowbit/app/file_data.h"

#include <charconv>
#include <sstream>

#include "lowbit/app/evaluation.h"

namespace lowbit::app {
namespace {

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
  pictures.view.channels = classifier.image()[0];
  pictures.view.width = classifier.image()[2];
  std::istringstream folders(classifier.Metadata("class_folders"));
  for (std::string folder; std::getline(folders, folder);) {
    pictures.classes.names.push_back(classifier.Label(static_cast<int64_t>(pictures.classes.folders.size())));
    pictures.classes.folders.push_back(folder);
  }
  return pictures;
}

}  // namespace

Result<data::Dataset> LoadFileImages(const Classifier& classifier, const std::string& path, const std::string& data) {
  const std::string chosen = data.empty() ? classifier.Metadata("dataset") : data;
  if (chosen.empty()) return Invalid(path + ": names no data set; choose one with --data NAME[:PATH]");
  LOWBIT_TRY(const data::PictureOptions pictures, PicturesOf(classifier, path));
  LOWBIT_TRY(data::Dataset dataset, LoadNamedDataset(chosen, pictures));
  if (dataset.classes > 0 && classifier.classes() == 0) {
    return Invalid(path + ": gives no logits [batch, classes]; '" + dataset.name + "' has labels, which do not fit");
  }
  const std::string rate = classifier.Metadata("sound_rate");
  if (!rate.empty() && rate != std::to_string(dataset.sound_rate)) {
    return Invalid(path + ": was trained on sounds of " + rate + " samples in a second; " + dataset.name +
                   (dataset.sound_rate == 0 ? " has none" : " has " + std::to_string(dataset.sound_rate)));
  }
  const int64_t classes = dataset.classes == 0 ? classifier.classes() : dataset.classes;
  LOWBIT_RETURN_IF_ERROR(classifier.CheckFits(dataset.train.image, classes, dataset.name));
  return dataset;
}

Result<data::Dataset> LoadFileData(const Classifier& classifier, const std::string& path, const std::string& data) {
  LOWBIT_TRY(data::Dataset dataset, LoadFileImages(classifier, path, data));
  LOWBIT_RETURN_IF_ERROR(CheckLabelled(dataset));
  return dataset;
}

}  // namespace lowbit::app
