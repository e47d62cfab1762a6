#include "lowbit/data/image_file.h"

#include "lowbit/data/picture.h"

namespace lowbit::data {
namespace {

Image8 Planes(const Picture& picture) {
  const size_t channels = static_cast<size_t>(picture.channels()), area = picture.bytes() / channels;
  Image8 image = {{picture.channels(), picture.height(), picture.width()}, std::vector<uint8_t>(picture.bytes())};
  for (size_t c = 0; c < channels; ++c) {
    uint8_t* plane = image.pixels.data() + c * area;
    for (size_t i = 0; i < area; ++i) plane[i] = picture.data()[i * channels + c];
  }
  return image;
}

}  // namespace

Result<Image8> DecodeImage(Span<const uint8_t> file, const std::string& name) {
  LOWBIT_TRY(const Picture picture, DecodePicture(file, name, WholePicture));
  return Planes(picture);
}

Result<Image8> ReadImage(const std::string& path) {
  LOWBIT_TRY(const Picture picture, ReadPicture(path, WholePicture));
  return Planes(picture);
}

}  // namespace lowbit::data
