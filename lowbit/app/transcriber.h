#ifndef LOWBIT_APP_TRANSCRIBER_H_
#define LOWBIT_APP_TRANSCRIBER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/data/sound/sound_file.h"
#include "lowbit/data/text/transcription.h"
#include "lowbit/runtime/model.h"

namespace lowbit::app {

// A packed file that takes spectrograms [batch, 1, frames, mels] and writes down what is said: logits [batch, steps, letters], the letters
// named by its metadata, the first of them the blank.
class Transcriber {
 public:
  struct Answer {
    data::Letters letters;    // The best path's, of the steps that see the recording.
    double milliseconds = 0;  // Wall-clock time of the network.
  };

  // Errors: the file is damaged, or its network is of another kind.
  static Result<Transcriber> Load(const std::string& path, int threads);

  // `name` stands in front of errors: another rate than the training's, or longer than the network's frames.
  Result<Answer> Transcribe(const data::Sound& sound, const std::string& name);

  const std::vector<std::string>& letters() const { return letters_; }
  std::string Text(const data::Letters& letters) const { return data::TextOf(letters, letters_); }
  // "" where the file has no such entry.
  std::string Metadata(const std::string& key) const;
  // See FallbackWarnings.
  std::vector<std::string> Warnings() const;

 private:
  explicit Transcriber(runtime::Model model) : model_(std::move(model)) {}

  runtime::Model model_;
  int64_t frames_ = 0, mels_ = 0, steps_ = 0, rate_ = 0;
  std::vector<std::string> letters_;
};

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRANSCRIBER_H_
