#ifndef LOWBIT_RUNTIME_SPLIT_ROW_H_
#define LOWBIT_RUNTIME_SPLIT_ROW_H_

#include <array>
#include <cstdint>

namespace lowbit::runtime {

// How a row of pixels is best cut into tiles that there is code for. Decoding weights costs as much as 1.5 pixels, once
// for each tile; fewer than 5 pixels are too few to hide the latency of a dot product, and cost as much as 5.
template <int kMaxTile>
struct RowSplits {
  static constexpr int kRest = 2 * kMaxTile;
  std::array<uint8_t, kRest + 1> first = {};  // The first tile of a row of so many pixels.

  static constexpr bool HasTile(int pixels) {
    return pixels <= 4 || (pixels <= kMaxTile && (pixels == 6 || pixels == 7 || pixels == 8 || pixels == 12));
  }

  constexpr RowSplits() {
    std::array<int, kRest + 1> cost = {};  // In half pixels.
    for (int width = 1; width <= kRest; ++width) {
      cost[static_cast<size_t>(width)] = 1 << 20;
      for (int tile = 1; tile <= kMaxTile && tile <= width; ++tile) {
        const int with = cost[static_cast<size_t>(width - tile)] + (tile < 5 ? 10 : 2 * tile) + 3;
        if (!HasTile(tile) || with > cost[static_cast<size_t>(width)]) continue;
        cost[static_cast<size_t>(width)] = with;
        first[static_cast<size_t>(width)] = static_cast<uint8_t>(tile);
      }
    }
  }
};

// Calls tile(first pixel, pixels) for tiles that together are the row.
template <int kMaxTile, typename Function>
inline void SplitRow(int64_t pixels, const Function& tile) {
  static constexpr RowSplits<kMaxTile> kSplits;
  for (int64_t at = 0; at < pixels;) {
    const int64_t left = pixels - at;
    const int size = left > kSplits.kRest ? kMaxTile : kSplits.first[static_cast<size_t>(left)];
    tile(at, size);
    at += size;
  }
}

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_SPLIT_ROW_H_
