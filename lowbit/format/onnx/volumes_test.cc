// Convolutions and pools of volumes against their definition.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "lowbit/core/evaluate.h"
#include "lowbit/format/onnx/test_maker.h"

namespace lowbit::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Maker;
using testing::Operators;
using testing::SetInt;
using testing::SetInts;

using Integers = std::vector<int64_t>;

struct Windows {
  Integers kernel, stride, dilation, pads;
};

// Small integers, so that sums are exact.
DoubleTensor Counted(const Shape& shape) {
  DoubleTensor x(shape);
  for (size_t i = 0; i < x.data.size(); ++i) x.data[i] = static_cast<double>(i * 7 % 11) - 5;
  return x;
}

Shape OutputOf(const Shape& x, const Windows& w, int64_t channels) {
  Shape y = {x[0], channels};
  for (size_t i = 0; i < 3; ++i) {
    y.push_back((x[2 + i] + w.pads[i] + w.pads[i + 3] - w.dilation[i] * (w.kernel[i] - 1) - 1) / w.stride[i] + 1);
  }
  return y;
}

// Calls visit(place in the kernel, place in x or -1 outside of it) for output place `out` (frame, row, column) of plane
// `plane`.
void Visit(const Shape& x, const Windows& w, int64_t plane, const Integers& out,
           const std::function<void(int64_t, int64_t)>& visit) {
  for (int64_t k = 0; k < w.kernel[0] * w.kernel[1] * w.kernel[2]; ++k) {
    const Integers at = {k / (w.kernel[1] * w.kernel[2]), k / w.kernel[2] % w.kernel[1], k % w.kernel[2]};
    int64_t index = plane;
    for (size_t i = 0; i < 3; ++i) {
      const int64_t place = out[i] * w.stride[i] - w.pads[i] + at[i] * w.dilation[i];
      index = index < 0 || place < 0 || place >= x[2 + i] ? -1 : index * x[2 + i] + place;
    }
    visit(k, index);
  }
}

Integers PlaceOf(int64_t i, const Shape& y) { return {i / (y[3] * y[4]) % y[2], i / y[4] % y[3], i % y[4]}; }

Graph Read(const std::string& op, const Shape& open, const Windows& w, const DoubleTensor* weight, int64_t groups) {
  Maker maker;
  maker.Input("x", open);
  std::vector<std::string> inputs = {"x"};
  if (weight != nullptr) {
    maker.Floats("w", weight->shape, {weight->data.begin(), weight->data.end()});
    maker.Floats("b", {weight->shape[0]}, std::vector<float>(static_cast<size_t>(weight->shape[0]), 2));
    inputs = {"x", "w", "b"};
  }
  lowbit_onnx::Node* node = maker.Node(op, inputs, {"y"});
  SetInts(node, "kernel_shape", w.kernel);
  SetInts(node, "strides", w.stride);
  SetInts(node, "pads", w.pads);
  if (op != "AveragePool") SetInts(node, "dilations", w.dilation);
  if (groups != 1) SetInt(node, "group", groups);
  maker.Output("y");
  return maker.Read().value();
}

DoubleTensor Compute(const Graph& graph, const DoubleTensor& x) { return Evaluate(graph, {{"x", x}}).value().at("y"); }

void ExpectConv(const Windows& w, int64_t groups) {
  const DoubleTensor x = Counted({2, 4, 5, 6, 7});
  const DoubleTensor weight = Counted({6, 4 / groups, w.kernel[0], w.kernel[1], w.kernel[2]});
  const DoubleTensor y = Compute(Read("Conv", {-1, 4, 5, 6, 7}, w, &weight, groups), x);
  ASSERT_EQ(y.shape, OutputOf(x.shape, w, 6));
  const int64_t plane = y.shape[2] * y.shape[3] * y.shape[4], taps = w.kernel[0] * w.kernel[1] * w.kernel[2];
  for (int64_t i = 0; i < static_cast<int64_t>(y.data.size()); ++i) {
    const int64_t image = i / plane / 6, channel = i / plane % 6, first = channel / (6 / groups) * (4 / groups);
    double sum = 2;
    for (int64_t c = 0; c < 4 / groups; ++c) {
      Visit(x.shape, w, image * 4 + first + c, PlaceOf(i, y.shape), [&](int64_t k, int64_t from) {
        const size_t tap = static_cast<size_t>((channel * (4 / groups) + c) * taps + k);
        if (from >= 0) sum += weight.data[tap] * x.data[static_cast<size_t>(from)];
      });
    }
    ASSERT_EQ(y.data[static_cast<size_t>(i)], sum) << i;
  }
}

TEST(OnnxVolumes, ConvolutionsAreTheSumsOverTheirWindows) {
  const Integers one = {1, 1, 1}, none(6, 0);
  ExpectConv({{3, 3, 3}, one, one, {1, 1, 1, 1, 1, 1}}, 1);
  ExpectConv({{2, 3, 1}, {2, 1, 3}, {2, 1, 1}, {1, 0, 2, 2, 1, 0}}, 2);
  ExpectConv({{1, 3, 3}, one, {1, 2, 1}, {0, 1, 1, 0, 1, 1}}, 1);
  ExpectConv({{1, 2, 2}, {2, 2, 2}, one, none}, 1);
  ExpectConv({{3, 1, 1}, {2, 1, 1}, one, {1, 0, 0, 1, 0, 0}}, 2);
  ExpectConv({{1, 1, 1}, one, one, none}, 1);
  ExpectConv({{1, 1, 1}, {2, 2, 2}, one, none}, 1);
}

void ExpectPool(const std::string& op, const Windows& w) {
  const DoubleTensor x = Counted({2, 3, 5, 6, 7});
  const DoubleTensor y = Compute(Read(op, {-1, 3, 5, 6, 7}, w, nullptr, 1), x);
  ASSERT_EQ(y.shape, OutputOf(x.shape, w, 3));
  const int64_t plane = y.shape[2] * y.shape[3] * y.shape[4];
  for (int64_t i = 0; i < static_cast<int64_t>(y.data.size()); ++i) {
    double sum = 0, best = -1e9, count = 0;
    Visit(x.shape, w, i / plane, PlaceOf(i, y.shape), [&](int64_t, int64_t from) {
      if (from < 0) return;
      sum += x.data[static_cast<size_t>(from)];
      best = std::max(best, x.data[static_cast<size_t>(from)]);
      ++count;
    });
    // A mean of means is rounded twice or three times more.
    ASSERT_NEAR(y.data[static_cast<size_t>(i)], op == "MaxPool" ? best : sum / count, 1e-14) << i;
  }
}

TEST(OnnxVolumes, PoolsAreTheMeansAndMaximaOfTheirWindows) {
  const Integers one = {1, 1, 1}, none(6, 0);
  for (const char* op : {"MaxPool", "AveragePool"}) {
    ExpectPool(op, {{3, 3, 3}, {2, 2, 2}, one, {1, 1, 1, 1, 1, 1}});
    ExpectPool(op, {{2, 1, 1}, {2, 1, 1}, one, none});
    ExpectPool(op, {{1, 2, 3}, {1, 2, 1}, one, {0, 1, 0, 0, 0, 1}});
    ExpectPool(op, {{1, 1, 1}, {1, 1, 1}, one, none});
  }
  ExpectPool("MaxPool", {{2, 2, 3}, one, {3, 1, 2}, none});
}

TEST(OnnxVolumes, AreImagesInTheGraph) {
  const DoubleTensor weight = Counted({2, 4, 3, 1, 1});
  const Windows frames = {{3, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 0, 0, 1, 0, 0}};
  EXPECT_THAT(Operators(Read("Conv", {-1, 4, 5, 6, 7}, frames, &weight, 1)), ElementsAre("Reshape", "Conv", "Reshape"));
  const DoubleTensor square = Counted({2, 4, 1, 3, 3});
  const Windows images = {{1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1, 0, 1, 1}};
  EXPECT_THAT(Operators(Read("Conv", {-1, 4, 5, 6, 7}, images, &square, 1)),
              ElementsAre("Transpose", "Reshape", "Conv", "Reshape", "Transpose"));
}

TEST(OnnxVolumes, GlobalMeansHaveAnyNumberOfDimensions) {
  for (const Shape& shape : {Shape{2, 3, 4}, Shape{2, 3, 4, 5}, Shape{2, 3, 2, 3, 2}}) {
    Maker maker;
    Shape open = shape;
    open[0] = -1;
    maker.Input("x", open);
    maker.Node("GlobalAveragePool", {"x"}, {"y"});
    maker.Output("y");
    const Graph graph = maker.Read().value();
    const DoubleTensor x = Counted(shape), y = Compute(graph, x);
    Shape ones(shape.size(), 1);
    std::copy(shape.begin(), shape.begin() + 2, ones.begin());
    EXPECT_EQ(y.shape, ones);
    const size_t pixels = x.data.size() / 6;
    for (size_t i = 0; i < 6; ++i) {
      double sum = 0;
      for (size_t k = 0; k < pixels; ++k) sum += x.data[i * pixels + k];
      EXPECT_EQ(y.data[i], sum / static_cast<double>(pixels));
    }
    // The kernel's images.
    for (const Node& node : graph.nodes) EXPECT_TRUE(node.op == "Reshape" || node.op == "GlobalAveragePool");
    EXPECT_EQ(graph.nodes.size(), shape.size() == 4 ? 1u : 3u);
  }
}

std::string ErrorOf(const Integers& kernel, const Integers& strides, const Integers& pads, const Shape& weight) {
  Maker maker;
  maker.Input("x", {1, 1, 2, 2, 2});
  maker.Floats("w", weight, std::vector<float>(static_cast<size_t>(Elements(weight)), 1));
  lowbit_onnx::Node* node = maker.Node("Conv", {"x", "w"}, {"y"});
  SetInts(node, "kernel_shape", kernel);
  SetInts(node, "strides", strides);
  SetInts(node, "pads", pads);
  maker.Output("y");
  return maker.Error();
}

TEST(OnnxVolumes, RefusesWindowsThatDoNotFit) {
  const Integers one = {1, 1, 1}, two = {2, 2, 2}, none(6, 0);
  const Shape weight = {1, 1, 2, 2, 2};
  EXPECT_EQ(ErrorOf(two, one, none, weight), "");
  EXPECT_THAT(ErrorOf({2, 2}, one, none, weight), HasSubstr("attributes do not fit"));
  EXPECT_THAT(ErrorOf(two, {1, 0, 1}, none, weight), HasSubstr("attributes are out of range"));
  EXPECT_THAT(ErrorOf(two, one, {-1, 0, 0, 0, 0, 0}, weight), HasSubstr("attributes are out of range"));
  EXPECT_THAT(ErrorOf(two, one, none, {1, 1, 2, 2}), HasSubstr("expected [O, C, D, H, W]"));
  EXPECT_THAT(ErrorOf(two, one, none, {1, 1, 3, 2, 2}), HasSubstr("differs from the weights' shape"));
  EXPECT_THAT(ErrorOf({3, 2, 2}, one, none, {1, 1, 3, 2, 2}), HasSubstr("its frames do not fit its window"));
}

}  // namespace
}  // namespace lowbit::onnx
