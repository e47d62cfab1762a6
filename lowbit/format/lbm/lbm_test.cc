#include "lowbit/format/lbm/lbm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "lowbit/core/validate.h"
#include "lowbit/format/lbm/header.h"
#include "lowbit/format/lbm/test_graphs.h"

namespace lowbit::lbm {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<uint8_t> EncodeOk(const Graph& graph) {
  auto bytes = Encode(graph);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return bytes.ok() ? std::move(bytes).value() : std::vector<uint8_t>();
}

void ExpectRoundTrip(const Graph& graph) {
  const std::vector<uint8_t> bytes = EncodeOk(graph);
  const auto back = Decode(bytes, "test");
  ASSERT_TRUE(back.ok()) << back.error().message;
  ExpectSame(graph, back.value());
  EXPECT_EQ(EncodeOk(back.value()), bytes);
}

std::string DecodeError(const std::vector<uint8_t>& bytes) {
  const auto graph = Decode(bytes, "net.lbm");
  EXPECT_FALSE(graph.ok());
  return graph.ok() ? "" : graph.error().message;
}

TEST(Lbm, MixedGraphComesBack) { ExpectRoundTrip(MixedGraph()); }

TEST(Lbm, EveryValueSetComesBackAtEveryShape) {
  for (size_t which = 0; which < kValueSets; ++which) {
    for (const int64_t columns : {1, 4, 5, 6, 7, 9, 16, 77}) {
      const CounterRandom random(which, StreamOf("values"), static_cast<uint64_t>(columns));
      const ValueSet values = ValueSetOfKind(which, random);
      if (columns % values.block != 0) continue;
      for (const int64_t rows : {1, 2, 5}) {
        SCOPED_TRACE(values.Name() + " [" + std::to_string(rows) + ", " + std::to_string(columns) + "]");
        ExpectRoundTrip(GemmGraph(RandomQTensor({rows, columns}, values, rows % 2 == 0, random)));
      }
    }
  }
}

TEST(Lbm, NegativeZeroAttributeComesBack) {
  Graph graph = MixedGraph();
  graph.nodes[1].attributes["alpha"] = -0.0;
  graph.nodes.push_back(MakeNode("LeakyRelu", {"act"}, "act2", {{"alpha", 0.0}}));
  const auto back = Decode(EncodeOk(graph), "test");
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(std::signbit(std::get<double>(back.value().nodes[1].attributes.at("alpha"))));
  EXPECT_FALSE(std::signbit(std::get<double>(back.value().nodes[5].attributes.at("alpha"))));
}

TEST(Lbm, BytesMayLieAtAnyAlignment) {
  const std::vector<uint8_t> bytes = EncodeOk(MixedGraph());
  std::vector<uint8_t> moved(bytes.size() + 8);
  for (size_t shift = 0; shift < 8; ++shift) {
    std::copy(bytes.begin(), bytes.end(), moved.begin() + static_cast<int64_t>(shift));
    const auto graph = Decode(Span<const uint8_t>(moved.data() + shift, bytes.size()), "test");
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    ExpectSame(graph.value(), MixedGraph());
  }
}

TEST(Lbm, EncodeRejectsWhatValidateRejects) {
  Graph graph = MixedGraph();
  graph.nodes[0].op = "Konv";
  const auto bytes = Encode(graph);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().message, Validate(graph).error().message);
}

TEST(Lbm, EncodeRejectsTextThatIsNotUtf8) {
  Graph graph = MixedGraph();
  graph.metadata["labels"] = "\xFF";
  ASSERT_FALSE(Encode(graph).ok());
  EXPECT_EQ(Encode(graph).error().message, "graph: metadata is not UTF-8");
}

TEST(LbmFile, WriteOpenRead) {
  const std::string path = testing::TempDir() + "/lowbit_lbm_test.lbm";
  const Graph graph = MixedGraph();
  ASSERT_TRUE(Write(graph, path).ok());
  const auto read = Read(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  ExpectSame(graph, read.value());

  const auto file = Open(path);
  ASSERT_TRUE(file.ok()) << file.error().message;
  ExpectSame(graph, file.value().graph());
  EXPECT_EQ(file.value().TotalBytes(), std::filesystem::file_size(path));
  std::filesystem::remove(path);
}

TEST(LbmFile, LayoutAddsUp) {
  const std::string path = testing::TempDir() + "/lowbit_lbm_layout.lbm";
  ASSERT_TRUE(Write(MixedGraph(), path).ok());
  const auto opened = Open(path);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const File& file = opened.value();
  ASSERT_EQ(file.Layout().size(), 5u);

  const StoredParameter& weight = file.Layout()[1];
  EXPECT_EQ(weight.name, "conv.w");
  EXPECT_EQ(weight.values, "ternary");
  EXPECT_EQ(weight.encoding, "trits");
  EXPECT_EQ(weight.scale_bytes, 4 * 4u);
  EXPECT_EQ(weight.bytes, 4 * 4 + 4 * 6u);  // Four rows of 27 trits in 6 bytes.
  EXPECT_EQ(file.Bytes(weight).size(), weight.bytes);

  const StoredParameter& fc = file.Layout()[2];
  EXPECT_EQ(fc.encoding, "3 bits");
  EXPECT_EQ(fc.bytes, 4 + 3 * 2u);

  uint64_t sum = file.OverheadBytes();
  for (const StoredParameter& stored : file.Layout()) {
    EXPECT_EQ(stored.offset % kParameterAlignment, 0u);
    sum += stored.bytes;
  }
  EXPECT_EQ(sum, file.TotalBytes());
  std::filesystem::remove(path);
}

TEST(LbmFile, WriteToAMissingFolderFails) {
  const Status status = Write(MixedGraph(), testing::TempDir() + "/no/such/folder/net.lbm");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("cannot create"));
}

TEST(LbmFile, EmptyAndMissingFiles) {
  const std::string path = testing::TempDir() + "/lowbit_lbm_empty.lbm";
  std::ofstream(path).close();
  const auto empty = Open(path);
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().message, path + ": is empty; expected an .lbm file");
  std::filesystem::remove(path);
  EXPECT_THAT(Read(path).error().message, HasSubstr("cannot open"));
}

TEST(LbmDamage, EveryByteCounts) {
  const std::vector<uint8_t> bytes = EncodeOk(MixedGraph());
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const uint8_t flip : {0x01, 0x80, 0xFF, 0x20}) {
      std::vector<uint8_t> damaged = bytes;
      damaged[i] ^= flip;
      const auto graph = Decode(damaged, "net.lbm");
      ASSERT_FALSE(graph.ok()) << "byte " << i << " changed by " << static_cast<int>(flip);
      EXPECT_THAT(graph.error().message, StartsWith("net.lbm: "));
    }
  }
}

TEST(LbmDamage, EveryTruncationIsSeen) {
  const std::vector<uint8_t> bytes = EncodeOk(MixedGraph());
  for (size_t size = 1; size < bytes.size(); ++size) {
    const std::string message =
        DecodeError(std::vector<uint8_t>(bytes.begin(), bytes.begin() + static_cast<int64_t>(size)));
    EXPECT_THAT(message, HasSubstr("is truncated"));
  }
}

TEST(LbmDamage, BytesAfterTheEnd) {
  std::vector<uint8_t> bytes = EncodeOk(MixedGraph());
  bytes.push_back(0);
  EXPECT_THAT(DecodeError(bytes), HasSubstr("has bytes after its end"));
}

// Ten layers of convolution, batch normalization and activation, as large as the demo's network: the promise is
// 1.6 bits a ternary weight, 4 bytes a float parameter and 8 KiB for everything else.
Graph TenLayers() {
  const CounterRandom random(7, StreamOf("ten layers"));
  Graph graph;
  graph.name = "small";
  graph.inputs = {{"image", {kDynamic, 1, 28, 28}}};
  std::string value = "image";
  int64_t channels = 1;
  const auto floats = [&](const std::string& name, int64_t count) {
    graph.parameters[name].value = FloatTensor({count}, std::vector<float>(static_cast<size_t>(count), 0.5f));
  };
  for (int layer = 0; layer < 10; ++layer) {
    const std::string name = "stage" + std::to_string(layer / 3) + ".block" + std::to_string(layer % 3);
    const int64_t out = 32 + 16 * layer;
    graph.parameters[name + ".conv.weight"].value =
        RandomQTensor({out, channels, 3, 3}, ValueSet::Ternary(), true, random);
    graph.nodes.push_back(
        MakeNode("Conv", {value, name + ".conv.weight"}, name + ".conv",
                 {{"kernel_shape", std::vector<int64_t>{3, 3}},
                  {"pads", std::vector<int64_t>{1, 1, 1, 1}},
                  {"strides", std::vector<int64_t>{layer % 4 == 3 ? 2 : 1, layer % 4 == 3 ? 2 : 1}}}));
    std::vector<std::string> inputs = {name + ".conv"};
    for (const char* part : {".norm.scale", ".norm.bias", ".norm.mean", ".norm.variance"}) {
      floats(name + part, out);
      inputs.push_back(name + part);
    }
    graph.nodes.push_back(MakeNode("BatchNormalization", inputs, name + ".norm", {{"epsilon", 1e-5}}));
    graph.nodes.push_back(MakeNode("Relu", {name + ".norm"}, name + ".relu"));
    value = name + ".relu";
    channels = out;
  }
  graph.nodes.push_back(MakeNode("GlobalAveragePool", {value}, "pool"));
  graph.nodes.push_back(MakeNode("Flatten", {"pool"}, "flat"));
  graph.nodes.push_back(
      MakeNode("Gemm", {"flat", "classifier.weight", "classifier.bias"}, "logits", {{"transB", int64_t{1}}}));
  graph.parameters["classifier.weight"].value = RandomQTensor({10, channels}, ValueSet::Ternary(), true, random);
  floats("classifier.bias", 10);
  graph.outputs = {"logits"};
  graph.metadata = {{"labels", "T-shirt/top\nTrouser\nPullover\nDress\nCoat\nSandal\nShirt\nSneaker\nBag\nAnkle boot"},
                    {"dataset", "fashion-mnist"},
                    {"recipe", "recipes/fashion-mnist/small-sq-ternary.toml"}};
  return graph;
}

TEST(LbmBudget, TenTernaryLayers) {
  const Graph graph = TenLayers();
  ExpectRoundTrip(graph);
  uint64_t weights = 0;
  for (const auto& [name, parameter] : graph.parameters) {
    if (const QTensor* tensor = std::get_if<QTensor>(&parameter.value)) {
      weights += 4 * tensor->scales.size() + static_cast<uint64_t>(tensor->Rows() * ((tensor->Columns() + 4) / 5));
    } else {
      weights += 4 * std::get<FloatTensor>(parameter.value).data.size();
    }
  }
  const uint64_t file = EncodeOk(graph).size();
  EXPECT_LE(file, weights + 8 * 1024);
}

}  // namespace
}  // namespace lowbit::lbm
