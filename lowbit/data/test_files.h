#ifndef LOWBIT_DATA_TEST_FILES_H_
#define LOWBIT_DATA_TEST_FILES_H_

// For tests only: small data sets and files, made in memory.

#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/data/dataset.h"

namespace lowbit::data {

using Bytes = std::vector<uint8_t>;

// `count` images of noise, labelled i % classes.
inline ImageSet NoiseSet(const Shape& image, int64_t count, int64_t classes, uint64_t seed = 1) {
  ImageSet set;
  set.image = image;
  const CounterRandom random(seed, StreamOf("noise"));
  for (int64_t i = 0; i < count * Elements(image); ++i) {
    set.pixels.push_back(static_cast<uint8_t>(random.Below(static_cast<uint64_t>(i), 256)));
  }
  for (int64_t i = 0; i < count; ++i) set.labels.push_back(static_cast<int32_t>(i % classes));
  return set;
}

inline void AppendBigEndian32(uint32_t value, Bytes* bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes->push_back(static_cast<uint8_t>(value >> shift));
}

// An IDX file of the given element type; `elements` are its bytes.
inline Bytes IdxFile(uint8_t type, const std::vector<uint32_t>& extents, const Bytes& elements) {
  Bytes file = {0, 0, type, static_cast<uint8_t>(extents.size())};
  for (const uint32_t extent : extents) AppendBigEndian32(extent, &file);
  file.insert(file.end(), elements.begin(), elements.end());
  return file;
}

// Grey images have three extents, others four.
inline Bytes IdxImages(const ImageSet& set) {
  std::vector<uint32_t> extents = {static_cast<uint32_t>(set.count())};
  for (size_t i = set.image[0] == 1 ? 1 : 0; i < 3; ++i) extents.push_back(static_cast<uint32_t>(set.image[i]));
  return IdxFile(0x08, extents, set.pixels);
}

inline Bytes IdxLabels(const ImageSet& set) {
  return IdxFile(0x08, {static_cast<uint32_t>(set.count())}, Bytes(set.labels.begin(), set.labels.end()));
}

inline Bytes Gzip(const Bytes& bytes) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  Bytes packed(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<uint8_t*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// A folder that is there while the object lives.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_((std::filesystem::temp_directory_path() / (name + std::to_string(getpid()))).string()) {
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }
  void Write(const std::string& name, const Bytes& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(File(name)).parent_path());
    std::ofstream(File(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::string path_;
};

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_TEST_FILES_H_
