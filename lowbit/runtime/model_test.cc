// Whole graphs against core's float64 evaluation.

#include "lowbit/runtime/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/core/evaluate.h"
#include "lowbit/runtime/testing/error_bound.h"
#include "lowbit/runtime/testing/random_graph.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::BoundedValues;
using testing::EvaluateWithBounds;
using testing::ForEachTarget;
using ::testing::HasSubstr;
using testing::RandomGraph;
using testing::RandomSource;

using Outputs = std::vector<std::vector<float>>;

// REQUIRES: one input
Result<Outputs> RunModel(Model* model, const std::vector<float>& input, int64_t batch) {
  Outputs outputs;
  for (size_t i = 0; i < model->Outputs().size(); ++i) {
    LOWBIT_TRY(const int64_t elements, model->OutputElements(i, batch));
    outputs.emplace_back(static_cast<size_t>(elements), -7777.0f);
  }
  LOWBIT_RETURN_IF_ERROR(model->Run({Span<const float>(input)}, batch, {outputs.begin(), outputs.end()}));
  return outputs;
}

Outputs RunGraph(const Graph& graph, const std::vector<float>& input, int64_t batch, const Options& options = {}) {
  Result<Model> model = Model::FromGraph(graph, options);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().message);
  Result<Outputs> outputs = RunModel(&model.value(), input, batch);
  EXPECT_TRUE(outputs.ok()) << (outputs.ok() ? "" : outputs.error().message);
  return outputs.value();
}

FloatTensor RandomBatch(const Graph& graph, int64_t batch, uint64_t seed) {
  RandomSource random(seed + 1000);
  Shape shape = graph.inputs[0].shape;
  shape[0] = batch;
  return random.Tensor(shape, -1, 1);
}

BoundedValues Expected(const Graph& graph, const FloatTensor& batch) {
  const DoubleTensor wide(batch.shape, std::vector<double>(batch.data.begin(), batch.data.end()));
  return EvaluateWithBounds(graph, {{graph.inputs[0].name, wide}});
}

void ExpectWithinBounds(const Graph& graph, const BoundedValues& expected, const Outputs& actual) {
  ASSERT_EQ(actual.size(), graph.outputs.size());
  for (size_t o = 0; o < actual.size(); ++o) {
    const auto& [value, error] = expected.at(graph.outputs[o]);
    ASSERT_EQ(value.data.size(), actual[o].size());
    for (size_t i = 0; i < actual[o].size(); ++i) {
      // 2^-120: sums of results that underflow.
      ASSERT_NEAR(value.data[i], static_cast<double>(actual[o][i]), error.data[i] + 0x1p-120)
          << "output " << o << " at " << i;
    }
  }
}

TEST(Model, AgreesWithEvaluateOnRandomGraphs) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = RandomGraph(seed).Build();
    const int64_t batch = static_cast<int64_t>(seed % 9) + 1;
    const FloatTensor input = RandomBatch(graph, batch, seed);
    const BoundedValues expected = Expected(graph, input);
    ForEachTarget([&] { ExpectWithinBounds(graph, expected, RunGraph(graph, input.data, batch)); });
  }
}

TEST(Model, BitsDoNotDependOnThreadsPiecesOrTheRestOfTheBatch) {
  for (uint64_t seed = 200; seed < 230; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Graph graph = RandomGraph(seed).Build();
    const FloatTensor input = RandomBatch(graph, 9, seed);
    const Outputs whole = RunGraph(graph, input.data, 9);
    for (const int threads : {1, 2, 3}) {
      for (const int64_t piece : {0, 1, 2, 4, 9, 20}) {
        EXPECT_EQ(whole, RunGraph(graph, input.data, 9, {.threads = threads, .piece = piece}));
      }
    }
    const size_t image = input.data.size() / 9;
    const Outputs last = RunGraph(graph, {input.data.end() - static_cast<int64_t>(image), input.data.end()}, 1);
    for (size_t o = 0; o < whole.size(); ++o) {
      EXPECT_TRUE(std::equal(last[o].begin(), last[o].end(), whole[o].end() - static_cast<int64_t>(last[o].size())));
    }
  }
}

TEST(Model, RunsAgainWithOtherBatches) {
  const Graph graph = RandomGraph(5).Build();
  Result<Model> model = Model::FromGraph(graph, {.threads = 2, .piece = 3});
  ASSERT_TRUE(model.ok());
  for (const int64_t batch : {4, 1, 9, 2, 4}) {
    const FloatTensor input = RandomBatch(graph, batch, static_cast<uint64_t>(batch));
    Result<Outputs> outputs = RunModel(&model.value(), input.data, batch);
    ASSERT_TRUE(outputs.ok());
    ExpectWithinBounds(graph, Expected(graph, input), outputs.value());
  }
}

}  // namespace
}  // namespace lowbit::runtime
