#include "lowbit/app/classify_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/app/classifier.h"
#include "lowbit/app/file_data.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_wav.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/model.h"

namespace lowbit::app {
namespace {

using ::testing::HasSubstr;

// A network of sounds at 8 kHz, as a run packs it.
std::string WriteSpeechNetwork(const data::TemporaryFolder& folder) {
  models::ModelInput input;
  input.image = {1, 96, 40};
  input.classes = 2;
  input.mean = {100};
  input.scale = {0.02f};
  Graph graph = models::BuildModel("speech_rnn", input, Config(), 1).value();
  graph.metadata["sound_rate"] = "8000";
  graph.metadata["labels"] = "no\nyes";
  std::string path = folder.File("words.lbm");
  EXPECT_TRUE(lbm::Write(graph, path).ok());
  return path;
}

std::vector<int16_t> Ramp(size_t count) {
  std::vector<int16_t> samples(count);
  for (size_t i = 0; i < count; ++i) samples[i] = static_cast<int16_t>(i * 37 % 1000);
  return samples;
}

TEST(ClassifyImages, HearsRecordings) {
  const data::TemporaryFolder folder("lowbit_hear_");
  const std::string network = WriteSpeechNetwork(folder);
  folder.Write("a.wav", data::WavFile(Ramp(3000), 8000));
  folder.Write("b.wav", data::WavFile(Ramp(3000), 16000));
  folder.Write("c.wav", {1, 2, 3});
  const auto answers = ClassifyImages(Classifier::Load(network, 1).value(), {folder.File("a.wav")}, 2);
  ASSERT_TRUE(answers.ok()) << answers.error().message;
  ASSERT_EQ(answers.value()[0].top.size(), 2u);
  EXPECT_NEAR(answers.value()[0].top[0].probability + answers.value()[0].top[1].probability, 1, 1e-6);
  const auto error = [&](const char* name) {
    Classifier classifier = Classifier::Load(network, 1).value();
    return ClassifyImages(std::move(classifier), {folder.File("a.wav"), folder.File(name)}, 2).error().message;
  };
  EXPECT_THAT(error("b.wav"), HasSubstr("b.wav: has 16000 samples in a second; 8000 were expected"));
  EXPECT_THAT(error("c.wav"), HasSubstr("c.wav: is no sound file"));
}

TEST(LoadFileData, RefusesSoundsOfAnotherRate) {
  const data::TemporaryFolder folder("lowbit_hear_");
  const std::string network = WriteSpeechNetwork(folder);
  const auto error = [&](uint32_t rate) {
    for (const char* name : {"train/no_1.wav", "train/yes_1.wav", "test/no_1.wav"}) {
      folder.Write(name, data::WavFile(Ramp(3000), rate));
    }
    const Classifier classifier = Classifier::Load(network, 1).value();
    const auto set = LoadFileData(classifier, network, "spoken-words:" + folder.path());
    return set.ok() ? "" : set.error().message;
  };
  EXPECT_EQ(error(8000), "");
  EXPECT_THAT(error(16000), HasSubstr("was trained on sounds of 8000 samples in a second; spoken-words has 16000"));
}

}  // namespace
}  // namespace lowbit::app
