// An input is a sound file; its spectrogram is then made.

#include "lowbit/data/sound/sound_pixels.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto sound = lowbit::data::DecodeSound({data, size}, "file");
  if (!sound.ok()) return 0;
  LOWBIT_CHECK(!sound.value().samples.empty());
  const auto pixels = lowbit::data::SoundPixels(sound.value(), sound.value().rate, {1, 9, 7}, "file");
  LOWBIT_CHECK(!pixels.ok() || pixels.value().size() == 63);
  return 0;
}
