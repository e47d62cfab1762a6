#include "lowbit/data/image_file.h"

#include <algorithm>

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

}  // namespace

Status CheckImageSize(const std::string& name, int64_t height, int64_t width) {
  if (height >= 1 && width >= 1 && height <= kMaxImagePixels / width) return Ok();
  return Invalid(name + ": the image is " + std::to_string(width) + "x" + std::to_string(height) + " pixels; 1 to " +
                 std::to_string(kMaxImagePixels) + " in all were expected");
}

Image8 FromInterleaved(const std::vector<uint8_t>& pixels, int64_t channels, int64_t height, int64_t width) {
  Image8 image = {{channels, height, width}, std::vector<uint8_t>(pixels.size())};
  const int64_t area = height * width;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < area; ++i) image.pixels[c * area + i] = pixels[i * channels + c];
  }
  return image;
}

Result<Image8> DecodeImage(Span<const uint8_t> file, const std::string& name) {
  if (StartsWith(file, {0x89, 'P', 'N', 'G'})) return DecodePng(file, name);
  if (StartsWith(file, {0xff, 0xd8})) return DecodeJpeg(file, name);
  if (IsPnm(file)) return DecodePnm(file, name);
  if (file.empty()) return Invalid(name + ": offset 0: the file is empty; a PNG, JPEG, PGM or PPM image was expected");
  return Invalid(name + ": offset 0: not a PNG, JPEG, PGM or PPM image by its first bytes");
}

Result<Image8> ReadImage(const std::string& path) {
  LOWBIT_TRY(const std::vector<uint8_t> file, ReadFile(path, kMaxFileBytes));
  return DecodeImage(file, path);
}

}  // namespace lowbit::data
