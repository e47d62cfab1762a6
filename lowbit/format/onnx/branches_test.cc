// If nodes, and inputs that are given a value.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/evaluate.h"
#include "lowbit/format/onnx/test_maker.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Maker;
using testing::Operators;

constexpr int32_t kBool = 9;

std::string Branch(const Maker& maker) { return maker.model.graph().SerializeAsString(); }

// out = op(first, second); "shift" is an initializer of the branch.
std::string BinaryBranch(const std::string& op, const std::string& first, float shift) {
  Maker branch;
  branch.Floats("shift", {1}, {shift});
  branch.Node(op, {first, "shift"}, {"out"});
  branch.Output("out");
  return Branch(branch);
}

void SetGraph(lowbit_onnx::Node* node, const std::string& name, const std::string& graph) {
  lowbit_onnx::Attribute* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(5);
  attribute->set_g(graph);
}

lowbit_onnx::Node* AddIf(Maker* maker, const std::string& condition, const std::string& output,
                         const std::string& then_branch, const std::string& else_branch) {
  lowbit_onnx::Node* node = maker->Node("If", {condition}, {output});
  SetGraph(node, "then_branch", then_branch);
  SetGraph(node, "else_branch", else_branch);
  return node;
}

// y = x + 1 if "rate" is 16000, else x * 3.
Maker ByRate(const Shape& rate = {}) {
  Maker maker;
  maker.Input("x", {2});
  maker.Input("rate", rate, testing::kInt64);
  maker.Integers("wide", {16000});
  maker.Node("Equal", {"rate", "wide"}, {"is_wide"});
  AddIf(&maker, "is_wide", "y", BinaryBranch("Add", "x", 1), BinaryBranch("Mul", "x", 3));
  maker.Output("y");
  return maker;
}

std::vector<double> Compute(const Maker& maker, const ReadOptions& options = {}) {
  const Graph graph = maker.Read(options).value();
  return Evaluate(graph, {{"x", {{2}, {1, 2}}}}).value().at(graph.outputs[0]).data;
}

ReadOptions WithRate(double rate) {
  ReadOptions options;
  options.values["rate"] = {rate};
  return options;
}

TEST(OnnxIf, IsTheBranchThatAKnownConditionTakes) {
  const Maker maker = ByRate();
  EXPECT_THAT(Compute(maker, WithRate(16000)), ElementsAre(2, 3));
  EXPECT_THAT(Compute(maker, WithRate(8000)), ElementsAre(3, 6));
  // Nothing of the condition is left.
  const Graph graph = maker.Read(WithRate(8000)).value();
  EXPECT_EQ(graph.inputs.size(), 1u);
  EXPECT_EQ(Operators(graph).front(), "Mul");
  EXPECT_THAT(graph.outputs, ElementsAre("y"));
}

TEST(OnnxIf, BranchesMayUseTheSameNamesAndHideThem) {
  Maker maker;
  maker.Input("x", {2});
  maker.Small("yes", kBool, {1}, {1});
  maker.Small("no", kBool, {1}, {0});
  maker.Floats("shift", {1}, {100});  // The branches have one of their own.
  const std::string add = BinaryBranch("Add", "x", 1), multiply = BinaryBranch("Mul", "first", 3);
  AddIf(&maker, "yes", "first", add, multiply);
  AddIf(&maker, "no", "second", add, multiply);
  maker.Node("Add", {"second", "shift"}, {"y"});
  maker.Output("y");
  EXPECT_THAT(Compute(maker), ElementsAre(106, 109));

  // What a branch has made is not seen outside.
  maker.Node("Neg", {"out"}, {"z"});
  maker.Output("z");
  EXPECT_THAT(maker.Error(), HasSubstr("input 'out' is not there"));
}

TEST(OnnxIf, MayLieInABranch) {
  Maker inner;
  AddIf(&inner, "yes", "out", BinaryBranch("Sub", "x", 5), BinaryBranch("Add", "x", 5));
  inner.Output("out");
  std::string branch = Branch(inner);
  const auto read = [](const std::string& graph) {
    Maker maker;
    maker.Input("x", {2});
    maker.Small("yes", kBool, {}, {1});
    AddIf(&maker, "yes", "y", graph, graph);
    maker.Output("y");
    return maker;
  };
  EXPECT_THAT(Compute(read(branch)), ElementsAre(-4, -3));
  for (int depth = 0; depth < 20; ++depth) {
    Maker outer;
    AddIf(&outer, "yes", "out", branch, "");
    outer.Output("out");
    branch = Branch(outer);
  }
  EXPECT_THAT(read(branch).Error(), HasSubstr("lies in more than 16 others"));
}

TEST(OnnxIf, RefusesWhatItCannotDecideOrRead) {
  EXPECT_THAT(ByRate({1}).Error(), HasSubstr("'If_y' (If): its condition 'is_wide' must be one value that is known"));

  const auto with = [](const std::string& branch, const std::vector<float>& condition = {1}) {
    Maker maker;
    maker.Input("x", {2});
    maker.Floats("condition", {static_cast<int64_t>(condition.size())}, condition);
    AddIf(&maker, "condition", "y", branch, "");
    maker.Output("y");
    return maker.Error();
  };
  EXPECT_EQ(with(BinaryBranch("Add", "x", 1)), "");
  EXPECT_THAT(with(BinaryBranch("Add", "x", 1), {1, 1}), HasSubstr("must be one value"));
  EXPECT_THAT(with("\xff\xff"), HasSubstr("attribute 'then_branch' is no graph"));
  EXPECT_THAT(with("", {0}), HasSubstr("output 0 is not supported"));  // An empty graph.
  EXPECT_THAT(with(BinaryBranch("Loop", "x", 1)),
              HasSubstr("then_branch: has 1 of 1 nodes that are not supported: 'Loop_out' (Loop)"));
  EXPECT_THAT(with(BinaryBranch("Add", "nothing", 1)), HasSubstr("then_branch: node 'Add_out' (Add): input 'nothing'"));

  Maker inputs;
  inputs.Input("a", {1});
  EXPECT_THAT(with(Branch(inputs)), HasSubstr("then_branch: has inputs"));
  Maker output;
  output.Output("nobody");
  EXPECT_THAT(with(Branch(output)), HasSubstr("then_branch: output 'nobody': no node makes it"));
  Maker twice;
  twice.Node("Neg", {"x"}, {"out"});
  twice.Node("Abs", {"x"}, {"out"});
  twice.Output("out");
  EXPECT_THAT(with(Branch(twice)), HasSubstr("then_branch: value 'out' is made twice"));
}

TEST(OnnxValues, HaveTheShapeThatTheFileSays) {
  EXPECT_THAT(Compute(ByRate({1}), WithRate(16000)), ElementsAre(2, 3));
  EXPECT_THAT(Compute(ByRate({-1}), WithRate(16000)), ElementsAre(2, 3));
  EXPECT_THAT(ByRate({2}).Error(WithRate(16000)), HasSubstr("input 'rate': has shape [2]; given are 1 numbers"));
  ReadOptions options;
  options.values["rat"] = {1};
  EXPECT_THAT(ByRate().Error(options), HasSubstr("unknown input 'rat'; did you mean 'rate'"));
}

}  // namespace
}  // namespace lowbit::onnx
