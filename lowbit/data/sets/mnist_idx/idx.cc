#include "lowbit/data/sets/mnist_idx/idx.h"

#include <algorithm>

#include "lowbit/data/gzip.h"
#include "lowbit/data/map_file.h"

namespace lowbit::data {
namespace {

constexpr size_t kMagicBytes = 4;
constexpr size_t kMaxRank = 4;
constexpr size_t kMaxHeaderBytes = kMagicBytes + 4 * kMaxRank;

Error At(const std::string& name, uint64_t offset, const std::string& rule) {
  return Invalid(name + ": offset " + std::to_string(offset) + ": " + rule);
}

uint32_t BigEndian32(const uint8_t* p) {
  return (uint32_t{p[0]} << 24) | (uint32_t{p[1]} << 16) | (uint32_t{p[2]} << 8) | uint32_t{p[3]};
}

size_t ElementBytes(IdxType type) {
  if (type == IdxType::kUnsignedByte) return 1;
  return type == IdxType::kShort ? 2 : 4;
}

Status CheckMagic(Span<const uint8_t> bytes, const std::string& name) {
  if (bytes.size() < kMagicBytes) {
    return At(name, bytes.size(), "the file ends inside the 4 bytes that begin an IDX file");
  }
  if (bytes[0] != 0 || bytes[1] != 0) return At(name, 0, "not an IDX file: its first two bytes must be 0");
  if (bytes[2] != 0x08 && bytes[2] != 0x0B && bytes[2] != 0x0C) {
    return At(name, 2,
              "IDX element type " + std::to_string(bytes[2]) +
                  " is not read; 8 (unsigned byte), 11 or 12 (integers of 2 or 4 bytes) was expected");
  }
  if (bytes[3] < 1 || bytes[3] > kMaxRank) {
    return At(name, 3, std::to_string(bytes[3]) + " dimensions; 1 to 4 were expected");
  }
  return Ok();
}

// Type, shape and header_bytes from the first bytes of the unpacked file.
Result<IdxArray> ParseHeader(Span<const uint8_t> bytes, const std::string& name) {
  LOWBIT_RETURN_IF_ERROR(CheckMagic(bytes, name));
  IdxArray array;
  array.type = static_cast<IdxType>(bytes[2]);
  const size_t rank = bytes[3];
  array.header_bytes = kMagicBytes + 4 * rank;
  if (bytes.size() < array.header_bytes) {
    return At(name, bytes.size(), "the file ends inside its " + std::to_string(array.header_bytes) + "-byte header");
  }
  for (size_t i = 0; i < rank; ++i) {
    const size_t offset = kMagicBytes + 4 * i;
    array.shape.push_back(BigEndian32(bytes.data() + offset));
    if (array.shape.back() == 0) {
      return At(name, offset, "dimension " + std::to_string(i) + " is 0; at least 1 was expected");
    }
  }
  const Result<int64_t> elements = CheckedElements(array.shape);
  if (!elements.ok()) return At(name, kMagicBytes, elements.error().message);
  return array;
}

Status CheckImageShape(const IdxArray& images, const std::string& name) {
  if (images.type != IdxType::kUnsignedByte) return At(name, 2, "images must be unsigned bytes (element type 8)");
  if (images.shape.size() < 3) {
    return At(name, 3,
              "images must have 3 dimensions [count, height, width] or 4 [count, channels, height, width], not " +
                  std::to_string(images.shape.size()));
  }
  return Ok();
}

int64_t LabelAt(const IdxArray& labels, size_t i) {
  const uint8_t* p = labels.elements().data() + i * ElementBytes(labels.type);
  if (labels.type == IdxType::kUnsignedByte) return *p;
  if (labels.type == IdxType::kShort) return static_cast<int16_t>((p[0] << 8) | p[1]);
  return static_cast<int32_t>(BigEndian32(p));
}

Result<std::vector<int32_t>> ReadLabels(const IdxArray& labels, const std::string& name, int64_t classes) {
  if (labels.shape.size() != 1) {
    return At(name, 3, "labels must have 1 dimension, not " + std::to_string(labels.shape.size()));
  }
  std::vector<int32_t> values(static_cast<size_t>(labels.shape[0]));
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t label = LabelAt(labels, i);
    if (label < 0 || label >= classes) {
      return At(name, labels.header_bytes + i * ElementBytes(labels.type),
                "label " + std::to_string(label) + " is not in 0.." + std::to_string(classes - 1));
    }
    values[i] = static_cast<int32_t>(label);
  }
  return values;
}

}  // namespace

Result<IdxArray> ParseIdx(Span<const uint8_t> file, const std::string& name) {
  const bool gzip = IsGzip(file);
  std::vector<uint8_t> header;
  if (gzip) {
    LOWBIT_TRY(header, GunzipPrefix(file, name, kMaxHeaderBytes));
  } else {
    header.assign(file.begin(), file.begin() + std::min(file.size(), kMaxHeaderBytes));
  }
  LOWBIT_TRY(IdxArray array, ParseHeader(header, name));
  const uint64_t size = array.header_bytes + static_cast<uint64_t>(Elements(array.shape)) * ElementBytes(array.type);
  if (size > kMaxDataBytes) {
    return At(name, kMagicBytes,
              "the header " + ToString(array.shape) + " promises " + std::to_string(size) +
                  " bytes; a file of a data set has at most " + std::to_string(kMaxDataBytes));
  }
  if (gzip) {
    LOWBIT_TRY(array.contents, GunzipExactly(file, name, size));
    return array;
  }
  if (file.size() != size) {
    return At(name, std::min<uint64_t>(file.size(), size),
              "the file has " + std::to_string(file.size()) + " bytes, but its header " + ToString(array.shape) +
                  " promises " + std::to_string(size));
  }
  array.contents.assign(file.begin(), file.end());
  return array;
}

Result<ImageSet> ImagesFromIdx(const IdxArray& images, const std::string& images_name, const IdxArray& labels,
                               const std::string& labels_name, int64_t classes) {
  LOWBIT_RETURN_IF_ERROR(CheckImageShape(images, images_name));
  ImageSet set;
  LOWBIT_TRY(set.labels, ReadLabels(labels, labels_name, classes));
  if (images.shape[0] != set.count()) {
    return At(labels_name, kMagicBytes,
              std::to_string(set.count()) + " labels, but " + images_name + " holds " +
                  std::to_string(images.shape[0]) + " images");
  }
  set.image.assign(images.shape.begin() + 1, images.shape.end());
  if (set.image.size() == 2) set.image.insert(set.image.begin(), 1);
  const Span<const uint8_t> pixels = images.elements();
  set.pixels.assign(pixels.begin(), pixels.end());
  return set;
}

}  // namespace lowbit::data
