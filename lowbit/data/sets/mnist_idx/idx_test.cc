#include "lowbit/data/sets/mnist_idx/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/test_files.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ParseMessage(const Bytes& file) {
  const Result<IdxArray> array = ParseIdx(file, "f");
  return array.ok() ? "ok" : array.error().message;
}

std::string PairMessage(const Bytes& images, const Bytes& labels, int64_t classes = kMaxIdxClasses) {
  const Result<ImageSet> set =
      ImagesFromIdx(ParseIdx(images, "i").value(), "i", ParseIdx(labels, "l").value(), "l", classes);
  return set.ok() ? "ok" : set.error().message;
}

ImageSet RoundTrip(const ImageSet& set, bool packed) {
  const auto pack = [packed](const Bytes& bytes) { return packed ? Gzip(bytes) : bytes; };
  return ImagesFromIdx(ParseIdx(pack(IdxImages(set)), "i").value(), "i", ParseIdx(pack(IdxLabels(set)), "l").value(),
                       "l")
      .value();
}

TEST(Idx, ReadsImagesOfAnySizeChannelsAndClasses) {
  for (const Shape& image : {Shape{1, 1, 1}, Shape{1, 9, 4}, Shape{3, 5, 7}, Shape{11, 2, 2}}) {
    for (const bool packed : {false, true}) {
      const ImageSet set = NoiseSet(image, 30, 23), read = RoundTrip(set, packed);
      EXPECT_EQ(read.image, set.image);
      EXPECT_EQ(read.pixels, set.pixels);
      EXPECT_EQ(read.labels, set.labels);
    }
  }
}

TEST(Idx, ReadsWideLabels) {
  const Bytes images = IdxFile(0x08, {2, 1, 1}, {5, 6});
  const auto labels_of = [&](const Bytes& labels) {
    return ImagesFromIdx(ParseIdx(images, "i").value(), "i", ParseIdx(labels, "l").value(), "l").value().labels;
  };
  EXPECT_THAT(labels_of(IdxFile(0x0B, {2}, {1, 4, 0, 9})), ElementsAre(260, 9));
  EXPECT_THAT(labels_of(IdxFile(0x0C, {2}, {0, 0, 1, 4, 0, 0, 0, 9})), ElementsAre(260, 9));
}

TEST(Idx, EndsAnywhere) {
  const ImageSet set = NoiseSet({1, 3, 3}, 4, 2);
  for (const Bytes& whole : {IdxImages(set), IdxLabels(set), Gzip(IdxImages(set))}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_THAT(ParseMessage(Bytes(whole.begin(), whole.begin() + static_cast<int64_t>(size))), StartsWith("f: "))
          << size;
    }
  }
  EXPECT_EQ(ParseMessage({}), "f: offset 0: the file ends inside the 4 bytes that begin an IDX file");
  EXPECT_EQ(ParseMessage({0, 0, 8, 3, 0, 0, 0}), "f: offset 7: the file ends inside its 16-byte header");
  EXPECT_EQ(ParseMessage(IdxFile(0x08, {2, 2, 2}, Bytes(7))),
            "f: offset 23: the file has 23 bytes, but its header [2, 2, 2] promises 24");
}

TEST(Idx, SaysWhatTheHeaderBreaks) {
  EXPECT_EQ(ParseMessage({1, 0, 8, 1, 0, 0, 0, 1, 0}), "f: offset 0: not an IDX file: its first two bytes must be 0");
  EXPECT_THAT(ParseMessage(IdxFile(0x0D, {1}, Bytes(4))), StartsWith("f: offset 2: IDX element type 13 is not read"));
  EXPECT_THAT(ParseMessage(IdxFile(0x08, {}, {})), StartsWith("f: offset 3: 0 dimensions"));
  EXPECT_THAT(ParseMessage(IdxFile(0x08, {1, 1, 1, 1, 1}, {0})), StartsWith("f: offset 3: 5 dimensions"));
  EXPECT_THAT(ParseMessage(IdxFile(0x08, {2, 0, 2}, {})), StartsWith("f: offset 8: dimension 1 is 0"));
  EXPECT_THAT(ParseMessage(IdxFile(0x08, {2}, {1, 2, 3})), StartsWith("f: offset 10: the file has 11 bytes"));
}

TEST(Idx, AHeaderCannotMakeTheReaderAllocate) {
  const Bytes huge = IdxFile(0x08, {0xffffffff, 16, 8}, {1});
  EXPECT_THAT(ParseMessage(IdxFile(0x08, {0xffffffff, 0xff, 0x7f}, {1})), HasSubstr("has more than 2^40 elements"));
  EXPECT_THAT(ParseMessage(huge), StartsWith("f: offset 4: the header [4294967295, 16, 8] promises "));
  EXPECT_THAT(ParseMessage(Gzip(huge)), StartsWith("f: offset 4: the header [4294967295, 16, 8] promises "));
  const Bytes large = IdxFile(0x08, {1000, 1000, 1000}, {1});
  EXPECT_THAT(ParseMessage(large), StartsWith("f: offset 17: the file has 17 bytes, but its header "));
  EXPECT_THAT(ParseMessage(Gzip(large)), HasSubstr("promises 1000000016 bytes, more than"));
  EXPECT_THAT(ParseMessage(IdxFile(0x0C, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {})),
              StartsWith("f: offset 4: "));
}

// Every flipped bit of a header is an error: the length no longer fits, or the magic is wrong.

TEST(Idx, FindsEveryFlippedBitOfAHeader) {
  const ImageSet set = NoiseSet({3, 4, 5}, 6, 2);
  const Bytes whole = IdxImages(set);
  for (size_t bit = 0; bit < 8 * 20; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    EXPECT_THAT(ParseMessage(damaged), StartsWith("f: offset ")) << bit;
  }
}

TEST(Idx, ImagesAndLabelsMustBelongTogether) {
  const Bytes images = IdxFile(0x08, {2, 1, 1}, {5, 6}), labels = IdxFile(0x08, {2}, {0, 3});
  EXPECT_EQ(PairMessage(images, labels), "ok");
  EXPECT_EQ(PairMessage(images, IdxFile(0x08, {3}, {0, 1, 2})), "l: offset 4: 3 labels, but i holds 2 images");
  EXPECT_EQ(PairMessage(images, labels, 3), "l: offset 9: label 3 is not in 0..2");
  EXPECT_THAT(PairMessage(labels, labels), StartsWith("i: offset 3: images must have 3 dimensions"));
  EXPECT_THAT(PairMessage(images, images), StartsWith("l: offset 3: labels must have 1 dimension, not 3"));
  EXPECT_THAT(PairMessage(IdxFile(0x0B, {2, 1, 1}, Bytes(4)), labels), HasSubstr("images must be unsigned bytes"));
  EXPECT_EQ(PairMessage(images, IdxFile(0x0B, {2}, {0xff, 0xff, 0, 0})), "l: offset 8: label -1 is not in 0..65535");
  EXPECT_EQ(PairMessage(images, IdxFile(0x0C, {2}, {0, 0, 0, 1, 0, 1, 0, 0})),
            "l: offset 12: label 65536 is not in 0..65535");
}

}  // namespace
}  // namespace lowbit::data
