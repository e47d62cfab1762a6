#include "lowbit/base/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lowbit {

uint64_t Xxh64(std::initializer_list<Span<const uint8_t>> pieces) {
  XXH64_state_t state;
  XXH64_reset(&state, 0);
  for (const Span<const uint8_t>& piece : pieces) {
    if (!piece.empty()) XXH64_update(&state, piece.data(), piece.size());
  }
  return XXH64_digest(&state);
}

}  // namespace lowbit
