#ifndef LOWBIT_TRAIN_METHOD_PLAN_H_
#define LOWBIT_TRAIN_METHOD_PLAN_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"

namespace lowbit::train {

class WeightMethod;
struct LayerWeight;

// How a recipe wants a network's weights quantized.
struct MethodPlan {
  std::string method = "none";    // A folder of lowbit/train/methods, or "none": weights stay float.
  std::string policy = "none";    // A folder of lowbit/train/policies, or "none".
  std::vector<std::string> skip;  // Names of nodes whose weights stay float.
  // Makes a layer's method; null if method is "none".
  std::function<std::unique_ptr<WeightMethod>(const LayerWeight& weight)> make;
};

// Reads the recipe's table [quantize]:
//   method = "twn"       # or any method's name; "none" (default) keeps float weights
//   policy = "sq"        # or "none" (default): train through the quantizer alone
//   skip = ["conv1"]     # nodes left in float
//   [quantize.twn]       # the options of a method or policy, in a table of its name; those of others are left unread
// Errors: unknown names (with the nearest known one), unknown keys, bad options, a policy without a method or over a
// method that is not a deterministic quantizer.
Result<MethodPlan> ReadQuantizeSection(const Config& section);

std::vector<std::string> MethodNames();
std::vector<std::string> PolicyNames();

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_METHOD_PLAN_H_
