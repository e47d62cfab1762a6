// What exporters compute of shapes, with a batch that is open, and the constants that stand beside it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "lowbit/core/evaluate.h"
#include "lowbit/format/onnx/test_maker.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Maker;
using testing::Operators;
using testing::SetInt;

DoubleTensor Compute(const Graph& graph, const DoubleTensor& x) {
  return Evaluate(graph, {{"x", x}}).value().at(graph.outputs[0]);
}

// What PyTorch writes for torch.arange(x.size(1)), with any batch.
TEST(OnnxShapes, ExtentsBesideTheBatchAreKnown) {
  Maker maker;
  maker.Input("x", {-1, 3});
  maker.Integers("one", {1});
  maker.Small("zero", testing::kInt64, {}, {})->add_int64_data(0);
  maker.Small("step", testing::kInt64, {}, {})->add_int64_data(1);
  maker.Node("Shape", {"x"}, {"s"});
  maker.Node("Gather", {"s", "one"}, {"list"});
  maker.Node("Squeeze", {"list"}, {"columns"});
  maker.Node("Range", {"zero", "columns", "step"}, {"places"});
  maker.Node("Cast", {"places"}, {"floats"});
  SetInt(maker.model.mutable_graph()->mutable_node(4), "to", testing::kFloat);
  maker.Node("Add", {"x", "floats"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Add"));
  EXPECT_THAT(Compute(graph, DoubleTensor({1, 3}, {5, 5, 5})).data, ElementsAre(5, 6, 7));
}

// The mask of a causal attention.
TEST(OnnxShapes, InfiniteMasksBecomeTheLargestFloat) {
  const float infinity = std::numeric_limits<float>::infinity();
  Maker maker;
  maker.Input("x", {-1, 3});
  maker.Floats("mask", {3}, {0, -infinity, 0});
  maker.Node("Add", {"x", "mask"}, {"masked"});
  maker.Node("Softmax", {"masked"}, {"y"});
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Compute(graph, DoubleTensor({1, 3}, {2, 9, 2})).data, ElementsAre(0.5, 0, 0.5));
  maker.Node("Mul", {"y", "mask"}, {"z"});
  maker.Output("z");
  EXPECT_THAT(maker.Error(), HasSubstr("value at index 1 is not finite"));
}

// The class token of a vision transformer, with any batch.
TEST(OnnxShapes, RepeatedPiecesOfAConcatAreAdded) {
  Maker maker;
  maker.Input("x", {-1, 2, 2});
  maker.Floats("token", {1, 1, 2}, {7, 8});
  maker.Integers("zero", {0});
  maker.Integers("ones", {1, 1});
  maker.Node("Shape", {"x"}, {"s"});
  maker.Node("Gather", {"s", "zero"}, {"n"});
  SetInt(maker.Node("Concat", {"n", "ones"}, {"times"}), "axis", 0);
  maker.Node("Expand", {"token", "times"}, {"tokens"});
  SetInt(maker.Node("Concat", {"tokens", "x", "x", "tokens"}, {"y"}), "axis", 1);
  maker.Output("y");
  const Graph graph = maker.Read().value();
  EXPECT_THAT(Operators(graph), ElementsAre("Concat", "Pad", "Add"));
  const DoubleTensor y = Compute(graph, DoubleTensor({2, 2, 2}, {1, 2, 3, 4, 5, 6, -1, 0}));
  EXPECT_EQ(y.shape, (Shape{2, 6, 2}));
  EXPECT_THAT(y.data, ElementsAre(7, 8, 1, 2, 3, 4, 1, 2, 3, 4, 7, 8, 7, 8, 5, 6, -1, 0, 5, 6, -1, 0, 7, 8));
  SetInt(maker.Node("Concat", {"x", "tokens", "x"}, {"z"}), "axis", 1);
  maker.Output("z");
  EXPECT_THAT(maker.Error(), HasSubstr("node 'Concat_z' (Concat): input 1 depends on the size of the batch"));
}

// What PyTorch writes for F.pad: pads of 0 for as many dimensions as are left, here none; and for an assignment to a
// part: the extents behind the last.
TEST(OnnxShapes, ListsMayBeEmpty) {
  Maker maker;
  maker.Input("x", {-1, 3});
  maker.Integers("four", {4});
  maker.Integers("none", {0});
  maker.Integers("two", {2});
  maker.Integers("end", {std::numeric_limits<int64_t>::max()});
  maker.Integers("pads", {0, 0, 0, 1});
  maker.Node("Sub", {"four", "four"}, {"left"});
  maker.Node("ConstantOfShape", {"left"}, {"zeros"});
  maker.Node("Cast", {"zeros"}, {"rest"});
  SetInt(maker.model.mutable_graph()->mutable_node(2), "to", testing::kInt64);
  SetInt(maker.Node("Concat", {"pads", "rest"}, {"all"}), "axis", 0);
  maker.Node("Shape", {"x"}, {"extents"});
  maker.Node("Slice", {"extents", "two", "end", "none"}, {"behind"});
  SetInt(maker.Node("Concat", {"all", "behind"}, {"both"}), "axis", 0);
  maker.Node("Pad", {"x", "both"}, {"y"});
  maker.Output("y");
  EXPECT_THAT(Compute(maker.Read().value(), DoubleTensor({1, 3}, {5, 6, 7})).data, ElementsAre(5, 6, 7, 0));
  maker.Node("Slice", {"x", "two", "two", "none"}, {"z"});
  EXPECT_THAT(maker.Error(), HasSubstr("the slice of dimension 0 is empty"));
}

// Where rules look at them: an error, or what the operator makes of it, and no crash.
TEST(OnnxShapes, InputsMayBeLeftOut) {
  const auto error = [](const std::string& op, const std::vector<std::string>& inputs) {
    Maker maker;
    maker.Input("x", {-1, 2});
    maker.Integers("list", {1, 2});
    maker.Node("Shape", {"x"}, {"s"});
    maker.Floats("token", {1, 2}, {7, 8});
    maker.Node("Expand", {"token", "s"}, {"tokens"});
    maker.Node(op, inputs, {"y"});
    if (op == "Concat") SetInt(maker.model.mutable_graph()->mutable_node(2), "axis", 1);
    maker.Output("y");
    return maker.Error();
  };
  EXPECT_NE(error("Slice", {"list", "", "list"}), "");
  EXPECT_NE(error("Slice", {"list", "list", ""}), "");
  EXPECT_NE(error("Slice", {"list"}), "");
  EXPECT_NE(error("Concat", {"tokens", "x", "", "tokens"}), "");
  error("Concat", {"tokens", "x", ""});  // What is missing at the end is no input.
  EXPECT_NE(error("Concat", {"tokens", "", ""}), error("Concat", {"tokens", "x"}));
  EXPECT_EQ(error("Concat", {"tokens", "x"}), "");
}

// The last part of a detector, whose shapes depend on the picture.
TEST(OnnxShapes, SaysWhatToDoAboutPlacesThatDependOnTheInput) {
  Maker maker;
  maker.Input("x", {4});
  maker.Node("NonZero", {"x"}, {"y"});
  maker.Output("y");
  EXPECT_THAT(maker.Error(), HasSubstr("export the network without what chooses boxes by their scores"));
}

}  // namespace
}  // namespace lowbit::onnx
