// LayerNormalization and InstanceNormalization: lines of elements by their own mean and variance. Everything is computed in doubles, in
// the definition's order: results are its, rounded to float once.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/lines.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::normalize {
namespace {

constexpr int64_t kMostLines = 64;

// y = (x - mean) / sqrt(variance + epsilon) * scale + shift
struct Setup {
  Lines lines;
  std::vector<double> scale, shift;  // One for each element of a line, or
  bool of_lines = false;             // for each line, in turn.
  double epsilon = 0;
};

class Group {
 public:
  Group(const Setup& setup, int64_t first, int64_t count) : setup_(setup), first_(first), count_(count) {}

  // `means`, `deviations`: of all lines, in the order in which they are counted; or nulls.
  void Run(const float* x, float* y, float* means, float* deviations) {
    Accumulate(x, [](double value, double) { return value; });
    for (int64_t i = 0; i < count_; ++i) mean_[i] = sum_[i] / static_cast<double>(setup_.lines.Length());
    Accumulate(x, [](double value, double mean) { return (value - mean) * (value - mean); });
    for (int64_t i = 0; i < count_; ++i) {
      sum_[i] = 1 / std::sqrt(sum_[i] / static_cast<double>(setup_.lines.Length()) + setup_.epsilon);
    }
    for (size_t k = 0; k < setup_.lines.offsets.size(); ++k) Store(k, x, y);
    for (int64_t i = 0; means != nullptr && i < count_; ++i) means[first_ + i] = static_cast<float>(mean_[i]);
    for (int64_t i = 0; deviations != nullptr && i < count_; ++i) deviations[first_ + i] = static_cast<float>(sum_[i]);
  }

 private:
  template <typename Term>
  void Accumulate(const float* x, const Term& term) {
    std::fill_n(sum_, count_, 0.0);
    const int64_t* starts = setup_.lines.starts.data() + first_;
    for (const int64_t offset : setup_.lines.offsets) {
      for (int64_t i = 0; i < count_; ++i) sum_[i] += term(x[starts[i] + offset], mean_[i]);
    }
  }

  void Store(size_t k, const float* x, float* y) const {
    const size_t channels = setup_.scale.size();
    for (int64_t i = 0; i < count_; ++i) {
      const size_t at = setup_.of_lines ? static_cast<size_t>(first_ + i) % channels : k;
      const int64_t place = setup_.lines.starts[static_cast<size_t>(first_ + i)] + setup_.lines.offsets[k];
      y[place] = static_cast<float>((x[place] - mean_[i]) * sum_[i] * setup_.scale[at] + setup_.shift[at]);
    }
  }

  const Setup& setup_;
  int64_t first_, count_;
  double mean_[kMostLines] = {}, sum_[kMostLines] = {};
};

class NormalizeStep : public Step {
 public:
  NormalizeStep(const std::string& op, Setup setup, int64_t floats) : setup_(std::move(setup)), floats_(floats) {
    kernel = KernelName(op, "f32");
  }

  void Run(const RunContext& context) const override {
    ForLineGroups(context.pool, setup_.lines, context.batch, [&](int64_t image, int64_t first, int64_t count, int) {
      const auto statistics = [&](size_t i) {
        return i < outputs.size() ? context.Value(outputs[i]) + image * setup_.lines.Count() : nullptr;
      };
      Group(setup_, first, count)
          .Run(context.Value(inputs[0]) + image * floats_, context.Value(outputs[0]) + image * floats_, statistics(1),
               statistics(2));
    });
  }

 private:
  Setup setup_;
  int64_t floats_;  // In the plan's shape.
};

// The constant input i, repeated to fill `shape`; zeros if there is none.
std::optional<std::vector<double>> ReadConstant(const Node& node, size_t i, const Shape& shape,
                                                const Lowering& lowering) {
  if (!HasInput(node, i)) return DoubleTensor(shape).data;
  const Parameter* constant = lowering.Constant(node.inputs[i]);
  if (constant == nullptr) return std::nullopt;
  return ops::BroadcastTo(WidenParameter(*constant), shape).data;
}

std::vector<size_t> AxesFrom(size_t first, size_t rank) {
  std::vector<size_t> axes(rank - first);
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  const bool instances = node.op == "InstanceNormalization";
  if (!instances && node.op != "LayerNormalization") return nullptr;
  if (lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const Shape& shape = lowering->ShapeOf(node.inputs[0]);
  const size_t axis = instances ? 2 : ops::ResolveAxis(IntAttribute(node, "axis", -1), shape.size()).value();
  const Shape constants =
      instances ? Shape{shape[1]} : Shape(shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end());
  auto scale = ReadConstant(node, 1, constants, *lowering), shift = ReadConstant(node, 2, constants, *lowering);
  if (Elements(shape) == 0 || !scale.has_value() || !shift.has_value()) return nullptr;
  Setup setup = {MakeLines(shape, AxesFrom(axis, shape.size())), std::move(*scale), std::move(*shift), instances,
                 FloatAttribute(node, "epsilon", 1e-5)};
  auto step = std::make_unique<NormalizeStep>(node.op, std::move(setup), Elements(shape));
  step->reads = {node.inputs[0]};
  step->writes = node.outputs;
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::normalize
