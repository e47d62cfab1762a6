#ifndef LOWBIT_COMPRESS_CHANNEL_RUNS_H_
#define LOWBIT_COMPRESS_CHANNEL_RUNS_H_

#include <cstddef>

#include "lowbit/base/span.h"
#include "lowbit/core/shape.h"

namespace lowbit::compress {

// Calls use(channel, elements) for each image and channel of a value [images, channels, ...], in the order of storage.
// REQUIRES: at least two dimensions, of no extent 0
template <typename Use>
void EachChannelRun(Span<const float> values, const Shape& shape, const Use& use) {
  const auto channels = static_cast<size_t>(shape[1]);
  const size_t run = values.size() / static_cast<size_t>(shape[0]) / channels;
  for (size_t i = 0; i * run < values.size(); ++i) use(i % channels, Span<const float>(values.data() + i * run, run));
}

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_CHANNEL_RUNS_H_
