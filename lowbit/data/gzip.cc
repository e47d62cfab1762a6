#include "lowbit/data/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace lowbit::data {
namespace {

// Deflate's densest code: one bit each for length and distance of 258 bytes.
constexpr uint64_t kMaxRatio = 1032;

// What GunzipExactly begins with.
constexpr size_t kFirstBytes = size_t{1} << 20;

class Inflater {
 public:
  Inflater(Span<const uint8_t> file, const std::string& name) : file_(file), name_(name) {
    // 15: the largest window; + 16: a gzip header and trailer, not a zlib one.
    LOWBIT_CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  // Fills `out` as far as the stream goes; returns the number of bytes written.
  Result<size_t> Fill(Span<uint8_t> out) {
    size_t written = 0;
    while (written < out.size() && !ended_) {
      stream_.next_in = const_cast<Bytef*>(file_.data() + consumed_);
      stream_.avail_in = Clamp(file_.size() - consumed_);
      stream_.next_out = out.data() + written;
      stream_.avail_out = Clamp(out.size() - written);
      const uInt in_before = stream_.avail_in, out_before = stream_.avail_out;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      consumed_ += in_before - stream_.avail_in;
      written += out_before - stream_.avail_out;
      if (code == Z_STREAM_END) ended_ = true;
      if (code == Z_BUF_ERROR) return At("the file ends inside its gzip stream");
      if (code != Z_OK && code != Z_STREAM_END) {
        return At("the gzip stream is damaged: " + std::string(stream_.msg == nullptr ? "bad data" : stream_.msg));
      }
    }
    return written;
  }

  bool ended() const { return ended_; }
  size_t consumed() const { return consumed_; }
  Error At(const std::string& rule) const {
    return Invalid(name_ + ": offset " + std::to_string(consumed_) + ": " + rule);
  }

 private:
  static uInt Clamp(size_t count) {
    return static_cast<uInt>(std::min<size_t>(count, std::numeric_limits<uInt>::max()));
  }

  Span<const uint8_t> file_;
  const std::string& name_;
  z_stream stream_ = {};
  size_t consumed_ = 0;
  bool ended_ = false;
};

}  // namespace

bool IsGzip(Span<const uint8_t> file) { return file.size() >= 2 && file[0] == 0x1f && file[1] == 0x8b; }

Result<std::vector<uint8_t>> GunzipPrefix(Span<const uint8_t> file, const std::string& name, size_t count) {
  Inflater inflater(file, name);
  std::vector<uint8_t> bytes(count);
  LOWBIT_TRY(const size_t written, inflater.Fill(bytes));
  bytes.resize(written);
  return bytes;
}

Result<std::vector<uint8_t>> GunzipExactly(Span<const uint8_t> file, const std::string& name, uint64_t size) {
  Inflater inflater(file, name);
  const std::string promise = "the header promises " + std::to_string(size) + " bytes";
  if (size / kMaxRatio > file.size()) {
    return Invalid(name + ": " + promise + ", more than " + std::to_string(file.size()) + " bytes of gzip can hold");
  }
  // Grown as the stream delivers: a header that promises too much costs nothing. One byte more than expected shows a
  // stream that is too long, and lets the stream reach its trailer.
  std::vector<uint8_t> bytes;
  size_t written = 0;
  while (!inflater.ended() && written <= size) {
    bytes.resize(std::min<uint64_t>(size + 1, std::max(kFirstBytes, 2 * bytes.size())));
    LOWBIT_TRY(const size_t more, inflater.Fill({bytes.data() + written, bytes.size() - written}));
    written += more;
  }
  if (written > size) return inflater.At(promise + ", but the gzip stream holds more");
  if (written < size) {
    return inflater.At(promise + ", but the gzip stream holds only " + std::to_string(written));
  }
  if (inflater.consumed() != file.size()) return inflater.At("bytes follow the end of the gzip stream");
  bytes.resize(size);
  return bytes;
}

}  // namespace lowbit::data
