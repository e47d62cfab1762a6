#include "lowbit/data/statistics.h"

#include <algorithm>
#include <cmath>

namespace lowbit::data {
namespace {

struct Sums {
  uint64_t values = 0, squares = 0;
};

// Calls add(pixels) for each image, or for an even sample of a set that is read when it is used; gives their number.
template <typename Add>
Result<int64_t> ForEachImage(const ImageSet& set, const Add& add) {
  LOWBIT_CHECK(set.count() > 0);
  const int64_t count = set.reader == nullptr ? set.count() : std::min(set.count(), kStatisticsSample);
  std::vector<uint8_t> buffer;
  for (int64_t i = 0; i < count; ++i) {
    LOWBIT_TRY(const Span<const uint8_t> pixels, set.Read(i * set.count() / count, Crop(), &buffer));
    add(pixels);
  }
  return count;
}

void AddPlane(Span<const uint8_t> plane, Sums* sums) {
  uint64_t values = 0, squares = 0;
  for (const uint8_t pixel : plane) {
    values += pixel;
    squares += static_cast<uint32_t>(pixel) * pixel;
  }
  sums->values += values;
  sums->squares += squares;
}

}  // namespace

Result<ChannelStatistics> MeasureChannels(const ImageSet& set) {
  const size_t channels = static_cast<size_t>(set.image[0]), area = static_cast<size_t>(set.image[1] * set.image[2]);
  std::vector<Sums> sums(channels);
  const auto add = [&](Span<const uint8_t> pixels) {
    for (size_t c = 0; c < channels; ++c) AddPlane(pixels.subspan(c * area, area), &sums[c]);
  };
  LOWBIT_TRY(const int64_t images, ForEachImage(set, add));
  const double count = static_cast<double>(images) * static_cast<double>(area);
  ChannelStatistics statistics;
  for (const Sums& sum : sums) {
    const double mean = static_cast<double>(sum.values) / count;
    const double variance = static_cast<double>(sum.squares) / count - mean * mean;
    statistics.mean.push_back(mean);
    statistics.deviation.push_back(variance > 0 ? std::sqrt(variance) : 0);
  }
  return statistics;
}

Result<std::vector<double>> MeanImage(const ImageSet& set) {
  std::vector<uint64_t> sums(static_cast<size_t>(Elements(set.image)));
  const auto add = [&](Span<const uint8_t> pixels) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += pixels[i];
  };
  LOWBIT_TRY(const int64_t images, ForEachImage(set, add));
  std::vector<double> means;
  means.reserve(sums.size());
  for (const uint64_t sum : sums) means.push_back(static_cast<double>(sum) / static_cast<double>(images));
  return means;
}

}  // namespace lowbit::data
