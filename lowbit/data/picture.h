#ifndef LOWBIT_DATA_PICTURE_H_
#define LOWBIT_DATA_PICTURE_H_

// A part of a picture file, decoded without what is not needed of the rest.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit::data {

// In pixels; lies inside of its picture, and is not empty.
struct Window {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

// Pixels as decoders write them: row by row, the channels of a pixel side by side. 1 channel is grey, 3 are red, green
// and blue.
class Picture {
 public:
  Picture() = default;
  // Pixels without a value.
  Picture(int64_t channels, int64_t height, int64_t width);

  int64_t channels() const { return channels_; }
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  size_t row_bytes() const { return static_cast<size_t>(width_ * channels_); }
  size_t bytes() const { return static_cast<size_t>(height_) * row_bytes(); }
  uint8_t* data() { return pixels_.get(); }
  const uint8_t* data() const { return pixels_.get(); }
  uint8_t* row(int64_t y) { return data() + static_cast<size_t>(y) * row_bytes(); }
  const uint8_t* row(int64_t y) const { return data() + static_cast<size_t>(y) * row_bytes(); }

  // That part of it. REQUIRES: `window` lies inside.
  Picture Cut(const Window& window) const;

 private:
  int64_t channels_ = 0, height_ = 0, width_ = 0;
  std::unique_ptr<uint8_t[]> pixels_;  // Not a vector, which would fill what is written all over next.
};

// Says which part is wanted of a picture of this height and width, each at least 1.
using ChooseWindow = std::function<Window(int64_t height, int64_t width)>;

inline Window WholePicture(int64_t height, int64_t width) { return {0, 0, height, width}; }

// Reads a part of a picture file of any format of ReadImage (image_file.h): the very pixels that the whole picture has
// there. Errors: as ReadImage, except that damage to a JPEG file may stay unseen where only parts below or beside the
// window need it. Cost: JPEG files are decoded down to the window's last row, and fully only inside the window.
Result<Picture> ReadPicture(const std::string& path, const ChooseWindow& choose);

// The same from memory; `name` stands in front of messages.
Result<Picture> DecodePicture(Span<const uint8_t> file, const std::string& name, const ChooseWindow& choose);

// Writes the picture, brought to `height` and `width`, to `planes` [3, height, width]: as FitTo (image_file.h).
// REQUIRES: height >= 1; width >= 1; planes.size() == 3 * height * width
void FitToPlanes(const Picture& picture, int64_t height, int64_t width, Span<uint8_t> planes);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_PICTURE_H_
