#ifndef LOWBIT_DATA_SEGMENTATION_H_
#define LOWBIT_DATA_SEGMENTATION_H_

// What networks learn from that say of every pixel what it belongs to: pictures, and masks that tell it by grey values.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/data/image_file.h"

namespace lowbit::data {

// In place of a class: the pixel does not count, neither in the loss nor in a score.
inline constexpr uint8_t kNoClass = 255;
// A network's classes are 0 .. kMostPixelClasses - 1 at most.
inline constexpr int64_t kMostPixelClasses = 255;

// Which grey value of the masks is which class.
struct MaskValues {
  std::vector<int64_t> values;  // [class], distinct, each 0..255.
  int64_t ignore = -1;          // The grey value of pixels that do not count, none of `values`; -1: there is none.
};

struct MaskedPicture {
  std::string path, mask_path;
  Image8 picture;
  // [height, width] of the picture: grey values as the file has them, or classes (NumberClasses).
  std::vector<uint8_t> mask;

  int64_t height() const { return picture.shape[1]; }
  int64_t width() const { return picture.shape[2]; }
};

// Reads every picture (PNG, JPEG) of the folder and the mask of the same name, apart from its ending, out of the other folder;
// sorted by name. If one is colour, all are given three channels. Errors: as ListPlainPictures and ReadImage; a picture without a
// mask or a mask without a picture; two of one name; a mask in colour, or of another size than its picture.
// Cost: all pixels are in memory.
Result<std::vector<MaskedPicture>> ReadMaskedPictures(const std::string& pictures, const std::string& masks);

// Where a folder has its pictures and masks.
struct SegmentationFolders {
  std::string pictures, masks;
};

// FOLDER/train-image and train-label.
SegmentationFolders TrainingFolders(const std::string& folder);
// FOLDER/test-image and test-label; empty where neither is there.
SegmentationFolders TestFolders(const std::string& folder);

// Pictures to train and to test with.
struct MaskedHalves {
  std::vector<MaskedPicture> training, tests;
};

// Both halves of a folder (TrainingFolders, TestFolders); without test folders the last `test_last` of the training pictures are tests
// instead. `tests_alone`: training pictures need not be there where tests have their own folders, and are not kept. Tests get the
// training pictures' channels. Errors: as ReadMaskedPictures; test folders and a `test_last`, unless `tests_alone`, or neither; no
// picture left to train with.
Result<MaskedHalves> ReadHalves(const std::string& folder, int64_t test_last, bool tests_alone);

// Brings them to `channels`, 1 or 3 (FitTo).
void SetChannels(int64_t channels, std::vector<MaskedPicture>* pictures);

// The grey values of all masks but `ignore`, in rising order. Errors: only one; more than kMostFoundValues, which are no classes but
// shades, such as JPEG makes. REQUIRES: masks are grey values
inline constexpr size_t kMostFoundValues = 32;
Result<std::vector<int64_t>> FindMaskValues(const std::vector<MaskedPicture>& pictures, int64_t ignore);

// Replaces each mask's grey values by classes, `ignore` by kNoClass. Error: a value that is none of them, with its place.
Status NumberClasses(const MaskValues& values, std::vector<MaskedPicture>* pictures);

// The plane continued to the right and below by its own mirror image: value (y, x) is that of (m(y, height), m(x, width)),
// m(i, n) = i mod 2n, or 2n - 1 - that where it is n or more. REQUIRES: to_height >= height >= 1; the same of widths.
std::vector<uint8_t> MirrorTo(const uint8_t* plane, int64_t height, int64_t width, int64_t to_height, int64_t to_width);

// The class of each pixel: the first of those with the largest logit. logits: [classes, pixels].
// REQUIRES: 1 <= classes <= kMostPixelClasses
std::vector<uint8_t> LargestClass(const float* logits, int64_t classes, int64_t pixels);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SEGMENTATION_H_
