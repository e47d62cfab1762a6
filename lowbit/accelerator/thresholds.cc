#include "lowbit/accelerator/thresholds.h"

#include <algorithm>
#include <utility>

#include "lowbit/core/evaluate.h"

namespace lowbit::accelerator {
namespace {

// The stage's nodes behind the product, as a function of integers [count][channel].
class CodesOf {
 public:
  CodesOf(const Graph& form, const Stage& stage, int64_t channels) : stage_(stage), channels_(channels) {
    const bool image = stage.node.op == "Conv";
    Shape shape = {kDynamic, channels};
    if (image) shape.insert(shape.end(), {1, 1});
    graph_.inputs = {{stage.sum, shape}};
    if (stage.skip.has_value()) graph_.inputs.push_back({stage.skip->value, shape});
    graph_.nodes = stage.codes;
    graph_.outputs = {stage.codes.back().outputs[0]};
    for (const Node& node : stage.codes) {
      for (const std::string& input : node.inputs) {
        const auto parameter = form.parameters.find(input);
        if (parameter != form.parameters.end()) graph_.parameters.insert(*parameter);
      }
    }
  }

  Result<std::vector<double>> At(const std::vector<int64_t>& sums, int64_t skip) const {
    Shape shape = graph_.inputs[0].shape;
    shape[0] = static_cast<int64_t>(sums.size()) / channels_;
    std::map<std::string, DoubleTensor> inputs;
    inputs[stage_.sum] = DoubleTensor(shape, {sums.begin(), sums.end()});
    if (stage_.skip.has_value()) {
      inputs[stage_.skip->value] = DoubleTensor(shape, std::vector<double>(sums.size(), static_cast<double>(skip)));
    }
    LOWBIT_TRY(auto values, Evaluate(graph_, inputs, Rounding::kFloat));
    return std::move(values.at(graph_.outputs[0]).data);
  }

 private:
  const Stage& stage_;
  const int64_t channels_;
  Graph graph_;
};

// Both ends of the sums: does a channel's code fall?
Result<std::vector<bool>> FindFalls(const CodesOf& codes, const std::vector<int64_t>& limits,
                                    const std::vector<int64_t>& skips) {
  std::vector<int64_t> low(limits);
  for (int64_t& sum : low) sum = -sum;
  std::vector<bool> falls(limits.size(), false);
  for (const int64_t skip : skips) {
    LOWBIT_TRY(const std::vector<double> at_low, codes.At(low, skip));
    LOWBIT_TRY(const std::vector<double> at_high, codes.At(limits, skip));
    for (size_t c = 0; c < falls.size(); ++c) falls[c] = falls[c] || at_high[c] < at_low[c];
  }
  return falls;
}

}  // namespace

Result<Thresholds> FindThresholds(const Graph& form, const Stage& stage, const std::vector<int64_t>& levels,
                                  const std::vector<int64_t>& skip_levels, const std::vector<int64_t>& limits) {
  const size_t channels = limits.size(), count = (levels.size() - 1) * channels;
  const CodesOf codes(form, stage, static_cast<int64_t>(channels));
  const std::vector<int64_t> skips = skip_levels.empty() ? std::vector<int64_t>{0} : skip_levels;
  Thresholds found;
  LOWBIT_TRY(found.falls, FindFalls(codes, limits, skips));
  std::vector<int64_t> low(count), high(count), middle(count), signed_sums(count);
  for (const int64_t skip : skips) {
    // The threshold is in low .. high, where limit + 1 stands for none.
    for (size_t i = 0; i < count; ++i) low[i] = -limits[i % channels], high[i] = limits[i % channels] + 1;
    while (low != high) {
      for (size_t i = 0; i < count; ++i) {
        middle[i] = low[i] + (high[i] - low[i]) / 2;
        signed_sums[i] = found.falls[i % channels] ? -middle[i] : middle[i];
      }
      LOWBIT_TRY(const std::vector<double> values, codes.At(signed_sums, skip));
      for (size_t i = 0; i < count; ++i) {
        if (low[i] == high[i]) continue;
        const bool reached = values[i] >= static_cast<double>(levels[i / channels + 1]);
        (reached ? high[i] : low[i]) = reached ? middle[i] : middle[i] + 1;
      }
    }
    found.sums.insert(found.sums.end(), low.begin(), low.end());
  }
  return found;
}

}  // namespace lowbit::accelerator
