// The moments of unfolded inputs against their definition.

#include "lowbit/compress/rounding/patch_moments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/base/random.h"
#include "lowbit/core/ops_common/window.h"

namespace lowbit::compress {
namespace {

using quant::product::Matrix;
using Ints = std::vector<int64_t>;

FloatTensor Normals(const Shape& shape, const std::string& name) {
  const CounterRandom random(1, StreamOf(name));
  FloatTensor tensor(shape);
  for (size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = static_cast<float>(random.Normal(i));
  return tensor;
}

struct Case {
  Shape input, weight;
  Attributes attributes;
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {{2, 4, 6, 5}, {3, 4, 3, 3}, {{"pads", Ints{1, 1, 1, 1}}}},
      {{3, 4, 6, 5}, {3, 4, 3, 2}, {{"pads", Ints{1, 0, 2, 1}}, {"strides", Ints{2, 1}}}},
      {{1, 2, 9, 8}, {3, 2, 3, 3}, {{"dilations", Ints{2, 2}}, {"strides", Ints{1, 3}}}},
      {{2, 8, 3, 3}, {5, 8, 1, 1}, {{"strides", Ints{2, 2}}}},
      {{2, 6, 4, 4}, {6, 1, 3, 3}, {{"pads", Ints{1, 1, 1, 1}}, {"group", int64_t{6}}}},
      {{2, 6, 5, 4}, {4, 3, 2, 3}, {{"group", int64_t{2}}}},
      {{2, 2, 2, 2}, {2, 2, 5, 5}, {{"pads", Ints{4, 4, 4, 4}}}},  // Mostly padding.
  };
  return cases;
}

Node MakeConv(const Case& c) { return {"conv", "Conv", {"x", "w"}, {"y"}, c.attributes}; }

std::vector<double> Patch(const Case& c, const FloatTensor& x, int64_t n, int64_t position, int64_t group) {
  const ops::Window window = ops::ResolveWindow(MakeConv(c), x.shape, {c.weight[2], c.weight[3]}).value();
  const int64_t taps = c.weight[2] * c.weight[3];
  std::vector<double> patch(static_cast<size_t>(c.weight[1] * taps), 0);
  for (int64_t channel = 0; channel < c.weight[1]; ++channel) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t y = window.y.At(position / window.x.output, tap / c.weight[3]);
      const int64_t xx = window.x.At(position % window.x.output, tap % c.weight[3]);
      if (y < 0 || y >= window.y.input || xx < 0 || xx >= window.x.input) continue;
      const int64_t plane = n * x.shape[1] + group * c.weight[1] + channel;
      patch[static_cast<size_t>(channel * taps + tap)] =
          static_cast<double>(x.data[static_cast<size_t>((plane * window.y.input + y) * window.x.input + xx)]);
    }
  }
  return patch;
}

TEST(PatchMoments, AreTheSumsOverAllPatches) {
  ThreadPool pool(2);
  for (size_t k = 0; k < Cases().size(); ++k) {
    const Case& c = Cases()[k];
    const FloatTensor x = Normals(c.input, "x" + std::to_string(k)), t = Normals(c.input, "t" + std::to_string(k));
    const Node node = MakeConv(c);
    PatchMoments moments(node, c.weight, c.input[0], 1 << 20, &pool), alone(node, c.weight, c.input[0], 1 << 20, &pool);
    moments.Add(x.data, t.data, x.shape);
    alone.Add(x.data, {}, x.shape);
    const ops::Window window = ops::ResolveWindow(node, x.shape, {c.weight[2], c.weight[3]}).value();
    EXPECT_EQ(moments.seen(), c.input[0] * window.OutputPlane());
    EXPECT_TRUE(alone.Shifts().empty());
    for (int64_t g = 0; g < moments.groups(); ++g) {
      const auto size = static_cast<int>(moments.columns());
      Matrix inputs(size), shifts(size);
      for (int64_t n = 0; n < c.input[0]; ++n) {
        for (int64_t p = 0; p < window.OutputPlane(); ++p) {
          const std::vector<double> a = Patch(c, x, n, p, g), b = Patch(c, t, n, p, g);
          for (size_t i = 0; i < a.size(); ++i) {
            for (size_t j = 0; j < a.size(); ++j) {
              inputs.row(static_cast<int>(i))[j] += a[i] * a[j];
              shifts.row(static_cast<int>(i))[j] += (b[i] - a[i]) * a[j];
            }
          }
        }
      }
      for (size_t i = 0; i < inputs.values.size(); ++i) {
        // Sums of at most 100 products of numbers below 5, in double.
        ASSERT_NEAR(moments.Inputs()[static_cast<size_t>(g)].values[i], inputs.values[i], 1e-11) << "case " << k;
        ASSERT_NEAR(moments.Shifts()[static_cast<size_t>(g)].values[i], shifts.values[i], 1e-11) << "case " << k;
        ASSERT_EQ(alone.Inputs()[static_cast<size_t>(g)].values[i], moments.Inputs()[static_cast<size_t>(g)].values[i]);
      }
    }
  }
}

TEST(PatchMoments, OfALinearLayer) {
  ThreadPool pool(1);
  PatchMoments moments({"fc", "Gemm", {"x", "w"}, {"y"}, {{"transB", int64_t{1}}}}, {10, 2}, 2, 100, &pool);
  moments.Add(std::vector<float>{1, 2, 3, 4}, {}, {2, 2});
  EXPECT_THAT(moments.Inputs()[0].values, ::testing::ElementsAre(10, 14, 14, 20));
  ASSERT_EQ(moments.kept_count(), 2);
  EXPECT_EQ(moments.KeptInputs(0, 1)[0], 3);
  EXPECT_EQ(moments.KeptTargets(0, 1)[1], 4);
}

// 20 images of 36 positions, of which 100 are looked at: 5 of each, the same however images are batched and threads run.
TEST(PatchMoments, SomePositionsStandForAll) {
  const Case c = {{20, 2, 8, 8}, {3, 2, 3, 3}, {}};
  const FloatTensor x = Normals(c.input, "x"), t = Normals(c.input, "t");
  const auto sums = [&](int threads, int64_t batch) {
    ThreadPool pool(threads);
    PatchMoments moments(MakeConv(c), c.weight, 20, 100, &pool);
    const int64_t size = Elements(c.input) / 20;
    for (int64_t n = 0; n < 20; n += batch) {
      const Span<const float> some(x.data.data() + n * size, static_cast<size_t>(batch * size));
      const Span<const float> targets(t.data.data() + n * size, static_cast<size_t>(batch * size));
      moments.Add(some, targets, {batch, 2, 8, 8});
    }
    EXPECT_EQ(moments.seen(), 100);
    EXPECT_EQ(moments.kept_count(), 100);
    std::vector<double> all = moments.Inputs()[0].values;
    all.insert(all.end(), moments.Shifts()[0].values.begin(), moments.Shifts()[0].values.end());
    return all;
  };
  const std::vector<double> one = sums(1, 20);
  EXPECT_EQ(one, sums(1, 4));
  EXPECT_EQ(one, sums(3, 5));
  // All 720 would have about the variance of a normal number, 1, on the diagonal; so do these 100, within 5 deviations.
  for (size_t i = 0; i < 18; ++i) EXPECT_NEAR(one[i * 19] / 100, 1, 5 * std::sqrt(2.0 / 100));
}

TEST(PatchMoments, KeepsAFewOfManyPatches) {
  const Case c = {{40, 2, 8, 8}, {3, 2, 3, 3}, {}};
  const FloatTensor x = Normals(c.input, "x");
  ThreadPool pool(1);
  PatchMoments moments(MakeConv(c), c.weight, 40, 1 << 20, &pool);
  moments.Add(x.data, {}, x.shape);
  EXPECT_EQ(moments.seen(), 1440);
  ASSERT_EQ(moments.kept_count(), 256);
  const std::vector<double> second = Patch(c, x, 0, 5, 0);  // 1440 / 256 = 5: positions 0, 5, 10...
  EXPECT_EQ(std::vector<double>(moments.KeptInputs(0, 1), moments.KeptInputs(0, 1) + 18), second);
}

}  // namespace
}  // namespace lowbit::compress
