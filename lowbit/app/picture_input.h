#ifndef LOWBIT_APP_PICTURE_INPUT_H_
#define LOWBIT_APP_PICTURE_INPUT_H_

// What another tool's network was trained on, made part of it, so that it takes pictures as every command gives them.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::app {

// The network was trained on (pixel * range / 255 - mean) / std, of pixels 0..255.
struct PictureInput {
  // One number, or one for each channel in the network's order; empty: 0 and 1.
  std::vector<double> mean, std;
  double range = 0;            // 0: 1 with a mean or std, else 255, raw pixels.
  bool bgr = false;            // The network's first channel is the pictures' last.
  bool channels_last = false;  // Its input is [batch, height, width, channels].
  int64_t resize =
      0;  // A picture's shorter side gets this length before the middle is cut out; 0: as the network needs.
  std::string classes;  // A file as data::ReadClassList reads it; "": the classes have no names.
};

// Puts it in front of the network, and into its metadata: "pixels", "resize", "class_folders", "labels".
// Errors: not one input of images (where there is something to do), numbers that are not finite or of another count, a std or
// range that is not above 0; channels last of other than 1 or 3; a length below the image's or above data::kMaxPictureSide; as
// data::ReadClassList; another number of classes than the network's.
Status TakePictures(const PictureInput& input, Graph* graph);

// What to know of a network of pictures that nothing was said about; "" of others.
std::string PixelAdvice(const PictureInput& input, const Graph& graph);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_PICTURE_INPUT_H_
