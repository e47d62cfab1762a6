#include "lowbit/format/onnx/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/core/level_grid.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/onnx.pb.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Every code of the set, again and again.
QTensor Weights(const Shape& shape, const ValueSet& values, std::vector<float> scales) {
  QTensor tensor = {shape, values, {}, std::move(scales)};
  const int64_t codes = Elements(shape) / values.block;
  for (int64_t i = 0; i < codes; ++i) tensor.AddCode(static_cast<int>(i * 37 % values.Count()));
  return tensor;
}

void AddQuant(Graph* graph, const std::string& input, const std::string& output, float scale, float zero_point,
              float bits, bool is_signed) {
  const std::string names[] = {output + ".scale", output + ".zero", output + ".bits"};
  const float values[] = {scale, zero_point, bits};
  for (size_t i = 0; i < 3; ++i) graph->parameters[names[i]].value = FloatTensor({}, {values[i]});
  graph->nodes.push_back(
      {output, "Quant", {input, names[0], names[1], names[2]}, {output}, {{"signed", int64_t{is_signed}}}});
}

// x [batch, 2, 3, 4] -> Conv with those weights -> BatchNormalization -> Relu -> Flatten -> Gemm -> y [batch, 3]
Graph Network(const ValueSet& values, const std::vector<float>& conv_scales, const std::vector<float>& gemm_scales) {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"x", {kDynamic, 2, 3, 4}}};
  graph.outputs = {"y"};
  graph.metadata = {{"labels", "a\nb\nc"}};
  graph.parameters["conv.weight"].value = Weights({4, 2, 2, 2}, values, conv_scales);
  for (const char* name : {"bn.scale", "bn.var"}) graph.parameters[name].value = FloatTensor({4}, {1, 2, 0.5f, 3});
  for (const char* name : {"bn.bias", "bn.mean"}) graph.parameters[name].value = FloatTensor({4}, {0, 1, -1, 0.3f});
  graph.parameters["fc.weight"].value = Weights({3, 24}, values, gemm_scales);
  graph.parameters["fc.bias"].value = FloatTensor({3}, {1, 2, 3});
  graph.nodes = {{"conv", "Conv", {"x", "conv.weight"}, {"conv"}, {}},
                 {"bn", "BatchNormalization", {"conv", "bn.scale", "bn.bias", "bn.mean", "bn.var"}, {"bn"}, {}},
                 {"relu", "Relu", {"bn"}, {"relu"}, {}},
                 {"flat", "Flatten", {"relu"}, {"flat"}, {}},
                 {"fc", "Gemm", {"flat", "fc.weight", "fc.bias"}, {"y"}, {{"transB", int64_t{1}}}}};
  return graph;
}

// With integers between the layers.
Graph IntegerNetwork(const ValueSet& values, const std::vector<float>& conv_scales,
                     const std::vector<float>& gemm_scales) {
  Graph graph = Network(values, conv_scales, gemm_scales);
  const std::vector<Node> nodes = std::move(graph.nodes);
  graph.nodes.clear();
  AddQuant(&graph, "x", "x8", 0.03f, 0, 8, true);
  graph.nodes.insert(graph.nodes.end(), nodes.begin(), nodes.begin() + 3);
  AddQuant(&graph, "relu", "relu4", 0.17f, 0, 4, false);
  graph.nodes.insert(graph.nodes.end(), nodes.begin() + 3, nodes.end());
  graph.nodes[1].inputs[0] = "x8";
  graph.nodes[5].inputs[0] = "relu4";
  return graph;
}

DoubleTensor Image() {
  DoubleTensor x({3, 2, 3, 4});
  for (size_t i = 0; i < x.data.size(); ++i) x.data[i] = static_cast<float>(static_cast<double>(i * 37 % 71) / 9 - 3.7);
  return x;
}

std::vector<double> Compute(const Graph& graph, Rounding rounding = Rounding::kNone) {
  return Evaluate(graph, {{"x", Image()}}, rounding).value().at("y").data;
}

std::vector<double> ComputeInIntegers(const Graph& graph) {
  return Compute(ToIntegerForm(graph).value(), Rounding::kFloat);
}

Graph WriteAndRead(const Graph& graph, Flavor flavor) {
  const std::string bytes = Encode(graph, flavor).value();
  const Span<const uint8_t> file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return Decode(file, "written", "").value();
}

std::string Problem(const Graph& graph, Flavor flavor) {
  const Result<std::string> bytes = Encode(graph, flavor);
  return bytes.ok() ? "" : bytes.error().message;
}

lowbit_onnx::Model ModelOf(const Graph& graph, Flavor flavor) {
  lowbit_onnx::Model model;
  EXPECT_TRUE(model.ParseFromString(Encode(graph, flavor).value()));
  return model;
}

std::vector<std::string> Operators(const lowbit_onnx::Model& model) {
  std::vector<std::string> names;
  for (const lowbit_onnx::Node& node : model.graph().node()) names.push_back(node.op_type());
  return names;
}

const std::vector<float> kOne = {0.3f}, kFour = {0.1f, 0.22f, 1e-3f, 7}, kThree = {1, 0.5f, 0.01f};

std::vector<ValueSet> IntegerSets() {
  return {ValueSet::Binary(),     ValueSet::Ternary(),
          ValueSet::Affine(1, 0), ValueSet::Affine(2, 1),
          ValueSet::Affine(3, 4), ValueSet::Affine(4, 8),
          ValueSet::Affine(4, 3), ValueSet::Affine(8, 128),
          ValueSet::Affine(8, 0), ValueSet::Table({-0.5f, 0, 0.25f, 2}),
          ValueSet::Affine(5, 31)};
}

std::vector<ValueSet> OtherSets() {
  std::vector<float> many(600);  // More vectors than a byte can count.
  for (int i = 0; i < 600; ++i) many[static_cast<size_t>(i)] = static_cast<float>(i - 300) / 512;
  return {ValueSet::Table({-0.7f, 0.1f, 0.3f}), ValueSet::Codebook({0.1f, -0.2f, 0.3f, 0.4f, -1, 2}, 2),
          ValueSet::Codebook(many, 2), ValueSet::ByteCodebook({127, 127, 3, -5, -64, 0}, 2)};  // Of one step: integers.
}

TEST(Write, EveryFlavorAndSetOfValuesComesBackWithTheSameNumbers) {
  std::vector<ValueSet> sets = IntegerSets();
  for (const ValueSet& set : OtherSets()) sets.push_back(set);
  for (const ValueSet& set : sets) {
    const bool integers = set.kind != ValueSet::Kind::kCodebook && AsIntegers(set).has_value();
    for (size_t i = 0; i < FlavorNames().size(); ++i) {
      const Flavor flavor = static_cast<Flavor>(i);
      if (!integers && (flavor == Flavor::kQonnx || flavor == Flavor::kMatMulNBits)) continue;
      for (const bool by_rows : {false, true}) {
        SCOPED_TRACE(set.Name() + " " + FlavorNames()[i] + (by_rows ? " by rows" : ""));
        const Graph plain = Network(set, by_rows ? kFour : kOne, by_rows ? kThree : kOne);
        EXPECT_EQ(Compute(WriteAndRead(plain, flavor)), Compute(plain));
        const Graph graph = IntegerNetwork(set, by_rows ? kFour : kOne, by_rows ? kThree : kOne);
        EXPECT_EQ(Compute(WriteAndRead(graph, flavor)), Compute(graph));
      }
    }
  }
}

TEST(Write, IntegersComeBackAsIntegers) {
  for (const ValueSet& set : IntegerSets()) {
    SCOPED_TRACE(set.Name());
    const Graph graph = IntegerNetwork(set, kFour, kThree);
    for (const Flavor flavor : {Flavor::kQdq, Flavor::kInt4, Flavor::kInt2, Flavor::kMatMulNBits, Flavor::kQonnx}) {
      const Graph again = WriteAndRead(graph, flavor);
      EXPECT_TRUE(std::holds_alternative<QTensor>(again.parameters.at("conv.weight").value));
      EXPECT_EQ(ComputeInIntegers(again), ComputeInIntegers(graph)) << FlavorNames()[static_cast<size_t>(flavor)];
    }
  }
}

TEST(Write, ScalesOfZeroAndBelow) {
  for (const ValueSet& set : {ValueSet::Ternary(), ValueSet::Affine(4, 8), ValueSet::Affine(4, 3)}) {
    SCOPED_TRACE(set.Name());
    const Graph graph = IntegerNetwork(set, {-0.5f, 0, 1e-40f, 2}, {-3});
    for (size_t i = 0; i < FlavorNames().size(); ++i) {
      EXPECT_EQ(Compute(WriteAndRead(graph, static_cast<Flavor>(i))), Compute(graph)) << FlavorNames()[i];
    }
    EXPECT_EQ(ComputeInIntegers(WriteAndRead(graph, Flavor::kQonnx)), ComputeInIntegers(graph));
  }
}

TEST(Write, KeepsNamesAndMetadata) {
  const Graph graph = IntegerNetwork(ValueSet::Ternary(), kOne, kOne);
  const Graph again = WriteAndRead(graph, Flavor::kQonnx);
  EXPECT_EQ(again.name, "net");
  EXPECT_EQ(again.inputs[0].name, "x");
  EXPECT_EQ(again.inputs[0].shape, graph.inputs[0].shape);
  EXPECT_EQ(again.metadata, graph.metadata);
  ASSERT_EQ(again.nodes.size(), graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    EXPECT_EQ(again.nodes[i].op, graph.nodes[i].op);
    EXPECT_EQ(again.nodes[i].name, graph.nodes[i].name);
    EXPECT_EQ(again.nodes[i].outputs, graph.nodes[i].outputs);
    EXPECT_EQ(again.nodes[i].inputs[0], graph.nodes[i].inputs[0]);
  }
  EXPECT_EQ(std::get<QTensor>(again.parameters.at("fc.weight").value).values, ValueSet::Ternary());
}

TEST(Write, ThePlainFlavorsAreFilesOfOpset17) {
  const Graph graph = IntegerNetwork(ValueSet::Affine(3, 4), kOne, kOne);
  for (const Flavor flavor : {Flavor::kFloat, Flavor::kQdq, Flavor::kQonnx}) {
    const lowbit_onnx::Model model = ModelOf(graph, flavor);
    EXPECT_EQ(model.ir_version(), 8);
    EXPECT_EQ(model.opset_import(0).version(), 17);
  }
  EXPECT_EQ(ModelOf(graph, Flavor::kInt4).opset_import(0).version(), 21);
  EXPECT_EQ(ModelOf(graph, Flavor::kInt2).opset_import(0).version(), 25);
}

TEST(Write, QdqPairsStandWhereTheGridsAre) {
  EXPECT_THAT(Operators(ModelOf(IntegerNetwork(ValueSet::Ternary(), kOne, kOne), Flavor::kQdq)),
              ElementsAre("QuantizeLinear", "DequantizeLinear", "DequantizeLinear", "Conv", "BatchNormalization",
                          "Relu", "Clip", "QuantizeLinear", "DequantizeLinear", "Flatten", "DequantizeLinear", "Gemm"));
}

TEST(Write, LowBitTypesAreAsNarrowAsTheValues) {
  const auto type_of = [](const ValueSet& set, Flavor flavor) {
    const lowbit_onnx::Model model = ModelOf(Network(set, kOne, kOne), flavor);
    for (const lowbit_onnx::Tensor& tensor : model.graph().initializer()) {
      if (tensor.name() == "conv.weight/integers") return tensor.data_type();
    }
    return 0;
  };
  constexpr int32_t kUint8 = 2, kInt8 = 3, kUint4 = 21, kInt4 = 22, kUint2 = 25, kInt2 = 26;
  EXPECT_EQ(type_of(ValueSet::Ternary(), Flavor::kQdq), kInt8);
  EXPECT_EQ(type_of(ValueSet::Affine(8, 0), Flavor::kQdq), kUint8);
  EXPECT_EQ(type_of(ValueSet::Ternary(), Flavor::kInt4), kInt4);
  EXPECT_EQ(type_of(ValueSet::Affine(4, 3), Flavor::kInt4), kUint4);
  EXPECT_EQ(type_of(ValueSet::Affine(8, 128), Flavor::kInt4), kInt8);
  EXPECT_EQ(type_of(ValueSet::Ternary(), Flavor::kInt2), kInt2);
  EXPECT_EQ(type_of(ValueSet::Affine(2, 1), Flavor::kInt2), kUint2);
  EXPECT_EQ(type_of(ValueSet::Affine(4, 8), Flavor::kInt2), kInt4);
}

TEST(Write, SignsAreChosen) {
  Graph graph = Network(ValueSet::Binary(), kOne, kOne);
  graph.parameters["one"].value = FloatTensor({}, {1.5f});
  graph.nodes.insert(graph.nodes.begin() + 3, {"sign", "BipolarQuant", {"bn", "one"}, {"sign"}, {}});
  graph.nodes[4].inputs[0] = "sign";
  for (size_t i = 0; i < FlavorNames().size(); ++i) {
    EXPECT_EQ(Compute(WriteAndRead(graph, static_cast<Flavor>(i))), Compute(graph)) << FlavorNames()[i];
  }
}

TEST(Write, ZeroPointsOfActivationsMoveTheGrid) {
  Graph graph = Network(ValueSet::Ternary(), kOne, kOne);
  AddQuant(&graph, "relu", "q", 0.11f, 3, 5, true);
  std::rotate(graph.nodes.begin() + 3, graph.nodes.end() - 1, graph.nodes.end());
  graph.nodes[4].inputs[0] = "q";
  for (const Flavor flavor : {Flavor::kFloat, Flavor::kQdq, Flavor::kQonnx}) {
    EXPECT_EQ(Compute(WriteAndRead(graph, flavor)), Compute(graph));
  }
}

TEST(Write, ConditionsAndPositionsGetTheirTypes) {
  Graph graph;
  graph.inputs = {{"x", {kDynamic, 2, 3, 4}}};
  graph.outputs = {"y", "largest"};
  graph.parameters["zero"].value = FloatTensor({}, {0});
  graph.parameters["axes"].value = Int64Tensor({1}, {1});
  graph.nodes = {{"less", "Less", {"x", "zero"}, {"less"}, {}},
                 {"times", "Mul", {"less", "x"}, {"times"}, {}},
                 {"where", "Where", {"times", "x", "zero"}, {"where"}, {}},
                 {"mean", "ReduceMean", {"where", "axes"}, {"y"}, {{"keepdims", int64_t{0}}}},
                 {"arg", "ArgMax", {"y"}, {"largest"}, {{"axis", int64_t{1}}}}};
  const lowbit_onnx::Model model = ModelOf(graph, Flavor::kFloat);
  EXPECT_THAT(Operators(model), ElementsAre("Less", "Cast", "Mul", "Cast", "Where", "ReduceMean", "ArgMax"));
  EXPECT_EQ(model.graph().output(1).type().tensor_type().elem_type(), 7);
  EXPECT_EQ(model.graph().output(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
  EXPECT_EQ(Compute(WriteAndRead(graph, Flavor::kFloat)), Compute(graph));
}

TEST(Write, LevelsAreChosenFromATable) {
  Graph graph;
  graph.name = "levels";
  graph.inputs = {{"x", {kDynamic, 2, 3, 4}}};
  graph.outputs = {"y"};
  const LevelGrid grid = ElasticLevels(2, 1, true);
  const auto vector = [](const std::vector<float>& values) {
    return FloatTensor({static_cast<int64_t>(values.size())}, values);
  };
  graph.parameters["scale"].value = FloatTensor({}, {0.25f});
  graph.parameters["thresholds"].value = vector(grid.thresholds);
  graph.parameters["levels"].value = vector(grid.levels);
  graph.nodes = {{"y", "LevelQuant", {"x", "scale", "thresholds", "levels"}, {"y"}, {}}};
  EXPECT_THAT(Operators(ModelOf(graph, Flavor::kFloat)),
              ElementsAre("Div", "Unsqueeze", "GreaterOrEqual", "Cast", "ReduceSum", "Gather"));
  EXPECT_EQ(Compute(WriteAndRead(graph, Flavor::kFloat)), Compute(graph));
}

// --- Weights beside the file.

class Beside : public ::testing::Test {
 protected:
  Beside() : folder_(::testing::TempDir() + "lowbit_onnx_beside"), path_(folder_ + "/net.onnx") {
    std::filesystem::create_directories(folder_);
    graph_ = Network(ValueSet::Affine(8, 128), kOne, kOne);
    graph_.parameters["wide"].value = Weights({17, 3}, ValueSet::Affine(8, 128), kOne);
    graph_.parameters["wider"].value = Weights({300, 17}, ValueSet::Affine(8, 128), kOne);
    graph_.nodes.push_back({"more", "Gemm", {"y", "wide"}, {"more"}, {{"transB", int64_t{1}}}});
    graph_.nodes.push_back({"most", "Gemm", {"more", "wider"}, {"most"}, {{"transB", int64_t{1}}}});
    graph_.outputs = {"most"};
  }
  ~Beside() override { std::filesystem::remove_all(folder_); }

  std::vector<double> Most(const Graph& graph) const {
    return Evaluate(graph, {{"x", Image()}}).value().at("most").data;
  }

  std::string folder_, path_;
  Graph graph_;
};

TEST_F(Beside, WeightsOfAKibibyteAndMoreCanBeOutside) {
  const WrittenFiles written = Write(graph_, Flavor::kFloat, path_, {true, kMaxFileBytes}).value();
  EXPECT_EQ(written.data_path, path_ + ".data");
  EXPECT_EQ(written.data_bytes, 300 * 17 * 4);
  EXPECT_EQ(static_cast<int64_t>(std::filesystem::file_size(path_)), written.model_bytes);
  EXPECT_EQ(static_cast<int64_t>(std::filesystem::file_size(written.data_path)), written.data_bytes);
  EXPECT_LT(written.model_bytes, 300 * 17);
  EXPECT_EQ(Most(Read(path_).value()), Most(graph_));
}

TEST_F(Beside, EachBeginsOnAPage) {
  graph_.parameters["wide"].value = Weights({300, 3}, ValueSet::Affine(8, 128), kOne);
  graph_.parameters["wider"].value = Weights({300, 300}, ValueSet::Affine(8, 128), kOne);
  const WrittenFiles written = Write(graph_, Flavor::kFloat, path_, {true, kMaxFileBytes}).value();
  EXPECT_EQ(written.data_bytes, 4096 + 300 * 300 * 4);
  EXPECT_EQ(Most(Read(path_).value()), Most(graph_));
}

TEST_F(Beside, WeightsGoThereWhereOneFileIsTooSmall) {
  EXPECT_EQ(Write(graph_, Flavor::kQdq, path_).value().data_path, "");
  const WrittenFiles written = Write(graph_, Flavor::kQdq, path_, {false, 5000}).value();
  EXPECT_EQ(written.data_bytes, 300 * 17);
  EXPECT_EQ(Most(Read(path_).value()), Most(graph_));
  const Result<WrittenFiles> smaller = Write(graph_, Flavor::kQdq, path_, {false, 500});
  ASSERT_FALSE(smaller.ok());
  EXPECT_THAT(smaller.error().message, HasSubstr("at most 500 are possible"));
  EXPECT_EQ(Most(Read(path_).value()), Most(graph_));  // Nothing was written.
}

TEST_F(Beside, NoDataStaysWithoutItsModel) {
  std::filesystem::create_directories(path_ + "/in_the_way");
  const Result<WrittenFiles> written = Write(graph_, Flavor::kFloat, path_, {true, kMaxFileBytes});
  ASSERT_FALSE(written.ok());
  EXPECT_THAT(written.error().message, HasSubstr(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".data"));
}

// Two LSTMs in opposite directions whose batch comes first, from given states; all that they make is told.
Graph BatchFirst() {
  Graph graph;
  graph.name = "net";
  graph.inputs = {{"x", {kDynamic, 4, 2}}, {"h", {kDynamic, 2, 3}}, {"c", {kDynamic, 2, 3}}};
  graph.outputs = {"y", "y_h", "y_c"};
  graph.parameters["w"].value = Weights({2, 12, 2}, ValueSet::Ternary(), {0.5f, 0.25f});
  graph.parameters["r"].value = Weights({2, 12, 3}, ValueSet::Ternary(), {0.3f, 0.7f});
  graph.nodes = {{"lstm",
                  "LSTM",
                  {"x", "w", "r", "", "", "h", "c"},
                  {"y", "y_h", "y_c"},
                  {{"layout", int64_t{1}}, {"hidden_size", int64_t{3}}, {"direction", std::string("bidirectional")}}}};
  return graph;
}

TEST(Write, RecurrentLayersHaveTheirStepsFirst) {
  const Graph graph = BatchFirst();
  std::map<std::string, DoubleTensor> inputs;
  for (const GraphInput& input : graph.inputs) {
    Shape shape = input.shape;
    shape[0] = 3;
    DoubleTensor& values = inputs[input.name] = DoubleTensor(shape);
    for (size_t i = 0; i < values.data.size(); ++i) values.data[i] = static_cast<double>(i * 13 % 17) / 8 - 1;
  }
  const Graph read = WriteAndRead(graph, Flavor::kFloat);
  for (const Node& node : read.nodes) EXPECT_EQ(IntAttribute(node, "layout", 0), 0) << node.name;
  const auto expected = Evaluate(graph, inputs).value(), actual = Evaluate(read, inputs).value();
  for (const std::string& output : graph.outputs) {
    EXPECT_EQ(actual.at(output).shape, expected.at(output).shape);
    EXPECT_EQ(actual.at(output).data, expected.at(output).data);
  }
}

TEST(Write, RefusesAQuantizedState) {
  Graph graph;
  graph.inputs = {{"x", {3, 1, 2}}};
  graph.outputs = {"y"};
  graph.parameters["w"].value = graph.parameters["r"].value = FloatTensor({1, 2, 2});
  graph.nodes = {{"rnn", "RNN", {"x", "w", "r"}, {"y"}, {{"hidden_bits", int64_t{8}}}}};
  EXPECT_THAT(Problem(graph, Flavor::kFloat),
              HasSubstr("node 'rnn' (RNN): ONNX has no recurrent layers with a quantized"));
}

TEST(Write, RefusesWhatAFlavorHasNoFormFor) {
  Graph graph = Network(ValueSet::Table({-0.7f, 0.1f}), kOne, kOne);
  EXPECT_EQ(Problem(graph, Flavor::kQonnx),
            "node 'conv' (Conv): its weights 'conv.weight' (table2) are no integers times a scale above 0, as QONNX "
            "wants them; choose flavor float or qdq");
  EXPECT_THAT(Problem(graph, Flavor::kMatMulNBits), HasSubstr("has no linear layer with low-bit weights"));
  graph = IntegerNetwork(ValueSet::Ternary(), kOne, kOne);
  graph.parameters["x8.bits"].value = FloatTensor({}, {9});
  EXPECT_EQ(Problem(graph, Flavor::kQdq),
            "node 'x8' (Quant): its grid does not fit 8 bits; choose flavor float or qonnx");
  graph = IntegerNetwork(ValueSet::Binary(), {0}, kOne);
  EXPECT_THAT(Problem(graph, Flavor::kQonnx), HasSubstr("are no integers times a scale above 0"));
}

TEST(Write, RefusesAFlavorThatTheNetworkHasNothingFor) {
  Graph graph = Network(ValueSet::Ternary(), kOne, kOne);
  for (const char* name : {"conv.weight", "fc.weight"}) {
    graph.parameters[name].value = Dequantize(std::get<QTensor>(graph.parameters[name].value));
  }
  EXPECT_EQ(Problem(graph, Flavor::kFloat), "");
  EXPECT_EQ(Problem(graph, Flavor::kInt4),
            "has no low-bit weights, which flavor int4 is for; choose float, or quantize it with `lowbit calibrate` "
            "before");
  EXPECT_THAT(Problem(graph, Flavor::kQdq), HasSubstr("no low-bit weights and no quantized activations"));
  EXPECT_EQ(ParseFlavor("qonx").error().message,
            "unknown flavor 'qonx'; did you mean 'qonnx'? known: float, qdq, int4, int2, matmulnbits, qonnx");
}

}  // namespace
}  // namespace lowbit::onnx
