#include "lowbit/data/statistics.h"

#include <cmath>

namespace lowbit::data {
namespace {

struct Sums {
  uint64_t values = 0, squares = 0;
};

// One Sums for each channel.
std::vector<Sums> ChannelSums(const ImageSet& set) {
  const size_t channels = static_cast<size_t>(set.image[0]);
  const size_t area = static_cast<size_t>(set.image[1] * set.image[2]);
  std::vector<Sums> sums(channels);
  for (size_t plane = 0; plane < set.pixels.size() / area; ++plane) {
    uint64_t values = 0, squares = 0;
    for (size_t i = plane * area; i < (plane + 1) * area; ++i) {
      values += set.pixels[i];
      squares += static_cast<uint32_t>(set.pixels[i]) * set.pixels[i];
    }
    sums[plane % channels].values += values;
    sums[plane % channels].squares += squares;
  }
  return sums;
}

// Values summed in each channel.
double PerChannel(const ImageSet& set) {
  LOWBIT_CHECK(set.count() > 0);
  return static_cast<double>(set.count() * set.image[1] * set.image[2]);
}

}  // namespace

std::vector<double> ChannelMean(const ImageSet& set) {
  const double count = PerChannel(set);
  std::vector<double> means;
  for (const Sums& sums : ChannelSums(set)) means.push_back(static_cast<double>(sums.values) / count);
  return means;
}

std::vector<double> ChannelStd(const ImageSet& set) {
  const double count = PerChannel(set);
  std::vector<double> deviations;
  for (const Sums& sums : ChannelSums(set)) {
    const double mean = static_cast<double>(sums.values) / count;
    const double variance = static_cast<double>(sums.squares) / count - mean * mean;
    deviations.push_back(variance > 0 ? std::sqrt(variance) : 0);
  }
  return deviations;
}

std::vector<double> MeanImage(const ImageSet& set) {
  LOWBIT_CHECK(set.count() > 0);
  const size_t elements = static_cast<size_t>(Elements(set.image));
  std::vector<uint64_t> sums(elements);
  for (size_t start = 0; start < set.pixels.size(); start += elements) {
    for (size_t i = 0; i < elements; ++i) sums[i] += set.pixels[start + i];
  }
  std::vector<double> means(elements);
  for (size_t i = 0; i < elements; ++i) means[i] = static_cast<double>(sums[i]) / static_cast<double>(set.count());
  return means;
}

}  // namespace lowbit::data
