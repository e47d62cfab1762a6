// The sampler against exact enumeration of successive sampling, and its counts, ties and degenerate cases.

#include "lowbit/quant/policies/sq/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace lowbit::quant::sq {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

SqOptions Make(Probability prob, Selection select = Selection::kQuantizeByInverseError,
               Policy policy = Policy::kStochastic) {
  SqOptions options;
  options.prob = prob;
  options.select = select;
  options.policy = policy;
  return options;
}

SqOptions Official() { return Make(Probability::kLinear, Selection::kKeepFloatByError); }

std::vector<uint8_t> Select(const std::vector<double>& errors, int64_t count, const SqOptions& options,
                            uint64_t iteration = 0) {
  std::vector<uint8_t> mask(errors.size(), 7);
  SelectQuantized(errors, count, options, MaskRandom(1, "conv1", iteration), mask);
  return mask;
}

// --- Exact enumeration: an implementation of its own, from the definition of drawing without replacement.

std::vector<double> Weights(const std::vector<double>& errors, const SqOptions& options) {
  const bool keep = options.select == Selection::kKeepFloatByError;
  std::vector<double> weights;
  for (const double e : errors) {
    const double score = keep ? e : 1 / (e + 1e-7);
    switch (options.prob) {
      case Probability::kConstant:
        weights.push_back(1);
        break;
      case Probability::kLinear:
        weights.push_back(score);
        break;
      case Probability::kSoftmax:  // The errors of these tests are not small enough to overflow.
        weights.push_back(std::exp(score));
        break;
      case Probability::kSigmoid:
        weights.push_back(1 / (1 + std::exp(-score)));
        break;
    }
  }
  return weights;
}

using SetProbabilities = std::vector<double>;  // Index: set of units as bits.

void Enumerate(const std::vector<double>& weights, uint32_t taken, int64_t draws, double probability,
               SetProbabilities* result) {
  if (draws == 0) {
    (*result)[taken] += probability;
    return;
  }
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) sum += (taken >> i & 1) ? 0 : weights[i];
  for (size_t i = 0; i < weights.size(); ++i) {
    if (taken >> i & 1) continue;
    Enumerate(weights, taken | 1u << i, draws - 1, probability * weights[i] / sum, result);
  }
}

// Probability of each set of quantized units.
SetProbabilities Exact(const std::vector<double>& errors, int64_t count, const SqOptions& options) {
  const bool keep = options.select == Selection::kKeepFloatByError;
  const int64_t units = static_cast<int64_t>(errors.size());
  const uint32_t all = (1u << units) - 1;
  SetProbabilities drawn(all + 1), quantized(all + 1);
  Enumerate(Weights(errors, options), 0, keep ? units - count : count, 1, &drawn);
  for (uint32_t set = 0; set <= all; ++set) quantized[keep ? all & ~set : set] = drawn[set];
  return quantized;
}

std::vector<double> Inclusion(const SetProbabilities& sets, size_t units) {
  std::vector<double> p(units);
  for (size_t set = 0; set < sets.size(); ++set) {
    for (size_t i = 0; i < units; ++i) p[i] += (set >> i & 1) ? sets[set] : 0;
  }
  return p;
}

using Sampler = void (*)(Span<const double>, int64_t, const SqOptions&, const CounterRandom&, Span<uint8_t>);

SetProbabilities Sample(Sampler sampler, const std::vector<double>& errors, int64_t count, const SqOptions& options,
                        int64_t draws) {
  SetProbabilities sets(size_t{1} << errors.size());
  std::vector<uint8_t> mask(errors.size());
  for (int64_t i = 0; i < draws; ++i) {
    sampler(errors, count, options, CounterRandom(99, 3, static_cast<uint64_t>(i)), mask);
    size_t set = 0;
    for (size_t k = 0; k < mask.size(); ++k) set |= static_cast<size_t>(mask[k]) << k;
    sets[set] += 1.0 / static_cast<double>(draws);
  }
  return sets;
}

// --- The table of inclusion probabilities.

struct Column {
  const char* name;
  SqOptions options;
  std::vector<double> inclusion;
};

struct Case {
  std::vector<double> errors;
  int64_t count;
  std::vector<Column> columns;
};

// Published to three or four decimals.
std::vector<Case> Table() {
  const std::vector<double> spread = {.1, .2, .4, .8}, typical = {.55, .58, .60, .62, .65, .70};
  const SqOptions constant = Make(Probability::kConstant), linear = Make(Probability::kLinear);
  const SqOptions softmax = Make(Probability::kSoftmax), sigmoid = Make(Probability::kSigmoid);
  return {{spread,
           2,
           {{"constant", constant, {.5, .5, .5, .5}},
            {"linear", linear, {.8474, .6315, .3437, .1774}},
            {"softmax", softmax, {1.0, .9045, .0742, .0213}},
            {"sigmoid", sigmoid, {.5325, .5299, .5016, .4360}},
            {"official", Official(), {.8226, .6563, .3685, .1526}}}},
          {spread,
           3,
           {{"constant", constant, {.75, .75, .75, .75}},
            {"linear", linear, {.9748, .9018, .7229, .4004}},
            {"softmax", softmax, {1.0, .997, .779, .224}},
            {"sigmoid", sigmoid, {.781, .779, .754, .687}},
            {"official", Official(), {.9333, .8667, .7333, .4667}}}},
          {typical,
           3,
           {{"constant", constant, {.5, .5, .5, .5, .5, .5}},
            {"linear", linear, {.541, .521, .509, .497, .479, .453}},
            {"softmax", softmax, {.570, .534, .512, .492, .465, .427}},
            {"sigmoid", sigmoid, {.511, .506, .503, .499, .495, .487}},
            {"official", Official(), {.541, .522, .509, .497, .480, .452}}}}};
}

void ExpectNear(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance,
                const char* what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], tolerance) << what << " unit " << i;
}

TEST(SqTable, EnumerationGivesThePublishedInclusion) {
  for (const Case& row : Table()) {
    for (const Column& column : row.columns) {
      const SetProbabilities sets = Exact(row.errors, row.count, column.options);
      // Three decimals, of which the last is not everywhere the nearest.
      ExpectNear(Inclusion(sets, row.errors.size()), column.inclusion, 0.0006, column.name);
    }
  }
}

// Four standard errors of a frequency over this many draws.
double Tolerance(int64_t draws) { return 4 * 0.5 / std::sqrt(static_cast<double>(draws)); }

// 1e6 draws: 0.002. All sets are compared, not only the inclusion of single units, which follows from them.
TEST(SqTable, RaceDrawsFromTheExactDistribution) {
  for (const Case& row : Table()) {
    for (const Column& column : row.columns) {
      const SetProbabilities exact = Exact(row.errors, row.count, column.options);
      const SetProbabilities race = Sample(&SelectQuantized, row.errors, row.count, column.options, 1000000);
      ExpectNear(race, exact, Tolerance(1000000), column.name);
      ExpectNear(Inclusion(race, row.errors.size()), column.inclusion, Tolerance(1000000) + 0.0006, column.name);
    }
  }
}

TEST(SqTable, LiteralLoopDrawsFromTheExactDistribution) {
  constexpr int64_t kDraws = 250000;  // The loop is slow.
  for (const Case& row : Table()) {
    for (const Column& column : row.columns) {
      const SetProbabilities exact = Exact(row.errors, row.count, column.options);
      const SetProbabilities loop = Sample(&SelectByRoulette, row.errors, row.count, column.options, kDraws);
      ExpectNear(loop, exact, Tolerance(kDraws), column.name);
      ExpectNear(Inclusion(loop, row.errors.size()), column.inclusion, Tolerance(kDraws) + 0.0006, column.name);
    }
  }
}

// --- Counts.

TEST(QuantizedCount, OfTheUsualStages) {
  const auto count = [](double ratio, int64_t units) { return QuantizedCount(ratio, units, Rounding::kCeil); };
  EXPECT_EQ((std::array<int64_t, 3>{count(.5, 10), count(.75, 10), count(.875, 10)}),
            (std::array<int64_t, 3>{5, 8, 9}));
  EXPECT_EQ((std::array<int64_t, 3>{count(.5, 16), count(.75, 16), count(.875, 16)}),
            (std::array<int64_t, 3>{8, 12, 14}));
  EXPECT_EQ((std::array<int64_t, 3>{count(.5, 100), count(.75, 100), count(.875, 100)}),
            (std::array<int64_t, 3>{50, 75, 88}));
  EXPECT_EQ(QuantizedCount(.75, 10, Rounding::kFloor), 7);
  EXPECT_EQ(QuantizedCount(.875, 10, Rounding::kFloor), 8);
  EXPECT_EQ(QuantizedCount(.875, 100, Rounding::kFloor), 87);
  EXPECT_EQ(QuantizedCount(.75, 10, Rounding::kRound), 8);   // 7.5: halves up.
  EXPECT_EQ(QuantizedCount(.875, 10, Rounding::kRound), 9);  // 8.75
  EXPECT_EQ(QuantizedCount(.74, 10, Rounding::kRound), 7);
}

// Every ratio of two decimals on every number of rows, against integer arithmetic.
TEST(QuantizedCount, LosesNoRowToBinaryRounding) {
  for (int64_t percent = 0; percent <= 100; ++percent) {
    for (int64_t units = 0; units <= 4100; units += units < 200 ? 1 : 97) {
      const double ratio = static_cast<double>(percent) / 100;
      const int64_t product = percent * units;
      EXPECT_EQ(QuantizedCount(ratio, units, Rounding::kFloor), product / 100) << percent << " % of " << units;
      EXPECT_EQ(QuantizedCount(ratio, units, Rounding::kCeil), (product + 99) / 100) << percent << " % of " << units;
      EXPECT_EQ(QuantizedCount(ratio, units, Rounding::kRound), (product + 50) / 100) << percent << " % of " << units;
    }
  }
}

TEST(QuantizedCount, Limits) {
  for (const Rounding rounding : {Rounding::kCeil, Rounding::kRound, Rounding::kFloor}) {
    EXPECT_EQ(QuantizedCount(1, 2097152, rounding), 2097152);
    EXPECT_EQ(QuantizedCount(0, 2097152, rounding), 0);
  }
  EXPECT_EQ(QuantizedCount(1e-12, 10, Rounding::kCeil), 1);
}

// --- Selection.

std::vector<SqOptions> EveryOption() {
  std::vector<SqOptions> all;
  for (const Probability prob :
       {Probability::kConstant, Probability::kLinear, Probability::kSoftmax, Probability::kSigmoid}) {
    for (const Selection select : {Selection::kQuantizeByInverseError, Selection::kKeepFloatByError}) {
      for (const Policy policy : {Policy::kStochastic, Policy::kSorted, Policy::kFixed}) {
        all.push_back(Make(prob, select, policy));
      }
    }
  }
  return all;
}

TEST(SqSelect, AlwaysExactlyTheCount) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::vector<double>> inputs = {
      {.3},
      {0, 0, 0, 0, 0},                      // All weights equal.
      {0, 0, 0, .5, 0, .2, 0},              // Some weights 0.
      {0, 1e-9, 1e-4, 1, 1e6, 1e30, 0, 2},  // Beyond the range of exp.
      {.5, nan, .2, nan},
  };
  for (const SqOptions& options : EveryOption()) {
    for (const std::vector<double>& errors : inputs) {
      for (int64_t count = 0; count <= static_cast<int64_t>(errors.size()); ++count) {
        const std::vector<uint8_t> mask = Select(errors, count, options);
        EXPECT_EQ(std::count(mask.begin(), mask.end(), 1), count);
        EXPECT_EQ(std::count(mask.begin(), mask.end(), 0), static_cast<int64_t>(errors.size()) - count);
      }
    }
  }
}

TEST(SqSelect, RangesDoNotChangeTheMask) {
  const CounterRandom random(4, 4);
  std::vector<double> errors(70002);
  for (size_t i = 0; i < errors.size(); ++i) errors[i] = random.Uniform(i);
  const auto backwards = [](size_t count, const std::function<void(size_t begin, size_t end)>& work) {
    constexpr size_t kStep = 4 * 5000;
    for (size_t begin = count / kStep * kStep;; begin -= kStep) {
      work(begin, std::min(begin + kStep, count));
      if (begin == 0) break;
    }
  };
  for (const SqOptions& options : EveryOption()) {
    std::vector<uint8_t> mask(errors.size());
    SelectQuantized(errors, 30000, options, MaskRandom(1, "conv1", 0), mask, backwards);
    EXPECT_EQ(mask, Select(errors, 30000, options));
  }
}

TEST(SqSelect, RouletteAlwaysExactlyTheCount) {
  const std::vector<double> errors = {0, 0, .5, 0, .2};
  for (const SqOptions& options : EveryOption()) {
    for (int64_t count = 0; count <= 5; ++count) {
      std::vector<uint8_t> mask(errors.size(), 7);
      SelectByRoulette(errors, count, options, MaskRandom(1, "conv1", 0), mask);
      EXPECT_EQ(std::count(mask.begin(), mask.end(), 1), count);
    }
  }
}

TEST(SqSelect, ZeroWeightsComeLastByIndex) {
  const std::vector<double> errors = {0, 0, .5, 0, .2, 0};
  for (uint64_t iteration = 0; iteration < 20; ++iteration) {
    // Four stay float: both of positive error, then the first two of the others.
    EXPECT_THAT(Select(errors, 2, Official(), iteration), ElementsAre(0, 0, 0, 1, 0, 1));
    std::vector<uint8_t> mask(errors.size());
    SelectByRoulette(errors, 2, Official(), MaskRandom(1, "conv1", iteration), mask);
    EXPECT_THAT(mask, ElementsAre(0, 0, 0, 1, 0, 1));
  }
}

TEST(SqSelect, AllErrorsZeroIsTheConstantDistribution) {
  const std::vector<double> zeros(4, 0.0);
  for (const SqOptions& options : {Official(), Make(Probability::kLinear), Make(Probability::kSoftmax)}) {
    for (const Sampler sampler : {&SelectQuantized, &SelectByRoulette}) {
      const std::vector<double> p = Inclusion(Sample(sampler, zeros, 1, options, 100000), 4);
      ExpectNear(p, {.25, .25, .25, .25}, 4 * std::sqrt(.25 * .75 / 100000), "zeros");
    }
  }
}

// An error of 0 has a score of 1e7, whose exponential no float format holds; it wins, and the others keep their odds.
TEST(SqSelect, SoftmaxDoesNotOverflow) {
  const std::vector<double> errors = {0, .6, .6, .6};
  const SqOptions softmax = Make(Probability::kSoftmax);
  for (const Sampler sampler : {&SelectQuantized, &SelectByRoulette}) {
    const std::vector<double> p = Inclusion(Sample(sampler, errors, 2, softmax, 100000), 4);
    EXPECT_EQ(std::lround(p[0] * 100000), 100000);
    ExpectNear({p[1], p[2], p[3]}, {1. / 3, 1. / 3, 1. / 3}, 4 * std::sqrt(2. / 9 / 100000), "others");
  }
}

TEST(SqSelect, EverythingAtRatioOne) {
  for (const SqOptions& options : EveryOption()) EXPECT_THAT(Select({.1, 0, .9}, 3, options), Each(1));
}

TEST(SqSelect, SortedTakesTheSmallestErrorsAndTiesByIndex) {
  const SqOptions sorted = Make(Probability::kLinear, Selection::kQuantizeByInverseError, Policy::kSorted);
  EXPECT_THAT(Select({.5, .1, .3, .3, .3, .9}, 3, sorted), ElementsAre(0, 1, 1, 1, 0, 0));
  EXPECT_EQ(Select({.5, .1, .3, .3, .3, .9}, 3, sorted, 0), Select({.5, .1, .3, .3, .3, .9}, 3, sorted, 5));
}

// Above 65,536 units the limit is found in another way than below; both against a sort.
TEST(SqSelect, SortedAmongManyElements) {
  const SqOptions sorted = Make(Probability::kLinear, Selection::kQuantizeByInverseError, Policy::kSorted);
  const CounterRandom random(4, 4);
  for (const size_t units : {size_t{65535}, size_t{70001}}) {
    std::vector<double> errors(units);
    for (size_t i = 0; i < units; ++i) errors[i] = std::floor(random.Uniform(i) * 5000) / 1000;  // With many ties.
    std::vector<size_t> order(units);
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return errors[a] < errors[b]; });
    for (const size_t count : {size_t{1}, units / 3, units - 1}) {
      std::vector<uint8_t> expected(units, 0);
      for (size_t i = 0; i < count; ++i) expected[order[i]] = 1;
      EXPECT_EQ(Select(errors, static_cast<int64_t>(count), sorted), expected) << units << " " << count;
    }
  }
}

TEST(SqSelect, DependsOnSeedLayerAndIterationOnly) {
  const std::vector<double> errors(64, .5);
  const SqOptions options;
  const auto mask = [&](uint64_t seed, const char* layer, uint64_t iteration) {
    std::vector<uint8_t> result(errors.size());
    SelectQuantized(errors, 32, options, MaskRandom(seed, layer, iteration), result);
    return result;
  };
  const std::vector<uint8_t> first = mask(1, "conv1", 0);
  EXPECT_EQ(first, mask(1, "conv1", 0));
  EXPECT_NE(first, mask(2, "conv1", 0));
  EXPECT_NE(first, mask(1, "conv2", 0));
  EXPECT_NE(first, mask(1, "conv1", 1));
  EXPECT_NE(first, mask(1, "conv1", uint64_t{1} << 40));
}

// Successive sampling with the weights of 100,000 elements: the mean weight of the first few that are taken is the
// mean under the drawing probability. Checks the race where the loop cannot go.
TEST(SqSelect, ManyElementsKeepTheOdds) {
  const size_t units = 100000;
  std::vector<double> errors(units);
  for (size_t i = 0; i < units; ++i) errors[i] = i % 2 == 0 ? .25 : 1.0;
  int64_t cheap = 0, total = 0;
  for (uint64_t iteration = 0; iteration < 50; ++iteration) {
    const std::vector<uint8_t> mask = Select(errors, 1000, SqOptions(), iteration);
    for (size_t i = 0; i < units; i += 2) cheap += mask[i];
    total += 1000;
  }
  // Weights 4 to 1, so 0.8 at first; 1000 of 100,000 taken move it by (0.8 * 1000 / 50000 - 0.2 * 1000 / 50000) *
  // 0.8 * 0.2 / 2 < 0.001. Standard error of 50,000 draws: 0.0018.
  EXPECT_NEAR(static_cast<double>(cheap) / static_cast<double>(total), .8, 4 * .0018 + .001);
}

TEST(SqSelect, DrawProbabilitiesAddUpToOne) {
  for (const SqOptions& options : EveryOption()) {
    const std::vector<double> p = DrawProbabilities(std::vector<double>{0, .1, .5, 3}, options);
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-12);
  }
  const std::vector<double> p = DrawProbabilities(std::vector<double>{.1, .2, .4}, Make(Probability::kLinear));
  ExpectNear(p, {4. / 7, 2. / 7, 1. / 7}, 1e-6, "linear");
}

}  // namespace
}  // namespace lowbit::quant::sq
