// Operators one by one, written as C and compiled: the numbers of their definitions, each rounded to float.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph_text.h"
#include "lowbit/core/integer_form.h"
#include "tests/c_source/compiled_network.h"

namespace lowbit {
namespace {

using testing::CompiledNetwork;
using ::testing::HasSubstr;
using Ints = std::vector<int64_t>;

// A network of one input "x" that grows by nodes; the last value is the output.
class Builder {
 public:
  explicit Builder(Shape input) {
    graph_.name = "operators */ test";
    graph_.inputs = {{"x", std::move(input)}};
  }

  Builder& Add(const std::string& op, std::vector<std::string> inputs, Attributes attributes = {}) {
    const std::string name = "v" + std::to_string(graph_.nodes.size());
    graph_.nodes.push_back({name + "/" + op, op, std::move(inputs), {name}, std::move(attributes)});
    graph_.outputs = {name};
    return *this;
  }
  std::string Floats(Shape shape, std::vector<float> values) {
    return Parameter(FloatTensor(std::move(shape), std::move(values)));
  }
  std::string Int64s(Ints values) {
    const auto count = static_cast<int64_t>(values.size());
    return Parameter(Int64Tensor({count}, std::move(values)));
  }
  // Values between -1 and 1 without a pattern.
  std::string Scrambled(Shape shape) {
    std::vector<float> values;
    for (int64_t i = 0; i < Elements(shape); ++i) values.push_back(Next());
    return Floats(std::move(shape), std::move(values));
  }
  std::string Ternary(Shape shape, std::vector<float> scales) {
    QTensor tensor{shape, ValueSet::Ternary(), {}, std::move(scales), {}};
    for (int64_t i = 0; i < Elements(shape); ++i) tensor.AddCode(Next() < -.3 ? 0 : Next() > .3 ? 2 : 1);
    return Parameter(std::move(tensor));
  }
  template <typename T>
  std::string Parameter(T value) {
    std::string name = "p" + std::to_string(graph_.parameters.size());
    graph_.parameters[name].value = std::move(value);
    return name;
  }
  float Next() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<float>(state_ >> 8) / 8388608.f - 1;
  }

  std::vector<float> Image() {
    std::vector<float> image;
    for (int64_t i = 0; i < Elements(graph_.inputs[0].shape); ++i) image.push_back(3 * Next());
    return image;
  }
  Graph& graph() { return graph_; }

 private:
  Graph graph_;
  uint32_t state_ = 7;
};

std::vector<std::vector<float>> Definition(const Graph& graph, const std::vector<float>& image) {
  const DoubleTensor input(graph.inputs[0].shape, {image.begin(), image.end()});
  const auto values = Evaluate(ToIntegerForm(graph).value(), {{"x", input}}, Rounding::kFloat).value();
  std::vector<std::vector<float>> outputs;
  for (const std::string& output : graph.outputs) {
    outputs.emplace_back(values.at(output).data.begin(), values.at(output).data.end());
  }
  return outputs;
}

void ExpectTheDefinition(Builder* builder, double tolerance = 0) {
  const Graph& graph = builder->graph();
  SCOPED_TRACE(Describe(graph));
  const auto network = CompiledNetwork::Make(graph);
  ASSERT_TRUE(network.ok()) << network.error().message;
  for (int i = 0; i < 2; ++i) {
    const std::vector<float> image = builder->Image();
    const auto actual = network.value().Run(image, 0xff), expected = Definition(graph, image);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t output = 0; output < actual.size(); ++output) {
      ASSERT_EQ(actual[output].size(), expected[output].size());
      for (size_t j = 0; j < actual[output].size(); ++j) {
        const float want = expected[output][j];
        ASSERT_NEAR(actual[output][j], want, tolerance * (1 + std::abs(want))) << j << "\n"
                                                                               << network.value().program().source;
      }
    }
  }
}

TEST(CSourceOperator, FunctionsOfOneElement) {
  for (const char* op : {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "Abs", "Neg", "HardSigmoid", "HardSwish", "Elu", "Exp",
                         "Softplus", "Sign", "Identity"}) {
    Builder b({1, 2, 3, 4});
    ExpectTheDefinition(&b.Add(op, {"x"}));
  }
  Builder root({1, 7});
  ExpectTheDefinition(&root.Add("Abs", {"x"}).Add("Sqrt", {"v0"}));
  Builder attributes({1, 7});
  attributes.Add("HardSigmoid", {"x"}, {{"alpha", .25}, {"beta", .4}}).Add("Elu", {"v0"}, {{"alpha", .3}});
  ExpectTheDefinition(&attributes.Add("LeakyRelu", {"v1"}, {{"alpha", .3}}));
}

TEST(CSourceOperator, ClipWithOneLimitOrTwo) {
  Builder b({1, 3, 2, 2});
  b.Add("Clip", {"x", b.Floats({}, {-.5f}), b.Floats({}, {.25f})}).Add("Clip", {"v0", "", b.Floats({}, {.125f})});
  ExpectTheDefinition(&b.Add("Clip", {"v1", b.Floats({}, {-.25f})}));
}

TEST(CSourceOperator, ArithmeticBroadcasts) {
  Builder b({1, 3, 2, 4});
  b.Add("Mul", {"x", b.Scrambled({3, 1, 1})}).Add("Add", {"v0", b.Scrambled({1, 3, 2, 4})});
  b.Add("Sub", {b.Scrambled({4}), "v1"})
      .Add("Div", {"v2", b.Floats({}, {.3f})})
      .Add("Mul", {"v3", b.Scrambled({2, 1})});
  ExpectTheDefinition(&b.Add("Add", {"v4", "x"}));
}

// A costly value that is repeated over pixels is computed once.
TEST(CSourceOperator, ChannelsWeightedByTheirMeans) {
  Builder b({1, 3, 4, 5});
  b.Add("GlobalAveragePool", {"x"}).Add("Sigmoid", {"v0"}).Add("Mul", {"x", "v1"});
  ExpectTheDefinition(&b);
  EXPECT_EQ(CompiledNetwork::Make(b.graph()).value().program().steps.size(), 2u);
}

TEST(CSourceOperator, MeansOverAllPixels) {
  for (const int64_t keep : {0, 1}) {
    Builder b({1, 3, 4, 5});
    ExpectTheDefinition(&b.Add("ReduceMean", {"x", b.Int64s({-1, 2})}, {{"keepdims", keep}}));
  }
  Builder channels({1, 3, 4, 5});
  channels.Add("ReduceMean", {"x", channels.Int64s({1})});
  EXPECT_THAT(CompiledNetwork::Make(channels.graph()).error().message, HasSubstr("means over all pixels only"));
}

TEST(CSourceOperator, Pools) {
  const Ints two = {2, 2}, three = {3, 3};
  for (const int64_t include : {0, 1}) {
    Builder b({1, 2, 7, 6});
    b.Add("AveragePool", {"x"},
          {{"kernel_shape", three}, {"strides", two}, {"pads", Ints{1, 1, 1, 1}}, {"count_include_pad", include}});
    ExpectTheDefinition(&b.Add("AveragePool", {"v0"}, {{"kernel_shape", two}}));
  }
  Builder ceil({1, 2, 6, 7});
  ceil.Add("MaxPool", {"x"}, {{"kernel_shape", three}, {"strides", two}, {"ceil_mode", int64_t{1}}});
  ExpectTheDefinition(
      &ceil.Add("AveragePool", {"v0"}, {{"kernel_shape", two}, {"strides", two}, {"ceil_mode", int64_t{1}}}));
  Builder overlapping({1, 2, 7, 7});
  overlapping.Add("MaxPool", {"x"}, {{"kernel_shape", three}, {"dilations", two}, {"pads", Ints{1, 1, 1, 1}}});
  ExpectTheDefinition(&overlapping.Add("MaxPool", {"v0"}, {{"kernel_shape", two}}).Add("GlobalAveragePool", {"v1"}));
}

TEST(CSourceOperator, RefusesAnAverageWhoseLastWindowLeavesThePadding) {
  Builder b({1, 1, 6, 6});
  b.Add("AveragePool", {"x"},
        {{"kernel_shape", Ints{3, 3}},
         {"strides", Ints{2, 2}},
         {"ceil_mode", int64_t{1}},
         {"count_include_pad", int64_t{1}}});
  EXPECT_THAT(CompiledNetwork::Make(b.graph()).error().message, HasSubstr("count_include_pad"));
}

TEST(CSourceOperator, WhatMovesElements) {
  Builder b({1, 4, 6, 5});
  b.Add("Slice", {"x", b.Int64s({1, -1}), b.Int64s({4, -100}), b.Int64s({1, 2}), b.Int64s({2, -2})});
  ExpectTheDefinition(&b.Add("Pad", {"v0", b.Int64s({0, 2, 1, 0, 0, 1, 0, 3}), b.Floats({}, {.5f})}));
  Builder negative({1, 4, 6, 5});
  ExpectTheDefinition(&negative.Add("Pad", {"x", negative.Int64s({0, -1, 0, 1, 0, 1, -2, -1})}));
  for (const char* mode : {"DCR", "CRD"}) {
    Builder space({1, 12, 2, 3});
    ExpectTheDefinition(&space.Add("DepthToSpace", {"x"}, {{"blocksize", int64_t{2}}, {"mode", std::string(mode)}}));
  }
  Builder shapes({1, 4, 2, 3});
  shapes.Add("Reshape", {"x", shapes.Int64s({1, 2, 6, 2})}).Add("Relu", {"v0"}).Add("Flatten", {"v1"});
  ExpectTheDefinition(&shapes.Add("Reshape", {"v2", shapes.Int64s({1, 3, 4, 2})}));
}

TEST(CSourceOperator, ConcatOfWhatIsComputedAndOfConcats) {
  Builder b({1, 3, 4, 4});
  b.Add("Relu", {"x"});
  b.Add("Conv", {"v0", b.Ternary({2, 3, 1, 1}, {.5f})}).Add("Concat", {"v1", "x", "v0"}, {{"axis", int64_t{1}}});
  b.Add("Mul", {"v2", b.Scrambled({8, 1, 1})}).Add("Concat", {"v3", "v1"}, {{"axis", int64_t{-3}}});
  ExpectTheDefinition(&b.Add("Relu", {"v4"}), 1e-6);
}

TEST(CSourceOperator, ProductsOfFloats) {
  Builder b({1, 4, 6, 5});
  b.Add("Conv", {"x", b.Scrambled({6, 2, 3, 2}), b.Scrambled({6})},
        {{"group", int64_t{2}}, {"dilations", Ints{1, 2}}, {"pads", Ints{1, 2, 0, 1}}, {"strides", Ints{2, 1}}});
  b.Add("Conv", {"v0", b.Ternary({6, 1, 3, 3}, {.5f, .25f, .75f, 1, 2, .125f})},
        {{"group", int64_t{6}}, {"pads", Ints{1, 1, 1, 1}}});
  b.Add("Flatten", {"v1"});
  const auto features = static_cast<int64_t>(6 * 3 * 6);
  b.Add("Gemm", {"v2", b.Ternary({5, features}, {.3f}), b.Scrambled({1, 5})}, {{"transB", int64_t{1}}});
  b.Add("Gemm", {"v3", b.Ternary({5, 4}, {.3f, .1f, .2f, .5f, .7f}), b.Scrambled({4})});
  ExpectTheDefinition(&b, 1e-5);
}

TEST(CSourceOperator, OutputsThatOthersRead) {
  Builder b({1, 2, 3, 3});
  b.Add("Conv", {"x", b.Scrambled({3, 2, 3, 3})}, {{"pads", Ints{1, 1, 1, 1}}}).Add("GlobalAveragePool", {"v0"});
  b.graph().outputs = {"v1", "v0"};
  ExpectTheDefinition(&b, 1e-6);
}

int64_t StepsOf(Builder* b) {
  return static_cast<int64_t>(CompiledNetwork::Make(b->graph()).value().program().steps.size());
}

// What is costly is computed once: it is kept where it is read twice, or by windows that overlap.
TEST(CSourceOperator, KeepsWhatWouldBeComputedTwice) {
  Builder twice({1, 2, 4, 4});
  twice.Add("Conv", {"x", twice.Scrambled({2, 2, 1, 1})})
      .Add("Relu", {"v0"})
      .Add("Neg", {"v0"})
      .Add("Add", {"v1", "v2"});
  EXPECT_EQ(StepsOf(&twice), 3);  // The input's copy, the convolution, the sum.
  for (const int64_t stride : {1, 2}) {
    Builder pool({1, 2, 4, 4});
    pool.Add("Conv", {"x", pool.Scrambled({2, 2, 1, 1})});
    pool.Add("MaxPool", {"v0"}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{stride, stride}}});
    EXPECT_EQ(StepsOf(&pool), stride == 1 ? 3 : 2);
  }
}

TEST(CSourceOperator, AValueAtAThresholdReachesIt) {
  Builder b({1, 3});
  b.Add("LevelQuant", {"x", b.Floats({}, {1}), b.Floats({3}, {-1.5f, .25f, 2}), b.Floats({4}, {-2, 0, 1, 3})});
  const auto network = CompiledNetwork::Make(b.graph());
  ASSERT_TRUE(network.ok()) << network.error().message;
  EXPECT_EQ(network.value().Run({-1.5f, .25f, 2}, 0)[0], (std::vector<float>{0, 1, 3}));
  EXPECT_EQ(network.value().Run({-1.6f, .2f, std::nanf("")}, 0)[0], (std::vector<float>{-2, 0, -2}));
}

// 700 products of 255 and 32639 are no int32.
TEST(CSourceOperator, SumsThatCouldLeave32BitsAreFloats) {
  Builder b({1, 700});
  b.Add("Quant", {"x", b.Floats({}, {1}), b.Floats({}, {0}), b.Floats({}, {8})}, {{"signed", int64_t{0}}});
  QTensor weights{{1, 700}, ValueSet::Table({-1, 32639}), {}, {1}, {}};
  for (int i = 0; i < 700; ++i) weights.AddCode(i % 50 == 0 ? 0 : 1);
  b.Add("Gemm", {"v0", b.Parameter(std::move(weights))}, {{"transB", int64_t{1}}});
  const auto network = CompiledNetwork::Make(b.graph());
  ASSERT_TRUE(network.ok()) << network.error().message;
  const double expected = 255.0 * (686 * 32639.0 - 14);
  EXPECT_NEAR(network.value().Run(std::vector<float>(700, 255), 0)[0][0], expected, 1e-4 * expected);
}

// 40,000 integers of 16 bits.
TEST(CSourceOperator, MeansOfLargeSums) {
  for (const char* mean : {"GlobalAveragePool", "AveragePool"}) {
    Builder b({1, 1, 200, 200});
    b.Add("Quant", {"x", b.Floats({}, {1}), b.Floats({}, {0}), b.Floats({}, {16})}, {{"signed", int64_t{0}}});
    b.Add(mean, {"v0"});
    if (mean[0] == 'A') b.graph().nodes.back().attributes["kernel_shape"] = Ints{200, 200};
    const std::vector<float> image(40000, 60001);
    const auto network = CompiledNetwork::Make(b.graph());
    ASSERT_TRUE(network.ok()) << network.error().message;
    EXPECT_EQ(network.value().Run(image, 0), Definition(b.graph(), image));
  }
}

TEST(CSourceOperator, PixelsAsBytesGiveTheSameNumbers) {
  Builder b({1, 3, 5, 4});
  b.Add("Mul", {"x", b.Floats({3, 1, 1}, {1 / 255.f, .5f / 255, .25f / 255})})
      .Add("Conv", {"v0", b.Ternary({4, 3, 3, 3}, {.5f})});
  const auto floats = CompiledNetwork::Make(b.graph()),
             bytes = CompiledNetwork::Make(b.graph(), c_source::InputType::kUint8);
  ASSERT_TRUE(floats.ok() && bytes.ok());
  std::vector<float> image;
  for (int i = 0; i < 60; ++i) image.push_back(static_cast<float>(i * 37 % 256));
  EXPECT_EQ(floats.value().Run(image, 0), bytes.value().Run(image, 0xff));
}

TEST(CSourceOperator, SoftmaxOfAVectorAndChannelsInAnotherOrder) {
  Builder b({1, 3, 1, 2});
  b.Add("Gather", {"x", b.Floats({4}, {2, 0, -2, 0})}, {{"axis", int64_t{1}}}).Add("Flatten", {"v0"});
  b.Add("Softmax", {"v1"}).Add("Mul", {"v2", b.Floats({}, {3})});
  ExpectTheDefinition(&b.Add("Softmax", {"v3"}, {{"axis", int64_t{1}}}));
}

// Of all storages; kernels of several taps, groups and a matrix; 8 and 16 bits for a code.
TEST(CSourceOperator, Codebooks) {
  for (const int vectors : {5, 300}) {
    for (int storage = 0; storage < 3; ++storage) {
      Builder b({1, 4, 5, 5});
      const auto weights = [&](const Shape& shape, int block) {
        std::vector<float> book;
        for (int i = 0; i < vectors * block; ++i) book.push_back(b.Next());
        const ValueSet set = storage == 0   ? ValueSet::Codebook(book, block)
                             : storage == 1 ? ValueSet::HalfCodebook(book, block)
                                            : ValueSet::ByteCodebook(book, block);
        QTensor tensor{shape, set, {}, {.5f}, {}};
        for (int64_t i = 0; i < Elements(shape) / block; ++i)
          tensor.AddCode(static_cast<int>((b.Next() + 1) / 2 * static_cast<float>(vectors)));
        return b.Parameter(std::move(tensor));
      };
      b.Add("Conv", {"x", weights({6, 4, 3, 3}, 9)})
          .Add("Conv", {"v0", weights({4, 3, 2, 1}, 3)}, {{"group", int64_t{2}}});
      b.Add("Flatten", {"v1"}).Add("Gemm", {"v2", weights({3, 24}, 4)}, {{"transB", int64_t{1}}});
      ExpectTheDefinition(&b, 1e-5);
      EXPECT_LT(CompiledNetwork::Make(b.graph()).value().program().steps.back().weight_bytes, vectors == 5 ? 19 : 37);
    }
  }
}

TEST(CSourceOperator, RefusesWhatItCannotWrite) {
  const auto error = [](Builder* b) { return CompiledNetwork::Make(b->graph()).error().message; };
  Builder sum({1, 4});
  sum.Add("ReduceSum", {"x", sum.Int64s({1})});
  EXPECT_EQ(error(&sum), "node 'v0/ReduceSum' (ReduceSum): no C is written for this operator");
  Builder softmax({1, 4, 2, 1});
  EXPECT_THAT(error(&softmax.Add("Softmax", {"x"}, {{"axis", int64_t{1}}})), HasSubstr("Softmax of vectors"));
  Builder gather({1, 4, 2, 1});
  EXPECT_THAT(error(&gather.Add("Gather", {"x", gather.Floats({1}, {0})}, {{"axis", int64_t{2}}})),
              HasSubstr("channels in a fixed order"));
  Builder rows({1, 2, 2, 2});
  EXPECT_THAT(error(&rows.Add("Concat", {"x", "x"}, {{"axis", int64_t{2}}})),
              HasSubstr("joins something else than channels"));
  Builder edge({1, 2, 2, 2});
  edge.Add("Pad", {"x", edge.Int64s({0, 0, 1, 0, 0, 0, 0, 0})}, {{"mode", std::string("edge")}});
  EXPECT_THAT(error(&edge), HasSubstr("(Pad): no C is written for this mode"));
  Builder rank({1, 2, 3});
  EXPECT_THAT(error(&rank.Add("Relu", {"x"})), HasSubstr("input 'x' has shape [1, 2, 3]; C is written for images"));
  Builder alpha({1, 2});
  EXPECT_THAT(error(&alpha.Add("Gemm", {"x", alpha.Scrambled({2, 2})}, {{"alpha", 2.0}})),
              HasSubstr("alpha, beta and transA"));
  Builder weights({1, 2, 2, 2});
  EXPECT_THAT(error(&weights.Add("Conv", {"x", "x"})), HasSubstr("its weights must be parameters"));
  Builder mixed({1, 2, 2, 2});
  mixed.Add("Relu", {"x"}).Add("Reshape", {"v0", mixed.Int64s({1, 8})}).Add("Reshape", {"v1", mixed.Int64s({8, 1})});
  EXPECT_THAT(error(&mixed), HasSubstr("its value has shape [8, 1]"));
  Builder two({1, 2});
  two.graph().inputs.push_back({"y", {1, 2}});
  EXPECT_THAT(error(&two.Add("Add", {"x", "y"})), HasSubstr("the network has 2 inputs; C is written for one"));
  Builder names({1, 2});
  EXPECT_EQ(c_source::Generate(names.Add("Relu", {"x"}).graph(), {"two words", {}}).error().message,
            "the name 'two words' is no C identifier of 1 to 40 letters, digits and underscores");
}

}  // namespace
}  // namespace lowbit
