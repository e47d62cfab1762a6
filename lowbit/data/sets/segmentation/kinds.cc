// Pictures and masks of one's own: what a network that tells the class of every pixel learns from.

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

Result<MaskValues> ValuesOf(const PictureOptions& options, const std::vector<MaskedPicture>& training) {
  MaskValues values = options.masks;
  if (!values.values.empty()) return values;
  LOWBIT_TRY(values.values, FindMaskValues(training, values.ignore));
  return values;
}

Result<Dataset> Load(const DatasetKind& kind, const std::string& folder, const PictureOptions& options) {
  if (!options.test.empty())
    return Invalid("'data.test_path' must be left out: the test pictures of segmentation are in 'data.path'");
  LOWBIT_TRY(MaskedHalves halves, ReadHalves(folder, options.test_last, /*tests_alone=*/false));
  LOWBIT_TRY(const MaskValues values, ValuesOf(options, halves.training));
  LOWBIT_RETURN_IF_ERROR(NumberClasses(values, &halves.training));
  LOWBIT_RETURN_IF_ERROR(NumberClasses(values, &halves.tests));
  Dataset set;
  set.name = kind.name;
  set.task = "segmentation";
  set.path = folder;
  set.classes = static_cast<int64_t>(values.values.size());
  for (const int64_t value : values.values) set.class_names.push_back(std::to_string(value));
  LOWBIT_TRY(set.train, SquaresOf(std::move(halves.training), options.view.size));
  set.test = WholePicturesOf(std::move(halves.tests), kMultiple);
  return set;
}

}  // namespace

std::vector<DatasetKind> Kinds() {
  DatasetKind kind;
  kind.name = "segmentation";
  kind.description = "JPEG and PNG pictures with masks, whose grey values say the class of every pixel";
  kind.how_to_get =
      "put pictures into a folder train-image and masks of the same names into train-label beside it, those of the "
      "test into test-image and test-label";
  kind.folder_names = {"isbi2012"};
  kind.folders = {{"train-image"}, {"train-label"}};
  kind.load = Load;
  return {kind};
}

}  // namespace lowbit::data::sets::segmentation
