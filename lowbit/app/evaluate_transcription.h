#ifndef LOWBIT_APP_EVALUATE_TRANSCRIPTION_H_
#define LOWBIT_APP_EVALUATE_TRANSCRIPTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/data/text/transcription.h"

namespace lowbit::app {

// How well a network writes down what is said.
struct Transcription {
  std::string subject;  // The file.
  std::string folder;
  int64_t recordings = 0;
  data::TranscriptionErrors errors;
  double milliseconds = 0;            // Of the network, the mean over the recordings.
  std::vector<std::string> warnings;  // The network's, see FallbackWarnings.
};

// Whether the packed file's network was trained to write down speech: on one of the data sets of that task. False where it cannot be read.
bool IsTranscriptionFile(const std::string& path);

// Data sets of these names are evaluated so: "an4" or "transcribed-speech", with or without ":FOLDER".
bool IsTranscription(const std::string& data);

// The packed file's network on the folder's test recordings, against their texts. `data`: as above; "" stands for the set that the file
// names, no folder for the places that `lowbit data` lists. Errors: a network of another kind; as data::ListUtterances,
// data::Alphabet::Spell and Transcriber::Transcribe.
Result<Transcription> EvaluateTranscription(const std::string& path, const std::string& data, int threads);

std::string ToText(const Transcription& result);
std::string ToJson(const Transcription& result);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_EVALUATE_TRANSCRIPTION_H_
