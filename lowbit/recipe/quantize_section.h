#ifndef LOWBIT_RECIPE_QUANTIZE_SECTION_H_
#define LOWBIT_RECIPE_QUANTIZE_SECTION_H_

// The recipe's table [quantize]: what becomes of weights and activations.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"

namespace lowbit::recipe {

// [quantize.activations]: what products with quantized weights read becomes integers.
struct ActivationsSection {
  std::string method = "measured";  // A folder of lowbit/train/activations.
  Config method_options;            // [quantize.activations.<method>], which the method checks.
  int64_t bits = 0;        // 0: the table is left out, and activations are float. In the table 2..8, by default 8.
  int64_t first_bits = 8;  // Of what the network's first product reads. 2..8
  int64_t last_bits = 8;   // The last one. 2..8
  std::vector<std::string> skip;  // Names or patterns: products that read floats, and all else that reads their input.
};

// [quantize.layers."PATTERN"]: what holds for some of the layers instead of what [quantize] says.
struct LayerRule {
  std::string pattern;                     // Of the nodes' names, as MatchesPattern reads it.
  std::string method;                      // Left out: that of [quantize].
  bool sq = false;                         // Left out: as in [quantize].
  Config method_options, policy_options;   // Those of [quantize] with the changes of this table.
  std::optional<int64_t> activation_bits;  // Of what the layers read: 2..8, or 0: floats.
};

// [quantize]. The tables of methods, [quantize.<method>], are checked by the methods.
struct QuantizeSection {
  enum class Policy {
    kNone,  // Every weight is quantized in every step.
    kSq,    // Stochastic quantization: a share of the rows, drawn anew in every step.
  };
  std::string method = "none";    // "none": float weights. Else a folder of lowbit/quant/methods.
  Policy policy = Policy::kNone;  // kSq needs a method.
  std::vector<std::string> skip;  // Names or patterns of graph nodes that stay float.
  Config method_options;          // [quantize.<method>]
  Config policy_options;          // [quantize.sq] without the three keys below; empty without the policy.
  // How the quantized share r rises under kSq (ignored without the policy); exactly one of the two is not empty.
  // Each value in (0, 1], none smaller than the one before it, the last one 1. A share of 1 is the method without the
  // policy: stages {1, 1, 1, 1} is the control with SQ's four restarts and no SQ.
  std::vector<double> stages;      // One complete training run for each: schedule and momentum start again, weights and
                                   // batch norm statistics are carried on. The default: 0.5, 0.75, 0.875, 1.
  std::vector<double> ramp;        // Steps of equal length inside one run, the last of which begins at `ramp_until` ...
  double ramp_until = 0.6;         // ... of the run's progress, so that r = 1 from there on. (0, 1]
  ActivationsSection activations;  // Needs a method.
  // The folder of a finished run: each layer's weights get the bits that its packed network has there, as the option `bits` of
  // `method`. "../NAME" is a folder beside that of the run itself. Empty: no such. Not with `layers`.
  std::string widths;
  bool equal_widths = false;      // Instead the same for all: the mean over those weights, rounded.
  std::vector<LayerRule> layers;  // In the order of the patterns' letters; no two match the same node.
};

// Errors as those of ReadRecipe, which calls this.
Result<QuantizeSection> ReadQuantize(const Config& config);

// The share r of quantized weights at `progress` in [0, 1] of the current run under policy sq. `stage` counts from 0.
// REQUIRES: stages or ramp is not empty; stage < stages.size() if stages are used.
double QuantizedShare(const QuantizeSection& quantize, int64_t stage, double progress);

// The rule of this node, or null.
const LayerRule* RuleOf(const QuantizeSection& quantize, const std::string& node);

// Whether the recipe leaves the node's weight float: by `skip`, or by a rule of its own.
bool IsKeptFloat(const QuantizeSection& quantize, const std::string& node);

// The [quantize] table that the methods' own reader takes: method, policy, skip, [<method>] and [sq] with the options
// that the method and the policy check, and the same for each pattern of [layers].
Config MethodTable(const QuantizeSection& quantize);

}  // namespace lowbit::recipe

#endif  // LOWBIT_RECIPE_QUANTIZE_SECTION_H_
