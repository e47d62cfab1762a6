// Prints how many augmented images one background thread delivers in a second.

#include <chrono>
#include <cstdio>

#include "lowbit/data/batcher.h"

namespace lowbit::data {
namespace {

ImageSet NoiseSet(const Shape& image, int64_t count) {
  ImageSet set;
  set.image = image;
  set.pixels.resize(static_cast<size_t>(count * Elements(image)));
  for (size_t i = 0; i < set.pixels.size(); ++i) set.pixels[i] = static_cast<uint8_t>(i * 2654435761u >> 24);
  set.labels.resize(static_cast<size_t>(count));
  return set;
}

void Measure(const Shape& image) {
  const ImageSet set = NoiseSet(image, 20000);
  BatchOptions options;
  options.batch_size = 128;
  options.augment.flip = options.augment.crop = true;
  options.augment.pad = 4;
  options.augment.cutout = 8;
  Batcher batcher(set, options);
  Batch batch;
  int64_t images = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int epoch = 0; epoch < 5; ++epoch) {
    batcher.StartEpoch(epoch);
    while (batcher.Next(&batch)) images += batch.count;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%s: %.0f images/s\n", ToString(image).c_str(), static_cast<double>(images) / seconds.count());
}

}  // namespace
}  // namespace lowbit::data

int main() {
  lowbit::data::Measure({1, 28, 28});
  lowbit::data::Measure({3, 32, 32});
  return 0;
}
