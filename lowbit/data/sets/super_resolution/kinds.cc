// Pictures that were made small and large again, cut into squares: what a network that sharpens them sees.

#include <algorithm>
#include <cmath>

#include "lowbit/data/dataset.h"
#include "lowbit/data/super_resolution.h"

namespace lowbit::data::sets::super_resolution {
namespace {

constexpr int64_t kScales[] = {2, 3, 4};

uint8_t ToByte(float value) { return static_cast<uint8_t>(std::lround(std::clamp(value, 0.0f, 255.0f))); }

// All squares of `size` that lie beside each other in the plane.
void AddSquares(const Plane& plane, int64_t size, ImageSet* set) {
  for (int64_t top = 0; top + size <= plane.height; top += size) {
    for (int64_t left = 0; left + size <= plane.width; left += size) {
      for (int64_t y = top; y < top + size; ++y) {
        const float* row = plane.values.data() + y * plane.width + left;
        for (int64_t x = 0; x < size; ++x) set->pixels.push_back(ToByte(row[x]));
      }
      set->labels.push_back(0);
    }
  }
}

Result<Dataset> Load(const DatasetKind& kind, const std::string& folder, const PictureOptions& pictures) {
  LOWBIT_TRY(const std::vector<std::string> paths, ListSharpPictures(folder));
  Dataset set;
  set.name = kind.name;
  set.path = folder;
  set.train.image = {1, pictures.view.size, pictures.view.size};
  for (const std::string& path : paths) {
    LOWBIT_TRY(const Image8 image, ReadImage(path));
    for (const int64_t scale : kScales) {
      Result<Plane> sharp = Brightness(image, scale);
      if (!sharp.ok()) return Invalid(path + ": " + sharp.error().message);
      AddSquares(Blur(sharp.value(), scale), pictures.view.size, &set.train);
    }
  }
  if (set.train.count() == 0) {
    return Invalid(folder + ": no picture in it is as large as the network's image, " + ToString(set.train.image));
  }
  set.test.image = set.train.image;
  return set;
}

}  // namespace

std::vector<DatasetKind> Kinds() {
  DatasetKind kind;
  kind.name = "super-resolution";
  kind.description =
      "JPEG and PNG pictures of one folder, their brightness made 2, 3 and 4 times smaller and large again: to "
      "calibrate, "
      "compress and evaluate networks that sharpen them";
  kind.how_to_get = "put sharp pictures into one folder and name it";
  kind.load = Load;
  return {kind};
}

}  // namespace lowbit::data::sets::super_resolution
