// Pictures and masks of one's own: what a network that tells the class of every pixel learns from.

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/data/dataset.h"
#include "lowbit/data/segmentation.h"
#include "lowbit/data/sets/segmentation/masked_pairs.h"

namespace lowbit::data::sets::segmentation {
namespace {

// Test images have sides that are multiples of this, so that networks can halve them five times.
constexpr int64_t kMultiple = 32;

// Cuts the last `count` off the training pictures.
Result<std::vector<MaskedPicture>> TakeLast(int64_t count, std::vector<MaskedPicture>* pictures) {
  const auto have = static_cast<int64_t>(pictures->size());
  if (count >= have) {
    return Invalid("'data.test_last' = " + std::to_string(count) + " leaves none of the " + std::to_string(have) +
                   " pictures to train with");
  }
  std::vector<MaskedPicture> last(std::make_move_iterator(pictures->end() - count),
                                  std::make_move_iterator(pictures->end()));
  pictures->resize(static_cast<size_t>(have - count));
  return last;
}

Result<std::vector<MaskedPicture>> TestPictures(const std::string& folder, int64_t last,
                                                std::vector<MaskedPicture>* training) {
  const SegmentationFolders test = TestFolders(folder);
  if (last > 0) {
    if (!test.pictures.empty()) {
      return Invalid(test.pictures + ": holds the test pictures; 'data.test_last' must be left out");
    }
    return TakeLast(last, training);
  }
  if (test.pictures.empty()) {
    return Invalid(folder + ": has no test pictures: folders test-image and test-label were expected, or " +
                   "'data.test_last' to take the last pictures for tests");
  }
  LOWBIT_TRY(std::vector<MaskedPicture> pictures, ReadMaskedPictures(test.pictures, test.masks));
  SetChannels(training->front().picture.shape[0], &pictures);
  return pictures;
}

Result<MaskValues> ValuesOf(const PictureOptions& options, const std::vector<MaskedPicture>& training) {
  MaskValues values = options.masks;
  if (!values.values.empty()) return values;
  LOWBIT_TRY(values.values, FindMaskValues(training, values.ignore));
  return values;
}

Result<Dataset> Load(const DatasetKind& kind, const std::string& folder, const PictureOptions& options) {
  if (!options.test.empty())
    return Invalid("'data.test_path' must be left out: the test pictures of segmentation are in 'data.path'");
  const SegmentationFolders folders = TrainingFolders(folder);
  LOWBIT_TRY(std::vector<MaskedPicture> training, ReadMaskedPictures(folders.pictures, folders.masks));
  LOWBIT_TRY(std::vector<MaskedPicture> tests, TestPictures(folder, options.test_last, &training));
  LOWBIT_TRY(const MaskValues values, ValuesOf(options, training));
  LOWBIT_RETURN_IF_ERROR(NumberClasses(values, &training));
  LOWBIT_RETURN_IF_ERROR(NumberClasses(values, &tests));
  Dataset set;
  set.name = kind.name;
  set.task = "segmentation";
  set.path = folder;
  set.classes = static_cast<int64_t>(values.values.size());
  for (const int64_t value : values.values) set.class_names.push_back(std::to_string(value));
  LOWBIT_TRY(set.train, SquaresOf(std::move(training), options.view.size));
  set.test = WholePicturesOf(std::move(tests), kMultiple);
  return set;
}

}  // namespace

std::vector<DatasetKind> Kinds() {
  DatasetKind kind;
  kind.name = "segmentation";
  kind.description = "JPEG and PNG pictures with masks, whose grey values say the class of every pixel";
  kind.how_to_get =
      "put pictures into a folder train-image and masks of the same names into train-label beside it, those of the "
      "test "
      "into test-image and test-label";
  kind.folder_names = {"isbi2012"};
  kind.folders = {{"train-image"}, {"train-label"}};
  kind.load = Load;
  return {kind};
}

}  // namespace lowbit::data::sets::segmentation
