// Recurrent layers of networks, on every target: within the error bound of their definition, or the bits of the integer form.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/gate_functions.h"
#include "lowbit/core/graph_text.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/recurrent_form.h"
#include "lowbit/runtime/kernels/recurrent/gates.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/testing/error_bound.h"
#include "lowbit/runtime/testing/random_recurrent_graph.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::ForEachTarget;
using testing::RandomRecurrentGraph;
using testing::RandomSource;
using testing::RecurrentGraphOptions;

using Inputs = std::map<std::string, DoubleTensor>;

// As floats have them.
Inputs DrawInputs(const Graph& graph, uint64_t seed) {
  RandomSource random(seed);
  Inputs inputs;
  for (const GraphInput& input : graph.inputs) {
    FloatTensor drawn = random.Tensor(input.shape, -1, 1);
    for (float& v : drawn.data) {
      if (input.name == "lens") v = static_cast<float>(random.Int(0, 6));
    }
    inputs[input.name] = DoubleTensor(drawn.shape, {drawn.data.begin(), drawn.data.end()});
  }
  return inputs;
}

std::map<std::string, std::vector<float>> Compute(const Graph& graph, const Inputs& inputs, const Options& options) {
  Model model = Model::FromGraph(graph, options).value();
  std::vector<std::vector<float>> given, taken;
  for (const GraphInput& input : graph.inputs) {
    const DoubleTensor& values = inputs.at(input.name);
    given.emplace_back(values.data.begin(), values.data.end());
  }
  const int64_t batch = graph.inputs[0].shape[0];
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    taken.emplace_back(static_cast<size_t>(model.OutputElements(i, batch).value()), -1234.5f);
  }
  const Status status = model.Run({given.begin(), given.end()}, batch, {taken.begin(), taken.end()});
  EXPECT_TRUE(status.ok()) << status.error().message;
  std::map<std::string, std::vector<float>> outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i) outputs[graph.outputs[i]] = taken[i];
  return outputs;
}

void CollectKernels(const Graph& graph, std::set<std::string>* kernels) {
  const Model model = Model::FromGraph(graph).value();
  for (const NodePlan& node : model.Nodes()) {
    if (node.op == "Recurrence") kernels->insert(node.kernel);
    EXPECT_NE(node.kernel, "evaluate_f64") << node.node;
  }
}

// The draws reach kernels with all of these parts of names.
void ExpectNames(const std::vector<std::string>& parts, const std::set<std::string>& kernels) {
  for (const std::string& part : parts) {
    EXPECT_TRUE(std::any_of(kernels.begin(), kernels.end(), [&](const std::string& kernel) {
      return kernel.find(part) != std::string::npos;
    })) << part;
  }
}

void ExpectWithinBounds(const Graph& graph, const Inputs& inputs, const testing::BoundedValues& expected,
                        const Options& options) {
  for (const auto& [name, values] : Compute(graph, inputs, options)) {
    const BoundedValue& bounded = expected.at(name);
    ASSERT_EQ(values.size(), bounded.value.data.size());
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(bounded.value.data[i], static_cast<double>(values[i]), bounded.error.data[i]) << name << " at " << i;
    }
  }
}

TEST(Recurrent, FloatsStayWithinTheirBound) {
  std::set<std::string> kernels;
  int tight = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Graph graph = RandomRecurrentGraph(seed, {}).Build();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    const Inputs inputs = DrawInputs(graph, seed);
    const testing::BoundedValues expected = testing::EvaluateWithBounds(ToRecurrences(graph), inputs);
    // The form computes what the node says.
    const auto defined = Evaluate(graph, inputs).value();
    for (const std::string& output : graph.outputs) {
      const BoundedValue& bounded = expected.at(output);
      for (size_t i = 0; i < bounded.value.data.size(); ++i) {
        ASSERT_NEAR(defined.at(output).data[i], bounded.value.data[i], bounded.error.data[i]);
      }
      tight += bounded.error.data[0] < 1e-3 ? 1 : 0;
    }
    ForEachTarget([&] { ExpectWithinBounds(graph, inputs, expected, {}); });
    CollectKernels(graph, &kernels);
  }
  EXPECT_GT(tight, 100);  // The bounds say something.
  ExpectNames(
      {"rnn_f32_", "gru_f32_", "lstm_f32_", "_float", "_binary", "_ternary", "_affine4", "_codebook", "_table60"},
      kernels);
}

TEST(Recurrent, IntegersGiveTheBitsOfTheIntegerForm) {
  std::set<std::string> kernels;
  for (uint64_t seed = 0; seed < 80; ++seed) {
    const Graph graph = RandomRecurrentGraph(seed, {.integers = true}).Build();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    const Inputs inputs = DrawInputs(graph, seed);
    const auto expected = Evaluate(ToIntegerForm(graph).value(), inputs, Rounding::kFloat).value();
    const auto compare = [&](const Options& options) {
      for (const auto& [name, values] : Compute(graph, inputs, options)) {
        const DoubleTensor& wide = expected.at(name);
        ASSERT_EQ(std::vector<float>(wide.data.begin(), wide.data.end()), values) << name;
      }
    };
    ForEachTarget([&] { compare({}); });
    compare({.threads = 3});
    CollectKernels(graph, &kernels);
  }
  ExpectNames({"rnn_u8_", "gru_u8_", "lstm_u8_", "_binary", "_ternary", "_affine4", "_affine8", "_codebook", "_i16"},
              kernels);
}

// Any batch by one plan, in pieces: the bits of each image alone.
TEST(Recurrent, TakesAnyBatch) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Graph graph = RandomRecurrentGraph(seed, {.integers = seed % 2 == 0, .open_batch = true}).Build();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    Model model = Model::FromGraph(graph, {.piece = 30}).value(), single = Model::FromGraph(graph).value();
    const Shape shape = graph.inputs[0].shape;
    const std::vector<float> x = RandomSource(seed).Floats(70 * shape[1] * shape[2], -1, 1);
    const auto run = [&](Model* m, size_t first, int64_t batch) {
      const size_t pitch = static_cast<size_t>(shape[1] * shape[2]);
      std::vector<std::vector<float>> outputs;
      for (size_t i = 0; i < graph.outputs.size(); ++i) {
        outputs.emplace_back(static_cast<size_t>(m->OutputElements(i, batch).value()));
      }
      const Span<const float> given(x.data() + first * pitch, static_cast<size_t>(batch) * pitch);
      EXPECT_TRUE(m->Run({given}, batch, {outputs.begin(), outputs.end()}).ok());
      return outputs;
    };
    EXPECT_EQ(model.Inputs()[0].shape[0], kDynamic);
    const auto all = run(&model, 0, 70);
    for (const size_t n : {0, 1, 23, 24, 29, 30, 69}) {
      const auto one = run(&single, n, 1);
      for (size_t i = 0; i < one.size(); ++i) {
        const auto begin = all[i].begin() + static_cast<std::ptrdiff_t>(n * one[i].size());
        EXPECT_TRUE(std::equal(one[i].begin(), one[i].end(), begin)) << n;
      }
    }
  }
}

// Steps that are cut into parts, by blocks of units and by sequences.
TEST(Recurrent, BitsDoNotDependOnThreads) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const Graph graph = RandomRecurrentGraph(seed, {.hidden = 270}).Build();
    const Inputs inputs = DrawInputs(graph, seed);
    const auto expected = Compute(graph, inputs, {});
    for (const int threads : {2, 3, 5}) EXPECT_EQ(expected, Compute(graph, inputs, {.threads = threads})) << seed;
  }
}

// The functions that are specified, over the whole range of floats, small and large.
TEST(GateKernel, GivesTheBitsOfTheSpecifiedFunctions) {
  std::vector<float> x;
  for (uint32_t bits = 0; bits < 0x7F800000u; bits += 40961) {
    float v;
    std::memcpy(&v, &bits, sizeof(v));
    x.insert(x.end(), {v, -v});
  }
  for (const float v : {0.0f, 87.0f, 87.5f, 43.5f, 1e30f, std::numeric_limits<float>::infinity()})
    x.insert(x.end(), {v, -v});
  x.resize(x.size() / 256 * 256 + 256, 0.0f);
  const std::vector<float> zeros(x.size(), 0.0f);
  ForEachTarget([&] {
    for (const GateFunction function : {GateFunction::kSigmoid, GateFunction::kTanh}) {
      const GateSettings settings = {CellPhase::kRnn, {function}, std::numeric_limits<float>::infinity()};
      std::vector<float> y(x.size());
      GateTask task;
      task.count = static_cast<int64_t>(x.size());
      task.x[0] = x.data();
      task.s[0] = zeros.data();
      task.next_h = y.data();
      ChooseGateKernel().run(settings, task);
      for (size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(y[i], function == GateFunction::kTanh ? GateTanh(x[i]) : GateSigmoid(x[i])) << x[i];
      }
    }
  });
}

}  // namespace
}  // namespace lowbit::runtime
