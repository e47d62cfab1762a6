#ifndef LOWBIT_DATA_SETS_CIFAR_CIFAR_H_
#define LOWBIT_DATA_SETS_CIFAR_CIFAR_H_

// The binary layout of CIFAR-10 and CIFAR-100 (Krizhevsky: "Learning multiple layers of features from tiny images",
// 2009): records without any header, each one or two label bytes and 3072 pixel bytes, the red, the green and the blue
// plane of 32x32, row-major.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/data/dataset.h"

namespace lowbit::data {

inline constexpr int64_t kCifarPixelBytes = 3 * 32 * 32;

// The number of values of each label byte of a record; the last byte is the label that is used.
// {10} for CIFAR-10, {20, 100} for CIFAR-100 (coarse, fine).
using CifarLabels = std::vector<int64_t>;

// Appends the records of one file to `set`. `name` stands in front of messages. Errors: no record; a length that is not
// a whole number of records; a label out of range (its offset). After an error `set` is as before.
Status ParseCifar(Span<const uint8_t> file, const std::string& name, const CifarLabels& labels, ImageSet* set);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SETS_CIFAR_CIFAR_H_
