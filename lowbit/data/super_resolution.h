#ifndef LOWBIT_DATA_SUPER_RESOLUTION_H_
#define LOWBIT_DATA_SUPER_RESOLUTION_H_

// What papers on super-resolution train and test with: the brightness of pictures, and what is left of it at a fraction of
// the size. Values are pixels, 0..255.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/data/bicubic.h"
#include "lowbit/data/image_file.h"

namespace lowbit::data {

// Y of ITU-R BT.601 in its range 16..235, rounded: 16 + (65.481 R + 128.553 G + 24.966 B) / 255. A grey picture is taken as
// it is. Last rows and columns that do not make up a multiple of `scale` are cut off.
// Error: a side shorter than `scale`.
Result<Plane> Brightness(const Image8& image, int64_t scale);

// The plane at 1 / scale of its size and back at its own, both times by ResizeBicubic; not rounded.
// REQUIRES: both sides are multiples of `scale`.
Plane Blur(const Plane& plane, int64_t scale);

// A picture as a network gets it and as it should make it.
struct BlurredPicture {
  std::string name;  // Of its file, without folder.
  int64_t factor = 2;
  Plane sharp, blurred;
};

// The brightness of a picture file, blurred by that factor. Errors: it cannot be read, or is smaller than three times the factor, so that
// Psnr has nothing to compare.
Result<BlurredPicture> BlurPicture(const std::string& path, int64_t factor);

// 10 log10(255^2 / mean square difference) in dB, of the values rounded to 0..255, without `border` values on each side; infinite
// where they are equal. REQUIRES: equal extents, above 2 * border
double Psnr(const Plane& plane, const Plane& truth, int64_t border);

// The pictures (PNG, JPEG) of a folder, sorted; without those that are called *_LR.*, small versions of others that some
// sets have beside them. Errors: as ListPlainPictures; none is left.
Result<std::vector<std::string>> ListSharpPictures(const std::string& folder);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SUPER_RESOLUTION_H_
