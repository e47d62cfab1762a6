#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/dataset.h"
#include "lowbit/data/sound/sound_pixels.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_wav.h"
#include "lowbit/data/text/utterances.h"

namespace lowbit::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Noise of `windows` windows of 25 ms at 8 kHz, one every 10 ms.
Bytes Noise(int64_t windows, uint32_t rate = 8000) {
  std::vector<int16_t> sound(static_cast<size_t>(200 + 80 * (windows - 1)));
  const CounterRandom random(static_cast<uint64_t>(windows), StreamOf("noise"));
  for (size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<int16_t>(random.Below(i, 20000));
  return WavFile(sound, rate);
}

class TranscribedSpeechTest : public testing::Test {
 protected:
  TranscribedSpeechTest() : folder_("lowbit_transcribed_speech_") {
    Text("etc/train.fileids", "a/yes\n\nb/no\r\n");
    Text("etc/train.transcription", "<s> BE  SÉ </s> (yes)\nB (no)\n");
    Text("etc/test.fileids", "last");
    Text("etc/test.transcription", "ÉS B (last)");
    folder_.Write("wav/a/yes.wav", Noise(20));
    folder_.Write("wav/b/no.wav", Noise(35));
    folder_.Write("wav/last.wav", Noise(5));
  }

  void Text(const std::string& name, const std::string& text) const {
    folder_.Write(name, Bytes(text.begin(), text.end()));
  }

  std::string LoadError() const {
    const Result<Dataset> set = LoadDataset("transcribed-speech", folder_.path());
    return set.ok() ? "" : set.error().message;
  }

  TemporaryFolder folder_;
};

TEST_F(TranscribedSpeechTest, MakesSpectrogramsAndLetters) {
  const Dataset set = LoadDataset("transcribed-speech", folder_.path()).value();
  EXPECT_EQ(set.task, "transcription");
  EXPECT_EQ(set.sound_rate, 8000);
  EXPECT_THAT(set.class_names, ElementsAre("", " ", "B", "E", "S", "É"));
  EXPECT_EQ(set.classes, 6);
  EXPECT_EQ(set.train.image, (Shape{1, 64, 40}));  // 35, to the next multiple of 32.
  EXPECT_EQ(set.test.image, set.train.image);
  EXPECT_EQ(set.train.answer, (Shape{6}));  // The number of rows and the longest text, "BE SÉ".
  EXPECT_EQ(set.test.answer, set.train.answer);
  ASSERT_EQ(set.train.count(), 2);
  ASSERT_EQ(set.test.count(), 1);

  std::vector<float> image(64 * 40), answer(6);
  set.train.pairs->Make(0, 1, 2, {}, image, answer);
  EXPECT_THAT(answer, ElementsAre(20, 2, 3, 1, 4, 5));
  const Sound sound = DecodeSound(Noise(20), "").value();
  const std::vector<uint8_t> pixels = SoundPixels(sound, 8000, {1, 64, 40}, "").value();
  EXPECT_EQ(image, std::vector<float>(pixels.begin(), pixels.end()));
  EXPECT_GT(image[19 * 40 + 20], 0);
  EXPECT_THAT(std::vector<float>(image.begin() + 20 * 40, image.end()), Each(0));
  set.test.pairs->Make(0, 1, 2, {}, image, answer);
  EXPECT_THAT(answer, ElementsAre(5, 5, 4, 1, 2, -1));
}

// So that the silence behind a recording is no part of them.
TEST_F(TranscribedSpeechTest, StatisticsAreOfTheRecordings) {
  const Dataset set = LoadDataset("transcribed-speech", folder_.path()).value();
  ASSERT_EQ(set.train.pixels.size(), 2U * 64 * 40);
  const std::vector<uint8_t> rows = SoundRows(DecodeSound(Noise(20), "").value(), 8000, 40, "").value();
  ASSERT_EQ(rows.size(), 20U * 40);
  for (size_t i = 0; i < 64 * 40; ++i) ASSERT_EQ(set.train.pixels[i], rows[i % rows.size()]) << i;
}

TEST_F(TranscribedSpeechTest, An4HasItsOwnNames) {
  EXPECT_THAT(LoadDataset("an4", folder_.path()).error().message, HasSubstr("lacks etc/an4_train.fileids"));
  for (const char* half : {"train", "test"}) {
    for (const char* kind : {".fileids", ".transcription"}) {
      const std::string name = half + std::string(kind);
      std::filesystem::rename(folder_.File("etc/" + name), folder_.File("etc/an4_" + name));
    }
  }
  EXPECT_EQ(LoadDataset("an4", folder_.path()).value().train.count(), 2);
}

TEST_F(TranscribedSpeechTest, SaysWhatIsWrongWithTexts) {
  Text("etc/test.transcription", "ES Q (last)");
  EXPECT_THAT(LoadError(), HasSubstr("last.wav: its text has a 'Q', which no text for training has"));
  Text("etc/test.transcription", "ES (last)\nES (last)");
  EXPECT_THAT(LoadError(), HasSubstr("test.transcription: has 2 texts; 1 were expected"));
  Text("etc/test.transcription", "ES (first)");
  EXPECT_THAT(LoadError(), HasSubstr("test.transcription: text 1: ends with '(first)'; '(last)' was expected"));
  Text("etc/test.transcription", "<s> </s> (last)");
  EXPECT_THAT(LoadError(), HasSubstr("text 1: has no word in front of '(last)'"));
  Text("etc/test.transcription", "\xff (last)");
  EXPECT_THAT(LoadError(), HasSubstr("text 1: is not UTF-8"));
  Text("etc/test.transcription", "BEBEBE (last)");
  EXPECT_THAT(LoadError(), HasSubstr("last.wav: has 6 characters in its text; at most 5 were expected"));
  Text("etc/test.fileids", "\n \n");
  Text("etc/test.transcription", "");
  EXPECT_THAT(LoadError(), HasSubstr("test.fileids: names no recording"));
  std::filesystem::remove(folder_.File("etc/test.transcription"));
  EXPECT_THAT(LoadError(), HasSubstr("lacks etc/test.transcription"));
}

TEST_F(TranscribedSpeechTest, SaysWhatIsWrongWithRecordings) {
  folder_.Write("wav/last.wav", Noise(5, 16000));
  EXPECT_THAT(LoadError(), HasSubstr("last.wav: has 16000 samples in a second; 8000 were"));
  folder_.Write("wav/last.wav", {'R', 'I', 'F', 'F'});
  EXPECT_THAT(LoadError(), HasSubstr("last.wav: is no sound file"));
  folder_.Write("wav/last.wav", Noise(8193));
  EXPECT_THAT(LoadError(), HasSubstr("last.wav: has 8193 windows of sound, one every 10 ms; at most 8192 were"));
  std::filesystem::remove(folder_.File("wav/last.wav"));
  EXPECT_THAT(LoadError(), HasSubstr("wav/last.wav"));
  folder_.Write("wav/last.flac", Noise(5));  // Contents tell what a file is.
  EXPECT_EQ(LoadError(), "");
}

}  // namespace
}  // namespace lowbit::data
