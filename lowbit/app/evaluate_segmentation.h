#ifndef LOWBIT_APP_EVALUATE_SEGMENTATION_H_
#define LOWBIT_APP_EVALUATE_SEGMENTATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::app {

// How well a network tells the classes of pixels.
struct Segmentation {
  struct Class {
    std::string label;
    double iou = 0;  // See data::ConfusionMatrix; NaN: neither masks nor answers have it.
  };
  std::string subject;  // The file.
  std::string folder;
  int64_t pictures = 0, pixels = 0;  // Pixels that count.
  std::vector<Class> classes;
  double mean_iou = 0, pixel_accuracy = 0;
  double milliseconds = 0;            // Of the network, the mean over the pictures.
  std::vector<std::string> warnings;  // The network's, see FallbackWarnings.
};

// Data sets of this name are evaluated so: "segmentation" or "segmentation:FOLDER".
bool IsSegmentation(const std::string& data);

// The packed file's network on the folder's test pictures (data::ReadHalves, with as many taken for tests as in the file's training), each
// at its own size (Segmenter::Segment), against their masks, whose grey values must be the file's classes by name. `data`: as above; ""
// and no folder stand for the places that `lowbit data` lists. Errors: a network of another kind; as ReadHalves and NumberClasses.
Result<Segmentation> EvaluateSegmentation(const std::string& path, const std::string& data, int threads);

std::string ToText(const Segmentation& result);
std::string ToJson(const Segmentation& result);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_EVALUATE_SEGMENTATION_H_
