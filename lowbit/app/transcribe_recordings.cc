#include "lowbit/app/transcribe_recordings.h"

#include <nlohmann/json.hpp>

#include "lowbit/app/transcriber.h"
#include "lowbit/data/sound/sound_file.h"

namespace lowbit::app {

Result<std::vector<TranscribedRecording>> TranscribeRecordings(const std::string& model,
                                                               const std::vector<std::string>& recordings,
                                                               int threads) {
  LOWBIT_TRY(Transcriber transcriber, Transcriber::Load(model, threads));
  std::vector<TranscribedRecording> answers;
  for (const std::string& path : recordings) {
    LOWBIT_TRY(const data::Sound sound, data::ReadSound(path));
    LOWBIT_TRY(const Transcriber::Answer answer, transcriber.Transcribe(sound, path));
    answers.push_back({path, transcriber.Text(answer.letters)});
  }
  return answers;
}

std::string ToText(const std::vector<TranscribedRecording>& recordings) {
  std::string text;
  for (const TranscribedRecording& recording : recordings) text += recording.path + "\n  " + recording.text + "\n";
  return text;
}

std::string ToJson(const std::vector<TranscribedRecording>& recordings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const TranscribedRecording& recording : recordings) {
    list.push_back({{"recording", recording.path}, {"text", recording.text}});
  }
  return nlohmann::ordered_json{{"recordings", list}}.dump(-1, ' ', false,
                                                           nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
