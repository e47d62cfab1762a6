#include "lowbit/data/sets/segmentation/masked_pairs.h"

#include <algorithm>
#include <string>
#include <utility>

#include "lowbit/data/random_square.h"

namespace lowbit::data::sets::segmentation {
namespace {

void ToTarget(Span<float> classes) {
  std::replace(classes.begin(), classes.end(), static_cast<float>(kNoClass), -1.0f);
}

class Squares : public PairSource {
 public:
  explicit Squares(int64_t size) : size_(size) {}

  // The next `count` examples are of this picture.
  void Add(MaskedPicture picture, int64_t count) {
    ends_.push_back((ends_.empty() ? 0 : ends_.back()) + count);
    pictures_.push_back(std::move(picture));
  }

  void Make(int64_t index, uint64_t seed, uint64_t epoch, const PairChanges& changes, Span<float> image,
            Span<float> target) const override {
    const auto end = std::upper_bound(ends_.begin(), ends_.end(), index);
    const MaskedPicture& picture = pictures_[static_cast<size_t>(end - ends_.begin())];
    const int64_t height = picture.height(), width = picture.width();
    const RandomSquare square = DrawSquare(size_, height, width, index, seed, epoch, changes);
    const auto area = static_cast<size_t>(size_ * size_);
    for (int64_t c = 0; c < picture.picture.shape[0]; ++c) {
      CutSquare(square, picture.picture.pixels.data() + c * height * width, width,
                image.subspan(static_cast<size_t>(c) * area, area));
    }
    CutSquare(square, picture.mask.data(), width, target);
    ToTarget(target);
  }

 private:
  int64_t size_;
  std::vector<MaskedPicture> pictures_;
  std::vector<int64_t> ends_;  // [picture]: index behind its last example.
};

class WholePictures : public PairSource {
 public:
  WholePictures(std::vector<MaskedPicture> pictures, int64_t height, int64_t width)
      : pictures_(std::move(pictures)), height_(height), width_(width) {}

  std::vector<uint8_t> Image(size_t index) const {
    const MaskedPicture& picture = pictures_[index];
    std::vector<uint8_t> image;
    for (int64_t c = 0; c < picture.picture.shape[0]; ++c) {
      const uint8_t* plane = picture.picture.pixels.data() + c * picture.height() * picture.width();
      const std::vector<uint8_t> mirrored = MirrorTo(plane, picture.height(), picture.width(), height_, width_);
      image.insert(image.end(), mirrored.begin(), mirrored.end());
    }
    return image;
  }

  void Make(int64_t index, uint64_t, uint64_t, const PairChanges&, Span<float> image,
            Span<float> target) const override {
    const std::vector<uint8_t> pixels = Image(static_cast<size_t>(index));
    std::copy(pixels.begin(), pixels.end(), image.begin());
    std::fill(target.begin(), target.end(), static_cast<float>(kNoClass));
    const MaskedPicture& picture = pictures_[static_cast<size_t>(index)];
    for (int64_t y = 0; y < picture.height(); ++y) {
      const uint8_t* row = picture.mask.data() + y * picture.width();
      std::copy(row, row + picture.width(), target.begin() + y * width_);
    }
    ToTarget(target);
  }

 private:
  std::vector<MaskedPicture> pictures_;
  int64_t height_, width_;
};

// All squares of `size` that lie beside each other. Returns how many.
int64_t AddSquares(const MaskedPicture& picture, int64_t size, ImageSet* set) {
  const int64_t height = picture.height(), width = picture.width(), channels = picture.picture.shape[0];
  for (int64_t top = 0; top + size <= height; top += size) {
    for (int64_t left = 0; left + size <= width; left += size) {
      for (int64_t row = 0; row < channels * size; ++row) {
        const int64_t c = row / size, y = top + row % size;
        const uint8_t* from = picture.picture.pixels.data() + (c * height + y) * width + left;
        set->pixels.insert(set->pixels.end(), from, from + size);
      }
      set->labels.push_back(0);
    }
  }
  return (height / size) * (width / size);
}

}  // namespace

Result<ImageSet> SquaresOf(std::vector<MaskedPicture> pictures, int64_t size) {
  ImageSet set;
  set.image = {pictures.front().picture.shape[0], size, size};
  auto squares = std::make_shared<Squares>(size);
  for (MaskedPicture& picture : pictures) {
    const int64_t count = AddSquares(picture, size, &set);
    if (count == 0) {
      return Invalid(picture.path + ": is " + std::to_string(picture.height()) + "x" + std::to_string(picture.width()) +
                     ", smaller than the network's image, 'data.crop' = " + std::to_string(size));
    }
    squares->Add(std::move(picture), count);
  }
  set.pairs = std::move(squares);
  set.answer = {1, size, size};
  return set;
}

ImageSet WholePicturesOf(std::vector<MaskedPicture> pictures, int64_t multiple) {
  int64_t height = 1, width = 1;
  for (const MaskedPicture& picture : pictures) {
    height = std::max(height, picture.height());
    width = std::max(width, picture.width());
  }
  height = (height + multiple - 1) / multiple * multiple;
  width = (width + multiple - 1) / multiple * multiple;
  ImageSet set;
  set.image = {pictures.front().picture.shape[0], height, width};
  set.labels.assign(pictures.size(), 0);
  auto whole = std::make_shared<WholePictures>(std::move(pictures), height, width);
  for (size_t i = 0; i < set.labels.size(); ++i) {
    const std::vector<uint8_t> image = whole->Image(i);
    set.pixels.insert(set.pixels.end(), image.begin(), image.end());
  }
  set.pairs = std::move(whole);
  set.answer = {1, height, width};
  return set;
}

}  // namespace lowbit::data::sets::segmentation
