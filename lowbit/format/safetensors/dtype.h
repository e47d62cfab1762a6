#ifndef LOWBIT_FORMAT_SAFETENSORS_DTYPE_H_
#define LOWBIT_FORMAT_SAFETENSORS_DTYPE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lowbit::safetensors {

enum class Dtype : uint8_t { kBool, kU8, kI8, kU16, kI16, kF16, kBF16, kU32, kI32, kF32, kU64, kI64, kF64 };

// "F32", as the file spells it.
const char* Name(Dtype dtype);
// The type of that name; nothing if this reader does not know it.
std::optional<Dtype> DtypeOf(const std::string& name);
// "BOOL, U8, ..."
std::string DtypeNames();
// Bytes of one element.
size_t ElementBytes(Dtype dtype);

// The element at `bytes` (little-endian) as a double: exact but for the integers of 64 bits beyond 2^53.
double LoadElement(Dtype dtype, const uint8_t* bytes);

}  // namespace lowbit::safetensors

#endif  // LOWBIT_FORMAT_SAFETENSORS_DTYPE_H_
