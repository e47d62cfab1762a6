#include "lowbit/format/safetensors/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace lowbit::safetensors {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Role = ParameterTraits::Role;

void AddParameter(Graph* graph, const std::string& name, Role role, const Shape& shape) {
  Parameter& parameter = graph->parameters[name];
  parameter.value = FloatTensor(shape, std::vector<float>(static_cast<size_t>(Elements(shape)), -1));
  parameter.traits.role = role;
}

// The parameters of a convolution, a batch normalization and a fully connected layer; the nodes do not matter.
Graph SomeGraph() {
  Graph graph;
  graph.name = "tiny";
  AddParameter(&graph, "conv1.weight", Role::kWeight, {2, 1, 1, 1});
  AddParameter(&graph, "bn1.scale", Role::kBias, {2});
  AddParameter(&graph, "bn1.bias", Role::kBias, {2});
  AddParameter(&graph, "bn1.mean", Role::kStatistic, {2});
  AddParameter(&graph, "bn1.var", Role::kStatistic, {2});
  AddParameter(&graph, "fc.weight", Role::kWeight, {3, 2});
  AddParameter(&graph, "fc.bias", Role::kBias, {3});
  AddParameter(&graph, "input.sub.value", Role::kConstant, {1});
  return graph;
}

File PyTorchFile() {
  File file;
  file.tensors["conv1.weight"] = MakeTensor<float>({2, 1, 1, 1}, {1, 2});
  file.tensors["bn1.weight"] = MakeTensor<float>({2}, {3, 4});
  file.tensors["bn1.bias"] = MakeTensor<float>({2}, {5, 6});
  file.tensors["bn1.running_mean"] = MakeTensor<float>({2}, {7, 8});
  file.tensors["bn1.running_var"] = MakeTensor<double>({2}, {9, 10});
  file.tensors["bn1.num_batches_tracked"] = MakeTensor<int64_t>({}, {1000});
  file.tensors["fc.weight"] = MakeTensor<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  file.tensors["fc.bias"] = MakeTensor<float>({3}, {7, 8, 9});
  return file;
}

// The same as PyTorchFile with other names.
File Renamed(const std::map<std::string, std::string>& names) {
  File file;
  for (auto& [name, tensor] : PyTorchFile().tensors) {
    const auto found = names.find(name);
    file.tensors[found == names.end() ? name : found->second] = tensor;
  }
  return file;
}

std::vector<float> Floats(const Graph& graph, const std::string& name) {
  return std::get<FloatTensor>(graph.parameters.at(name).value).data;
}

void ExpectFilled(const File& file) {
  Graph graph = SomeGraph();
  const Status set = SetWeights(file, {}, &graph);
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_EQ(Floats(graph, "conv1.weight"), (std::vector<float>{1, 2}));
  EXPECT_EQ(Floats(graph, "bn1.scale"), (std::vector<float>{3, 4}));
  EXPECT_EQ(Floats(graph, "bn1.bias"), (std::vector<float>{5, 6}));
  EXPECT_EQ(Floats(graph, "bn1.mean"), (std::vector<float>{7, 8}));
  EXPECT_EQ(Floats(graph, "bn1.var"), (std::vector<float>{9, 10}));
  EXPECT_EQ(Floats(graph, "fc.weight"), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(Floats(graph, "fc.bias"), (std::vector<float>{7, 8, 9}));
  EXPECT_EQ(Floats(graph, "input.sub.value"), std::vector<float>{-1});
}

std::string ErrorOf(const File& file, const std::vector<std::string>& skip = {}) {
  Graph graph = SomeGraph();
  const Status set = SetWeights(file, skip, &graph);
  EXPECT_FALSE(set.ok());
  return set.ok() ? "" : set.error().message;
}

TEST(SetWeights, TakesPyTorchsNames) { ExpectFilled(PyTorchFile()); }

TEST(SetWeights, TakesNamesBehindModule) {
  std::map<std::string, std::string> names;
  for (const auto& [name, tensor] : PyTorchFile().tensors) names[name] = "module." + name;
  ExpectFilled(Renamed(names));
}

TEST(SetWeights, TakesCaffesStrokesForPoints) {
  ExpectFilled(Renamed({{"fc.weight", "fc/weight"}, {"conv1.weight", "module.conv1/weight"}}));
}

TEST(SetWeights, TakesACheckpointOfARun) {
  File file = Renamed({{"conv1.weight", "parameter/conv1.weight"},
                       {"bn1.weight", "parameter/bn1.scale"},
                       {"bn1.bias", "parameter/bn1.bias"},
                       {"bn1.running_mean", "buffer/bn1.mean"},
                       {"bn1.running_var", "buffer/bn1.var"},
                       {"fc.weight", "parameter/fc.weight"},
                       {"fc.bias", "parameter/fc.bias"}});
  file.tensors["buffer/bn1/average_factor"] = MakeTensor<double>({1}, {3});
  file.tensors["parameter/conv1.weight/log_step"] = MakeTensor<float>({1}, {3});
  file.tensors["optimizer/conv1.weight/momentum"] = MakeTensor<float>({1}, {3});
  file.tensors["codes/conv1.weight"] = MakeTensor<float>({1}, {3});
  ExpectFilled(file);
}

// 1.5 and -2 as IEEE binary16 and as bfloat16.
TEST(SetWeights, TakesHalfPrecision) {
  for (const auto& [dtype, bytes] : std::map<Dtype, std::vector<uint8_t>>{{Dtype::kF16, {0x00, 0x3E, 0x00, 0xC0}},
                                                                          {Dtype::kBF16, {0xC0, 0x3F, 0x00, 0xC0}}}) {
    File file = PyTorchFile();
    file.tensors["bn1.bias"].dtype = dtype;
    file.tensors["bn1.bias"].bytes = bytes;
    Graph graph = SomeGraph();
    ASSERT_TRUE(SetWeights(file, {}, &graph).ok());
    EXPECT_EQ(Floats(graph, "bn1.bias"), (std::vector<float>{1.5f, -2})) << Name(dtype);
  }
}

TEST(SetWeights, NamesWhatIsMissing) {
  File file = PyTorchFile();
  file.tensors.erase("bn1.running_var");
  EXPECT_EQ(ErrorOf(file), "has no tensor for the network's 'bn1.var' [2]");
}

TEST(SetWeights, NamesBothShapes) {
  File file = PyTorchFile();
  file.tensors["fc.weight"] = MakeTensor<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(ErrorOf(file), "tensor 'fc.weight' has shape [2, 3]; the network's 'fc.weight' has [3, 2]");
}

TEST(SetWeights, NamesWhatBelongsNowhere) {
  File file = PyTorchFile();
  file.tensors["conv2.weight"] = MakeTensor<float>({1}, {1});
  EXPECT_THAT(ErrorOf(file),
              AllOf(HasSubstr("'conv2.weight' [1] belongs to no parameter"), HasSubstr("'conv1.weight'")));
  file = PyTorchFile();
  file.tensors["input.sub.value"] = MakeTensor<float>({1}, {1});
  EXPECT_THAT(ErrorOf(file), HasSubstr("'input.sub.value'"));
}

TEST(SetWeights, RefusesTwoTensorsForOneParameter) {
  File file = PyTorchFile();
  file.tensors["module.conv1.weight"] = file.tensors["conv1.weight"];
  EXPECT_THAT(ErrorOf(file), HasSubstr("more than one tensor for 'conv1.weight'"));
}

TEST(SetWeights, RefusesIntegersAndNumbersThatAreNone) {
  File file = PyTorchFile();
  file.tensors["fc.bias"] = MakeTensor<int32_t>({3}, {1, 2, 3});
  EXPECT_THAT(ErrorOf(file), AllOf(HasSubstr("'fc.bias' has dtype I32"), HasSubstr("BF16")));
  file.tensors["fc.bias"] = MakeTensor<float>({3}, {1, NAN, 3});
  EXPECT_THAT(ErrorOf(file), HasSubstr("'fc.bias' holds a value that is not finite"));
}

TEST(SetWeights, LeavesSkippedLayersAsTheyAre) {
  File file = PyTorchFile();
  file.tensors["fc.weight"] = MakeTensor<float>({1, 2}, {1, 2});
  file.tensors.erase("fc.bias");
  Graph graph = SomeGraph();
  ASSERT_TRUE(SetWeights(file, {"fc"}, &graph).ok());
  EXPECT_EQ(Floats(graph, "fc.weight"), std::vector<float>(6, -1));
  EXPECT_EQ(Floats(graph, "fc.bias"), std::vector<float>(3, -1));
  EXPECT_EQ(Floats(graph, "bn1.mean"), (std::vector<float>{7, 8}));
}

TEST(SetWeights, SkipsAHeadThatOnlyTheFileHas) {
  File file = PyTorchFile();
  file.tensors["head.weight"] = MakeTensor<float>({1}, {1});
  Graph graph = SomeGraph();
  EXPECT_TRUE(SetWeights(file, {"head"}, &graph).ok());
}

TEST(SetWeights, RefusesToSkipWhatIsNowhere) {
  EXPECT_THAT(ErrorOf(PyTorchFile(), {"fd"}), AllOf(HasSubstr("'fd' to be skipped"), HasSubstr("'fc'")));
  // A layer is a whole part of a name.
  EXPECT_THAT(ErrorOf(PyTorchFile(), {"conv"}), HasSubstr("'conv' to be skipped"));
}

TEST(LoadWeights, BeginsMessagesWithThePath) {
  const std::string path = (std::filesystem::temp_directory_path() / "lowbit_weights_test.safetensors").string();
  File file = PyTorchFile();
  ASSERT_TRUE(Write(file, path).ok());
  Graph graph = SomeGraph();
  EXPECT_TRUE(LoadWeights(path, {}, &graph).ok());
  file.tensors.erase("fc.bias");
  ASSERT_TRUE(Write(file, path).ok());
  const Status missing = LoadWeights(path, {}, &graph);
  std::filesystem::remove(path);
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, StartsWith(path + ": has no tensor for the network's 'fc.bias' [3]"));
  EXPECT_FALSE(LoadWeights(path, {}, &graph).ok());
}

}  // namespace
}  // namespace lowbit::safetensors
