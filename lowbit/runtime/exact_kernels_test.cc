// Vector code in doubles for networks of integers, against what it has to give bit for bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lowbit/runtime/kernels/mat_mul/kernel.h"
#include "lowbit/runtime/kernels/unary/rounded.h"
#include "lowbit/runtime/testing/one_node.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime {
namespace {

using testing::ExpectTheDefinition;
using testing::OneNode;
using testing::Ramp;

// Bit for bit what the C library's exp gives, wherever the test of the rounding lets it through: at the ends of the
// range, where results are denormal or 1, and where a result lies in the middle between two floats (0.5 and a little).
TEST(ExactKernels, RoundSigmoidAsItsDefinition) {
  std::vector<float> x = {0,   -0.f, 1e-8f, -1e-8f, 0x1p-23f, -0x1p-24f, 3e-7f, 16.6f, 17,  18,   40,    88,
                          -87, -88,  -100,  -103,   -104,     -105,      700,   -700,  701, -701, 3e38f, -3e38f};
  for (const float special : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    x.push_back(special);
    x.push_back(-special);
  }
  for (int i = 0; i < 300001; ++i) x.push_back(static_cast<float>(i - 150000) * (i % 3 == 0 ? 7e-4f : 1.3e-4f));
  testing::ForEachTarget([&] {
    std::vector<float> y(x.size());
    std::vector<int64_t> unsure;
    ChooseRoundedSigmoid().run(static_cast<int64_t>(x.size()), x.data(), y.data(), &unsure);
    EXPECT_LT(unsure.size(), 30u);
    for (const int64_t i : unsure) y[static_cast<size_t>(i)] = -1;
    size_t asked = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const auto expected = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(x[i]))));
      const bool is_unsure = y[i] == -1;
      asked += is_unsure ? 1 : 0;
      ASSERT_TRUE(is_unsure || y[i] == expected) << x[i] << ": " << y[i] << ", expected " << expected;
      ASSERT_TRUE(is_unsure || std::abs(x[i]) <= 700) << x[i];
    }
    EXPECT_EQ(asked, unsure.size());
  });
  // The whole kernel, which asks the definition.
  x.erase(std::remove_if(x.begin(), x.end(), [](float v) { return !std::isfinite(v); }), x.end());
  const OneNode node = OneNode("Sigmoid").Computed({static_cast<int64_t>(x.size())}).InIntegers();
  ExpectTheDefinition(node, "sigmoid_f64", {x}, 1, nullptr);
}

// In networks of integers: tiles and vectors that end early, either order of each matrix, and a third one, on every
// target.
TEST(ExactKernels, MultiplyInDoublesAsPlainLoops) {
  const FloatTensor numbers = Ramp({40, 50});
  std::vector<float> values = numbers.data;
  for (size_t i = 0; i < values.size(); i += 7) values[i] *= 1e-6f * static_cast<float>(i);
  testing::ForEachTarget([&] {
    const MatMulKernel& kernel = ChooseMatMulKernel();
    for (const int64_t rows : {1, 4, 7}) {
      for (const int64_t columns : {1, 15, 16, 39}) {
        for (const int64_t inner : {1, 13, 40}) {
          for (int variant = 0; variant < 8; ++variant) {
            std::vector<float> expected(static_cast<size_t>(rows * columns)), actual = expected;
            std::vector<float> scratch(static_cast<size_t>(kernel.ScratchFloats(inner)));
            MatMulTask task;
            task.a = {values.data() + 3, variant % 2 == 0 ? inner : 1, variant % 2 == 0 ? 1 : rows};
            task.b = {values.data(), variant / 2 % 2 == 0 ? columns : 1, variant / 2 % 2 == 0 ? 1 : inner};
            if (variant >= 4) task.c = {values.data() + 5, columns, 1};
            task.alpha = 0.1, task.beta = 0.3;
            task.rows = rows, task.inner = inner, task.columns = columns;
            task.scratch = scratch.data();
            task.y = {expected.data(), columns, 1};
            MultiplyInDoubles(task);
            task.y = {actual.data(), columns, 1};
            kernel.run_in_doubles(task);
            ASSERT_EQ(actual, expected) << rows << " " << columns << " " << inner << " " << variant;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace lowbit::runtime
