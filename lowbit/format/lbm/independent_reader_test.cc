// The library's reader against one written from FORMAT.md alone, and against the example that FORMAT.md prints.

#include <gtest/gtest.h>

#include <sstream>

#include "lowbit/base/file.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/format/lbm/test_graphs.h"
#include "lowbit/format/lbm/test_independent_reader.h"

namespace lowbit::lbm {
namespace {

void ExpectSameAttribute(const independent::NetworkAttribute& a, const Attribute& b) {
  ASSERT_EQ(static_cast<size_t>(a.type), b.index());
  if (const auto* value = std::get_if<int64_t>(&b)) {
    EXPECT_EQ(a.ints, std::vector<int64_t>{*value});
  }
  if (const auto* value = std::get_if<double>(&b)) {
    EXPECT_EQ(a.floats, std::vector<double>{*value});
  }
  if (const auto* value = std::get_if<std::string>(&b)) {
    EXPECT_EQ(a.text, *value);
  }
  if (const auto* value = std::get_if<std::vector<int64_t>>(&b)) {
    EXPECT_EQ(a.ints, *value);
  }
  if (const auto* value = std::get_if<std::vector<double>>(&b)) {
    EXPECT_EQ(a.floats, *value);
  }
}

void ExpectSameNode(const independent::NetworkNode& a, const Node& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.op, b.op);
  EXPECT_EQ(a.inputs, b.inputs);
  EXPECT_EQ(a.outputs, b.outputs);
  ASSERT_EQ(a.attributes.size(), b.attributes.size());
  for (const auto& [name, attribute] : a.attributes) {
    ASSERT_EQ(b.attributes.count(name), 1u) << name;
    ExpectSameAttribute(attribute, b.attributes.at(name));
  }
}

void ExpectSameParameter(const independent::NetworkParameter& a, const Parameter& b) {
  EXPECT_EQ(a.shape, b.shape());
  if (const auto* tensor = std::get_if<FloatTensor>(&b.value)) {
    EXPECT_EQ(a.floats, tensor->data);
  }
  if (const auto* tensor = std::get_if<Int64Tensor>(&b.value)) {
    EXPECT_EQ(a.ints, tensor->data);
  }
  if (const auto* tensor = std::get_if<QTensor>(&b.value)) {
    EXPECT_EQ(a.floats, Dequantize(*tensor).data);
  }
}

void ExpectBothReadersAgree(const std::vector<uint8_t>& bytes) {
  const auto read = Decode(bytes, "test");
  ASSERT_TRUE(read.ok()) << read.error().message;
  const Graph& graph = read.value();
  const independent::Network network = independent::Reader(bytes).Read();
  EXPECT_EQ(network.name, graph.name);
  EXPECT_EQ(network.outputs, graph.outputs);
  EXPECT_EQ(network.metadata, graph.metadata);
  ASSERT_EQ(network.inputs.size(), graph.inputs.size());
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    EXPECT_EQ(network.inputs[i].name, graph.inputs[i].name);
    EXPECT_EQ(network.inputs[i].shape, graph.inputs[i].shape);
  }
  ASSERT_EQ(network.nodes.size(), graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) ExpectSameNode(network.nodes[i], graph.nodes[i]);
  ASSERT_EQ(network.parameters.size(), graph.parameters.size());
  for (const auto& [name, parameter] : network.parameters) {
    SCOPED_TRACE(name);
    ASSERT_EQ(graph.parameters.count(name), 1u);
    ExpectSameParameter(parameter, graph.parameters.at(name));
  }
}

// The dump behind the line `<!-- example: tiny.lbm -->`.
std::vector<uint8_t> ExampleOfFormatMd() {
  std::istringstream text(ReadTextFile(LOWBIT_FORMAT_MD).value());
  std::string line;
  while (std::getline(text, line) && line != "<!-- example: tiny.lbm -->") {
  }
  while (std::getline(text, line) && line != "```") {
  }
  std::vector<uint8_t> bytes;
  while (std::getline(text, line) && line != "```") {
    std::istringstream columns(line);
    size_t offset = 0;
    columns >> std::hex >> offset;
    EXPECT_EQ(offset, bytes.size());
    for (unsigned byte; columns >> byte;) bytes.push_back(static_cast<uint8_t>(byte));
  }
  return bytes;
}

TEST(IndependentReader, AgreesOnTheMixedGraph) { ExpectBothReadersAgree(Encode(MixedGraph()).value()); }

TEST(IndependentReader, AgreesOnEveryValueSet) {
  for (size_t which = 0; which < kValueSets; ++which) {
    const CounterRandom random(which, StreamOf("independent"));
    const ValueSet values = ValueSetOfKind(which, random);
    SCOPED_TRACE(values.Name());
    ExpectBothReadersAgree(Encode(GemmGraph(RandomQTensor({3, 21}, values, which % 2 == 0, random))).value());
  }
}

// The bytes of version 1 never change: what this reads must be read for ever.
TEST(Golden, TheExampleOfFormatMdIsTheGoldenGraph) {
  const std::vector<uint8_t> bytes = ExampleOfFormatMd();
  ASSERT_EQ(bytes.size(), 596u);
  const auto graph = Decode(bytes, "FORMAT.md");
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  ExpectSame(graph.value(), GoldenGraph());
  ExpectBothReadersAgree(bytes);
}

// A change of the writer shows here. Where FlatBuffers' library lays out a buffer in another order than version 2.0.8,
// the file is as good, and this test is the place to say so.
TEST(Golden, TheWriterGivesTheExampleOfFormatMd) { EXPECT_EQ(Encode(GoldenGraph()).value(), ExampleOfFormatMd()); }

TEST(Golden, BothReadersRefuseAnotherVersion) {
  std::vector<uint8_t> bytes = ExampleOfFormatMd();
  bytes[8] = 2;
  EXPECT_EQ(Decode(bytes, "f").error().message, "f: has format version 2; this program reads version 1");
  EXPECT_THROW(independent::Reader(bytes).Read(), std::runtime_error);
}

}  // namespace
}  // namespace lowbit::lbm
