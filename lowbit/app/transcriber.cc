#include "lowbit/app/transcriber.h"

#include <chrono>
#include <cstdlib>
#include <utility>

#include "lowbit/app/kernel_plan.h"
#include "lowbit/app/text.h"
#include "lowbit/data/sound/sound_pixels.h"

namespace lowbit::app {

Result<Transcriber> Transcriber::Load(const std::string& path, int threads) {
  runtime::Options options;
  options.threads = threads;
  LOWBIT_TRY(runtime::Model model, runtime::Model::Load(path, options));
  Transcriber transcriber(std::move(model));
  const auto& inputs = transcriber.model_.Inputs();
  const auto& outputs = transcriber.model_.Outputs();
  transcriber.letters_ = SplitLines(transcriber.Metadata("labels"));
  transcriber.rate_ = std::atoll(transcriber.Metadata("sound_rate").c_str());
  if (inputs.size() == 1 && outputs.size() == 1 && inputs[0].shape.size() == 4 && outputs[0].shape.size() == 3) {
    transcriber.frames_ = inputs[0].shape[2];
    transcriber.mels_ = inputs[0].shape[3];
    transcriber.steps_ = outputs[0].shape[1];
    const bool letters = outputs[0].shape[2] == static_cast<int64_t>(transcriber.letters_.size());
    const bool spectrograms = inputs[0].shape[1] == 1 && transcriber.mels_ >= 1 && transcriber.mels_ <= 256;
    const bool steps = transcriber.steps_ > 0 && transcriber.frames_ % transcriber.steps_ == 0;
    if (letters && spectrograms && steps && transcriber.rate_ > 0) return transcriber;
  }
  return Invalid(path +
                 ": writes down no speech: expected one input [batch, 1, frames, mels] of sounds, one output [batch, "
                 "steps, letters] and the letters' names");
}

Result<Transcriber::Answer> Transcriber::Transcribe(const data::Sound& sound, const std::string& name) {
  LOWBIT_TRY(const std::vector<uint8_t> rows, data::SoundRows(sound, rate_, mels_, name));
  const int64_t frames = static_cast<int64_t>(rows.size()) / mels_;
  if (frames > frames_) {
    return Invalid(name + ": has " + std::to_string(frames) + " windows of sound, one every 10 ms; at most " +
                   std::to_string(frames_) + " were expected, as the longest recording of the training and its tests");
  }
  std::vector<float> image(rows.begin(), rows.end());
  image.resize(static_cast<size_t>(frames_ * mels_), 0.0f);
  const auto step = letters_.size();
  std::vector<float> logits(static_cast<size_t>(steps_) * step);
  const auto start = std::chrono::steady_clock::now();
  LOWBIT_RETURN_IF_ERROR(model_.Run(image, 1, logits));
  Answer answer;
  answer.milliseconds = 1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const int64_t stack = frames_ / steps_;
  const auto spoken = static_cast<size_t>((frames + stack - 1) / stack);
  answer.letters = data::DecodeBestPath(Span<const float>(logits.data(), spoken * step), static_cast<int64_t>(step));
  return answer;
}

std::string Transcriber::Metadata(const std::string& key) const {
  const auto found = model_.Metadata().find(key);
  return found == model_.Metadata().end() ? "" : found->second;
}

std::vector<std::string> Transcriber::Warnings() const { return FallbackWarnings(model_.Nodes()); }

}  // namespace lowbit::app
