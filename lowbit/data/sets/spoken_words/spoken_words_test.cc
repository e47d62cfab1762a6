#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/dataset.h"
#include "lowbit/data/sound/sound_pixels.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_wav.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A click as loud as `level`, so that recordings differ.
Bytes Click(int16_t level, size_t samples = 800, uint32_t rate = 8000) {
  std::vector<int16_t> sound(samples);
  sound[300] = level;
  return WavFile(sound, rate);
}

// Recordings 0 to 6 of two digits by one speaker, the level 1000 digit + number + 1.
void WriteDigits(const TemporaryFolder& folder) {
  for (int digit = 0; digit < 2; ++digit) {
    for (int number = 0; number < 7; ++number) {
      folder.Write(std::to_string(digit) + "_jackson_" + std::to_string(number) + ".wav",
                   Click(static_cast<int16_t>(1000 * digit + number + 1)));
    }
  }
}

std::string LoadError(const std::string& name, const TemporaryFolder& folder) {
  const Result<Dataset> set = LoadDataset(name, folder.path());
  return set.ok() ? "" : set.error().message;
}

TEST(Fsdd, TestsWithTheFirstFiveRecordings) {
  const TemporaryFolder folder("lowbit_fsdd_");
  WriteDigits(folder);
  const Dataset set = LoadDataset("fsdd", folder.path()).value();
  EXPECT_EQ(set.classes, 2);
  EXPECT_THAT(set.class_names, ElementsAre("0", "1"));
  EXPECT_EQ(set.sound_rate, 8000);
  EXPECT_EQ(set.train.image, (Shape{1, 96, 40}));
  EXPECT_THAT(set.test.labels, ElementsAre(0, 1, 0, 1, 0, 1, 0, 1, 0, 1));
  EXPECT_THAT(set.train.labels, ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(set.warnings, IsEmpty());
  ASSERT_EQ(set.train.pixels.size(), 4u * 96 * 40);
  // The second of class 1, recording 6.
  const Sound sound = DecodeSound(Click(1007), "").value();
  EXPECT_EQ(std::vector<uint8_t>(set.train.pixels.end() - 96 * 40, set.train.pixels.end()),
            SoundPixels(sound, 8000, {1, 96, 40}, "").value());
}

TEST(Fsdd, SaysWhatIsWrong) {
  const TemporaryFolder folder("lowbit_fsdd_");
  EXPECT_THAT(LoadError("fsdd", folder), HasSubstr("no word"));
  WriteDigits(folder);
  folder.Write("1_jackson_8.wav", Click(1, 800, 16000));
  EXPECT_THAT(LoadError("fsdd", folder), HasSubstr("1_jackson_8.wav: has 16000 samples in a second; 8000 were"));
  folder.Write("1_jackson_8.wav", {'R', 'I', 'F', 'F'});
  EXPECT_THAT(LoadError("fsdd", folder), HasSubstr("1_jackson_8.wav: is no sound file"));
  folder.Write("1_jackson_8.wav", Click(1, 7816));  // One frame too many.
  EXPECT_EQ(LoadError("fsdd", folder), "");
  folder.Write("1_jackson_9.wav", Click(1, 7880));
  EXPECT_THAT(LoadDataset("fsdd", folder.path()).value().warnings, ElementsAre(HasSubstr("1 of 16 recordings")));
  folder.Write("1_jackson.wav", Click(1));
  EXPECT_THAT(LoadError("fsdd", folder), HasSubstr("1_jackson.wav: is not called DIGIT_SPEAKER_NUMBER.wav"));
}

TEST(SpokenWords, ReadsTwoFolders) {
  const TemporaryFolder folder("lowbit_words_");
  folder.Write("train/yes_1.wav", Click(1));
  folder.Write("train/no_a_b.wav", Click(2));
  folder.Write("train/notes.txt", {1});
  folder.Write("test/no.wav", Click(3));
  const Dataset set = LoadDataset("spoken-words", folder.path()).value();
  EXPECT_THAT(set.class_names, ElementsAre("no", "yes"));
  EXPECT_THAT(set.train.labels, ElementsAre(0, 1));
  EXPECT_THAT(set.test.labels, ElementsAre(0));
  folder.Write("test/maybe_1.wav", Click(3));
  EXPECT_THAT(LoadError("spoken-words", folder), HasSubstr("'maybe' is no word of the training half"));
}

}  // namespace
}  // namespace lowbit::data
