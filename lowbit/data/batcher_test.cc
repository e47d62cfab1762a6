#include "lowbit/data/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "lowbit/data/test_files.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;

std::vector<Batch> ReadEpoch(Batcher* batcher, int64_t epoch, int64_t first_batch = 0) {
  std::vector<Batch> batches;
  batcher->StartEpoch(epoch, first_batch);
  Batch batch;
  while (batcher->Next(&batch)) batches.push_back(batch);
  return batches;
}

void ExpectEqual(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].indices, b[i].indices);
    EXPECT_EQ(a[i].labels, b[i].labels);
    EXPECT_EQ(a[i].images, b[i].images);
    EXPECT_EQ(a[i].count, b[i].count);
  }
}

BatchOptions Augmented(int threads, int prefetch) {
  BatchOptions options;
  options.batch_size = 7;
  options.seed = 99;
  options.threads = threads;
  options.prefetch = prefetch;
  options.augment.flip = options.augment.crop = true;
  options.augment.pad = 2;
  options.augment.cutout = 3;
  return options;
}

TEST(EpochOrder, IsAPermutationOfItsSeedAndEpoch) {
  std::vector<int64_t> order = EpochOrder(1000, true, 5, 3);
  EXPECT_EQ(order, EpochOrder(1000, true, 5, 3));
  EXPECT_NE(order, EpochOrder(1000, true, 5, 4));
  EXPECT_NE(order, EpochOrder(1000, true, 6, 3));
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, EpochOrder(1000, false, 5, 3));
  EXPECT_THAT(EpochOrder(3, false, 1, 1), ElementsAre(0, 1, 2));
  EXPECT_THAT(EpochOrder(1, true, 1, 1), ElementsAre(0));
}

// Each of the 24 orders of 4 images, over 24,000 epochs: binomial(24000, 1/24), standard deviation 31; 5 of them.
TEST(EpochOrder, GivesEveryOrderEquallyOften) {
  std::map<std::vector<int64_t>, int> counts;
  for (int64_t epoch = 0; epoch < 24000; ++epoch) ++counts[EpochOrder(4, true, 1, epoch)];
  EXPECT_EQ(counts.size(), 24u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 155);
}

TEST(Batcher, ReadsInOrderWhenAsked) {
  const ImageSet set = NoiseSet({2, 2, 3}, 5, 3);
  BatchOptions options;
  options.batch_size = 2;
  options.shuffle = false;
  Batcher batcher(set, options);
  EXPECT_EQ(batcher.BatchesPerEpoch(), 3);
  const std::vector<Batch> batches = ReadEpoch(&batcher, 4);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_THAT(batches[1].indices, ElementsAre(2, 3));
  EXPECT_THAT(batches[1].labels, ElementsAre(2, 0));
  EXPECT_EQ(batches[1].images, std::vector<float>(set.pixels.begin() + 2 * 12, set.pixels.begin() + 4 * 12));
  EXPECT_EQ(batches[2].count, 1);
  EXPECT_EQ(batches[2].images.size(), 12u);
}

TEST(Batcher, DropsALastBatchThatIsNotFull) {
  const ImageSet set = NoiseSet({1, 2, 2}, 5, 3);
  BatchOptions options;
  options.batch_size = 2;
  options.drop_last = true;
  Batcher batcher(set, options);
  EXPECT_EQ(batcher.BatchesPerEpoch(), 2);
  EXPECT_EQ(ReadEpoch(&batcher, 0).size(), 2u);
}

TEST(Batcher, VisitsEachImageOnceInAnEpoch) {
  const ImageSet set = NoiseSet({1, 4, 4}, 50, 5);
  Batcher batcher(set, Augmented(2, 3));
  std::vector<int64_t> seen;
  for (const Batch& batch : ReadEpoch(&batcher, 1)) {
    seen.insert(seen.end(), batch.indices.begin(), batch.indices.end());
    for (int64_t i = 0; i < batch.count; ++i) EXPECT_EQ(batch.labels[i], set.labels[batch.indices[i]]);
  }
  EXPECT_EQ(seen, EpochOrder(50, true, 99, 1));
}

TEST(Batcher, GivesTheSameOnEveryNumberOfThreads) {
  const ImageSet set = NoiseSet({3, 6, 6}, 100, 5);
  Batcher plain(set, Augmented(0, 1));
  for (const int threads : {1, 2, 5}) {
    for (const int prefetch : {1, 4, 100}) {
      Batcher batcher(set, Augmented(threads, prefetch));
      for (int64_t epoch = 0; epoch < 3; ++epoch) ExpectEqual(ReadEpoch(&batcher, epoch), ReadEpoch(&plain, epoch));
    }
  }
}

TEST(Batcher, AppliesTheDrawOfSeedEpochAndIndex) {
  const ImageSet set = NoiseSet({1, 6, 6}, 20, 5);
  const BatchOptions options = Augmented(1, 4);
  Batcher batcher(set, options);
  const Batch batch = ReadEpoch(&batcher, 8)[1];
  std::vector<float> expected(36);
  const int64_t index = batch.indices[2];
  ApplyAugment(options.augment, DrawAugment(options.augment, set.image, options.seed, 8, static_cast<uint64_t>(index)),
               set.image, Span<const uint8_t>(set.pixels.data() + index * 36, 36), expected.data());
  EXPECT_EQ(std::vector<float>(batch.images.begin() + 72, batch.images.begin() + 108), expected);
}

TEST(Batcher, ChangesColoursBeforeTheRest) {
  const ImageSet set = NoiseSet({3, 4, 4}, 20, 5);
  BatchOptions options = Augmented(1, 4);
  options.augment.flip = true;
  options.colour = {0.4, 0.4, 0.4};
  Batcher batcher(set, options);
  const Batch batch = ReadEpoch(&batcher, 8)[1];
  const uint64_t index = static_cast<uint64_t>(batch.indices[2]);
  std::vector<uint8_t> pixels(set.pixels.begin() + index * 48, set.pixels.begin() + (index + 1) * 48);
  const std::vector<uint8_t> before = pixels;
  ChangeColour(DrawColour(options.colour, options.seed, 8, index), set.image, Span<uint8_t>(pixels.data(), 48));
  EXPECT_NE(pixels, before);
  std::vector<float> expected(48);
  ApplyAugment(options.augment, DrawAugment(options.augment, set.image, options.seed, 8, index), set.image,
               Span<const uint8_t>(pixels.data(), 48), expected.data());
  EXPECT_EQ(std::vector<float>(batch.images.begin() + 96, batch.images.begin() + 144), expected);
}

TEST(Batcher, SharesTogetherAreTheBatch) {
  const ImageSet set = NoiseSet({1, 6, 6}, 40, 3);
  BatchOptions options = Augmented(1, 2);
  options.batch_size = 12;
  options.drop_last = true;
  Batcher whole(set, options);
  const std::vector<Batch> expected = ReadEpoch(&whole, 2);
  std::vector<Batch> joined(expected.size());
  options.shares = 3;
  for (options.share = 0; options.share < 3; ++options.share) {
    Batcher part(set, options);
    const std::vector<Batch> batches = ReadEpoch(&part, 2);
    ASSERT_EQ(batches.size(), expected.size());
    for (size_t i = 0; i < batches.size(); ++i) {
      EXPECT_EQ(batches[i].count, 4);
      joined[i].images.insert(joined[i].images.end(), batches[i].images.begin(), batches[i].images.end());
      joined[i].labels.insert(joined[i].labels.end(), batches[i].labels.begin(), batches[i].labels.end());
      joined[i].indices.insert(joined[i].indices.end(), batches[i].indices.begin(), batches[i].indices.end());
      joined[i].count += batches[i].count;
    }
  }
  ExpectEqual(joined, expected);
}

TEST(Batcher, TurnsTogetherAreTheEpoch) {
  const ImageSet set = NoiseSet({1, 2, 2}, 23, 3);  // Four batches, the last one not full.
  Batcher whole(set, Augmented(1, 2));
  const std::vector<Batch> expected = ReadEpoch(&whole, 2);
  for (const int64_t turns : {2, 3, 5}) {
    std::vector<Batch> joined(expected.size());
    BatchOptions options = Augmented(2, 2);
    options.turns = turns;
    for (options.turn = 0; options.turn < turns; ++options.turn) {
      Batcher part(set, options);
      const std::vector<Batch> batches = ReadEpoch(&part, 2);
      EXPECT_EQ(static_cast<int64_t>(batches.size()), part.BatchesPerEpoch());
      for (size_t i = 0; i < batches.size(); ++i) joined[static_cast<size_t>(options.turn + i * turns)] = batches[i];
    }
    ExpectEqual(joined, expected);
  }
}

TEST(Batcher, ResumesInTheMiddleOfAnEpoch) {
  const ImageSet set = NoiseSet({1, 4, 4}, 60, 5);
  Batcher batcher(set, Augmented(2, 4));
  std::vector<Batch> whole = ReadEpoch(&batcher, 3);
  const std::vector<Batch> rest = ReadEpoch(&batcher, 3, 5);
  whole.erase(whole.begin(), whole.begin() + 5);
  ExpectEqual(rest, whole);
  EXPECT_TRUE(ReadEpoch(&batcher, 3, batcher.BatchesPerEpoch()).empty());
}

// Restarts while workers are busy, with batches ready, half made and not begun; then the destructor in mid-epoch.
TEST(Batcher, RestartsAndEndsAtAnyMoment) {
  const ImageSet set = NoiseSet({1, 8, 8}, 300, 5);
  Batcher plain(set, Augmented(0, 1));
  for (int round = 0; round < 30; ++round) {
    Batcher batcher(set, Augmented(1 + round % 3, 1 + round % 5));
    Batch batch;
    EXPECT_FALSE(batcher.Next(&batch));
    for (int64_t epoch = 0; epoch < 8; ++epoch) {
      const int64_t first = (round + epoch) % 11;
      batcher.StartEpoch(epoch, first);
      plain.StartEpoch(epoch, first);
      for (int i = 0; i < (round + epoch) % 4; ++i) {
        Batch expected;
        ASSERT_TRUE(batcher.Next(&batch));
        ASSERT_TRUE(plain.Next(&expected));
        EXPECT_EQ(batch.indices, expected.indices);
        EXPECT_EQ(batch.images, expected.images);
      }
    }
  }
}

TEST(Batcher, LeavesTheBatchAloneAtTheEnd) {
  const ImageSet set = NoiseSet({1, 4, 4}, 3, 2);
  BatchOptions options;
  options.batch_size = 3;
  Batcher batcher(set, options);
  batcher.StartEpoch(0);
  Batch batch;
  ASSERT_TRUE(batcher.Next(&batch));
  const std::vector<int64_t> before = batch.indices;
  EXPECT_FALSE(batcher.Next(&batch));
  EXPECT_FALSE(batcher.Next(&batch));
  EXPECT_EQ(batch.indices, before);
}

}  // namespace
}  // namespace lowbit::data
