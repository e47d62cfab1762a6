#include "lowbit/data/picture.h"

#include <algorithm>
#include <vector>

#include "lowbit/base/file.h"
#include "lowbit/data/image_decoders.h"

namespace lowbit::data {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 29;

bool StartsWith(Span<const uint8_t> file, std::initializer_list<uint8_t> magic) {
  return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin());
}

bool IsPnm(Span<const uint8_t> file) {
  return file.size() >= 2 && file[0] == 'P' && (file[1] == '2' || file[1] == '3' || file[1] == '5' || file[1] == '6');
}

Result<Picture> CutWhole(Result<Picture> whole, const ChooseWindow& choose) {
  if (!whole.ok()) return whole;
  const Picture& picture = whole.value();
  const Window window = choose(picture.height(), picture.width());
  if (window.height == picture.height() && window.width == picture.width()) return whole;
  return picture.Cut(window);
}

}  // namespace

Picture::Picture(int64_t channels, int64_t height, int64_t width)
    : channels_(channels), height_(height), width_(width), pixels_(new uint8_t[bytes()]) {}

Picture Picture::Cut(const Window& window) const {
  Picture part(channels_, window.height, window.width);
  for (int64_t y = 0; y < window.height; ++y) {
    const uint8_t* source = row(window.top + y) + window.left * channels_;
    std::copy(source, source + part.row_bytes(), part.row(y));
  }
  return part;
}

Status CheckImageSize(const std::string& name, int64_t height, int64_t width) {
  if (height >= 1 && width >= 1 && height <= kMaxImagePixels / width) return Ok();
  return Invalid(name + ": the image is " + std::to_string(width) + "x" + std::to_string(height) + " pixels; 1 to " +
                 std::to_string(kMaxImagePixels) + " in all were expected");
}

Result<Picture> DecodePicture(Span<const uint8_t> file, const std::string& name, const ChooseWindow& choose) {
  if (StartsWith(file, {0x89, 'P', 'N', 'G'})) return CutWhole(DecodePng(file, name), choose);
  if (StartsWith(file, {0xff, 0xd8})) return DecodeJpeg(file, name, choose);
  if (IsPnm(file)) return CutWhole(DecodePnm(file, name), choose);
  if (file.empty()) return Invalid(name + ": offset 0: the file is empty; a PNG, JPEG, PGM or PPM image was expected");
  return Invalid(name + ": offset 0: not a PNG, JPEG, PGM or PPM image by its first bytes");
}

Result<Picture> ReadPicture(const std::string& path, const ChooseWindow& choose) {
  LOWBIT_TRY(const std::vector<uint8_t> file, ReadFile(path, kMaxFileBytes));
  return DecodePicture(file, path, choose);
}

}  // namespace lowbit::data
