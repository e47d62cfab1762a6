#include "lowbit/data/segmentation.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include "lowbit/base/check.h"
#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"
#include "lowbit/data/picture_list.h"

namespace lowbit::data {
namespace {

// Path of each picture of the folder by its name without ending.
Result<std::map<std::string, std::string>> PathsByStem(const std::string& folder) {
  LOWBIT_TRY(const PictureList list, ListPlainPictures(folder));
  std::map<std::string, std::string> paths;
  for (const std::string& name : list.files[0]) {
    const auto [at, added] = paths.emplace(name.substr(0, name.rfind('.')), folder + "/" + name);
    if (!added) return Invalid(folder + "/" + name + ": differs from " + at->second + " only in its ending");
  }
  return paths;
}

std::string Size(const Shape& shape) { return std::to_string(shape[1]) + "x" + std::to_string(shape[2]); }

Result<MaskedPicture> ReadOne(const std::string& path, const std::string& mask_path) {
  MaskedPicture result;
  result.path = path;
  result.mask_path = mask_path;
  LOWBIT_TRY(result.picture, ReadImage(path));
  LOWBIT_TRY(Image8 mask, ReadImage(mask_path));
  if (mask.shape[0] != 1) return Invalid(mask_path + ": is in colour; a mask tells classes by grey values");
  if (Size(mask.shape) != Size(result.picture.shape)) {
    return Invalid(mask_path + ": is " + Size(mask.shape) + "; its picture is " + Size(result.picture.shape));
  }
  result.mask = std::move(mask.pixels);
  return result;
}

// Makes the last `count` training pictures tests.
Status MoveLast(int64_t count, MaskedHalves* halves) {
  const auto have = static_cast<int64_t>(halves->training.size());
  if (count >= have) {
    return Invalid("'data.test_last' = " + std::to_string(count) + " leaves none of the " + std::to_string(have) +
                   " pictures to train with");
  }
  halves->tests.assign(std::make_move_iterator(halves->training.end() - count),
                       std::make_move_iterator(halves->training.end()));
  halves->training.resize(static_cast<size_t>(have - count));
  return Ok();
}

std::string List(const std::vector<int64_t>& values) {
  std::vector<std::string> words;
  words.reserve(values.size());
  for (const int64_t value : values) words.push_back(std::to_string(value));
  return Join(words);
}

}  // namespace

Result<std::vector<MaskedPicture>> ReadMaskedPictures(const std::string& pictures, const std::string& masks) {
  LOWBIT_TRY(const auto paths, PathsByStem(pictures));
  LOWBIT_TRY(const auto mask_paths, PathsByStem(masks));
  for (const auto& [stem, path] : mask_paths) {
    if (paths.count(stem) == 0) return Invalid(path + ": is the mask of no picture in " + pictures);
  }
  std::vector<MaskedPicture> result;
  int64_t channels = 1;
  for (const auto& [stem, path] : paths) {
    const auto mask = mask_paths.find(stem);
    if (mask == mask_paths.end()) return Invalid(path + ": has no mask of that name in " + masks);
    LOWBIT_TRY(MaskedPicture picture, ReadOne(path, mask->second));
    channels = std::max(channels, picture.picture.shape[0]);
    result.push_back(std::move(picture));
  }
  SetChannels(channels, &result);
  return result;
}

SegmentationFolders TrainingFolders(const std::string& folder) {
  return {folder + "/train-image", folder + "/train-label"};
}

SegmentationFolders TestFolders(const std::string& folder) {
  SegmentationFolders folders = {folder + "/test-image", folder + "/test-label"};
  if (!FolderExists(folders.pictures) && !FolderExists(folders.masks)) return {};
  return folders;
}

void SetChannels(int64_t channels, std::vector<MaskedPicture>* pictures) {
  for (MaskedPicture& picture : *pictures) {
    if (picture.picture.shape[0] == channels) continue;
    picture.picture = FitTo(picture.picture, channels, picture.height(), picture.width()).value();
  }
}

Result<MaskedHalves> ReadHalves(const std::string& folder, int64_t test_last, bool tests_alone) {
  const SegmentationFolders training = TrainingFolders(folder), tests = TestFolders(folder);
  MaskedHalves halves;
  const bool own_tests = !tests.pictures.empty();
  if (own_tests && test_last > 0 && !tests_alone) {
    return Invalid(tests.pictures + ": holds the test pictures; 'data.test_last' must be left out");
  }
  if (!own_tests && test_last == 0) {
    return Invalid(folder + ": has no test pictures: folders test-image and test-label were expected, or " +
                   "'data.test_last' to take the last pictures for tests");
  }
  if (own_tests) {
    LOWBIT_TRY(halves.tests, ReadMaskedPictures(tests.pictures, tests.masks));
    if (tests_alone) return halves;
  }
  LOWBIT_TRY(halves.training, ReadMaskedPictures(training.pictures, training.masks));
  const int64_t channels = halves.training.front().picture.shape[0];
  if (!own_tests) LOWBIT_RETURN_IF_ERROR(MoveLast(test_last, &halves));
  if (tests_alone) halves.training.clear();
  SetChannels(channels, &halves.tests);
  return halves;
}

Result<std::vector<int64_t>> FindMaskValues(const std::vector<MaskedPicture>& pictures, int64_t ignore) {
  std::array<bool, 256> seen = {};
  for (const MaskedPicture& picture : pictures) {
    for (const uint8_t value : picture.mask) seen[value] = true;
  }
  std::vector<int64_t> values;
  for (int64_t value = 0; value < 256; ++value) {
    if (seen[static_cast<size_t>(value)] && value != ignore) values.push_back(value);
  }
  if (values.size() > kMostFoundValues) {
    return Invalid("the masks have " + std::to_string(values.size()) + " grey values, more than " +
                   std::to_string(kMostFoundValues) +
                   ", which look like shades and not like classes; list those that are meant in 'data.mask_values'");
  }
  if (values.size() < 2) return Invalid("the masks have only one grey value; at least two classes are needed");
  return values;
}

Status NumberClasses(const MaskValues& values, std::vector<MaskedPicture>* pictures) {
  std::array<int, 256> classes;
  classes.fill(-1);
  for (size_t k = 0; k < values.values.size(); ++k) {
    classes[static_cast<size_t>(values.values[k])] = static_cast<int>(k);
  }
  if (values.ignore >= 0) classes[static_cast<size_t>(values.ignore)] = kNoClass;
  for (MaskedPicture& picture : *pictures) {
    for (size_t i = 0; i < picture.mask.size(); ++i) {
      uint8_t& pixel = picture.mask[i];
      const int found = classes[pixel];
      if (found < 0) {
        const size_t width = static_cast<size_t>(picture.width());
        return Invalid(picture.mask_path + ": row " + std::to_string(i / width) + ", column " +
                       std::to_string(i % width) + ": grey value " + std::to_string(pixel) +
                       " is no class; the values of classes are " + List(values.values));
      }
      pixel = static_cast<uint8_t>(found);
    }
  }
  return Ok();
}

std::vector<uint8_t> MirrorTo(const uint8_t* plane, int64_t height, int64_t width, int64_t to_height,
                              int64_t to_width) {
  const auto mirrored = [](int64_t i, int64_t n) { return i % (2 * n) < n ? i % (2 * n) : 2 * n - 1 - i % (2 * n); };
  std::vector<uint8_t> result;
  result.reserve(static_cast<size_t>(to_height * to_width));
  for (int64_t y = 0; y < to_height; ++y) {
    const uint8_t* row = plane + mirrored(y, height) * width;
    for (int64_t x = 0; x < to_width; ++x) result.push_back(row[mirrored(x, width)]);
  }
  return result;
}

std::vector<uint8_t> LargestClass(const float* logits, int64_t classes, int64_t pixels) {
  LOWBIT_CHECK(classes >= 1 && classes <= kMostPixelClasses);
  std::vector<float> best(logits, logits + pixels);
  std::vector<uint8_t> result(static_cast<size_t>(pixels), 0);
  for (int64_t k = 1; k < classes; ++k) {
    const float* plane = logits + k * pixels;
    for (size_t i = 0; i < result.size(); ++i) {
      if (!(plane[i] > best[i])) continue;
      best[i] = plane[i];
      result[i] = static_cast<uint8_t>(k);
    }
  }
  return result;
}

}  // namespace lowbit::data
