#include <algorithm>

#include "lowbit/data/image_decoders.h"

namespace lowbit::data {
namespace {

bool IsSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The text part of a PNM file: numbers between white space and comments (# to the end of the line).
class PnmText {
 public:
  PnmText(Span<const uint8_t> file, const std::string& name, size_t offset)
      : file_(file), name_(name), offset_(offset) {}

  size_t offset() const { return offset_; }

  Error At(const std::string& rule) const {
    return Invalid(name_ + ": offset " + std::to_string(offset_) + ": " + rule);
  }

  void SkipSpace() {
    bool comment = false;
    for (; offset_ < file_.size(); ++offset_) {
      const uint8_t c = file_[offset_];
      if (c == '#') comment = true;
      if (c == '\n' || c == '\r') comment = false;
      if (!comment && !IsSpace(c)) return;
    }
  }

  Result<int64_t> Number(const char* what, int64_t max) {
    SkipSpace();
    const size_t start = offset_;
    int64_t value = 0;
    while (offset_ < file_.size() && file_[offset_] >= '0' && file_[offset_] <= '9' && value <= max) {
      value = 10 * value + (file_[offset_++] - '0');
    }
    if (offset_ == start) return At(std::string("the ") + what + " of the PNM image is missing");
    if (value > max) return At(std::string("the ") + what + " is larger than " + std::to_string(max));
    return value;
  }

  // The one white space between the header and binary pixels.
  Status SkipOne() {
    if (offset_ >= file_.size() || !IsSpace(file_[offset_])) return At("white space after the PNM header is missing");
    ++offset_;
    return Ok();
  }

 private:
  Span<const uint8_t> file_;
  const std::string& name_;
  size_t offset_;
};

struct PnmHeader {
  int64_t width = 0, height = 0, max = 0, channels = 1;

  size_t values() const { return static_cast<size_t>(width * height * channels); }
  uint8_t Scale(int64_t value) const { return static_cast<uint8_t>((value * 255 + max / 2) / max); }
};

Result<PnmHeader> ReadHeader(PnmText* text, const std::string& name, bool colour) {
  PnmHeader header;
  LOWBIT_TRY(header.width, text->Number("width", kMaxImagePixels));
  LOWBIT_TRY(header.height, text->Number("height", kMaxImagePixels));
  LOWBIT_RETURN_IF_ERROR(CheckImageSize(name, header.height, header.width));
  LOWBIT_TRY(header.max, text->Number("largest value", 65535));
  if (header.max == 0) return text->At("the largest value of the PNM image is 0; 1..65535 was expected");
  header.channels = colour ? 3 : 1;
  return header;
}

Error AboveMax(const PnmText& text, const PnmHeader& header) {
  return text.At("a pixel is above the largest value " + std::to_string(header.max));
}

Result<std::vector<uint8_t>> TextPixels(PnmText* text, const PnmHeader& header, size_t rest) {
  // Each value takes a digit and, but for the last, a space.
  if (header.values() > rest / 2 + 1) return text->At("the file ends before the last pixel");
  std::vector<uint8_t> pixels;
  for (size_t i = 0; i < header.values(); ++i) {
    LOWBIT_TRY(const int64_t value, text->Number("next pixel", header.max));
    pixels.push_back(header.Scale(value));
  }
  return pixels;
}

Result<std::vector<uint8_t>> BinaryPixels(const PnmText& text, const PnmHeader& header, Span<const uint8_t> bytes) {
  const size_t width = header.max > 255 ? 2 : 1;
  if (bytes.size() != header.values() * width) {
    return text.At(std::to_string(bytes.size()) + " bytes of pixels; " + std::to_string(header.values() * width) +
                   " were expected");
  }
  std::vector<uint8_t> pixels(header.values());
  for (size_t i = 0; i < pixels.size(); ++i) {
    const int64_t value = width == 1 ? bytes[i] : 256 * bytes[2 * i] + bytes[2 * i + 1];
    if (value > header.max) return AboveMax(text, header);
    pixels[i] = header.Scale(value);
  }
  return pixels;
}

}  // namespace

Result<Picture> DecodePnm(Span<const uint8_t> file, const std::string& name) {
  const char kind = static_cast<char>(file[1]);
  PnmText text(file, name, 2);
  LOWBIT_TRY(const PnmHeader header, ReadHeader(&text, name, kind == '3' || kind == '6'));
  std::vector<uint8_t> pixels;
  if (kind == '2' || kind == '3') {
    LOWBIT_TRY(pixels, TextPixels(&text, header, file.size() - text.offset()));
    text.SkipSpace();
    if (text.offset() != file.size()) return text.At("bytes follow the last pixel");
  } else {
    LOWBIT_RETURN_IF_ERROR(text.SkipOne());
    LOWBIT_TRY(pixels, BinaryPixels(text, header, file.subspan(text.offset(), file.size() - text.offset())));
  }
  Picture picture(header.channels, header.height, header.width);
  std::copy(pixels.begin(), pixels.end(), picture.data());
  return picture;
}

}  // namespace lowbit::data
