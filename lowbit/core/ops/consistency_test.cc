// One suite for every operator of the shelf, derived from its description: random nodes, most of them wrong. The shape
// rule must never crash, whatever it accepts must run, and both must agree on the shape.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lowbit/base/random.h"
#include "lowbit/core/graph_text.h"
#include "lowbit/core/operator.h"
#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using testing::Operand;
using testing::SingleNode;

// Draws from one stream; each test case has its own.
class Draw {
 public:
  explicit Draw(uint64_t seed) : random_(seed, StreamOf("consistency")) {}
  int64_t Below(int64_t bound) { return static_cast<int64_t>(random_.Below(next_++, static_cast<uint64_t>(bound))); }
  bool OneIn(int64_t n) { return Below(n) == 0; }
  template <typename T>
  T OneOf(const std::vector<T>& values) {
    return values[static_cast<size_t>(Below(static_cast<int64_t>(values.size())))];
  }

 private:
  CounterRandom random_;
  uint64_t next_ = 0;
};

int64_t DrawInteger(Draw& draw) {
  static const std::vector<int64_t> extremes = {std::numeric_limits<int64_t>::max(),
                                                std::numeric_limits<int64_t>::min(), -1, -2, int64_t{1} << 41};
  return draw.OneIn(12) ? draw.OneOf(extremes) : draw.OneOf<int64_t>({0, 0, 1, 1, 1, 2, 2, 3, 4});
}

std::vector<int64_t> DrawIntegers(Draw& draw) {
  std::vector<int64_t> values(static_cast<size_t>(draw.OneOf<int64_t>({0, 1, 1, 2, 2, 2, 3, 4, 4, 4, 8})));
  for (int64_t& value : values) value = DrawInteger(draw);
  return values;
}

Attribute DrawAttribute(Draw& draw, AttributeType type) {
  switch (type) {
    case AttributeType::kInt:
      return DrawInteger(draw);
    case AttributeType::kFloat:
      return draw.OneOf<double>({0, 1e-5, 0.5, 1, -1, 1e300});
    case AttributeType::kString:
      return draw.OneOf<std::string>({"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "constant", ""});
    case AttributeType::kInts:
      return DrawIntegers(draw);
    case AttributeType::kFloats:
      return std::vector<double>{0.5, 1};
  }
  return int64_t{0};
}

// Positive values, so that quotients, variances and limits are harmless.
DoubleTensor Fill(Draw& draw, Shape shape) {
  DoubleTensor tensor(std::move(shape));
  for (double& value : tensor.data) value = 0.5 + 0.25 * static_cast<double>(draw.Below(4));
  return tensor;
}

Shape DrawShape(Draw& draw) {
  Shape shape(static_cast<size_t>(draw.OneOf<int64_t>({0, 1, 1, 2, 2, 3, 4, 4, 4, 4})));
  for (int64_t& extent : shape) extent = draw.OneOf<int64_t>({1, 1, 2, 2, 2, 2, 2, 3, 4});
  return shape;
}

// Shapes that are likely to fit each other: one extent everywhere, and vectors behind the second input.
Shape DrawMatchingShape(Draw& draw, size_t input) {
  return Shape(static_cast<size_t>(input > 1 ? 1 : draw.OneOf<int64_t>({1, 2, 4, 4})), 2);
}

// One number, such as the bit width of a grid.
FloatTensor DrawSetting(Draw& draw) { return FloatTensor({}, {static_cast<float>(1 + draw.Below(4))}); }

SingleNode DrawNode(Draw& draw, const Operator& op) {
  const size_t most = std::min(op.max_inputs, op.min_inputs + 2);
  const int64_t choices = static_cast<int64_t>(most - op.min_inputs + 1);
  std::vector<Operand> operands(op.min_inputs + static_cast<size_t>(draw.Below(choices)));
  const bool matching = draw.OneIn(2), settings = draw.OneIn(4);
  for (size_t i = 0; i < operands.size(); ++i) {
    const bool integers = std::count(op.integer_inputs.begin(), op.integer_inputs.end(), i) > 0;
    if (i >= op.min_inputs && draw.OneIn(4)) continue;
    if (integers) {
      operands[i] = testing::Int64s(DrawIntegers(draw));
      continue;
    }
    if (settings && i > 0) {
      operands[i] = DrawSetting(draw);
      continue;
    }
    DoubleTensor tensor = Fill(draw, matching ? DrawMatchingShape(draw, i) : DrawShape(draw));
    if (draw.OneIn(2)) {
      operands[i] = testing::Narrow(tensor);
    } else {
      operands[i] = std::move(tensor);
    }
  }
  Attributes attributes;
  for (const AttributeRule& rule : op.attributes) {
    if (rule.required || draw.OneIn(5)) attributes[rule.name] = DrawAttribute(draw, rule.type);
  }
  return testing::MakeSingleNode(op.name, std::move(attributes), std::move(operands));
}

// Operators whose results need not be finite: their domain is bounded, or a setting drives them out of any range.
bool MayBeInfinite(const std::string& op) {
  static const std::vector<std::string> names = {"Acos", "Acosh", "Asin", "Atanh", "LRN"};
  return std::count(names.begin(), names.end(), op) > 0;
}

// How many of the draws must fit; inputs that depend on each other in many ways hardly ever do, and have their own tests.
int LeastAccepted(const std::string& op) {
  if (op == "Resize") return 20;
  return op == "GRU" || op == "LSTM" || op == "LevelQuant" || op == "RNN" || op == "Recurrence" ? 0 : 50;
}

class EveryOperator : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryOperator, RunsWhatItsShapeRuleAcceptsAndGivesThatShape) {
  const Operator& op = *FindOperator(GetParam());
  int accepted = 0, rejected = 0;
  for (uint64_t seed = 0; seed < 5000; ++seed) {
    Draw draw(seed);
    const SingleNode made = DrawNode(draw, op);
    const auto shapes = InferShapes(made.graph, 1);
    if (!shapes.ok()) {
      ++rejected;
      EXPECT_FALSE(Evaluate(made.graph, made.inputs).ok());
      continue;
    }
    ++accepted;
    const auto values = Evaluate(made.graph, made.inputs);
    ASSERT_TRUE(values.ok()) << Describe(made.graph) << values.error().message;
    const DoubleTensor& out = values.value().at("out");
    ASSERT_EQ(out.shape, shapes.value().at("out")) << Describe(made.graph);
    ASSERT_EQ(out.data.size(), static_cast<size_t>(Elements(out.shape)));
    ASSERT_TRUE(MayBeInfinite(op.name) ||
                std::all_of(out.data.begin(), out.data.end(), [](double v) { return std::isfinite(v); }))
        << Describe(made.graph);
  }
  // The draws must reach both sides; only operators with one input may accept everything.
  EXPECT_GE(accepted, LeastAccepted(op.name));
  const bool has_rules = op.max_inputs > 1;
  EXPECT_TRUE(rejected >= 50 || !has_rules) << rejected;
}

INSTANTIATE_TEST_SUITE_P(Operators, EveryOperator, ::testing::ValuesIn(OperatorNames()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace lowbit
