// Pictures that were made small and large again, cut into squares: what a network that sharpens them sees, and learns from.

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "lowbit/data/dataset.h"
#include "lowbit/data/sets/super_resolution/patches.h"
#include "lowbit/data/super_resolution.h"

namespace lowbit::data::sets::super_resolution {
namespace {

uint8_t ToByte(float value) { return static_cast<uint8_t>(std::lround(std::clamp(value, 0.0f, 255.0f))); }

// All squares of `size` that lie beside each other in the plane. Returns how many.
int64_t AddSquares(const Plane& plane, int64_t size, ImageSet* set) {
  for (int64_t top = 0; top + size <= plane.height; top += size) {
    for (int64_t left = 0; left + size <= plane.width; left += size) {
      for (int64_t y = top; y < top + size; ++y) {
        const float* row = plane.values.data() + y * plane.width + left;
        for (int64_t x = 0; x < size; ++x) set->pixels.push_back(ToByte(row[x]));
      }
      set->labels.push_back(0);
    }
  }
  return (plane.height / size) * (plane.width / size);
}

// Squares of a picture, blurred by each factor; and, unless null, what pairs are cut from.
Status AddPicture(const std::string& path, const PictureOptions& pictures, ImageSet* set, Patches* patches) {
  LOWBIT_TRY(const Image8 image, ReadImage(path));
  for (const int64_t factor : pictures.factors) {
    Result<Plane> sharp = Brightness(image, factor);
    if (!sharp.ok()) return Invalid(path + ": " + sharp.error().message);
    Plane blurred = Blur(sharp.value(), factor);
    const int64_t squares = AddSquares(blurred, pictures.view.size, set);
    if (patches != nullptr && squares > 0) patches->Add(std::move(sharp).value(), std::move(blurred), squares);
  }
  return Ok();
}

Status AddTests(const PictureOptions& pictures, Dataset* set) {
  LOWBIT_TRY(const std::vector<std::string> paths, ListSharpPictures(pictures.test));
  for (const std::string& path : paths) {
    for (const int64_t factor : pictures.factors) {
      LOWBIT_TRY(BlurredPicture picture, BlurPicture(path, factor));
      set->test_pictures.push_back(std::move(picture));
    }
  }
  return Ok();
}

Result<Dataset> Load(const DatasetKind& kind, const std::string& folder, const PictureOptions& pictures) {
  LOWBIT_TRY(const std::vector<std::string> paths, ListSharpPictures(folder));
  Dataset set;
  set.name = kind.name;
  set.path = folder;
  set.task = "super_resolution";
  set.train.image = {1, pictures.view.size, pictures.view.size};
  const bool learns = !pictures.test.empty();
  const auto patches = learns ? std::make_shared<Patches>(pictures.view.size) : nullptr;
  for (const std::string& path : paths) {
    LOWBIT_RETURN_IF_ERROR(AddPicture(path, pictures, &set.train, patches.get()));
  }
  if (set.train.count() == 0) {
    return Invalid(folder + ": no picture in it is as large as the network's image, " + ToString(set.train.image));
  }
  set.train.pairs = patches;
  if (learns) set.train.answer = set.train.image;
  set.test.image = set.train.image;
  if (learns) LOWBIT_RETURN_IF_ERROR(AddTests(pictures, &set));
  return set;
}

}  // namespace

std::vector<DatasetKind> Kinds() {
  DatasetKind kind;
  kind.name = "super-resolution";
  kind.description =
      "JPEG and PNG pictures of one folder, their brightness made 2, 3 and 4 times smaller and large again: for "
      "networks that sharpen them";
  kind.how_to_get = "put sharp pictures into one folder and name it";
  kind.load = Load;
  return {kind};
}

}  // namespace lowbit::data::sets::super_resolution
