#include "lowbit/app/evaluate_transcription.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/app/data_folder.h"
#include "lowbit/app/transcriber.h"
#include "lowbit/data/dataset.h"
#include "lowbit/data/sound/sound_file.h"
#include "lowbit/data/text/utterances.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {
namespace {

constexpr const char* kNames[] = {"an4", "transcribed-speech"};
// Of the kind's files: the names and the texts of the test recordings.
constexpr size_t kTestNames = 2, kTestTexts = 3;

}  // namespace

bool IsTranscription(const std::string& data) {
  return std::find(std::begin(kNames), std::end(kNames), DataName(data)) != std::end(kNames);
}

bool IsTranscriptionFile(const std::string& path) {
  const Result<Graph> graph = lbm::Read(path);
  if (!graph.ok()) return false;
  const auto dataset = graph.value().metadata.find("dataset");
  return dataset != graph.value().metadata.end() && IsTranscription(dataset->second);
}

Result<Transcription> EvaluateTranscription(const std::string& path, const std::string& data, int threads) {
  Transcription result;
  result.subject = path;
  LOWBIT_TRY(Transcriber transcriber, Transcriber::Load(path, threads));
  const std::string chosen = data.empty() ? transcriber.Metadata("dataset") : data;
  LOWBIT_TRY(const std::vector<data::DatasetStatus> statuses, data::FindDatasets(DataName(chosen)));
  const data::DatasetKind& kind = statuses.at(0).kind;
  LOWBIT_TRY(result.folder, DataFolder(chosen));
  LOWBIT_TRY(const std::string ids, data::DatasetFile(kind, kTestNames, result.folder));
  LOWBIT_TRY(const std::string texts, data::DatasetFile(kind, kTestTexts, result.folder));
  LOWBIT_TRY(const std::vector<data::Utterance> utterances, data::ListUtterances(result.folder, ids, texts));
  const data::Alphabet alphabet(transcriber.letters());
  for (const data::Utterance& utterance : utterances) {
    LOWBIT_TRY(const data::Letters said, alphabet.Spell(utterance));
    LOWBIT_TRY(const data::Sound sound, data::ReadSound(utterance.path));
    LOWBIT_TRY(const Transcriber::Answer answer, transcriber.Transcribe(sound, utterance.path));
    result.errors.Add(said, answer.letters, transcriber.letters());
    result.milliseconds += answer.milliseconds / static_cast<double>(utterances.size());
  }
  result.recordings = static_cast<int64_t>(utterances.size());
  result.warnings = transcriber.Warnings();
  return result;
}

std::string ToText(const Transcription& result) {
  std::string text;
  for (const std::string& warning : result.warnings) text += "warning: " + warning + "\n";
  const data::ErrorRate &characters = result.errors.characters, &words = result.errors.words;
  return text + fmt::format(
                    "{}: {} recordings of {}; character error rate {:.2f} % ({} of {}), word error rate {:.2f} % ({} "
                    "of {}), {:.2f} ms a recording\n",
                    result.subject, result.recordings, result.folder, 100 * characters.rate(), characters.errors,
                    characters.length, 100 * words.rate(), words.errors, words.length, result.milliseconds);
}

std::string ToJson(const Transcription& result) {
  const auto rate = [](const data::ErrorRate& errors) {
    return nlohmann::ordered_json{{"rate", errors.rate()}, {"errors", errors.errors}, {"length", errors.length}};
  };
  const nlohmann::ordered_json json = {{"subject", result.subject},
                                       {"folder", result.folder},
                                       {"recordings", result.recordings},
                                       {"warnings", result.warnings},
                                       {"characters", rate(result.errors.characters)},
                                       {"words", rate(result.errors.words)},
                                       {"milliseconds", result.milliseconds}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
