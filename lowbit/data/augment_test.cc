#include "lowbit/data/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "lowbit/data/test_files.h"

namespace lowbit::data {
namespace {

using ::testing::HasSubstr;

// The definition, pixel by pixel: mean, pad and crop, flip, cutout.
std::vector<float> Reference(const AugmentOptions& o, const AugmentDraw& draw, const Shape& image,
                             const std::vector<uint8_t>& pixels) {
  const int64_t channels = image[0], height = image[1], width = image[2];
  std::vector<float> out;
  for (int64_t c = 0; c < channels; ++c) {
    const float fill = o.fill.empty() ? 0 : o.fill[c];
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const int64_t before_flip = draw.flip ? width - 1 - x : x;
        const int64_t sy = y + draw.dy, sx = before_flip + draw.dx;
        const int64_t top = draw.cut_y - o.cutout / 2, left = draw.cut_x - o.cutout / 2;
        const bool cut = y >= top && y < top + o.cutout && x >= left && x < left + o.cutout;
        const bool outside = sy < 0 || sy >= height || sx < 0 || sx >= width;
        const int64_t at = (c * height + sy) * width + sx;
        float mean = 0;
        if (!cut && !outside && !o.mean.empty()) mean = o.mean.size() == pixels.size() ? o.mean[at] : o.mean[c];
        out.push_back(cut || outside ? fill : static_cast<float>(pixels[at]) - mean);
      }
    }
  }
  return out;
}

std::vector<float> Apply(const AugmentOptions& options, const AugmentDraw& draw, const Shape& image,
                         const std::vector<uint8_t>& pixels) {
  std::vector<float> out(pixels.size());
  ApplyAugment(options, draw, image, pixels, out.data());
  return out;
}

TEST(Augment, NothingAskedForIsTheImageItself) {
  const ImageSet set = NoiseSet({3, 4, 5}, 1, 2);
  const AugmentOptions options;
  EXPECT_EQ(Apply(options, DrawAugment(options, set.image, 7, 3, 0), set.image, set.pixels),
            std::vector<float>(set.pixels.begin(), set.pixels.end()));
}

TEST(Augment, FlipMirrorsEachRow) {
  AugmentOptions options;
  options.flip = true;
  AugmentDraw draw;
  draw.flip = true;
  EXPECT_EQ(Apply(options, draw, {1, 2, 3}, {1, 2, 3, 4, 5, 6}), (std::vector<float>{3, 2, 1, 6, 5, 4}));
}

TEST(Augment, CropShiftsAndFills) {
  AugmentOptions options;
  options.crop = true;
  options.pad = 1;
  options.fill = {9};
  AugmentDraw draw;
  draw.dy = -1;
  draw.dx = 1;
  EXPECT_EQ(Apply(options, draw, {1, 2, 3}, {1, 2, 3, 4, 5, 6}), (std::vector<float>{9, 9, 9, 2, 3, 9}));
}

TEST(Augment, CutoutHangsOverTheBorder) {
  AugmentOptions options;
  options.cutout = 2;
  AugmentDraw draw;  // Centre (0, 0): rows and columns -1 and 0.
  EXPECT_EQ(Apply(options, draw, {1, 2, 2}, {1, 2, 3, 4}), (std::vector<float>{0, 2, 3, 4}));
  draw.cut_y = draw.cut_x = 1;  // Rows and columns 0 and 1.
  EXPECT_EQ(Apply(options, draw, {1, 2, 2}, {1, 2, 3, 4}), (std::vector<float>(4, 0)));
}

// Every combination of switches, shifts larger than the image included, against the definition.
TEST(Augment, AgreesWithTheDefinition) {
  const ImageSet set = NoiseSet({2, 5, 7}, 1, 2);
  std::vector<float> mean_image;
  for (size_t i = 0; i < set.pixels.size(); ++i) mean_image.push_back(0.25f * static_cast<float>(i));
  const std::vector<std::vector<float>> means = {{}, {3.5f, -2.25f}, mean_image};
  for (int bits = 0; bits < 4; ++bits) {
    for (const int64_t pad : {0, 2, 9}) {
      for (const int64_t cutout : {0, 1, 4, 20}) {
        for (const std::vector<float>& mean : means) {
          AugmentOptions options;
          options.flip = (bits & 1) != 0;
          options.crop = pad > 0;
          options.pad = pad;
          options.cutout = cutout;
          options.mean = mean;
          if ((bits & 2) != 0) options.fill = {7, -1};
          ASSERT_TRUE(CheckAugment(options, set.image).ok());
          for (uint64_t index = 0; index < 20; ++index) {
            const AugmentDraw draw = DrawAugment(options, set.image, 5, 6, index);
            ASSERT_EQ(Apply(options, draw, set.image, set.pixels), Reference(options, draw, set.image, set.pixels))
                << "bits " << bits << " pad " << pad << " cutout " << cutout << " mean " << mean.size();
          }
        }
      }
    }
  }
}

// Counts over 20,000 images. Each count is binomial(n, p) with standard deviation sqrt(n p (1 - p)); 5 of them are
// exceeded by chance once in 1.7 million. The numbers are fixed by the seed, so the test is not random.
TEST(Augment, DrawsAreUniform) {
  AugmentOptions options;
  options.flip = options.crop = true;
  options.pad = 2;
  options.cutout = 3;
  const int n = 20000;
  std::map<int64_t, int> flip, dy, dx, cut_y, cut_x;
  for (int i = 0; i < n; ++i) {
    const AugmentDraw draw = DrawAugment(options, {1, 6, 4}, 11, 2, static_cast<uint64_t>(i));
    ++flip[draw.flip];
    ++dy[draw.dy];
    ++dx[draw.dx];
    ++cut_y[draw.cut_y];
    ++cut_x[draw.cut_x];
  }
  const auto expect_uniform = [&](const std::map<int64_t, int>& counts, int64_t low, int64_t high) {
    const double p = 1.0 / static_cast<double>(high - low + 1);
    ASSERT_EQ(static_cast<int64_t>(counts.size()), high - low + 1);
    EXPECT_EQ(counts.begin()->first, low);
    EXPECT_EQ(counts.rbegin()->first, high);
    for (const auto& [value, count] : counts) EXPECT_NEAR(count, n * p, 5 * std::sqrt(n * p * (1 - p))) << value;
  };
  expect_uniform(flip, 0, 1);
  expect_uniform(dy, -2, 2);
  expect_uniform(dx, -2, 2);
  expect_uniform(cut_y, 0, 5);
  expect_uniform(cut_x, 0, 3);
}

TEST(Augment, DrawDependsOnSeedEpochAndIndexAlone) {
  AugmentOptions options;
  options.crop = true;
  options.pad = 1000;
  const auto draw = [&](uint64_t seed, uint64_t epoch, uint64_t index) {
    const AugmentDraw d = DrawAugment(options, {1, 8, 8}, seed, epoch, index);
    return std::pair<int64_t, int64_t>(d.dy, d.dx);
  };
  EXPECT_EQ(draw(1, 2, 3), draw(1, 2, 3));
  EXPECT_NE(draw(1, 2, 3), draw(2, 2, 3));
  EXPECT_NE(draw(1, 2, 3), draw(1, 3, 3));
  EXPECT_NE(draw(1, 2, 3), draw(1, 2, 4));
}

TEST(Augment, SwitchingOneChangeLeavesTheOthersAlone) {
  AugmentOptions crop, both;
  crop.crop = both.crop = both.flip = true;
  crop.pad = both.pad = 100;
  both.cutout = 5;
  for (uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(DrawAugment(crop, {1, 8, 8}, 1, 1, i).dx, DrawAugment(both, {1, 8, 8}, 1, 1, i).dx);
  }
}

TEST(Augment, RejectsOptionsThatDoNotFit) {
  const auto message = [](const AugmentOptions& options) {
    const Status status = CheckAugment(options, {3, 8, 8});
    return status.ok() ? std::string("ok") : status.error().message;
  };
  AugmentOptions options;
  options.pad = -1;
  EXPECT_THAT(message(options), HasSubstr("pad is -1"));
  options = {};
  options.cutout = 5000;
  EXPECT_THAT(message(options), HasSubstr("cutout is 5000"));
  options = {};
  options.fill = {1, 2};
  EXPECT_THAT(message(options), HasSubstr("fill has 2 values"));
  options = {};
  options.mean = {1, 2};
  EXPECT_THAT(message(options), HasSubstr("mean has 2 values"));
  options.mean.assign(192, 0);
  EXPECT_EQ(message(options), "ok");
}

}  // namespace
}  // namespace lowbit::data
