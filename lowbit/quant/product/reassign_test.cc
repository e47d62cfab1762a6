#include "lowbit/quant/product/reassign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "lowbit/base/random.h"

namespace lowbit::quant::product {
namespace {

using ::testing::ElementsAre;

std::vector<float> Normal(size_t count, uint32_t stream) {
  const CounterRandom random(3, stream);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(random.Normal(i));
  return values;
}

int64_t Nearest(const float* block, const std::vector<float>& codebook, size_t d) {
  int64_t best = -1;
  double least = 0;
  for (size_t k = 0; k < codebook.size() / d; ++k) {
    double square = 0;
    for (size_t j = 0; j < d; ++j) {
      const double difference = static_cast<double>(block[j]) - static_cast<double>(codebook[k * d + j]);
      square += difference * difference;
    }
    if (best < 0 || square < least) best = static_cast<int64_t>(k), least = square;
  }
  return best;
}

TEST(Reassign, AllGoToTheNearestCodeword) {
  constexpr size_t kBlock = 3, kCount = 500, kCodewords = 7;
  const std::vector<float> blocks = Normal(kCount * kBlock, 1), codebook = Normal(kCodewords * kBlock, 2);
  std::vector<int64_t> codes(kCount), nearest;
  int64_t away = 0;
  for (size_t p = 0; p < kCount; ++p) {
    codes[p] = static_cast<int64_t>(p % kCodewords);
    nearest.push_back(Nearest(blocks.data() + p * kBlock, codebook, kBlock));
    away += codes[p] != nearest[p] ? 1 : 0;
  }
  EXPECT_EQ(Reassign(blocks, codebook, kBlock, 1, codes), away);
  EXPECT_EQ(codes, nearest);
  EXPECT_EQ(Reassign(blocks, codebook, kBlock, 1, codes), 0);
}

// Codewords 0 and 10; blocks at 10, 6, 5 and 8 that all have the first: gains 100, 20, 0 and 60.
TEST(Reassign, ThoseThatGainMostMoveFirst) {
  const std::vector<float> blocks = {10, 6, 5, 8}, codebook = {0, 10};
  std::vector<int64_t> codes = {0, 0, 0, 0};
  EXPECT_EQ(Reassign(blocks, codebook, 1, 0.5, codes), 2);
  EXPECT_THAT(codes, ElementsAre(1, 0, 0, 1));
  EXPECT_EQ(Reassign(blocks, codebook, 1, 0.01, codes), 1);  // One at least.
  EXPECT_THAT(codes, ElementsAre(1, 1, 0, 1));
  EXPECT_EQ(Reassign(blocks, codebook, 1, 1, codes), 0);  // As near to one as to the other: it stays.
  EXPECT_THAT(codes, ElementsAre(1, 1, 0, 1));
}

TEST(Reassign, TheLowerOfTwoAlike) {
  const std::vector<float> blocks = {4, 4, 0}, codebook = {0, 4, 4};
  std::vector<int64_t> codes = {0, 0, 0};
  EXPECT_EQ(Reassign(blocks, codebook, 1, 0.4, codes), 1);
  EXPECT_THAT(codes, ElementsAre(1, 0, 0));
}

TEST(Reassign, ACodewordKeepsItsLastBlock) {
  const std::vector<float> blocks = {9, 9, 9}, codebook = {0, 10};
  std::vector<int64_t> codes = {0, 0, 1};
  EXPECT_EQ(Reassign(blocks, codebook, 1, 1, codes), 1);
  EXPECT_THAT(codes, ElementsAre(1, 0, 1));
}

}  // namespace
}  // namespace lowbit::quant::product
