#include "lowbit/data/sets/transcribed_speech/spelled_recordings.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "lowbit/base/check.h"

namespace lowbit::data::sets::transcribed_speech {
namespace {

class Spelled : public PairSource {
 public:
  Spelled(std::vector<SpelledRecording> recordings, int64_t mels) : recordings_(std::move(recordings)), mels_(mels) {}

  void Make(int64_t index, uint64_t, uint64_t, const PairChanges&, Span<float> image,
            Span<float> target) const override {
    const SpelledRecording& recording = recordings_[static_cast<size_t>(index)];
    std::fill(std::copy(recording.rows.begin(), recording.rows.end(), image.begin()), image.end(), 0.0f);
    target[0] = static_cast<float>(static_cast<int64_t>(recording.rows.size()) / mels_);
    std::fill(std::copy(recording.letters.begin(), recording.letters.end(), target.begin() + 1), target.end(), -1.0f);
  }

 private:
  std::vector<SpelledRecording> recordings_;
  int64_t mels_;
};

}  // namespace

ImageSet SpelledSet(std::vector<SpelledRecording> recordings, int64_t frames, int64_t mels, int64_t letters) {
  ImageSet set;
  set.image = {1, frames, mels};
  set.answer = {1 + letters};
  set.labels.assign(recordings.size(), 0);
  const auto elements = static_cast<size_t>(frames * mels);
  for (const SpelledRecording& recording : recordings) {
    LOWBIT_CHECK(!recording.rows.empty() && recording.rows.size() <= elements);
    for (size_t i = 0; i < elements; ++i) set.pixels.push_back(recording.rows[i % recording.rows.size()]);
  }
  set.pairs = std::make_shared<Spelled>(std::move(recordings), mels);
  return set;
}

}  // namespace lowbit::data::sets::transcribed_speech
