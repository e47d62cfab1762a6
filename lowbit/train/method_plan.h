#ifndef LOWBIT_TRAIN_METHOD_PLAN_H_
#define LOWBIT_TRAIN_METHOD_PLAN_H_

#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/train/make_weight_method.h"

namespace lowbit::train {

// How a recipe wants a network's weights quantized.
struct MethodPlan {
  struct Rule {
    std::string pattern;    // Of layers' names (core/row_weights.h), as MatchesPattern reads it.
    MakeWeightMethod make;  // Null: float.
  };
  std::string method = "none";    // A folder of lowbit/train/methods, or "none": weights stay float.
  std::string policy = "none";    // A folder of lowbit/train/policies, or "none".
  std::vector<std::string> skip;  // Names or patterns of nodes whose weights stay float.
  MakeWeightMethod make;          // Null if method is "none".
  std::vector<Rule> layers;       // What holds for nodes of these names instead.
};

// Reads the recipe's table [quantize]:
//   method = "twn"       # or any method's name; "none" (default) keeps float weights
//   policy = "sq"        # or "none" (default): train through the quantizer alone
//   skip = ["conv1"]     # nodes left in float
//   [quantize.twn]       # the options of a method or policy, in a table of its name; those of others are left unread
//   [quantize.layers."block1.*"]    # the same keys but `skip` and `layers`, for nodes of these names
// Errors: unknown names (with the nearest known one), unknown keys, bad options, a policy without a method or over a
// method that is not a deterministic quantizer.
Result<MethodPlan> ReadQuantizeSection(const Config& section);

// What makes the method of the node of this name; null: its weight stays float.
const MakeWeightMethod& MakeFor(const MethodPlan& plan, const std::string& node);

// Error: `skip` or a rule names none of these nodes, all that have a weight; two rules name one; a method is left none.
Status CheckNames(const MethodPlan& plan, const std::vector<std::string>& nodes);

std::vector<std::string> MethodNames();
std::vector<std::string> PolicyNames();

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_METHOD_PLAN_H_
