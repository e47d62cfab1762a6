#include "lowbit/runtime/split_weights.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "lowbit/runtime/weight_memory.h"

namespace lowbit::runtime {
namespace {

// A row's low or high bytes, tap by tap.
using Part = std::vector<int8_t>;

void StorePart(const Part& part, int64_t row, int vector, ByteWeights* packed) {
  uint8_t* panel = packed->bytes.get() + static_cast<size_t>(row / packed->lanes) * packed->PanelBytes();
  for (int64_t quad = 0; quad < packed->quads; ++quad) {
    const int64_t lane = (quad * kPanelVectors + vector) * packed->lanes + row % packed->lanes;
    std::memcpy(panel + 4 * lane, part.data() + 4 * quad, 4);
  }
}

}  // namespace

void PackSplit(const WeightSource& source, const IntegerValues& values, ByteWeights* packed) {
  const auto& tensor = std::get<QTensor>(source.parameter->value);
  const auto block = static_cast<size_t>(tensor.values.block);
  const int64_t pitch = PaddedChannels(source.channels);
  const size_t total = packed->PanelBytes() * static_cast<size_t>(packed->Panels());
  packed->bytes = AllocateWeights<uint8_t>(total);
  std::memset(packed->bytes.get(), 0, total);
  Part low(static_cast<size_t>(4 * packed->quads), 0), high = low;  // What pads the channels stays 0.
  for (int64_t row = 0; row < packed->rows; ++row) {
    int32_t sum = 0;
    for (int64_t k = 0; k < source.channels * source.taps; ++k) {
      const size_t i = SourceIndex(source, tensor.shape, row, k);
      const int32_t w = values.integers[static_cast<size_t>(tensor.Code(i / block)) * block + i % block];
      const auto to = static_cast<size_t>(k / source.channels * pitch + k % source.channels);
      const SplitInteger parts(w);
      low[to] = parts.low;
      high[to] = parts.high;
      sum += w;
    }
    packed->sums[static_cast<size_t>(row)] = sum;
    StorePart(low, row, 0, packed);
    StorePart(high, row, 1, packed);
  }
}

}  // namespace lowbit::runtime
