// Every pass against plain loops, on each instruction set that this processor has.

#include "lowbit/train/grid_passes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "hwy/highway.h"
#include "lowbit/base/random.h"
#include "lowbit/core/level_grid.h"

namespace lowbit::train {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const FloatGrid kGrids[] = {{0.25, 0, 3}, {0.1, -4, 3}, {1.0 / 15, 0, 15}, {0.37, -127, 127}};

void ForEachTarget(const std::function<void(const GridPasses&)>& body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    const GridPasses& passes = ChooseGridPasses();
    EXPECT_EQ(passes.target, target);
    body(passes);
    hwy::SetSupportedTargetsForTest(0);
  }
}

// Uniform in [-2, 2), and what is special: ends and middles of the grid, both zeros, infinities, a NaN.
std::vector<float> Values(const FloatGrid& grid, int count) {
  const CounterRandom random(3, 1);
  std::vector<float> values;
  values.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(4 * random.Uniform(static_cast<uint64_t>(i)) - 2));
  }
  const std::vector<float> special = {
      0,         -0.0f,      grid.first(),  grid.last(), grid.scale / 2, 3 * grid.scale / 2, -grid.scale / 2,
      kInfinity, -kInfinity, std::nanf(""), 1e-40f,      3e38f};
  for (size_t i = 0; i < std::min(values.size(), special.size()); ++i) values[i] = special[i];
  return values;
}

std::vector<float> Gradients(size_t count) {
  const CounterRandom random(4, 1);
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i) values.push_back(static_cast<float>(random.Uniform(i)) - 0.5f);
  return values;
}

// q, the integer that x becomes.
float IntegerOf(const FloatGrid& grid, float x) {
  const float scaled = x * grid.inverse;
  return std::nearbyint(std::isnan(scaled) ? grid.low : std::clamp(scaled, grid.low, grid.high));
}

bool Inside(float x, float first, float last) { return x >= first && x <= last; }

// Of each target, for each grid and counts that end within a vector: y[i] = expected(grid, x[i]) of what `pass` writes.
void ExpectEach(const std::function<float(const FloatGrid&, float x, float d)>& expected,
                const std::function<void(const GridPasses&, const FloatGrid&, const std::vector<float>& x,
                                         const std::vector<float>& d, float* y)>& pass) {
  for (const FloatGrid& grid : kGrids) {
    for (const int count : {1, 7, 16, 12, 100}) {
      const std::vector<float> x = Values(grid, count), d = Gradients(x.size());
      ForEachTarget([&](const GridPasses& passes) {
        std::vector<float> y(x.size() + 1, 77);
        pass(passes, grid, x, d, y.data());
        for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], expected(grid, x[i], d[i])) << x[i];
        EXPECT_EQ(y.back(), 77);  // Nothing is written behind the end.
      });
    }
  }
}

int64_t Count(const std::vector<float>& x) { return static_cast<int64_t>(x.size()); }

TEST(GridPasses, RoundToTheNearestOfTheGrid) {
  ExpectEach([](const FloatGrid& grid, float x, float) { return grid.scale * IntegerOf(grid, x); },
             [](const GridPasses& passes, const FloatGrid& grid, const auto& x, const auto&, float* y) {
               passes.round(grid, Count(x), x.data(), y);
             });
}

TEST(GridPasses, TakeSigns) {
  ExpectEach([](const FloatGrid& grid, float x, float) { return x >= 0 ? grid.scale : -grid.scale; },
             [](const GridPasses& passes, const FloatGrid& grid, const auto& x, const auto&, float* y) {
               passes.signs(grid.scale, Count(x), x.data(), y);
             });
}

TEST(GridPasses, FindLevels) {
  for (const LevelGrid& levels : {ElasticLevels(2, 1, false), ElasticLevels(2, 1, true), ElasticLevels(3, 2, true)}) {
    ExpectEach([&levels](const FloatGrid& grid, float x,
                         float) { return static_cast<float>(levels.LevelOf(x * grid.inverse)) * grid.scale; },
               [&levels](const GridPasses& passes, const FloatGrid& grid, const auto& x, const auto&, float* y) {
                 const FloatLevels table = {grid.scale, grid.inverse, levels.thresholds.data(), levels.levels.data(),
                                            Count(levels.levels)};
                 passes.levels(table, Count(x), x.data(), y);
               });
  }
}

TEST(GridPasses, KeepGradientsInside) {
  ExpectEach([](const FloatGrid& grid, float x, float d) { return Inside(x, grid.first(), grid.last()) ? d : 0; },
             [](const GridPasses& passes, const FloatGrid& grid, const auto& x, const auto& d, float* y) {
               passes.keep(grid.first(), grid.last(), Count(x), d.data(), x.data(), y);
             });
}

TEST(GridPasses, TentsRiseToTwoAtZero) {
  ExpectEach(
      [](const FloatGrid& grid, float x, float d) {
        const float slope = 2 - 2 * std::fabs(x * grid.inverse);
        return d * (slope > 0 ? slope : 0);
      },
      [](const GridPasses& passes, const FloatGrid& grid, const auto& x, const auto& d, float* y) {
        std::vector<float> numbers = x;
        for (float& number : numbers) number = std::isnan(number) ? 9 : number;  // Undefined there.
        passes.tent(grid.inverse, Count(x), d.data(), numbers.data(), y);
      });
}

TEST(GridPasses, LearnedScalesGetTheirGradient) {
  for (const FloatGrid& grid : kGrids) {
    for (const bool rounding : {false, true}) {
      for (const int count : {5, 16, 100}) {
        std::vector<float> x = Values(grid, count);
        for (float& value : x) value = std::isfinite(value) ? value : 1;  // A sum has no more to say of those.
        const std::vector<float> d = Gradients(x.size());
        double expected = 0, magnitude = 0;
        for (size_t i = 0; i < x.size(); ++i) {
          const bool inside = Inside(x[i], grid.first(), grid.last());
          const double scaled = x[i] * grid.inverse, within = rounding ? IntegerOf(grid, x[i]) - scaled : 0;
          const double slope = inside ? within : std::clamp<double>(scaled, grid.low, grid.high);
          expected += d[i] * slope;
          magnitude += std::fabs(d[i] * slope);
        }
        ForEachTarget([&](const GridPasses& passes) {
          std::vector<float> dx(x.size());
          const float sum = passes.learn(grid, rounding, Count(x), d.data(), x.data(), dx.data());
          EXPECT_NEAR(sum, expected, 1e-6 * magnitude * count);
          for (size_t i = 0; i < x.size(); ++i) {
            EXPECT_EQ(dx[i], Inside(x[i], grid.first(), grid.last()) ? d[i] : 0) << x[i];
          }
        });
      }
    }
  }
}

}  // namespace
}  // namespace lowbit::train
