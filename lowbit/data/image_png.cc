#include <png.h>

#include <algorithm>
#include <iterator>

#include "lowbit/data/image_decoders.h"

namespace lowbit::data {
namespace {

// The empty chunk IEND with its checksum. libpng does not mind if a truncated file lacks it.
constexpr uint8_t kEnd[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};

bool EndsAsItShould(Span<const uint8_t> file) {
  return file.size() >= sizeof(kEnd) && std::equal(std::begin(kEnd), std::end(kEnd), file.end() - sizeof(kEnd));
}

// libpng's simplified reader: it reports errors as values, never by a jump or exit.
class PngReader {
 public:
  PngReader() { image_.version = PNG_IMAGE_VERSION; }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_image_free(&image_); }

  bool ReadHeader(Span<const uint8_t> file) {
    if (png_image_begin_read_from_memory(&image_, file.data(), file.size()) == 0) return false;
    image_.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    image_.format = (image_.format & PNG_FORMAT_FLAG_COLOR) != 0 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    return true;
  }

  bool ReadPixels(uint8_t* pixels) {
    const png_color white = {255, 255, 255};
    return png_image_finish_read(&image_, &white, pixels, 0, nullptr) != 0;
  }

  int64_t height() const { return image_.height; }
  int64_t width() const { return image_.width; }
  int64_t channels() const { return PNG_IMAGE_PIXEL_CHANNELS(image_.format); }
  const char* message() const { return image_.message; }

 private:
  png_image image_ = {};
};

}  // namespace

Result<Picture> DecodePng(Span<const uint8_t> file, const std::string& name) {
  PngReader reader;
  if (!reader.ReadHeader(file)) return Invalid(name + ": damaged PNG image: " + reader.message());
  LOWBIT_RETURN_IF_ERROR(CheckImageSize(name, reader.height(), reader.width()));
  Picture picture(reader.channels(), reader.height(), reader.width());
  if (!reader.ReadPixels(picture.data())) return Invalid(name + ": damaged PNG image: " + reader.message());
  if (EndsAsItShould(file)) return picture;
  return Invalid(name + ": offset " + std::to_string(file.size()) + ": the PNG image does not end with its end chunk");
}

}  // namespace lowbit::data
