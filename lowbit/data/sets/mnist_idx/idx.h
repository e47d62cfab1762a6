#ifndef LOWBIT_DATA_SETS_MNIST_IDX_IDX_H_
#define LOWBIT_DATA_SETS_MNIST_IDX_IDX_H_

// The IDX format (LeCun, Cortes, Burges: "The MNIST database of handwritten digits"), plain or inside gzip:
//
//   offset 0  two bytes 0
//          2  element type: 0x08 unsigned byte, 0x0B 16-bit, 0x0C 32-bit signed integer
//          3  number of dimensions, here 1..4
//          4  each dimension as a 32-bit big-endian unsigned integer
//          .  the elements, row-major, big-endian, to the end of the file

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/shape.h"
#include "lowbit/data/dataset.h"

namespace lowbit::data {

enum class IdxType : uint8_t { kUnsignedByte = 0x08, kShort = 0x0B, kInt = 0x0C };

// A whole IDX file, unpacked.
struct IdxArray {
  IdxType type = IdxType::kUnsignedByte;
  Shape shape;                    // Every extent is at least 1.
  std::vector<uint8_t> contents;  // The file, header included.
  size_t header_bytes = 0;

  Span<const uint8_t> elements() const {
    return Span<const uint8_t>(contents.data() + header_bytes, contents.size() - header_bytes);
  }
};

// `file` is the file as it is on disk; gzip is recognised by its first two bytes. `name` stands in front of messages.
// Errors: every deviation from the format above, with its offset; a length that is not exactly what the header says.
Result<IdxArray> ParseIdx(Span<const uint8_t> file, const std::string& name);

// Images from a file of unsigned bytes, [count, height, width] (grey) or [count, channels, height, width], and one
// label for each from a file of integers, [count]. Labels lie in [0, classes). Errors: other types or dimensions;
// counts that differ; a label out of range (its offset in the unpacked file).
inline constexpr int64_t kMaxIdxClasses = 65536;
Result<ImageSet> ImagesFromIdx(const IdxArray& images, const std::string& images_name, const IdxArray& labels,
                               const std::string& labels_name, int64_t classes = kMaxIdxClasses);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SETS_MNIST_IDX_IDX_H_
