#ifndef LOWBIT_DATA_STATISTICS_H_
#define LOWBIT_DATA_STATISTICS_H_

#include <vector>

#include "lowbit/data/dataset.h"

namespace lowbit::data {

// Of all pixel values, 0..255, of a set that holds at least one image; sums are exact integers, divided at the end.

// Mean of each channel: [channels].
std::vector<double> ChannelMean(const ImageSet& set);

// Population standard deviation (divided by n, not n - 1) of each channel: [channels].
std::vector<double> ChannelStd(const ImageSet& set);

// Mean of each place: [channels, height, width], row-major.
std::vector<double> MeanImage(const ImageSet& set);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_STATISTICS_H_
