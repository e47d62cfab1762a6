#ifndef LOWBIT_APP_SEGMENTER_H_
#define LOWBIT_APP_SEGMENTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/image_file.h"
#include "lowbit/runtime/model.h"

namespace lowbit::app {

// A packed file that takes pictures [batch, 1 or 3, height, width] of raw pixels and says of every pixel which class it is: logits
// [batch, classes, height, width].
class Segmenter {
 public:
  struct Map {
    int64_t height = 0, width = 0;
    std::vector<uint8_t> classes;  // [height, width]
    double milliseconds = 0;       // Wall-clock time of the network.
  };

  // Errors: the file is damaged, or its network is of another kind.
  static Result<Segmenter> Load(const std::string& path, int threads);

  int64_t channels() const { return channels_; }
  int64_t classes() const { return classes_; }
  // The class's name from the file, or its number.
  std::string Label(int64_t k) const;
  // The grey value that a mask has for each class: its name where all names are different numbers in 0..255, else its number.
  std::vector<uint8_t> MaskValues() const;
  const std::map<std::string, std::string>& Metadata() const { return graph_.metadata; }

  // Of a picture of any size, brought to the network's channels: a network that cannot take it, because it halves images, gets it
  // continued to the next multiple of 2, 4, ..., 64 by its mirror image (data::MirrorTo), which is cut off again. Error: none of those fits
  // either, as where the network has one size only.
  Result<Map> Segment(const data::Image8& picture);

  // The network's at the last picture's size, see FallbackWarnings.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // The network at that size, or a little more: the one of the last picture if it fits.
  Status Prepare(int64_t height, int64_t width);

  std::string path_;
  Graph graph_;
  int threads_ = 1;
  int64_t channels_ = 0, classes_ = 0;
  std::vector<std::string> labels_, warnings_;
  std::optional<runtime::Model> model_;
  int64_t picture_height_ = 0, picture_width_ = 0;  // Of the last picture.
  int64_t height_ = 0, width_ = 0;                  // That the model takes.
};

// Whether a packed file's network was trained on the data set `segmentation`. False where it cannot be read.
bool IsSegmentationFile(const std::string& path);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_SEGMENTER_H_
