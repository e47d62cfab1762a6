#ifndef LOWBIT_DATA_CROP_H_
#define LOWBIT_DATA_CROP_H_

// Which part of a picture of any size becomes an image of one size.

#include <cstdint>

#include "lowbit/base/random.h"
#include "lowbit/data/picture.h"

namespace lowbit::data {

inline constexpr int64_t kMaxPictureSide = 8192;

// How pictures of any size become images of one size: the largest window with the image's proportions, size / resize of its
// height and width of that, brought to the image's size. 1 <= size <= resize <= kMaxPictureSide.
struct PictureView {
  int64_t size = 224;  // Height of the image.
  int64_t resize =
      256;  // Of square images: the length that the picture's shorter side gets before the image is cut out.
  int64_t channels = 3;  // 1: grey.
  int64_t width = 0;     // Of the image; 0: as its height. At most kMaxPictureSide.

  int64_t Width() const { return width == 0 ? size : width; }
};

// `size` 0 stands for 224, `resize` 0 for 8 / 7 of the size, rounded: 256 for 224.
inline PictureView MakeView(int64_t size, int64_t resize) {
  if (size == 0) size = PictureView().size;
  PictureView view;
  view.size = size;
  view.resize = resize == 0 ? (size * 8 + 3) / 7 : resize;
  return view;
}

struct CropOptions {
  enum class Kind {
    kCentre,   // The centre of the picture.
    kRandom,   // Any place of that picture.
    kResized,  // A random share of the picture's area, with a random width / height, at a random place.
  };
  Kind kind = Kind::kCentre;
  double min_area = 0.08, max_area = 1;             // kResized. (0, 1]
  double min_ratio = 3.0 / 4, max_ratio = 4.0 / 3;  // kResized. > 0
};

// A choice that depends on (options, seed, epoch, index of the image in its set) and the picture's size alone.
class Crop {
 public:
  // The centre.
  Crop() : Crop(CropOptions(), 0, 0, 0) {}
  // index < 2^32
  Crop(const CropOptions& options, uint64_t seed, uint64_t epoch, uint64_t index)
      : options_(options), random_(seed, StreamOf("crop"), epoch), index_(index) {}

  // kResized draws up to ten times (Szegedy et al., "Going deeper with convolutions", CVPR 2015; torchvision's
  // RandomResizedCrop): share a of the area uniform in [min_area, max_area], ratio q of width / height uniform in its
  // logarithm, width = round(sqrt(a H W q)), height = round(sqrt(a H W / q)), until that fits, and then any place where
  // it does; after ten draws that do not, the largest centred window whose ratio is allowed.
  // REQUIRES: height >= 1; width >= 1
  Window Choose(int64_t height, int64_t width, const PictureView& view) const;

 private:
  Window Resized(int64_t height, int64_t width) const;

  CropOptions options_;
  CounterRandom random_;
  uint64_t index_;
};

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_CROP_H_
