#include "bench/decoding/turbo.h"

#include <cstdio>
#include <filesystem>
#include <stdexcept>

// After <cstdio>, which it needs.
#include <jpeglib.h>

namespace lowbit::bench {
namespace {

void ReadAll(const std::string& path, std::vector<unsigned char>* bytes) {
  FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error(path + ": cannot be opened");
  bytes->resize(static_cast<size_t>(std::filesystem::file_size(path)));
  const size_t read = std::fread(bytes->data(), 1, bytes->size(), file);
  std::fclose(file);
  if (read != bytes->size()) throw std::runtime_error(path + ": cannot be read");
}

}  // namespace

void Turbo::Decode(const std::string& path) {
  ReadAll(path, &file_);
  jpeg_decompress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file_.data(), static_cast<unsigned long>(file_.size()));  // NOLINT: libjpeg's type
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  const size_t row_bytes = size_t{3} * info.output_width;
  pixels_.resize(row_bytes * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels_.data() + info.output_scanline * row_bytes;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
}

}  // namespace lowbit::bench
