// Einsum against its definition: the sum over all values of the labels.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "lowbit/core/evaluate.h"
#include "lowbit/format/onnx/test_maker.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Maker;
using testing::Operators;
using testing::SetText;

const std::map<char, int64_t> kExtents = {{'b', 2}, {'i', 3}, {'j', 4}, {'k', 2}, {'D', 5}};

Shape ShapeOf(const std::string& labels) {
  Shape shape;
  for (const char label : labels) shape.push_back(kExtents.at(label));
  return shape;
}

// Small integers, so that sums are exact.
DoubleTensor Counted(const Shape& shape, int64_t salt) {
  DoubleTensor x(shape);
  for (size_t i = 0; i < x.data.size(); ++i)
    x.data[i] = static_cast<double>((static_cast<int64_t>(i) * 7 + salt) % 11 - 5);
  return x;
}

double At(const DoubleTensor& tensor, const std::string& labels, const std::map<char, int64_t>& place) {
  int64_t index = 0;
  for (size_t i = 0; i < labels.size(); ++i) index = index * tensor.shape[i] + place.at(labels[i]);
  return tensor.data[static_cast<size_t>(index)];
}

// Walks over all values of all labels.
std::vector<double> Defined(const std::vector<std::string>& terms, const std::string& result,
                            const std::vector<DoubleTensor>& operands) {
  std::vector<double> sums(static_cast<size_t>(Elements(ShapeOf(result))), 0.0);
  std::map<char, int64_t> place;
  for (const std::string& term : terms) {
    for (const char label : term) place[label] = 0;
  }
  for (bool more = true; more;) {
    double product = 1;
    for (size_t i = 0; i < terms.size(); ++i) product *= At(operands[i], terms[i], place);
    int64_t index = 0;
    for (const char label : result) index = index * kExtents.at(label) + place.at(label);
    sums[static_cast<size_t>(index)] += product;
    more = false;
    for (auto& [label, value] : place) {
      if (++value < kExtents.at(label)) {
        more = true;
        break;
      }
      value = 0;
    }
  }
  return sums;
}

void Expect(const std::vector<std::string>& terms, const std::string& result) {
  std::string equation;
  Maker maker;
  std::vector<std::string> names;
  std::map<std::string, DoubleTensor> inputs;
  std::vector<DoubleTensor> operands;
  for (const std::string& term : terms) {
    equation += (equation.empty() ? "" : ", ") + term;
    names.push_back("x" + std::to_string(names.size()));
    operands.push_back(Counted(ShapeOf(term), static_cast<int64_t>(names.size())));
    maker.Input(names.back(), ShapeOf(term));
    inputs[names.back()] = operands.back();
  }
  SetText(maker.Node("Einsum", names, {"y"}), "equation", equation + " -> " + result);
  maker.Output("y");
  const Result<Graph> graph = maker.Read();
  ASSERT_TRUE(graph.ok()) << equation << ": " << graph.error().message;
  const DoubleTensor y = Evaluate(graph.value(), inputs).value().at("y");
  EXPECT_EQ(y.shape, ShapeOf(result)) << equation;
  EXPECT_EQ(y.data, Defined(terms, result, operands)) << equation << " -> " << result;
}

TEST(OnnxEinsum, IsTheSumOverAllLabels) {
  Expect({"ij"}, "ji");
  Expect({"bij"}, "j");
  Expect({"ij"}, "");
  Expect({"ij", "jk"}, "ik");
  Expect({"ij", "jk"}, "ki");
  Expect({"ij", "kj"}, "ik");
  Expect({"bij", "bjk"}, "bik");
  Expect({"bij", "bkj"}, "bki");
  Expect({"ibj", "jkb"}, "kib");
  Expect({"bijk", "jkD"}, "biD");
  Expect({"bikj", "Dj"}, "bDik");
  Expect({"i", "i"}, "");
  Expect({"i", "j"}, "ij");
  Expect({"bi", "ji"}, "jbi");
  Expect({"bij", "k"}, "bk");
  Expect({"bi", "iD", "bD"}, "b");
}

TEST(OnnxEinsum, WithWeightsIsGemmForAnyBatch) {
  Maker maker;
  maker.Input("x", {-1, 2, 3});
  maker.Floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  SetText(maker.Node("Einsum", {"x", "w"}, {"y"}), "equation", "bti,io->bto");
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Reshape", "Gemm", "Reshape"));
  const DoubleTensor x({1, 2, 3}, {1, 0, 0, 0, 1, 1});
  EXPECT_THAT(Evaluate(graph, {{"x", x}}).value().at("y").data, ElementsAre(1, 2, 8, 10));
}

std::string ErrorOf(const std::string& equation, const Shape& shape) {
  Maker maker;
  maker.Input("x", shape);
  SetText(maker.Node("Einsum", {"x"}, {"y"}), "equation", equation);
  maker.Output("y");
  return maker.Error();
}

TEST(OnnxEinsum, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(ErrorOf("...i -> i...", {2, 3, 4}), "");
  EXPECT_EQ(ErrorOf("ba", {2, 3}), "");
  EXPECT_THAT(ErrorOf("ii->i", {2, 2}), HasSubstr("diagonals are not supported"));
  for (const char* equation : {"ijk->i", "ij,jk->i", "ij->ik", "ij->ii", "i1->i", "", "->", "...ijk", "....ij", ","}) {
    EXPECT_THAT(ErrorOf(equation, {2, 3}), HasSubstr("which does not fit its inputs")) << equation;
  }
}

}  // namespace
}  // namespace lowbit::onnx
