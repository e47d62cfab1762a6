#include "lowbit/data/sound/sound_pixels.h"

#include "lowbit/data/sound/log_mel.h"

namespace lowbit::data {
namespace {

Status CheckRate(const Sound& sound, int64_t rate, const std::string& name) {
  if (sound.rate < 1000 || sound.rate > (1 << 20)) {
    return Invalid(name + ": has " + std::to_string(sound.rate) +
                   " samples in a second; 1000 to 1048576 were expected");
  }
  if (sound.rate != rate) {
    return Invalid(name + ": has " + std::to_string(sound.rate) + " samples in a second; " + std::to_string(rate) +
                   " were expected, as the other recordings have");
  }
  return Ok();
}

}  // namespace

Result<std::vector<uint8_t>> SoundPixels(const Sound& sound, int64_t rate, const Shape& image,
                                         const std::string& name) {
  LOWBIT_RETURN_IF_ERROR(CheckRate(sound, rate, name));
  if (image.size() != 3 || image[0] != 1 || image[2] > 256) {
    return Invalid(name + ": is a sound; the network takes images " + ToString(image) +
                   ", which are no spectrograms [1, frames, up to 256 mels]");
  }
  return LogMel(rate, image[2]).Pixels(sound.samples, image[1]);
}

Result<std::vector<uint8_t>> SoundRows(const Sound& sound, int64_t rate, int64_t mels, const std::string& name) {
  LOWBIT_RETURN_IF_ERROR(CheckRate(sound, rate, name));
  const LogMel spectrogram(rate, mels);
  return spectrogram.Pixels(sound.samples, spectrogram.Frames(static_cast<int64_t>(sound.samples.size())));
}

}  // namespace lowbit::data
