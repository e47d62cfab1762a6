#ifndef LOWBIT_DATA_SETS_TRANSCRIBED_SPEECH_SPELLED_RECORDINGS_H_
#define LOWBIT_DATA_SETS_TRANSCRIBED_SPEECH_SPELLED_RECORDINGS_H_

#include <cstdint>
#include <vector>

#include "lowbit/data/dataset.h"
#include "lowbit/data/text/transcription.h"

namespace lowbit::data::sets::transcribed_speech {

// A recording's windows, [windows, mels] (SoundRows), and what is said in it.
struct SpelledRecording {
  std::vector<uint8_t> rows;
  Letters letters;
};

// Examples: spectrograms [1, frames, mels], with silence, rows of 0, behind what is shorter; answers [1 + letters]: how many of the rows are
// the recording's, then its letters, then -1. The images of the set itself, which statistics are made of, repeat a recording in place of the
// silence. REQUIRES: none is longer.
ImageSet SpelledSet(std::vector<SpelledRecording> recordings, int64_t frames, int64_t mels, int64_t letters);

}  // namespace lowbit::data::sets::transcribed_speech

#endif  // LOWBIT_DATA_SETS_TRANSCRIBED_SPEECH_SPELLED_RECORDINGS_H_
