// What every quantizer of the shelf must fulfil, with its default settings: a method joins by being there.

#include "lowbit/quant/quantizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/base/random.h"

namespace lowbit::quant {
namespace {

struct Input {
  const char* name;
  Shape shape;
  std::vector<float> weights;
};

Input Random(const char* name, const Shape& shape, bool heavy_tail) {
  const CounterRandom random(5, StreamOf(name));
  Input input = {name, shape, std::vector<float>(static_cast<size_t>(Elements(shape)))};
  for (size_t i = 0; i < input.weights.size(); ++i) {
    const double value = random.Normal(i);
    input.weights[i] = static_cast<float>(heavy_tail ? value * value * value : value * 0.05);
  }
  return input;
}

std::vector<Input> Inputs() {
  Input zeros = {"zeros", {3, 8}, std::vector<float>(24, 0.0f)};
  Input some_zeros = Random("some zeros", {6, 40}, false);
  for (size_t i = 0; i < some_zeros.weights.size(); i += 3) some_zeros.weights[i] = 0;
  Input tiny = Random("tiny", {4, 16}, false);
  for (float& w : tiny.weights) w *= 1e-30f;
  return {Random("filters", {16, 8, 3, 3}, false),
          Random("linear", {10, 64}, false),
          Random("heavy tail", {12, 50}, true),
          Random("one weight", {1, 1}, false),
          Random("column", {7, 1}, false),
          {"flat", {2, 5}, std::vector<float>(10, 0.25f)},
          {"ramp", {1, 8}, {-4, -3, -2, -1, 1, 2, 3, 4}},
          std::move(zeros),
          std::move(some_zeros),
          std::move(tiny)};
}

class EveryQuantizer : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<Quantizer>> created = CreateQuantizer(GetParam(), Config());
    ASSERT_TRUE(created.ok()) << created.error().message;
    quantizer_ = std::move(created).value();
  }

  QTensor Quantize(const Input& input) const { return quantizer_->Quantize(input.weights, input.shape); }

  std::unique_ptr<Quantizer> quantizer_;
};

bool Same(const QTensor& a, const QTensor& b) {
  return a.shape == b.shape && a.values == b.values && a.codes == b.codes && a.scales == b.scales;
}

bool HasValue(const ValueSet& values, float wanted) {
  for (int code = 0; code < values.Count(); ++code) {
    if (values.Value(code) == wanted) return true;
  }
  return false;
}

bool IsSymmetric(const ValueSet& values) {
  for (int code = 0; code < values.Count(); ++code) {
    if (!HasValue(values, -values.Value(code))) return false;
  }
  return true;
}

TEST_P(EveryQuantizer, GivesAValidTensorOfTheSameShape) {
  for (const Input& input : Inputs()) {
    const QTensor q = Quantize(input);
    const Status status = Validate(q);
    EXPECT_TRUE(status.ok()) << input.name << ": " << status.error().message;
    EXPECT_EQ(q.shape, input.shape) << input.name;
  }
}

TEST_P(EveryQuantizer, IsDeterministic) {
  for (const Input& input : Inputs()) EXPECT_TRUE(Same(Quantize(input), Quantize(input))) << input.name;
}

// A projection: what is already quantized stays. Scales may move by the rounding of their sums.
TEST_P(EveryQuantizer, IsIdempotentIfItSaysSo) {
  if (!quantizer_->IsProjection()) return;
  for (const Input& input : Inputs()) {
    const FloatTensor once = Dequantize(Quantize(input));
    const FloatTensor twice = Dequantize(quantizer_->Quantize(once.data, once.shape));
    for (size_t i = 0; i < once.data.size(); ++i) {
      EXPECT_NEAR(twice.data[i], once.data[i], 1e-6f * std::fabs(once.data[i])) << input.name << " " << i;
    }
  }
}

TEST_P(EveryQuantizer, KeepsZerosWhereItHasZero) {
  for (const Input& input : Inputs()) {
    const QTensor q = Quantize(input);
    if (q.values.kind == ValueSet::Kind::kCodebook || !HasValue(q.values, 0)) continue;
    const FloatTensor values = Dequantize(q);
    for (size_t i = 0; i < values.data.size(); ++i) {
      if (input.weights[i] == 0) {
        EXPECT_EQ(values.data[i], 0) << input.name << " " << i;
        EXPECT_EQ(q.values.Value(q.codes[i]), 0) << input.name << " " << i;  // Whatever the scale is.
      }
    }
  }
}

TEST_P(EveryQuantizer, KeepsARowOfZeros) {
  const Input zeros = {"zeros", {3, 8}, std::vector<float>(24, 0.0f)};
  for (const float value : Dequantize(Quantize(zeros)).data) EXPECT_EQ(value, 0);
}

// Zeros are left out: a set without zero must give them one sign or the other.
TEST_P(EveryQuantizer, NegatesWithItsInputWhereTheValuesAreSymmetric) {
  for (const Input& input : Inputs()) {
    if (std::find(input.weights.begin(), input.weights.end(), 0.0f) != input.weights.end()) continue;
    const QTensor q = Quantize(input);
    if (q.values.kind == ValueSet::Kind::kCodebook || !IsSymmetric(q.values)) continue;
    Input negated = input;
    for (float& w : negated.weights) w = -w;
    const FloatTensor plus = Dequantize(q), minus = Dequantize(Quantize(negated));
    for (size_t i = 0; i < plus.data.size(); ++i) EXPECT_EQ(minus.data[i], -plus.data[i]) << input.name << " " << i;
  }
}

TEST_P(EveryQuantizer, ReordersRowsWithItsInput) {
  for (const Input& input : Inputs()) {
    const int64_t rows = input.shape[0], columns = Elements(input.shape) / rows;
    Input reversed = input;
    for (int64_t row = 0; row < rows; ++row) {
      std::copy_n(input.weights.begin() + row * columns, columns,
                  reversed.weights.begin() + (rows - 1 - row) * columns);
    }
    const FloatTensor there = Dequantize(Quantize(input)), back = Dequantize(Quantize(reversed));
    for (int64_t row = 0; row < rows; ++row) {
      EXPECT_TRUE(std::equal(there.data.begin() + row * columns, there.data.begin() + (row + 1) * columns,
                             back.data.begin() + (rows - 1 - row) * columns))
          << input.name << " row " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shelf, EveryQuantizer, ::testing::ValuesIn(QuantizerNames()),
                         [](const auto& info) { return info.param; });

TEST(CreateQuantizer, NamesTheKnownOnes) {
  const Result<std::unique_ptr<Quantizer>> result = CreateQuantizer("twm", Config());
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("did you mean 'twn'? known: "), std::string::npos) << result.error().message;
}

}  // namespace
}  // namespace lowbit::quant
