// Packed networks that write down speech.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "lowbit/app/evaluate_transcription.h"
#include "lowbit/app/transcribe_recordings.h"
#include "lowbit/app/transcriber.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/data/sound/sound_pixels.h"
#include "lowbit/data/test_files.h"
#include "lowbit/data/test_wav.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/model.h"

namespace lowbit::app {
namespace {

using ::testing::HasSubstr;

data::Bytes Noise(uint64_t seed, int64_t windows, uint32_t rate = 8000) {
  std::vector<int16_t> sound(static_cast<size_t>(200 + 80 * (windows - 1)));
  const CounterRandom random(seed, StreamOf("noise"));
  for (size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<int16_t>(random.Below(i, 1 + 400 * (i / 300)));
  return data::WavFile(sound, rate);
}

class TranscriptionTest : public testing::Test {
 protected:
  TranscriptionTest() : folder_("lowbit_app_transcription_") {
    models::ModelInput input;
    input.image = {1, 32, 40};
    input.classes = 5;
    input.mean = {100};
    input.scale = {0.03f};
    const ConfigTable options = {
        {"output", {std::string("frames"), ""}}, {"stack", {int64_t{2}, ""}}, {"bidirectional", {true, ""}}};
    graph_ = models::BuildModel("speech_rnn", input, Config{options, ""}, 5).value();
    // Wide answers, so that they change from step to step.
    for (float& weight : std::get<FloatTensor>(graph_.parameters.at("fc.weight").value).data) weight *= 20;
    graph_.metadata = {{"dataset", "transcribed-speech"}, {"labels", "\n \nA\nB\nÉ"}, {"sound_rate", "8000"}};
    Save();
    folder_.Write("set/wav/a.wav", Noise(1, 32));
    folder_.Write("set/wav/b.wav", Noise(2, 9));
  }

  void Save() const { ASSERT_TRUE(lbm::Write(graph_, Model()).ok()); }
  std::string Model() const { return folder_.File("model.lbm"); }
  std::string Sound(const std::string& name) const { return folder_.File("set/wav/" + name + ".wav"); }
  std::string Data() const { return "transcribed-speech:" + folder_.File("set"); }

  // By the plain evaluation.
  data::Letters Plain(const std::string& name, int64_t frames) const {
    const data::Sound sound = data::ReadSound(Sound(name)).value();
    const std::vector<uint8_t> pixels = data::SoundPixels(sound, 8000, {1, 32, 40}, "").value();
    const DoubleTensor image({1, 1, 32, 40}, {pixels.begin(), pixels.end()});
    const DoubleTensor logits = Evaluate(graph_, {{"image", image}}).value().at("logits");
    const auto steps = static_cast<std::ptrdiff_t>((frames + 1) / 2);
    return data::DecodeBestPath(std::vector<float>(logits.data.begin(), logits.data.begin() + 5 * steps), 5);
  }

  void WriteTexts(const std::string& a, const std::string& b) const {
    const auto write = [this](const std::string& name, const std::string& text) {
      folder_.Write("set/etc/test." + name, data::Bytes(text.begin(), text.end()));
    };
    write("fileids", "a\nb\n");
    write("transcription", a + " (a)\n" + b + " (b)\n");
  }

  data::TemporaryFolder folder_;
  Graph graph_;
};

TEST_F(TranscriptionTest, IsThePlainEvaluationUpToTheEndOfTheRecording) {
  Transcriber transcriber = Transcriber::Load(Model(), 1).value();
  for (const auto& [name, frames] : std::map<std::string, int64_t>{{"a", 32}, {"b", 9}}) {
    const data::Letters expected = Plain(name, frames);
    EXPECT_GT(expected.size(), 1U) << name;
    EXPECT_EQ(transcriber.Transcribe(data::ReadSound(Sound(name)).value(), name).value().letters, expected) << name;
  }
  EXPECT_NE(Plain("b", 9), Plain("b", 32));
}

TEST_F(TranscriptionTest, TellsTextAndErrors) {
  const auto answers = TranscribeRecordings(Model(), {Sound("a"), Sound("b")}, 1).value();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_THAT(ToText(answers), HasSubstr(Sound("a") + "\n  " + answers[0].text + "\n"));
  EXPECT_EQ(nlohmann::json::parse(ToJson(answers)).at("recordings").at(1).at("text"), answers[1].text);
  WriteTexts("A B", "É");
  const data::Letters a = Plain("a", 32), b = Plain("b", 9);
  data::TranscriptionErrors errors;
  errors.Add({2, 1, 3}, a, {"", " ", "A", "B", "É"});
  errors.Add({4}, b, {"", " ", "A", "B", "É"});
  const Transcription result = EvaluateTranscription(Model(), Data(), 1).value();
  EXPECT_EQ(result.recordings, 2);
  EXPECT_EQ(result.errors.characters.errors, errors.characters.errors);
  EXPECT_EQ(result.errors.characters.length, 4);
  EXPECT_EQ(result.errors.words.errors, errors.words.errors);
  EXPECT_EQ(result.errors.words.length, 3);
  EXPECT_THAT(ToText(result), HasSubstr("2 recordings of " + folder_.File("set") + "; character error rate "));
  EXPECT_EQ(nlohmann::json::parse(ToJson(result)).at("words").at("rate"), errors.words.rate());
}

TEST_F(TranscriptionTest, WhatDoesNotFitIsNamed) {
  WriteTexts("A", "Q");
  EXPECT_THAT(EvaluateTranscription(Model(), Data(), 1).error().message, HasSubstr("its text has a 'Q'"));
  EXPECT_THAT(EvaluateTranscription(Model(), "an4:" + folder_.File("set"), 1).error().message,
              HasSubstr("lacks etc/an4_test.fileids"));
  folder_.Write("set/wav/a.wav", Noise(1, 33));
  const auto error = [&] { return TranscribeRecordings(Model(), {Sound("a")}, 1).error().message; };
  EXPECT_THAT(error(), HasSubstr("a.wav: has 33 windows of sound, one every 10 ms; at most 32 were expected"));
  folder_.Write("set/wav/a.wav", Noise(1, 20, 16000));
  EXPECT_THAT(error(), HasSubstr("a.wav: has 16000 samples in a second; 8000 were expected"));
  graph_.metadata["labels"] = "\nA";
  Save();
  EXPECT_THAT(error(), HasSubstr("model.lbm: writes down no speech"));
  graph_.metadata.erase("dataset");
  EXPECT_TRUE(IsTranscriptionFile(Model()));
  Save();
  EXPECT_FALSE(IsTranscriptionFile(Model()));
  EXPECT_FALSE(IsTranscriptionFile(Sound("a")));
}

TEST(IsTranscription, GoesByTheName) {
  EXPECT_TRUE(IsTranscription("an4"));
  EXPECT_TRUE(IsTranscription("transcribed-speech:x"));
  EXPECT_FALSE(IsTranscription("an44"));
  EXPECT_FALSE(IsTranscription(""));
}

}  // namespace
}  // namespace lowbit::app
