#ifndef LOWBIT_BASE_CHECKSUM_H_
#define LOWBIT_BASE_CHECKSUM_H_

#include <cstdint>
#include <initializer_list>

#include "lowbit/base/span.h"

namespace lowbit {

// XXH64 with seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md) of the pieces, one after the other. About 10 GB/s.
// It notices damage; it is no defence against a person who forges a file.
uint64_t Xxh64(std::initializer_list<Span<const uint8_t>> pieces);

}  // namespace lowbit

#endif  // LOWBIT_BASE_CHECKSUM_H_
