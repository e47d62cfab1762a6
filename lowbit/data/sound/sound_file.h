#ifndef LOWBIT_DATA_SOUND_SOUND_FILE_H_
#define LOWBIT_DATA_SOUND_SOUND_FILE_H_

// Sound files to samples.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit::data {

struct Sound {
  int64_t rate = 0;            // Samples in a second.
  std::vector<float> samples;  // In -1..1; of files of floats what they hold.
};

// The longest recording that is read, in samples: 17 minutes at 16 kHz.
inline constexpr int64_t kMaxSoundSamples = int64_t{1} << 24;

// Reads a recording of one channel. The format is recognised by the first bytes, not by the name: WAV (RIFF) and FLAC, of
// integers or floats, by libsndfile. Errors: no such file, another format, a damaged file, several channels, no sample at all,
// samples that are not finite, more than kMaxSoundSamples. A file that ends early gives what it has.
Result<Sound> ReadSound(const std::string& path);

// The same from memory; `name` stands in front of messages.
Result<Sound> DecodeSound(Span<const uint8_t> file, const std::string& name);

// Whether the name is that of a sound file: *.wav or *.flac, upper case too.
bool HasSoundName(const std::string& name);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SOUND_SOUND_FILE_H_
