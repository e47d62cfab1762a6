#include "lowbit/core/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "lowbit/core/testing/single_node.h"

namespace lowbit {
namespace {

using ::testing::HasSubstr;
using testing::Int64s;

// image [batch, 2, 4, 4] -> conv (ternary) -> bn -> relu -> reshape -> fc -> logits [batch, 3]
Graph GoodGraph() {
  Graph graph;
  graph.name = "good";
  graph.inputs = {{"image", {kDynamic, 2, 4, 4}}};
  graph.outputs = {"logits"};
  graph.parameters["conv.weight"].value =
      QTensor{{2, 2, 3, 3}, ValueSet::Ternary(), std::vector<uint8_t>(36, 1), {0.5f}};
  for (const char* name : {"bn.scale", "bn.shift", "bn.mean", "bn.variance"}) {
    graph.parameters[name].value = FloatTensor({2}, {1, 1});
  }
  graph.parameters["shape"].value = Int64s({0, -1});
  graph.parameters["fc.weight"].value = FloatTensor({3, 32});
  graph.nodes = {
      {"conv", "Conv", {"image", "conv.weight"}, {"a"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}},
      {"bn", "BatchNormalization", {"a", "bn.scale", "bn.shift", "bn.mean", "bn.variance"}, {"b"}, {}},
      {"relu", "Relu", {"b"}, {"c"}, {}},
      {"flat", "Reshape", {"c", "shape"}, {"d"}, {}},
      {"fc", "Gemm", {"d", "fc.weight", ""}, {"logits"}, {{"transB", int64_t{1}}}},
  };
  return graph;
}

FloatTensor& Floats(Graph& graph, const std::string& name) {
  return std::get<FloatTensor>(graph.parameters.at(name).value);
}

QTensor& LowBit(Graph& graph, const std::string& name) { return std::get<QTensor>(graph.parameters.at(name).value); }

TEST(Validate, AcceptsAGoodGraph) {
  const Status status = Validate(GoodGraph());
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(InferShapes, GivesEveryValueItsShape) {
  const auto shapes = InferShapes(GoodGraph(), 7).value();
  EXPECT_EQ(shapes.at("image"), (Shape{7, 2, 4, 4}));
  EXPECT_EQ(shapes.at("conv.weight"), (Shape{2, 2, 3, 3}));
  EXPECT_EQ(shapes.at("c"), (Shape{7, 2, 4, 4}));
  EXPECT_EQ(shapes.at("d"), (Shape{7, 32}));
  EXPECT_EQ(shapes.at("logits"), (Shape{7, 3}));
  EXPECT_EQ(shapes.size(), 13u);  // 1 input, 7 parameters, 5 outputs of nodes.
}

struct Mutation {
  const char* name;
  std::function<void(Graph&)> apply;
  const char* message;
};

void PrintTo(const Mutation& mutation, std::ostream* out) { *out << mutation.name; }

class ValidateRejects : public ::testing::TestWithParam<Mutation> {};

TEST_P(ValidateRejects, AndNamesTheRule) {
  Graph graph = GoodGraph();
  GetParam().apply(graph);
  const Status status = Validate(graph);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kInvalid);
  EXPECT_THAT(status.error().message, HasSubstr(GetParam().message));
  const auto shapes = InferShapes(graph, 2);
  ASSERT_FALSE(shapes.ok());
  EXPECT_THAT(shapes.error().message, HasSubstr(GetParam().message));
}

const std::vector<Mutation>& Mutations() {
  static const std::vector<Mutation> mutations = {
      {"NodeWithoutName", [](Graph& g) { g.nodes[2].name = ""; }, "node '' (Relu): a node needs a name"},
      {"NodeNameTwice", [](Graph& g) { g.nodes[2].name = "bn"; }, "node 'bn' (Relu): another node has the same name"},
      {"UnknownOperator", [](Graph& g) { g.nodes[2].op = "Rellu"; },
       "node 'relu' (Rellu): unknown operator 'Rellu'; did you mean 'Relu'?"},
      {"TooFewInputs", [](Graph& g) { g.nodes[1].inputs.pop_back(); },
       "node 'bn' (BatchNormalization): has 4 inputs; expected 5"},
      {"TooManyInputs", [](Graph& g) { g.nodes[0].inputs.resize(4); },
       "node 'conv' (Conv): has 4 inputs; expected 2 to 3"},
      {"NoInputs", [](Graph& g) { g.nodes[2].inputs.clear(); }, "node 'relu' (Relu): has 0 inputs; expected 1"},
      {"RequiredInputLeftOut", [](Graph& g) { g.nodes[0].inputs[1] = ""; }, "input 1 is required but left out"},
      {"UndefinedInput", [](Graph& g) { g.nodes[0].inputs[0] = "imagee"; },
       "node 'conv' (Conv): input 'imagee' is not defined; did you mean 'image'?"},
      {"UsedBeforeDefined", [](Graph& g) { std::swap(g.nodes[1], g.nodes[2]); },
       "node 'relu' (Relu): input 'b' is computed only later, by node 'bn'"},
      {"ReadsItsOwnOutput", [](Graph& g) { g.nodes[2].inputs[0] = "c"; }, "'c' is computed only later, by node 'relu'"},
      {"NoOutputs", [](Graph& g) { g.nodes[2].outputs.clear(); }, "has 0 outputs; expected 1"},
      {"TooManyOutputs", [](Graph& g) { g.nodes[2].outputs.emplace_back("e"); }, "has 2 outputs; expected 1"},
      {"OutputWithoutName", [](Graph& g) { g.nodes[2].outputs[0] = ""; }, "an output has an empty name"},
      {"OutputTwice", [](Graph& g) { g.nodes[2].outputs[0] = "b"; },
       "node 'relu' (Relu): output 'b' is already defined"},
      {"OutputNamedAsParameter", [](Graph& g) { g.nodes[2].outputs[0] = "bn.mean"; },
       "output 'bn.mean' is already defined"},
      {"OutputNamedAsInput", [](Graph& g) { g.nodes[2].outputs[0] = "image"; }, "output 'image' is already defined"},
      {"UnknownAttribute", [](Graph& g) { g.nodes[0].attributes["pad"] = int64_t{1}; },
       "node 'conv' (Conv): unknown attribute 'pad'; did you mean 'pads'?"},
      {"AttributeOfAnOperatorWithNone", [](Graph& g) { g.nodes[2].attributes["axis"] = int64_t{1}; },
       "unknown attribute 'axis'"},
      {"AttributeType", [](Graph& g) { g.nodes[0].attributes["pads"] = int64_t{1}; },
       "attribute 'pads' must be a list of integers"},
      {"AttributeTypeFloat", [](Graph& g) { g.nodes[4].attributes["alpha"] = int64_t{1}; },
       "attribute 'alpha' must be a float"},
      {"AttributeNotFinite",
       [](Graph& g) { g.nodes[1].attributes["epsilon"] = std::numeric_limits<double>::quiet_NaN(); },
       "attribute 'epsilon' must be finite"},
      {"AttributeRequired", [](Graph& g) { g.nodes[2].op = "MaxPool"; },
       "node 'relu' (MaxPool): attribute 'kernel_shape' is required"},
      {"IntegersWhereFloatsBelong", [](Graph& g) { g.nodes[2].inputs[0] = "shape"; },
       "input 'shape' holds integers; floats were expected"},
      {"FloatsWhereIntegersBelong", [](Graph& g) { g.nodes[3].inputs[1] = "bn.mean"; },
       "input 'bn.mean' must be an int64 parameter"},
      {"ValueWhereIntegersBelong", [](Graph& g) { g.nodes[3].inputs[1] = "a"; },
       "input 'a' must be an int64 parameter"},
      {"ShapesDoNotFit", [](Graph& g) { g.inputs[0].shape[1] = 3; },
       "node 'conv' (Conv): weight has 2 input channels; input has 3"},
      {"FeaturesDoNotFit",
       [](Graph& g) {
         g.parameters["fc.weight"].value = FloatTensor({3, 31});
       },
       "node 'fc' (Gemm): weight has 31 input features; input has 32"},
      {"OperatorRule",
       [](Graph& g) {
         g.nodes[0].attributes["strides"] = std::vector<int64_t>{0, 1};
       },
       "node 'conv' (Conv): attribute 'strides' has the entry 0"},
      {"OutputTooLarge",
       [](Graph& g) {
         g.inputs[0].shape = {kDynamic, 2, 1 << 20, 1 << 20};
       },
       "more than 2^40 elements"},
      {"InputTooLarge", [](Graph& g) { g.inputs[0].shape[2] = int64_t{1} << 62; },
       ", 2, 4611686018427387904, 4] has more than 2^40 elements"},
      {"VarianceNegative", [](Graph& g) { Floats(g, "bn.variance").data[1] = -1; },
       "node 'bn' (BatchNormalization): variance must not be negative"},
      {"ParameterWithoutName", [](Graph& g) { g.parameters[""] = g.parameters["bn.mean"]; },
       "a parameter has an empty name"},
      {"ParameterTooShort", [](Graph& g) { Floats(g, "bn.mean").data.pop_back(); },
       "parameter 'bn.mean': has 1 values; shape [2] needs 2"},
      {"ParameterNegativeExtent", [](Graph& g) { Floats(g, "bn.mean").shape = {-2}; }, "has a negative extent"},
      {"ParameterEmpty", [](Graph& g) { g.parameters["bn.mean"].value = FloatTensor(Shape{0}); },
       "parameter 'bn.mean': shape [0] has no elements"},
      {"ParameterNotANumber", [](Graph& g) { Floats(g, "bn.mean").data[1] = std::nanf(""); },
       "parameter 'bn.mean': value at index 1 is not finite"},
      {"ParameterInfinite", [](Graph& g) { Floats(g, "fc.weight").data[95] = std::numeric_limits<float>::infinity(); },
       "parameter 'fc.weight': value at index 95 is not finite"},
      {"IntegerParameterTooShort", [](Graph& g) { std::get<Int64Tensor>(g.parameters["shape"].value).data.pop_back(); },
       "parameter 'shape': has 1 values; shape [2] needs 2"},
      {"CodeOutside", [](Graph& g) { LowBit(g, "conv.weight").codes[7] = 3; },
       "parameter 'conv.weight': low-bit tensor: code 3 at index 7 is outside ternary"},
      {"InputWithoutName", [](Graph& g) { g.inputs[0].name = ""; }, "a graph input has an empty name"},
      {"InputTwice", [](Graph& g) { g.inputs.push_back(g.inputs[0]); }, "input 'image': the name is already taken"},
      {"InputNamedAsParameter", [](Graph& g) { g.inputs[0].name = "bn.mean"; }, "the name is already taken"},
      {"InputDynamicInside", [](Graph& g) { g.inputs[0].shape[2] = kDynamic; },
       "input 'image': only the first dimension may be dynamic"},
      {"InputExtentZero", [](Graph& g) { g.inputs[0].shape[0] = 0; }, "input 'image': extents must be at least 1"},
      {"InputExtentNegative", [](Graph& g) { g.inputs[0].shape[0] = -2; }, "extents must be at least 1"},
      {"NoGraphOutputs", [](Graph& g) { g.outputs.clear(); }, "the graph has no outputs"},
      {"OutputNotComputed", [](Graph& g) { g.outputs[0] = "logit"; }, "output 'logit': no node computes it"},
      {"OutputIsAnInput", [](Graph& g) { g.outputs[0] = "image"; }, "output 'image': no node computes it"},
      {"OutputListedTwice", [](Graph& g) { g.outputs.emplace_back("logits"); }, "output 'logits': is listed twice"},
      {"ShapeHidesTheBatch",
       [](Graph& g) {
         g.parameters["shape"].value = Int64s({1, 32});
       },
       "node 'flat' (Reshape): cannot give [2, 2, 4, 4] the shape [1, 32]"},
  };
  return mutations;
}

INSTANTIATE_TEST_SUITE_P(Mutations, ValidateRejects, ::testing::ValuesIn(Mutations()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Validate, AcceptsParametersAndInputsThatNothingReads) {
  Graph graph = GoodGraph();
  graph.parameters["spare"].value = FloatTensor({1}, {1});
  graph.inputs.push_back({"unused", {}});
  EXPECT_TRUE(Validate(graph).ok());
}

TEST(Validate, OnlyAsksForOneBatchWhereTheBatchIsFixed) {
  Graph graph = GoodGraph();
  graph.inputs[0].shape[0] = 1;
  graph.parameters["shape"].value = Int64s({1, 32});
  EXPECT_TRUE(Validate(graph).ok());
}

}  // namespace
}  // namespace lowbit
