#ifndef LOWBIT_DATA_GZIP_H_
#define LOWBIT_DATA_GZIP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit::data {

// Unpacking of gzip files (RFC 1952) whose unpacked size is known, so that a small file can never make the program
// allocate much: the caller unpacks a header first, computes the size that it promises, and asks for exactly that.
// `name` stands in front of every message. One gzip member; anything after it is an error.

bool IsGzip(Span<const uint8_t> file);

// The first `count` unpacked bytes, or all of them if there are fewer. Errors: damaged or truncated stream.
Result<std::vector<uint8_t>> GunzipPrefix(Span<const uint8_t> file, const std::string& name, size_t count);

// All unpacked bytes. Errors: there are more or fewer than `size`; damaged or truncated stream; wrong checksum; bytes
// after the stream. Memory grows with what the stream delivers, not with `size`; a size above 1032 * file.size() is an
// error at once, because deflate cannot pack more densely.
Result<std::vector<uint8_t>> GunzipExactly(Span<const uint8_t> file, const std::string& name, uint64_t size);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_GZIP_H_
