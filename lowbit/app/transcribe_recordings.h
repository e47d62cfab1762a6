#ifndef LOWBIT_APP_TRANSCRIBE_RECORDINGS_H_
#define LOWBIT_APP_TRANSCRIBE_RECORDINGS_H_

#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::app {

struct TranscribedRecording {
  std::string path, text;
};

// Recordings (WAV, FLAC) through the packed network in `model`. Errors: as Transcriber::Load and Transcribe, and data::ReadSound.
Result<std::vector<TranscribedRecording>> TranscribeRecordings(const std::string& model,
                                                               const std::vector<std::string>& recordings, int threads);

std::string ToText(const std::vector<TranscribedRecording>& recordings);
std::string ToJson(const std::vector<TranscribedRecording>& recordings);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRANSCRIBE_RECORDINGS_H_
