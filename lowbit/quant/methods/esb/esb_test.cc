#include "lowbit/quant/methods/esb/esb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "lowbit/base/random.h"

namespace lowbit::quant::methods::esb {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<Format> LegalFormats() {
  std::vector<Format> formats;
  for (int bits = 2; bits <= 8; ++bits) {
    for (int k = 0; k <= bits - 2; ++k) formats.push_back({bits, k});
  }
  return formats;
}

std::string Name(const Format& format) {
  return "(" + std::to_string(format.bits) + "," + std::to_string(format.k) + ")";
}

std::vector<double> Scaled(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

std::vector<float> Normals(size_t count, uint64_t seed) {
  const CounterRandom random(seed, StreamOf("esb"));
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(random.Normal(i));
  return values;
}

// The scheme of a format at a given alpha, in place of one that follows the weights.
LevelScheme At(const Format& format, double alpha) {
  Options options;
  options.format = format;
  LevelScheme scheme = MakeScheme(options, Density::kNormal);
  scheme.rule.factor *= alpha / Alpha(format, options.alpha, options.density);
  scheme.rule.statistic = ScaleRule::Statistic::kOne;
  return scheme;
}

std::vector<float> Quantized(const LevelScheme& scheme, const std::vector<float>& weights) {
  return Dequantize(LevelQuantizer(scheme).Quantize(weights, {1, static_cast<int64_t>(weights.size())})).data;
}

TEST(EsbFormat, ValueSets) {
  EXPECT_THAT((Format{2, 0}.Magnitudes()), ElementsAre(0, 1));
  EXPECT_THAT((Format{3, 0}.Magnitudes()), ElementsAre(0, 1, 2, 4));
  EXPECT_THAT((Format{3, 1}.Magnitudes()), ElementsAre(0, .5, 1, 1.5));
  EXPECT_THAT((Format{4, 0}.Magnitudes()), ElementsAre(0, 1, 2, 4, 8, 16, 32, 64));
  EXPECT_THAT((Format{4, 1}.Magnitudes()), ElementsAre(0, .5, 1, 1.5, 2, 3, 4, 6));
  EXPECT_THAT((Format{4, 2}.Magnitudes()), ElementsAre(0, .25, .5, .75, 1, 1.25, 1.5, 1.75));
  EXPECT_THAT(Scaled(Format{5, 1}.Magnitudes(), 2),
              ElementsAre(0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192));
  EXPECT_THAT(Scaled(Format{5, 2}.Magnitudes(), 4), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28));
  EXPECT_EQ((Format{5, 3}.Magnitude(15)), 15.0 / 8);
}

TEST(EsbFormat, EveryLegalFormatHasOneValueLessThanItHasCodes) {
  for (const Format& format : LegalFormats()) {
    std::set<double> values;
    for (int code = 0; code < 1 << format.bits; ++code) values.insert(format.Decode(static_cast<uint8_t>(code)));
    EXPECT_EQ(values.size(), (1u << format.bits) - 1) << Name(format);
    const int n = format.max_shift();
    EXPECT_EQ(format.largest(), std::ldexp(1.0, n + 1) - std::ldexp(1.0, n - format.k)) << Name(format);
    EXPECT_EQ(*values.rbegin(), format.largest());
    const Levels levels = At(format, 1).levels;
    EXPECT_EQ(levels.ascending().size(), values.size()) << Name(format);
    EXPECT_EQ(levels.values().Bits(), format.bits) << Name(format);
  }
}

TEST(EsbFormat, TheEndsArePowersOfTwoAndAUniformGrid) {
  for (int bits = 2; bits <= 8; ++bits) {
    for (const double value : Format{bits, 0}.Magnitudes()) {
      int exponent = 0;
      EXPECT_TRUE(value == 0 || std::frexp(value, &exponent) == 0.5) << bits;
    }
    const std::vector<double> linear = Format{bits, bits - 2}.Magnitudes();
    for (size_t i = 0; i < linear.size(); ++i) EXPECT_EQ(linear[i], std::ldexp(static_cast<double>(i), 2 - bits));
  }
}

TEST(EsbFormat, TiesGoToTheEvenSignificandAndWhatIsBeyondSaturates) {
  const Format format = {4, 1};
  const LevelScheme scheme = At(format, 1);
  const std::vector<float> in = {.25f, .75f, 1.25f, 1.75f, 2.5f, 3.5f, 5, 7, 1e9f, 0, -5, -.25f, -1e9f};
  const std::vector<float> out = {0, 1, 1, 2, 2, 4, 4, 6, 6, 0, -4, 0, -6};
  EXPECT_THAT(Quantized(scheme, in), ElementsAreArray(out));
  for (size_t i = 0; i < in.size(); ++i) EXPECT_EQ(format.Decode(format.Encode(in[i])), out[i]) << in[i];
  EXPECT_EQ((Format{4, 0}.Decode(Format{4, 0}.Encode(1.5))), 2);
  EXPECT_EQ((Format{4, 0}.Decode(Format{4, 0}.Encode(3))), 4);
  EXPECT_EQ((Format{4, 0}.Decode(Format{4, 0}.Encode(.5))), 0);
}

// The shift-and-round form, the walk over boundaries and the search are one projection; it is the nearest value.
TEST(EsbFormat, ProjectionIsTheNearestValue) {
  const CounterRandom random(3, StreamOf("project"));
  for (const Format& format : LegalFormats()) {
    const Levels levels = At(format, 1).levels;
    const double unit = format.largest() / levels.ascending().back();
    const std::vector<double> magnitudes = format.Magnitudes();
    double before = -1e300;
    for (uint64_t i = 0; i < 1000; ++i) {
      // Over all magnitudes, and beyond both ends.
      const double top = std::log2(format.largest());
      const double x = std::exp2(top + 1 - (top + 8) * static_cast<double>(i) / 1000) * (0.9 + 0.1 * random.Uniform(i));
      const double q = format.Decode(format.Encode(x));
      const auto nearest = std::min_element(magnitudes.begin(), magnitudes.end(),
                                            [x](double a, double b) { return std::fabs(a - x) < std::fabs(b - x); });
      EXPECT_LE(std::fabs(q - x), std::fabs(*nearest - x)) << Name(format) << x;
      EXPECT_EQ(format.Decode(format.Encode(-x)), -q);
      EXPECT_EQ(format.Decode(format.Encode(q)), q);
      EXPECT_EQ(levels.ascending()[levels.Nearest(x / unit)] * unit, q) << Name(format) << x;
      EXPECT_EQ(levels.Walk(x / unit), levels.Nearest(x / unit));
      EXPECT_EQ(levels.Walk(-x / unit), levels.Nearest(-x / unit));
    }
    for (double x = -1.1 * format.largest(); x < 1.1 * format.largest(); x += format.largest() / 997) {
      const double q = format.Decode(format.Encode(x));
      EXPECT_GE(q, before) << Name(format);
      before = q;
    }
  }
}

// Fig. 4 of the paper: five bits, k = 2, alpha 0.625.
TEST(Esb, MatrixOfThePaper) {
  const std::vector<float> in = {2.17f, 1.62f, 1.24f, .76f,  .68f, 1.91f, 2.72f, 3.06f, 2.81f, 2.37f,
                                 2.21f, 2.67f, 1.33f, 1.46f, .59f, 4.00f, 4.38f, 1.67f, 2.98f, .61f};
  const std::vector<float> out = {2.1875f, 1.5625f, 1.25f, .78125f, .625f, 1.875f, 2.5f,   3.125f,  2.5f,   2.5f,
                                  2.1875f, 2.5f,    1.25f, 1.5625f, .625f, 3.75f,  4.375f, 1.5625f, 3.125f, .625f};
  const std::vector<float> got = Quantized(At({5, 2}, .625), in);
  EXPECT_THAT(got, ElementsAreArray(out));
  double error = 0;
  for (size_t i = 0; i < in.size(); ++i) error += std::fabs(got[i] - in[i]);
  EXPECT_NEAR(error, 1.85375, 1e-5);
}

struct Optimum {
  int bits, k;
  double alpha, distortion;
};

// Of the standard normal density, from an independent numerical minimization.
constexpr Optimum kNormal[] = {
    {2, 0, 1.224006, 0.190174},  {3, 0, 0.518127, 0.047560},  {3, 1, 1.301539, 0.046860}, {4, 0, 0.065525, 0.037745},
    {4, 1, 0.487079, 0.012685},  {4, 2, 1.413645, 0.012889},  {5, 1, 0.076638, 0.010646}, {5, 2, 0.482773, 0.003256},
    {5, 3, 1.545988, 0.003693},  {6, 2, 0.040551, 0.002766},  {6, 3, 0.499672, 0.000829}, {6, 4, 1.687801, 0.001069},
    {7, 3, 0.040941, 0.000699},  {7, 4, 0.524688, 0.000212},  {7, 5, 1.832361, 0.000309}, {8, 4, 0.041177, 0.000175},
    {8, 5, 0.552655, 0.0000541}, {8, 6, 1.975686, 0.0000883},
};

TEST(Alignment, OptimaOfTheNormalDensity) {
  for (const Optimum& optimum : kNormal) {
    const Format format = {optimum.bits, optimum.k};
    const Alignment found = Align(format.Magnitudes(), Density::kNormal);
    EXPECT_NEAR(found.scale, optimum.alpha, 1e-5) << Name(format);
    EXPECT_NEAR(found.distortion, optimum.distortion, 1e-6) << Name(format);
    EXPECT_EQ(Align(format.Magnitudes(), Density::kHalfNormal).scale, found.scale);
    // Released with four digits, but (4, 0) and (5, 1) are minima that are not the least.
    const bool other = format.bits - format.k == 4 && format.k <= 1;
    if (!other) {
      EXPECT_NEAR(AuthorAlpha(format), found.scale, 5.1e-5) << Name(format);
    }
    const double at_author = ExpectedDistortion(format.Magnitudes(), AuthorAlpha(format), Density::kNormal);
    EXPECT_LE(at_author, found.distortion * (format.k == 0 ? 1.02 : 1.001)) << Name(format);
  }
}

// The table of the released code, digit for digit.
TEST(Esb, ReleasedAlphas) {
  const std::pair<Format, double> released[] = {
      {{2, 0}, 1.2240}, {{3, 0}, .5181}, {{3, 1}, 1.3015}, {{4, 0}, .0381}, {{4, 1}, .4871}, {{4, 2}, 1.4136},
      {{5, 1}, .0391},  {{5, 2}, .4828}, {{5, 3}, 1.5460}, {{6, 2}, .0406}, {{6, 3}, .4997}, {{6, 4}, 1.6878},
      {{7, 3}, .0409},  {{7, 4}, .5247}, {{7, 5}, 1.8324}, {{8, 4}, .0412}, {{8, 5}, .5527}, {{8, 6}, 1.9757}};
  for (const auto& [format, alpha] : released) EXPECT_EQ(AuthorAlpha(format), alpha) << Name(format);
}

TEST(Alignment, OptimaOfOtherDensities) {
  const std::pair<Density, Optimum> cases[] = {
      {Density::kLaplace, {3, 0, .69145, .07068}},  {Density::kLaplace, {3, 1, 1.64351, .08309}},
      {Density::kLaplace, {4, 0, .09748, .03830}},  {Density::kLaplace, {4, 1, .69114, .01849}},
      {Density::kLaplace, {4, 2, 1.94754, .02740}}, {Density::kLaplace, {5, 2, .74449, .00502}},
      {Density::kUniform, {3, 1, .98974, .02041}},  {Density::kUniform, {4, 1, .39407, .00809}},
      {Density::kUniform, {4, 2, .92376, .00444}}};
  for (const auto& [density, optimum] : cases) {
    const Alignment found = Align(Format{optimum.bits, optimum.k}.Magnitudes(), density);
    EXPECT_NEAR(found.scale, optimum.alpha, 1e-5) << Name({optimum.bits, optimum.k});
    EXPECT_NEAR(found.distortion, optimum.distortion, 1e-5);
  }
}

// At a minimum D = 1 - alpha^2 E[q^2]; E[q^2] from D itself: E x^2 - D = 2 E[xq] - E[q^2], and there E[xq] = E[q^2].
TEST(Alignment, DistortionIsWhatTheValuesLackOfTheVariance) {
  const Format format = {4, 1};
  const double alpha = Align(format.Magnitudes(), Density::kNormal).scale;
  const std::vector<double> magnitudes = format.Magnitudes();
  double squares = 0;
  for (size_t i = 0; i < magnitudes.size(); ++i) {
    const double from = i == 0 ? 0 : alpha * (magnitudes[i - 1] + magnitudes[i]) / 2;
    const double to = i + 1 < magnitudes.size() ? alpha * (magnitudes[i] + magnitudes[i + 1]) / 2 : 40;
    squares += std::pow(alpha * magnitudes[i], 2) * (std::erf(to / std::sqrt(2.0)) - std::erf(from / std::sqrt(2.0)));
  }
  EXPECT_NEAR(ExpectedDistortion(magnitudes, alpha, Density::kNormal), 1 - squares, 1e-8);
}

TEST(Alignment, PowersOfTwoHaveSeveralMinima) {
  const std::vector<double> magnitudes = Format{4, 0}.Magnitudes();
  std::vector<double> minima;  // About a factor of 2 apart.
  const auto d = [&](double alpha) { return ExpectedDistortion(magnitudes, alpha, Density::kNormal); };
  for (double alpha = 0.02; alpha < 0.3; alpha *= 1.001) {
    if (d(alpha) < d(alpha * 1.001) && d(alpha) < d(alpha / 1.001)) minima.push_back(alpha);
  }
  ASSERT_EQ(minima.size(), 4u);
  EXPECT_NEAR(minima[0], 0.03812, 1e-4);
  EXPECT_NEAR(minima[1], 0.06553, 1e-4);
  EXPECT_NEAR(minima[2], 0.12996, 2e-4);
  EXPECT_NEAR(d(0.03812), 0.038407, 1e-6);
  EXPECT_NEAR(d(0.12996), 0.037856, 1e-6);
}

// Lloyd and Max: 3 levels, uniform grids of 7 and 15 levels with zero, of 4 and 16 without.
TEST(Alignment, KnownQuantizersOfTheNormalDensity) {
  const auto grid = [](double first, int count) {
    std::vector<double> levels(static_cast<size_t>(count));
    std::iota(levels.begin(), levels.end(), first);
    return Align(levels, Density::kNormal);
  };
  EXPECT_NEAR(grid(0, 2).scale, 1.2240, 1e-4);
  EXPECT_NEAR(grid(0, 2).distortion, .1902, 1e-4);
  EXPECT_NEAR(grid(0, 4).scale, .6508, 1e-4);
  EXPECT_NEAR(grid(0, 8).scale, .3534, 1e-4);
  EXPECT_NEAR(grid(.5, 2).scale, .9957, 1e-4);
  EXPECT_NEAR(grid(.5, 2).distortion, .11885, 1e-5);
  EXPECT_NEAR(grid(.5, 8).scale, .3352, 1e-4);
  EXPECT_NEAR(grid(.5, 8).distortion, .011543, 1e-6);
}

TEST(Esb, ExpectedDistortionIsThatOfSamples) {
  struct Case {
    int bits, k;
    double zeros, saturated;
  };
  const std::vector<float> samples = Normals(400000, 1);
  for (const Case& c : {Case{2, 0, .459, .541}, Case{3, 0, .204, .121}, Case{3, 1, .255, .104}, Case{4, 1, .097, .015},
                        Case{4, 2, .140, .022}, Case{5, 2, .049, .0017}}) {
    const Format format = {c.bits, c.k};
    const double alpha = AuthorAlpha(format);
    double squared = 0, zeros = 0, saturated = 0;
    for (const float x : samples) {
      const double q = format.Decode(format.Encode(x / alpha));
      squared += std::pow(x - alpha * q, 2);
      zeros += q == 0;
      saturated += std::fabs(q) == format.largest();
    }
    const auto count = static_cast<double>(samples.size());
    const double expected = ExpectedDistortion(format.Magnitudes(), alpha, Density::kNormal);
    EXPECT_NEAR(squared / count, expected, 0.01 * expected) << Name(format);
    // Four standard deviations of a share, and the half digit of the number it is compared with.
    EXPECT_NEAR(zeros / count, c.zeros, .0036) << Name(format);
    EXPECT_NEAR(saturated / count, c.saturated, .0036) << Name(format);
  }
}

// What the samples say about ReLU outputs: sigma is sqrt(2 mean z^2) there, not the standard deviation of z.
TEST(Esb, HalfNormalRuleFitsWhatReluLeaves) {
  std::vector<float> z = Normals(400000, 2);
  double sum = 0, squares = 0;
  for (float& x : z) x = std::max(x, 0.0f), sum += x, squares += x * x;
  const auto count = static_cast<double>(z.size());
  const double half_normal = std::sqrt(2 * squares / count);
  const double std = std::sqrt(squares / count - std::pow(sum / count, 2));
  const auto error = [&](const Format& format, double alpha) {
    double error = 0;
    for (const float x : z) error += std::pow(x - alpha * format.Decode(format.Encode(x / alpha)), 2);
    return error / squares;
  };
  const Format format = {4, 1};
  EXPECT_NEAR(error(format, AuthorAlpha(format) * half_normal), .0127, .0003);
  EXPECT_NEAR(error(format, AuthorAlpha(format) * std), .0338, .0010);
  EXPECT_NEAR(error({5, 2}, AuthorAlpha({5, 2}) * half_normal), .003256, .0001);  // Unsigned, 4 bits.
}

TEST(Esb, FollowsTheScaleOfItsInput) {
  std::vector<float> weights = Normals(500, 4);
  const QTensor q = Esb(Options()).Quantize(weights, {5, 100});
  for (float& w : weights) w *= 1.0f / 1024;
  const QTensor small = Esb(Options()).Quantize(weights, {5, 100});
  EXPECT_EQ(small.codes, q.codes);
  EXPECT_THAT(small.scales, ElementsAre(FloatNear(q.scales[0] / 1024, q.scales[0] * 1e-10f)));
}

TEST(Esb, AlphaTimesSigmaIsTheScale) {
  const std::vector<float> weights = {1, -2, 3, -4, 5, -6};
  // Sum -3, squares 91: sigma^2 = (91 - 9 / 6) / 5 = 17.9.
  const double sigma = std::sqrt(17.9);
  EXPECT_NEAR(Esb(Options()).Quantize(weights, {2, 3}).scales[0], .4871 * 4 * sigma, 1e-5);
  Options rms;
  rms.sigma = ScaleRule::Statistic::kRms;
  rms.scope = Scope::kRow;
  EXPECT_THAT(Esb(rms).Quantize(weights, {2, 3}).scales,
              Pointwise(FloatNear(1e-5f),
                        std::vector<float>{.4871f * 4 * std::sqrt(14 / 3.f), .4871f * 4 * std::sqrt(77 / 3.f)}));
}

TEST(Esb, WeightsWithoutSpreadAreMeasuredFromZero) {
  const QTensor q = Esb(Options()).Quantize(std::vector<float>{.25f, .25f, .25f}, {1, 3});
  EXPECT_NEAR(q.scales[0], .4871 * 4 * .25, 1e-6);
  EXPECT_NEAR(Dequantize(q).data[0], .4871 * .25 * 2, 1e-6);
}

TEST(EsbFormat, CodeIsRank) {
  for (const Format& format : LegalFormats()) {
    for (int code = 0; code < 1 << format.bits; ++code) {
      if (code == format.magnitudes()) continue;  // -0
      EXPECT_EQ(format.Encode(format.Decode(static_cast<uint8_t>(code))), code) << Name(format);
    }
    for (int rank = 1; rank < format.magnitudes(); ++rank) {
      EXPECT_GT(format.Magnitude(rank), format.Magnitude(rank - 1)) << Name(format);
    }
    EXPECT_EQ(format.Decode(static_cast<uint8_t>(format.magnitudes())), 0);
  }
  const Format format = {4, 1};
  EXPECT_EQ(format.Encode(6), 0x7);
  EXPECT_EQ(format.Encode(3), 0x5);
  EXPECT_EQ(format.Encode(-1.5), 0xB);
  EXPECT_EQ(format.Encode(.5), 0x1);
  EXPECT_EQ(format.Encode(-.1), 0);
}

// The codes of a packed tensor that is no uniform grid are the format's.
TEST(Esb, PackedCodesAreTheFormatsCodes) {
  const std::vector<float> weights = {6, 3, -1.5f, .5f, 0, -.1f};
  const QTensor q = LevelQuantizer(At({4, 1}, 1)).Quantize(weights, {1, 6});
  EXPECT_THAT(q.codes, ElementsAre(0x7, 0x5, 0xB, 0x1, 0, 0));
}

TEST(EsbProduct, IsExactForAllPairsOfCodes) {
  struct Case {
    int bits, k;
    int64_t largest;
  };
  for (const Case& c : {Case{2, 0, 1}, Case{3, 0, 16}, Case{3, 1, 9}, Case{4, 0, 4096}, Case{4, 1, 144}, Case{4, 2, 49},
                        Case{5, 1, 36864}, Case{5, 2, 784}, Case{5, 3, 225}, Case{6, 2, 200704}, Case{6, 3, 3600},
                        Case{8, 4, 3936256}, Case{8, 5, 63504}}) {
    const Format format = {c.bits, c.k};
    int64_t largest = 0;
    for (int a = 0; a < 1 << c.bits; ++a) {
      for (int b = 0; b < 1 << c.bits; ++b) {
        const auto x = static_cast<uint8_t>(a), y = static_cast<uint8_t>(b);
        const int64_t product = Product(format, x, format, y);
        ASSERT_EQ(std::ldexp(static_cast<double>(product), -2 * c.k), format.Decode(x) * format.Decode(y));
        ASSERT_EQ(ShiftAddProduct(format, x, format, y), product);
        largest = std::max(largest, product);
      }
    }
    EXPECT_EQ(largest, c.largest) << Name(format);
  }
  const Format format = {4, 1};
  const int six = format.Encode(6), three = format.Encode(3);
  EXPECT_EQ(format.Significand(six), 3);
  EXPECT_EQ(format.Shift(six), 2);
  EXPECT_EQ(format.Significand(three), 3);
  EXPECT_EQ(format.Shift(three), 1);
  EXPECT_EQ(Product(format, format.Encode(6), format, format.Encode(3)), 72);
}

// A sum of integer products, scaled once, is the sum of the products of what the codes stand for.
TEST(EsbProduct, SumsOfCodesAreSumsOfValues) {
  const Format weight = {4, 1}, input = {5, 2};
  const std::vector<float> w = Normals(288, 5), a = Normals(288, 6);
  int64_t sum = 0;
  double expected = 0;
  for (size_t i = 0; i < w.size(); ++i) {
    const uint8_t x = weight.Encode(w[i] / .4871), y = input.Encode(std::fabs(a[i]) / .4828);
    sum += Product(weight, x, input, y);
    expected += .4871 * weight.Decode(x) * .4828 * input.Decode(y);
  }
  EXPECT_NEAR(.4871 * .4828 / 8 * static_cast<double>(sum), expected, 1e-9 * std::fabs(expected));
}

TEST(Esb, KByAlignment) {
  const int expected[] = {0, 1, 1, 2, 3, 4, 5};
  for (int bits = 2; bits <= 8; ++bits) EXPECT_EQ(AlignedK(bits, Density::kNormal), expected[bits - 2]) << bits;
  EXPECT_EQ(AlignedK(3, Density::kLaplace), 0);
  EXPECT_EQ(AlignedK(4, Density::kUniform), 2);
}

Config Keys(ConfigTable table) { return Config{std::move(table), ""}; }
Config Text(const std::string& text) { return Config{text, ""}; }
Config Number(int64_t number) { return Config{number, ""}; }

TEST(Esb, AutoChoosesKByTheShapeOfTheLayer) {
  const auto quantizer = Create(Keys({{"k", Text("auto")}, {"bits", Number(4)}})).value();
  const CounterRandom random(9, StreamOf("shape"));
  std::vector<float> uniform(2000), laplace(2000);
  for (size_t i = 0; i < uniform.size(); ++i) {
    uniform[i] = static_cast<float>(2 * random.Uniform(i) - 1);
    laplace[i] = static_cast<float>(-std::log(random.Uniform(i)) * (i % 2 == 0 ? 1 : -1));
  }
  EXPECT_EQ(quantizer->Quantize(uniform, {20, 100}).values.kind, ValueSet::Kind::kAffine);  // k = 2
  const QTensor heavy = quantizer->Quantize(laplace, {20, 100});
  EXPECT_EQ(heavy.values.kind, ValueSet::Kind::kTable);  // k = 1
  double squares = 0, mean = 0;
  for (const float w : laplace) squares += w * w, mean += w / 2000;
  const double sigma = std::sqrt((squares - 2000 * mean * mean) / 1999);
  EXPECT_NEAR(heavy.scales[0], 4 * .69114 * sigma, 1e-4);
}

TEST(Esb, Settings) {
  EXPECT_EQ(ReadOptions(Config()).value().format.k, 1);
  EXPECT_EQ(ReadOptions(Keys({{"bits", Number(5)}})).value().format.k, 2);
  EXPECT_EQ(ReadOptions(Keys({{"bits", Number(5)}, {"k", Number(0)}})).value().format.k, 0);
  const auto error = [](ConfigTable table) { return ReadOptions(Keys(std::move(table))).error().message; };
  EXPECT_THAT(error({{"bits", Number(1)}}), HasSubstr("'quantize.esb.bits' must be"));
  EXPECT_THAT(error({{"bits", Number(9)}}), HasSubstr("'quantize.esb.bits' must be"));
  EXPECT_THAT(error({{"k", Number(3)}}), HasSubstr("'quantize.esb.k' must be"));
  EXPECT_THAT(error({{"k", Number(-1)}}), HasSubstr("'quantize.esb.k' must be"));
  EXPECT_THAT(error({{"k", Text("automatic")}}), HasSubstr("'auto'"));
  EXPECT_THAT(error({{"mean_shift", Config{true, ""}}}), HasSubstr("must be false: a mean"));
  EXPECT_THAT(error({{"density", Text("laplace")}}), HasSubstr("only 'alpha' of 'optimal' uses it"));
  EXPECT_THAT(error({{"k", Text("auto")}, {"density", Text("laplace")}}), HasSubstr("'k' of 'auto' chooses it"));
  EXPECT_THAT(error({{"k", Text("auto")}, {"alpha", Text("author")}}), HasSubstr("the authors' numbers"));
  EXPECT_THAT(error({{"sigma", Text("mad")}}), HasSubstr("'quantize.esb.sigma'"));
}

// The optimum stands in where the authors have no number.
TEST(Esb, FormatsWithoutAReleasedAlphaTakeTheOptimum) {
  EXPECT_EQ(Alpha({4, 0}, Options::Alpha::kAuthor, Density::kNormal), .0381);
  EXPECT_NEAR(Alpha({4, 0}, Options::Alpha::kOptimal, Density::kNormal), .065525, 1e-6);
  const Format format = {5, 0};
  EXPECT_EQ(Alpha(format, Options::Alpha::kAuthor, Density::kNormal),
            Align(format.Magnitudes(), Density::kNormal).scale);
}

}  // namespace
}  // namespace lowbit::quant::methods::esb
