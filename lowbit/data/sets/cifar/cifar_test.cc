#include "lowbit/data/sets/cifar/cifar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/test_files.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

// Records with these label bytes and a constant pixel value each.
Bytes Records(const std::vector<Bytes>& labels) {
  Bytes file;
  for (size_t i = 0; i < labels.size(); ++i) {
    file.insert(file.end(), labels[i].begin(), labels[i].end());
    file.insert(file.end(), kCifarPixelBytes, static_cast<uint8_t>(100 + i));
  }
  return file;
}

std::string MessageOf(const Bytes& file, const CifarLabels& labels) {
  ImageSet set;
  const Status status = ParseCifar(file, "f", labels, &set);
  EXPECT_EQ(status.ok(), set.count() > 0);
  return status.ok() ? "ok" : status.error().message;
}

TEST(Cifar, AppendsRecords) {
  ImageSet set;
  ASSERT_TRUE(ParseCifar(Records({{3}, {9}}), "f", {10}, &set).ok());
  ASSERT_TRUE(ParseCifar(Records({{0}}), "f", {10}, &set).ok());
  EXPECT_THAT(set.image, ElementsAre(3, 32, 32));
  EXPECT_THAT(set.labels, ElementsAre(3, 9, 0));
  EXPECT_EQ(set.pixels.size(), 3u * 3072);
  EXPECT_EQ(set.pixels[3071], 100);
  EXPECT_EQ(set.pixels[3072], 101);
  EXPECT_EQ(set.pixels[6144], 100);
}

TEST(Cifar, TakesTheFineLabel) {
  ImageSet set;
  ASSERT_TRUE(ParseCifar(Records({{19, 99}, {0, 7}}), "f", {20, 100}, &set).ok());
  EXPECT_THAT(set.labels, ElementsAre(99, 7));
}

TEST(Cifar, SaysWhatIsWrong) {
  EXPECT_EQ(MessageOf({}, {10}), "f: offset 0: the file is empty; CIFAR records were expected");
  EXPECT_EQ(MessageOf(Records({{1}, {10}}), {10}), "f: offset 3073: label 10 of record 1 is not in 0..9");
  EXPECT_EQ(MessageOf(Records({{20, 1}}), {20, 100}), "f: offset 0: label 20 of record 0 is not in 0..19");
  EXPECT_EQ(MessageOf(Records({{19, 100}}), {20, 100}), "f: offset 1: label 100 of record 0 is not in 0..99");
  Bytes longer = Records({{1}, {2}});
  longer.push_back(0);
  EXPECT_EQ(MessageOf(longer, {10}),
            "f: offset 6146: the file has 6147 bytes, not a whole number of 3073-byte CIFAR records");
}

TEST(Cifar, EndsAnywhere) {
  const Bytes whole = Records({{1}, {2}});
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string message = MessageOf(Bytes(whole.begin(), whole.begin() + static_cast<int64_t>(size)), {10});
    if (size != 3073) {
      EXPECT_THAT(message, StartsWith("f: offset ")) << size;
    }
  }
}

}  // namespace
}  // namespace lowbit::data
