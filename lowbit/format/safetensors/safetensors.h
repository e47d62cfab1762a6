#ifndef LOWBIT_FORMAT_SAFETENSORS_SAFETENSORS_H_
#define LOWBIT_FORMAT_SAFETENSORS_SAFETENSORS_H_

// The safetensors file (github.com/huggingface/safetensors): named arrays and named texts.
//
//   u64          N, the bytes of the header; little-endian, at most 10^8
//   N bytes      JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...,
//                       "__metadata__": {"key": "text", ...}}, perhaps followed by spaces
//   the rest     the data: offsets count from here; little-endian, row-major; no hole, no overlap
//
// Files written here have their keys sorted, a header that ends on a multiple of 8 bytes, data in the order of falling
// element size (so that each array is aligned) and then of names, and one metadata entry more: "lowbit.xxh64", 16
// lower-case hex digits, XXH64 (seed 0) of the whole file with those digits taken as "0000000000000000". It is checked
// where it is there, and appears in no map of this interface. Other programs read such files as any other.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/shape.h"
#include "lowbit/format/safetensors/dtype.h"

namespace lowbit::safetensors {

struct Tensor {
  Dtype dtype = Dtype::kF32;
  Shape shape;                 // Empty: a scalar. An extent may be 0.
  std::vector<uint8_t> bytes;  // Elements(shape) * ElementBytes(dtype), little-endian, row-major.
};

struct File {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

enum class Checksum {
  kIfPresent,  // For files of any program.
  kRequired,   // For files that lowbit wrote: damage cannot hide by hitting the checksum's own name.
};

// Errors: a tensor whose bytes do not match its shape; a name or text that is not UTF-8; a header above 10^8 bytes; the
// names that the format keeps for itself ("__metadata__" for a tensor, "lowbit.xxh64" for metadata).
Result<std::vector<uint8_t>> Encode(const File& file);
// Encode, then WriteFileAtomic.
Status Write(const File& file, const std::string& path);

// `name` begins every message (the file's path). Errors: what the format above forbids, an unknown dtype, a key twice,
// a wrong checksum.
Result<File> Decode(Span<const uint8_t> bytes, const std::string& name, Checksum checksum = Checksum::kIfPresent);
Result<File> Read(const std::string& path, Checksum checksum = Checksum::kIfPresent);

// A tensor of the values. REQUIRES: values.size() == Elements(shape). Types: uint8_t, int32_t, int64_t, uint64_t,
// float, double.
template <typename T>
Tensor MakeTensor(Shape shape, Span<const T> values);
template <typename T>
Tensor MakeTensor(Shape shape, const std::vector<T>& values) {
  return MakeTensor<T>(std::move(shape), Span<const T>(values));
}

// The elements, each rounded to float. Any dtype. REQUIRES: tensor of Decode, Read or MakeTensor
std::vector<float> ToFloats(const Tensor& tensor);

// The elements of a tensor that has exactly the type T (as in MakeTensor); an error names both types.
template <typename T>
Result<std::vector<T>> ToValues(const Tensor& tensor);

// The tensor of that name; the error names the nearest there is.
Result<const Tensor*> Find(const File& file, const std::string& name);

}  // namespace lowbit::safetensors

#endif  // LOWBIT_FORMAT_SAFETENSORS_SAFETENSORS_H_
