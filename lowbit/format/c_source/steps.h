#ifndef LOWBIT_FORMAT_C_SOURCE_STEPS_H_
#define LOWBIT_FORMAT_C_SOURCE_STEPS_H_

#include <set>
#include <string>
#include <vector>

#include "lowbit/format/c_source/network.h"

namespace lowbit::c_source {

// The values that are kept in memory, in the order in which they can be computed; each is one step of the program. All others are
// computed where they are read, element by element, so that a layer's sums, for example, never lie in memory but what they are
// quantized to does.
//
// Kept is what products read (but for their weights); what is costly (a product, a pool) and read more than once, or by something
// that does not read each of its elements once in its own order; and outputs that others read.
std::vector<std::string> StoredValues(const Network& network);

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_STEPS_H_
