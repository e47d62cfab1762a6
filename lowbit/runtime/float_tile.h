#ifndef LOWBIT_RUNTIME_FLOAT_TILE_H_
#define LOWBIT_RUNTIME_FLOAT_TILE_H_

#include <cstdint>

namespace lowbit::runtime {

// Activations that meet weights in float_tile-inl.h lie in patches: for each pixel a row of at most kPatchFloats of them,
// kPatchPitch apart, which is odd in cache lines, so that the rows of a tile do not fall into one set.
inline constexpr int64_t kPatchFloats = 256;
inline constexpr int64_t kPatchPitch = kPatchFloats + 16;

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_FLOAT_TILE_H_
