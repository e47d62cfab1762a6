#ifndef LOWBIT_BENCH_DECODING_PHOTOS_H_
#define LOWBIT_BENCH_DECODING_PHOTOS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace lowbit::bench {

// Writes `count` JPEG files of 500 x 375 pixels that compress like photographs into folders of the image-folder layout
// below `folder`: colours that change smoothly over several scales, edges, and grain. Quality 90, colour at half
// resolution. Throws std::runtime_error.
void WritePhotos(const std::string& folder, int64_t count);

}  // namespace lowbit::bench

#endif  // LOWBIT_BENCH_DECODING_PHOTOS_H_
