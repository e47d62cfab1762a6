#ifndef LOWBIT_APP_SEGMENT_PICTURES_H_
#define LOWBIT_APP_SEGMENT_PICTURES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::app {

// What share of a picture each class has.
struct SegmentedPicture {
  struct Class {
    std::string label;
    int64_t index = 0;
    double share = 0;
  };
  std::string path;
  std::string mask;        // The file that it was written to; "": none.
  std::vector<Class> top;  // Largest share first.
};

// Pictures (PNG, JPEG, PGM, PPM) through the packed network in `model`. `mask`, unless empty: where the classes of the one picture's pixels
// are written as a PNG file of its size, in the grey values of Segmenter::MaskValues. All or nothing: on an error nothing is written.
// Errors: a mask of several pictures, or a name that is not of PNG; as Segmenter::Load and Segment; a picture that cannot be read.
Result<std::vector<SegmentedPicture>> SegmentPictures(const std::string& model,
                                                      const std::vector<std::string>& pictures, const std::string& mask,
                                                      int64_t top, int threads);

std::string ToText(const std::vector<SegmentedPicture>& pictures);
std::string ToJson(const std::vector<SegmentedPicture>& pictures);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_SEGMENT_PICTURES_H_
