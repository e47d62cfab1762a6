// Kernels of operators that compute, without weights (those that move elements: move_kernels_test.cc), each against the operator's definition: bit for bit where it promises that, else
// within its error bound (the kernel's header derives it).

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <vector>

#include "lowbit/runtime/testing/one_node.h"

namespace lowbit::runtime {
namespace {

using testing::Bound;
using testing::ExpectTheDefinition;
using testing::OneNode;
using testing::Ramp;

constexpr double kUnit = 0x1p-24;

// --- Functions of one element.

struct UnaryCase {
  const char* op;
  const char* kernel;
  Attributes attributes;
  double (*bound)(double x, double y);
  double low = -20, high = 20;
};

double None(double, double) { return 0; }
template <int kUnits>
double Relative(double, double y) {
  return kUnits * kUnit * std::abs(y);
}

std::vector<UnaryCase> UnaryCases() {
  return {
      {"Abs", "abs_f32", {}, None},
      {"Ceil", "ceil_f32", {}, None},
      {"Elu", "elu_f32", {{"alpha", 0.75}}, Relative<10>},
      {"Erf", "erf_f32", {}, [](double, double) { return 0x1p-18; }, -6, 6},
      {"Exp", "exp_f32", {}, Relative<2>, -80, 80},
      {"Floor", "floor_f32", {}, None},
      {"Gelu", "gelu_f32", {}, [](double x, double) { return std::abs(x) * (0x1p-19 + 3 * kUnit); }},
      {"Gelu",
       "gelu_f32",
       {{"approximate", std::string("tanh")}},
       [](double x, double) { return std::abs(x) * (12 + 30 * std::exp(-std::abs(x))) * kUnit; }},
      {"HardSigmoid", "hardsigmoid_f32", {}, [](double x, double) { return 5 * kUnit * (std::abs(0.2 * x) + .5); }},
      {"HardSwish", "hardswish_f32", {}, [](double x, double) { return 6 * kUnit * std::abs(x); }},
      {"LeakyRelu", "affine_f32", {}, Relative<2>},
      {"Log", "log_f32", {}, Relative<8>, 1e-3, 20},
      {"Mish", "mish_f32", {}, [](double x, double) { return 20 * kUnit * std::abs(x); }},
      {"Neg", "neg_f32", {}, None},
      {"Reciprocal", "reciprocal_f32", {}, Relative<1>},
      {"Round", "round_f32", {}, None},
      {"Selu", "selu_f32", {}, Relative<10>},
      {"Sigmoid", "sigmoid_f32", {}, Relative<4>, -80, 80},
      {"Softplus", "softplus_f32", {}, Relative<8>},
      {"Softsign", "softsign_f32", {}, Relative<3>},
      {"Sqrt", "sqrt_f32", {}, Relative<1>, 0, 100},
      {"Tanh", "tanh_f32", {}, Relative<8>},
      {"Sin", "sin_f64", {}, None},
      {"Sign", "sign_f64", {}, None},
      {"IsInf", "isinf_f64", {}, None},
      {"Cast", "cast_f64", {{"to", int64_t{6}}}, None},
  };
}

TEST(UnaryKernels, KeepTheirErrorBounds) {
  for (const UnaryCase& c : UnaryCases()) {
    SCOPED_TRACE(c.op);
    const OneNode node = OneNode(c.op, c.attributes).Computed({3001});  // Whole vectors and a rest.
    std::vector<float> x = testing::DrawInputs(node.graph(), 1, c.low, c.high)[0];
    if (c.low < 0) std::copy_n(std::begin({0.f, -0.f, .5f, -1.5f, 1e-30f, -2.5f}), 6, x.begin());
    const Bound bound = [&](size_t i, double y) { return c.bound(x[i], y); };
    ExpectTheDefinition(node, c.kernel, {x}, 1, c.bound == None ? nullptr : bound);
  }
}

// In networks of integers the definition's bits, whatever the function.
TEST(UnaryKernels, AreExactInNetworksOfIntegers) {
  for (const char* op : {"Sigmoid", "Tanh", "HardSwish", "Gelu", "LeakyRelu", "Softplus"}) {
    std::string kernel = op;
    std::transform(kernel.begin(), kernel.end(), kernel.begin(), [](unsigned char c) { return std::tolower(c); });
    ExpectTheDefinition(OneNode(op).Computed({3, 37}).InIntegers(), kernel + "_f64");
  }
}

TEST(UnaryKernels, TakeInfinitiesAndNaN) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {kInfinity, -kInfinity, kNaN, 3e38f, -3e38f, 200, -200, 1, kNaN};
  for (const char* op : {"Abs", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "Log", "Neg", "Sigmoid",
                         "Softplus", "Sqrt", "Tanh"}) {
    SCOPED_TRACE(op);
    const OneNode node = OneNode(op).Computed({9});
    std::string kernel = op;
    std::transform(kernel.begin(), kernel.end(), kernel.begin(), [](unsigned char c) { return std::tolower(c); });
    ExpectTheDefinition(node, kernel + "_f32", {x}, 1, [](size_t, double y) { return 8 * kUnit * std::abs(y); });
  }
}

// --- Functions of several values.

TEST(BroadcastKernels, GiveTheDefinitionsBits) {
  const std::pair<const char*, const char*> operators[] = {
      {"Add", "add_f32"},         {"Sub", "sub_f32"},     {"Mul", "mul_f32"},
      {"Div", "div_f32"},         {"Max", "max_f32"},     {"Min", "min_f32"},
      {"Greater", "greater_f32"}, {"Equal", "equal_f32"}, {"LessOrEqual", "lessorequal_f32"},
      {"Mean", "mean_f32"},       {"Mod", "mod_f32"},     {"And", "and_f32"},
      {"Xor", "xor_f32"},         {"Pow", "pow_f32"}};
  for (const auto& [op, kernel] : operators) {
    SCOPED_TRACE(op);
    // A factor for each channel, a mask for each pixel, a row.
    ExpectTheDefinition(OneNode(op).Computed({5, 3, 4}).Computed({5, 1, 1}), kernel);
    ExpectTheDefinition(OneNode(op).Computed({1, 3, 4}).Computed({5, 3, 4}), kernel);
    ExpectTheDefinition(OneNode(op).Computed({5, 1, 4}).Computed({1, 3, 1}), kernel);
    ExpectTheDefinition(OneNode(op).Computed({3, 4}).Computed({3, 1}), kernel);
    ExpectTheDefinition(OneNode(op).Computed({2, 3, 4, 2}).Computed({1, 3, 1, 2}), kernel);
    ExpectTheDefinition(OneNode(op).Computed({3, 4}).Constant(Ramp({4})), kernel);
    ExpectTheDefinition(OneNode(op).Constant(Ramp({5, 3, 1})).Computed({5, 3, 4}), kernel);
    ExpectTheDefinition(OneNode(op).Computed({5, 1, 4}).Constant(Ramp({1, 5, 3, 4})), kernel);
  }
}

// Of one batch: what meets others' first dimension, or has none.
TEST(BroadcastKernels, TakeValuesOfOtherRanks) {
  ExpectTheDefinition(OneNode("Div").Known({5, 3, 4}).Known({3, 4}), "div_f32");
  ExpectTheDefinition(OneNode("Div").Known({4}).Known({2, 5, 3, 4}), "div_f32");
  ExpectTheDefinition(OneNode("Div").Known({2, 5, 3, 4}).Known({5, 1, 4}), "div_f32");
  ExpectTheDefinition(OneNode("Pow").Known({}).Known({}), "pow_f32", nullptr, 1, 2);
  ExpectTheDefinition(OneNode("Where").Known({3, 4}).Known({5, 3, 4}).Known({4}), "where_f32");
}

TEST(BroadcastKernels, TakeAnyNumberOfValues) {
  for (const auto& [op, kernel] :
       {std::pair{"Sum", "sum_f32"}, {"Mean", "mean_f32"}, {"Max", "max_f32"}, {"Min", "min_f32"}}) {
    ExpectTheDefinition(OneNode(op).Computed({4, 3}), kernel);
    ExpectTheDefinition(OneNode(op).Computed({4, 3}).Computed({1, 3}).Constant(Ramp({3})).Computed({4, 1}), kernel);
  }
  ExpectTheDefinition(OneNode("Where").Computed({5, 3, 4}).Constant(FloatTensor({}, {-1})).Computed({5, 1, 1}),
                      "where_f32");
  ExpectTheDefinition(OneNode("Where").Constant(FloatTensor({2, 2}, {0, 1, 1, 0})).Computed({2, 2}).Computed({2, 2}),
                      "where_f32");
  ExpectTheDefinition(OneNode("PRelu").Computed({6, 5}).Constant(Ramp({6, 1})), "prelu_f32");
}

// --- Lines.

TEST(LineKernels, ReduceAsTheDefinition) {
  for (const auto& [op, kernel] : {std::pair{"ReduceMean", "reducemean_f32"},
                                   {"ReduceSum", "reducesum_f32"},
                                   {"ReduceMax", "reducemax_f32"},
                                   {"ReduceMin", "reducemin_f32"},
                                   {"ReduceL1", "reducel1_f32"},
                                   {"ReduceLogSumExp", "reducelogsumexp_f32"},
                                   {"ReduceL2", "reducel2_f32"},
                                   {"ReduceProd", "reduceprod_f32"},
                                   {"ReduceSumSquare", "reducesumsquare_f32"}}) {
    for (const int64_t keep : {0, 1}) {
      const Attributes attributes = {{"keepdims", keep}};
      SCOPED_TRACE(keep);
      ExpectTheDefinition(OneNode(op, attributes).Computed({70, 4, 5}).Integers({2, 3}), kernel);
      ExpectTheDefinition(OneNode(op, attributes).Computed({2, 3, 4}).Integers({2}), kernel);
      ExpectTheDefinition(OneNode(op, attributes).Computed({7, 4, 5}).Integers({1}), kernel);
      ExpectTheDefinition(OneNode(op, attributes).Computed({7, 4, 5}).Integers({-1}), kernel);
      ExpectTheDefinition(OneNode(op, attributes).Computed({2, 3, 4, 5}).Integers({3}), kernel);
      ExpectTheDefinition(OneNode(op, attributes).Computed({6, 9}).Integers({1}), kernel);
      ExpectTheDefinition(OneNode(op, attributes).Computed({6, 9}).Integers({2}), kernel);
    }
  }
  for (const int64_t last : {0, 1}) {
    for (const int64_t axis : {1, 3}) {
      const Attributes attributes = {{"axis", axis}, {"select_last_index", last}, {"keepdims", int64_t{0}}};
      ExpectTheDefinition(OneNode("ArgMax", attributes).Computed({6, 4, 5}), "argmax_f32", nullptr, 0, 1e-45);
      ExpectTheDefinition(OneNode("ArgMin", attributes).Computed({6, 4, 5}), "argmin_f32");
    }
  }
}

TEST(LineKernels, NormalizeAsTheDefinition) {
  for (const int64_t axis : {-1, 1, 2}) {
    const Shape rows = axis == -1 ? Shape{9} : axis == 1 ? Shape{5, 9} : Shape{9};
    ExpectTheDefinition(
        OneNode("LayerNormalization", {{"axis", axis}}).Computed({5, 9}).Constant(Ramp(rows)).Constant(Ramp({9})),
        "layernormalization_f32");
  }
  ExpectTheDefinition(OneNode("LayerNormalization").Computed({4, 3, 9}).Constant(Ramp({9})), "layernormalization_f32");
  for (const int64_t axis : {1, 2, 3}) {
    Shape behind = {4, 3, 9};
    behind.erase(behind.begin(), behind.begin() + axis - 1);
    ExpectTheDefinition(
        OneNode("LayerNormalization", {{"axis", axis}}).Computed({4, 3, 9}).Constant(Ramp(behind)).Outputs(3),
        "layernormalization_f32");
  }
  ExpectTheDefinition(OneNode("InstanceNormalization").Computed({70, 4, 9}).Constant(Ramp({70})).Constant(Ramp({70})),
                      "instancenormalization_f32");
  ExpectTheDefinition(OneNode("InstanceNormalization").Computed({3, 50}).Constant(Ramp({3})).Constant(Ramp({3})),
                      "instancenormalization_f32");
}

TEST(BatchNormKernel, NormalizesAsTheDefinition) {
  const FloatTensor scale = Ramp({6}), variance = Ramp({6}, .5, 2);
  for (const Shape& shape : {Shape{6, 9}, {6, 3, 4, 5}}) {
    const OneNode node = OneNode("BatchNormalization")
                             .Computed(shape)
                             .Constant(scale)
                             .Constant(scale)
                             .Constant(scale)
                             .Constant(variance);
    ExpectTheDefinition(node, "batchnormalization_f64");
  }
  for (const Shape& shape : {Shape{2, 6}, {2, 6, 9}, {2, 6, 3, 5}}) {
    const OneNode node =
        OneNode("BatchNormalization").Known(shape).Known({6}).Constant(scale).Known({6}).Constant(variance);
    ExpectTheDefinition(node, "batchnormalization_f64");
  }
}

TEST(LineKernels, SoftmaxKeepsItsErrorBound) {
  const Bound bound = [](size_t, double y) { return (2 * 8 + 300 + 6) * kUnit * std::abs(y); };
  for (const int64_t axis : {1, 2, 3}) {
    const Attributes attributes = {{"axis", axis}};
    ExpectTheDefinition(OneNode("Softmax", attributes).Computed({13, 7, 5}), "softmax_f32", bound);
    ExpectTheDefinition(OneNode("Softmax", attributes).Computed({13, 7, 5}).InIntegers(), "softmax_f64");
    ExpectTheDefinition(OneNode("LogSoftmax", attributes).Computed({13, 7, 5}), "logsoftmax_f64");
    ExpectTheDefinition(OneNode("LpNormalization", attributes).Computed({13, 7, 5}), "lpnormalization_f64");
  }
  ExpectTheDefinition(OneNode("Softmax").Computed({300}), "softmax_f32", bound);
  ExpectTheDefinition(OneNode("Hardmax").Computed({3, 5}), "hardmax_f64");
  ExpectTheDefinition(OneNode("CumSum").Computed({3, 5}).Constant(Int64Tensor({}, {2})), "cumsum_f64");
  ExpectTheDefinition(OneNode("LRN", {{"size", int64_t{3}}}).Computed({8, 2, 3}), "lrn_f64");
}

TEST(LineKernels, SoftmaxTakesInfinitiesAndNaN) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  const OneNode node = OneNode("Softmax").Computed({5});
  const std::vector<float> rows = {kInfinity,  1,     2,     3,          4,          -kInfinity, -kInfinity,
                                   1,          2,     3,     -kInfinity, -kInfinity, -kInfinity, -kInfinity,
                                   -kInfinity, 1,     2,     kNaN,       3,          4,          3e38f,
                                   -3e38f,     3e38f, 3e38f, 0};
  ExpectTheDefinition(node, "softmax_f32", {rows}, 5, [](size_t, double y) { return 20 * kUnit * std::abs(y); });
}

// --- Resize.

TEST(ResizeKernel, SamplesAsTheDefinition) {
  const Bound bound = [](size_t, double) { return 40 * kUnit * 4; };  // Sums of 4 and 4 terms of at most 4.
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    for (const char* coordinates : {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"}) {
      const Attributes attributes = {{"mode", std::string(mode)},
                                     {"coordinate_transformation_mode", std::string(coordinates)}};
      const bool copies = mode == std::string("nearest");
      SCOPED_TRACE(std::string(mode) + " " + coordinates);
      for (const std::vector<float>& scales : {std::vector<float>{1, 1, 2, 2}, {1, 1, .5f, 3}, {1, 1, 1, 1.7f}}) {
        const OneNode node =
            OneNode("Resize", attributes).Computed({5, 4, 6}).Absent().Constant(FloatTensor({4}, scales));
        ExpectTheDefinition(node, "resize_f32", copies ? nullptr : bound);
        ExpectTheDefinition(node.InIntegers(), copies ? "resize_f32" : "resize_f64");
      }
    }
  }
  const OneNode sizes = OneNode("Resize", {{"mode", std::string("linear")}, {"axes", std::vector<int64_t>{2, 3}}})
                            .Computed({3, 4, 6})
                            .Absent()
                            .Absent()
                            .Integers({9, 5});
  ExpectTheDefinition(sizes, "resize_f32", bound);
}

// --- Products of two values.

TEST(MatMulKernel, MultipliesAsTheDefinition) {
  const std::pair<Shape, Shape> shapes[] = {{{5, 7}, {7, 9}},       {{1, 300}, {300, 1}},
                                            {{70, 3}, {3, 33}},     {{4, 6, 5}, {4, 5, 40}},
                                            {{4, 6, 5}, {1, 5, 3}}, {{2, 3, 4, 5}, {2, 1, 5, 6}}};
  const Bound bound = [](size_t, double) { return 301 * kUnit * 300 * 16; };
  for (const auto& [a, b] : shapes) {
    SCOPED_TRACE(ToString(a));
    ExpectTheDefinition(OneNode("MatMul").Computed(a).Computed(b), "matmul_f32", bound);
    ExpectTheDefinition(OneNode("MatMul").Computed(a).Computed(b).InIntegers(), "matmul_f64");
  }
  ExpectTheDefinition(OneNode("MatMul").Computed({6, 5}).Constant(Ramp({5, 35})), "matmul_f32", bound);
  ExpectTheDefinition(OneNode("MatMul").Computed({6, 5, 4}).Constant(Ramp({6, 4, 3})), "matmul_f32", bound);
  ExpectTheDefinition(OneNode("MatMul").Constant(Ramp({6, 5})).Computed({5, 3}), "matmul_f32", bound);
  // Vectors.
  ExpectTheDefinition(OneNode("MatMul").Computed({6, 5}).Constant(Ramp({5})), "matmul_f32", bound);
  ExpectTheDefinition(OneNode("MatMul").Constant(Ramp({5})).Computed({5, 3}), "matmul_f32", bound);
  ExpectTheDefinition(OneNode("MatMul").Known({5}).Known({4, 5, 3}), "matmul_f32", bound);
  ExpectTheDefinition(OneNode("MatMul").Known({5}).Known({5}), "matmul_f32", bound);
  // Of one batch: what meets the other's first dimension, or has none.
  ExpectTheDefinition(OneNode("MatMul").Known({2, 6, 5}).Known({5, 3}), "matmul_f32", bound);
  ExpectTheDefinition(OneNode("MatMul").Known({6, 5}).Known({3, 2, 5, 4}), "matmul_f32", bound);
}

TEST(MatMulKernel, RunsGemmOfComputedWeights) {
  const Bound bound = [](size_t, double) { return 10 * kUnit * (5 * 16 + 6); };
  for (const int64_t transposes : {0, 1, 2, 3}) {
    SCOPED_TRACE(transposes);
    const Shape a = transposes / 2 == 0 ? Shape{7, 5} : Shape{5, 7};
    const Shape b = transposes % 2 == 0 ? Shape{5, 35} : Shape{35, 5};
    const OneNode gemm("Gemm",
                       {{"transA", transposes / 2}, {"transB", transposes % 2}, {"alpha", 0.75}, {"beta", -1.5}});
    ExpectTheDefinition(OneNode(gemm).Known(a).Known(b), "gemm_f32", bound);
    ExpectTheDefinition(OneNode(gemm).Constant(Ramp(a)).Known(b), "gemm_f32", bound);
    for (const Shape& c : {Shape{7, 35}, {1, 35}, {7, 1}, {35}, {1}}) {
      ExpectTheDefinition(OneNode(gemm).Known(a).Known(b).Known(c), "gemm_f32", bound);
      ExpectTheDefinition(OneNode(gemm).Known(a).Known(b).Known(c).InIntegers(), "gemm_f64");
      ExpectTheDefinition(OneNode(gemm).Known(a).Known(b).Constant(Ramp(c)), "gemm_f32", bound);
    }
  }
  // Known weights, but a bias for each image, or for each row; codes that no panel of channels can hold.
  ExpectTheDefinition(OneNode("Gemm").Computed({5}).Constant(Ramp({5, 9})).Computed({9}), "gemm_f32", bound);
  ExpectTheDefinition(OneNode("Gemm").Known({4, 5}).Constant(Ramp({5, 9})).Constant(Ramp({4, 9})), "gemm_f32", bound);
  const QTensor codes = {{5, 9}, ValueSet::Binary(), std::vector<uint8_t>(45, 1), {1, 2, 3, 4, 5}};
  ExpectTheDefinition(OneNode("Gemm").Computed({5}).Constant(codes), "gemm_f32", bound);
}

TEST(ConvValuesKernel, ConvolvesAsTheDefinition) {
  const Bound bound = [](size_t, double) { return 70 * kUnit * 60 * 16; };
  using Ints = std::vector<int64_t>;
  const Attributes window = {{"pads", Ints{1, 2, 0, 1}}, {"strides", Ints{2, 1}}, {"dilations", Ints{1, 2}}};
  const auto with_groups = [&](int64_t groups) {
    Attributes attributes = window;
    attributes["group"] = groups;
    return OneNode("Conv", attributes);
  };
  ExpectTheDefinition(with_groups(1).Known({2, 6, 9, 11}).Known({35, 6, 3, 3}), "conv_f32_computed", bound);
  ExpectTheDefinition(with_groups(2).Known({2, 6, 9, 11}).Known({4, 3, 3, 3}).Known({4}), "conv_f32_computed", bound);
  ExpectTheDefinition(with_groups(6).Known({1, 6, 9, 11}).Known({6, 1, 5, 3}), "conv_f32_computed", bound);
  ExpectTheDefinition(OneNode("Conv").Known({1, 3, 12, 12}).Constant(Ramp({2, 3, 1, 1})).Known({2}),
                      "conv_f32_computed", bound);
  ExpectTheDefinition(OneNode("Conv").Constant(Ramp({1, 3, 12, 12})).Known({2, 3, 4, 4}), "conv_f32_computed", bound);
}

}  // namespace
}  // namespace lowbit::runtime
