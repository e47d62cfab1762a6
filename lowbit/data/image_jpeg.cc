#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <vector>

// After <cstdio>, which it needs.
#include <jpeglib.h>
// After jpeglib.h.
#include <jerror.h>

#include "lowbit/data/image_decoders.h"

namespace lowbit::data {
namespace {

// A progressive file may hold any number of scans, each as long as decoding a picture; real ones have about ten.
constexpr int kMaxScans = 100;
constexpr int64_t kMargin = 4;  // Columns beside a window; smoothing reaches two samples of a halved plane far.

// libjpeg reports errors through a function that must not return. Ours jumps back into the method of JpegReader that
// called libjpeg; between there and here are C frames only, and no object with a destructor is made there.
class JpegReader {
 public:
  explicit JpegReader(Span<const uint8_t> file) : file_(file) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = &OnError;
    errors_.emit_message = &OnMessage;
    progress_.progress_monitor = &OnProgress;
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() {
    if (created_) jpeg_destroy_decompress(&info_);
  }

  bool ReadHeader() {
    if (setjmp(jump_) != 0) return false;
    jpeg_create_decompress(&info_);
    created_ = true;
    info_.progress = &progress_;
    jpeg_mem_src(&info_, file_.data(), file_.size());
    jpeg_read_header(&info_, TRUE);
    info_.out_color_space = info_.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    return true;
  }

  bool ReadPixels(const Window& window, Picture* picture) {
    if (setjmp(jump_) != 0) return false;
    jpeg_start_decompress(&info_);
    if (window.height == height() && window.width == width()) {
      ReadRows(picture);
      jpeg_finish_decompress(&info_);
    } else {
      ReadWindow(window, picture);
      jpeg_abort_decompress(&info_);
    }
    return true;
  }

  int64_t height() const { return info_.image_height; }
  int64_t width() const { return info_.image_width; }
  int64_t channels() const { return info_.num_components == 1 ? 1 : 3; }

  Error AtOffset(const std::string& name) const {
    const size_t rest = info_.src == nullptr ? file_.size() : info_.src->bytes_in_buffer;
    const size_t offset = rest <= file_.size() ? file_.size() - rest : 0;
    return Invalid(name + ": offset " + std::to_string(offset) + ": damaged JPEG image: " + message_);
  }

 private:
  void ReadRows(Picture* picture) {
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = picture->row(info_.output_scanline);
      jpeg_read_scanlines(&info_, &row, 1);
    }
  }

  // libjpeg-turbo cuts columns where blocks begin. Those at a cut miss a neighbour that smooths their colour, so some
  // more are read on both sides.
  void ReadWindow(const Window& window, Picture* picture) {
    JDIMENSION first = static_cast<JDIMENSION>(std::max<int64_t>(0, window.left - kMargin));
    JDIMENSION count = static_cast<JDIMENSION>(std::min(width(), window.left + window.width + kMargin)) - first;
    jpeg_crop_scanline(&info_, &first, &count);
    line_.resize(static_cast<size_t>(count) * static_cast<size_t>(channels()));
    const uint8_t* begin = line_.data() + (window.left - static_cast<int64_t>(first)) * channels();
    jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(window.top));
    for (int64_t y = 0; y < window.height; ++y) {
      JSAMPROW row = line_.data();
      jpeg_read_scanlines(&info_, &row, 1);
      std::copy(begin, begin + picture->row_bytes(), picture->row(y));
    }
  }

  static JpegReader* Self(j_common_ptr info) { return static_cast<JpegReader*>(info->client_data); }

  [[noreturn]] static void OnError(j_common_ptr info) {
    JpegReader* self = Self(info);
    info->err->format_message(info, self->message_);
    std::longjmp(self->jump_, 1);
  }

  // Level -1 is a warning: libjpeg would fill the rest of a truncated or damaged picture with grey and go on.
  // Needless bytes between segments harm nothing; some cameras write them.
  static void OnMessage(j_common_ptr info, int level) {
    if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA) OnError(info);
  }

  static void OnProgress(j_common_ptr info) {
    JpegReader* self = Self(info);
    if (self->info_.input_scan_number <= kMaxScans) return;
    std::snprintf(self->message_, sizeof(self->message_), "more than %d scans", kMaxScans);
    std::longjmp(self->jump_, 1);
  }

  Span<const uint8_t> file_;
  jpeg_decompress_struct info_ = {};
  jpeg_error_mgr errors_ = {};
  jpeg_progress_mgr progress_ = {};
  std::jmp_buf jump_;
  char message_[JMSG_LENGTH_MAX] = "";
  std::vector<uint8_t> line_;
  bool created_ = false;
};

}  // namespace

Result<Picture> DecodeJpeg(Span<const uint8_t> file, const std::string& name, const ChooseWindow& choose) {
  JpegReader reader(file);
  if (!reader.ReadHeader()) return reader.AtOffset(name);
  LOWBIT_RETURN_IF_ERROR(CheckImageSize(name, reader.height(), reader.width()));
  const Window window = choose(reader.height(), reader.width());
  Picture picture(reader.channels(), window.height, window.width);
  if (!reader.ReadPixels(window, &picture)) return reader.AtOffset(name);
  return picture;
}

}  // namespace lowbit::data
