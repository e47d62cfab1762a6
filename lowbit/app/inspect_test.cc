#include "lowbit/app/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"
#include "lowbit/core/qtensor.h"
#include "lowbit/data/test_files.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/quant/methods/inq/inq.h"

namespace lowbit::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::string Names(int count) {
  std::string names;
  for (int i = 0; i < count; ++i) names += (i > 0 ? "\nc" : "c") + std::to_string(i);
  return names;
}

TEST(Inspection, TextHasTheFirstFewOfManyClassesAndJsonAll) {
  Inspection inspection;
  inspection.metadata = {{"labels", Names(1000)}, {"method", "float"}};
  const std::string text = ToText(inspection);
  EXPECT_THAT(text, HasSubstr("labels: 1,000: c0, c1, c2, c3, c4, ... (all of them: --json)\n"));
  EXPECT_THAT(text, HasSubstr("method: float\n"));
  EXPECT_EQ(nlohmann::json::parse(ToJson(inspection)).at("metadata").at("labels"), Names(1000));
  inspection.metadata["labels"] = Names(20);
  EXPECT_THAT(ToText(inspection), HasSubstr("c18, c19\n"));
  EXPECT_THAT(ToText(inspection), Not(HasSubstr("...")));
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// As many as there are titles, whatever the layer is, so that programs may split the table.
TEST(Inspection, ColumnsOfTheTableAreWords) {
  Inspection inspection;
  for (const ValueSet& values :
       {ValueSet::Ternary(), ValueSet::HalfCodebook({1, 2}, 2), ValueSet::ByteCodebook({1}, 1)}) {
    InspectedLayer layer;
    layer.name = "layer" + std::to_string(inspection.layers.size());
    layer.shape = {64, 3, 7, 7};
    layer.values = values.Name();
    layer.bytes = 1234567;
    inspection.layers.push_back(layer);
  }
  std::istringstream text(ToText(inspection));
  size_t rows = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("layer", 0) != 0 && line.rfind("parameter", 0) != 0) continue;
    EXPECT_THAT(Words(line), SizeIs(7)) << line;
    ++rows;
  }
  EXPECT_EQ(rows, 4u);
}

// A dense layer of 1,000 rows, the first of which INQ's and the others float, as two.
Graph PartlyInq(int64_t rows, int bits) {
  constexpr int64_t kColumns = 640;
  Graph graph;
  graph.name = "partly";
  graph.inputs = {{"x", {kDynamic, kColumns}}};
  QTensor weight;
  weight.shape = {rows, kColumns};
  weight.values = quant::methods::inq::MakeScheme(bits).levels.values();
  weight.codes.assign(static_cast<size_t>(rows * kColumns), 3);
  weight.scales = {0.5f};
  graph.parameters["low"].value = weight;
  graph.nodes = {{"low", "Gemm", {"x", "low"}, {"a"}, {{"transB", int64_t{1}}}}};
  graph.outputs = {"a"};
  if (rows == 1000) return graph;
  graph.parameters["float"].value =
      FloatTensor({1000 - rows, kColumns}, std::vector<float>(static_cast<size_t>((1000 - rows) * kColumns)));
  graph.nodes.push_back({"float", "Gemm", {"x", "float"}, {"b"}, {{"transB", int64_t{1}}}});
  graph.outputs.push_back("b");
  return graph;
}

// 32 / (1 - r + r bits / 32) of a share r of the weights, from the file itself (quant_as_regularizer, B11).
TEST(Inspection, CompressionCountsWhatStaysFloat) {
  const data::TemporaryFolder folder("lowbit_inspect_");
  const std::string path = folder.File("partly.lbm");
  const auto compression = [&path](int64_t rows, int bits) {
    EXPECT_TRUE(lbm::Write(PartlyInq(rows, bits), path).ok());
    return Inspect(path).value().compression();
  };
  // Header and structure take a thousandth.
  EXPECT_NEAR(compression(1000, 7), 4.571, 0.02);
  EXPECT_NEAR(compression(1000, 5), 6.4, 0.03);
  EXPECT_NEAR(compression(847, 5), 3.5, 0.01);
}

}  // namespace
}  // namespace lowbit::app
