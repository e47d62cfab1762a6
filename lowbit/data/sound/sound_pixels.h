#ifndef LOWBIT_DATA_SOUND_SOUND_PIXELS_H_
#define LOWBIT_DATA_SOUND_SOUND_PIXELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/shape.h"
#include "lowbit/data/sound/sound_file.h"

namespace lowbit::data {

// The spectrogram (log_mel.h) of a recording as the image [1, frames, mels] of a network whose training had sounds of `rate`; what
// is longer is cut off, what is shorter ends with silence. Errors, which begin with `name`: another rate, or one out of 1000..2^20;
// another number of channels than 1; mels out of 1..256.
Result<std::vector<uint8_t>> SoundPixels(const Sound& sound, int64_t rate, const Shape& image, const std::string& name);

// All of its windows and no silence behind them, [windows, mels]. Errors: as above; REQUIRES: mels in 1..256.
Result<std::vector<uint8_t>> SoundRows(const Sound& sound, int64_t rate, int64_t mels, const std::string& name);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SOUND_SOUND_PIXELS_H_
