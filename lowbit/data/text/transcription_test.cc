#include "lowbit/data/text/transcription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "lowbit/base/random.h"
#include "lowbit/data/text/edit_distance.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

int64_t Distance(const std::string& a, const std::string& b) {
  return EditDistance(std::vector<char>(a.begin(), a.end()), std::vector<char>(b.begin(), b.end()));
}

// By its definition: the best of all ways to treat the last elements.
int64_t SlowDistance(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return static_cast<int64_t>(a.size() + b.size());
  const std::string shorter_a = a.substr(1), shorter_b = b.substr(1);
  return std::min({SlowDistance(shorter_a, shorter_b) + (a[0] == b[0] ? 0 : 1), SlowDistance(shorter_a, b) + 1,
                   SlowDistance(a, shorter_b) + 1});
}

TEST(EditDistance, IsTheFewestChanges) {
  EXPECT_EQ(Distance("kitten", "sitting"), 3);
  EXPECT_EQ(Distance("", "abc"), 3);
  EXPECT_EQ(Distance("abc", ""), 3);
  EXPECT_EQ(Distance("", ""), 0);
  const CounterRandom random(1, StreamOf("words"));
  uint64_t at = 0;
  for (int i = 0; i < 100; ++i) {
    std::string words[2];
    for (std::string& word : words) {
      word.resize(random.Below(at++, 6));
      for (char& c : word) c = static_cast<char>('a' + random.Below(at++, 3));
    }
    EXPECT_EQ(Distance(words[0], words[1]), SlowDistance(words[0], words[1])) << words[0] << " " << words[1];
  }
}

// The path as logits: 1 for its class, 0 elsewhere.
Letters Decode(const std::vector<int>& path) {
  std::vector<float> logits(path.size() * 4, 0.0f);
  for (size_t step = 0; step < path.size(); ++step) logits[step * 4 + static_cast<size_t>(path[step])] = 1;
  return DecodeBestPath(logits, 4);
}

TEST(DecodeBestPath, MergesRepeatsAndDropsBlanks) {
  EXPECT_THAT(Decode({0, 1, 1, 0, 1, 2, 2, 3, 0}), ElementsAre(1, 1, 2, 3));
  EXPECT_THAT(Decode({2, 2, 2}), ElementsAre(2));
  EXPECT_THAT(Decode({0, 0}), IsEmpty());
  EXPECT_THAT(Decode({}), IsEmpty());
  EXPECT_THAT(DecodeBestPath(std::vector<float>{0, 2, 2, 1}, 4), ElementsAre(1));  // The lower of equal ones.
}

const std::vector<std::string> kNames = {"", " ", "A", "B"};

TEST(TranscriptionErrors, CountsCharactersAndWords) {
  const std::vector<float> target = {2, 1, 3, 2, -1, 7};
  const Letters said = ReadTarget(target);
  EXPECT_THAT(said, ElementsAre(2, 1, 3, 2));
  EXPECT_EQ(TextOf(said, kNames), "A BA");
  TranscriptionErrors errors;
  EXPECT_EQ(errors.characters.rate(), 0);
  errors.Add(said, {2, 1, 3}, kNames);       // A B
  errors.Add({3}, {3, 1, 3, 1, 2}, kNames);  // B: B B A
  EXPECT_EQ(errors.characters.errors, 1 + 4);
  EXPECT_EQ(errors.characters.length, 5);
  EXPECT_EQ(errors.words.errors, 1 + 2);
  EXPECT_EQ(errors.words.length, 3);
  EXPECT_EQ(errors.words.rate(), 1);
  TranscriptionErrors silence;
  silence.Add({}, {2}, kNames);
  EXPECT_EQ(silence.characters.rate(), 1);
}

}  // namespace
}  // namespace lowbit::data
