#ifndef LOWBIT_DATA_STATISTICS_H_
#define LOWBIT_DATA_STATISTICS_H_

#include <vector>

#include "lowbit/data/dataset.h"

namespace lowbit::data {

// Of pixel values, 0..255, of a set that holds at least one image; sums are exact integers, divided at the end. A set
// in memory is measured whole; of one that is read when it is used, at most kStatisticsSample images: number
// i * count / sample for each i in [0, sample), their centres. Errors: an image cannot be read.

inline constexpr int64_t kStatisticsSample = 2048;

struct ChannelStatistics {
  std::vector<double> mean;       // [channels]
  std::vector<double> deviation;  // [channels]; of the population: divided by n, not n - 1.
};
Result<ChannelStatistics> MeasureChannels(const ImageSet& set);

// Mean of each place: [channels, height, width], row-major.
Result<std::vector<double>> MeanImage(const ImageSet& set);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_STATISTICS_H_
