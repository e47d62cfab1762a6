#include "lowbit/data/sound/sound_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "lowbit/data/sound/sound_pixels.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_wav.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string DecodeError(const Bytes& file) {
  const Result<Sound> sound = DecodeSound(file, "x.wav");
  return sound.ok() ? "" : sound.error().message;
}

// What stands for 16-bit samples in a header, as 32-bit floats.
Bytes FloatWav(const std::vector<float>& samples) {
  Bytes file = WavFile(std::vector<int16_t>(2 * samples.size()), 8000);
  file[20] = 3, file[32] = 4, file[34] = 32;  // Kind, bytes and bits of a sample.
  file[28] = 0, file[29] = 0x7d;              // 32,000 bytes a second.
  std::memcpy(file.data() + 44, samples.data(), 4 * samples.size());
  return file;
}

TEST(DecodeSound, ReadsSamplesAsFractions) {
  const Sound sound = DecodeSound(WavFile({0, 16384, -32768, 1}, 8000), "x.wav").value();
  EXPECT_EQ(sound.rate, 8000);
  EXPECT_THAT(sound.samples, ElementsAre(0, 0.5f, -1, 1 / 32768.0f));
  EXPECT_THAT(DecodeSound(FloatWav({0.25f, -2}), "x.wav").value().samples, ElementsAre(0.25f, -2));
}

TEST(DecodeSound, SaysWhatIsWrong) {
  EXPECT_THAT(DecodeError({}), HasSubstr("x.wav: is no sound file; WAV or FLAC was expected"));
  EXPECT_THAT(DecodeError(Bytes(100, 'x')), HasSubstr("is no sound file"));
  EXPECT_THAT(DecodeError({'f', 'L', 'a', 'C', 0, 0}), HasSubstr("is a damaged sound file"));
  EXPECT_THAT(DecodeError(WavFile({1, 2, 3, 4}, 8000, 2)), HasSubstr("has 2 channels; recordings of one"));
  EXPECT_THAT(DecodeError(WavFile({}, 8000)), HasSubstr("has no samples"));
  EXPECT_THAT(DecodeError(FloatWav({0, std::numeric_limits<float>::infinity()})), HasSubstr("not finite"));
  EXPECT_THAT(DecodeError(WavFile(std::vector<int16_t>(kMaxSoundSamples + 1), 8000)), HasSubstr("more than 16777216"));
  EXPECT_FALSE(ReadSound("/nowhere/x.wav").ok());
}

TEST(DecodeSound, TakesNoDamageForMemory) {
  const Bytes good = WavFile({1, 2, 3, 4, 5, 6, 7, 8}, 8000);
  for (size_t size = 0; size < good.size(); ++size) {
    const Result<Sound> sound = DecodeSound(Span<const uint8_t>(good.data(), size), "x.wav");
    EXPECT_EQ(sound.ok(), size >= 46) << size;  // With one sample at least.
    if (!sound.ok()) continue;
    EXPECT_EQ(sound.value().samples.size(), (size - 44) / 2);
  }
  for (size_t bit = 0; bit < 8 * 44; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const Result<Sound> sound = DecodeSound(bad, "x.wav");
    if (!sound.ok()) continue;
    EXPECT_LE(sound.value().samples.size(), bad.size()) << bit;
  }
}

TEST(SoundPixels, NamesWhatDoesNotFit) {
  Sound sound;
  sound.rate = 16000;
  sound.samples.assign(1000, 0.1f);
  const auto error = [&sound](int64_t rate, const Shape& image) {
    const auto pixels = SoundPixels(sound, rate, image, "x.wav");
    return pixels.ok() ? std::to_string(pixels.value().size()) : pixels.error().message;
  };
  EXPECT_EQ(error(16000, {1, 7, 20}), "140");
  EXPECT_THAT(error(8000, {1, 7, 20}), HasSubstr("x.wav: has 16000 samples in a second; 8000 were expected"));
  EXPECT_THAT(error(16000, {3, 7, 20}), HasSubstr("no spectrograms"));
  EXPECT_THAT(error(16000, {1, 7, 257}), HasSubstr("no spectrograms"));
  sound.rate = 999;
  EXPECT_THAT(error(999, {1, 7, 20}), HasSubstr("1000 to 1048576"));
}

TEST(HasSoundName, LooksAtTheEnding) {
  EXPECT_TRUE(HasSoundName("a.b/x.WAV"));
  EXPECT_TRUE(HasSoundName("x.flac"));
  EXPECT_FALSE(HasSoundName("wav"));
  EXPECT_FALSE(HasSoundName("x.wav.png"));
}

}  // namespace
}  // namespace lowbit::data
