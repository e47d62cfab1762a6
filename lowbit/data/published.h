#ifndef LOWBIT_DATA_PUBLISHED_H_
#define LOWBIT_DATA_PUBLISHED_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit::data {

// Adds to `warnings` "<file>: checksum differs from the published one (structure is right; ...)", with both sums, if
// the SHA-1 of `contents` is not `sha1`. `contents` is the unpacked file: packing it again does not change a data set.
void WarnUnlessPublished(const std::string& file, Span<const uint8_t> contents, const std::string& sha1,
                         std::vector<std::string>* warnings);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_PUBLISHED_H_
