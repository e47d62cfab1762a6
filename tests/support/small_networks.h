#ifndef TESTS_SUPPORT_SMALL_NETWORKS_H_
#define TESTS_SUPPORT_SMALL_NETWORKS_H_

#include <string>

#include "lowbit/base/result.h"

namespace lowbit {

// Writes packed networks of every way in which inputs, outputs and batches may be declared, none larger than a few nodes:
//
//   FOLDER/pair.lbm     any batch: rows a [any, 3] and b [any, 2] -> mean [any, 1] and product [any, 4], of ternary weights;
//                       its labels are "größer" and "kleiner"
//   FOLDER/fixed.lbm    batches of two: a [2, 3], b [2, 3] -> difference [2, 3] and total [], a single number
//   FOLDER/scaled.lbm   a single number and a batch of two: factor [], a [2, 3] -> scaled [2, 3]
//   FOLDER/mixed.lbm    any batch, its images mixed: x [any, 3] -> share [any, 3], of the whole column, and most [3]
Status WriteSmallNetworks(const std::string& folder);

}  // namespace lowbit

#endif  // TESTS_SUPPORT_SMALL_NETWORKS_H_
